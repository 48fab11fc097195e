"""XLSX workbooks as text: which sheets there are, and the rows of one of them. Nothing is calculated, no link is followed, nothing is unpacked to disk.

A workbook is a zip archive of XML. It is read as streams, after what it declares of its size was found bearable: `zipfile` never gives more of a part
than is declared. Document types are refused, and with them entities. Cells become text by their type (`_cells`), so that the same bytes are read
the same way whatever spreadsheet program, or version of one, is installed.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from lzma import LZMAError
from typing import Any
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from openpyxl.styles.numbers import BUILTIN_FORMATS

from audit.errors import Fault, InputError

MAGIC = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How XLS files begin, and XLSX files with a password."""

UNPACKED, RATIO, SMALL, PARTS = 512 << 20, 300, 1 << 20, 5_000
"""The most bytes that a workbook may unpack to in all, how many times a part may grow unless it stays small, and the most parts."""
ROWS, COLUMNS, CELLS = 1_048_576, 16_384, 20_000_000
"""What a sheet can hold at all, and the most cells that are read of one."""
DEEPEST = 60

_EAST_ASIAN = {
    **dict.fromkeys((27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58), "yyyy-mm-dd"),
    **dict.fromkeys((32, 33, 34, 35, 55, 56), "h:mm:ss"),
}
"""Built-in formats of Chinese and Japanese spreadsheets: those of days, and those of clock times."""
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_CHUNK = 1 << 16

Start = Callable[[str, dict[str, str]], None]


class _RefusedError(Exception):
    """The workbook has what no spreadsheet writes, or cannot be unpacked."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet with rows: its name, the part it stands in, whether people see it."""

    name: str
    part: str
    visible: bool


@dataclass(slots=True)
class Workbook:
    """An open workbook. `formats`: the number format of each style; `since_1904`: which of the two calendars its dates count in."""

    archive: ZipFile
    sheets: list[Sheet] = field(default_factory=list)
    strings: list[str] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    since_1904: bool = False


def refused(where: str, what: str, remedy: str, locator: str = "", key: str = "") -> InputError:
    """Return the error that ends the reading of a payload, with its one fault."""
    fault = Fault(where, what, remedy, locator, key)
    return InputError(str(fault), [fault])


def opened(payload: bytes, where: str) -> Workbook:
    """Open a workbook. Raises `InputError` when it is none, is damaged, or would unpack to more than is bearable."""
    if payload.startswith(OLE):
        raise refused(where, "is an Excel file of the old kind (.xls), or has a password", "save it as XLSX, without a password")
    if not payload.startswith(MAGIC):
        raise refused(where, "is no XLSX workbook", "export it as XLSX, or correct `format` in the mapping", key="format")
    try:
        archive = ZipFile(io.BytesIO(payload))
        _bearable(archive)
        return _described(archive)
    except (_RefusedError, BadZipFile, ValueError, RuntimeError, OSError, EOFError, zlib.error) as error:
        raise refused(where, f"is no XLSX workbook that can be read: {_told(error)}", "export it again") from None


def _told(error: Exception) -> str:
    return str(error).strip() or "it is damaged"


def _bearable(archive: ZipFile) -> None:
    """Raise `_RefusedError` when what the archive declares of itself is more than a table needs: nothing of it is unpacked before."""
    parts = archive.infolist()
    if len(parts) > PARTS:
        raise _RefusedError(f"it has {len(parts)} parts")
    if any(part.flag_bits & 1 for part in parts):
        raise _RefusedError("its parts are encrypted")
    if (whole := sum(part.file_size for part in parts)) > UNPACKED:
        raise _RefusedError(f"it would unpack to {whole >> 20} MiB, and {UNPACKED >> 20} MiB are the most")
    for part in parts:
        if part.file_size > SMALL and part.file_size > RATIO * max(part.compress_size, 1):
            raise _RefusedError(f"{part.filename} would grow {part.file_size // max(part.compress_size, 1)} times when unpacked")


