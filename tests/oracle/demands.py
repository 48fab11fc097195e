"""Baseline, of docs/definitions.md: whether a policy promises what is demanded, objective by objective, from every date on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from audit.model.terms import Term, micros
from tests.oracle.exercised import is_of
from tests.oracle.instants import after
from tests.oracle.records import Required, Segment, Version

DATES = [micros(datetime(year, month, 1, 12, tzinfo=UTC)) for year in (2025, 2026, 2027, 2028) for month in range(1, 13)]
EVERIES = ("point", "day", "week", "month", "quarter", "year")
DEFAULTS: Mapping[str, int] = {"count": 3, "media": 2, "offsite": 1, "immutable": 0, "offline": 0}
Line = list[bool]
"""Whether a line holds, from each date on."""


def verdict_of(segment: Segment, demands: list[Required], versions: list[Version], t: int) -> str | None:
    """Return what is to be said at an instant of an asset's segment; None where nothing is demanded."""
    made = [one for one in demands if one.start <= t < one.end and _is_of(one, segment)]
    if not made or not segment.in_service <= t < segment.retired:
        return None
    version = None if segment.policy is None else versions[segment.policy]
    lines = [line for one in made for line in _lines(one.objectives, version)]
    if any(not any(line) for line in lines):
        return "breached"
    return "met" if all(all(line) for line in lines) else "unproven"


def _is_of(one: Required, segment: Segment) -> bool:
    return (one.tiers is None or segment.tier in one.tiers) and (one.data_classes is None or segment.data_class in one.data_classes)


def _lines(least: Mapping[str, Any], version: Version | None) -> Iterator[Line]:
    for key, asked in least.items():
        if version is None or key not in version.objectives:
            yield [False]
            continue
        yield from _KINDS[key](version.objectives[key], asked, version.zone)


def _from_each(reaches: Callable[[int], bool]) -> Line:
    return [reaches(date) for date in DATES]


def _end(date: int, zone: str, *terms: str | None) -> int:
    for term in terms:
        date = after(date, Term.parse(term) if term else None, zone)
    return date


def _no_longer(stated: tuple[str | None, ...], least: tuple[str | None, ...], zone: str) -> Line:
    return _from_each(lambda date: _end(date, zone, *stated) <= _end(date, zone, *least))


def _rpo(stated: Any, least: Any, zone: str) -> Iterator[Line]:
    def terms(value: Any) -> tuple[str | None, str | None]:
        return (value["target"], value.get("tolerance")) if isinstance(value, Mapping) else (value, None)

    yield _no_longer(terms(stated), terms(least), zone)


def _copies(stated: Any, least: Any, zone: str) -> Iterator[Line]:
    counts = [bool(one.get("production", True)) for one in (stated, least)]
    for leg, default in DEFAULTS.items():
        has, need = stated.get(leg, default), least.get(leg, default)
        if leg not in ("count", "media") or counts[0] == counts[1] or need == 0:
            yield [has >= need]
        elif counts[0]:
            yield [has >= need + 1, has >= need]
        else:
            yield [has >= need, has >= need - 1]
    if least["max_age"] != "any":
        yield [False] if stated["max_age"] == "any" else _no_longer((stated["max_age"],), (least["max_age"],), zone)


def _keep(stated: Any, least: Any, zone: str) -> Iterator[Line]:
    for rule in least:
        answers = [_keeps(mine, rule, zone) for mine in stated]
        if any(all(line) for line in answers):
            yield [True]
        elif not any(any(line) for line in answers):
            yield [False]
        else:
            yield [True, False]


def _keeps(mine: Mapping[str, str], rule: Mapping[str, str], zone: str) -> Line:
    if EVERIES.index(mine["every"]) > EVERIES.index(rule["every"]):
        return [False]
    plain = _from_each(lambda date: _end(date, zone, mine["for"]) >= _end(date, zone, rule["for"]))
    if mine["every"] == rule["every"] or not any(plain):
        return plain
    longer = [f"1 {rule['every']}", *(["1w"] if mine["every"] == "week" else []), rule["for"]]
    whole = _from_each(lambda date: _end(date, zone, mine["for"]) >= _end(date, zone, *longer))
    return [True] if all(whole) else [True, False]


def _dispose(stated: Any, least: Any, zone: str) -> Iterator[Line]:
    yield _no_longer((stated["after"], stated.get("grace")), (least["after"], least.get("grace")), zone)


def _verify(stated: Any, least: Any, zone: str) -> Iterator[Line]:
    yield _no_longer((stated["every"],), (least["every"],), zone)


def _recover_with(stated: Any, least: Any, zone: str) -> Iterator[Line]:
    yield [all(asset in stated["assets"] for asset in least["assets"])]
    yield _no_longer((stated["skew"],), (least["skew"],), zone)
    if least.get("max_age", "any") != "any":
        age = stated.get("max_age", "any")
        yield [False] if age == "any" else _no_longer((age,), (least["max_age"],), zone)


def _repositories(stated: Any, least: Any) -> Line:
    own, asked = (one.get("repositories") if isinstance(one, Mapping) else None for one in (stated, least))
    return [own is None or (asked is not None and all(name in own for name in asked))]


def _encrypted(stated: Any, least: Any, zone: str) -> Iterator[Line]:
    own, asked = (one.get("keys_proven") if isinstance(one, Mapping) else None for one in (stated, least))
    if asked is not None:
        yield [False] if own is None else _no_longer((asked,), (own,), zone)
    yield _repositories(stated, least)


def _locked_for(stated: Any, least: Any, zone: str) -> Iterator[Line]:
    own, asked = (one["for"] if isinstance(one, Mapping) else one for one in (stated, least))
    yield _no_longer((asked,), (own,), zone)
    yield _repositories(stated, least)


def _location(stated: Any, least: Any, zone: str) -> Iterator[Line]:
    for key in ("countries", "cities"):
        own, allowed = ([one[key]] if isinstance(one.get(key), str) else one.get(key) for one in (stated, least))
        if allowed is None:
            continue
        if own is None:
            yield [True, False] if key == "countries" else [False]
        else:
            yield [all(word in allowed for word in own)]


def _exercise(stated: Any, least: Any, zone: str) -> Iterator[Line]:
    for leg, asked in least.items():
        lines = [_no_longer((term,), (asked,), zone) for kind, term in stated.items() if is_of(kind, leg)]
        yield [True] if any(all(line) for line in lines) else [False] if not any(any(line) for line in lines) else [True, False]


_KINDS: Mapping[str, Callable[[Any, Any, str], Iterator[Line]]] = {
    "rpo": _rpo, "copies": _copies, "keep": _keep, "dispose": _dispose, "verify": _verify, "recover_with": _recover_with,
    "encrypted": _encrypted, "locked_for": _locked_for, "location": _location, "exercise": _exercise,
}  # fmt: skip
