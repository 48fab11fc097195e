r"""Rubrik: activities and snapshots of Rubrik Security Cloud as GraphQL JSON, and the CSV of the report Protection Task Details.

Formats read: the answers of the GraphQL queries `activitySeriesConnection` and `snapshotsListConnection` (with `edges` or `nodes`), and the CSV of the report
with the columns Object Name, Location, Task Type, Task Status and Start Time. Answers of `globalSlaConnection` (policies) are recognised and carry no facts.

Point: one for each snapshot; id = its id; the repository is the cluster's name. The answer does not say whose snapshots they are: the envelope's scope has to
name the object as its runs do, `object@location` (for example `sql01@vc01/DC1`), and is the point's subject. A snapshot can be restored by itself. An
archived or replicated copy is another point, which is in no such answer. Retention lock is a property of the SLA domain and is not shown here.

Time semantics: JSON times carry Z; captured_at = the snapshot's `date`. Times of the report are in the zone of its owner, which the source has to declare.
`expirationDate: null` means that the SLA decides: then it is not known.

Proof of deletion: a complete answer (no further page) for the same object that lacks the snapshot.

Success: of an activity series the last status counts: Success; SuccessWithWarnings and PartialSuccess are warnings, the latter partial; Failure; Canceled.
Only Backup and LogBackup are backups, Archive and Replication are copies (to a place that is not named), Recovery is a restore; other known types (Index and
the like) are no evidence.

What Rubrik cannot show: where archived copies are, retention locks, encryption, integrity checks.

Tested against: answers published as test data of an open project (GraphQL), and a file shaped after the columns of the report.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import polars as pl

from audit.adapters import _records, _table, _text
from audit.adapters._listing import based, from_envelope, job_log
from audit.adapters._typed import typed
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "schema"

STATUSES: dict[str, str | None] = {
    "success": "success",
    "succeeded": "success",
    "successwithwarnings": "warning",
    "succeededwithwarnings": "warning",
    "partialsuccess": "warning",
    "failure": "failed",
    "failed": "failed",
    "canceled": "cancelled",
    "canceling": "running",
    "queued": "running",
    "running": "running",
    "tasksuccess": "running",  # of one step: the series has not ended
    "taskfailure": "running",
}
"""Last statuses of an activity series, and statuses of the report; case, blanks and underscores do not matter."""

KINDS: dict[str, str | None] = {
    "backup": "backup",
    "logbackup": "backup",
    "archive": "copy",
    "archival": "copy",
    "replication": "copy",
    "recovery": "restore",
} | dict.fromkeys(("index", "conversion", "classification"))
"""Types of activities and tasks: the kind of run, or nothing where it is no evidence."""

_SERIES = {
    "id": "activitySeriesId",
    "type": "lastActivityType",
    "status": "lastActivityStatus",
    "object": "objectName",
    "location": "location",
    "started_at": "startTime",
    "finished_at": "lastUpdated",
    "repository": ("cluster", "name"),
}
_SNAPSHOT = {"id": "id", "captured_at": "date", "expires_at": "expirationDate", "repository": ("cluster", "name")}
_QUERIES = ("activitySeriesConnection", "snapshotsListConnection", "globalSlaConnection")
_REPORT = {
    "object": "Object Name",
    "location": "Location",
    "type": "Task Type",
    "status": "Task Status",
    "started_at": "Start Time",
    "finished_at": "End Time",
    "repository": "Cluster Name",
    "bytes": "Data Transferred",
    "message": "Failure Reason",
}
_NEEDED = ("Object Name", "Task Type", "Task Status", "Start Time")


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """A GraphQL answer to one of three queries, or the header of the report."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    if head.lstrip()[:1] == b"{":
        return any(re.search(rb'"%s"\s*:\s*\{' % query.encode(), head) for query in _QUERIES)
    names = set(_table.header(head.decode("utf-8", "replace")))
    return {*_NEEDED, "SLA Domain"} <= names


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read one answer or report. Raises `InputError` when it is neither."""
    where = envelope.name or envelope.tool
    text = _text.decode(where, payload)
    if not text.lstrip().startswith(("{", "[")):
        return _report(text, envelope, where)
    document = _records.document(payload, envelope, *(("data", query, "nodes") for query in _QUERIES))
    data = _records.at(document, "data") or document
    query = next((query for query in _QUERIES if isinstance(_records.at(data, query), dict)), None)
    if query is None:
        fault = Fault(
            where,
            "this is no answer of Rubrik that is known",
            f"ingest what the query {_QUERIES[0]} or {_QUERIES[1]} answers",
            "/data",
        )
        raise InputError(str(fault), [fault])
    if query == "globalSlaConnection":
        return Facts()
    nodes, faults = _nodes(data[query], f"/data/{query}", where)
    whole = _records.at(data[query], ("pageInfo", "hasNextPage")) is False
    page = envelope if whole else replace(envelope, complete=None if envelope.complete is None else False)
    return (_snapshots if query == "snapshotsListConnection" else _activities)(nodes, page, faults, where)


def _nodes(connection: dict[str, Any], pointer: str, where: str) -> tuple[list[_records.Object], list[Fault]]:
    if "nodes" in connection:
        return _records.objects(connection["nodes"], f"{pointer}/nodes", where)
    edges, faults = _records.objects(connection.get("edges"), f"{pointer}/edges", where)
    nodes = [(f"{place}/node", edge["node"]) for place, edge in edges if isinstance(edge.get("node"), dict)]
    faults += [
        Fault(where, "this edge has no node", "fetch it again", place)
        for place, edge in edges
        if not isinstance(edge.get("node"), dict)
    ]
    return nodes, faults


def _snapshots(nodes: list[_records.Object], envelope: Envelope, faults: list[Fault], where: str) -> Facts:
    if not envelope.scope:
        what = "the answer does not say of which object these snapshots are: they were not used"
        remedy = "name the object in the envelope: --scope, as in `sql01@vc01/DC1`"
        return _records.assembled(envelope, [*faults, Fault(where, what, remedy, "", "scope")])
    picked = _records.pick(nodes, _SNAPSHOT, where)
    raw = picked.rows.with_columns(
        subject=pl.lit(envelope.scope), method=pl.lit("snapshot"), self_contained=pl.lit("true"), basis=pl.lit("catalog")
    )
    read_ = typed("recovery_point", raw, envelope)
    listings = from_envelope(read_.frame, envelope, empty_table=not nodes and not faults)
    return _records.assembled(
        envelope, [*faults, *picked.faults, *read_.faults], points=based(read_.frame, listings), listings=listings
    )


def _activities(nodes: list[_records.Object], envelope: Envelope, faults: list[Fault], where: str) -> Facts:
    picked = _records.pick(nodes, _SERIES, where)
    return _runs(picked.rows, envelope, [*faults, *picked.faults], where)


def _report(text: str, envelope: Envelope, where: str) -> Facts:
    names = _table.header(text)
    if not set(_NEEDED) <= set(names):
        fault = Fault(
            where,
            "this is no report of Rubrik that is known",
            f"export Protection Task Details with the columns {', '.join(_NEEDED)}",
            "line 1",
        )
        raise InputError(str(fault), [fault])
    table = _table.read(text, where)
    rows = table.raw.select(
        *(
            pl.col(column).alias(name) if column in names else pl.lit(None, pl.String).alias(name)
            for name, column in _REPORT.items()
        ),
        locator=pl.format("line {}", "line"),
    )
    # A task of the report has no id.
    rows = rows.with_columns(id=pl.concat_str("object", "location", "type", "started_at", separator="|", ignore_nulls=True))
    return _runs(rows, envelope, table.faults, where)


def _runs(rows: pl.DataFrame, envelope: Envelope, faults: list[Fault], where: str) -> Facts:
    plain = [pl.col(name).str.to_lowercase().str.replace_all("[ _]", "") for name in ("type", "status")]
    kinds = _records.told(rows.with_columns(plain), "type", KINDS, where, into="kind")
    kept = kinds.rows.filter(pl.col("kind").is_not_null())
    stated = _records.told(kept, "status", STATUSES, where, into="outcome")
    place = pl.when(pl.col("location").str.strip_chars() != "").then("location")
    raw = stated.rows.with_columns(
        subject=pl.when(pl.col("object") != "").then(pl.concat_str("object", place, separator="@", ignore_nulls=True)),
        method=pl.when(pl.col("type") == "logbackup").then(pl.lit("log")).when(pl.col("kind") == "backup").then(pl.lit("snapshot")),
        finished_at=pl.when(pl.col("outcome") != "running").then("finished_at"),
        coverage=pl.when(pl.col("status") == "partialsuccess").then(pl.lit("partial")),
    )
    read_ = typed("run", raw, envelope)
    # Where a copy goes is not told; it is not to the cluster that made it.
    runs = read_.frame.with_columns(repository=pl.when(pl.col("kind") != "copy").then("repository"))
    listings = job_log(runs, envelope)
    return _records.assembled(envelope, [*faults, *kinds.faults, *stated.faults, *read_.faults], runs=runs, listings=listings)
