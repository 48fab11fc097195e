"""Legal holds that preserve one point a month, on random estates: only they are judged, so that many can be."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import pytest

from audit.evaluation.assess import judge
from audit.model.terms import instant, micros
from audit.policy.estate import AppliedProgramme, estate_at
from audit.register.acts import frames
from tests.oracle.case import Case, programme_files
from tests.oracle.direct import holds_of, rows_of_case
from tests.oracle.estates import random_case
from tests.oracle.held import Holds
from tests.oracle.instants import DAY, FOR_EVER, HOUR, Stretch, merged
from tests.oracle.lives import POSSIBLE, SURE, Lives
from tests.oracle.ownership import Ownership, parts_of
from tests.oracle.points import read
from tests.oracle.programme import estate_of
from tests.oracle.records import declared

Found = dict[tuple[str, str | None], tuple[list[Stretch], list[Stretch]]]


def held_case(seed: int) -> Case:
    """Return a random estate under one or two holds, at least one of them by month, over all assets; listings show all since long ago more often than not."""
    case, rng = random_case(seed), random.Random(f"by month {seed}")
    holds = []
    for number in range(rng.choice((1, 1, 2))):
        since = case.since + rng.randint(-20, 20) * DAY // 2
        until = since + rng.randint(1, 60) * DAY // 2 if rng.random() < 0.3 else None
        holds.append(
            {"at": since, "since": since, "until": until, "preserve": "month" if not number else rng.choice(("month", "all"))}
        )
    programme = dict(case.programme)
    if rng.random() < 0.6:
        programme["repositories"] = [{**one, "keeps_at_least": "400d"} for one in programme["repositories"]]
    return replace(case, programme=programme, held=holds)


def by_the_oracle(case: Case) -> Found:
    """Ask at the middle of each stretch in which nothing changes."""
    estate = declared(estate_of(case.programme))
    lives = Lives(read(case.payloads[: case.known]), estate.origins)
    found: Found = {}
    for asset in estate.segments:
        for part in parts_of(estate, asset):
            own = Ownership(estate, lives, asset, part)
            holds = Holds(own, case.held)
            critical = (
                {case.since, case.until}
                | holds.instants()
                | {x for one in own.segments for x in (one.start, one.end, one.in_service, one.retired)}
            )
            critical |= {x for one in case.held for x in (one["since"], one["until"] or FOR_EVER)}
            breached, unproven = [], []
            for cell in pairwise(sorted(x for x in critical if case.since <= x <= case.until)):
                t = sum(cell) // 2
                if not holds.stands(t) or not (own.is_in_service(t) or own.segment(t).retired <= t):
                    continue
                if not own.is_unknown and not holds.holds(t, POSSIBLE):
                    breached.append(cell)
                elif own.is_unknown or not holds.holds(t, SURE):
                    unproven.append(cell)
            found[asset, part] = (merged(breached), merged(unproven))
    return found


def by_the_program(case: Case) -> Found:
    estate = estate_at([AppliedProgramme(0, instant(case.now), programme_files(case.programme), "test", None)])
    estate = replace(estate, records=frames({"hold": holds_of(case)}))
    judged = judge(estate, rows_of_case(case), case.since, case.until, ["hold"])
    assert not judged.faults, judged.faults
    found: dict[tuple[str, str | None], tuple[list[Stretch], list[Stretch]]] = {}
    for result in judged.results:
        told = found.setdefault((result.asset, result.part), ([], []))
        told[0].extend((micros(one.since), micros(one.until)) for one in result.breaches)
        told[1].extend((micros(one.since), micros(one.until)) for one in result.unproven)
    return {name: (merged(breached), merged(unproven)) for name, (breached, unproven) in found.items()}


def differences(seed: int) -> list[str]:
    case = held_case(seed)
    theirs, ours = by_the_oracle(case), by_the_program(case)
    return [f"{name}: {ours.get(name)} is not {truth}" for name, truth in theirs.items() if ours.get(name, ([], [])) != truth]


QUICK = range(3000, 3030)
SLOW = range(3030, 3110)


@pytest.mark.parametrize("seed", [*QUICK, *(pytest.param(seed, marks=pytest.mark.slow) for seed in SLOW)])
def test_random_estates_under_holds_by_month(seed: int) -> None:
    assert differences(seed) == []


def test_the_estates_try_all_of_it() -> None:
    """Something is breached, unproven and met; and one a month asks for less than all does."""
    weaker = breached = unproven = met = 0
    for seed in QUICK:
        case = held_case(seed)
        truth = by_the_oracle(case)
        every = by_the_oracle(replace(case, held=[{**one, "preserve": "all"} for one in case.held]))
        weaker += any(truth[name] != every[name] for name in truth)
        breached += any(one for one, _ in truth.values())
        unproven += any(one for _, one in truth.values())
        met += any(sum(y - x for many in both for x, y in many) < case.until - case.since - HOUR for both in truth.values())
    assert min(weaker, breached, unproven, met) >= 5, (weaker, breached, unproven, met)