def _described(archive: ZipFile) -> Workbook:
    book = Workbook(archive)
    names = set(archive.namelist())
    main = next((target for kind, target in _related(archive, "").values() if kind == "officeDocument"), "xl/workbook.xml")
    if main not in names:
        raise _RefusedError("it is a zip archive without a workbook in it")
    related = _related(archive, main)
    found: list[dict[str, str]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            found.append(attributes)
        elif name == "workbookPr":
            book.since_1904 = attributes.get("date1904") in ("1", "true")

    parsed(archive, main, start)
    for one in found:
        kind, target = related.get(one.get("id", ""), ("", ""))
        if kind == "worksheet" and target in names:
            book.sheets.append(Sheet(one.get("name", ""), target, one.get("state", "visible") == "visible"))
    for kind, target in related.values():
        if kind == "sharedStrings" and target in names:
            book.strings = _strings(archive, target)
        elif kind == "styles" and target in names:
            book.formats = _formats(archive, target)
    if not book.sheets:
        raise _RefusedError("it has no sheet with rows")
    return book


def _related(archive: ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Return what a part refers to inside the archive: kind and name by id. What lies outside of it (links) is left out."""
    folder, _, name = part.rpartition("/")
    path = f"{folder}/_rels/{name}.rels".lstrip("/")
    found: dict[str, tuple[str, str]] = {}

    def start(name: str, attributes: dict[str, str]) -> None:
        if name != "Relationship" or attributes.get("TargetMode") == "External":
            return
        target = attributes.get("Target", "")
        pieces: list[str] = [] if target.startswith("/") else [one for one in folder.split("/") if one]
        for piece in target.split("/"):
            if piece == "..":
                pieces = pieces[:-1]
            elif piece not in ("", "."):
                pieces.append(piece)
        found[attributes.get("Id", "")] = (attributes.get("Type", "").rsplit("/", 1)[-1], "/".join(pieces))

    if path in archive.namelist():
        parsed(archive, path, start)
    return found


def _strings(archive: ZipFile, part: str) -> list[str]:
    """Return the texts that cells refer to by number; what says how a text is pronounced is no part of it."""
    strings: list[str] = []
    pieces: list[str] = []
    inside: list[str] = []

    def start(name: str, _: dict[str, str]) -> None:
        inside.append(name)
        if name == "si":
            pieces.clear()

    def end(name: str) -> None:
        inside.pop()
        if name == "si":
            strings.append(unescaped("".join(pieces)))

    def text(piece: str) -> None:
        if inside and inside[-1] == "t" and "rPh" not in inside:
            pieces.append(piece)

    parsed(archive, part, start, end, text)
    return strings


def _formats(archive: ZipFile, part: str) -> list[str]:
    own: dict[str, str] = {}
    used: list[str] = []
    inside: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        inside.append(name)
        if name == "numFmt":
            own[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "xf" and "cellXfs" in inside:
            used.append(attributes.get("numFmtId", "0"))

    parsed(archive, part, start, lambda _: inside.pop())
    builtin = {str(number): text for number, text in {**BUILTIN_FORMATS, **_EAST_ASIAN}.items()}
    return [own.get(number, builtin.get(number, "General")) for number in used]


def parsed(
    archive: ZipFile, part: str, start: Start, end: Callable[[str], Any] | None = None, text: Callable[[str], None] | None = None
) -> None:
    """Go through the XML of a part, names without their namespaces. Raises `_RefusedError` for what is no XML, or has a document type."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    depth = 0

    def opened(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise _RefusedError(f"{part} is nested too deeply")
        start(name.rsplit(":", 1)[-1], {key.rsplit(":", 1)[-1]: value for key, value in attributes.items()})

    def closed(name: str) -> None:
        nonlocal depth
        depth -= 1
        if end is not None:
            end(name.rsplit(":", 1)[-1])

    def doctype(*_: Any) -> None:
        raise _RefusedError(f"{part} has a document type, which no spreadsheet writes")

    parser.StartElementHandler, parser.EndElementHandler = opened, closed
    parser.StartDoctypeDeclHandler = doctype
    if text is not None:
        parser.CharacterDataHandler = text
    try:
        with archive.open(part) as stream:
            while chunk := stream.read(_CHUNK):
                parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise _RefusedError(f"{part} is no XML: {error}") from None
    except (BadZipFile, KeyError, ValueError, RuntimeError, OSError, EOFError, LZMAError, zlib.error) as error:
        raise _RefusedError(f"{part} cannot be unpacked: {error}") from None


def stream(book: Workbook, part: str, where: str, handlers: Iterable[Any]) -> None:
    """Go through the XML of a sheet. Raises `InputError` where `parsed` refuses."""
    try:
        parsed(book.archive, part, *handlers)
    except _RefusedError as error:
        raise refused(where, f"is no XLSX workbook that can be read: {error}", "export it again") from None


def unescaped(text: str) -> str:
    """Return a text with the characters that XML cannot hold, or that the spreadsheet wrote as `_x000D_`, put back."""

    def sign(match: re.Match[str]) -> str:
        code = int(match[1], 16)
        return match[0] if 0xD800 <= code < 0xE000 or (code < 32 and code not in (9, 10, 13)) else chr(code)

    return _ESCAPE.sub(sign, text) if "_x" in text else text
