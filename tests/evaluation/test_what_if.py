"""What if: other values than were agreed give what a programme that says so would give."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import polars as pl
import pytest

from audit.errors import UsageError
from audit.evaluation.what_if import WhatIf, what_if
from audit.model.estate import Estate
from audit.model.terms import instant
from audit.policy.estate import AppliedProgramme, estate_at
from tests.oracle.build import day, listing, p, policy, programme
from tests.oracle.case import Case, programme_files
from tests.oracle.direct import assess_directly, assessment_of, estate_of_case
from tests.oracle.estates import random_case

OBJECTIVES = {"rpo": "2d", "copies": {"max_age": "3d", "count": 1, "media": 1, "offsite": 0}}


def case_of(objectives: dict[str, Any] | None = None) -> Case:
    points = [p("p1", 1), p("p2", 4)]
    told = [listing(5, *points), listing(20, *points)]
    return Case("what if", programme(policy(objectives or OBJECTIVES)), told, day(1), day(6))


def saying(case: Case, key: str, value: Any) -> Case:
    """Return a case all of whose policy versions say another value of an objective."""
    changed = copy.deepcopy(case.programme)
    for one in changed["policies"]:
        if "objectives" in one:
            one["objectives"][key] = value
    return replace(case, programme=changed)


VALUES = [
    ("rpo", "30h"),
    ("copies", {"max_age": "2d", "count": 2, "offsite": 1}),
    ("keep", [{"every": "day", "for": "5d"}]),
    ("dispose", {"after": "20d"}),
    ("encrypted", {"repositories": ["r1"]}),
    ("locked_for", "36h"),
    ("location", {"countries": ["DE"]}),
    ("recover_with", {"assets": ["a1"], "skew": "6h"}),
    ("size", {"drop": "30%", "over": 3}),
    ("success", {"rate": "90%", "consecutive_failures": 2}),
    ("schedule", {"full": "week", "log": {"every": "12h", "tolerance": "1h"}}),
]


@pytest.mark.parametrize("seed", [43, 50, *range(700, 708)])
def test_random_estates_are_what_their_programme_would_make_of_them(seed: int) -> None:
    """The estate is all that controls learn of promises: where two are the same, so are the verdicts."""
    case = random_case(seed)
    agreed = estate_of_case(case)
    for key, value in VALUES:
        told, said = what_if(agreed, WhatIf({key: value})), estate_of_case(saying(case, key, value))
        assert _in_force(told) == _in_force(said), key
        assert told.records is agreed.records  # in the other, what was proposed is another text
        for one in fields(Estate):
            if one.name not in ("segments", "policies", "records"):
                assert _plain(getattr(told, one.name)) == _plain(getattr(said, one.name)), (key, one.name)


def _in_force(estate: Estate) -> list[tuple[Any, ...]]:
    """Return the segments, each with the policy version itself and not its number, which is another where one was changed for some."""
    versions = [replace(policy, sha256=None) for policy in estate.policies]
    place = estate.segments.columns.index("policy")
    rows = estate.segments.rows()
    return [(*row[:place], None if row[place] is None else versions[row[place]], *row[place + 1 :]) for row in rows]


def _plain(value: Any) -> Any:
    """Return frames as lists, so that they can be compared."""
    if isinstance(value, pl.DataFrame):
        return value.schema, value.rows()
    return {key: _plain(one) for key, one in value.items()} if isinstance(value, Mapping) else value


@pytest.mark.parametrize(("key", "value"), VALUES)
def test_a_random_estate_is_judged_as_if_its_programme_said_so(key: str, value: Any) -> None:
    case = random_case(302)
    assert assess_directly(case, WhatIf({key: value})) == assess_directly(saying(case, key, value))


def test_a_part_of_an_objective_leaves_the_rest_as_agreed() -> None:
    results = {
        (one["control"], one["leg"]): one["verdict"] for one in assess_directly(case_of(), WhatIf({"copies.offsite": 1}))["results"]
    }
    assert results["copies", "offsite"] == "breached"
    assert results["copies", "count"] == "met"
    assert results["recovery-point", None] == "breached"  # a point of day 1 is too old on day 3


def test_a_part_of_a_short_form_is_changed_too() -> None:
    case = case_of({"locked_for": "2d", "encrypted": True})
    assert str(what_if_of(case, {"locked_for.for": "60d"}).term) == "60d"
    assert what_if_of(case, {"locked_for.repositories": ["r1"]}).repositories == ("r1",)
    assert what_if_of(case, {"encrypted.repositories": "r2"}).repositories == ("r2",)


def test_a_part_of_an_objective_that_leaves_much_unsaid() -> None:
    assert str(what_if_of(case_of({"rpo": "2d"}), {"rpo.target": "9d"}).target) == "9d"
    changed = what_if_of(case_of({"schedule": {"full": "week", "log": "1h"}}), {"schedule.log": {"every": "1h", "tolerance": "5m"}})
    assert (changed.full.each, str(changed.log.every), str(changed.log.tolerance)) == ("week", "1h", "5m")


def test_an_item_of_a_list_is_named_by_its_number() -> None:
    case = case_of({"keep": [{"every": "day", "for": "2d"}, {"every": "point", "for": "1d"}]})
    changed = what_if_of(case, {"keep.1.for": "9d"})
    assert [(rule.every, str(rule.term)) for rule in changed.root] == [("day", "2d"), ("point", "9d")]


def what_if_of(case: Case, values: dict[str, Any]) -> Any:
    estate = estate_at([AppliedProgramme(0, instant(case.now), programme_files(case.programme), "test", None)])
    return what_if(estate, WhatIf(values)).policies[-1].objectives[next(iter(values)).split(".")[0]]


def test_only_the_scope_is_changed() -> None:
    inside = assess_directly(case_of(), WhatIf({"rpo": "9d"}, {"tier": frozenset({"core"})}))
    assert {one["verdict"] for one in inside["results"] if one["control"] == "recovery-point"} == {"met"}
    with pytest.raises(UsageError, match=r"unknown tier `cor`, did you mean `core`\?"):
        assess_directly(case_of(), WhatIf({"rpo": "9d"}, {"tier": frozenset({"cor"})}))


@pytest.mark.parametrize(
    ("values", "scope", "said"),
    [
        ({"rop": "1h"}, {}, r"--what-if rop: unknown objective `rop`, did you mean `rpo`\?"),
        ({"rpo": "1 fortnight"}, {}, "--what-if rpo: rpo"),
        ({"rpo": "3 months"}, {}, "an RPO is an exact length"),
        ({"copies.offsit": 1}, {}, r"--what-if copies.offsit: copies.offsit"),
        ({"dispose.after": "3d"}, {}, "no policy in force in this scope has dispose.after, so nothing would change"),
        ({"rpo.target.x": 1}, {}, r"--what-if rpo.target.x"),
        ({"encrypted": False}, {}, "--what-if encrypted: encrypted: `encrypted: false` promises nothing"),
        (
            {"encrypted": {"repositories": ["r1x"]}},
            {},
            r"--what-if encrypted.repositories: unknown repository `r1x`, did you mean `r1`\?",
        ),
        ({"recover_with": {"assets": ["aa"], "skew": "1h"}}, {}, r"--what-if recover_with.assets: unknown asset `aa`"),
        ({"rpo": "1h"}, {"teir": frozenset({"core"})}, r"unknown scope `teir`, did you mean `tier`\?"),
    ],
)
def test_what_cannot_be_is_said(values: dict[str, Any], scope: dict[str, frozenset[str]], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        assessment_of(case_of(), WhatIf(values, scope))


def test_the_controls_that_may_differ_are_those_of_the_objectives() -> None:
    assert WhatIf({"rpo": "1h", "copies.offsite": 2}).controls() == ["baseline", "copies", "recovery-point"]
    assert "retention-minimum" in WhatIf({"accept_partial": True}).controls()
