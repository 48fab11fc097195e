"""Times in tables that a program wrote in the culture of whoever exported them: 11/2/2026 is the 2nd of November or the 11th of February, and only the
table as a whole can show which.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from audit.adapters import _records
from audit.errors import Fault, InputError

_MONTH_FIRST = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M")
_DAY_FIRST = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %I:%M:%S %p", "%d/%m/%Y %H:%M", "%d/%m/%Y %I:%M %p")
_PLAIN = (
    *("rfc3339", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"),
    *("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d-%m-%Y %H:%M:%S"),
)
"""Forms that can be read in one way only: with dots the day comes first everywhere."""

NEVER = (*_records.NEVER, "01.01.1900", "01.01.0001", "1900/1/1", "1900/01/01", "01-01-1900")
"""How times begin that such tables print for "no time"."""


def read(rows: pl.DataFrame, names: Sequence[str], where: str) -> pl.DataFrame:
    """Bring columns of times into the text that `typed` reads. Raises `InputError` when the table does not show which of day and month comes first."""
    rows = _records.times(rows, names, never=NEVER)
    parts = pl.concat(
        [rows[name].str.extract_groups(r"^([0-9]{1,2})/([0-9]{1,2})/[0-9]{4}(?: |$)").struct.unnest() for name in names]
    )
    if parts.columns != ["1", "2"] or parts["1"].null_count() == parts.height:
        return _records.times(rows, names, _PLAIN, NEVER)
    first, second = (parts[name].cast(pl.Int64).max() for name in ("1", "2"))
    day_first, month_first = (isinstance(most, int) and most > 12 for most in (first, second))
    if day_first == month_first:
        how = (
            "some can only have the day first and some only the month"
            if day_first
            else "no day above the 12th tells which comes first"
        )
        what = f"the times of this table can be read in two ways, as day/month or month/day: {how}"
        fault = Fault(where, what, "export times as 2026-11-20T21:00:04, or export more rows", "", names[0])
        raise InputError(str(fault), [fault])
    return _records.times(rows, names, (*_PLAIN, *(_DAY_FIRST if day_first else _MONTH_FIRST)), NEVER)
