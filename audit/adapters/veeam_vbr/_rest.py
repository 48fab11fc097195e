"""The REST API's records: sessions and tasks and job states into runs, restore points and points of replicas into points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from audit.adapters import _listing, _records
from audit.adapters._records import Object
from audit.adapters._typed import typed
from audit.adapters.veeam_vbr import _tables
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import Facts, frame

NOTHING = "00000000-0000-0000-0000-000000000000"
"""The id that means: none."""


@dataclass(slots=True)
class Given:
    """What one payload holds. `records`: by kind of record. `whole`: the kinds of which no page is missing."""

    envelope: Envelope
    records: dict[str, list[Object]] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)

    @property
    def where(self) -> str:
        """The name of the payload."""
        return self.envelope.name or self.envelope.tool

    def picked(self, kind: str, fields: Mapping[str, str | Sequence[str]]) -> pl.DataFrame:
        """Return the records of a kind as rows of text."""
        read = _records.pick(self.records.get(kind, []), fields, self.where)
        self.faults += read.faults
        return read.rows

    def told(self, rows: pl.DataFrame, column: str, table: Mapping[str, str | None], into: str) -> pl.DataFrame:
        """Turn the words of a column into ours."""
        read = _records.told(rows, column, table, self.where, into)
        self.faults += read.faults
        return read.rows

    def typed(self, kind: str, rows: pl.DataFrame) -> pl.DataFrame:
        """Return rows of text as facts of a kind."""
        read = typed(kind, rows, self.envelope)
        self.faults += read.faults
        return read.frame


def kind_of(record: dict[str, Any]) -> str | None:
    """Return which resource of the API a record is of, by its keys."""
    for kind, keys in _KEYS.items():
        if record.keys() >= keys:
            return kind
    return None


_KEYS: dict[str, frozenset[str]] = {
    "replicaPoints": frozenset({"replicaId", "creationTime"}),
    "backupFiles": frozenset({"restorePointIds", "backupId"}),
    "restorePoints": frozenset({"backupId", "creationTime", "platformName"}),
    "backupObjects": frozenset({"restorePointsCount", "platformName"}),
    "taskSessions": frozenset({"sessionId", "state", "result"}),
    "sessions": frozenset({"sessionType", "state", "creationTime"}),
    "jobsStates": frozenset({"lastResult", "status"}),
    "backups": frozenset({"repositoryId", "platformName", "creationTime"}),
    "replicas": frozenset({"jobId", "state", "platformName"}),
    "scaleOutRepositories": frozenset({"performanceTier", "name"}),
    "repositories": frozenset({"type", "name", "description"}),
}
"""Keys by which the records of each resource are known; the first that fits counts."""


def facts(given: Given) -> Facts:
    """Make facts of all records of a payload."""
    runs = [_sessions(given), _tasks(given), _jobs(given)]
    points = [_restore_points(given), _replica_points(given)]
    found = pl.concat(points)
    envelope = given.envelope
    kinds = {"restorePoints", "replicaPoints"} & given.records.keys()
    listings = _listing.from_envelope(found, envelope, empty_table=bool(kinds) and found.is_empty()) if kinds else frame("listing")
    if not kinds <= given.whole:
        listings = listings.with_columns(complete=pl.lit(value=False))
    if given.records.keys() == {"taskSessions"} <= given.whole:
        listings = _listing.job_log(runs[1], envelope)
    return _records.assembled(envelope, given.faults, found, pl.concat(runs), listings)


def _restore_points(given: Given) -> pl.DataFrame:
    fields = {
        "id": "id",
        "subject": "name",
        "captured_at": "creationTime",
        "type": "type",
        "chain": "backupId",
        "malware": "malwareStatus",
    }
    rows = given.picked("restorePoints", fields)
    if rows.is_empty():
        return frame("recovery_point")
    rows = given.told(rows, "type", _tables.POINT_TYPES, "method")
    backups = given.picked("backups", {"chain": "id", "repository": "repositoryId"}).drop("locator").unique("chain", keep="first")
    sizes = _sizes(given)
    rows = rows.join(backups, on="chain", how="left", maintain_order="left").join(sizes, on="id", how="left", maintain_order="left")
    rows = _infected(given, _records.times(rows, ["captured_at"]))
    points = given.typed("recovery_point", rows).with_columns(
        self_contained=pl.when(method="full").then(statement=True), basis=pl.lit("catalog")
    )
    if any(fault.level == "error" for fault in given.faults) or "restorePoints" not in given.whole:
        return points
    return _chained(points, rows)


def _chained(points: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Give each increment its base: what it changes is the point before it, of the same machine in the same backup.

    Only where all points of a backup are known, and all of the machine's are fulls and increments.
    """
    chain = ["chain", "subject"]
    known = points.with_row_index("row").join(
        rows.select("locator", "chain", "type"), on="locator", how="left", maintain_order="left"
    )
    plain = pl.col("type").is_in(["Full", "Increment"]).all().over(chain) & pl.col("chain").is_not_null()
    before = pl.col("id").shift(1).over(chain, order_by="captured_at")
    based = known.with_columns(base=pl.when((pl.col("type") == "Increment") & plain).then(before))
    return based.sort("row").select(points.columns)


