"""The page of subjects: what is nobody's with its guesses, and what nothing protects, in both languages."""

from __future__ import annotations

import csv
import io

from audit.content import Content
from audit.steps import accounts
from audit.steps._open import open_store
from audit.steps.accounts import Role
from audit.steps.apply import apply
from audit.steps.init import init
from audit.web.app import create_app
from tests.cli.session import Session
from tests.policy.programmes import BASE
from tests.steps.test_apply import FIRST, write
from tests.steps.test_confirm import ASSETS, SEEN, point
from tests.web.conftest import PASSWORD, log_in


def test_guesses_and_unprotected_assets_are_shown(tmp_path):
    data, folder = tmp_path / "data", tmp_path / "programme"
    init(data, "Yunhe")
    store = open_store(data)
    write(folder, {**BASE, "assets.yaml": ASSETS})
    apply(store, folder, now=FIRST, by="tests")
    accounts.add(store, "aud", Role.AUDITOR, PASSWORD, FIRST)
    evidence = tmp_path / "points.ndjson"
    evidence.write_text("\n".join(point(subject, number) for number, subject in enumerate(SEEN)) + "\n", encoding="utf-8")
    Session(data).fine("ingest", "--source", "tool", evidence)
    client = create_app(store, Content(), secure=False).test_client()
    log_in(client, "aud")
    rows = list(csv.DictReader(io.StringIO(client.get("/subjects?format=csv").text)))
    told = {(row["subject"], row["state"]): (row["asset"], row["suggestions"], row["matches"]) for row in rows}
    assert told["sql", "nobody"] == ("", "sql01; sql02", "domain; domain")
    assert told["vm/db", "owned"] == ("db", "", "")
    assert ("mail/2", "unprotected") in told
    assert sum(row["state"] == "unprotected" for row in rows) == 4
    english = client.get("/subjects?state=nobody").text
    assert "same without its domain, several match equally" in english
    assert "alike\N{NO-BREAK SPACE}80" in english
    client.set_cookie("language", "zh")
    chinese = client.get("/subjects").text
    assert "未受保护" in chinese
    assert "去掉域名后相同、多个资产同样匹配" in chinese
