"""Cohesity DataProtect: the runs of protection groups, by the REST API v2.

Asked: `GET /v2/data-protect/protection-groups`, and for each group, deleted ones too, `GET .../{id}/runs` with `includeObjectDetails=true` from 1970 until now. `numRuns` cuts
such an answer without saying so: a full page is followed by the runs that began before its oldest one, until as many have come as `totalRuns` of the first page says.

Changed since: nothing is asked by time, because the runs are the catalog too: only all runs of a group show whose snapshots are gone.

Complete: of a group, as many runs as `totalRuns` says, none twice. Where the answer says no total it is not called complete.

Tested against: a recorded server with answers of the shape of the vendor's published SDK; nobody saw a real one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field

from audit.connectors._fetching import Asking, Fetched, FetchError
from audit.connectors._http import Http, HttpFetch
from audit.connectors._paging import Page, document, fetched, number, records
from audit.connectors._secret import Secret
from audit.connectors._token import logged_out

LIMIT = 100
"""Runs a page; with their objects they are long."""
GROUPS = "/v2/data-protect/protection-groups"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Settings(HttpFetch):
    """`{connector: cohesity, url: "https://cluster.example.com", api_key: {file: /run/secrets/cohesity}, repository: cohesity-dc1, every: 6h}`."""

    connector: Literal["cohesity"]
    api_key: Secret = Field(description="where the API key of a user with the role Viewer is read")


def fetch(settings: Settings, asking: Asking) -> Iterator[Fetched]:
    """Fetch the runs of each protection group."""
    key = settings.api_key.read()
    http = Http(settings, [key])
    headers = {"apiKey": key, "Accept": "application/json"}
    with logged_out(http, lambda: None):
        groups = _groups(http.get(GROUPS, {"includeTenants": "true"}, headers).content)
        deleted = _groups(http.get(GROUPS, {"includeTenants": "true", "isDeleted": "true"}, headers).content)
        for identity, name in sorted({**deleted, **groups}.items()):
            yield _runs(http, headers, asking, identity, name)


def _groups(payload: bytes) -> dict[str, str]:
    """Return the names of groups by their ids. Raises `FetchError` where the list goes on, for nothing says how."""
    answer = document(payload, GROUPS)
    if answer.get("paginationCookie"):
        raise FetchError(f"{GROUPS}: the list of protection groups was cut off by the server")
    found = records(answer, "protectionGroups", GROUPS)
    return {str(one["id"]): str(one.get("name") or "") for one in found if one.get("id")}


def _runs(http: Http, headers: Mapping[str, str], asking: Asking, identity: str, group: str) -> Fetched:
    path = f"{GROUPS}/{quote(identity, safe='')}/runs"
    totals: list[int | None] = []

    def walk() -> Iterator[Page]:
        totals.clear()
        before = (asking.clock() - EPOCH + timedelta(days=1)) // timedelta(microseconds=1)
        while True:
            query = {
                "numRuns": LIMIT,
                "includeObjectDetails": "true",
                "includeTenants": "true",
                "startTimeUsecs": 1,
                "endTimeUsecs": before,
            }
            payload = http.get(path, query, headers).content
            answer = document(payload, path)
            runs = records(answer, "runs", path)
            totals.append(number(answer.get("totalRuns")))
            # The total is of the runs that a page asked for: that of the first page is of all.
            yield Page(payload, [str(run.get("id")) for run in runs], totals[0] if len(totals) == 1 else None)
            if len(runs) < LIMIT:
                return
            before = min(_started(run, path) for run in runs) - 1

    found = fetched(asking, f"runs of {identity}", walk, unlimited=True, scope=group or None)
    sure = totals[0] is not None and group
    return found if sure else replace(found, told={**found.told, "complete": None})


def _started(run: Mapping[str, Any], path: str) -> int:
    """Return when a run began, in microseconds since 1970."""
    places = [run.get(name) for name in ("localBackupInfo", "originalBackupInfo")]
    places += _results(run, "archivalInfo", "archivalTargetResults") + _results(run, "replicationInfo", "replicationTargetResults")
    began = next(
        (place["startTimeUsecs"] for place in places if isinstance(place, dict) and isinstance(place.get("startTimeUsecs"), int)),
        None,
    )
    if not began:
        raise FetchError(f"{path}: a run does not say when it began, and so not which runs come before it")
    return int(began)


def _results(run: Mapping[str, Any], part: str, results: str) -> list[Any]:
    found = run.get(part)
    listed = found.get(results) if isinstance(found, dict) else None
    return listed if isinstance(listed, list) else []
