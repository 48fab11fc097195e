"""Follow every link from the overview on, in both languages: no page fails, and none is too large."""

from __future__ import annotations

import re
from collections import deque
from html import unescape
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest

MOST = 400
"""Pages of one crawl; pages that differ in their query alone count as three at the most."""


def links(text: str, base: str) -> set[str]:
    found = {urljoin(base, unescape(link)) for link in re.findall(r'(?:href|src)="([^"#][^"]*)"', text)}
    return {urldefrag(link)[0] for link in found if urlsplit(link).netloc == "localhost"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_link_leads_somewhere(visit, language):
    client = visit("administrator", language)
    waiting, seen, alike = deque(["http://localhost/"]), set(), {}
    while waiting and len(seen) < MOST:
        address = waiting.popleft()
        parts = urlsplit(address)
        key = (re.sub(r"\d+", "0", parts.path), parts.query.partition("=")[0])
        alike[key] = alike.get(key, 0) + 1
        if address in seen or alike[key] > 3:
            continue
        seen.add(address)
        answer = client.get(f"{parts.path}?{parts.query}")
        assert answer.status_code == 200, (address, answer.text[-600:])
        assert len(answer.data) < 1_000_000, address
        if answer.mimetype == "text/html":
            waiting.extend(sorted(links(answer.text, address) - seen))
    paths = {urlsplit(address).path for address in seen}
    assert len(seen) > 30
    assert any(path.startswith("/evidence/") for path in paths)
    assert any(re.fullmatch(r"/breaches/\d+", path) for path in paths)
    assert any(re.fullmatch(r"/unproven/\d+", path) for path in paths)


def test_from_a_number_on_the_overview_to_the_marked_line(visit):
    """Overview, promises of one unit and control, asset, breach, evidence with the line marked."""
    client = visit()
    overview = client.get("/").text
    cell = re.search(r'href="(/promises\?[^"]*unit=customer-operations&amp;control=recovery-point[^"]*)"', overview)
    assert cell, re.findall(r'href="(.promises[^"]*)"', overview)
    promises = client.get(unescape(cell[1])).text
    asset = re.search(r'href="(/assets/im-messages-db\?[^"]*)"', promises)
    page = client.get(unescape(asset[1])).text
    breach = re.search(r'href="(/breaches/\d+\?[^"]*)"', page)
    stretch = client.get(unescape(breach[1])).text
    ref = re.search(r'href="(/evidence/\d+\?at=line[^"]*)"', stretch)
    shown = client.get(unescape(ref[1])).text
    marked = re.findall(r"<mark>(.*?)</mark>", shown)
    assert len(marked) == 1
    assert unescape(marked[0]).startswith('{"record"')
