"""A table of any format that a mapping may declare, as columns of text: the header is found, the wanted columns are there, each row knows its place."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

import polars as pl

from audit.adapters import _cells, _nested, _table, _text, _xlsx
from audit.adapters._mapping import SEPARATORS, Layout
from audit.adapters._typed import shown
from audit.errors import Fault, InputError

NAMED = 12
"""How many columns of a header, or rows of one doubt, are told by name at the most."""

_HEADER_WITHIN = 200
"""A sheet's header stands in one of so many rows behind those that are left out."""


@dataclass(slots=True)
class Rows:
    """`raw`: `locator`, and a String column for each wanted name (`cells`). `names`: the header. `unread`: how many rows are left out. `inside`: what a
    name adds to a row's locator: the letters of a sheet's column, or keys of JSON."""

    raw: pl.DataFrame
    names: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unread: int = 0
    header: str = ""
    inside: dict[str, str] = field(default_factory=dict)

    def placed(self, fault: Fault) -> Fault:
        """Return a fault of a row with the place of its cell, where its key is the name of a column."""
        return replace(fault, locator=place(fault.locator, self.inside.get(fault.key)))


def place(locator: str, inside: str | None) -> str:
    """Return the locator of a cell in a row."""
    if inside is None:
        return locator
    return f"cell {inside}{locator[4:]}" if locator.startswith("row ") else locator + inside if locator.startswith("/") else locator


def own(name: str) -> str:
    """Return the name under which a wanted column stands in a frame: no header can take the name of another column there."""
    return f"\1{name}"


def cells(raw: pl.DataFrame, name: str) -> pl.Series:
    """Return a wanted column: as it is written, blanks and all."""
    return raw[own(name)]


def read(payload: bytes, layout: Layout, wanted: Sequence[str] | None, where: str, unknown: Collection[str] = ()) -> Rows:
    """Read a table. `wanted`: the columns that are read, all that have a name of their own when null; `unknown`: texts that are nothing.

    Raises `InputError` when the file is not of its format, or has no header, or not the wanted columns.
    """
    match layout.format:
        case "xlsx":
            return _sheet(payload, layout, wanted, where, unknown)
        case "json":
            items = _nested.document(_text.decode_as(where, payload, layout.codec), layout.rows, where)
        case "ndjson":
            items = _nested.lines(_text.decode_as(where, payload, layout.codec), where)
        case _:
            return _lines(_text.decode_as(where, payload, layout.codec), layout, wanted, where)
    return _objects(items, wanted, where)


def fits(payload: bytes, layout: Layout, wanted: Sequence[str]) -> bool:
    """Return whether a payload is of the layout's format and has the wanted columns."""
    if layout.format == "csv":
        return _text_fits(payload[: _text.HEAD], layout, wanted)
    try:
        if layout.format == "xlsx":
            book = _xlsx.opened(payload, "payload")
            found = _header_of(
                _cells.read(book, _chosen(book, layout, "payload"), "payload", layout.before + _HEADER_WITHIN), layout
            )
            return found is not None and set(wanted) <= set(found[1])
        rows = read(payload, layout, wanted, "payload")
        return set(wanted) <= set(rows.names) or not (rows.names or rows.unread)
    except InputError:
        return False


def _text_fits(head: bytes, layout: Layout, wanted: Sequence[str]) -> bool:
    for cut in range(4):  # the head may end within a character
        try:
            text = _text.decode_as("payload", head[: len(head) - cut], layout.codec)
        except InputError:
            continue
        return set(wanted) <= set(header(split(text, layout.before, 0)[0], layout, wanted)[1])
    return False


# --- text with separators ---------------------------------------------------------------------------------------------------------


def split(text: str, before: int, after: int) -> tuple[str, str]:
    """Split a text into the table, and the lines behind it that are no part of it; those before it are left out."""
    start = 0
    for _ in range(before):
        start = text.find("\n", start) + 1
        if not start:
            return "", ""
    end = len(text)
    for _ in range(after):
        end = max(text.rfind("\n", start, len(text[:end].rstrip())) + 1, start)
    return text[start:end], text[end:].strip()


def header(text: str, layout: Layout, wanted: Sequence[str]) -> tuple[str, list[str]]:
    """Return the separator under which the header has most of the wanted columns, and its names."""
    signs = [SEPARATORS[layout.delimiter]] if layout.delimiter else list(SEPARATORS.values())
    found = [(sign, _table.header(text, sign)) for sign in signs]
    return max(found, key=lambda one: (len(set(wanted) & set(one[1])), len(one[1])))


