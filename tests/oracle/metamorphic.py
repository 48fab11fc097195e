"""Laws between two assessments of random estates, whatever the verdicts are: `python -m tests.oracle.metamorphic --estates 2000 --seed 1` tries many.

- A recovery point added to what is surely live never makes an RPO's breach longer, nor what is met shorter.
- A longer retention never makes a breach of it shorter; a shorter RPO neither.
- A period that is split adds up.
"""

from __future__ import annotations

import argparse
import copy
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from audit.errors import UsageError
from audit.evaluation.what_if import WhatIf
from audit.model.terms import Term, micros
from tests.oracle.case import Told
from tests.oracle.direct import assess_directly
from tests.oracle.estates import random_case
from tests.oracle.instants import DAY, HOUR, Stretch, merged

AT_ONE_INSTANT = frozenset({"protection"})
"""Controls that judge the period's end: a half of it has another."""
BY_CALENDAR = frozenset({"schedule", "restore-test"})
"""Controls that count whole periods of the calendar: the one in which a period is split is not, or not all, in a half; what is there was in the whole."""
Key = tuple[str, str | None, str, str | None, str, int]


def stretches(assessment: Mapping[str, Any], kind: str) -> dict[Key, list[Stretch]]:
    """Return the breached, unproven or judged stretches of each result, in microseconds."""
    found: dict[Key, list[Stretch]] = {}
    for result in assessment["results"]:
        if result["policy"] is not None:
            key = tuple(result[name] for name in ("asset", "part", "control", "leg", "policy", "version"))
            many = [
                (micros(datetime.fromisoformat(one["from"])), micros(datetime.fromisoformat(one["to"]))) for one in result[kind]
            ]
            found.setdefault(key, []).extend(many)  # type: ignore[arg-type]
    return {key: merged(many) for key, many in found.items()}


def within(some: list[Stretch], others: list[Stretch]) -> bool:
    """Say whether every instant of some stretches is one of others (both merged)."""
    return merged([*some, *others]) == others


def an_added_live_point(seed: int) -> list[str]:
    """Break: a point that is surely live to the period's end lengthens a breach of `rpo`, or what is not met."""
    case = random_case(seed)
    in_parts = {one["name"] for one in case.programme["assets"] if one.get("parts")}
    whole = (one for one in case.programme["assets"] if one["name"] not in in_parts)
    asset = next((one for one in whole if one.get("subjects") and "since" not in one), None)
    if asset is None:
        return []
    programme = copy.deepcopy(dict(case.programme))
    programme["sources"].append({"name": "added", "tool": "interchange", "timezone": "UTC"})
    # A repository that shows all it ever had: what is added is known at every instant, and nothing else can be in it unseen.
    programme["repositories"].append({**programme["repositories"][0], "name": "added", "keeps_at_least": "100000d"})
    for one in programme["assets"]:
        if one["name"] == asset["name"]:
            one["subjects"] = [*one.get("subjects", ()), {"source": "added", "subject": "added"}]
    captured = case.since + (case.until - case.since) // 3
    point = {
        "record": "recovery_point", "repository": "added", "id": "added", "subject": "added", "method": "full", "captured_at": captured, "available_at": captured,
    }  # fmt: skip
    listing = {"record": "listing", "repository": "added", "complete": True}
    before = Told("added", case.since - 1000 * DAY, [{**listing, "listed_at": case.since - 1000 * DAY}])
    after = Told("added", case.until + HOUR, [{**listing, "listed_at": case.until + HOUR}, point])
    more = replace(case, programme=programme, told=[*case.told, before, after], known=None)
    first, second = assess_directly(replace(case, known=None)), assess_directly(more)
    blind = {
        (result["asset"], result["part"])
        for result in first["results"]
        for one in result["unproven"]
        if one["reason"] == "no-evidence"
    }
    found = []
    for kind in ("breaches", "unproven"):
        old, new = stretches(first, kind), stretches(second, kind)
        other = stretches(first, "breaches") if kind == "unproven" else {}
        for key, many in new.items():
            if (
                key[2] == "recovery-point"
                and key[:2] not in blind
                and not within(many, merged([*old.get(key, []), *other.get(key, [])]))
            ):
                found.append(f"seed {seed}: an added live point makes {key} longer {kind}: {many}, before {old.get(key)}")
    return found


