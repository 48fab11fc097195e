"""Details of results, breaches and unproven stretches in words. Keys say what kind of value they hold, so that a new control
needs no code here.

`..._seconds` is a length, `..._at` an RFC 3339 instant, `..._share` a share; a list is a list of names; anything else a number
or a name. Wordings are under `detail.` in content; a key without one is shown as it is, with its value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from audit.model.document import Name, Text
from audit.reporting.context import Context
from audit.reporting.formats import LOCALES
from audit.reporting.words import Words, joined

_HERE = Name("value")
"""Where the value of a label goes."""
LONGEST_ID, SHORT_ID = 32, 12
"""Ids of points longer than the first are shown by so many of their first characters as the second."""


def detail_text(detail: Mapping[str, Any], context: Context) -> Text:
    """Return a detail as one line: `worst exposure 3 hrs; severity 2.5`. Empty for an empty detail; null values are left out."""
    shown = [(key, value) for key, value in detail.items() if value is not None and value not in ([], {}, ())]
    between = context.words.plain("labels.separator") if len(shown) > 1 else ""
    parts: list[str | Name] = []
    for index, (key, value) in enumerate(shown):
        before, after = _label(key, len(value) if isinstance(value, list | tuple) else 1, context.words)
        parts += (between if index else "", *before, *detail_value(key, value, context), *after)
    return joined(*parts)


def _label(key: str, many: int, words: Words) -> tuple[Text, Text]:
    """Return what is said before and after so many values of a key."""
    if (key, many) not in words.labels:
        label = words.worded(f"detail.{key}", key, n=many)
        told = words("labels.detail", label=label, value=(_HERE,))
        place = next(index for index, part in enumerate(told) if part is _HERE)
        words.labels[key, many] = told[:place], told[place + 1 :]
    return words.labels[key, many]


def brief_text(detail: Mapping[str, Any], context: Context) -> Text:
    """Return a detail as one line without the points that it names: beside a strip there is no room for them."""
    named = {key for key, value in detail.items() if isinstance(value, list) and any(isinstance(one, Mapping) for one in value)}
    return detail_text({key: value for key, value in detail.items() if key not in named}, context)


def detail_value(key: str, value: Any, context: Context) -> Text:
    """Return one value as its key says it is to be read."""
    formats = context.formats
    match value:
        case bool():
            return context.words("labels.yes" if value else "labels.no")
        case int() | float() if key.endswith("_seconds"):
            return (formats.duration(value),)
        case int() | float() if key.endswith("_share"):
            return (formats.share(value),)
        case int() | float():
            return (formats.number(value),)
        case str() if key.endswith("_at"):
            return _instant(value, context)
        case datetime():
            return (formats.instant(value),)
        case {"goes_at": str(goes), "needed_until_at": str(until), **point_told}:
            told = detail_value(key, point_told, context)
            return context.words("labels.point-at-risk", point=told, goes=_instant(goes, context), until=_instant(until, context))
        case {"id": str(point), "captured_at": str(captured), **rest}:
            where = {"repository": Name(str(rest["repository"]))} if rest.get("repository") else {}
            return context.words(
                "labels.point-in" if where else "labels.point",
                point=Name(_short(point)),
                captured=_instant(captured, context),
                **where,
            )
        case {"id": str(point), "captured_at": None, **rest}:
            where = {"repository": Name(str(rest["repository"]))} if rest.get("repository") else {}
            return context.words("labels.point-undated-in" if where else "labels.point-undated", point=Name(_short(point)), **where)
        case {"run": str(run), "started_at": str(started), "outcome": str(outcome), **rest}:
            where = {"repository": Name(str(rest["repository"]))} if rest.get("repository") else {}
            return context.words(
                "labels.run-in" if where else "labels.run",
                run=Name(_short(run)),
                outcome=context.words.plain(f"detail-values.outcome.{outcome}"),
                started=_instant(started, context),
                **where,
            )
        case Mapping() if value and set(value) <= set(LOCALES):
            return context.words.translated(value, str(next(iter(value.values()))))
        case Mapping():
            return detail_text(value, context)
        case Sequence() if not isinstance(value, str):
            return _sequence(key, value, context)
        case _:
            return context.words.worded(f"detail-values.{key}.{value}", str(value))


def _short(identity: str) -> str:
    """Return a point's id as tools abbreviate it in sentences: the whole of a hash says no more, and stands in the evidence."""
    return identity if len(identity) <= LONGEST_ID else f"{identity[:SHORT_ID]}…"


def _instant(value: str, context: Context) -> Text:
    try:
        return (context.formats.instant(datetime.fromisoformat(value)),)
    except (TypeError, ValueError):
        return (Name(value),)


def _sequence(key: str, values: Sequence[Any], context: Context) -> Text:
    if all(isinstance(value, str) for value in values):
        return context.words.names(tuple(values))
    # A point is said with commas of its own, so that more of them are told apart by more than a comma.
    mark = "labels.clause" if any(isinstance(value, Mapping) for value in values) else "labels.comma"
    return context.words.between(mark, [detail_value(key, value, context) for value in values])
