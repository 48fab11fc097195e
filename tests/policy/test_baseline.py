"""baseline.yaml: what is wrong in it, what it demands and when, and what apply says of policies that promise less."""

from __future__ import annotations

from typing import Any

import pytest

from audit.controls._weaker import Shortfall, shortfalls
from audit.policy.objectives import judged
from audit.policy.place import Place
from audit.policy.validate import validate
from tests.oracle.stated import STATED
from tests.policy.programmes import day, estate, programme
from tests.policy.test_faults import faults, only

DEMANDS = "baseline:\n- tier: core\n  by: law\n  reference: {en: Article 1, zh: 第一条}\n  objectives:\n    rpo: 1h\n"


def demanding(text: str = DEMANDS) -> dict[str, str]:
    return programme(baseline_yaml=text)


def test_a_baseline_that_is_kept_is_no_fault() -> None:
    assert faults(demanding()) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("baseline: {core: {rpo: 1h}}\n", "baseline.yaml, line 1, baseline: `baseline` is not a list of demands"),
        (DEMANDS.replace("by: law", "by: nobody"), "baseline.yaml, line 3, baseline[0].by: unknown word `nobody` (write one of: law, enterprise)"),
        (DEMANDS.replace("rpo: 1h", "rpoo: 1h"), "baseline.yaml, line 6, baseline[0].objectives.rpoo: unknown key `rpoo`, did you mean `rpo`?"),
        (DEMANDS.replace("rpo: 1h", "rpo: soon"), "baseline.yaml, line 6, baseline[0].objectives.rpo: 'soon' is not a length of time"),
        (DEMANDS.replace("tier:", "teir:"), "baseline.yaml, line 2, baseline[0].teir: unknown key `teir`, did you mean `tier`?"),
        (DEMANDS.replace("rpo: 1h", "{}"), "baseline.yaml, line 5, baseline[0].objectives"),
        (DEMANDS.replace("rpo: 1h", "accept_partial: true"), "baseline.yaml, line 6, baseline[0].objectives.accept_partial: written down, but no policy is compared with it"),
    ],
)  # fmt: skip
def test_one_fault_says_where_and_what(text: str, expected: str) -> None:
    assert str(only(demanding(text))).startswith(expected)


def test_apply_warns_of_a_policy_that_promises_less_at_its_place() -> None:
    fault = only(demanding(DEMANDS.replace("1h", "30m")))
    assert (fault.level, str(fault)) == (
        "warning",
        "policy-core.yaml, line 7, objectives.rpo: `rpo`: the policy states 1h, below the baseline of 30m for tier `core`, class `messages` (demanded by law)",
    )
    missing = only(demanding(DEMANDS.replace("rpo: 1h", "verify: {every: 7d}")))
    assert (missing.locator, missing.key) == ("line 6", "objectives")
    assert "`verify`: the policy states nothing, below the baseline of {every: 7d}" in missing.what
    assert faults(demanding(DEMANDS.replace("tier: core", "tier: other").replace("1h", "30m"))) == []


def test_it_does_not_warn_of_what_is_no_longer_in_force() -> None:
    later = {
        "policy-core-2.yaml": programme()["policy-core.yaml"].replace("version: 1", "version: 2").replace("rpo: 1h", "rpo: 5m")
    }
    found = faults({**demanding(DEMANDS.replace("1h", "30m")), **later}, programme())
    assert [fault.what for fault in found if "baseline" in fault.what] == []


def test_a_baseline_that_is_gone_is_a_warning() -> None:
    assert (
        only(programme(), demanding()).what
        == "the baseline is no longer in the folder: nothing is demanded of policies from now on"
    )


def told(*applied: tuple[str, dict[str, str]]) -> list[tuple[str, str | None, str | None]]:
    return [
        (str(one.objectives["rpo"].target), *(None if at is None else f"{at:%Y-%m-%d}" for at in (one.since, one.until)))
        for one in estate(*applied).demands
    ]


def test_the_demands_of_the_first_programme_reach_back() -> None:
    assert told(("2026-06-01", demanding())) == [("1h", None, None)]
    dated = DEMANDS.replace("  by: law\n", "  by: law\n  effective: 2026-02-01\n")
    assert told(("2026-06-01", demanding(dated))) == [("1h", "2026-02-01", None)]


def test_later_ones_hold_from_when_they_were_applied_and_to_when_they_were_changed() -> None:
    shorter = demanding(DEMANDS.replace("1h", "30m"))
    assert told(("2026-06-01", programme()), ("2026-07-01", demanding())) == [("1h", "2026-07-01", None)]
    history = [("2026-06-01", demanding()), ("2026-07-01", demanding()), ("2026-08-01", shorter), ("2026-09-01", programme())]
    assert told(*history) == [("1h", None, "2026-08-01"), ("30m", "2026-08-01", "2026-09-01")]
    future = demanding(DEMANDS.replace("  by: law\n", "  by: law\n  effective: 2026-12-01\n"))
    assert told(("2026-06-01", future), ("2026-07-01", programme())) == []


