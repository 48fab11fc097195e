"""What evidence of random estates tells besides, for controls that came later: verify runs of one point, of a subject, and of whole repositories that take their time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.oracle.case import Told
from tests.oracle.instants import DAY, HOUR
from tests.oracle.programmes import Plan
from tests.oracle.worlds import Real


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
