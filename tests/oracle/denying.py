"""What random estates tell besides that denies other evidence, or explains it: restores of points, deleted ones too, prune runs, and runs that fail."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from tests.oracle.case import Told
from tests.oracle.instants import DAY
from tests.oracle.programmes import Plan
from tests.oracle.worlds import Real


def with_denials(seed: int, made: Plan, points: list[Real], told: Sequence[Told]) -> list[Told]:
    """Ask in some policies of a random programme for evidence that agrees; return its payloads with some that make it disagree."""
    rng = random.Random(f"contradiction {seed}")
    for one in made.programme["policies"]:
        if rng.random() < 0.5:
            one["objectives"]["contradiction"] = rng.choice((True, {"lost": "20%"}, {"lost": 0.7}))
    found = list(told)
    for number, point in enumerate(rng.sample(points, min(len(points), rng.choice((0, 2, 4))))):
        at = min(point.end, made.end) + rng.randint(-4, 8) * DAY // 2 // made.tick * made.tick
        runs = [_run(rng, point, at, f"denial-{number}")]
        if rng.random() < 0.2:
            row = {
                "record": "recovery_point",
                "repository": point.repository,
                "id": point.id,
                "subject": point.subject,
                "basis": "job",
                "deleted_at": at,
            }
            found.insert(rng.randint(0, len(found)), Told(point.source, at, [row]))
        found.insert(rng.randint(0, len(found)), Told(point.source, at, runs))
    return found


def _run(rng: random.Random, point: Real, at: int, name: str) -> dict[str, Any]:
    kind = rng.choice(("restore", "restore", "prune", "prune", "backup"))
    outcome = rng.choice(("success", "success", "warning", "failed", "cancelled"))
    run: dict[str, Any] = {
        "record": "run", "id": name, "kind": kind, "outcome": "failed" if kind == "backup" else outcome, "repository": point.repository,
        "started_at": rng.choice((at, at, None)), "finished_at": at, "subject": rng.choice((point.subject, None)),
    }  # fmt: skip
    return run if kind == "prune" else {**run, "recovery_point": rng.choice((point.id, point.id, point.id[:8], point.id[:7]))}
