"""Tokens of a login, asked for again before they run out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

from audit.connectors._fetching import FetchError
from audit.connectors._http import Http
from audit.connectors._paging import document

LASTS = 600
"""Seconds that a token is taken to last where the answer does not say."""


class Token:
    """A token of one API, kept out of every message.

    log_in: asks for one and returns the answer's bytes; clock: tells the time (UTC); key: where the token stands in the answer. `expires_in` there are the seconds that it
    lasts; when half of them are over a new one is asked for.
    """

    def __init__(self, http: Http, clock: Callable[[], datetime], log_in: Callable[[], bytes], key: str = "access_token") -> None:
        self._http, self._clock, self._log_in, self._key = http, clock, log_in, key
        self._token = ""
        self._until: datetime | None = None

    def read(self) -> str:
        """Return a token that still lasts. Raises `FetchError` when there is none to be had."""
        now = self._clock()
        if self._until is None or now >= self._until:
            answer = document(self._log_in(), "the login")
            found = answer.get(self._key)
            if not isinstance(found, str) or not found:
                raise FetchError(f"{self._http.url}: the login gave no token: user, password or address are not accepted")
            self._http.secrets |= {one for one in (found, answer.get("refresh_token")) if isinstance(one, str) and one}
            self._token = found
            self._until = now + timedelta(seconds=_seconds(answer.get("expires_in")) / 2)
        return self._token


@contextmanager
def logged_out(http: Http, log_out: Callable[[], Any]) -> Iterator[None]:
    """Log out at the end, and close the connections. That an API does not let us log out harms nothing: its tokens run out."""
    try:
        yield
    finally:
        with suppress(FetchError):
            log_out()
        http.session.close()


def _seconds(value: Any) -> float:
    try:
        return max(0.0, min(float(value), 86_400.0))
    except (TypeError, ValueError):
        return LASTS
