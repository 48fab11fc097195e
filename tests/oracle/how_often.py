"""Random objectives of how often backups are made, how they end, and how large they are."""

from __future__ import annotations

import random
from typing import Any


def making(rng: random.Random) -> dict[str, Any]:
    """Return objectives of how often backups are made."""
    found: dict[str, Any] = {}
    if rng.random() < 0.6:
        legs = rng.sample(("full", "differential", "incremental", "log"), rng.choice((1, 2, 3)))
        found["schedule"] = {leg: _cadence(rng) for leg in legs}
    if rng.random() < 0.5:
        found["size"] = {
            "drop": rng.choice(("50%", "30%", "80%", 0.5)),
            **rng.choice(({}, {"over": 1}, {"over": 2}, {"over": 3}, {"over": 7})),
        }
    return found


def success(rng: random.Random) -> dict[str, Any]:
    """Return objectives of how runs end."""
    legs = {"rate": rng.choice(("50%", "90%", "99%", 0.333, "100%")), "consecutive_failures": rng.choice((1, 1, 2, 3))}
    chosen = rng.choice(((), ("rate",), ("consecutive_failures",), tuple(legs), tuple(legs), tuple(legs)))
    return {"success": {leg: legs[leg] for leg in chosen}} if chosen else {}


def _cadence(rng: random.Random) -> Any:
    if rng.random() < 0.5:
        return rng.choice(("day", "day", "week", "week", "month"))
    every = rng.choice(("6h", "12h", "1d", "36h", "3d", "8d"))
    return every if rng.random() < 0.5 else {"every": every, "tolerance": rng.choice(("10m", "2h", "1d"))}
