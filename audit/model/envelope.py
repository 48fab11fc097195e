"""The envelope: what we were told about one payload of evidence, and how it reached us."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

SIDECAR = ".envelope.json"
"""How the name of the file ends that tells the envelope of the file beside it."""

IDENTITY = (
    "source",
    "tool",
    "repository",
    "scope",
    "observed_at",
    "complete",
    "timezone",
    "mapping",
    "command",
    "exit_code",
    "started_at",
    "finished_at",
    "simulated",
)
"""The fields that, with the payload's bytes, make evidence the same evidence. Who brought it, and from where, does not."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is known about a payload beside its bytes. Everything may be unknown (`None`) but the tool.

    `source`, `repository`, `scope`: default for every fact of the payload that does not name its own. `observed_at`: the instant at which the
    payload was true at its origin (UTC), never when we received it. `complete`: the payload lists everything in its scope.
    `timezone`: IANA name that resolves naive times. `mapping`: how a table's columns are to be read, as JSON, for adapters that need it
    told (see the adapter). `command`, `exit_code`, `started_at`, `finished_at`: of the command whose output
    the payload is. `simulated`: it was made up to try the program or to train people; only a sidecar says so.
    `name`: file name as received. `method`: `upload`, `pull`, `push` or `drop-folder`. `by`: who brought it.
    """

    tool: str
    source: str | None = None
    repository: str | None = None
    scope: str | None = None
    observed_at: datetime | None = None
    complete: bool | None = None
    timezone: str | None = None
    mapping: dict[str, Any] | None = None
    command: str | None = None
    exit_code: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    simulated: bool | None = None
    name: str = ""
    method: str = "upload"
    by: str = ""

    def __post_init__(self) -> None:
        for key in ("observed_at", "started_at", "finished_at"):
            value = getattr(self, key)
            if value is not None and value.utcoffset() is None:
                raise ValueError(f"{key} {value!r} has no time zone")

    def to_json(self) -> dict[str, Any]:
        """Return the envelope as JSON values: times as RFC 3339 UTC, unknown fields left out."""
        return {
            key: time_text(value) if isinstance(value, datetime) else value
            for key, value in asdict(self).items()
            if value not in (None, "")
        }

    def identity(self) -> dict[str, Any]:
        """Return the part that decides, with the payload, whether two pieces of evidence are the same."""
        return {key: value for key, value in self.to_json().items() if key in IDENTITY}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Envelope:
        """Read what `to_json` wrote. Raises `ValueError` for an unknown key or a time without zone."""
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"unknown key in envelope: {', '.join(sorted(unknown))}")
        times = {
            key: datetime.fromisoformat(values[key]) for key in ("observed_at", "started_at", "finished_at") if values.get(key)
        }
        return cls(**{**values, **times})


def time_text(value: datetime) -> str:
    """Return RFC 3339 in UTC with `Z`; fractional seconds only where there are any."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
