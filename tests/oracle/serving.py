"""What random programmes say of when assets are in service: dates that are changed, and returns after retirement."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from typing import Any

from tests.oracle.instants import BEGIN, at, text_of
from tests.oracle.programmes import Plan

Item = dict[str, Any]


def serve_again(rng: random.Random, made: Plan) -> None:
    """Let some assets get another date of service at some instant, and some that were retired come back."""
    names = sorted({item["name"] for item in made.programme["assets"]})
    for name in names:
        mine = [item for item in made.programme["assets"] if item["name"] == name]
        if rng.random() < 0.3:
            instant = made.since + rng.randint(0, max(made.until - made.since, 1)) // made.tick * made.tick
            later = instant + rng.choice((-40, -1, 0, 0, 0, 1, 2)) * made.tick
            retired = mine[0].get("retired")
            if retired is None or later < at(retired):
                _declare(made, mine, instant, {"in_service": text_of(later)})
        elif mine[0].get("retired") and rng.random() < 0.5:
            instant = at(mine[0]["retired"]) + rng.randint(1, 40) * made.tick
            _declare(made, mine, instant, {"in_service": text_of(instant), "retired": None})


def _declare(made: Plan, mine: list[Item], instant: int, change: Mapping[str, Any]) -> None:
    """Change an asset at an instant; what is declared of it later keeps the change."""

    def since(item: Item) -> int:
        return at(item["since"]) if "since" in item else BEGIN

    if any(since(item) == instant for item in mine):
        return
    before = max((item for item in mine if since(item) < instant), key=since)
    new = copy.deepcopy({**before, "since": text_of(instant)})
    assets = made.programme["assets"]
    assets.insert(assets.index(before) + 1, new)
    for item in [new, *(item for item in mine if since(item) > instant)]:
        item.update({key: value for key, value in change.items() if value is not None})
        for key in [key for key, value in change.items() if value is None]:
            item.pop(key, None)
