"""Times as Oracle writes them: by NLS_DATE_FORMAT, whose default has no time of the day."""

from __future__ import annotations

import polars as pl

from audit.adapters import _formats

FORMATS = (
    _formats.RFC3339,
    "%d-%b-%y",
    "%d-%b-%Y",
    "%d-%b-%y %H:%M:%S",
    "%d-%b-%Y %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y-%m-%d",
)
"""What is not ambiguous; of other formats each time becomes a fault."""


def read(rows: pl.DataFrame, early: tuple[str, ...], late: tuple[str, ...]) -> pl.DataFrame:
    """Bring columns of times into the text that `typed` reads; a day is told by its beginning (`early`) or its end (`late`)."""
    made = []
    for name in (*early, *late):
        texts = rows[name].str.strip_chars()
        made.append(pl.select(pl.coalesce(_formats.normal(texts, FORMATS, day_end=name in late), texts)).to_series().alias(name))
    return rows.with_columns(made)
