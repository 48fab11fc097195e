"""PDF: the page of the HTML form, cut and set for paper (A4), as PDF/A-3u. The same document gives the same bytes.

Nothing is fetched, from the network or from files. A character that no installed font can show is an error, not a box.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import threading
import unicodedata
import warnings
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from audit.content import Content, ContentError
from audit.errors import BackupAuditError, Fault
from audit.model.document import Document, Name
from audit.policy.in_one_go import in_one_go
from audit.reporting.formats import Formats
from audit.reporting.paper import for_paper
from audit.reporting.words import Words, plain
from audit.reporting.writers.html import page, style

MEDIA_TYPE = "application/pdf"
VARIANT = "pdf/a-3u"
NOWHERE = "https://report.invalid/"
"""What relative references of a template lead to, so that they are refused by name like all others."""
LIBRARIES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
FONTS = {"en": ("Noto Sans", "fonts-noto-core"), "zh": ("Noto Sans CJK SC", "fonts-noto-cjk")}
"""By language: the family that print.css asks for, and the Debian package that has it."""


class PdfError(BackupAuditError):
    """The machine lacks a library or a font that the PDF needs."""


def write(document: Document, content: Content) -> bytes:
    """Return the document as one PDF file.

    Raises `PdfError` when a system library, a font or a glyph is missing (the faults say which, where, and what to install), and
    `ContentError` when a template or style refers to something outside of itself.
    """
    weasyprint = _weasyprint()
    from audit.reporting.ink import Ink  # with WeasyPrint, so that other commands start without both

    printed = for_paper(document, Words(content, Formats(document.language, document.zone)))
    rules = style(content, paper=True)
    text = _visible(page(printed, content, paper=True))
    refused: list[str] = []

    def fetch(url: str) -> Any:
        """Give out what the page itself holds, refuse everything else."""
        if url.startswith("data:"):
            return weasyprint.urls.URLFetcher().fetch(url)
        refused.append(url)
        raise weasyprint.urls.FatalURLFetchingError(url)

    def check(rendered: Any, _: Any) -> None:
        _check_fonts(rendered.fonts.values(), printed, rules)

    with _heard() as said, in_one_go():
        try:
            html = weasyprint.HTML(string=text, base_url=NOWHERE, url_fetcher=fetch)
            Ink(rules).apply(html.etree_element)
            data = html.write_pdf(
                finisher=check, pdf_variant=VARIANT, pdf_identifier=hashlib.sha256(text.encode()).hexdigest()[:32].encode()
            )
        except weasyprint.urls.FatalURLFetchingError:
            data = b""
    if refused:
        raise ContentError(
            "a template or style of the report refers to something outside of it, and nothing is fetched",
            [
                Fault("templates/report", f"{url[:200]!r} is not fetched", "put it into the file itself, as data:")
                for url in refused
            ],
        )
    if said:
        raise ContentError("the page cannot be drawn as it is", [Fault("templates/report", what) for what in said])
    return bytes(data)


def _weasyprint() -> Any:
    """Import WeasyPrint, which loads Pango; only where a PDF is made."""
    told = f"the PDF needs Pango and HarfBuzz; on Debian: apt-get install {LIBRARIES}"
    try:
        # Where a library is missing it prints a banner, and standard output may be the report.
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            import weasyprint
            from weasyprint.text import ffi
    except OSError as error:
        raise PdfError(told, [Fault("system libraries", str(error).split(".  Additionally")[0])]) from error
    if ffi.harfbuzz_subset is None:
        # Without it fonts are cut by other code: thirty times slower, and the bytes differ.
        raise PdfError(told, [Fault("system libraries", "libharfbuzz-subset cannot be loaded")])
    return weasyprint


def _visible(text: str) -> str:
    """Return the page with characters that no font can show (controls, private use, unassigned) written as their numbers: they come
    from evidence, and must neither hide nor stop a report.
    """
    odd = {char for char in set(text) if unicodedata.category(char) in ("Cc", "Cn", "Co", "Cs") and char not in "\t\n\r"}
    return text.translate({ord(char): f"\\u{{{ord(char):x}}}" for char in odd})


@contextlib.contextmanager
def _heard() -> Iterator[list[str]]:
    """Collect what WeasyPrint says of this thread's page as an error: a picture not drawn, a reference without a place."""
    said: list[str] = []
    thread = threading.get_ident()

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == thread:
                said.append(record.getMessage())

    logger, ear = logging.getLogger("weasyprint"), Ear(logging.ERROR)
    logger.addHandler(ear)
    try:
        yield said
    finally:
        logger.removeHandler(ear)


def _check_fonts(fonts: Any, document: Document, rules: str) -> None:
    """Raise `PdfError` when the family of the language is not there, or characters have no glyph in any font."""
    used = list(fonts)
    family, package = FONTS[document.language]
    if family in rules and family not in {font.family for font in used}:
        raise PdfError(
            f"the font {family} is not installed; on Debian: apt-get install {package}, then fc-cache",
            [Fault("fonts", f"in its place there was {', '.join(sorted({font.family for font in used}))}")],
        )
    missing = sorted({codepoint for font in used for codepoint in font.missing})
    if missing:
        faults = [_missing(chr(codepoint), document) for codepoint in missing]
        raise PdfError(f"no installed font can show {len(missing)} of the report's characters", faults)


def _missing(char: str, document: Document) -> Fault:
    cover: Any = (document.title, document.subtitle, document.warnings, document.facts)
    places: list[tuple[str, Any]] = [("cover", cover), *((section.id, section.blocks) for section in document.sections)]
    where, text = next(
        ((where, text) for where, part in places for text in _texts(part) if char in text), ("templates/report", "a template")
    )
    what = f"there is no glyph for {char!r} (U+{ord(char):04X} {unicodedata.name(char, 'without name')}), as in {text[:80]!r}"
    return Fault(where, what, f"install a font that has it; on Debian: {_package(char)}; then run fc-cache")


def _package(char: str) -> str:
    if ord(char) >= 0x1F000 and unicodedata.category(char) in ("So", "Sk"):
        return "fonts-noto-color-emoji"
    if unicodedata.name(char, "").startswith(("CJK", "HANGUL", "HIRAGANA", "KATAKANA")):
        return "fonts-noto-cjk, else fonts-hanazono"
    return "fonts-noto-core, else fonts-noto-extra"


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a part of a document."""
    if isinstance(value, str | Name):
        yield plain((value,))
    elif isinstance(value, tuple):
        for one in value:
            yield from _texts(one)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _texts(getattr(value, field.name))
