"""Every page in both languages, light and dark, wide and narrow: no script error, no broken rule of accessibility, no sideways scrolling."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PAGES = {
    "overview": "/",
    "assets": "/assets",
    "assets-filtered": "/assets?verdict=breached&sort=-breached_seconds",
    "asset": "/assets/im-messages-db",
    "asset-zoomed": "/assets/im-messages-db?since=2026-11-10&until=2026-11-14",
    "points": "/assets/im-messages-db/points",
    "promises": "/promises?sort=verdict&size=100",
    "breaches": "/breaches",
    "breach": "/breaches/0",
    "breach-over-time": "/breaches/5",
    "unproven": "/unproven",
    "unproven-stretch": "/unproven/0",
    "sources": "/sources",
    "received": "/received",
    "quarantine": "/quarantine",
    "subjects": "/subjects",
    "evidence": "/evidence/3?at=line 3",
    "journal": "/journal?page=2&size=25",
    "entry": "/journal/2",
    "upload": "/upload",
    "reports": "/reports",
    "jobs": "/jobs",
    "nothing-found": "/assets?q=no-such-thing",
}
SCREENSHOTS = os.environ.get("SCREENSHOTS")
"""A folder: every page is pictured into it."""


@pytest.mark.slow
@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page(visit, language, theme, size):
    window = visit(language, theme, size)
    for name, path in PAGES.items():
        window.go(path)
        assert window.page.locator("html").get_attribute("lang") == {"en": "en", "zh": "zh-Hans"}[language]
        if SCREENSHOTS:
            window.page.screenshot(path=Path(SCREENSHOTS) / f"{name}-{language}-{theme}-{size}.png", full_page=size == "desktop")
        window.check()


def test_the_picture_of_a_breach_is_seen(visit):
    window = visit(theme="dark")
    window.go(PAGES["breach-over-time"])
    picture = window.page.locator(".picture img")
    picture.scroll_into_view_if_needed()
    assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") == 760
    window.check()
    if SCREENSHOTS:
        window.page.screenshot(path=Path(SCREENSHOTS) / "over-time-dark.png", full_page=True)
    # Of what names no icon, as a picture alone, the browser asks for one of its own accord.
    window.page.route("**/favicon.ico", lambda asked: asked.fulfill(status=204))
    window.page.goto(window.page.url.split("/breaches")[0] + picture.get_attribute("src"))  # alone, under its own policy
    assert window.page.locator("svg > title").text_content() == "Exposure over time: im-messages-db"
    assert window.wrong == []


def test_the_dark_theme_is_dark_and_a_choice_of_it_outlives_the_page(visit):
    window = visit(theme="dark")
    window.go("/")
    assert luminance(window.page) < 0.1
    light = visit()
    light.go("/assets")
    assert luminance(light.page) > 0.9
    light.follow(light.page.locator("button[name=theme]"))  # as the system -> light
    light.follow(light.page.locator("button[name=theme]"))  # light -> dark
    assert light.page.url.endswith("/assets")
    light.go("/journal")
    assert luminance(light.page) < 0.1
    light.check()


def luminance(page) -> float:
    """How bright the ground of a page is: 0 black, 1 white."""
    return page.evaluate(
        "getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0) / 765"
    )