def _lines(text: str, layout: Layout, wanted: Sequence[str] | None, where: str) -> Rows:
    body, behind = split(text, layout.before, layout.after)
    line = f"line {layout.before + 1}"
    if not body.strip():
        raise _no_header(where, line, f"has no header: nothing stands at {line}")
    separator, names = header(body, layout, wanted or ())
    wanted = _has_columns(names, wanted, where, line)
    # Columns that nobody asked for may have no name, or the name of another.
    table = _table.rows(
        body, [own(name) if name in wanted else f"\0{at}" for at, name in enumerate(names)], where, separator, layout.before
    )
    if behind:
        table.faults.append(_left_out(where, layout.after, "line", behind))
    raw = table.raw.select(*map(own, wanted), locator=pl.format("line {}", "line"))
    return Rows(raw, names, table.faults, table.unread, line)


def _no_header(where: str, locator: str, what: str) -> InputError:
    fault = Fault(where, what, "correct `skip` in the mapping, or export it again", locator)
    return InputError(str(fault), [fault])


def _left_out(where: str, count: int, noun: str, behind: str) -> Fault:
    what = f"{count} {noun}(s) at the end are not read: {shown(behind)}"
    return Fault(where, what, "as the mapping says (`skip`); is it no row?", key="skip", level="warning")


def _has_columns(names: Sequence[str], wanted: Sequence[str] | None, where: str, line: str) -> Sequence[str]:
    """Return the wanted columns. Raises `InputError` with a fault for each one that the header lacks, or has twice."""
    if wanted is None:
        return [name for name in names if name and names.count(name) == 1]
    faults = []
    for name in wanted:
        if name not in names:
            near = get_close_matches(name.casefold(), {one.casefold(): one for one in names if one}, n=1)
            nearest = next((one for one in names if near and one.casefold() == near[0]), None)
            listed = ", ".join(one for one in names[:NAMED] if one)
            remedy = f"the nearest is {nearest!r}" if nearest else f"the header has: {listed}" if listed else "is this the header?"
            faults.append(Fault(where, f"the table has no column {shown(name)}", remedy, line, name))
        elif names.count(name) > 1:
            what = f"the table has the column {shown(name)} {names.count(name)} times"
            faults.append(Fault(where, what, "give each column that the mapping names a name of its own", line, name))
    if faults:
        raise InputError(str(faults[0]), faults)
    return wanted


# --- sheets -----------------------------------------------------------------------------------------------------------------------


def _chosen(book: _xlsx.Workbook, layout: Layout, where: str) -> _xlsx.Sheet:
    """Return the declared sheet, or the first that people see."""
    if layout.sheet is None:
        return next((one for one in book.sheets if one.visible), book.sheets[0])
    found = next((one for one in book.sheets if one.name.strip() == layout.sheet), None)
    if found is None:
        there = ", ".join(repr(one.name) for one in book.sheets[:NAMED])
        raise _xlsx.refused(where, f"has no sheet {shown(layout.sheet)}", f"sheets: {there}", key="sheet")
    return found


def _header_of(grid: _cells.Grid, layout: Layout) -> tuple[int, list[str]] | None:
    """Return the row of the header, and its names."""
    number = min(
        (one for one, row in grid.rows.items() if one > layout.before and any(cell.strip() for cell in row.values())), default=0
    )
    if not number:
        return None
    row = grid.rows[number]
    return number, [row.get(at, "").strip() for at in range(max(row) + 1)]


