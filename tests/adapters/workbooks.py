"""Workbooks for tests: written with openpyxl, and changed in their XML where it does not write what spreadsheets write."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell  # noqa: F401 - openpyxl wants it imported before a sheet is written
from openpyxl.utils.datetime import CALENDAR_MAC_1904

SHEET = "xl/worksheets/sheet1.xml"
FIXED = (2026, 11, 6, 0, 0, 0)


def workbook(
    rows: Iterable[Sequence[Any]],
    *,
    merged: Sequence[str] = (),
    formats: dict[str, str] | None = None,
    title: str = "Jobs",
    others: dict[str, Sequence[Sequence[Any]]] | None = None,
    hidden: Sequence[str] = (),
    since_1904: bool = False,
    change: Callable[[str], str] | None = None,
) -> bytes:
    """Return a workbook of these rows. `change`: what is done to the first sheet's XML."""
    book = Workbook()
    if since_1904:
        book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    for place, code in (formats or {}).items():
        sheet[place].number_format = code
    for told in merged:
        sheet.merge_cells(told)
    for name, told in (others or {}).items():
        other = book.create_sheet(name)
        for row in told:
            other.append(list(row))
    for name in hidden:
        book[name].sheet_state = "hidden"
    book.properties.created = book.properties.modified = datetime(*FIXED)
    out = io.BytesIO()
    book.save(out)
    return packed(out.getvalue(), {SHEET: change} if change else {})


def packed(payload: bytes, changes: dict[str, Callable[[str], str]]) -> bytes:
    """Return a workbook with some of its parts changed, and with fixed times, so that equal workbooks are equal bytes."""
    out = io.BytesIO()
    with ZipFile(io.BytesIO(payload)) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name).decode()
            text = re.sub(r"(<dcterms:modified[^>]*>)[^<]*", r"\g<1>2026-11-06T00:00:00Z", text)
            new.writestr(ZipInfo(name, FIXED), changes.get(name, str)(text), ZIP_DEFLATED)
    return out.getvalue()