def a_stricter_promise(seed: int) -> list[str]:
    """Break: keeping longer, or losing less, is breached for a shorter time than what was agreed."""
    case = random_case(seed)
    first, found = assess_directly(case), []
    policies = case.programme["policies"]
    keeps = {len(one["objectives"]["keep"]) for one in policies if "keep" in one["objectives"]}
    asked: list[tuple[str, dict[str, Any]]] = []
    if len(keeps) == 1 and all("keep" in one["objectives"] for one in policies):
        asked.append(("retention-minimum", {f"keep.{place}.for": "2000d" for place in range(next(iter(keeps)))}))
    if all("rpo" in one["objectives"] for one in policies):
        asked.append(("recovery-point", {"rpo": "1h"}))
    for control, values in asked:
        if control == "recovery-point" and any(_rpo(one["objectives"]["rpo"]) < HOUR for one in policies):
            continue
        try:
            other = assess_directly(case, WhatIf(values))
        except UsageError:  # no policy is in force for any asset
            continue
        old, new = stretches(first, "breaches"), stretches(other, "breaches")
        found += [
            f"seed {seed}: a stricter promise makes {key} shorter breached: {new.get(key)}, before {many}"
            for key, many in old.items()
            if key[2] == control and not within(many, new.get(key, []))
        ]
    return found


def _rpo(written: Any) -> int:
    terms = [written["target"], written.get("tolerance", "0s")] if isinstance(written, Mapping) else [written]
    return sum(Term.parse(one).microseconds for one in terms)


def a_split_period(seed: int) -> list[str]:
    """Break: what is breached, unproven or judged of a whole period is not that of its two halves."""
    case = random_case(seed)
    middle = case.since + (case.until - case.since) * 3 // 7 // HOUR * HOUR
    if not case.since < middle < case.until:
        return []
    whole, halves = (
        assess_directly(case),
        [assess_directly(replace(case, until=middle)), assess_directly(replace(case, since=middle))],
    )
    found = []
    for kind in ("breaches", "unproven"):
        old, parts = stretches(whole, kind), [stretches(half, kind) for half in halves]
        for key in sorted({*old, *parts[0], *parts[1]}, key=str):
            if key[2] in AT_ONE_INSTANT:
                continue
            both = merged([*parts[0].get(key, []), *parts[1].get(key, [])])
            if not within(both, old.get(key, [])) if key[2] in BY_CALENDAR else both != old.get(key, []):
                found.append(f"seed {seed}: {kind} of {key} do not add up: {both}, of the whole {old.get(key)}")
    return found


LAWS: list[Callable[[int], list[str]]] = [an_added_live_point, a_stricter_promise, a_split_period]


def broken(seed: int) -> list[str]:
    """Return what a seed's estate breaks; an error of the program is one as well."""
    found = []
    for law in LAWS:
        try:
            found += law(seed)
        except Exception:  # noqa: BLE001 - a campaign goes on
            found.append(f"seed {seed}: {law.__name__}: {traceback.format_exc(limit=-4)}")
    return found


def main() -> int:
    """Run the campaign; exit code 1 when a law is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--estates", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    said = parser.parse_args()
    wrong = 0
    for number, seed in enumerate(range(said.seed, said.seed + said.estates), 1):
        for one in broken(seed):
            print(one, flush=True)
            wrong += 1
        if number % 25 == 0:
            print(f"{number} of {said.estates} estates, {wrong} broken", flush=True)
    print(f"{said.estates} estates, {len(LAWS)} laws, {wrong} broken")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
