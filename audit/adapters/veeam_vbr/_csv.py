"""`Get-VBRBackupSession | Export-Csv`: job sessions as PowerShell writes them."""

from __future__ import annotations

import polars as pl

from audit.adapters import _records, _table, _text
from audit.adapters.veeam_vbr import _tables
from audit.adapters.veeam_vbr._rest import Given, ended, job
from audit.errors import Fault, InputError
from audit.model.facts import Facts

COLUMNS = ("Id", "JobName", "JobType", "CreationTime", "EndTime", "State", "Result")
"""Columns that a table of sessions must have."""

_MONTH_FIRST = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S")
_DAY_FIRST = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %I:%M:%S %p")
_PLAIN = ("rfc3339", "%d.%m.%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%d-%m-%Y %H:%M:%S")
_NEVER = (*_records.NEVER, "01.01.1900", "1900/1/1", "1900/01/01", "01-01-1900")


def facts(payload: bytes, given: Given) -> Facts:
    """Read a table of sessions. Raises `InputError` when it is none."""
    text = _text.decode(given.where, payload)
    first, _, rest = text.partition("\n")
    before = int(first.startswith("#TYPE"))
    body = rest if before else text
    separator = ";" if body.split("\n", 1)[0].count(";") > body.split("\n", 1)[0].count(",") else ","
    names = _table.header(body, separator)
    missing = [name for name in COLUMNS if names.count(name) != 1]
    if missing or len(set(names)) < len(names) or "" in names or "line" in names:
        fault = Fault(
            given.where,
            f"is no table of sessions: it needs the columns {', '.join(COLUMNS)}, each once",
            "export it again",
            f"line {before + 1}",
        )
        raise InputError(str(fault), [fault])
    table = _table.rows(body, names, given.where, separator, before)
    given.faults += table.faults
    rows = table.raw.select(
        id="Id", subject="JobName", type="JobType", started_at="CreationTime", finished_at="EndTime", state="State", result="Result",
        locator=pl.format("line {}", "line"),
    )  # fmt: skip
    rows = given.told(rows, "type", _tables.CSV_JOBS, "kind").filter(pl.col("kind").is_not_null())
    rows = given.told(rows, "state", _tables.STATES, "life")
    rows = given.told(rows, "result", _tables.RESULTS, "outcome")
    unset = pl.lit(None, pl.String())
    rows = ended(given, _times(given, rows).with_columns(job("subject"), canceled=unset, message=unset))
    return _records.assembled(given.envelope, given.faults, runs=given.typed("run", rows))


def _times(given: Given, rows: pl.DataFrame) -> pl.DataFrame:
    """Read times in the culture of whoever exported them: which of day and month comes first, the table must show itself."""
    names = ["started_at", "finished_at"]
    rows = _records.times(rows, names, never=_NEVER)
    parts = pl.concat([rows[name].str.extract_groups(r"^([0-9]{1,2})/([0-9]{1,2})/[0-9]{4} ").struct.unnest() for name in names])
    if parts.columns != ["1", "2"] or parts["1"].null_count() == parts.height:
        return _records.times(rows, names, _PLAIN, _NEVER)
    first, second = (parts[name].cast(pl.Int64).max() for name in ("1", "2"))
    day_first, month_first = (isinstance(most, int) and most > 12 for most in (first, second))
    if day_first == month_first:
        how = (
            "some can only have the day first and some only the month"
            if day_first
            else "no day above the 12th tells which comes first"
        )
        what = f"the times of this table can be read in two ways, as day/month or month/day: {how}"
        fault = Fault(
            given.where, what, "export with times as 2026-11-20T21:00:04 (ToString('s')), or more sessions", "", "CreationTime"
        )
        raise InputError(str(fault), [fault])
    return _records.times(rows, names, (*_PLAIN, *(_DAY_FIRST if day_first else _MONTH_FIRST)), _NEVER)
