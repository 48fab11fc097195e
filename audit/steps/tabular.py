"""A mapping for a table that nobody has declared yet: proposed as a file that a person edits, in the reader's language."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from audit.adapters._suggest import OPEN, TOOL, Proposal, propose
from audit.adapters._suggest_look import Note, Vocabulary
from audit.content import Content

_PLAIN = re.compile(r"[^\W\d_][\w./-]*(?: [\w./-]+)*")
_WORDS = {"yes", "no", "true", "false", "null", "on", "off", "y", "n"}


def vocabulary(content: Content) -> Vocabulary:
    """Return the words by which a table is understood, as the content folders have them."""
    return Vocabulary(**content.yaml("templates/tabular/vocabulary.yaml"))


class Wording:
    """The sentences beside a proposal, in a language."""

    def __init__(self, content: Content, language: str) -> None:
        self._told: Mapping[str, Any] = content.yaml(f"templates/tabular/wording/{language}.yaml")

    def __call__(self, key: str, /, **values: Any) -> str:
        """Return a sentence on one line."""
        shown = {name: ", ".join(map(str, value)) if isinstance(value, list | tuple) else value for name, value in values.items()}
        return one_line(str(self._told[key]).format(**shown))

    def means(self, record: str) -> Mapping[str, str]:
        """Return by field what it means for verdicts that it is not told."""
        told: Mapping[str, str] = self._told["means"][record]
        return told

    def note(self, note: Note) -> str:
        """Return a note as a sentence."""
        return self(note.key, **note.values)


def suggest(payload: bytes, name: str, content: Content) -> Proposal:
    """Propose a source for a file. Raises `InputError` when it is no table."""
    return propose(payload, vocabulary(content), name)


def written(proposal: Proposal, name: str, words: Wording, *, source: str | None, timezone: str | None) -> str:
    """Return a proposal as the text of a sources.yaml, with a comment for each choice."""
    lines = [*_comment(words("title", name=name, rows=proposal.looked.rows.raw.height, columns=len(proposal.looked.rows.names)), 0)]
    lines += [*_comment(words("open"), 0), *_comment(words("then", name=name), 0), "sources:"]
    lines += [] if source else _comment(words("source-name"), 2)
    lines += [f"  - name: {quoted(source or OPEN)}", f"    tool: {TOOL}"]
    if proposal.naive:
        lines += _comment(words("timezone-given" if timezone else "timezone-open"), 4)
        lines.append(f"    timezone: {quoted(timezone or OPEN)}")
    else:
        lines += _comment(words("timezone-none"), 4)
        lines += [f"    timezone: {quoted(timezone)}"] if timezone else []
    lines.append("    mapping:")
    mapping = proposal.mapping()
    for key, value in mapping.items():
        lines += _noted(proposal.notes.get(key, ()), words, 6)
        lines += _block(key, value, proposal, words)
    for key in ("constants",):
        if key not in mapping:
            lines += _noted(proposal.notes.get(key, ()), words, 6)
    if proposal.unused:
        lines += _comment(words("unused"), 6)
        for column, values in proposal.unused:
            lines += _comment(f"  {column}: {', '.join(values)[:100]}", 6)
    return "\n".join(lines) + "\n"


def _block(key: str, value: Any, proposal: Proposal, words: Wording) -> Iterator[str]:
    """Yield the lines of a key of the mapping: fields and words each on a line, what is short on one."""
    if key == "columns":
        yield "      columns:"
        for field, column in value.items():
            yield from _noted(proposal.notes.get(f"columns.{field}", ()), words, 8)
            yield f"        {field}: {_flow(column)}"
    elif key == "words":
        yield "      words:"
        for field, meanings in value.items():
            yield from _noted(proposal.notes.get(f"words.{field}", ()), words, 8)
            yield f"        {field}:"
            for raw, ours in meanings.items():
                why = "; ".join(words.note(note) for note in proposal.notes.get(f"words.{field}.{raw}", ()))
                yield f"          {quoted(raw)}: {quoted(ours)}" + (f"  # {why}" if why else "")
    else:
        yield f"      {key}: {_flow(value)}"


def _noted(notes: Iterable[Note], words: Wording, indent: int) -> Iterator[str]:
    for note in notes:
        yield from _comment(words.note(note), indent)


def _comment(text: str, indent: int) -> list[str]:
    """Return a text as a comment: on one line, whatever a table has in its names and values."""
    return [f"{' ' * indent}#{'   ' if text.startswith('  ') else ' '}{one_line(text)}"]


def one_line(text: str) -> str:
    """Return a text on one line, without signs that are not for the eye."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in " ".join(text.split()))


def _flow(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {_flow(one)}" for key, one in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case int():
            return str(value)
        case _:
            return quoted(str(value))


def quoted(text: str) -> str:
    """Return a text as YAML: as it is where nothing else could be read in it, else in double quotes."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS:
        return text
    # JSON strings are YAML; what is no printable sign of YAML is written by its number.
    return re.sub(r"[\x7f-\x9f\u2028\u2029\ufeff]", lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(text, ensure_ascii=False))