def _infected(given: Given, rows: pl.DataFrame) -> pl.DataFrame:
    """Turn the results of malware scans into our integrity, as of the listing."""
    rows = given.told(rows.with_columns(pl.col("malware").fill_null("Clean")), "malware", _tables.MALWARE, "integrity")
    odd = rows.filter(pl.col("malware").is_in(["Infected", "Suspicious"]))
    for locator, word in odd.select("locator", "malware").iter_rows():
        how = "it is not taken as a point to restore from" if word == "Infected" else "it is taken as it is"
        given.faults.append(
            Fault(given.where, f"the scan for malware says {word}: {how}", "look into it", locator, "malwareStatus", "warning")
        )
    at = given.envelope.observed_at
    checked = pl.when(pl.col("integrity").is_not_null()).then(pl.lit(at.isoformat() if at else None, pl.String()))
    return rows.with_columns(checked_at=checked)


def _sizes(given: Given) -> pl.DataFrame:
    """Return the sizes of points whose file holds no other point."""
    found = {
        record["restorePointIds"][0]: str(record["backupSize"])
        for _, record in given.records.get("backupFiles", [])
        if isinstance(record.get("restorePointIds"), list)
        and len(record["restorePointIds"]) == 1
        and isinstance(record["restorePointIds"][0], str)
        and isinstance(record.get("backupSize"), int)
    }
    return pl.DataFrame({"id": list(found), "bytes": list(found.values())}, schema={"id": pl.String(), "bytes": pl.String()})


def _replica_points(given: Given) -> pl.DataFrame:
    fields = {"id": "id", "subject": "name", "captured_at": "creationTime", "state": "state", "malware": "malwareStatus"}
    rows = given.picked("replicaPoints", fields)
    if rows.is_empty():
        return frame("recovery_point")
    rows = given.told(rows, "state", _tables.REPLICA_STATES, "self_contained")
    rows = _infected(given, _records.times(rows, ["captured_at"]))
    return given.typed("recovery_point", rows).with_columns(method=pl.lit("snapshot"), basis=pl.lit("catalog"))


_RESULT = {"state": "state", "result": ("result", "result"), "message": ("result", "message"), "canceled": ("result", "isCanceled")}
_TIMES = {"started_at": "creationTime", "finished_at": "endTime"}


def _sessions(given: Given) -> pl.DataFrame:
    rows = given.picked("sessions", {"id": "id", "subject": "name", "type": "sessionType", **_TIMES, **_RESULT})
    if rows.is_empty():
        return frame("run")
    rows = _kinds(given, rows)
    return _ran(given, rows.with_columns(subject=job("subject")))


