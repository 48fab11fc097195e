"""Rubrik: activities and snapshots of Rubrik Security Cloud, by its GraphQL API.

Asked: `activitySeriesConnection`, and for each object of `snappableConnection` its snapshots as `snapshotsListConnection`, each with `first` and `after` until
`pageInfo.hasNextPage` is false. The list of objects is only walked; it says whose snapshots are asked for, and they are told as `object@location`, as activities name them.

Changed since: activities by `lastUpdatedTimeGt`, so that a series that was running comes again when it has ended. Snapshots are asked whole, one request (or more) an object:
only a whole listing proves that a snapshot is gone.

Complete: all pages have come, as many records as `count` says, none twice, and no filter was set. Objects that Rubrik no longer protects may be left out of the list of objects:
of those nothing is told, rather than that their snapshots are gone.

Tested against: a recorded server with answers of the shape of published ones and of the vendor's schema; nobody saw a real one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from audit.connectors._fetching import Asking, Fetched, FetchError
from audit.connectors._http import Http, HttpFetch
from audit.connectors._paging import Page, by_cursor, document, fetched, instant, number, records
from audit.connectors._secret import Secret
from audit.connectors._token import Token, logged_out

FIRST = 500
"""Records a page; the API gives 1000 at the most."""

ACTIVITIES = """query Activities($first: Int, $after: String, $filters: ActivitySeriesFilter) {
  activitySeriesConnection(first: $first, after: $after, filters: $filters) {
    count
    nodes {
      id fid activitySeriesId startTime lastUpdated lastActivityType lastActivityStatus
      location objectName objectId objectType severity cluster { id name }
    }
    pageInfo { endCursor hasNextPage }
  }
}"""
OBJECTS = """query Objects($first: Int, $after: String) {
  snappableConnection(first: $first, after: $after) {
    count
    nodes { id fid name location objectType }
    pageInfo { endCursor hasNextPage }
  }
}"""
SNAPSHOTS = """query Snapshots($workloadId: String!, $first: Int, $after: String) {
  snapshotsListConnection: snapshotOfASnappableConnection(workloadId: $workloadId, first: $first, after: $after) {
    count
    nodes { id date expirationDate isOnDemandSnapshot ... on CdmSnapshot { cluster { id name } } }
    pageInfo { endCursor hasNextPage }
  }
}"""


class Settings(HttpFetch):
    """`{connector: rubrik, url: "https://example.my.rubrik.com", client_id: "client|...", client_secret: {file: /run/secrets/rubrik}, every: 6h}`."""

    connector: Literal["rubrik"]
    client_id: str = Field(min_length=1, description="the service account's client ID; a role with read access is enough")
    client_secret: Secret = Field(description="where the service account's secret is read")
    snapshots: bool = Field(default=True, description="whether the snapshots of each object are fetched, too")


def fetch(settings: Settings, asking: Asking) -> Iterator[Fetched]:
    """Take a token, fetch the activities and the snapshots of each object, end the session."""
    http = Http(settings, [settings.client_secret.read()])
    login = {"client_id": settings.client_id, "client_secret": settings.client_secret.read(), "grant_type": "client_credentials"}
    token = Token(http, asking.clock, lambda: http.ask("POST", "/api/client_token", json=login).content)

    def headers() -> dict[str, str]:
        return {"Authorization": f"Bearer {token.read()}"}

    headers()
    with logged_out(http, lambda: http.ask("DELETE", "/api/session", headers=headers())):
        since = asking.since("activities")
        filters = None if since is None else {"lastUpdatedTimeGt": instant(since)}
        graph = _Graph(http, headers)
        pages = graph.pages("activities", "activitySeriesConnection", ACTIVITIES, "activitySeriesId", {"filters": filters})
        yield fetched(asking, "activities", pages, unlimited=since is None)
        if settings.snapshots:
            yield from _snapshots(graph, asking)


class _Graph:
    """GraphQL queries to one address. `seen`: the records of the pages that were read last."""

    def __init__(self, http: Http, headers: Callable[[], dict[str, str]]) -> None:
        self._http, self._headers = http, headers
        self.seen: list[dict[str, Any]] = []

    def pages(self, name: str, connection: str, query: str, key: str, variables: Mapping[str, Any]) -> Callable[[], Iterator[Page]]:
        """Return what asks for all pages of a connection. key: the field by which its records are told apart."""

        def ask(after: str | None) -> tuple[Page, str | None]:
            told = {**variables, "first": FIRST, "after": after}
            payload = self._http.ask(
                "POST", "/api/graphql", json={"query": query, "variables": told}, headers=self._headers()
            ).content
            answer = document(payload, name)
            data = answer.get("data")
            found = data.get(connection) if isinstance(data, dict) and not answer.get("errors") else None
            if not isinstance(found, dict):
                raise FetchError(f"{name}: Rubrik did not answer the query: see that the account may read it")
            nodes = records(found, "nodes", name)
            self.seen += nodes
            return Page(payload, [str(one.get(key)) for one in nodes], number(found.get("count"))), _next(found, name)

        def walk() -> Iterator[Page]:
            self.seen = []
            yield from by_cursor(name, ask)

        return walk


def _next(connection: Mapping[str, Any], name: str) -> str | None:
    info = connection.get("pageInfo")
    if not isinstance(info, dict) or not isinstance(info.get("hasNextPage"), bool):
        raise FetchError(f"{name}: the answer does not say whether there are more pages")
    if not info["hasNextPage"]:
        return None
    if not isinstance(info.get("endCursor"), str) or not info["endCursor"]:
        raise FetchError(f"{name}: there are more pages, and the answer does not say how to ask for them")
    return str(info["endCursor"])


def _snapshots(graph: _Graph, asking: Asking) -> Iterator[Fetched]:
    fetched(asking, "objects", graph.pages("objects", "snappableConnection", OBJECTS, "fid", {}), unlimited=True)
    objects = {str(one.get("fid")): one for one in graph.seen if isinstance(one.get("fid"), str)}
    for fid, one in sorted(objects.items()):
        name = f"snapshots of {fid}"
        place = "@".join(str(part) for part in (one.get("name"), one.get("location")) if part)
        pages = graph.pages(name, "snapshotsListConnection", SNAPSHOTS, "id", {"workloadId": fid})
        yield fetched(asking, name, pages, unlimited=bool(place), scope=place or None)
