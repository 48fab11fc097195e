"""Veeam Backup & Replication: restore points, points of replicas, sessions, tasks and states of jobs, of the REST API on port 9419.

Asked: `GET /api/v1/restorePoints` with `/api/v1/backups`, `/api/v1/replicaPoints`, `/api/v1/jobs/states`, `/api/v1/sessions` and `/api/v1/taskSessions`, each with
`skip` and `limit`, oldest first, until `pagination.total` records have come. The points and the backups that they lie in are one payload,
`{"backups": ..., "restorePoints": ...}`, because only the backup tells a point's repository; backups are asked last, so that those of all points are there.

Changed since: sessions and tasks by `createdAfterFilter`. Points and states are asked whole: only a whole listing proves that a point is gone.

Complete: all records that `pagination.total` says have come, none twice, and no filter was set. The server forgets sessions after a while (53 weeks by default).

Not asked: `backupFiles` (one request a backup), so sizes of points are not told.

Tested against: a recorded server with answers of the shape that Veeam's OpenAPI documents show; nobody saw a real one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from audit.connectors._fetching import Asking, Fetched
from audit.connectors._http import Http, HttpFetch
from audit.connectors._paging import Page, by_offset, document, fetched, instant, listed, number, records, times
from audit.connectors._secret import Secret
from audit.connectors._token import Token, logged_out

LIMIT = 200
"""Records a page: the API's own default."""

Part = Literal["restorePoints", "replicaPoints", "jobsStates", "sessions", "taskSessions"]
PATHS: dict[str, str] = {
    "restorePoints": "/api/v1/restorePoints",
    "replicaPoints": "/api/v1/replicaPoints",
    "jobsStates": "/api/v1/jobs/states",
    "sessions": "/api/v1/sessions",
    "taskSessions": "/api/v1/taskSessions",
}
HISTORY = ("sessions", "taskSessions")
"""What is asked by time."""


class Settings(HttpFetch):
    """`{connector: veeam-vbr, url: "https://vbr.example.com:9419", username: audit, password: {file: /run/secrets/veeam}, every: 1h}`."""

    connector: Literal["veeam-vbr"]
    username: str = Field(min_length=1, description="the user, as DOMAIN\\name or name; the role Veeam Backup Viewer is enough")
    password: Secret = Field(description="where the password is read")
    api_version: str = Field(
        "1.2-rev1", pattern=r"^1\.[0-9]+-rev[0-9]+$", description="the revision of the API (x-api-version): 1.2-rev1 or later"
    )
    parts: tuple[Part, ...] = Field(
        ("restorePoints", "replicaPoints", "jobsStates", "sessions", "taskSessions"),
        min_length=1,
        description="what is fetched; everything when absent",
    )


def fetch(settings: Settings, asking: Asking) -> Iterator[Fetched]:
    """Log in, fetch each part, log out."""
    http = Http(settings, [settings.password.read()])
    version = {"x-api-version": settings.api_version}
    login = {"grant_type": "password", "username": settings.username, "password": settings.password.read()}
    token = Token(http, asking.clock, lambda: http.ask("POST", "/api/oauth2/token", data=login, headers=version).content)

    def headers() -> dict[str, str]:
        return {**version, "Authorization": f"Bearer {token.read()}"}

    headers()
    with logged_out(http, lambda: http.ask("POST", "/api/oauth2/logout", headers=headers())):
        for part in settings.parts:
            if part == "restorePoints":
                yield _points(http, headers, asking)
            else:
                yield _list(http, headers, asking, part)


def _points(http: Http, headers: Callable[[], Mapping[str, str]], asking: Asking) -> Fetched:
    path = PATHS["restorePoints"]
    points = listed(asking, "restorePoints", lambda: by_offset(_page(http, headers, path, "CreationTime")))
    backups = listed(asking, "backups", lambda: by_offset(_page(http, headers, "/api/v1/backups", "CreationTime")))
    payload = b'{"backups": ' + backups.payload + b',\n"restorePoints": ' + points.payload + b"}"
    complete = True if points.whole and backups.whole else None
    return Fetched("restorePoints", payload, {**times(points, backups), "complete": complete, "command": f"GET {path}"})


def _list(http: Http, headers: Callable[[], Mapping[str, str]], asking: Asking, part: str) -> Fetched:
    since = asking.since(part) if part in HISTORY else None
    query = {} if since is None else {"createdAfterFilter": instant(since)}
    ask = _page(http, headers, PATHS[part], "Name" if part == "jobsStates" else "CreationTime", query)
    return fetched(asking, part, lambda: by_offset(ask), unlimited=since is None, command=f"GET {PATHS[part]}")


def _page(
    http: Http, headers: Callable[[], Mapping[str, str]], path: str, order: str, query: Mapping[str, Any] | None = None
) -> Callable[[int], Page]:
    """Return what asks for the page after so many records."""

    def ask(before: int) -> Page:
        fixed = {"skip": before, "limit": LIMIT, "orderColumn": order, "orderAsc": "true"}
        payload = http.get(path, {**fixed, **(query or {})}, headers()).content
        answer = document(payload, path)
        paging = answer.get("pagination")
        total = number(paging.get("total")) if isinstance(paging, dict) else None
        return Page(payload, [str(one.get("id")) for one in records(answer, "data", path)], total)

    return ask
