"""Workbooks (XLSX) as rows of text. They come from outside: what unpacks to more than a person's list, or declares entities, is refused before any XML is parsed."""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice
from typing import Any

from openpyxl import load_workbook

from audit.errors import Fault, InputError

MOST_UNPACKED = 256 * 1024 * 1024
"""Bytes that all parts of a workbook may unpack to."""
MOST_PARTS = 5_000
MOST_COLUMNS = 1_000
MOST_ROWS = 300_000
_DECLARED = [mark.encode(code) for mark in ("<!DOCTYPE", "<!ENTITY") for code in ("ascii", "utf-16-le", "utf-16-be")]
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError)
"""What reading an archive may end with; `RuntimeError` also where it is locked, or packed in a way that is not known."""


def is_workbook(payload: bytes) -> bool:
    """Say whether a payload is a zip archive, as workbooks are."""
    return payload.startswith(b"PK\x03\x04")


def sheet_names(payload: bytes, where: str) -> list[str]:
    """Return the names of a workbook's sheets."""
    book = _book(payload, where)
    try:
        return [str(name) for name in book.sheetnames]
    finally:
        book.close()


def rows(payload: bytes, where: str, sheet: str | None = None) -> Iterator[tuple[int, list[str]]]:
    """Yield number and texts of each row of a sheet that is not blank. Raises `InputError` when the payload cannot be used as a whole."""
    book = _book(payload, where)
    try:
        page = _page(book, where, sheet)
        page.reset_dimensions()  # what a workbook says of its own size may be anything
        found = 0
        for number, cells in enumerate(page.iter_rows(max_col=MOST_COLUMNS, values_only=True), 1):
            texts = [_text(cell) for cell in cells]
            if any(texts):
                found += 1
                _few(found <= MOST_ROWS, where, f"has more than {MOST_ROWS} rows")
                yield number, texts
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - a damaged workbook fails in the library in any way
        raise _refused(
            where, f"is a workbook that cannot be read: {type(error).__name__}", "save it again as XLSX, or as CSV"
        ) from None
    finally:
        book.close()


def _page(book: Any, where: str, sheet: str | None) -> Any:
    if sheet is None:
        return book.worksheets[0]
    if sheet not in book.sheetnames:
        raise _refused(where, f"has no sheet {sheet!r}", f"its sheets are: {', '.join(map(str, book.sheetnames))}")
    return book[sheet]


def _book(payload: bytes, where: str) -> Any:
    _harmless(payload, where)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions that are of no use here
            return load_workbook(io.BytesIO(payload), read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # noqa: BLE001 - see above
        raise _refused(where, f"is a zip archive and no workbook ({type(error).__name__})", "save it as XLSX, or as CSV") from None


def _harmless(payload: bytes, where: str) -> None:
    """Refuse an archive that unpacks to too much, or whose XML declares entities. No more is unpacked than its directory admits."""
    try:
        with zipfile.ZipFile(io.BytesIO(payload)) as archive:
            parts = archive.infolist()
            few = len(parts) <= MOST_PARTS and sum(part.file_size for part in parts) <= MOST_UNPACKED
            _few(few, where, f"unpacks to more than {MOST_UNPACKED >> 20} MiB or {MOST_PARTS} parts")
            declaring = next((part.filename for part in parts if _declares(archive, part)), None)
    except _BROKEN as error:
        raise _refused(where, f"is a damaged or locked zip archive ({error})", "export it again, without a password") from None
    if declaring is not None:
        raise _refused(where, f"declares entities in {declaring}, which no workbook needs", "save it again as XLSX")


def _declares(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    if not part.filename.lower().endswith((".xml", ".rels", ".vml")):
        return False
    text = archive.read(part)
    return any(mark in text for mark in _DECLARED)


def _few(few: bool, where: str, what: str) -> None:
    if not few:
        raise _refused(where, what, "export it in parts, or as CSV")


def _refused(where: str, what: str, remedy: str) -> InputError:
    fault = Fault(where, what, remedy)
    return InputError(str(fault), [fault])


def _text(cell: Any) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else cell.isoformat(timespec="seconds")
        case date() | time():
            return cell.isoformat()
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case _:
            return str(cell).strip()


def head(payload: bytes, where: str, sheet: str | None = None) -> list[str]:
    """Return the texts of a sheet's first row that is not blank."""
    return next((texts for _, texts in islice(rows(payload, where, sheet), 1)), [])
