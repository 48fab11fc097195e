"""The rows of a long table by columns, each cell once: most cells of such a table stand in many of its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import polars as pl

from audit.model.document import Cell


@dataclass(frozen=True, slots=True, eq=False)
class CellColumn:
    """The cells of a column of a long table: each that stands in it once, and by row the number of the one that stands there (`codes`, UInt32)."""

    cells: tuple[Cell, ...]
    codes: pl.Series

    @classmethod
    def of(cls, cells: Sequence[Cell]) -> CellColumn:
        """Return cells, of which those are one that are the same object."""
        keys = list(map(id, cells))
        once = dict(zip(keys, cells, strict=True))
        numbers = dict(zip(once, range(len(once)), strict=True))
        return cls(tuple(once.values()), pl.Series(list(map(numbers.__getitem__, keys)), dtype=pl.UInt32))

    def column(self) -> Iterator[Cell]:
        """Yield the cell of each row."""
        return map(self.cells.__getitem__, self.codes)


class CellRows(Sequence[tuple[Cell, ...]]):
    """The rows of a long table by columns: a writer that takes them so writes each cell once."""

    __slots__ = ("columns",)

    def __init__(self, columns: Iterable[CellColumn]) -> None:
        self.columns = tuple(columns)

    def __len__(self) -> int:
        return len(self.columns[0].codes)

    @overload
    def __getitem__(self, place: int) -> tuple[Cell, ...]: ...

    @overload
    def __getitem__(self, place: slice) -> CellRows: ...

    def __getitem__(self, place: int | slice) -> tuple[Cell, ...] | CellRows:
        if isinstance(place, slice):
            return CellRows(CellColumn(column.cells, column.codes[place]) for column in self.columns)
        return tuple(column.cells[column.codes[place]] for column in self.columns)

    def __iter__(self) -> Iterator[tuple[Cell, ...]]:
        return zip(*(column.column() for column in self.columns), strict=True)

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, CellRows | tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))
