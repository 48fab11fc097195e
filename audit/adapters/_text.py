"""What a payload looks like before any adapter understands it: a plain message for each kind of bytes that is no text we can
read.
"""

from __future__ import annotations

import codecs
import re

from audit.errors import Fault, InputError

HEAD = 64 * 1024
"""Adapters judge by the first so many bytes of a payload."""

_PACKED = {
    b"\x1f\x8b": ("gzip-compressed", "decompress it first: gunzip {}"),
    b"PK\x03\x04": (
        "a zip archive (XLSX and ODS are zip archives too)",
        "of an XLSX table say `format: xlsx` in a mapping (docs/tabular.md); else unpack it first: unzip {}",
    ),
    b"PK\x05\x06": ("an empty zip archive", "unpack it first: unzip {}"),
    b"\x28\xb5\x2f\xfd": ("zstd-compressed", "decompress it first: zstd -d {}"),
    b"\xfd7zXZ\x00": ("xz-compressed", "decompress it first: unxz {}"),
    b"BZh": ("bzip2-compressed", "decompress it first: bunzip2 {}"),
    b"7z\xbc\xaf\x27\x1c": ("a 7-Zip archive", "unpack it first: 7z x {}"),
    b"%PDF-": ("a PDF document", "export the data itself instead, as JSON or CSV"),
    b"SQLite format 3\x00": ("a SQLite database", "export the tables that matter, as NDJSON or CSV"),
    b"PAR1": ("a Parquet file", "export it as NDJSON or CSV"),
}
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_MARKED = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
"""Byte order marks, and the codec that each one settles."""


class LineStarts:
    """Patterns that are sought where lines begin: `^(?:one|two|...)` with MULTILINE, but fast.

    Python tries `^` at every byte. A pattern that begins with a newline it tries behind newlines only, so the line that begins the
    payload is given one.
    """

    def __init__(self, *patterns: bytes, flags: re.RegexFlag = re.NOFLAG) -> None:
        self._pattern = re.compile(rb"\n(?:" + b"|".join(patterns) + rb")", flags | re.MULTILINE)

    def search(self, payload: bytes) -> re.Match[bytes] | None:
        """Return the first match, or `None`. Its `start()` is where the line begins in the payload."""
        return self._pattern.search(b"\n" + payload)


def unreadable(name: str, payload: bytes) -> Fault | None:
    """Say why these bytes are no UTF-8 text, or return `None` when they are. NUL bytes are left to `nul`: a log may carry a few."""
    where = name or "payload"
    if fault := _no_text(where, payload):
        return fault
    encoding = next((label for mark, label in _MARKS if payload.startswith(mark)), None) or _bare_utf16(payload)
    if encoding:
        return Fault(where, f"is {encoding} text", f"convert it first: iconv -f {encoding} -t UTF-8 {where}")
    if payload.isascii():
        return None
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError as error:
        return _not_utf8(where, payload, error)
    return None


def _blank(payload: bytes) -> bool:
    """Tell whether there is nothing but blanks of any kind, as Python's `str.strip` knows them, and byte order marks."""
    return not payload.decode("utf-8", "replace").replace("\ufeff", "").strip()


def _no_text(where: str, payload: bytes) -> Fault | None:
    if _blank(payload[:HEAD]) and _blank(payload):
        return Fault(where, "is empty", "an empty file proves nothing: check that the command that wrote it succeeded")
    for magic, (what, remedy) in _PACKED.items():
        if payload.startswith(magic):
            return Fault(where, f"is {what}", remedy.format(where))
    return None


def decode(name: str, payload: bytes) -> str:
    """Return the text of a payload without its byte order mark. Raises `InputError` with one plain fault when it is no UTF-8
    text.
    """
    fault = unreadable(name, payload)
    if fault:
        raise InputError(str(fault), [fault])
    return payload.decode("utf-8-sig")


def decode_as(name: str, payload: bytes, encoding: str) -> str:
    """Return the text of a payload in a declared encoding (a codec of Python). A byte order mark outweighs it. Raises `InputError` with one plain fault."""
    marked = next((codec for mark, codec in _MARKED if payload.startswith(mark)), encoding)
    if marked == "utf-8":
        return decode(name, payload)
    fault = _no_text(name or "payload", payload)
    if fault is None:
        try:
            return payload.decode(marked).removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            what = f"is not {encoding} (byte 0x{payload[error.start]:02x} at offset {error.start})"
            fault = Fault(name or "payload", what, "declare the encoding that it has", _line(payload, error.start))
    raise InputError(str(fault), [fault])


def nul(name: str, payload: bytes) -> Fault | None:
    """Say where the first NUL byte is, or return `None`."""
    offset = payload.find(b"\0")
    if offset < 0:
        return None
    return Fault(
        name or "payload",
        f"contains NUL bytes (the first at byte {offset}): it is binary, or was cut off by a crash while it was written",
        "export it again",
        locator=_line(payload, offset),
    )


def _line(payload: bytes, offset: int) -> str:
    newlines = payload.count(b"\n", 0, offset)
    return f"line {newlines + 1}"


def _bare_utf16(payload: bytes) -> str | None:
    """Recognise UTF-16 without a byte order mark: every second byte of plain text is NUL."""
    head = payload[:1024]
    if len(head) < 4:
        return None
    even, odd = head[0::2], head[1::2]
    if odd.count(0) > 0.8 * len(odd) and even.count(0) == 0:
        return "UTF-16LE"
    if even.count(0) > 0.8 * len(even) and odd.count(0) == 0:
        return "UTF-16BE"
    return None


def _not_utf8(where: str, payload: bytes, error: UnicodeDecodeError) -> Fault:
    place = _line(payload, error.start)
    byte = f"byte 0x{payload[error.start]:02x} at offset {error.start}"
    if payload.count(b"\0", 0, HEAD):
        return Fault(
            where, f"is binary ({byte} is no text, and there are NUL bytes)", "export the data as JSON, NDJSON or CSV", place
        )
    guess = next((label for label in ("GB18030", "SHIFT_JIS", "EUC-KR") if _decodes(payload, label)), "ISO-8859-1")
    looks = {"GB18030": "Chinese text in GBK (GB18030)", "ISO-8859-1": "Latin-1 or damaged text"}.get(guess, guess)
    return Fault(
        where, f"is not UTF-8 ({byte}); it looks like {looks}", f"convert it first: iconv -f {guess} -t UTF-8 {where}", place
    )


def _decodes(payload: bytes, encoding: str) -> bool:
    try:
        payload.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
