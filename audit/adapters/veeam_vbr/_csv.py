"""`Get-VBRBackupSession | Export-Csv`: job sessions as PowerShell writes them."""

from __future__ import annotations

import polars as pl

from audit.adapters import _cultures, _records, _table, _text
from audit.adapters.veeam_vbr import _tables
from audit.adapters.veeam_vbr._rest import Given, ended, job
from audit.errors import Fault, InputError
from audit.model.facts import Facts

COLUMNS = ("Id", "JobName", "JobType", "CreationTime", "EndTime", "State", "Result")
"""Columns that a table of sessions must have."""


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
    rows = ended(
        given,
        _cultures.read(rows, ["started_at", "finished_at"], given.where).with_columns(
            job("subject"), canceled=unset, message=unset
        ),
    )
    return _records.assembled(given.envelope, given.faults, runs=given.typed("run", rows))
