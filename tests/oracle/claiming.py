"""Random claims in the evidence of an estate: captures of the future, copies told by when they were made, names given again, checks of single points and of subjects."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from tests.oracle.case import Told
from tests.oracle.instants import DAY
from tests.oracle.programmes import Plan
from tests.oracle.worlds import Real

Record = dict[str, Any]


def with_claims(seed: int, made: Plan, points: list[Real], told: Sequence[Told]) -> list[Told]:
    """Return the payloads, in some estates with such claims: those of old seeds stay as they were, but for that."""
    rng = random.Random(f"claims {seed}")
    if rng.random() < 0.5:
        return list(told)
    words: dict[tuple[str, str, str], str | None] = {}

    def row(one: Told, record: Any) -> Any:
        if record["record"] != "recovery_point" or record.get("captured_at") is None:
            return record
        usual = ("copy",) * 8 if record.get("copy_of_id") else ("future", "until", "again")
        word = words.setdefault((one.source, record["repository"], record["id"]), rng.choice((*usual, *[None] * 20)))
        return record if word is None else _claimed(rng, made, word, record)

    return [*(replace(one, records=[row(one, record) for record in one.records]) for one in told), *_checks(rng, made, points)]


def _claimed(rng: random.Random, made: Plan, word: str, record: Record) -> Record:
    """Return a row that says more than can be, in an order of times that adapters accept."""
    captured, later = record["captured_at"], rng.randint(0, 8 * DAY) // made.tick * made.tick
    match word:
        case "until":
            return {**record, "captured_until": captured + later}
        case "again" if rng.random() < 0.5:
            return record
        case "copy" if record["available_at"] is not None:
            return {**record, "captured_at": max(captured, record["available_at"]), "captured_until": None}
    return {**record, "captured_at": captured + later, "captured_until": None, "available_at": None}


def _checks(rng: random.Random, made: Plan, points: list[Real]) -> Iterator[Told]:
    """Yield verify runs that name a point, or a subject, or neither, with what came of them."""
    for number in range(rng.choice((0, 1, 3, 6))):
        point = rng.choice(points) if points else None
        if point is None:
            continue
        at = rng.randint(made.begin, made.end) // made.tick * made.tick
        yield Told(point.source, at + rng.choice((0, DAY)), [{
            "record": "run", "id": f"claim-{number}", "kind": "verify", "started_at": at - rng.choice((0, made.tick)), "finished_at": at, "repository": point.repository,
            "outcome": rng.choice(("failed", "failed", "success", "success", "warning")), "coverage": rng.choice(("full", "full", "partial", None)),
            "subject": rng.choice((*[point.subject] * 7, None)), "recovery_point": rng.choice((point.id, point.id, point.id[:8], "nobody-knows", None, None, None, None)),
        }])  # fmt: skip
