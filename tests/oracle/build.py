"""Short words to write hand-made cases with. Days are numbered from 2026-03-01 00:00 UTC; fractions of a day are whole hours."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from tests.oracle.case import Case, Expected, HandMade, Told
from tests.oracle.governed import Kept
from tests.oracle.instants import HOUR, at, text_of

ZERO = at("2026-03-01")
PERIOD = (0, 10)
Days = Sequence[tuple[float, float]]

PROGRAMME: Mapping[str, Any] = {
    "timezone": "UTC",
    "units": [{"name": "unit", "representatives": ["head"]}],
    "sites": [
        {"name": "dc1", "city": "Shanghai", "country": "CN"},
        {"name": "dc2", "city": "Beijing", "country": "CN"},
        {"name": "dc3", "city": "Shenzhen", "country": "CN"},
    ],
    "repositories": [
        {"name": "r1", "medium": "disk", "site": "dc1", "failure_domain": "f1", "keeps_at_least": "1000d"},
        {"name": "r2", "medium": "object", "site": "dc2", "failure_domain": "f2", "keeps_at_least": "1000d"},
        {"name": "r3", "medium": "tape", "site": "dc3", "failure_domain": "f3", "offline": True, "keeps_at_least": "1000d"},
    ],
    "sources": [{"name": "s", "tool": "interchange", "timezone": "UTC"}],
    "assets": [
        {
            "name": "a", "unit": "unit", "data_class": "files", "tier": "core", "site": "dc1", "medium": "disk", "in_service": "2025-01-01T00:00:00Z",
            "subjects": [{"source": "s", "subject": "x"}],
        },
    ],
}  # fmt: skip
"""Asset a on disk in Shanghai, with subject x of source s; three repositories whose listings show everything of the last 1000 days."""


def day(number: float) -> int:
    """Return the instant of a day's number."""
    return ZERO + round(number * 24) * HOUR


def when(number: float) -> str:
    """Return a day's number as text of a programme."""
    return text_of(day(number))


def p(name: str, captured: float | None, repository: str = "r1", subject: str = "x", **fields: Any) -> dict[str, Any]:
    """Return a point: full, available when captured, unless said otherwise (available=None: unknown). Times are days."""
    times = {key: None if value is None else day(value) for key, value in fields.items() if key in _TIMES}
    others = {key: value for key, value in fields.items() if key not in _TIMES}
    row = {"record": "recovery_point", "repository": repository, "id": name, "subject": subject, "method": "full"}
    known = None if captured is None else day(captured)
    return {**row, "captured_at": known, "available_at": known, **{_TIMES[key]: value for key, value in times.items()}, **others}


_TIMES = {
    "available": "available_at",
    "until": "captured_until",
    "expires": "expires_at",
    "deleted": "deleted_at",
    "immutable": "immutable_until",
    "checked": "checked_at",
}


def listing(number: float | None, *points: Mapping[str, Any], repository: str = "r1", **fields: Any) -> Told:
    """Return a complete listing of a repository at a day, unless said otherwise."""
    row = {"record": "listing", "repository": repository, "listed_at": None if number is None else day(number), "complete": True}
    return Told(fields.pop("source", "s"), row["listed_at"], [{**row, **fields}, *points])  # type: ignore[arg-type]


def rows(number: float | None, *records: Mapping[str, Any]) -> Told:
    """Return a payload without a listing: its points are of basis job, unless they say otherwise."""
    said = [{"basis": "job", **record} if record["record"] == "recovery_point" else record for record in records]
    return Told("s", None if number is None else day(number), said)


def run(name: str, started: float, finished: float, **fields: Any) -> dict[str, Any]:
    """Return a successful backup run of subject x to r1."""
    return {
        "record": "run", "id": name, "subject": "x", "kind": "backup", "method": "full", "started_at": day(started), "finished_at": day(finished),
        "outcome": "success", "repository": "r1", **fields,
    }  # fmt: skip


def verify(name: str, finished: float, outcome: str, coverage: str | None = "full", **fields: Any) -> dict[str, Any]:
    """Return a verify run of the whole of r1."""
    return {
        **run(name, finished, finished),
        "kind": "verify",
        "subject": None,
        "method": None,
        "outcome": outcome,
        "coverage": coverage,
        **fields,
    }


def policy(objectives: Mapping[str, Any], number: int = 1, effective: float | None = None, **fields: Any) -> dict[str, Any]:
    """Return a policy version; the first is in force since 2025."""
    since = "2025-01-01T00:00:00Z" if effective is None else when(effective)
    return {
        "policy": "p", "version": number, "effective": since, "timezone": "UTC", "applies_to": {"tier": "core"}, "objectives": dict(objectives), **fields,
    }  # fmt: skip


def programme(*policies: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the programme with policies; a change is a list of its own for a stem, or a mapping by name of keys to put (None: to take out)."""
    result: dict[str, Any] = copy.deepcopy(dict(PROGRAMME))
    for stem, change in changes.items():
        if isinstance(change, Mapping):
            for item in result[stem]:
                keys = change.get(item["name"], {})
                item.update({key: value for key, value in keys.items() if value is not None})
                for key in [key for key, value in keys.items() if value is None]:
                    item.pop(key, None)
        else:
            result[stem] = [*result[stem], *change]
    return {**result, "policies": list(policies)}


def must(
    breached: Days = (), unproven: Days = (), asset: str = "a", part: str | None = None, judged: float | None = None,
    waived: Days = (),
) -> Expected:  # fmt: skip
    """Return what is expected, in days. judged: how many days T has."""
    length = None if judged is None else day(judged) - ZERO
    several = ([(day(x), day(y)) for x, y in days] for days in (breached, unproven, waived))
    return Expected(*several, asset, part, length)


def hand_made(section: str, name: str, told: Sequence[Told], said: Mapping[str, Any], *expected: tuple[str, Expected],
              period: tuple[float, float] = PERIOD, known: int | None = None, protected: str | None = None,
              stated: Sequence[Mapping[str, Any]] = (), held: Sequence[Mapping[str, Any]] = (),
              acted: Sequence[Kept] = (), read_on: float | None = None, drilled: Sequence[Mapping[str, Any]] = (), restorable: str | None = None) -> HandMade:  # fmt: skip
    """Return a case. `expected`: `recovery-point`, or `copies media`, with what it must say."""
    received = None if read_on is None else day(read_on)
    case = Case(name, said, list(told), day(period[0]), day(period[1]), known, stated, held, acted, received, drilled)
    truths: dict[tuple[str, str | None, str, str | None], Expected] = {}
    for what, truth in expected:
        control, _, leg = what.partition(" ")
        truths[truth.asset, truth.part, control, leg or None] = truth
    return HandMade(section, case, truths, protected, restorable)