def test_what_was_kept_as_it_was_written_stays_readable() -> None:
    old = demanding("baseline: {core: {rpo: 1h}}\nowner: somebody\n")
    assert estate(("2026-06-01", old)).demands == ()
    assert day("2026-07-01") == estate(("2026-06-01", old), ("2026-07-01", demanding())).demands[0].since


EXAMPLES: dict[str, tuple[Any, Any]] = {
    **dict.fromkeys(STATED.values(), ("1y", "2y")),
    "review": ("1y", "2y"),
    "runbook": ("1y", {"reviewed": "2y"}),
    "people": (2, {"trained": 1}),
    "vendor": ({"assessed": "1y", "score": "60%"}, {"assessed": "1y", "score": "50%"}),
    "rpo": ("1h", "2h"),
    "copies": ({"max_age": "1d"}, {"max_age": "1d", "count": 2}),
    "keep": ([{"every": "day", "for": "30d"}], [{"every": "day", "for": "29d"}]),
    "dispose": ({"after": "30d"}, {"after": "31d"}),
    "verify": ({"every": "7d"}, {"every": "8d"}),
    "rto": ("4h", "5h"),
    "restore_test": ({"partial": "monthly"}, {"partial": "quarterly"}),
    "exercise": ({"table-top": "1y"}, {"table-top": "2y"}),
    "encrypted": (True, {"repositories": ["r1"]}),
    "locked_for": ("30d", "29d"),
    "location": ({"countries": ["CN"]}, {"countries": ["CN", "DE"]}),
    "schedule": ({"full": "week", "incremental": "1h"}, {"full": "week", "incremental": "2h"}),
    "success": ({"rate": "99%", "consecutive_failures": 3}, {"rate": "98%", "consecutive_failures": 3}),
    "contradiction": ({"lost": "30%"}, True),
    "evidence": ({"tolerance": "1h"}, {"tolerance": "2h"}),
    "size": ({"drop": "30%"}, {"drop": "50%"}),
    "recover_with": ({"assets": ["a"], "skew": "1h"}, {"assets": ["a"], "skew": "2h"}),
}
"""By objective, what is demanded, and something weaker."""


@pytest.mark.parametrize("key", judged())
def test_every_objective_says_whether_it_is_weaker(key: str) -> None:
    least, less = (validate(judged()[key], written, Place(""))[0] for written in EXAMPLES[key])
    assert shortfalls({key: least}, {key: least}, "UTC") == []
    assert [one.surely for one in shortfalls({key: less}, {key: least}, "UTC")] == [True]
    assert shortfalls({key: least}, {key: less}, "UTC") == []
    (missing,) = shortfalls({}, {key: least}, "UTC")
    assert (missing.what, missing.stated, missing.surely) == (key, None, True)


@pytest.mark.parametrize(
    ("stated", "least", "surely"),
    [
        ("1h", "2h", None), ("2h", "1h", True), ("day", "week", None), ("week", "month", None), ("month", "week", True), ("week", "week", None),
        ("22h", "day", None), ("1d", "day", False), ("26h", "day", True), ("day", "2d", False), ("day", "51h", None), ("day", "1d", True),
        ({"every": "1h", "tolerance": "10m"}, "1h", True),
    ],
)  # fmt: skip
def test_cadences_by_clock_and_by_calendar(stated: Any, least: Any, *, surely: bool | None) -> None:
    """surely: null where it is not weaker, false where that depends on the date."""
    given, demanded = (validate(judged()["schedule"], {"full": one}, Place(""))[0] for one in (stated, least))
    assert [one.surely for one in shortfalls({"schedule": given}, {"schedule": demanded}, "UTC")] == (
        [] if surely is None else [surely]
    )


def test_a_stronger_method_counts_for_a_weaker_one() -> None:
    given, demanded = (validate(judged()["schedule"], one, Place(""))[0] for one in ({"full": "1d"}, {"incremental": "1d"}))
    assert shortfalls({"schedule": given}, {"schedule": demanded}, "UTC") == []
    assert [one.what for one in shortfalls({"schedule": demanded}, {"schedule": given}, "UTC")] == ["schedule.full"]


def test_an_objective_that_cannot_compare_itself_is_not_known_to_be_weaker() -> None:
    assert shortfalls({"new": 1}, {"new": 1}, "UTC") == []
    assert shortfalls({"new": 2}, {"new": 1}, "UTC") == [Shortfall("new", "2", "1", surely=False)]
