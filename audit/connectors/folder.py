"""Folder: files that a tool writes into a folder of this machine, of an SFTP server, or a prefix of an object store.

Asked is the list of files that match `pattern`; then each file that was changed since it was last fetched is read, with the sidecar `FILE.envelope.json` beside it.
Every file is a payload of its own, named by its path below the folder. Nothing is written, moved or deleted there.

Changed since: the time of change against the time at which the file was taken in. On this machine that is the later of `mtime` and `ctime`, in an object store what
the store says; over SFTP only `mtime`, which whoever copies a file may set back: write new files under new names there. Clocks differ, so what was changed less
than 10 minutes before it was taken in (1 minute on this machine) is read again each time; the same bytes are the same evidence, and count once. A file changed
within the last 10 seconds, or while it was read, may still be written, and is left for the next fetch.

When a file was true is not known: its time is when it was copied, unless its tool writes it there itself (`observed: modified`). A file is a complete listing
only where the settings or its sidecar say so.

Tested against: folders, OpenSSH's SFTP server, and moto's S3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from audit.connectors._fetching import Asking, Fetch, Fetched, FetchError
from audit.connectors._http import safe_address
from audit.connectors._object_store import Objects
from audit.connectors._places import Local, Place, Seen
from audit.connectors._secret import Secret
from audit.connectors._sftp import Sftp
from audit.model.envelope import SIDECAR

QUIET = timedelta(seconds=10)
"""A file that was changed within this time may still be written."""
AHEAD = timedelta(hours=1)
"""A file whose time lies further ahead was not written just now: its time is wrong."""
LARGEST = 512 * 1024 * 1024
"""Bytes that a file has at the most."""
LARGEST_SIDECAR = 1024 * 1024
"""Bytes that a sidecar has at the most."""

_ONLY_FOR = {
    "sftp": ("password", "key_file", "key_password", "known_hosts"),
    "s3": ("access_key", "secret_key", "endpoint", "region"),
}


class Settings(Fetch):
    """`{connector: folder, location: sftp://audit@nas.example.com/exports, pattern: "*.json", key_file: /etc/backup-audit/id_ed25519, every: 1h}`."""

    connector: Literal["folder"]
    location: str = Field(
        description="/srv/exports, sftp://user@host[:port]/path (/~/path: below the user's home) or s3://bucket/prefix"
    )
    pattern: str = Field("*", description="which files: a path with * ? [...] in its parts; ** stands for any folders")
    complete: bool = Field(default=False, description="whether each file lists everything in its scope")
    scope: str | None = Field(None, min_length=1, description="what part of the repository the files list; the whole when absent")
    observed: Literal["modified", "none"] = Field(
        "none",
        description="when a file was true: modified, where its tool writes it there itself; none, where it is copied, because then its time is that of the copy",
    )
    password: Secret | None = Field(None, description="sftp: the user's password")
    key_file: str | None = Field(None, description="sftp: the user's private key")
    key_password: Secret | None = Field(None, description="sftp: the passphrase of the private key")
    known_hosts: str | None = Field(
        None,
        description="sftp: the file of host keys that are trusted; ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts when absent",
    )
    access_key: str | None = Field(
        None, description="s3: the id of the key; that of the environment (AWS_ACCESS_KEY_ID) when absent"
    )
    secret_key: Secret | None = Field(None, description="s3: the key itself")
    endpoint: str | None = Field(None, description="s3: the address of a store that is not Amazon's")
    region: str | None = Field(None, description="s3: the region; that of the environment (AWS_REGION) when absent")

    @field_validator("location")
    @classmethod
    def _place(cls, location: str) -> str:
        parts = urlsplit(location)
        if parts.password:
            raise ValueError("a password does not belong into an address: name it with {env: ...}, {file: ...} or {keyring: ...}")
        sftp = parts.scheme == "sftp" and parts.hostname and parts.username and parts.path
        s3 = parts.scheme == "s3" and parts.netloc and not parts.username
        if not (location.startswith("/") or sftp or s3):
            raise ValueError(f"{location} is no place of files; write /folder, sftp://user@host/path or s3://bucket/prefix")
        return location

    @field_validator("pattern")
    @classmethod
    def _below(cls, pattern: str) -> str:
        if not all(part and part not in (".", "..") for part in pattern.split("/")):
            raise ValueError(f"{pattern!r} does not stay below the folder; write it as *.json or 2026/**/*.csv")
        return pattern

    @field_validator("endpoint")
    @classmethod
    def _safe(cls, endpoint: str | None) -> str | None:
        return safe_address(endpoint) if endpoint is not None else None

    @model_validator(mode="after")
    def _together(self) -> Self:
        scheme = urlsplit(self.location).scheme
        for only, names in _ONLY_FOR.items():
            if scheme != only and (found := [name for name in names if getattr(self, name) is not None]):
                raise ValueError(f"{', '.join(found)}: only for {only}://")
        if scheme == "sftp" and (self.password is None) == (self.key_file is None):
            raise ValueError("say how the user is known to the server: either password or key_file")
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("access_key and secret_key belong together")
        return self


def fetch(settings: Settings, asking: Asking) -> Iterator[Fetched]:
    """Read the files that changed since they were last fetched. Raises `FetchError` at the end where some could not be read, at once where there is no such place."""
    wanted = settings.pattern.split("/")
    failed: list[str] = []
    with closing(_opened(settings)) as place:
        now = asking.clock()
        # A sidecar lies beside its file and matches nothing of its own.
        listed = {one.name: one for one in place.files(None if "**" in wanted else len(wanted), failed)}
        for name in sorted(listed, key=lambda name: name.split("/")):
            payload = name.removesuffix(SIDECAR)
            if not _matches(payload.split("/"), wanted):
                continue
            if payload != name:
                if payload not in listed:
                    asking.warn(f"{name} tells of {payload}, which is not there: put the file beside it")
                continue
            try:
                found = _fetched(settings, asking, place, listed[name], listed.get(name + SIDECAR), now)
            except OSError as error:
                failed.append(f"{name}: {error.strerror or error}")
            else:
                if found:
                    yield found
    if failed:
        more = f" and {len(failed) - 10} more" if len(failed) > 10 else ""
        raise FetchError(f"could not be read: {'; '.join(failed[:10])}{more}")
    if not any(_matches(name.split("/"), wanted) for name in listed if not name.endswith(SIDECAR)):
        asking.warn(f"no file in {settings.location} matches {settings.pattern}")


def _opened(settings: Settings) -> Place:
    match urlsplit(settings.location).scheme:
        case "sftp":
            return Sftp(
                settings.location,
                known_hosts=settings.known_hosts,
                password=settings.password.read() if settings.password else None,
                key_file=settings.key_file,
                key_password=settings.key_password.read() if settings.key_password else None,
            )
        case "s3":
            told = {
                "access_key_id": settings.access_key,
                "secret_access_key": settings.secret_key.read() if settings.secret_key else None,
                "endpoint": settings.endpoint,
                "region": settings.region,
            }
            clear = (settings.endpoint or "").startswith("http://")  # only on this machine: the settings refuse any other
            return Objects(settings.location, {key: value for key, value in told.items() if value is not None}, in_the_clear=clear)
        case _:
            return Local(settings.location)


def _fetched(settings: Settings, asking: Asking, place: Place, file: Seen, sidecar: Seen | None, now: datetime) -> Fetched | None:
    """Return a file with its sidecar; nothing where it was fetched already, is still being written, or is refused. Raises `OSError`."""
    both = [file, sidecar] if sidecar else [file]
    if refused := next((f"{one.name} was not taken: {why}" for one in both if (why := _refused(one))), None):
        asking.warn(refused)
        return None
    changed = max(one.changed for one in both)
    last = asking.last(file.name)
    if last is not None and changed < last - place.margin:
        return None
    ahead = changed > now + AHEAD
    if now - QUIET < changed and not ahead:
        return None
    read = [place.read(one, one.size + 1) for one in both]
    if [place.again(one) for one in both] != both or [len(each) for each in read] != [one.size for one in both]:
        return None  # it was written meanwhile
    told: dict[str, Any] = {"scope": settings.scope}
    if ahead:
        asking.warn(
            f"{file.name} was changed at {changed:%Y-%m-%dT%H:%M:%SZ}, which lies ahead: it is taken, but not as a listing of any time"
        )
        return Fetched(file.name, read[0], told, *read[1:])
    told |= {
        "complete": True if settings.complete else None,
        "observed_at": min(file.modified, now) if settings.observed == "modified" else None,
    }
    return Fetched(file.name, read[0], told, *read[1:])


def _refused(file: Seen) -> str | None:
    most = LARGEST_SIDECAR if file.name.endswith(SIDECAR) else LARGEST
    return file.refused or (f"it is larger than {most // 1024 // 1024} MiB" if file.size > most else None)


def _matches(parts: Sequence[str], wanted: Sequence[str]) -> bool:
    """Tell whether a path is of a pattern, part by part."""
    if not wanted:
        return not parts
    if wanted[0] == "**":
        return _matches(parts, wanted[1:]) or (bool(parts) and _matches(parts[1:], wanted))
    return bool(parts) and fnmatchcase(parts[0], wanted[0]) and _matches(parts[1:], wanted[1:])
