r"""Dell Avamar: the activities of a grid, as the XML of its command line.

Formats read: the XML of `mccli activity show --verbose=true --xml` (`CLIOutput/Data/Row`). The text table is not read: its columns are cut.

Point: none is listed; a successful backup makes one of basis `job`. subject = `domain/client`, with `:plug-in` where the output has it (give `--verbose`);
the repository is the envelope's. Every Avamar backup can be restored by itself, but the output does not tell of which kind it is.

Time semantics: local times of the grid, to the minute or second. A zone's abbreviation behind them is not used, but for UTC and GMT: the source has to
declare its zone.

Proof of deletion: none.

Success: Completed with error code 0 or 30000; with another code it is a warning, as is Completed w/Exception(s). Failed, timed out, dropped and never begun
activities failed; Canceled is cancelled. A return code of the command other than 0 is a fault.

What Dell Avamar cannot show: here, backups and their expiry, replicas, encryption, immutability.

Tested against: the documented schema only; no output of a real system was seen. Names of elements and statuses are those that public programs read.
"""

from __future__ import annotations

import polars as pl

from audit.adapters import _records, _xml
from audit.adapters._listing import job_log
from audit.adapters._typed import typed
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "schema"

WITH_CODE = "Completed with an error code"
_FAILED = ("Failed", "Timed Out", "No Proxy", "No Data", "No DD", "No vm", "No VM", "Dropped Session")
STATUSES: dict[str, str | None] = {
    "Completed": "success",
    WITH_CODE: "warning",
    "Completed w/Exception(s)": "warning",
    "Canceled": "cancelled",
    "Waiting-Client": "running",
    "Waiting-Queued": "running",
    "Queued": "running",
    "Running": "running",
    "Running-SNAPSHOC": "running",
    "Timed Out - Response": "failed",
    "Timed Out - Start": "failed",
    "Timed Out - End": "failed",
    **dict.fromkeys(_FAILED, "failed"),
}
"""Statuses of activities."""

CODES = ("0", "30000")
"""Error codes of activities that completed without any."""

KINDS: dict[str, str | None] = {
    "Scheduled Backup": "backup",
    "On-Demand Backup": "backup",
    "Restore": "restore",
    "Validate": "verify",
    "Replication Source": "copy",
}
"""Types of activities."""

_FIELDS = {
    "id": "ID",
    "type": "Type",
    "status": "Status",
    "code": "ErrorCode",
    "client": "Client",
    "domain": "Domain",
    "plugin": "Plug-In",
    "started_at": "StartTime",
    "finished_at": "EndTime",
}
_TIMES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M %z")


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """XML of the command line with rows of activities."""
    return b"<CLIOutput" in head[:1000] and b"<Row>" in head and (b"<ErrorCode>" in head or b"<ProgressBytes>" in head)


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read one output. Raises `InputError` when it is no XML that is whole."""
    where = envelope.name or envelope.tool
    found, _ = _xml.records(payload, {"Row", "Results"}, where)
    faults = [
        Fault(where, f"the command failed: return code {each['ReturnCode']}", "run it again", place, "ReturnCode")
        for place, kind, each in found
        if kind == "Results" and each.get("ReturnCode") not in ("0", None)
    ]
    if not any(kind in ("Row", "Results") for _, kind, _ in found):
        faults.append(Fault(where, "this is no output of mccli that is known", "ingest mccli activity show --verbose=true --xml"))
    picked = _records.pick([(place, each) for place, kind, each in found if kind == "Row"], _FIELDS, where)
    coded = (pl.col("status") == "Completed") & ~pl.col("code").is_in(CODES)
    rows = picked.rows.with_columns(status=pl.when(coded).then(pl.lit(WITH_CODE)).otherwise("status"))
    kinds = _records.told(rows, "type", KINDS, where, into="kind")
    ended = _records.told(kinds.rows, "status", STATUSES, where, into="outcome")
    place = pl.when(pl.col("client") != "").then(
        pl.concat_str(pl.col("domain").str.strip_chars_end("/"), "client", separator="/", ignore_nulls=True)
    )
    times = {
        name: pl.col(name).str.replace(r"\s+(?:UTC|GMT)$", " +0000").str.replace(r"\s+[A-Z]{3,5}$", "")
        for name in ("started_at", "finished_at")
    }
    raw = ended.rows.with_columns(
        subject=pl.concat_str(
            place, pl.when(place.is_not_null() & (pl.col("plugin") != "")).then(":" + pl.col("plugin")), ignore_nulls=True
        ).replace("", None),
        message=pl.when(~pl.col("outcome").is_in(["success", "running"])).then(
            pl.concat_str("status", "code", separator=", ", ignore_nulls=True)
        ),
        **times,
    )
    raw = _records.times(raw, ("started_at", "finished_at"), _TIMES)
    raw = raw.with_columns(finished_at=pl.when(pl.col("outcome") != "running").then("finished_at"))
    read_ = typed("run", raw, envelope)
    told = [*faults, *picked.faults, *kinds.faults, *ended.faults, *read_.faults]
    return _records.assembled(envelope, told, runs=read_.frame, listings=job_log(read_.frame, envelope))
