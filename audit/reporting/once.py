"""Cells that are made once: most cells of a long table stand in many of its rows, and a writer writes each that it meets again as before."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar

import polars as pl

from audit.model.cell_rows import CellColumn
from audit.model.codes import codes_of
from audit.model.document import Cell

Given = ParamSpec("Given")
Made = TypeVar("Made")


def once(make: Callable[Given, Made]) -> Callable[Given, Made]:
    """Return a function that returns for the same values the same object as before. 1 and 1.0 are told apart, for they are written apart."""
    return lru_cache(maxsize=None, typed=True)(make)  # type: ignore[return-value]


def column_of(rows: pl.DataFrame, make: Callable[..., Cell], *names: str) -> CellColumn:
    """Return the cells that `make` makes of the values of some columns; of values that are the same it is made once."""
    codes, different = codes_of(rows.select(names))
    return CellColumn(tuple(make(*row) for row in different.iter_rows()), codes)
