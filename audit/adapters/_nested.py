"""JSON into rows of text: a list of objects, wherever in a document it stands, or an object in each line; keys inside of keys with dots between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from audit.adapters import _json
from audit.adapters._typed import shown
from audit.errors import Fault, InputError

DEEPEST = 8
"""How many keys deep the names of columns go when they are looked for."""


@dataclass(slots=True)
class Items:
    """The objects of a payload, each with its locator; `unread`: how many rows were none."""

    found: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unread: int = 0


def document(text: str, path: str | None, where: str) -> Items:
    """Return the rows of a JSON document: those of the list to which the keys of `path` lead. Raises `InputError` when there is no such list."""
    try:
        value = _json.loads(text)
    except ValueError as error:
        raise _refused(where, f"is no JSON document: {error}", "export it again, or correct `format` in the mapping") from None
    keys = steps(value, path) if path else ()
    if keys is None:
        remedy = (
            f"lists there are: {', '.join(near)}" if (near := [one for one, _ in lists(value)]) else "it has no list of objects"
        )
        raise _refused(where, f"has nothing at {shown(path)}", remedy, "rows")
    pointer = ""
    for step in keys:
        value = value[int(step)] if isinstance(value, list) else value[step]
        pointer += f"/{escaped(step)}"
    if not isinstance(value, list):
        near = [one for one, _ in lists(value)]
        remedy = f"say `rows` in the mapping: {', '.join(near)}" if near else "rows must stand in a list: [{...}, {...}]"
        raise _refused(where, "is no list of rows", remedy, "rows")
    return _items(((f"{pointer}/{at}", one) for at, one in enumerate(value)), where)


def lines(text: str, where: str) -> Items:
    """Return the rows of a text with a JSON object in each line."""
    bad: list[Fault] = []

    def values() -> Iterator[tuple[str, Any]]:
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                try:
                    yield f"line {number}", _json.loads(line)
                except ValueError as error:
                    bad.append(
                        Fault(where, f"this line was not read: {error}", "write one JSON object in each line", f"line {number}")
                    )

    items = _items(values(), where)
    if bad and not items.found and not items.unread:
        raise InputError(str(bad[0]), bad[:20])
    items.faults += bad
    items.unread += len(bad)
    return items


def _refused(where: str, what: str, remedy: str, key: str = "") -> InputError:
    fault = Fault(where, what, remedy, key=key)
    return InputError(str(fault), [fault])


def _items(values: Iterator[tuple[str, Any]], where: str) -> Items:
    items = Items()
    for locator, value in values:
        if isinstance(value, dict):
            items.found.append((locator, value))
        else:
            items.unread += 1
            items.faults.append(Fault(where, f"this row is no object: {shown(value)}", "write one object a row", locator))
    return items


def steps(value: Any, name: str) -> tuple[str, ...] | None:
    """Return the keys that a name with dots leads through, or `None`. A key may have dots itself: the longest that is there is taken."""
    if isinstance(value, dict):
        if name in value:
            return (name,)
        dot = name.rfind(".")
        while dot > 0:
            if name[:dot] in value and (rest := steps(value[name[:dot]], name[dot + 1 :])) is not None:
                return (name[:dot], *rest)
            dot = name.rfind(".", 0, dot)
    elif isinstance(value, list):
        first, _, behind = name.partition(".")
        if first.isascii() and first.isdigit() and len(first) < 7 and int(first) < len(value):
            below = steps(value[int(first)], behind) if behind else ()
            return None if below is None else (first, *below)
    return None


def at(value: Any, keys: Sequence[str]) -> Any:
    """Return what stands under keys."""
    for key in keys:
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


def text(value: Any) -> str | None:
    """Return a plain value as text, numbers with all their digits; `None` for null. Raises `ValueError` for what is no plain value."""
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            plain = Decimal(repr(value))
            if not plain.is_finite():
                raise ValueError("is a number that is too large")
            return f"{plain:f}".removesuffix(".0")
        case _:
            raise ValueError("is a list or an object, and no text or number")


def escaped(key: str) -> str:
    """Return a key as a step of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def names(items: Sequence[tuple[str, dict[str, Any]]]) -> list[str]:
    """Return the names of all plain values in rows, in the order in which they are met."""
    found: dict[str, None] = {}
    for _, row in items:
        found.update(dict.fromkeys(_plain(row, "", DEEPEST)))
    return list(found)


def _plain(value: dict[str, Any], before: str, deeper: int) -> Iterator[str]:
    for key, below in value.items():
        if isinstance(below, dict) and deeper:
            yield from _plain(below, f"{before}{key}.", deeper - 1)
        elif not isinstance(below, list | dict):
            yield f"{before}{key}"


def lists(value: Any, before: str = "", deeper: int = 4) -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists of objects in a document with the keys that lead to them (of the document itself: nothing)."""
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        yield before, value
    elif isinstance(value, dict) and deeper:
        for key, below in value.items():
            yield from lists(below, f"{before}.{key}" if before else key, deeper - 1)