def _sheet(payload: bytes, layout: Layout, wanted: Sequence[str] | None, where: str, unknown: Collection[str]) -> Rows:
    book = _xlsx.opened(payload, where)
    sheet = _chosen(book, layout, where)
    grid = _cells.read(book, sheet, where)
    found = _header_of(grid, layout)
    if found is None:
        raise _no_header(
            where,
            f"row {layout.before + 1}",
            f"has no header: the sheet {shown(sheet.name)} has nothing from row {layout.before + 1} on",
        )
    begin, names = found
    line = f"row {begin}"
    wanted = _has_columns(names, wanted, where, line)
    columns = {name: names.index(name) for name in wanted}
    numbers = [
        one
        for one in sorted({*grid.rows, *(row for row, _ in grid.problems)})
        if one > begin and _something(grid, one, columns.values())
    ]
    numbers, behind = (numbers[: -layout.after], numbers[-layout.after :]) if layout.after else (numbers, [])
    faults: list[Fault] = []
    if behind:
        told = " / ".join(", ".join(grid.rows.get(one, {}).values()) for one in behind)
        faults.append(_left_out(where, len(behind), "row", told))
    if layout.sheet is None and len(book.sheets) > 1:
        others = ", ".join(repr(one.name) for one in book.sheets if one is not sheet)
        faults.append(
            Fault(
                where,
                f"the sheet {shown(sheet.name)} is read, and not {others[:200]}",
                "say which with `sheet` in the mapping",
                key="sheet",
                level="warning",
            )
        )
    bad = set()
    for (row, column), what in sorted(grid.problems.items()):
        if row <= begin or row in behind or column not in columns.values():
            continue
        if grid.rows.get(row, {}).get(column, "").strip() not in unknown or column not in grid.rows.get(row, {}):
            bad.add(row)
            name = names[column]
            faults.append(
                Fault(
                    where,
                    f"this cell {what}",
                    "correct it in the spreadsheet, or name it in `unknown`, and save it again",
                    f"cell {_cells.letter(column)}{row}",
                    name,
                )
            )
    cut = sorted((row, column) for row, column in grid.cut if row > begin and column in columns.values())
    if cut:
        row, column = cut[0]
        what = f"{len(cut)} number(s) have more digits than a spreadsheet keeps: the last ones are not those of the tool"
        faults.append(Fault(where, what, "export such ids as text", f"cell {_cells.letter(column)}{row}", names[column], "warning"))
    numbers = [one for one in numbers if one not in bad]
    raw = {own(name): [grid.rows.get(one, {}).get(column, "") for one in numbers] for name, column in columns.items()}
    frame = pl.DataFrame(
        {**raw, "locator": [f"row {one}" for one in numbers]}, schema=dict.fromkeys([*raw, "locator"], pl.String())
    )
    return Rows(frame, names, faults, len(bad), line, {name: _cells.letter(column) for name, column in columns.items()})


def drawn(payload: bytes, layout: Layout) -> bytes:
    """Return a sheet as UTF-8 text: line n is row n, with tabs between its cells. Raises `InputError` when it cannot be read."""
    book = _xlsx.opened(payload, "payload")
    grid = _cells.read(book, _chosen(book, layout, "payload"), "payload")
    lines = []
    for number in range(1, max(grid.rows, default=0) + 1):
        row = grid.rows.get(number, {})
        lines.append("\t".join(" ".join(row.get(at, "").split()) for at in range(max(row, default=-1) + 1)))
    return "\n".join(lines).encode()


def _something(grid: _cells.Grid, number: int, columns: Collection[int]) -> bool:
    """Whether a row is one: a formula that was never calculated is something too."""
    return any(cell.strip() for cell in grid.rows.get(number, {}).values()) or any(
        (number, one) in grid.problems for one in columns
    )


# --- objects ----------------------------------------------------------------------------------------------------------------------


def _objects(items: _nested.Items, wanted: Sequence[str] | None, where: str) -> Rows:
    names = _nested.names(items.found)
    if wanted is not None:
        # A list or an object is told with its row, and a name that leads into a list is no plain one.
        names += [
            name for name in wanted if name not in names and any(_nested.steps(row, name) is not None for _, row in items.found)
        ]
    wanted = list(wanted or ()) if not items.found else _has_columns(names, wanted, where, "")
    faults: list[Fault] = []
    inside: dict[str, str] = {}
    good: list[str] = []
    columns: dict[str, list[str | None]] = {name: [] for name in wanted}
    for locator, row in items.found:
        told: dict[str, str | None] = {}
        for name in wanted:
            keys = (name,) if name in row else _nested.steps(row, name)
            if keys is None:
                told[name] = None
                continue
            pointer = inside.setdefault(name, "".join(f"/{_nested.escaped(key)}" for key in keys))
            try:
                told[name] = _nested.text(_nested.at(row, keys))
            except ValueError as error:
                faults.append(
                    Fault(where, f"this {error}", "name a key that leads to a plain value", place(locator, pointer), name)
                )
        if len(told) == len(wanted):
            good.append(locator)
            for name, text in told.items():
                columns[name].append(text)
    unread = items.unread + len(items.found) - len(good)
    raw = {own(name): values for name, values in columns.items()}
    frame = pl.DataFrame({**raw, "locator": good}, schema=dict.fromkeys([*raw, "locator"], pl.String()))
    return Rows(frame, names, [*items.faults, *faults], unread, "", inside)
