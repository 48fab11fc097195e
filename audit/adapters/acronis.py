r"""Acronis Cyber Protect: tasks of the Task Manager API v2.

Formats read: the JSON of `GET /api/task_manager/v2/tasks` (`items[]`).

Point: none is listed; a successful backup task makes one of basis `job`. subject = `tenant/resource`, or the resource alone; the repository is the
envelope's, for a task does not name its vault. Method and chain are not told.

Time semantics: RFC 3339 with an offset (UTC). started_at and finished_at of the task; one that is only enqueued has neither.

Proof of deletion: none.

Success: state completed says only that a task ended; result.code says how: ok, warning, error, cancelled; abandoned and timedout failed. A machine that is
offline leaves its task enqueued for ever: such a run stays open, and the point that it should have made stays missing.

What Acronis Cyber Protect cannot show: here, recovery points and their retention, vaults, encryption, immutability.

Tested against: the documented schema only; no output of a real system was seen.
"""

from __future__ import annotations

import re

import polars as pl

from audit.adapters import _records
from audit.adapters._listing import job_log
from audit.adapters._typed import typed
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "schema"

OPEN = "not ended yet"
STATES: dict[str, str | None] = {"enqueued": OPEN, "assigned": OPEN, "started": OPEN, "paused": OPEN, "completed": "ended"}
"""Lifecycle states of tasks: that one is completed does not say how."""

CODES: dict[str, str | None] = {
    "ok": "success",
    "warning": "warning",
    "error": "failed",
    "abandoned": "failed",
    "timedout": "failed",
    "cancelled": "cancelled",
    OPEN: "running",
}
"""`result.code` of tasks that ended."""

KINDS: dict[str, str | None] = {"backup": "backup", "validate": "verify"}
"""Types of tasks that are documented here. Others are quarantined, so ask for these two."""

_TASK = {
    "id": "id",
    "uuid": "uuid",
    "type": "type",
    "state": "state",
    "code": ("result", "code"),
    "reason": ("result", "error", "reason"),
    "resource": ("resource", "name"),
    "resource_id": ("resource", "id"),
    "tenant": ("tenant", "name"),
    "started_at": "startedAt",
    "finished_at": "completedAt",
}


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """JSON with `items` whose tasks have times in Acronis' words."""
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] != b"{" or not re.search(rb'"items"\s*:\s*\[', head):
        return False
    return bool(
        re.search(rb'"(?:enqueuedAt|completedAt)"\s*:', head) and re.search(rb'"resource"\s*:\s*\{', head) and b'"state"' in head
    )


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read one page of tasks. Raises `InputError` when it is none."""
    where = envelope.name or envelope.tool
    document = _records.document(payload, envelope)
    if not isinstance(_records.at(document, "items"), list):
        fault = Fault(
            where, "this is no answer of Acronis' Task Manager", "ingest what GET /api/task_manager/v2/tasks answers", "/items"
        )
        raise InputError(str(fault), [fault])
    found, faults = _records.objects(document["items"], "/items", where)
    picked = _records.pick(found, _TASK, where)
    kinds = _records.told(picked.rows, "type", KINDS, where, into="kind")
    stated = _records.told(kinds.rows, "state", STATES, where, into="life")
    judged = stated.rows.with_columns(code=pl.when(pl.col("life") == OPEN).then(pl.lit(OPEN)).otherwise("code"))
    ended = _records.told(judged, "code", CODES, where, into="outcome")
    name = pl.coalesce(pl.col("resource").replace("", None), pl.col("resource_id"))
    raw = ended.rows.with_columns(
        id=pl.coalesce("uuid", "id"),
        subject=pl.when(name.is_not_null()).then(
            pl.concat_str(pl.col("tenant").replace("", None), name, separator="/", ignore_nulls=True)
        ),
        message=pl.coalesce("reason", pl.when(~pl.col("outcome").is_in(["success", "running"])).then("code")),
    )
    read_ = typed("run", raw, envelope)
    # The last page has no cursor behind it, and alone it is all there is only when it has as many tasks as there are.
    whole = _records.at(document, ("paging", "cursors", "total")) == len(document["items"])
    log = job_log(read_.frame, envelope) if whole else None
    return _records.assembled(
        envelope,
        [*faults, *picked.faults, *kinds.faults, *stated.faults, *ended.faults, *read_.faults],
        runs=read_.frame,
        listings=log,
    )
