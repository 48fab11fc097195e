"""Proxmox Backup Server: snapshots of each datastore and namespace, and tasks, by the REST API on port 8007.

Asked: `GET /api2/json/admin/datastore`, of each datastore `namespace`, of each namespace `snapshots`; and `GET /api2/json/nodes/NODE/tasks` with `limit=0`. The API
gives each list in one answer, so nothing changes between pages. The lists of datastores and namespaces are only walked.

Changed since: tasks by `since`, which the server compares with their start: what was running at the last fetch is asked for again from its start on. Snapshots are
asked whole: only a whole listing proves that one is gone.

Complete: the token may see everything. The server does not refuse a token that may not, but leaves out what it may not see, down to an empty list. So
`GET /api2/json/access/permissions` is asked first: Datastore.Audit on a namespace makes its snapshots complete, Sys.Audit on /system/tasks the tasks, when they
were not asked by time. Namespaces that the token may not see at all are not told of.

Tested against: a recorded server with answers of the shape of the API's schema; nobody saw a real one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field

from audit.connectors._fetching import Asking, Fetched, FetchError
from audit.connectors._http import Http, HttpFetch
from audit.connectors._paging import Page, document, fetched, number, records
from audit.connectors._secret import Secret

API = "/api2/json"


class Settings(HttpFetch):
    """`{connector: proxmox-backup-server, url: "https://pbs.example.com:8007", token_id: "audit@pbs!reader", token: {file: /run/secrets/pbs}, every: 1h}`."""

    connector: Literal["proxmox-backup-server"]
    token_id: str = Field(pattern=r"^[^@!:\s]+@[^@!:\s]+![^@!:\s]+$", description="the API token: user@realm!name")
    token: Secret = Field(description="where the token's secret is read")
    datastores: tuple[str, ...] = Field((), description="the datastores that are fetched; all that the token may see when absent")
    node: str = Field("localhost", pattern=r"^[A-Za-z0-9.-]+$", description="the node whose tasks are fetched")


def fetch(settings: Settings, asking: Asking) -> Iterator[Fetched]:
    """Fetch the snapshots of every namespace, then the tasks. What cannot be fetched of one datastore does not stop the others; it raises `FetchError` at the end."""
    token = settings.token.read()
    http = Http(settings, [token])
    http.session.headers["Authorization"] = f"PBSAPIToken={settings.token_id}:{token}"
    server = _Server(http, asking)
    there = [str(one.get("store")) for one in server.list("/admin/datastore")]
    stores = sorted(settings.datastores or there)
    failed = [f"there is no datastore {one}, or the token may not see it" for one in stores if one not in there]
    if not there:
        asking.warn("the token sees no datastore: give it the role DatastoreAudit on /datastore")
    places: list[tuple[str, str]] = []
    for store in (one for one in stores if one in there):
        try:
            found = server.list(f"/admin/datastore/{quote(store)}/namespace")
            places += [(store, space) for space in sorted({str(one.get("ns") or "") for one in found} | {""})]
        except FetchError as error:
            failed.append(str(error))
    if settings.repository is not None and len(places) > 1:
        raise FetchError(
            f"{len(places)} datastores and namespaces cannot be one repository: leave `repository` out and declare them as {', '.join(map(_repository, places))}"
        )
    for place in places:
        try:
            yield server.snapshots(*place, repository=settings.repository or _repository(place))
        except FetchError as error:
            failed.append(str(error))
    for narrowed in settings.datastores or (None,):
        try:
            yield server.tasks(settings.node, narrowed)
        except FetchError as error:
            failed.append(str(error))
    if failed:
        raise FetchError("; ".join(failed))


class _Server:
    def __init__(self, http: Http, asking: Asking) -> None:
        self._http, self._asking = http, asking

    def list(self, path: str) -> list[dict[str, Any]]:
        """Return the records of a list that is only walked."""
        return records(document(self._http.get(API + path).content, path), "data", path)

    def snapshots(self, store: str, space: str, repository: str) -> Fetched:
        path = f"/admin/datastore/{quote(store)}/snapshots"
        query = {"ns": space} if space else {}
        name = f"{path[1:]}?ns={space}" if space else path[1:]
        whole = self._may("Datastore.Audit", f"/datastore/{store}/{space}".rstrip("/"), name)

        def ask() -> list[Page]:
            payload = self._http.get(API + path, query).content
            found = records(document(payload, name), "data", name)
            return [
                Page(payload, ["/".join(str(one.get(key)) for key in ("backup-type", "backup-id", "backup-time")) for one in found])
            ]

        return fetched(self._asking, name, ask, unlimited=whole, repository=repository, command=f"GET {API}/{name}")

    def tasks(self, node: str, store: str | None) -> Fetched:
        path = f"/nodes/{node}/tasks"
        name = f"{path[1:]}?store={store}" if store else path[1:]
        since = self._asking.since(name)
        query: dict[str, Any] = {"limit": 0} | ({"store": store} if store else {})
        query |= {} if since is None else {"since": int(since.timestamp())}
        whole = self._may("Sys.Audit", "/system/tasks", name)

        def ask() -> list[Page]:
            payload = self._http.get(API + path, query).content
            answer = document(payload, name)
            return [Page(payload, [str(one.get("upid")) for one in records(answer, "data", name)], number(answer.get("total")))]

        return fetched(self._asking, name, ask, unlimited=whole and since is None and store is None, command=f"GET {API}/{name}")

    def _may(self, privilege: str, path: str, name: str) -> bool:
        """Tell whether the token has a privilege on a path, and warn where it has not."""
        answer = document(self._http.get(f"{API}/access/permissions", {"path": path}).content, "access/permissions")
        found = answer.get("data")
        held = found.get(path) if isinstance(found, dict) else None
        may = isinstance(held, dict) and privilege in held
        if not may:
            self._asking.warn(
                f"{name}: the token has no {privilege} on {path}, so what it is shown may be a part: it is not taken as whole"
            )
        return may


def _repository(place: tuple[str, str]) -> str:
    store, space = place
    return f"{store}:{space}" if space else store
