"""What sources of random estates promise to deliver, and what goes wrong with it: lines that nobody can read, payloads that name no source, evidence still to come."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.oracle.case import Told
from tests.oracle.instants import DAY
from tests.oracle.programmes import Plan


def with_deliveries(seed: int, made: Plan, told: Sequence[Told]) -> tuple[list[Told], int | None]:
    """Promise evidence in some policies of a random programme; return its payloads with some of them garbled, and when all was received where that is before the end."""
    rng = random.Random(f"evidence {seed}")
    for source in made.programme["sources"]:
        if rng.random() < 0.85:
            source["expected_every"] = rng.choice(("6h", "12h", "1d", "1d", "2d", "5d", "1 month"))
    for one in made.programme["policies"]:
        if rng.random() < 0.5:
            one["objectives"]["evidence"] = rng.choice((True, {"tolerance": "2h"}, {"tolerance": "1d"}, {"tolerance": "1 month"}))
    # Where only one source is declared of a tool, payloads of the tool are its, whoever their envelopes name.
    several = len(made.programme["sources"]) > 1
    found = [_garbled(rng, one, several) for one in told]
    for source in made.sources:
        for _ in range(rng.choice((0, 0, 1, 2))):
            at = made.since + rng.randint(-6, 20) * DAY // 2 // made.tick * made.tick
            rows = _run(rng, at)
            garbled = rng.choice((0, 1, 2)) if rows else rng.choice((1, 2))
            stray = Told(source, at, rows, garbled=garbled, nameless=rng.random() < 0.5 and several)
            found.insert(rng.randint(0, len(found)), stray)
    read_on = made.since + rng.randint(1, 20) * DAY // 2 // made.tick * made.tick if rng.random() < 0.25 else None
    return found, read_on


def _garbled(rng: random.Random, one: Told, several: bool) -> Told:
    """A line that is lost takes from a listing what it says; of runs it takes nothing."""
    if any(record["record"] == "listing" for record in one.records):
        return replace(one, nameless=rng.random() < 0.1 and several)
    return replace(one, garbled=rng.choice((1, 3))) if rng.random() < 0.15 else one


def _run(rng: random.Random, at: int) -> list[dict[str, Any]]:
    """A run of nobody's subject, or none."""
    if rng.random() < 0.5:
        return []
    return [{"record": "run", "id": f"stray-{at}", "kind": "prune", "started_at": at, "finished_at": at, "outcome": "success"}]
