"""The picture on the page of a stretch: how exposure or copies ran around it, in the reader's language, for those who may see the page."""

from __future__ import annotations

import re
from html import unescape
from xml.etree import ElementTree

import pytest

from audit.web import _around

IMG = re.compile(r'<img src="([^"]+)" alt="([^"]+)"')


def stretches_of(client, kind: str, control: str) -> list[str]:
    """Return the addresses of the stretches of a control on the message database."""
    listed = client.get(f"/{kind}?asset=im-messages-db&control={control}&size=100").text
    found = sorted(set(re.findall(rf'href="(/{kind}/\d+\?[^"]*)"', listed)))
    assert found, kind
    return [unescape(address) for address in found]


@pytest.mark.parametrize(
    ("language", "title", "seen"),
    [("en", "Exposure over time: im-messages-db", "Picture of im-messages-db, "), ("zh", "暴露时长随时间的变化：im-messages-db", "图示：im-messages-db，")],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["breaches", "unproven"])
def test_exposure_around_a_stretch(visit, kind, language, title, seen):
    client = visit(language=language)
    page = client.get(stretches_of(client, kind, "recovery-point")[0]).text
    source, alternative = map(unescape, IMG.search(page).groups())
    assert alternative.startswith(seen)
    # What it shows of the stretch, as it is said on the page.
    said = re.search(
        r"<ul class=\"said-list\"><li>(.*?)</li>" if kind == "breaches" else r'<p class="note warning">(.*?[.。])', page
    )[1]
    assert unescape(re.sub("<[^>]*>", "", said)) in alternative
    answer = client.get(source)
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert not re.search(r"style=|<style|<script|\son\w+=", answer.text)  # nothing that this would stop
    picture = ElementTree.fromstring(answer.text)
    name, described, paper = picture[:3]
    assert name.text == title
    assert described.text
    assert (paper.tag.rpartition("}")[2], paper.get("fill"), paper.get("width")) == (
        "rect",
        "#ffffff",
        "100%",
    )  # read on dark pages too


def test_copies_around_a_breach_and_only_there(visit):
    client = visit()
    (address, *_) = stretches_of(client, "breaches", "copies")
    answer = client.get(address.replace("?", "/over-time.svg?"))
    picture = ElementTree.fromstring(answer.text)
    assert picture[0].text == "Copies over time: im-messages-db"
    said = picture[1].text
    # In a breach of its leg there were too few; elsewhere in the period there may have been fewer of others.
    assert re.search(r": at the least \d of \d\. ", said), said


def test_what_is_read_is_read_once_for_an_asset(app, visit, monkeypatch):
    client = visit()
    read = []
    monkeypatch.setattr(_around, "over_time_kept", lambda *of: read.append(of[2:]) or real(*of))
    app.extensions["backup-audit"]._loaded.clear()
    found = [one for kind in ("breaches", "unproven") for one in stretches_of(client, kind, "recovery-point")[:2]]
    addresses = [one.replace("?", "/over-time.svg?") for one in found]
    answers = [client.get(address).data for address in addresses * 2]
    assert len(addresses) > 1
    assert read == [("im-messages-db", "recovery-point")]
    assert answers[: len(addresses)] == answers[len(addresses) :]
    assert len(set(answers)) == len(addresses)


real = _around.over_time_kept


def test_where_nothing_is_drawn(visit):
    client = visit()
    assert visit(None).get("/breaches/0/over-time.svg").status_code == 302
    assert client.get("/breaches/99999/over-time.svg").status_code == 404
    for address in stretches_of(client, "unproven", "protection"):
        page = client.get(address).text
        assert IMG.search(page) is None
        assert client.get(address.replace("?", "/over-time.svg?")).status_code == 404
