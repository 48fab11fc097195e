"""What every connector is given, and what it gives: payloads as received, with what is known of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from audit.connectors._secret import Secret
from audit.controls._objectives import Length
from audit.errors import BackupAuditError
from audit.policy.words import Word

OVERLAP = timedelta(days=1)
"""What was asked about before is asked again from this much earlier: clocks differ, and a change may be shown late."""


class FetchError(BackupAuditError):
    """A fetch that could not be finished; what had been fetched whole stays."""


class Fetch(BaseModel):
    """How a source is fetched: what every connector's settings have. `connector` of a subclass is the word by which it is chosen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    connector: str
    every: Length | None = Field(None, description="how often it is fetched while the site is served; by hand only when absent")
    repository: Word | None = Field(
        None, description="the repository that the payloads speak of, where they do not say it themselves"
    )

    def secrets(self) -> list[Secret]:
        """Return the secrets that these settings name."""
        found: list[Secret] = []
        for value in (getattr(self, name) for name in type(self).model_fields):
            each = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else [value]
            found += [one for one in each if isinstance(one, Secret)]
        return found


@dataclass(frozen=True, slots=True)
class Fetched:
    """One payload. `name`: what was asked, the same each time (an endpoint with its fixed query, a file's name). `told`: fields of the envelope that the connector
    knows: `observed_at`, `complete`, `scope`, `repository`, `command`, `exit_code`, `started_at`, `finished_at`. `sidecar`: the `FILE.envelope.json` that lies
    beside a file; it goes before `told`, and before the tool and the repository of the source."""

    name: str
    payload: bytes
    told: Mapping[str, Any] = field(default_factory=dict)
    sidecar: bytes | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """What a connector is given beside its settings. clock: tells the time (UTC)."""

    clock: Callable[[], datetime]
    last: Callable[[str], datetime | None]
    """When (UTC) a payload of a name was last fetched whole; null: never."""
    unfinished: datetime | None = None
    """When the oldest run of the source began (UTC) that was under way when it was last seen; null: there is none."""
    warn: Callable[[str], None] = lambda _: None
    """Tells what a person should know of the fetch."""

    def since(self, name: str) -> datetime | None:
        """Return from when on changes have to be asked for (UTC), so that none is skipped: OVERLAP before the last whole fetch, and before the oldest run
        that was under way then. Null: from the beginning."""
        last = self.last(name)
        if last is None:
            return None
        return (min(last, self.unfinished) if self.unfinished else last) - OVERLAP
