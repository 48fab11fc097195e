"""What cannot be right in a mapping: said when it is declared, with its place, and not when a table comes."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING

from audit.adapters import _formats
from audit.adapters._typed import fields
from audit.model.facts import INSTANT, SCHEMAS, WORDS

if TYPE_CHECKING:
    from audit.adapters._mapping import TableMapping

Path = tuple[str | int, ...]
"""Where in a mapping something is written."""

Problem = tuple[Path, str, str]
"""Where, what, and what to do."""

DAYS_ALLOWED = frozenset({"expires_at", "immutable_until"})
"""Times that may be told by the day: they are promises, and a day's safe end is known."""

_ID_ENOUGH = {"recovery_point": ("id", "subject"), "run": ("id", "kind", "outcome")}
_UNKNOWN = "unknown"
_MADE_A_POINT = {"success": True, "warning": True, "failed": False, "cancelled": False, "canceled": False, "running": False}
"""Whether a run of an outcome made a recovery point, also under the names that consoles give these outcomes."""


def problems(mapping: TableMapping) -> Iterator[Problem]:
    """Yield what cannot be right in a mapping: asked when it is declared."""
    yield from unusable(mapping)
    yield from _nothing_counts(mapping)
    yield from _contradictions(mapping)


def unusable(mapping: TableMapping) -> Iterator[Problem]:
    """Yield why nothing can be read by a mapping: asked for each table, so what is added here changes what old evidence yields."""
    kind = mapping.record
    known = sorted(fields(kind) - {"source"})
    for key in ("columns", "constants", "words"):
        for name in getattr(mapping, key):
            if name not in known:
                yield (key, name), *_no_field(name, kind, known)
    for name in mapping.constants.keys() & mapping.columns.keys():
        yield ("constants", name), f"`{name}` is read from a column already", "leave one of the two out"
    for name in _ID_ENOUGH[kind]:
        if name not in mapping.columns and name not in mapping.constants:
            remedy = f"add `{name}` to `columns`" + (" (several columns are joined)" if name == "id" else " or `constants`")
            yield ("columns",), f"no column gives `{name}`, which every {kind} needs", remedy
    times = [name for name in mapping.columns if SCHEMAS[kind].get(name) == INSTANT]
    yield from _constants(mapping)
    yield from _columns(mapping)
    yield from _words(mapping)
    yield from _times(mapping, times)
    yield from _format(mapping)
    if mapping.numbers.thousands == mapping.numbers.decimal:
        yield ("numbers",), "decimals and thousands cannot have the same sign", "correct `decimal` or `thousands`"


def _format(mapping: TableMapping) -> Iterator[Problem]:
    """Yield the keys that say something of another format than the one that is declared."""
    kind = mapping.format
    if mapping.sheet is not None and kind != "xlsx":
        yield ("sheet",), f"a file of the format {kind} has no sheets", "say `format: xlsx`, or remove it"
    if mapping.rows is not None and kind != "json":
        yield ("rows",), f"`rows` leads to a place in a JSON document, and the format is {kind}", "say `format: json`, or remove it"
    if mapping.delimiter is not None and kind != "csv":
        yield ("delimiter",), f"a file of the format {kind} has no delimiters", "remove it"
    if mapping.encoding != "utf-8" and kind == "xlsx":
        yield ("encoding",), "a workbook says itself how its text is written", "remove it"
    if (mapping.skip.before or mapping.skip.after) and kind in ("json", "ndjson"):
        yield ("skip",), f"a file of the format {kind} has no lines beside its rows", "remove it"


def _nothing_counts(mapping: TableMapping) -> Iterator[Problem]:
    kind = mapping.record
    if kind == "recovery_point" and not mapping.columns.keys() & {"captured_at", "copy_of_id"}:
        what = "no column gives `captured_at`: a point that restores an unknown instant proves no promise about age"
        yield (
            ("columns",),
            what,
            "add the column that tells the start of the backup, or `copy_of_id` for copies of points that have one",
        )
    if kind == "run" and not {"started_at", "finished_at"} & mapping.columns.keys():
        yield ("columns",), "no column gives `started_at` or `finished_at`: no run would ever count", "add those that the table has"


def _no_field(name: str, kind: str, known: list[str]) -> tuple[str, str]:
    if name == "source":
        return "the source is the one that this mapping is declared with", "remove it; declare a source for each tool"
    near = get_close_matches(name.lower(), known, n=1)
    noun = kind.replace("_", " ")
    return f"`{name}` is not a field of a {noun}" + (f", did you mean `{near[0]}`?" if near else ""), f"fields: {', '.join(known)}"


