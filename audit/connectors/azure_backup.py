"""Azure Backup: recovery points and jobs of the Recovery Services vaults and Backup vaults of a subscription, through Azure Resource Manager.

Asked: the vaults of the subscription, and of each its `backupProtectedItems`, the `recoveryPoints` of each item, and its `backupJobs`, each until no `nextLink` comes. A
`nextLink` that names another server is not followed. The list of items is only walked; it says whose points are asked for. With `backup_vaults`, the same of
the vaults of Microsoft.DataProtection, whose items are `backupInstances`.

Changed since: jobs by `startTime` and `endTime` of `$filter`, for the API takes a stretch of 30 days at the most; those of Backup vaults whole, because no
filter of them is documented. Recovery points are asked whole, one request (or more) an item: only
a whole listing proves that a point is gone.

Complete: lists of recovery points and of vaults of which all pages have come, none of their records twice; the API tells no total. Lists of jobs are never called complete: they leave
out scheduled backups of databases.

Not asked: what only a single job of a Backup vault tells (`extendedInfo`: which point it made or restored).

Tested against: a recorded server with answers of the shape that the vendor publishes; nobody asked the real one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field, field_validator

from audit.connectors._fetching import Asking, Fetched, FetchError
from audit.connectors._http import Http, HttpFetch
from audit.connectors._paging import Page, by_cursor, document, fetched, records
from audit.connectors._secret import Secret
from audit.connectors._token import Token, logged_out

LONGEST = timedelta(days=30)
"""The longest stretch of jobs that the API shows at a time."""
AHEAD = timedelta(days=1)
"""The stretch ends so much after our clock: theirs may be ahead."""


class Settings(HttpFetch):
    """`{connector: azure-backup, tenant: ..., subscription: ..., client_id: ..., client_secret: {file: /run/secrets/azure}, every: 6h}`."""

    connector: Literal["azure-backup"]
    url: str = Field(
        "https://management.azure.com", description="where Azure Resource Manager is; other clouds have other addresses"
    )
    login_url: str = Field("https://login.microsoftonline.com", description="where tokens are given")
    tenant: str = Field(pattern="^[A-Za-z0-9.-]{1,253}$", description="the directory (tenant), as its id or domain")
    subscription: str = Field(pattern="^[0-9a-fA-F-]{36}$", description="the id of the subscription whose vaults are fetched")
    client_id: str = Field(
        pattern="^[0-9a-fA-F-]{36}$", description="the application (client) id; the role Backup Reader is enough"
    )
    client_secret: Secret = Field(description="where the application's secret is read")
    api_version: str = Field("2023-04-01", pattern="^20[0-9]{2}-[0-9]{2}-[0-9]{2}$", description="the version of the API")
    backup_vaults: bool = Field(False, description="fetch the Backup vaults (Microsoft.DataProtection) too")
    backup_vaults_version: str = Field(
        "2023-05-01", pattern="^20[0-9]{2}-[0-9]{2}-[0-9]{2}$", description="the version of the API of Backup vaults"
    )

    @field_validator("login_url")
    @classmethod
    def _safe_login(cls, url: str) -> str:
        return cls._safe(url)


def fetch(settings: Settings, asking: Asking) -> Iterator[Fetched]:
    """Take a token, fetch the vaults, and the jobs and points of each."""
    secret = settings.client_secret.read()
    http = Http(settings, [secret])
    login = Http(settings.model_copy(update={"url": settings.login_url}), [secret])
    told = {
        "grant_type": "client_credentials",
        "client_id": settings.client_id,
        "client_secret": secret,
        "scope": f"{settings.url}/.default",
    }
    token = Token(http, asking.clock, lambda: login.ask("POST", f"/{settings.tenant}/oauth2/v2.0/token", data=told).content)
    with logged_out(http, login.session.close):
        arm = _Arm(http, lambda: {"Authorization": f"Bearer {token.read()}"}, settings.api_version)
        vaults = f"/subscriptions/{settings.subscription}/providers/Microsoft.RecoveryServices/vaults"
        yield fetched(asking, "vaults", arm.pages(vaults), unlimited=True)
        for vault in arm.ids("vaults"):
            yield _jobs(arm, asking, vault)
            yield from _points(arm, asking, vault)
        if settings.backup_vaults:
            newer = arm.of(settings.backup_vaults_version)
            vaults = f"/subscriptions/{settings.subscription}/providers/Microsoft.DataProtection/backupVaults"
            yield fetched(asking, "backup vaults", newer.pages(vaults), unlimited=True)
            for vault in newer.ids("backup vaults"):
                yield from _backup_vault(newer, asking, vault)


def _jobs(arm: _Arm, asking: Asking, vault: str) -> Fetched:
    name = f"jobs of {vault.lower()}"
    now, since = asking.clock(), asking.since(name)
    first = now - LONGEST + AHEAD
    if since is not None and since < first:
        asking.warn(
            f"{name}: those before {first.date()} are not asked for, because the API shows 30 days at a time; fetch it more often"
        )
    query = f"startTime eq '{_time(max(first, since or first))}' and endTime eq '{_time(now + AHEAD)}'"
    return fetched(asking, name, arm.pages(f"{vault}/backupJobs", {"$filter": query}), unlimited=False, repository=vault.lower())


def _points(arm: _Arm, asking: Asking, vault: str) -> Iterator[Fetched]:
    items = f"items of {vault.lower()}"
    fetched(asking, items, arm.pages(f"{vault}/backupProtectedItems"), unlimited=True)
    for item in arm.ids(items):
        # Their own examples leave the fabric out of the ids of items, and it is always this one.
        path = (
            item
            if "/backupfabrics/" in item.lower()
            else re.sub("/protectionContainers/", "/backupFabrics/Azure/protectionContainers/", item, flags=re.IGNORECASE)
        )
        points = arm.pages(f"{path}/recoveryPoints")
        yield fetched(
            asking, f"recovery points of {path.lower()}", points, unlimited=True, repository=vault.lower(), scope=_scope(path)
        )


def _backup_vault(arm: _Arm, asking: Asking, vault: str) -> Iterator[Fetched]:
    """Fetch the jobs of a Backup vault, and the points of each of its instances. Nobody says that its list of jobs holds all of a stretch."""
    name = vault.lower()
    yield fetched(asking, f"jobs of {name}", arm.pages(f"{vault}/backupJobs"), unlimited=False, repository=name)
    instances = f"instances of {name}"
    fetched(asking, instances, arm.pages(f"{vault}/backupInstances"), unlimited=True)
    for path in arm.ids(instances):
        points, scope = arm.pages(f"{path}/recoveryPoints"), path.lower().rpartition("/")[2]
        yield fetched(asking, f"recovery points of {path.lower()}", points, unlimited=True, repository=name, scope=scope)


def _scope(item: str) -> str | None:
    """Return the subject that an item's points have: of a machine its own path, of others with that of their container."""
    parts = re.search("/protectioncontainers/([^/]+)/protecteditems/([^/]+)$", item.lower())
    if parts is None:
        return None
    return parts[2].removeprefix("vm;") if parts[2].startswith("vm;") else f"{parts[1]}/{parts[2]}"


