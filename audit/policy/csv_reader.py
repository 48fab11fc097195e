"""CSV text to the same plain data as YAML: the header names the keys, an empty cell is an absent key."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

from audit.errors import Fault
from audit.policy.place import Place
from audit.policy.suggest import unknown
from audit.policy.yaml_reader import Read

Cells = dict[str, Callable[[str], Any]]
"""How the cells of a column become a value, by key."""


def read_csv(name: str, text: str, key: str, cells: Cells) -> Read:
    """Read a table into `{key: [item, ...]}`. `cells` are the columns it may have; a value that cannot be read raises `ValueError`
    there.
    """
    read = Read(data={key: []})
    place = Place(name, read.marks)
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [cell.strip() for cell in next(rows, [])]
        if not any(header):
            return Read(faults=[Fault(name, "the file is empty", "write a header line with the keys, then one line for each")])
        read.faults += _header(place, header, cells)
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            _row(read, place, key, header, row, rows.line_num, cells)
    except csv.Error as error:
        read.faults.append(
            Fault(name, f"the file is not CSV: {error}", "mind the quotes around this line", f"line {rows.line_num}")
        )
    return read


def _header(place: Place, header: list[str], cells: Cells) -> list[Fault]:
    faults = []
    for index, column in enumerate(header):
        here = Fault(place.file, "", locator=f"line 1, column {index + 1}", key=column)
        if header.index(column) != index:
            faults.append(_said(here, f"repeated column `{column}`", "keep one of the two"))
        elif column not in cells:
            faults.append(_said(here, unknown("column", column, cells), f"write one of: {', '.join(cells)}; or remove it"))
    return faults


def _said(fault: Fault, what: str, remedy: str) -> Fault:
    return Fault(fault.where, what, remedy, fault.locator, fault.key)


def _row(read: Read, place: Place, key: str, header: list[str], row: list[str], line: int, cells: Cells) -> None:
    items: list[Any] = read.data[key]
    path = (key, len(items))
    read.marks[path] = f"line {line}"
    if len(row) > len(header):
        read.faults.append(
            place.at(*path).fault(f"the line has {len(row)} cells, the header {len(header)}", "put cells with commas in quotes")
        )
        return
    item: dict[str, Any] = {}
    for column, cell in zip(header, row, strict=False):
        text = cell.strip()
        if not text or column not in cells:
            continue
        read.marks[(*path, column)] = f"line {line}, column {column}"
        try:
            item[column] = cells[column](text)
        except ValueError as error:
            read.faults.append(place.at(*path, column).fault(str(error)))
    items.append(item)
