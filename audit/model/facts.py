"""The three kinds of facts that adapters make of evidence, as column schemas (design: "Facts").

Every time is an instant, `Datetime("us", "UTC")`. Null means unknown. Columns named in `KEYS` are never null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from audit.errors import Fault

INSTANT = pl.Datetime("us", "UTC")

RECOVERY_POINT: dict[str, pl.DataType] = {
    "source": pl.String(),
    "repository": pl.String(),
    "id": pl.String(),
    "subject": pl.String(),
    "method": pl.String(),  # full, incremental, differential, log, snapshot
    "captured_at": INSTANT,  # the instant whose state it restores
    "captured_until": INSTANT,  # continuous backups: the last instant that can be restored
    "available_at": INSTANT,  # when it became restorable
    "base": pl.String(),  # id, in the same source and repository, of the point it needs
    "self_contained": pl.Boolean(),
    "copy_of_source": pl.String(),  # null: the same source
    "copy_of_repository": pl.String(),  # null: any repository of that source that holds the id
    "copy_of_id": pl.String(),
    "bytes": pl.Int64(),
    "expires_at": INSTANT,
    "deleted_at": INSTANT,
    "immutable_until": INSTANT,
    "encrypted": pl.String(),  # yes, no
    "integrity": pl.String(),  # verified, corrupt
    "checked_at": INSTANT,
    "completeness": pl.String(),  # complete, partial
    "basis": pl.String(),  # catalog, job
    "ambiguous": pl.Boolean(),  # a naive time had two readings in the source's zone
    "locator": pl.String(),  # `line 12`, `row 12` of a sheet, or a JSON pointer
}

RUN: dict[str, pl.DataType] = {
    "source": pl.String(),
    "id": pl.String(),
    "subject": pl.String(),
    "kind": pl.String(),  # backup, copy, restore, verify, prune
    "method": pl.String(),
    "mode": pl.String(),  # hot, warm, cold
    "started_at": INSTANT,
    "finished_at": INSTANT,
    "outcome": pl.String(),  # success, warning, failed, cancelled, running
    "bytes": pl.Int64(),
    "repository": pl.String(),
    "recovery_point": pl.String(),  # the id, or for tools that print short ids a unique beginning of it
    "coverage": pl.String(),  # full, partial: of a restore or a verify
    "message": pl.String(),
    "ambiguous": pl.Boolean(),
    "locator": pl.String(),
}

LISTING: dict[str, pl.DataType] = {
    "source": pl.String(),
    "repository": pl.String(),
    "scope": pl.String(),  # null: the whole repository
    "listed_at": INSTANT,  # null: not known, and then never complete
    "complete": pl.Boolean(),
    "covers_from": INSTANT,  # job logs: every run started in [covers_from, covers_to) is in the log
    "covers_to": INSTANT,
    "locator": pl.String(),
}

SCHEMAS: dict[str, dict[str, pl.DataType]] = {"recovery_point": RECOVERY_POINT, "run": RUN, "listing": LISTING}

KEYS: dict[str, tuple[str, ...]] = {
    "recovery_point": ("source", "repository", "id", "subject", "basis"),
    "run": ("source", "id", "kind", "outcome"),
    "listing": ("source", "repository", "complete"),
}

WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "recovery_point": {
        "method": ("full", "incremental", "differential", "log", "snapshot"),
        "encrypted": ("yes", "no"),
        "integrity": ("verified", "corrupt"),
        "completeness": ("complete", "partial"),
        "basis": ("catalog", "job"),
    },
    "run": {
        "kind": ("backup", "copy", "restore", "verify", "prune"),
        "method": ("full", "incremental", "differential", "log", "snapshot"),
        "mode": ("hot", "warm", "cold"),
        "outcome": ("success", "warning", "failed", "cancelled", "running"),
        "coverage": ("full", "partial"),
    },
    "listing": {},
}
"""The closed vocabularies. The word `unknown` is read as null."""


def frame(kind: str, rows: Sequence[Mapping[str, object]] = ()) -> pl.DataFrame:
    """Return rows of a kind as a frame with exactly the kind's columns; a missing field is null."""
    schema = SCHEMAS[kind]
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema, orient="row")


@dataclass(frozen=True, slots=True)
class Facts:
    """What an adapter made of one payload: a frame a kind (schemas above), and what it could not read.

    Within one payload a listing applies to all points of its source and repository in that payload.
    """

    points: pl.DataFrame = field(default_factory=lambda: frame("recovery_point"))
    runs: pl.DataFrame = field(default_factory=lambda: frame("run"))
    listings: pl.DataFrame = field(default_factory=lambda: frame("listing"))
    faults: tuple[Fault, ...] = ()

    def by_kind(self) -> dict[str, pl.DataFrame]:
        """Return the frames under their kinds' names."""
        return {"recovery_point": self.points, "run": self.runs, "listing": self.listings}
