"""The benchmark of the site asks for every page there is."""

from __future__ import annotations

import random

from benchmarks.site import DOWNLOADS, PAGES

BEFORE_THE_LOGIN = {"login.login", "static"}
A_REPORT = {"reports.one"}
"""A file as it was written, of any size."""
DRAWN_ALIKE = {"unproven.over_time"}
"""Drawn by the very function that draws a breach, which is measured; the benchmark's estate has no such stretch."""


def test_every_page_is_measured(app):
    urls = app.url_map.bind("localhost")
    chance = random.Random(1)
    measured = {urls.match(draw(chance, 50).partition("?")[0])[0] for draw in (*PAGES.values(), *DOWNLOADS.values())}
    pages = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in rule.methods}
    assert measured == pages - BEFORE_THE_LOGIN - A_REPORT - DRAWN_ALIKE
