"""Drills of cases: how one is told, the acts that make it in the register, and random ones.

A drill: `kind`, `assets`, `declared`, `signed`, `cancelled` (when it was given up, or None), and `results`, each with `asset`, `outcome` (None: only begun), `depth`,
`coverage`, `started`, `ended`, and where they are named `point` and `repository`. `scenario` and `lessons`: told, unless they are
empty. `live`: each act is entered when it is done, not all at the end. Instants are microseconds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.oracle.case import Told
from tests.oracle.drilled import entered_at
from tests.oracle.instants import DAY, HOUR
from tests.oracle.programmes import Plan
from tests.oracle.worlds import Real

INCIDENT = "incident"


def acts_of(one: Mapping[str, Any]) -> list[tuple[str, dict[str, Any], str, int]]:
    """Return the acts that make a drill: name, what is told, who, when. Each is entered when it is, or told to have been."""
    acts = list(_acts(one))
    return sorted(acts, key=lambda act: act[3]) if one.get("live") else acts


def _acts(one: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], str, int]]:
    said = {"title": "drill", "assets": list(one["assets"]), "scenario": one.get("scenario", "fire")}
    now, live = entered_at(one), one.get("live", False)
    if one["kind"] == INCIDENT:
        yield "report-incident", {**said, "at": one["declared"]}, "runner", one["declared"] if live else now
    else:
        yield "plan", {**said, "kind": one["kind"]}, "planner", one["declared"]
        yield "declare", {"at": one["declared"]}, "runner", one["declared"] if live else now
    for told in one["results"]:
        # What an incident only names is awaited without a stamp.
        if told["outcome"] is not None or one["kind"] != INCIDENT:
            yield "restore-started", {"asset": told["asset"], "at": told["started"]}, "runner", told["started"] if live else now
        if told["outcome"] is None:
            continue
        passed = told["outcome"] == "passed"
        if passed:
            yield "validated", {"asset": told["asset"], "at": told["ended"]}, "runner", told["ended"] if live else now
        known = {key: told[key] for key in ("asset", "outcome", "depth", "coverage")}
        known |= {key: told.get(key) or "" for key in ("point", "repository")} | {"keys": told.get("keys")}
        yield "result", known if passed else {**known, "at": told["ended"]}, "runner", told["ended"] if live else now
    if one["cancelled"] is not None:
        yield "cancel", {"reason": "it was given up"}, "planner", one["cancelled"]
    elif one["signed"]:
        yield "sign-off", {"statement": "so it was", "lessons": one.get("lessons", "many")}, "signer", now


def random_drills(seed: int, made: Plan, points: Sequence[Real]) -> tuple[list[dict[str, Any]], list[Told]]:
    """Ask in some policies of a random programme for recovery in time; return a few drills, and payloads with restore runs, in most of them within a drill."""
    rng = random.Random(f"drills {seed}")
    for one in made.programme["policies"]:
        if rng.random() < 0.5:
            target = rng.choice(("6h", "12h", "1d", "2d"))
            one["objectives"]["rto"] = rng.choice((target, {"target": target, "every": rng.choice(("3d", "10d", "1 month"))}))
        if rng.random() < 0.5:
            words = ("weekly", "weekly", "weekly", "monthly", "quarterly")
            legs = {leg: rng.choice(words) for leg in rng.choice((("partial",), ("full",), ("partial", "full")))}
            one["objectives"]["restore_test"] = {
                **legs,
                "depth": rng.choice((0, 1, 3, 4)),
                "per": rng.choice(("asset", "scope")),
            }
    drills, told = [], []
    for number in range(rng.choice((0, 1, 2, 3, 4))):
        drill, runs = _drill(rng, made, points, number)
        drills.append(drill)
        told += runs
    _keys(random.Random(f"keys {seed}"), made, drills)
    return [*drills, *_exercises(random.Random(f"exercises {seed}"), made, drills)], told


def _keys(rng: random.Random, made: Plan, drills: Sequence[dict[str, Any]]) -> None:
    """Ask in some policies that keys are proven usable without production, and have results say of some whether they were."""
    for one in made.programme["policies"]:
        stated = one["objectives"].get("encrypted")
        if stated and rng.random() < 0.6:
            others = stated if isinstance(stated, dict) else {}
            one["objectives"]["encrypted"] = {**others, "keys_proven": rng.choice(("3d", "10d", "1 month"))}
    for told in (each for one in drills for each in one["results"] if each["outcome"] is not None):
        told["keys"] = rng.choice(("usable", "usable", "usable", "unusable", None))


def _exercises(rng: random.Random, made: Plan, drills: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ask for exercises in some policies; make drills exercises of several kinds, that name more assets than they try; and return talks at a table."""
    kinds = ("table-top", "file", "database", "full", "failover")
    for one in made.programme["policies"]:
        if rng.random() < 0.5:
            asked = rng.sample(kinds, rng.choice((1, 1, 2)))
            one["objectives"]["exercise"] = {kind: rng.choice(("2d", "5d", "12d", "1 month")) for kind in asked}
    names = sorted({asset["name"] for asset in made.programme["assets"]})
    for one in drills:
        if one["kind"] == INCIDENT:
            continue
        one["kind"] = rng.choice((one["kind"], one["kind"], "file", "failover"))
        one["assets"] = list(dict.fromkeys([*one["assets"], *rng.sample(names, rng.choice((0, 0, 1)))]))
    talks = []
    for number in range(rng.choice((0, 1, 2, 3))):
        declared = (made.since + rng.randint(-20, 24) * HOUR * 12) // made.tick * made.tick
        signed = rng.random() < 0.8
        cancelled = None if signed or rng.random() < 0.5 else declared + DAY // made.tick * made.tick
        assets = rng.sample(names, rng.randint(1, len(names)))
        talks.append(
            {
                "kind": "table-top",
                "assets": assets,
                "declared": declared,
                "signed": signed,
                "live": number % 2 == 1,
                "cancelled": cancelled,
                "results": [],
            }
        )
    for one in (*drills, *talks):
        one |= {key: rng.choice(("told",) * 7 + ("",)) for key in ("scenario", "lessons")}
    return talks


