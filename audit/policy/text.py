"""Bytes of a programme's file to text: UTF-8, and a word on what it is when it is something else."""

from __future__ import annotations

from audit.errors import Fault

MAX_BYTES = 64 * 1024 * 1024
"""No programme is larger; a file that is was put here by mistake."""

_SIGNATURES = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"%PDF": "PDF",
    b"\x28\xb5\x2f\xfd": "zstd",
}
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def decode(name: str, raw: bytes) -> tuple[str, list[Fault]]:
    """Return the text of a file without its byte order mark, or the fault that says why it is not text."""
    if len(raw) > MAX_BYTES:
        return "", [Fault(name, f"the file has {len(raw)} bytes; a programme's file has at most {MAX_BYTES}", "split it")]
    for signature, what in _SIGNATURES.items():
        if raw.startswith(signature):
            return "", [Fault(name, f"this is {what}, not text", "put the text file here")]
    if raw.startswith(_UTF16) or b"\0" in raw:
        return "", [_nul(name, raw)]
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        guess = "it looks like GBK" if _is_gbk(raw) else f"byte 0x{raw[error.start]:02x} cannot be there"
        remedy = "save it as UTF-8 (in Excel: CSV UTF-8; in Notepad: Save as, Encoding)"
        return "", [Fault(name, f"the file is not UTF-8: {guess}", remedy, f"line {line}")]


def _nul(name: str, raw: bytes) -> Fault:
    # UTF-16 has a NUL byte beside almost every Latin letter; a damaged file has them in runs.
    if raw.startswith(_UTF16) or max(raw[0::2].count(0), raw[1::2].count(0)) > len(raw) // 8:
        return Fault(name, "the file is UTF-16, not UTF-8", "save it as UTF-8")
    line = raw.count(b"\n", 0, raw.index(0)) + 1
    return Fault(
        name, "the file has NUL bytes: it is damaged, or not text", "restore it from its backup or write it again", f"line {line}"
    )


def _is_gbk(raw: bytes) -> bool:
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return True
