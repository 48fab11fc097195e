r"""Commvault: the job history of a CommCell, as REST JSON or as the CSV of the Backup Job Summary report.

Formats read: the JSON of `GET /webservice/Job` (`jobs[].jobSummary`), and the CSV of the classic report "Backup Job Summary" with the column `Job ID
(CommCell)(Status)`, title lines before its header allowed. The XML form is not read: ask with `Accept: application/json`.

Point: none is listed; a successful job makes one of basis `job`. subject = `client:backup set/subclient`; the repository is the storage policy (declare it by
that name), in CSV that of the envelope. Chains are not told. Jobs whose data has aged out (`isAged`) name no repository, so that they prove no copy.

Time semantics: epoch seconds in JSON, 0 = not ended; in CSV month/day/year with AM or PM in the zone of the CommServe, which the source has to declare.
started_at is the job's start.

Proof of deletion: none; `isAged` says that a job's data is gone, and not since when. A page of several, and a report that was cut off, are no whole log of jobs.

Success: `Completed`; with warnings it is a warning, with errors a warning whose point is partial, as is `Committed` (what was written before the job was
stopped); so is a job of any of these that counts files or folders that failed. Killed is cancelled; Failed, Failed to Start, System Killed and No Run
failed. A job of virtual machines is one parent and a child for each machine: give the children, for a parent that is green can have children that are not.

What Commvault cannot show: here, where copies are and how long they live (copies of a storage policy), immutability, encryption, and jobs beyond the
look-back of the query.

Tested against: the documented schema only; no output of a real system was seen.
"""

from __future__ import annotations

import re

import polars as pl

from audit.adapters import _formats, _records, _sizes, _table, _text, _whole
from audit.adapters._listing import job_log
from audit.adapters._typed import typed
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "schema"

STATUSES: dict[str, str | None] = {
    "Completed": "success",
    "Completed w/ one or more warnings": "warning",
    "Completed w/ one or more errors": "warning",
    "Committed": "warning",
    "Failed": "failed",
    "Failed to Start": "failed",
    "System Killed": "failed",
    "No Run": "failed",
    "Killed": "cancelled",
    "Running": "running",
    "Waiting": "running",
    "Pending": "running",
    "Queued": "running",
    "Suspended": "running",
    "Interrupted": "running",
    "Kill Pending": "running",
    "Suspend Pending": "running",
}
"""Statuses of jobs in JSON."""

LETTERS = {"C": "Completed", "CWE": "Completed w/ one or more errors", "F": "Failed", "NR": "No Run"}
"""Statuses in the report's column `Job ID (CommCell)(Status)`."""

PARTIAL = ("Completed w/ one or more errors", "Committed")

KINDS: dict[str, str | None] = {
    "Backup": "backup",
    "Restore": "restore",
    "Auxiliary Copy": "copy",
    "Data Verification": "verify",
    "Data Aging": "prune",
}
"""Types of jobs."""

METHODS = {
    "Full": "full",
    "Synthetic Full": "full",
    "Incremental": "incremental",
    "Differential": "differential",
    "Transaction Log": "log",
}

_FIELDS = {
    "id": "jobId",
    "status": "status",
    "type": "jobType",
    "level": "backupLevelName",
    "client": ("subclient", "clientName"),
    "destination": "destClientName",
    "set": ("subclient", "backupsetName"),
    "subclient": ("subclient", "subclientName"),
    "started_at": "jobStartTime",
    "finished_at": "jobEndTime",
    "bytes": "sizeOfApplication",
    "repository": ("storagePolicy", "storagePolicyName"),
    "aged": "isAged",
    "reason": "pendingReason",
    "failed_files": "totalFailedFiles",
    "failed_folders": "totalFailedFolders",
}
_COLUMN = "Job ID (CommCell)(Status)"
_REPORT = ("Client", _COLUMN, "Type", "Backup Set / Subclient")
_START, _END = "Start Time (Write Start Time)", "End Time or Current Phase (Write End Time)"
_DATE = r"^([0-9]{1,2}/[0-9]{1,2}/[0-9]{4} [0-9]{1,2}:[0-9]{2}:[0-9]{2} [AP]M)\b"
_TITLES = 40
"""The header of a report is among its first so many lines."""


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """JSON with `jobSummary`, or the header of the report."""
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        return bool(re.search(rb'"jobSummary"\s*:\s*\{', head))
    return _COLUMN.encode() in head and b"Backup Set / Subclient" in head