def _time(at: datetime) -> str:
    """Return a time as `$filter` takes it: UTC, twelve hours."""
    half = "AM" if at.hour < 12 else "PM"
    return f"{at:%Y-%m-%d} {at.hour % 12 or 12:02}:{at:%M:%S} {half}"


class _Arm:
    """Requests to Azure Resource Manager."""

    def __init__(self, http: Http, headers: Callable[[], dict[str, str]], version: str) -> None:
        self._http, self._headers, self._version = http, headers, version
        self._seen: list[str] = []

    def of(self, version: str) -> _Arm:
        """Return the same for another version of the API."""
        return _Arm(self._http, self._headers, version)

    def pages(self, path: str, query: dict[str, str] | None = None) -> Callable[[], Iterator[Page]]:
        """Return what asks for all pages of a list."""

        def ask(link: str | None) -> tuple[Page, str | None]:
            told = None if link else {"api-version": self._version, **(query or {})}
            payload = self._http.get(link or path, told, self._headers()).content
            answer = document(payload, path)
            ids = [str(one.get("id")) for one in records(answer, "value", path)]
            self._seen += ids
            following: Any = answer.get("nextLink")
            return Page(payload, ids), following if isinstance(following, str) else None

        def walk() -> Iterator[Page]:
            self._seen = []
            yield from by_cursor(path, ask)

        return walk

    def ids(self, name: str) -> list[str]:
        """Return the ids of the list that was read last, each once. Raises `FetchError` for what is none."""
        if not all(one.lower().startswith("/subscriptions/") for one in self._seen):
            raise FetchError(f"{name}: a record has no id")
        return list({one.lower(): one for one in self._seen}.values())
