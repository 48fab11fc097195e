"""Two policy versions side by side: which promises are tighter, looser, new, gone or simply other. Pure.

Each objective compares itself (`weaker_than`). Where that depends on the date, or it cannot compare itself, nobody can say which of two is tighter: it is *other*.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from audit.controls._weaker import Shortfall, shorter, written
from audit.model.estate import PolicyVersion
from audit.policy.objectives import GENERAL


class How(StrEnum):
    """How a promise differs from the one before."""

    TIGHTER = "tighter"
    LOOSER = "looser"
    NEW = "new"
    GONE = "gone"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which a version differs. key: the objective; field: within it, as programmes write it (empty: the whole of it); before, after: values as written
    (null: there is none)."""

    key: str
    field: str
    before: str | None
    after: str | None
    how: How

    @property
    def whole(self) -> bool:
        """Whether it is about an objective as a whole, that sentences can say."""
        return not self.field


def differences(before: PolicyVersion, after: PolicyVersion) -> list[Difference]:
    """Return in what a policy version differs from another, in the order in which it states its objectives; what is gone comes last."""
    found: list[Difference] = []
    for key, value in after.objectives.items():
        if key not in before.objectives:
            found.append(Difference(key, "", None, written(value), How.NEW))
        elif value != before.objectives[key]:
            found += _of_objective(key, before.objectives[key], value, after.timezone)
    for key in GENERAL:
        found += _of_general(key, before, after)
    gone = [key for key in before.objectives if key not in after.objectives]
    return [*found, *(Difference(key, "", written(before.objectives[key]), None, How.GONE) for key in gone)]


def _of_objective(key: str, before: Any, after: Any, zone: str) -> Iterator[Difference]:
    """Yield the fields in which an objective differs; all of it where it cannot say in which, or where they differ in several ways at once."""
    whole = written(before), written(after)
    if type(before) is not type(after) or not hasattr(after, "weaker_than"):
        yield Difference(key, "", *whole, How.OTHER)
        return
    looser: dict[str, Shortfall] = {one.what: one for one in after.weaker_than(before, zone)}
    tighter: dict[str, Shortfall] = {one.what: one for one in before.weaker_than(after, zone)}
    for field in dict.fromkeys([*looser, *tighter]):
        one = looser.get(field) or tighter[field]
        values = (one.least, one.stated) if field in looser else (one.stated, one.least)
        sure = one.surely and (field in looser) != (field in tighter)
        how = How.OTHER if not sure else How.LOOSER if field in looser else How.TIGHTER
        # A rule of a list is compared with the whole list: what is shown is how each is written as a whole.
        was, now = values if field else whole
        yield Difference(key, field, was, now, how)
    if not looser and not tighter:
        yield Difference(key, "", *whole, How.OTHER)


def _of_general(key: str, before: PolicyVersion, after: PolicyVersion) -> Iterator[Difference]:
    """Yield whether a key of every policy differs: both of them ask for less."""
    was, now = getattr(before, key), getattr(after, key)
    if (was or None) == (now or None):
        return
    told = (written(was) if was else None, written(now) if now else None)
    answer: bool | None = not was if not (was and now) else shorter([was], [now], after.timezone)
    yield Difference(key, "", *told, How.OTHER if answer is None else How.LOOSER if answer else How.TIGHTER)