def whole(payload: bytes) -> bytes:
    """The report ends every row, so one without its end was cut off: half of a name or a number is another one."""
    return _whole.rows(payload)


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read one page of jobs or one report. Raises `InputError` when it is neither."""
    where = envelope.name or envelope.tool
    text = _text.decode(where, payload)
    return _json(payload, envelope, where) if text.lstrip().startswith(("{", "[")) else _report(text, envelope, where)


def _json(payload: bytes, envelope: Envelope, where: str) -> Facts:
    document = _records.document(payload, envelope, ("jobs",))
    found, faults = _records.objects(_records.at(document, "jobs"), "/jobs", where)
    jobs = [(f"{place}/jobSummary", each["jobSummary"]) for place, each in found if isinstance(each.get("jobSummary"), dict)]
    faults += [
        Fault(where, "this job has no jobSummary", "fetch it again", place)
        for place, each in found
        if not isinstance(each.get("jobSummary"), dict)
    ]
    picked = _records.pick(jobs, _FIELDS, where)
    rows = _records.times(picked.rows, ("started_at", "finished_at"), (_formats.SECONDS,))
    rows = rows.with_columns(client=pl.coalesce("client", "destination"))
    whole = _records.at(document, "totalRecordsWithoutPaging") == len(found)
    return _runs(rows, envelope, [*faults, *picked.faults], where, whole=whole)


def _report(text: str, envelope: Envelope, where: str) -> Facts:
    lines = text.split("\n")
    before = next((at for at, line in enumerate(lines[:_TITLES]) if _COLUMN in line), None)
    names = [] if before is None else _table.header("\n".join(lines[before:]))
    if before is None or not set(_REPORT) <= set(names) or len(set(names)) < len(names) or "" in names:
        fault = Fault(
            where,
            "this is no job history of Commvault",
            f"ingest the JSON of GET /webservice/Job, or the report with the columns {', '.join(_REPORT)}",
        )
        raise InputError(str(fault), [fault])
    table = _table.rows("\n".join(lines[before:]), names, where, before=before)

    def column(name: str) -> pl.Expr:
        return pl.col(name).str.strip_chars() if name in names else pl.lit(None, pl.String)

    rows = table.raw.select(
        locator=pl.format("line {}", "line"),
        id=pl.col(_COLUMN).str.extract(r"^\s*([0-9]+)\b"),
        letters=pl.col(_COLUMN).str.extract(r"\(([A-Z]+)\)\s*$"),
        whole_id=_COLUMN,
        type=pl.lit("Backup"),
        level=column("Type"),
        client=column("Client"),
        set=pl.col("Backup Set / Subclient").str.strip_chars().str.replace(" / ", "/", literal=True),
        start=column(_START),
        end=column(_END),
        size=column("Size of Application"),
        reason=column("Failure Reason"),
        failed_files=column("Failed Files"),
        failed_folders=column("Failed Folders"),
    )
    known = pl.col("letters").replace_strict(LETTERS, default=None, return_dtype=pl.String)
    rows = rows.with_columns(
        status=pl.coalesce(known, "letters", "whole_id"),
        bytes=_sizes.read(rows["size"], None, ".", ",", 1024),
        # What never ran has its reason where others have their start; what still runs has its phase instead of an end.
        started_at=pl.when(pl.col("letters") != "NR").then(pl.coalesce(pl.col("start").str.extract(_DATE), "start")),
        finished_at=pl.col("end").str.extract(_DATE),
        reason=pl.when(pl.col("letters") == "NR")
        .then(pl.coalesce(pl.col("reason").replace("", None), "start"))
        .otherwise("reason"),
    )
    rows = _records.times(rows, ("started_at", "finished_at"), ("%m/%d/%Y %I:%M:%S %p",))
    return _runs(rows, envelope, table.faults, where, whole=True)


def _some(name: str) -> pl.Expr:
    """Return whether a count tells of any."""
    return pl.col(name).str.contains(r"^[0-9\s,.]*[1-9]").fill_null(value=False)


def _runs(rows: pl.DataFrame, envelope: Envelope, found: list[Fault], where: str, *, whole: bool) -> Facts:
    kinds = _records.told(rows, "type", KINDS, where, into="kind")
    stated = _records.told(kinds.rows, "status", STATUSES, where, into="outcome")
    unit = pl.concat_str("set", "subclient", separator="/", ignore_nulls=True) if "subclient" in rows.columns else pl.col("set")
    lost = _some("failed_files") | _some("failed_folders")
    told = stated.rows.with_columns(
        outcome=pl.when(lost & (pl.col("outcome") == "success")).then(pl.lit("warning")).otherwise("outcome"),
        lost=pl.when(lost & (pl.col("outcome") == "success")).then(
            pl.format(
                "files and folders that failed: {}, {}",
                *(pl.col(name).fill_null("0") for name in ("failed_files", "failed_folders")),
            )
        ),
    )
    raw = told.with_columns(
        subject=pl.when(pl.col("client") != "").then(pl.concat_str("client", unit, separator=":", ignore_nulls=True)),
        method=pl.when(pl.col("kind") == "backup").then(
            pl.col("level").replace_strict(METHODS, default=None, return_dtype=pl.String)
        ),
        coverage=pl.when(pl.col("status").is_in(PARTIAL) | (lost & (pl.col("outcome") == "warning"))).then(pl.lit("partial")),
        message=pl.coalesce(pl.col("reason").replace("", None), "lost", pl.when(pl.col("outcome") != "success").then("status")),
    )
    read_ = typed("run", raw, envelope)
    listings = job_log(read_.frame, envelope) if whole else None
    runs = read_.frame
    if "aged" in raw.columns:
        aged = raw.filter(pl.col("aged").str.to_lowercase() == "true")["locator"].implode()
        runs = runs.with_columns(repository=pl.when(~pl.col("locator").is_in(aged)).then("repository"))
    return _records.assembled(envelope, [*found, *kinds.faults, *stated.faults, *read_.faults], runs=runs, listings=listings)
