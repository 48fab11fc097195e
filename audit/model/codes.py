"""Rows of which many are the same: each once, and by row which one it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

_CODE = "__code__"


def codes_of(rows: pl.DataFrame) -> tuple[pl.Series, pl.DataFrame]:
    """Return by row the number (UInt32) of the different row that it is, and the different rows in the order in which they come first."""
    names = rows.columns
    different = rows.unique(maintain_order=True).with_row_index(_CODE)
    numbered = rows.join(different, on=names, how="left", nulls_equal=True, maintain_order="left")
    return numbered[_CODE].cast(pl.UInt32), different.drop(_CODE)


def texts_of(rows: pl.DataFrame, make: Callable[..., str]) -> pl.Series:
    """Return by row the text that `make` makes of its values; of rows that are the same it is made once."""
    codes, different = codes_of(rows)
    return pl.Series([make(*row) for row in different.iter_rows()], dtype=pl.String).gather(codes)


def text_of(values: pl.Series, make: Callable[[Any], str]) -> pl.Series:
    """Return by value the text that `make` makes of it; of values that are the same it is made once."""
    return texts_of(values.to_frame(), make)


def without_nulls(texts: pl.Series) -> pl.Series:
    """Return texts that were put together of several columns. Raises `ValueError` where one is null: it would be left out without a word."""
    if texts.null_count():
        raise ValueError(f"{texts.null_count()} of {len(texts)} rows cannot be written: one of their values is missing")
    return texts


def joined(texts: pl.Series, between: str = "") -> str:
    """Return texts as one. Raises `ValueError` where one is null."""
    return str(without_nulls(texts).str.join(between).item())