def _constants(mapping: TableMapping) -> Iterator[Problem]:
    schema, closed = SCHEMAS[mapping.record], WORDS[mapping.record]
    for name, value in mapping.constants.items():
        if name not in schema:
            continue
        if name == "id" or str(schema[name]) not in ("String", "Boolean"):
            yield ("constants", name), f"`{name}` cannot be the same in every row", "read it from a column"
        elif name in closed and value not in closed[name]:
            yield ("constants", name), *_no_word(value, name, closed[name])
        elif str(schema[name]) == "Boolean" and value not in ("true", "false"):
            yield ("constants", name), f"`{value}` is not true or false", 'write "true" or "false", in quotes'


def _no_word(value: str, name: str, allowed: tuple[str, ...]) -> tuple[str, str]:
    near = get_close_matches(value.lower(), allowed, n=1)
    return f"`{value}` is not a word for `{name}`" + (
        f", did you mean `{near[0]}`?" if near else ""
    ), f"write one of: {', '.join(allowed)}"


def _columns(mapping: TableMapping) -> Iterator[Problem]:
    schema = SCHEMAS[mapping.record]
    for name, column in mapping.columns.items():
        if name not in schema:
            continue
        if column.unit is not None and name != "bytes":
            yield ("columns", name, "unit"), f"`{name}` is no size", "a unit belongs to `bytes` only"
        if column.times is not None and schema[name] != INSTANT:
            yield ("columns", name, "times"), f"`{name}` is no time", "remove `times` here"
        if len(column.column) > 1 and not (name in ("id", "subject", "message") or schema[name] == INSTANT):
            yield ("columns", name), f"`{name}` cannot be joined from several columns", "name one column"


def _words(mapping: TableMapping) -> Iterator[Problem]:
    schema, closed = SCHEMAS[mapping.record], WORDS[mapping.record]
    for name, words in mapping.words.items():
        if name not in schema:
            continue
        if name not in mapping.columns:
            yield ("words", name), f"no column gives `{name}`, so these words are never used", f"add `{name}` to `columns`"
        if str(schema[name]) not in ("String", "Boolean"):
            yield (
                ("words", name),
                f"`{name}` has no words: it is a time or a number",
                "remove them; `times` and `unknown` may be what is meant",
            )
            continue
        allowed = (
            (*closed[name], _UNKNOWN) if name in closed else ("true", "false", _UNKNOWN) if str(schema[name]) == "Boolean" else ()
        )
        for raw, word in words.items():
            if allowed and word not in allowed:
                yield ("words", name, raw), *_no_word(word, name, allowed)


def _contradictions(mapping: TableMapping) -> Iterator[Problem]:
    """Yield words that are never used, because something else says of them what they are, and outcomes that say the opposite of what they are called."""
    for name, words in mapping.words.items():
        column = mapping.columns.get(name)
        if column is None:
            continue
        unknown = {*(mapping.unknown or ()), *(column.unknown or ())}
        passed = set(mapping.pass_over.get(column.column[0], ())) if len(column.column) == 1 else set()
        for raw, word in words.items():
            if raw in unknown:
                yield ("words", name, raw), f"`{raw}` stands in `unknown` as well", "leave it out of one of the two"
            if raw in passed:
                yield (
                    ("words", name, raw),
                    f"rows with `{raw}` are passed over as well",
                    "leave it out of `words` or of `pass_over`",
                )
            made, called = _MADE_A_POINT.get(word), _MADE_A_POINT.get(raw.casefold())
            if name == "outcome" and None not in (made, called) and made != called:
                what = f"`{raw}` is to mean {word}, which is the opposite"
                yield ("words", name, raw), what, "correct it: one of the two made a recovery point, the other did not"
        if name == "outcome":
            yield from _spelt_alike(words)


def _spelt_alike(words: dict[str, str]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for raw, word in words.items():
        other = first.setdefault(raw.casefold(), raw)
        if words[other] != word:
            what = f"`{other}` means {words[other]} and `{raw}` means {word}, though only capitals tell them apart"
            yield ("words", "outcome", raw), what, "give both the same meaning"


def _times(mapping: TableMapping, times: list[str]) -> Iterator[Problem]:
    written: list[tuple[Path, tuple[str, ...]]] = [(("times",), mapping.times)]
    written += [(("columns", name, "times"), column.times) for name, column in mapping.columns.items() if column.times]
    for path, formats in written:
        for one in formats:
            if wrong := _formats.wrong(one):
                yield path, *wrong
        if both := _formats.contradicting(formats):
            yield path, f"{both[0]} and {both[1]} read the same text as different days", "keep the one that the tool writes"
    for name in times:
        if not mapping.formats(name):
            what = f"`{name}` would be read by a format without a time of day"
            yield ("columns", name), what, f"only {' and '.join(sorted(DAYS_ALLOWED))} may be told by the day"
