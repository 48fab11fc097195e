"""Values as HTML, by the kind of their column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from audit.reporting.formats import ABSENT
from audit.web._lists import Column
from audit.web._words import context, markup, named, say, words

_STEPS = ("B", "kB", "MB", "GB", "TB", "PB")


def cell(column: Column, row: Mapping[str, Any]) -> Markup:
    """Return one cell of a list."""
    shown = Markup.escape(column.shown(row)) if column.shown else value(column.kind, row[column.key], column)
    target = column.link(row) if column.link else None
    return Markup(f'<a href="{escape(target)}">{escape(shown)}</a>') if target else shown  # noqa: S704 - escaped


def value(kind: str, one: Any, column: Column | None = None) -> Markup:
    """Return one value as its kind is shown; null is a dash."""
    formats = words().formats
    if column is not None and column.word is not None:
        return Markup.escape(column.word(one))
    match kind:
        case _ if one is None or one == "" or one == []:
            return Markup.escape(ABSENT)
        case "verdict":
            return verdict(str(one))
        case "number":
            return Markup.escape(formats.number(one))
        case "share":
            return Markup.escape(formats.share(one))
        case "duration":
            return Markup.escape(formats.duration(one))
        case "instant":
            return Markup(f'<time datetime="{one.isoformat()}">{escape(formats.instant(one))}</time>')  # noqa: S704 - escaped
        case "bytes":
            return Markup.escape(size(one))
        case "yes":
            return say("labels.yes" if one else "labels.no")
        case "text" | "ordinal":
            return Markup.escape(one)
        case _:
            return Markup(", ").join(named(part) for part in (one if isinstance(one, list) else [one]))


def verdict(name: str) -> Markup:
    """Return a verdict by shape and word."""
    shape = escape(name)
    shown = f'<svg viewBox="0 0 16 16" aria-hidden="true"><use href="#is-{shape}"/></svg>{say(f"verdicts.{name}")}'
    return Markup(f'<span class="verdict {shape}">{shown}</span>')  # noqa: S704 - escaped


def size(count: float) -> str:
    """Return a number of bytes in decimal units: `1.2 GB`."""
    step = 0
    while abs(count) >= 1000 and step < len(_STEPS) - 1:
        count, step = count / 1000, step + 1
    return f"{words().formats.number(round(count, 1 if step else 0))}\N{NO-BREAK SPACE}{_STEPS[step]}"


def unit(name: str) -> Markup:
    """Return the title of a unit."""
    return markup(context().unit_title(name))
