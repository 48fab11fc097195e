"""Veritas (Cohesity) NetBackup: the job log and the image catalog of a primary server, by its REST API on port 1556.

Asked: `GET /netbackup/admin/jobs` with `page[offset]` and `page[limit]`, by job number, until `meta.pagination.count` jobs have come. With `images`, in the same way
`GET /netbackup/catalog/images` with a filter by which all images since 1970 come: without one the API gives those of the last day.

Changed since: `filter=startTime ge ...`. A job that was under way is asked about again until it has ended.

Complete: all jobs that `count` says have come, none twice, and no filter was set. The job log itself keeps only about three days by default, so fetch it at least daily.

Not asked: images, unless `images` says so. Only they prove that a backup is gone. Servers whose API does not give them are asked with the connector `command` on the primary
server, `bpimagelist -l -d 01/01/2000`, as a source of its own.

Tested against: a recorded server with answers of the shape of the vendor's OpenAPI document; nobody saw a real one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from typing import Literal, Self

from pydantic import Field, model_validator

from audit.connectors._fetching import Asking, Fetched
from audit.connectors._http import Http, HttpFetch
from audit.connectors._paging import Page, by_offset, document, fetched, instant, number, records
from audit.connectors._secret import Secret
from audit.connectors._token import Token, logged_out

LIMIT = 100
"""Jobs a page."""
PATH = "/netbackup/admin/jobs"
IMAGES = "/netbackup/catalog/images"
EVERY = "backupTime ge 1970-01-01T00:00:00Z"
"""The filter that leaves no image out."""


class Settings(HttpFetch):
    """`{connector: veritas-netbackup, url: "https://primary.example.com:1556", api_key: {file: /run/secrets/netbackup}, every: 6h}`."""

    connector: Literal["veritas-netbackup"]
    api_key: Secret | None = Field(None, description="where an API key is read; instead of username and password")
    username: str | None = Field(None, min_length=1, description="the user that logs in, where there is no API key")
    password: Secret | None = Field(None, description="where the user's password is read")
    domain_type: Literal["unixpwd", "NT", "vx", "ldap"] | None = Field(None, description="the kind of directory the user is in")
    domain_name: str | None = Field(None, min_length=1, description="the directory's name, such as the Windows domain")
    images: bool = Field(False, description="fetch the image catalog too")
    api_version: str = Field("4.0", pattern=r"^[0-9]+\.[0-9]+$", description="the version of the API: 4.0 is NetBackup 8.3")

    @model_validator(mode="after")
    def _who(self) -> Self:
        if (self.api_key is None) == (self.username is None) or (self.username is None) != (self.password is None):
            raise ValueError("say either api_key, or username and password")
        return self


def fetch(settings: Settings, asking: Asking) -> Iterator[Fetched]:
    """Log in where there is no API key, fetch the jobs, log out."""
    http = Http(settings, [secret.read() for secret in settings.secrets()])
    media = f"application/vnd.netbackup+json;version={settings.api_version}"
    if settings.api_key is not None:
        key = settings.api_key.read()
        with logged_out(http, nullcontext):
            yield from _lists(http, asking, settings, lambda: {"Accept": media, "Authorization": key})
        return
    token = Token(http, asking.clock, lambda: _login(http, settings, media), "token")

    def headers() -> dict[str, str]:
        return {"Accept": media, "Authorization": token.read()}

    headers()
    with logged_out(http, lambda: http.ask("POST", "/netbackup/logout", headers=headers())):
        yield from _lists(http, asking, settings, headers)


def _login(http: Http, settings: Settings, media: str) -> bytes:
    assert settings.password is not None
    who = {
        "userName": settings.username,
        "password": settings.password.read(),
        "domainType": settings.domain_type,
        "domainName": settings.domain_name,
    }
    told = {key: value for key, value in who.items() if value is not None}
    return http.ask("POST", "/netbackup/login", json=told, headers={"Content-Type": media, "Accept": media}).content


def _lists(http: Http, asking: Asking, settings: Settings, headers: Callable[[], dict[str, str]]) -> Iterator[Fetched]:
    since = asking.since("jobs")
    query = {} if since is None else {"filter": f"startTime ge {instant(since)}"}
    yield fetched(asking, "jobs", _pages(http, PATH, {"sort": "jobId", **query}, headers), unlimited=since is None)
    if settings.images:
        command = f"GET {IMAGES}?filter={EVERY}"
        yield fetched(asking, "images", _pages(http, IMAGES, {"filter": EVERY}, headers), unlimited=True, command=command)


def _pages(http: Http, path: str, query: Mapping[str, str], headers: Callable[[], dict[str, str]]) -> Callable[[], Iterator[Page]]:
    def ask(before: int) -> Page:
        payload = http.get(path, {"page[offset]": before, "page[limit]": LIMIT, **query}, headers()).content
        answer = document(payload, path)
        meta = answer.get("meta")
        paging = meta.get("pagination") if isinstance(meta, dict) else None
        total = number(paging.get("count")) if isinstance(paging, dict) else None
        return Page(payload, [str(one.get("id")) for one in records(answer, "data", path)], total)

    return lambda: by_offset(ask)
