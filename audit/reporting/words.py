"""The words of one language: every label and sentence of a report comes from content, by key, with values put in.

A wording is a text with `{places}` and `` `names` ``, or a mapping of plural forms (`one`, `other`), chosen by the value of `n`.
Values that are
names stay names, so that a reader (and a test) can tell what was translated from what must not be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audit.content import Content, ContentError
from audit.model.document import Name, Text
from audit.reporting.formats import LOCALES, Formats

PLACE = re.compile(r"\{([\w-]+)\}")
"""A place in a wording, for the value of that name."""
Value = str | int | float | Name | Text


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value goes in a wording."""

    name: str


def _parsed(text: str) -> Iterator[str | Name | _Place]:
    for index, piece in enumerate(PLACE.split(text)):
        if index % 2:
            yield _Place(piece)
        else:
            # Between backticks stands what is the same in every language: a command, the name of an algorithm.
            yield from (Name(word) if quoted % 2 else word for quoted, word in enumerate(piece.split("`")))


class Words:
    """Wordings of `language` from `reports/wording/<language>.yaml`, counted and formatted by `formats`."""

    def __init__(self, content: Content, formats: Formats) -> None:
        self.formats = formats
        self.language = formats.language
        self._path = f"reports/wording/{self.language}.yaml"
        self._content = content
        self._found: dict[str, Any] = {}
        self._pieces: dict[str, list[str | Name | _Place]] = {}
        self.labels: dict[tuple[str, int], tuple[Text, Text]] = {}
        """What is said before and after so many values of a detail, made once: a report says it of tens of thousands (`audit.reporting.details`)."""

    def find(self, key: str) -> Any:
        """Return what stands under a dotted key, or null."""
        if key not in self._found:
            self._found[key] = self._look_up(key)
        return self._found[key]

    def _look_up(self, key: str) -> Any:
        found = self._content.yaml(self._path)
        for step in key.split("."):
            if not isinstance(found, Mapping) or step not in found:
                return None
            found = found[step]
        return found

    def __contains__(self, key: str) -> bool:
        return self.find(key) is not None

    def __call__(self, key: str, **values: Value) -> Text:
        """Return the wording of a key with its values put in. Raises `ContentError` when there is none, or a value has no place
        to come from.
        """
        wording = self.find(key)
        if wording is None:
            raise ContentError(f"{self._path} has no wording for {key}")
        return self.fill(wording, key, **values)

    def each(self, key: str) -> list[Text]:
        """Return the wordings of a list, in order."""
        return [self.fill(wording, key) for wording in self.find(key) or ()]

    def fill(self, wording: Any, key: str, **values: Value) -> Text:
        """Put values into a wording that was found elsewhere; `key` names it in errors."""
        if isinstance(wording, Mapping):
            count = values.get("n", 0)
            form = self.formats.plural(count if isinstance(count, int | float) else 0)
            wording = wording.get(form, wording.get("other"))
        text = str(wording)
        if text not in self._pieces:
            self._pieces[text] = list(_parsed(text))
        parts: list[str | Name] = []
        for piece in self._pieces[text]:
            if not isinstance(piece, _Place):
                parts.append(piece)
            elif piece.name not in values:
                raise ContentError(f"the wording of {key} in {self.language} asks for {{{piece.name}}}, which nothing fills")
            else:
                parts.extend(self._value(values[piece.name]))
        return joined(*parts)

    def _value(self, value: Value) -> Text:
        if isinstance(value, tuple):
            return value
        if isinstance(value, str | Name):
            return (value,)
        return (self.formats.number(value),)

    def plain(self, key: str, **values: Value) -> str:
        """Return a wording as a string."""
        return plain(self(key, **values))

    def names(self, names: list[str] | tuple[str, ...]) -> Text:
        """Return names as a list in words: `a, b and c`."""
        slots = [f"\0{index}\0" for index in range(len(names))]
        pieces = self.formats.listing(slots).split("\0")
        return joined(*(Name(names[int(piece)]) if index % 2 else piece for index, piece in enumerate(pieces)))

    def between(self, key: str, texts: Iterable[Text]) -> Text:
        """Return texts as one, with the wording of a key between them: `labels.comma`, `labels.clause`..."""
        mark = self(key)
        return joined(*(piece for index, text in enumerate(texts) for piece in (*(mark if index else ()), *text)))

    def translated(self, texts: Any, fallback: str) -> Text:
        """Return the text of this language from a mapping by language (as titles in programmes and content are), else `fallback`
        as a name.
        """
        if isinstance(texts, Mapping) and isinstance(texts.get(self.language), str):
            return (texts[self.language],)
        return (Name(fallback),)

    def of(self, texts: Mapping[str, str], key: str, **values: Value) -> Text:
        """Return this language's wording from a mapping by language, with its values put in; `key` names it in errors."""
        if self.language not in texts:
            raise ContentError(f"{key} has no wording in {self.language}")
        return self.fill(texts[self.language], key, **values)

    def worded(self, key: str, fallback: str, **values: Value) -> Text:
        """Return a wording, or `fallback` as a name where content has none: what a program says is shown as it is, never
        dropped.
        """
        return self(key, **values) if key in self else (Name(fallback),)


def joined(*parts: str | Name) -> Text:
    """Return parts as a text: neighbouring strings are one, empty ones are gone."""
    text: list[str | Name] = []
    for part in parts:
        if isinstance(part, str) and text and isinstance(text[-1], str):
            text[-1] += part
        elif part != "":
            text.append(part)
    return tuple(text)


def plain(text: Text) -> str:
    """Return a text as a string, where names cannot be marked."""
    return "".join(part.text if isinstance(part, Name) else part for part in text)


def named(text: str | None) -> Text:
    """Return a name as a text; nothing for no name."""
    return (Name(text),) if text else ()


def language_named(language: str) -> str:
    """Return the language when reports are written in it. Raises `ContentError` otherwise."""
    if language not in LOCALES:
        raise ContentError(f"reports are written in {', '.join(sorted(LOCALES))}, not in {language!r}")
    return language


_SAME_EVERYWHERE = re.compile(r"([A-Z][\w.:/()+§&-]*(?: [A-Z0-9][\w.:/()+§&-]*)*)", re.ASCII)


def names_kept(text: Text) -> Text:
    """Return a text of content in which standards and abbreviations (`ISO/IEC 27001:2022`, `RPO`) are names where it is not Latin itself."""
    if all(part.isascii() for part in text if isinstance(part, str)):
        return text
    return joined(*(piece for part in text for piece in (_kept(part) if isinstance(part, str) else (part,))))


def _kept(text: str) -> Iterator[str | Name]:
    for index, piece in enumerate(_SAME_EVERYWHERE.split(text)):
        if piece:
            yield Name(piece) if index % 2 else piece
