"""What evidence of random estates tells besides, for controls that came later: verify runs of one point, of a subject, and of whole repositories that take their time;
what is encrypted, and what is locked for a whole term; backup runs of which it is not told whether, or where, they made a point."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from tests.oracle.case import Told
from tests.oracle.instants import DAY, HOUR
from tests.oracle.programmes import Plan
from tests.oracle.worlds import Habit, Real


def more_checks(made: Plan, points: list[Real]) -> Iterator[Told]:
    """Yield a payload of verify runs for some of the places that points lie in."""
    rng = made.more
    for source, repository in sorted({(point.source, point.repository) for point in points}):
        here = [point for point in points if (point.source, point.repository) == (source, repository)]
        if rng.random() < 0.5:
            runs = [_check(made, repository, here, f"check-{repository}-{number}") for number in range(rng.randint(1, 8))]
            yield Told(source, max(run["finished_at"] for run in runs), runs)


def _check(made: Plan, repository: str, here: list[Real], name: str) -> dict[str, Any]:
    rng, tick = made.more, made.tick
    point = rng.choice(here)
    finished = (point.available + rng.randint(-2 * DAY, 8 * DAY)) // tick * tick
    started = rng.choice((finished, finished, finished - 6 * HOUR // tick * tick, finished - 2 * DAY, None))
    scope = rng.choice(("point", "point", "point", "subject", "whole", "whole"))
    return {
        "record": "run", "id": name, "kind": "verify", "started_at": started, "finished_at": finished, "repository": repository,
        "outcome": rng.choice(("success",) * 6 + ("warning", "failed", "cancelled")), "coverage": rng.choice(("full", "full", "full", "partial", None)),
        "subject": point.subject if scope == "subject" or (scope == "point" and rng.random() < 0.5) else None,
        "recovery_point": rng.choice((point.id, point.id, point.id[:8], point.id[:7], "nowhere")) if scope == "point" else None,
    }  # fmt: skip


def with_locks(made: Plan, told: Sequence[Told]) -> list[Told]:
    """Return the payloads with what they tell of encryption, now and then otherwise than others, and in some estates with locks of one length."""
    rng = made.locks
    sure = rng.choice((0.3, 0.9, 1.0))
    length = rng.choice((None, None, 2 * DAY, 4 * DAY, 12 * DAY, 40 * DAY))
    words: dict[tuple[str, str, str], str | None] = {}

    def row(source: str, record: Any) -> Any:
        if record["record"] != "recovery_point":
            return record
        key = (source, record["repository"], record["id"])
        word = words.setdefault(key, "yes" if rng.random() < sure else rng.choice(("no", None)))
        said = rng.choice(("yes", "no", None)) if rng.random() < 0.03 else word
        captured = record.get("captured_at")
        lock = length is not None and captured is not None and rng.random() < 0.95
        return {**record, "encrypted": said, **({"immutable_until": captured + length} if lock else {})}

    return [replace(one, records=[row(one.source, record) for record in one.records]) for one in told]


def open_runs(made: Plan, habits: list[Habit]) -> Iterator[Told]:
    """Yield for some subjects a payload of backup runs that are running, or ended nobody knows when or where."""
    rng = made.making
    for habit in habits:
        if rng.random() < 0.3:
            runs = [_open_run(made, habit, number) for number in range(rng.randint(1, 4))]
            yield Told(habit.source, max(run["started_at"] for run in runs) + DAY, runs)


def _open_run(made: Plan, habit: Habit, number: int) -> dict[str, Any]:
    rng, tick = made.making, made.tick
    started = rng.randint(made.begin, made.end) // tick * tick
    finished, repository, outcome = rng.choice((
        (None, habit.repository, "running"), (None, None, "running"), (None, habit.repository, "success"), (started + HOUR, None, "success"),
        (started + HOUR, None, "warning"), (started + HOUR, None, "failed"), (None, None, "cancelled"),
    ))  # fmt: skip
    return {
        "record": "run", "id": f"open-{habit.subject}-{number}", "kind": rng.choice(("backup", "backup", "backup", "copy")), "started_at": started,
        "finished_at": finished, "repository": repository, "outcome": outcome, "subject": habit.subject, "coverage": rng.choice((None, None, None, "partial")),
        "method": rng.choice(("full", "incremental", "log", None)),
    }  # fmt: skip


def logged_runs(seed: int, made: Plan, habits: list[Habit]) -> Iterator[Told]:
    """Yield for some subjects job logs that leave little out, of runs that end well and badly in turns, here and there half told."""
    rng = random.Random(f"runs {seed}")
    for habit in habits:
        if rng.random() < 0.6:
            continue
        length = made.end - made.begin
        for repository in rng.choice(((habit.repository,), (habit.repository,), made.repositories[:2])):
            count = rng.choice((0, 3, 6, 12))
            runs = [_ended(rng, made, habit, repository, number, made.begin + length * number // count) for number in range(count)]
            runs += [_half_told(rng, made, habit, repository, number) for number in range(count, count + rng.choice((0, 0, 2)))]
            log = {"record": "listing", "repository": repository, "complete": False}
            low = rng.randint(made.begin, made.end) // made.tick * made.tick
            high = low + rng.choice((0, HOUR, DAY, 3 * DAY)) // made.tick * made.tick
            spans = [(made.begin - 40 * DAY, low), (high, max(high, made.end) + DAY)]
            yield Told(
                habit.source, made.end + DAY, [*({**log, "covers_from": one, "covers_to": other} for one, other in spans), *runs]
            )


def _half_told(rng: random.Random, made: Plan, habit: Habit, repository: str, number: int) -> dict[str, Any]:
    start = rng.randint(made.begin, made.end)
    one = _ended(rng, made, habit, repository, number, start)
    return one | rng.choice(({"subject": None}, {"started_at": None}, {"repository": None}, {"subject": None, "repository": None}))


def _ended(rng: random.Random, made: Plan, habit: Habit, repository: str, number: int, start: int) -> dict[str, Any]:
    """Return a run. Few of those that ended well say when, so that they are points: points are what takes time."""
    outcome = rng.choice(("success",) * 6 + ("warning", "failed", "failed", "cancelled", "running"))
    start = start // made.tick * made.tick
    told = outcome in ("failed", "cancelled") or (outcome != "running" and rng.random() < 0.2)
    return {
        "record": "run", "id": f"logged-{habit.subject}-{repository}-{number}", "subject": habit.subject, "kind": rng.choice(("backup",) * 5 + ("copy",)), "method": None,
        "started_at": start, "finished_at": start + made.tick if told else None, "outcome": outcome, "repository": repository,
    }  # fmt: skip
