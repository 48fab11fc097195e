"""A table in GB18030 on the site: uploaded by its source, and shown as it reads, beside the mapping by which it was read."""

from __future__ import annotations

import io
from html import unescape

from audit.content import Content
from audit.steps import accounts
from audit.steps._open import open_store
from audit.steps.accounts import Role
from audit.steps.apply import apply
from audit.steps.init import init
from audit.web.app import create_app
from tests.cli.test_tabular import SOURCES, TABLE, declare
from tests.web.conftest import NOW, PASSWORD, log_in, token


def test_an_uploaded_table_shows_its_line_in_its_encoding_and_its_mapping(tmp_path):
    init(tmp_path / "data", "Yunhe Messaging")
    store = open_store(tmp_path / "data")
    apply(store, declare(tmp_path / "programme", SOURCES), now=NOW, by="tests")
    accounts.add(store, "op", Role.OPERATOR, PASSWORD, NOW)
    client = create_app(store, Content(), secure=False).test_client()
    log_in(client, "op")
    form = {"csrf_token": token(client, "/upload"), "files": (io.BytesIO(TABLE.encode("gb18030")), "history.csv")}
    answer = client.post("/upload", data={**form, "source": "oa-console"}, content_type="multipart/form-data")
    assert "One row could not be read." in answer.text
    (entry,) = store.journal.entries(kind="evidence")
    assert (entry.body["envelope"]["tool"], entry.body["envelope"]["mapping"]["encoding"]) == ("tabular", "gb18030")
    page = unescape(client.get(f"/evidence/{entry.number}?at=line 5").text)
    (marked,) = [line for line in page.splitlines() if "<mark>" in line]
    assert 'J-1004,OA服务器,全量备份,2026/11/04 01:00,2026/11/04 02:15,部分成功,"1,205 GB",一号存储' in marked
    assert '"times": ["%Y/%m/%d %H:%M"]' in page
    assert '"完成但有警告": "warning"' in page
