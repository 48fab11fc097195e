"""Turns: pages are made a few at a time.

Python computes on one core. Of eight pages begun together each would take as long as all of them, and the small ones would wait for the largest; made in
turn, each waits only for those that came before it. What takes long by its nature (uploads, CSV of whole lists, downloads) does not hold a turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Semaphore
from typing import Any

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]

AT_ONCE = 2
"""While one page waits for the disk or for what Polars computes on other cores, another is made."""
_UNHURRIED = ("/static/", "/reports/")
"""Where files are handed out."""


def in_turn(wsgi: Wsgi) -> Wsgi:
    """Return an application that makes its pages `AT_ONCE` at a time, in the order in which they were asked for."""
    turns = Semaphore(AT_ONCE)

    def served(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if not _is_page(environ):
            return wsgi(environ, start)
        with turns:
            return wsgi(environ, start)

    return served


def _is_page(environ: dict[str, Any]) -> bool:
    path = environ.get("PATH_INFO", "")
    long = "format=" in environ.get("QUERY_STRING", "") or path.startswith(_UNHURRIED) or path.endswith("/raw")
    return environ.get("REQUEST_METHOD") == "GET" and not long
