"""Kept worlds: a what-if gets from files what it gets from the evidence itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from audit.controls.copies import Copies, Holdings
from audit.errors import UsageError
from audit.evaluation.assess import judge
from audit.evaluation.chunks import narrowed
from audit.evaluation.kept_worlds import is_enough, judge_kept, judges, keep_world, repositories_of
from audit.evaluation.outline import NOT_ASKED, Outline
from audit.evaluation.what_if import WhatIf, what_if
from audit.model.estate import Estate
from audit.model.verdicts import Result
from tests.oracle.build import day, policy, programme
from tests.oracle.case import Case
from tests.oracle.direct import estate_of_case, rows_of_case
from tests.oracle.estates import random_case

ASKED: dict[str, Any] = {
    "rpo": "30h",
    "copies": {"max_age": "2d", "count": 2, "offsite": 1, "immutable": 1, "offline": 1},
    "keep": [{"every": "day", "for": "5d"}, {"every": "point", "for": "2d"}],
    "dispose": {"after": "20d"},
    "encrypted": True,
    "locked_for": "36h",
    "location": {"countries": ["CN"]},
}


def test_every_objective_of_a_control_that_judges_kept_worlds_is_tried_here() -> None:
    assert set(judges()) == {"baseline", *(name for key in ASKED for name in WhatIf({key: None}).controls())}


def in_outline(result: Result) -> Result:
    """Return a result without what explains it."""
    exposures = [{key: seconds for key, seconds in one.detail.items() if key == "exposure_seconds"} for one in result.breaches]
    return replace(
        result,
        detail={key: value for key, value in result.detail.items() if key != "at_risk"},  # the points that are named
        breaches=tuple(replace(one, detail=told, evidence=()) for one, told in zip(result.breaches, exposures, strict=True)),
        unproven=tuple(replace(one, reason=NOT_ASKED, detail={}) for one in result.unproven),
        provenance=None,
    )


def asked_of(estate: Estate) -> Iterator[tuple[str, WhatIf, Estate]]:
    """Yield each what-if and the estate as it would be; none where nothing was agreed at all."""
    for key, value in ASKED.items():
        asked = WhatIf({key: value})
        with suppress(UsageError):
            yield key, asked, what_if(estate, asked)


@pytest.mark.parametrize("seed", [60, 61, 62, 63, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(64, 67))])
def test_random_estates_are_judged_the_same_on_what_was_kept_of_them(seed: int, tmp_path: Path) -> None:
    case = random_case(seed)
    estate, rows = estate_of_case(case), rows_of_case(case)
    judge(estate, rows, case.since, case.until, judges(), outlined=True, looking=partial(keep_world, tmp_path, 0))
    seen = set()
    for key, asked, other in asked_of(estate):
        if not is_enough(asked, other, repositories_of(tmp_path)):
            continue
        # Each alone, so that what one looks at is not there because another asked for it.
        for control in asked.controls():
            expected = judge(other, rows, case.since, case.until, [control], outlined=True)
            in_full = judge(other, rows, case.since, case.until, [control])
            ((outline, faults),) = judge_kept(tmp_path, other, [control])
            assert tuple(faults) == expected.faults == in_full.faults == ()
            assert outline.whole() == expected.outline.whole() == [in_outline(result) for result in in_full.results], (key, control)
            seen |= {control} if outline.results else set()
    assert not case.programme["policies"] or seen


@pytest.mark.heavy
@pytest.mark.parametrize("seed", [61, 62, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(63, 66))])
def test_several_kept_worlds_are_judged_together_as_each_alone(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each asset has a world of its own here, which knows only the pairs and repositories of its own sources: their numbers differ."""
    case = random_case(seed)
    estate, rows = estate_of_case(case), rows_of_case(case)
    for number, asset in enumerate(sorted(set(estate.segments["asset"]))):
        small = narrowed(estate, [asset])
        mine = pl.col("source").is_in(small.aliases["source"].unique().implode())
        own = replace(rows, **{name: getattr(rows, name).filter(mine) for name in ("held", "lost", "runs", "listings")})
        judge(small, own, case.since, case.until, judges(), outlined=True, looking=partial(keep_world, tmp_path, number))
    assert len(list(tmp_path.iterdir())) > 1
    for key, asked, other in asked_of(estate):
        together = list(judge_kept(tmp_path, other, asked.controls()))
        with monkeypatch.context() as one_by_one:
            one_by_one.setattr("audit.evaluation.kept_worlds.AT_ONCE", -1)
            alone = list(judge_kept(tmp_path, other, asked.controls()))
        assert (len(together), len(alone) > 1) == (1, True)
        assert [faults for _, faults in [*together, *alone] if faults] == []
        assert together[0][0].whole() == Outline.joined([outline for outline, _ in alone]).whole(), key


def test_what_repositories_hold_is_worked_out_again_only_where_copies_of_another_age_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = random_case(60)
    estate, rows = estate_of_case(case), rows_of_case(case)
    copies = replace(estate.policies[0], objectives={"copies": Copies.model_validate({"max_age": "3d", "immutable": 1})})
    agreed = replace(estate, policies=tuple(replace(copies, name=one.name, version=one.version) for one in estate.policies))
    judge(agreed, rows, case.since, case.until, judges(), outlined=True, looking=partial(keep_world, tmp_path, 0))
    made: list[bool] = []
    making = Holdings._made
    monkeypatch.setattr(
        Holdings, "_made", lambda self, policy, *, locked: made.append(locked) or making(self, policy, locked=locked)
    )
    for values, again in (({"copies.offsite": 2, "copies.count": 2}, False), ({"copies.max_age": "4d"}, True)):
        other = what_if(agreed, WhatIf(values))
        expected = judge(other, rows, case.since, case.until, ["copies"], outlined=True)
        made.clear()
        ((outline, faults),) = judge_kept(tmp_path, other, ["copies"])
        assert outline.results
        assert outline.whole() == expected.outline.whole()
        assert (not faults, bool(made)) == (True, again)


def test_what_made_the_kept_world_is_not_answered_from_it() -> None:
    estate = estate_of_case(random_case(60))
    declared = set(estate.repositories["repository"])
    assert is_enough(WhatIf({"rpo": "1h"}), estate, {*declared, "never declared"})
    assert not is_enough(WhatIf({"keep": [{"every": "day", "for": "5d"}]}), estate, {"never declared"})
    assert not is_enough(WhatIf({"rpo": "1h", "accept_partial": True}), estate, declared)
    assert not is_enough(WhatIf({"rpo": "1h", "schedule": {"full": "week"}}), estate, declared)


def test_keys_that_drills_prove_are_not_judged_on_kept_worlds() -> None:
    """Restore runs, which show the drills, are not kept."""
    plain, asking = (
        estate_of_case(Case("keys", programme(policy({"rpo": "1d", "encrypted": stated})), [], day(0), day(1)))
        for stated in (True, {"keys_proven": "1y"})
    )
    assert "encryption" in judges(plain.policies)
    assert "encryption" not in judges(asking.policies)
    changed = what_if(plain, WhatIf({"encrypted.keys_proven": "1y"}))
    assert not is_enough(WhatIf({"encrypted.keys_proven": "1y"}), changed, set())
    assert is_enough(WhatIf({"rpo": "1h"}), asking, set())
