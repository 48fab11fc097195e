"""Veeam Kasten K10: what its actions did: backups, exports, restores and imports of applications of Kubernetes.

Formats read: lists or single objects of `actions.kio.kasten.io` in JSON (`kubectl get
backupactions.actions.kio.kasten.io,exportactions.actions.kio.kasten.io,... -A -o json`). Actions that report, upgrade, validate or cancel are known and carry
no facts.

Point: a completed backup makes one in the repository `snapshots`: id = `namespace/restore point`, subject = the namespace; it is a snapshot next to production.
A completed export that names the restore point it exported makes a copy of it in the repository of the profile's name. All rest on their jobs (the list of
actions is no catalog). A snapshot needs no other point; whether an export does depends on where it went, so it is left unproven.

Time semantics: RFC 3339 in UTC. captured_at is the start of the backup action, available_at its end; an export shares the capture of its original.

Proof of deletion: none; actions are collected after a while, so pull often. A completed retire action is a run, and does not say which points it removed.

Success: by state. `Skipped` is cancelled: nothing was made. `AttemptFailed` is a failure (another attempt follows). A completed backup says nothing of its
export: without that there is no copy outside of the cluster. A policy's run (`RunAction`) has the subject `policy:` and its name, and is not the result of its
applications.

What Veeam Kasten K10 cannot show: which points are still there, immutability (the profile's), encryption, sizes; exports that do not name what they exported
make no point.

Tested against: the documented schema only; no output of a real system was seen.
"""

from __future__ import annotations

import re

import polars as pl

from audit.adapters import _kubernetes, _records
from audit.adapters._records import Object
from audit.adapters._typed import typed
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import Facts, frame

TESTED_AGAINST = "schema"

PART = re.compile(r"\s(?:-l|--selector|--field-selector)\b[= ]?\S*|\b(?:labelSelector|fieldSelector)=")
"""Options of kubectl and of the API that ask for some of the objects."""

KINDS = {
    "BackupAction": "backup",
    "BackupClusterAction": "backup",
    "RunAction": "backup",
    "ExportAction": "copy",
    "ImportAction": "copy",
    "RestoreAction": "restore",
    "RestoreClusterAction": "restore",
    "RetireAction": "prune",
}
"""Kinds of actions, as kinds of runs."""

STATES = {
    "Pending": "running",
    "Running": "running",
    "Complete": "success",
    "Failed": "failed",
    "AttemptFailed": "failed",
    "Skipped": "cancelled",
    "Cancelled": "cancelled",
}
"""`status.state` of an action."""

SNAPSHOTS = "snapshots"
"""The repository of what lies next to production."""

_NO_FACTS = ("CancelAction", "ReportAction", "UpgradeAction", "ValidateAction", "StageAction", "BatchAction")


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """Objects of K10's group of actions."""
    return _kubernetes.claims(head, r"actions\.kio\.kasten\.io")


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read actions. Raises `InputError` when it holds none."""
    where = envelope.name or envelope.tool
    found, _, faults = _kubernetes.objects(payload, envelope)
    _kubernetes.refuse_nothing(found, faults, envelope)
    faults += _kubernetes.strangers(found, {*KINDS, *_NO_FACTS}, where, "K10's actions")
    frames = [_actions(kind, found[kind], envelope, faults) for kind in KINDS if kind in found]
    points = pl.concat([frame("recovery_point"), *(points for points, _ in frames)])
    runs = pl.concat([frame("run"), *(runs for _, runs in frames)])
    return _records.assembled(envelope, faults, points, runs)


def _actions(kind: str, records: list[Object], envelope: Envelope, faults: list[Fault]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return points and runs of the actions of one kind."""
    where = envelope.name or envelope.tool
    fields: dict[str, str | tuple[str, ...]] = {
        "name": ("metadata", "name"),
        "namespace": ("metadata", "namespace"),
        "of": ("spec", "subject", "namespace"),
        "object": ("spec", "subject", "name"),
        "app": ("metadata", "labels", "k10.kasten.io/appNamespace"),
        "policy": ("metadata", "labels", "k10.kasten.io/policyName"),
        "state": ("status", "state"),
        "started_at": ("status", "startTime"),
        "finished_at": ("status", "endTime"),
        "message": ("status", "error", "message"),
        "point": ("status", "restorePoint", "name"),
        "point of": ("status", "restorePoint", "namespace"),
        "profile": ("spec", "profile", "name"),
        "expires_at": ("spec", "expiresAt"),
    }
    picked = _records.pick(records, fields, where)
    told = _records.told(picked.rows, "state", STATES, where, "outcome")
    faults += [*picked.faults, *told.faults]
    rows = _records.times(told.rows, ["started_at", "finished_at", "expires_at"])
    home = pl.coalesce("app", "of", "namespace")
    rows = rows.with_columns(
        subject=_subject(kind, home),
        point=pl.concat_str(pl.coalesce("point of", home), "point", separator="/"),
        original=pl.concat_str(pl.coalesce("of", home), "object", separator="/"),
    )
    points = frame("recovery_point")
    made = pl.lit(None, pl.String())
    if kind == "BackupAction":
        done = rows.filter((pl.col("outcome") == "success") & pl.col("point").is_not_null())
        points = _points(done.with_columns(id="point", captured_at="started_at", repository=pl.lit(SNAPSHOTS)), envelope, faults)
        made = pl.when(outcome="success").then("point")
    elif kind == "ExportAction":
        done = rows.filter((pl.col("outcome") == "success") & pl.col("original").is_not_null() & pl.col("profile").is_not_null())
        copies = done.with_columns(id="original", copy_of_id="original", copy_of_repository=pl.lit(SNAPSHOTS), repository="profile")
        points = _points(copies, envelope, faults)
        made = pl.when(outcome="success").then("original")
    elif kind == "RestoreAction":
        made = pl.col("original")
    rows = rows.with_columns(
        id=pl.concat_str(pl.lit(f"{kind}:"), pl.coalesce("namespace", pl.lit("")), pl.lit("/"), "name"),
        kind=pl.lit(KINDS[kind]),
        repository=pl.lit(SNAPSHOTS) if kind == "BackupAction" else pl.col("profile"),
        recovery_point=made,
        message=pl.coalesce("message", pl.when(pl.col("state").is_in(["Skipped", "Cancelled", "AttemptFailed"])).then("state")),
    )
    runs = typed("run", rows, envelope)
    faults += runs.faults
    return points, runs.frame


def _subject(kind: str, home: pl.Expr) -> pl.Expr:
    if kind == "RunAction":
        return pl.lit("policy:") + pl.coalesce("policy", "object", "name")
    return pl.lit("cluster") if kind in ("BackupClusterAction", "RestoreClusterAction") else home


def _points(rows: pl.DataFrame, envelope: Envelope, faults: list[Fault]) -> pl.DataFrame:
    read_ = typed("recovery_point", rows.with_columns(available_at="finished_at"), envelope)
    faults += read_.faults
    return read_.frame.with_columns(
        method=pl.lit("snapshot"), self_contained=pl.when(repository=SNAPSHOTS).then(statement=True), basis=pl.lit("job")
    )
