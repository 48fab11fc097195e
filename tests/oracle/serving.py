"""What random programmes say of when assets and their parts are in service: dates that are changed, returns after retirement, and parts that come and go."""

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
    if any(_since(item) == instant for item in mine):
        return
    before = max((item for item in mine if _since(item) < instant), key=_since)
    new = copy.deepcopy({**before, "since": text_of(instant)})
    assets = made.programme["assets"]
    assets.insert(assets.index(before) + 1, new)
    for item in [new, *(item for item in mine if _since(item) > instant)]:
        item.update({key: value for key, value in change.items() if value is not None})
        for key in [key for key, value in change.items() if value is None]:
            item.pop(key, None)


def repart(rng: random.Random, made: Plan) -> None:
    """Let some assets get parts, lose some, or call them otherwise, at some instants."""
    names = sorted({item["name"] for item in made.programme["assets"]})
    for name in names:
        mine = [item for item in made.programme["assets"] if item["name"] == name]
        if rng.random() < 0.5 or any(_named(item) != _named(mine[0]) for item in mine):
            continue  # a subject that moves to another asset moves once
        for _ in range(rng.choice((1, 1, 2))):
            instant = made.since + rng.randint(0, max(made.until - made.since, 1)) // made.tick * made.tick
            mine = [item for item in made.programme["assets"] if item["name"] == name]
            before = max((item for item in mine if _since(item) < instant), key=_since)
            _declare(made, mine, instant, _other_parts(rng, before, _named(mine[0])))


def _since(item: Item) -> int:
    return at(item["since"]) if "since" in item else BEGIN


def _named(item: Item) -> list[tuple[str, str]]:
    subjects = [*item.get("subjects", ()), *(one for part in item.get("parts", ()) for one in part["subjects"])]
    return [(one["source"], one["subject"]) for one in subjects]


def _other_parts(rng: random.Random, item: Item, names: list[tuple[str, str]]) -> Item:
    """Return other parts of an asset, of the names that it ever had; a part that nobody tells of may come as well."""
    subjects = [{"source": source, "subject": subject} for source, subject in names]
    if not subjects or (item.get("parts") and rng.random() < 0.3):
        return {"parts": None, "subjects": rng.sample(subjects, rng.randint(0, len(subjects)))}
    parts = [
        {"name": rng.choice(("p0", "p1", "q")) if number == 0 else f"n{number}", "subjects": [one]}
        for number, one in enumerate(rng.sample(subjects, rng.randint(1, len(subjects))))
    ]
    if rng.random() < 0.3:
        parts.append({"name": "new", "subjects": [{"source": subjects[0]["source"], "subject": f"new-{names[0][1]}"}]})
    return {"parts": parts, "subjects": None}
