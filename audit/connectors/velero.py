"""Velero: backups, restores, storage locations, schedules and volume backups, by the API of Kubernetes.

Asked: `GET /apis/velero.io/v1/namespaces/NAMESPACE/RESOURCE` with `limit` and `continue`, until the answer has no `metadata.continue`. The pages of backups, restores and storage
locations are one payload, as `kubectl get backups,restores,backupstoragelocations -o json` gives them in one list: only the location tells whether what is listed in
it may be gone, and only the backup what a restore was of. Schedules and volume backups are another one.

Changed since: Kubernetes does not tell; everything is asked whole.

Complete: all pages have come, and those of a list are of one state of the cluster: all bear the same `metadata.resourceVersion`. A token of `continue` is good for
some minutes only; where it is answered with 410 Gone the list is asked again from its beginning, twice at the most.

Tested against: a recorded server with answers of the shape that the documentation of Kubernetes and Velero shows; nobody saw a real one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from audit.connectors._fetching import Asking, Fetched
from audit.connectors._http import Http, HttpError, HttpFetch, joined
from audit.connectors._paging import Listed, Page, by_cursor, document, listed, records, times
from audit.connectors._secret import Secret

LIMIT = 500
"""Objects a page."""
TRIES = 3
"""How often a list is begun whose pages are forgotten before they are asked for."""
GONE = 410

TOGETHER = (("backups", "restores", "backupstoragelocations"), ("schedules", "podvolumebackups"))
"""Lists that are one payload."""


class Settings(HttpFetch):
    """`{connector: velero, url: "https://kubernetes.default.svc", token: {file: /var/run/secrets/kubernetes.io/serviceaccount/token}, every: 1h}`."""

    connector: Literal["velero"]
    token: Secret = Field(description="where the bearer token of the service account is read")
    namespace: str = Field("velero", pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", description="the namespace in which Velero lives")


def fetch(settings: Settings, asking: Asking) -> Iterator[Fetched]:
    """Fetch the lists. Raises `FetchError` for the first one that cannot be fetched; those before it were yielded."""
    token = settings.token.read()
    http = Http(settings, [token])
    http.session.headers.update({"Authorization": f"Bearer {token}", "Accept": "application/json"})
    cluster = _Cluster(http, asking, settings.namespace)
    for resources in TOGETHER:
        lists = [cluster.read(resource) for resource in resources]
        payload = joined([page for one in lists for page in one.pages])
        complete = True if all(one.whole for one in lists) else None
        yield Fetched(",".join(resources), payload, {**times(lists[0].found, lists[-1].found), "complete": complete})


@dataclass(frozen=True, slots=True)
class _Read:
    found: Listed
    pages: list[bytes]
    whole: bool


class _Cluster:
    def __init__(self, http: Http, asking: Asking, namespace: str) -> None:
        self._http, self._asking, self._namespace = http, asking, namespace
        self._versions: set[str] = set()

    def read(self, resource: str) -> _Read:
        """Read a list whole."""
        pages: list[Page] = []

        def walk() -> list[Page]:
            pages[:] = self._walk(resource)
            return pages

        found = listed(self._asking, resource, walk)
        if len(self._versions) > 1:
            self._asking.warn(
                f"{resource}: its pages are of several states of the cluster: it is kept, and is not taken as a whole list"
            )
        return _Read(found, [page.payload for page in pages], found.whole and len(self._versions) == 1)

    def _walk(self, resource: str) -> list[Page]:
        """Ask for all pages, from the beginning again where the server has forgotten the list on the way, or the pages are not of one state."""
        for left in reversed(range(TRIES)):
            self._versions = set()
            try:
                pages = list(by_cursor(resource, lambda cursor: self._page(resource, cursor)))
            except HttpError as error:
                if error.status != GONE or not left:
                    raise
            else:
                if len(self._versions) == 1 or not left:
                    return pages
        raise AssertionError("the last try returns or raises")

    def _page(self, resource: str, cursor: str | None) -> tuple[Page, str | None]:
        path = f"/apis/velero.io/v1/namespaces/{self._namespace}/{resource}"
        payload = self._http.get(path, {"limit": LIMIT} | ({"continue": cursor} if cursor else {})).content
        answer = document(payload, resource)
        meta = _object(answer.get("metadata"))
        self._versions.add(str(meta.get("resourceVersion")))
        names = [str(_object(one.get("metadata")).get("name")) for one in records(answer, "items", resource)]
        return Page(payload, names), meta.get("continue") or None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