def _drill(rng: random.Random, made: Plan, points: Sequence[Real], number: int) -> tuple[dict[str, Any], list[Told]]:
    # An asset that changes is told more than once, and drilled once.
    every = list({asset["name"]: asset for asset in made.programme["assets"]}.values())
    assets = rng.sample(every, min(len(every), rng.choice((1, 1, 2, 3))))
    declared = (made.since + rng.randint(-20, 24) * HOUR * 12) // made.tick * made.tick
    kind = rng.choice(("full", "full", "full", "database", INCIDENT))
    results, told = [], []
    for asset in assets:
        started = declared + rng.choice((0, 0, HOUR)) // made.tick * made.tick
        for attempt in range(rng.choice((1, 1, 1, 2))):
            ended = started + max(1, rng.choice((HOUR, 6 * HOUR, 12 * HOUR, DAY, 3 * DAY)) // made.tick) * made.tick
            outcome = rng.choice(("passed",) * 5 + ("failed", "failed", None))
            result = {
                "asset": asset["name"],
                "outcome": outcome,
                "depth": rng.choice((1, 3, 4, 4, 4)),
                "coverage": rng.choice(("full", "full", "full", "partial")),
                "started": started,
                "ended": ended,
            }
            if points and rng.random() < 0.8:
                point = rng.choice(points)
                result |= {"point": point.id, "repository": point.repository}
            results.append(result)
            restored = _restore(rng, made, asset, result, f"restore-{number}-{asset['name']}-{attempt}")
            if restored.records and rng.random() < 0.85:
                told.append(restored)
            started = ended
    ends = max(result["ended"] for result in results)
    cancelled = ends + DAY // made.tick * made.tick if rng.random() < 0.1 else None
    # Nobody signs while an attempt is going on, be it the second one.
    newest = {one["asset"]: one["outcome"] for one in results}
    awaited = {asset for asset, outcome in newest.items() if outcome is None}
    if kind == INCIDENT:
        # It awaits a result of each asset that it names.
        named = {asset["name"] for asset in assets}
        assert named == {one["asset"] for one in results}
    signed = rng.random() < 0.85 and not awaited and cancelled is None
    drill = {
        "kind": kind,
        "assets": [asset["name"] for asset in assets],
        "declared": declared,
        "signed": signed,
        "live": number % 2 == 1,
        "cancelled": cancelled,
        "results": results,
    }
    return drill, told


def _restore(rng: random.Random, made: Plan, asset: Mapping[str, Any], result: Mapping[str, Any], name: str) -> Told:
    """Return a payload with restore runs of an asset's subjects; most lie within the drill."""
    subjects = [*asset.get("subjects", ()), *(one for part in asset.get("parts", ()) for one in part["subjects"])]
    runs, source, point = [], rng.choice(made.sources), result.get("point")
    for place, one in enumerate(subjects):
        source = one["source"]
        late = rng.choice((0, 0, 0, 0, DAY // made.tick * made.tick))
        runs.append({
            "record": "run", "id": f"{name}-{place}", "kind": "restore", "subject": one["subject"], "source": source, "started_at": result["started"],
            "finished_at": result["ended"] + late,
            "outcome": rng.choice(("success",) * 6 + ("warning", "failed")), "coverage": rng.choice(("full", "full", "full", "full", "partial", None)),
            "repository": rng.choice((*(result.get("repository"),) * 4, None, rng.choice(made.repositories))),
            "recovery_point": rng.choice((None, None, None, point, point, point and point[:8], "another")),
        })  # fmt: skip
    return Told(
        source, max([result["ended"], *(run["finished_at"] for run in runs)]), [run for run in runs if run["source"] == source]
    )