def _tasks(given: Given) -> pl.DataFrame:
    fields: dict[str, str | Sequence[str]] = {
        "id": "id",
        "subject": "name",
        "of": "sessionType",
        "type": "type",
        "algorithm": "algorithm",
        "recovery_point": "restorePointId",
        "repository": "repositoryId",
        "bytes": ("progress", "transferredSize"),
        "once": ("progress", "transferedSize"),
        **_TIMES,
        **_RESULT,
    }
    rows = given.picked("taskSessions", fields)
    if rows.is_empty():
        return frame("run")
    rows = _kinds(given, rows.with_columns(type=pl.coalesce("of", "type"), bytes=pl.coalesce("bytes", "once")))
    rows = given.told(rows.with_columns(pl.col("algorithm").fill_null("None")), "algorithm", _tables.ALGORITHMS, "method")
    none = [pl.when(pl.col(name) != NOTHING).then(name).alias(name) for name in ("recovery_point", "repository")]
    return _ran(given, rows.with_columns(none))


def _kinds(given: Given, rows: pl.DataFrame) -> pl.DataFrame:
    """Say what kind of run each session is, and leave out those that are none."""
    rows = given.told(rows, "type", _tables.SESSION_TYPES, "kind").filter(pl.col("kind").is_not_null())
    coverage = (
        pl.when(pl.col("type").is_in(_tables.WHOLE))
        .then(pl.lit("full"))
        .when(pl.col("type").is_in(_tables.PARTS))
        .then(pl.lit("partial"))
    )
    return rows.with_columns(coverage=coverage, method=pl.when(pl.col("type").is_in(_tables.LOGS)).then(pl.lit("log")))


def _ran(given: Given, rows: pl.DataFrame) -> pl.DataFrame:
    rows = given.told(rows, "state", _tables.STATES, "life")
    rows = given.told(rows.with_columns(pl.col("result").fill_null("None")), "result", _tables.RESULTS, "outcome")
    return given.typed("run", ended(given, _records.times(rows, ["started_at", "finished_at"])))


def ended(given: Given, rows: pl.DataFrame) -> pl.DataFrame:
    """Settle outcomes: a cancelled run is cancelled, one in its life is running; one that ended without a result is a fault."""
    outcome = pl.when(canceled="true").then(pl.lit("cancelled")).when(life="running").then(pl.lit("running")).otherwise("outcome")
    rows = rows.with_columns(outcome=outcome)
    for locator in rows.filter(pl.col("outcome").is_null())["locator"]:
        what = "this run has ended and has no result: how it ended is not known, and it was not used"
        given.faults.append(Fault(given.where, what, "look it up in the product's history", locator, "result"))
    told = pl.when(pl.col("outcome").is_in(["warning", "failed", "cancelled"])).then("message")
    over = pl.when(pl.col("outcome") != "running").then("finished_at")
    return rows.filter(pl.col("outcome").is_not_null()).with_columns(message=told, finished_at=over)


def job(column: str) -> pl.Expr:
    """A job's name as a subject: marked, so that it is never taken for a machine of that name; and without the number of the retry."""
    return (pl.lit("job:") + pl.col(column).str.replace(r" \(Retry [0-9]+\)$", "")).alias(column)


def _jobs(given: Given) -> pl.DataFrame:
    fields: dict[str, str | Sequence[str]] = {
        "job": "id",
        "session": "sessionId",
        "subject": "name",
        "type": "type",
        "status": "status",
        "result": "lastResult",
        "started_at": "lastRun",
        "repository": "repositoryId",
    }
    rows = given.picked("jobsStates", fields)
    if rows.is_empty():
        return frame("run")
    rows = given.told(rows, "type", _tables.JOB_TYPES, "kind")
    rows = given.told(rows, "status", _tables.JOB_STATES, "life")
    rows = given.told(rows, "result", _tables.RESULTS, "outcome")
    rows = _records.times(rows, ["started_at"])
    never = (pl.col("result") == "None") & pl.col("started_at").is_null()
    sure = [pl.when(pl.col(name) != NOTHING).then(name).alias(name) for name in ("session", "repository")]
    unset = pl.lit(None, pl.String())
    rows = rows.filter(~never).with_columns(job("subject"), *sure, canceled=unset, message=unset, finished_at=unset)
    coverage = pl.when(type="SureBackupContentScan").then(pl.lit("partial"))
    rows = rows.with_columns(id=pl.coalesce("session", pl.concat_str("job", "started_at", separator="@")), coverage=coverage)
    return given.typed("run", ended(given, rows))
