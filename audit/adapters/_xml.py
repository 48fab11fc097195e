"""XML as backup tools write it, into flat records: no document types, no entities of its own, no endless nesting."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from audit.adapters import _text
from audit.errors import Fault, InputError

DEEPEST = 60
"""No element of what we read lies deeper than this."""


class _RefusedError(Exception):
    """The document has what no tool writes."""


@dataclass(slots=True)
class _Reader:
    names: Collection[str]
    found: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    record: dict[str, Any] | None = None
    depth: int = 0
    text: list[str] = field(default_factory=list)
    others: dict[str, dict[str, str]] = field(default_factory=dict)

    def start(self, parser: expat.XMLParserType, name: str, attributes: dict[str, str]) -> None:
        name = name.rsplit(":", 1)[-1]
        self.open.append(name)
        self.text.clear()
        if len(self.open) > DEEPEST:
            raise _RefusedError("it is nested too deeply to be a record")
        if self.record is None and name in self.names:
            self.record, self.depth = dict(attributes), len(self.open)
            self.found.append((f"line {parser.CurrentLineNumber}, {name} {len(self.found) + 1}", name, self.record))
        elif self.record is not None and name == "Link":
            self.record.setdefault("Links", []).append(attributes)
        elif self.record is None:
            self.others.setdefault(name, attributes)

    def end(self, name: str) -> None:
        name = self.open.pop()
        if self.record is not None and len(self.open) == self.depth and (text := "".join(self.text).strip()):
            self.record.setdefault(name, text)
        self.text.clear()
        if self.record is not None and len(self.open) < self.depth:
            self.record = None


def records(
    payload: bytes, names: Collection[str], where: str
) -> tuple[list[tuple[str, str, dict[str, Any]]], dict[str, dict[str, str]]]:
    """Return the elements of these names: where each stands, its name, and its attributes with the text of its children and its `Links`; and of every other
    element the attributes of its first. Raises `InputError` when it is no XML that is whole.
    """
    text = _text.decode(where, payload)
    reader = _Reader(names)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: reader.start(parser, name, attributes)
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text.append
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, _RefusedError) as error:
        what = str(error) if isinstance(error, _RefusedError) else f"it is no XML that is whole: {error}"
        fault = Fault(
            where, f"this was not read: {what}", "fetch the whole answer and ingest it again", f"line {parser.CurrentLineNumber}"
        )
        raise InputError(str(fault), [fault]) from None
    except UnicodeEncodeError:
        fault = Fault(where, "this was not read: it holds half a surrogate pair", "fetch it again")
        raise InputError(str(fault), [fault]) from None
    return reader.found, reader.others


def _refuse(*declared: object) -> None:  # noqa: ARG001 - whatever it declares
    raise _RefusedError("it declares a document type, which no tool writes")
