"""Kopia: `snapshot list --json` and `snapshot create --json`.

Formats read: the array of snapshots that `snapshot list --json` prints, and the one snapshot that `snapshot create --json` prints.

Point: id = the snapshot's id; subject = `HOST:PATH` of its source (the user's name is left out: it is a person's). Every snapshot is self-contained, so there
are no chains.

Time semantics: times carry their offset. captured_at = startTime, available_at = endTime.

Proof of deletion: a complete listing that lacks a snapshot. Without `--all` Kopia lists the snapshots of one user on one host only: such a listing is complete
only for a `scope`; one with a path, tags or `--max-results` never is.

Success: a snapshot with `incomplete` (checkpoint, canceled, limit reached) or with errors, ignored ones too, is `partial`, and its run a `warning`; JSON lists
them also where `--incomplete` is not given. `retentionReason` and pins say why it is kept now, not until when.

What Kopia cannot show: failed runs (no snapshot), expiry, immutability, the repository's encryption, and verifies and restores as JSON.

Tested against: one listing of a real system as a project published it; `incomplete` and errors by the documented fields only.
"""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from audit.adapters import _command, _records
from audit.adapters._gathered import Gathered
from audit.adapters._typed import typed
from audit.model.envelope import Envelope
from audit.model.facts import Facts, frame

TESTED_AGAINST = "samples"

STATUSES = {"checkpoint": "partial", "canceled": "partial", "limit reached": "partial"}
"""Every reason for which a snapshot is `incomplete`. Another reason makes it partial too, and is told."""

_FIELDS = {
    "id": "id",
    "host": ("source", "host"),
    "path": ("source", "path"),
    "captured_at": "startTime",
    "available_at": "endTime",
    "size": ("rootEntry", "summ", "size"),
    "total": ("stats", "totalSize"),
    "incomplete": "incomplete",
    "failed": ("rootEntry", "summ", "numFailed"),
    "inside": ("rootEntry", "summ", "incomplete"),
    "errors": ("stats", "errorCount"),
    "ignored": ("stats", "ignoredErrorCount"),
}
_HEAD = re.compile(rb'\A\s*(?:\[\s*)?\{\s*"id"\s*:\s*"[0-9a-f]{32}"\s*,\s*"source"\s*:\s*\{\s*"host"\s*:')
_PART = re.compile(r"\s(?:--max-results|-n|--tags|--no-all)\b")
_ID = r"^[0-9a-f]{32}$"


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """A snapshot's id and source at the very beginning."""
    return bool(_HEAD.match(head.removeprefix(b"\xef\xbb\xbf")))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read a list of snapshots, or one. Raises `InputError` when it is no JSON."""
    given = Gathered(envelope)
    value: Any = _records.document(payload, envelope)
    if isinstance(value, dict):
        points = _points(given, [("", value)], basis="job")
        return _records.assembled(envelope, given.faults, points, _runs(given, points, payload))
    objects, faults = _records.objects(value, "", given.where)
    given.faults += faults
    points = _points(given, objects, basis="catalog")
    return _records.assembled(envelope, given.faults, points, None, given.listing(complete=_whole(given)))


def _points(given: Gathered, objects: list[_records.Object], *, basis: str) -> pl.DataFrame:
    """Make points of snapshots."""
    picked = _records.pick(objects, _FIELDS, given.where)
    given.faults += picked.faults
    rows = picked.rows
    problem = (
        pl.when(~pl.col("id").str.contains(_ID).fill_null(value=False))
        .then(pl.lit("its id is not 32 hexadecimal digits"))
        .when((pl.col("host").fill_null("") == "") | (pl.col("path").fill_null("") == ""))
        .then(pl.lit("it does not tell the host and the path of its source"))
        .when(pl.col("captured_at").is_null())
        .then(pl.lit("it has no startTime"))
    )
    rows = rows.with_columns(problem=problem.cast(pl.String))
    for locator, what in rows.filter(pl.col("problem").is_not_null()).select("locator", "problem").iter_rows():
        given.fault(f"this snapshot was not read: {what}", "list the snapshots again with --json", locator)
    rows = rows.filter(pl.col("problem").is_null())
    for locator, reason in rows.filter(~pl.col("incomplete").is_in(["", *STATUSES])).select("locator", "incomplete").iter_rows():
        given.fault(
            f"{reason!r} is no reason for an incomplete snapshot that is documented: it is taken as partial",
            "",
            locator,
            "incomplete",
            "warning",
        )
    flawed = [~pl.col(name).is_in(["", "0"]) for name in ("incomplete", "inside", "failed", "errors", "ignored")]
    # Without its statistics nothing says that a snapshot is whole; nothing says that it is not, either.
    rows = _records.times(rows, ["captured_at", "available_at"]).with_columns(
        subject=pl.format("{}:{}", "host", "path"),
        bytes=pl.coalesce("size", "total"),
        completeness=pl.when(pl.any_horizontal(flawed).fill_null(value=False)).then(pl.lit("partial")),
    )
    result = typed("recovery_point", rows, given.envelope)
    given.faults += result.faults
    return result.frame.with_columns(
        available_at=pl.when(pl.col("available_at") >= pl.col("captured_at")).then("available_at"),
        method=pl.lit("snapshot"),
        self_contained=pl.lit(value=True),
        basis=pl.lit(basis),
    )


def _runs(given: Gathered, points: pl.DataFrame, raw: bytes) -> pl.DataFrame:
    """Make the run that made the one snapshot of `snapshot create --json`."""
    if points.is_empty():
        return frame("run")
    point, envelope = points.row(0, named=True), given.envelope
    code = envelope.exit_code
    partial = point["completeness"] == "partial"
    row = {
        "source": envelope.source,
        "id": _command.run_id("backup", envelope, raw, point["id"]),
        "subject": point["subject"],
        "kind": "backup",
        "method": "snapshot",
        "started_at": envelope.started_at or point["captured_at"],
        "finished_at": envelope.finished_at or point["available_at"],
        "outcome": "warning" if partial or code else "success",
        "bytes": point["bytes"],
        "repository": envelope.repository,
        "recovery_point": point["id"],
        "message": "not everything was read" if partial else f"exit code {code}" if code else None,
        "ambiguous": False,
        "locator": "",
    }
    return frame("run", [row])


def _whole(given: Gathered) -> bool:
    """Tell whether the command that is known lists everything in its scope."""
    command, scope = given.envelope.command or "", given.envelope.scope
    words = command.split()
    named = words[words.index("list") + 1 :] if "list" in words else []
    part = bool(_PART.search(command)) or any(not word.startswith("-") for word in named)
    alone = bool(words) and not {"--all", "-a"} & set(words)
    if given.envelope.complete and (part or alone) and scope is None:
        what = "this listing is taken as incomplete: the command lists only a part of the repository"
        given.fault(what, "list with --all and without filters, or name the part with --scope", key="complete", level="warning")
        return False
    return True
