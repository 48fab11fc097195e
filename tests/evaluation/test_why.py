"""Why a stretch is unproven, point by point, and what lives at the ends of what is met: of hand-made cases, and that nothing in doubt goes without a reason in random ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl
import pytest

from audit.evaluation.assess import evidence_of, judge
from audit.evaluation.explain import exceeding
from audit.evaluation.facts import Facts, suspected_by_name, unnamed_checks
from audit.evaluation.in_doubt import OWN, damages, own_doubts, roots_of
from audit.evaluation.why import Explaining, Why
from audit.model.lives import damage, suspicion
from audit.model.terms import micros
from audit.model.verdicts import Result
from audit.model.world import World
from tests.oracle.build import day, listing, p, policy, programme, rows, run, verify
from tests.oracle.case import Case
from tests.oracle.cases_of_drills import CASES_OF_DRILLS
from tests.oracle.cases_of_exercises import CASES_OF_EXERCISES
from tests.oracle.cases_of_governed import CASES_OF_GOVERNED
from tests.oracle.direct import estate_of_case, rows_of_case
from tests.oracle.estates import random_case
from tests.oracle.instants import text_of

RPO = {"rpo": "2d"}


@dataclass(frozen=True)
class Judged:
    world: World
    facts: Facts
    results: tuple[Result, ...]
    why: Why

    def place(self, control: str, leg: str | None = None) -> int:
        (found,) = [number for number, one in enumerate(self.results) if (one.control, one.leg) == (control, leg)]
        return found

    def unproven(self, control: str, at: float, leg: str | None = None) -> tuple[str, Any]:
        """The reason of the stretch that begins at an instant, and why."""
        place = self.place(control, leg)
        begins = {micros(one.since): number for number, one in enumerate(self.results[place].unproven)}
        number = begins[day(at)]
        return self.results[place].unproven[number].reason, self.why.unproven[place, number]


def of_case(case: Case, controls: list[str] | None = None) -> Judged:
    seen: dict[str, Any] = {}
    estate, told = estate_of_case(case), rows_of_case(case)
    judged = judge(
        estate,
        told,
        case.since,
        case.until,
        controls,
        looking=lambda world: seen.update(world=world),
        resolved=lambda facts: seen.update(facts=facts),
    )
    evidence = evidence_of(seen["world"], estate, seen["facts"], told.listings, told.payloads)
    return Judged(**seen, results=judged.results, why=Explaining(seen["world"], seen["facts"], evidence).why(judged.results))


def explained(told: list[Any], objectives: dict[str, Any], period: tuple[float, float] = (0, 10), **changes: Any) -> Judged:
    case = Case("why", programme(policy(objectives), **changes), told, day(period[0]), day(period[1]))
    return of_case(
        case,
        sorted({"rpo": "recovery-point", "encrypted": "encryption", "verify": "verification"}.get(key, key) for key in objectives),
    )


def places(told: Any) -> list[tuple[int, str]]:
    return [(ref["entry"], ref["locator"]) for ref in told["evidence"]]


def test_a_damaged_point_is_named_with_the_check_that_found_it() -> None:
    whole, broken = p("p1", 1), p("p1", 1, integrity="corrupt", checked=4)
    found = explained([listing(2, whole), listing(3, whole), listing(5, broken)], RPO, (1, 3))
    reason, why = found.unproven("recovery-point", 1)
    assert (reason, why["points"]["count"]) == ("integrity", 1)
    (point,) = why["points"]["points"]
    assert (point["id"], point["repository"], point["captured_at"], places(point)) == ("p1", "r1", text_of(day(1)), [(1, "line 0")])
    (doubt,) = point["doubts"]
    assert {key: doubt[key] for key in ("reason", "found_at")} == {"reason": "integrity", "found_at": text_of(day(4))}
    assert places(doubt) == [(3, "line 0")]
    assert [(one["source"], one["repository"], one["listed_at"]) for one in why["listings"]] == [("s", "r1", None)]


def test_a_copy_is_in_doubt_by_what_was_found_of_its_original() -> None:
    copy = {"copy_of_repository": "r1", "copy_of_id": "p1"}
    there = [listing(at, p("p2", 1, "r2", **copy), repository="r2") for at in (2, 5)]
    found = explained(
        [listing(2, p("p1", 1)), *there, listing(5, p("p1", 1, integrity="corrupt", checked=4))],
        {"copies": {"count": 2, "max_age": "9d"}}, (2, 3),
    )  # fmt: skip
    reason, why = found.unproven("copies", 2, "count")
    assert (reason, why["points"]["count"]) == ("integrity", 2)
    told = {
        (one["id"], one["doubts"][0].get("copy_of", {}).get("id"), *places(one["doubts"][0])) for one in why["points"]["points"]
    }
    assert told == {("p1", None, (4, "line 0")), ("p2", "p1", (4, "line 0"))}


def test_a_failed_check_of_the_repository_is_named_as_the_run_that_it_was() -> None:
    found = explained([listing(2, p("p1", 1)), listing(5, p("p1", 1)), rows(6, verify("v1", 4, "failed"))], RPO, (1, 3))
    _, why = found.unproven("recovery-point", 1)
    (doubt,) = why["points"]["points"][0]["doubts"]
    assert (doubt["reason"], doubt["run"], doubt["found_at"], places(doubt)) == ("integrity", "v1", text_of(day(4)), [(3, "run 0")])


def test_a_point_that_may_have_gone_is_told_by_the_last_listing_that_shows_it() -> None:
    found = explained([listing(2, p("p1", 1)), listing(5, p("p9", 4.5))], {"rpo": "9d"}, (1, 4))
    reason, why = found.unproven("recovery-point", 2)
    assert (reason, why["points"]["count"]) == ("presence", 1)
    (doubt,) = why["points"]["points"][0]["doubts"]
    assert {key: doubt[key] for key in ("reason", "last_listed_at", "missing_at")} == {
        "reason": "presence", "last_listed_at": text_of(day(2)), "missing_at": text_of(day(5)),
    }  # fmt: skip
    assert places(doubt) == [(1, "line 1"), (2, "line 1")]
    assert [(one["listed_at"], *places(one)) for one in why["listings"]] == [(text_of(day(2)), (1, "line 1"))]


def test_a_point_that_only_a_job_tells_of_is_told_by_its_run() -> None:
    _, why = explained([listing(0.5, p("p0", 0)), rows(2, run("j1", 1, 1.5))], RPO, (2, 3)).unproven("recovery-point", 2)
    (point,) = why["points"]["points"]
    assert point["id"] == "run:j1"
    assert [(doubt["reason"], doubt["run"], *places(doubt)) for doubt in point["doubts"]] == [("job-only", "j1", (2, "run 0"))]


def test_a_point_is_in_doubt_by_the_one_that_it_needs() -> None:
    chain = [p("full", 1), p("i1", 2, method="incremental", base="full"), p("i2", 3, method="incremental", base="i1")]
    broken = [p("full", 1, integrity="corrupt", checked=6), *chain[1:]]
    found = explained([listing(4, *chain), listing(5, *chain), listing(7, *broken)], RPO, (3.5, 5))
    reason, why = found.unproven("recovery-point", 3.5)
    assert (reason, why["points"]["count"]) == ("chain", 2)
    assert [one["id"] for one in why["points"]["points"]] == ["i2", "i1"]
    for point in why["points"]["points"]:
        (doubt,) = point["doubts"]
        assert (doubt["reason"], doubt["base"]["id"]) == ("chain", "full")
        (of_base,) = doubt["base"]["doubts"]
        assert (of_base["reason"], of_base["found_at"], places(of_base)) == ("integrity", text_of(day(6)), [(3, "line 0")])


def test_a_point_of_which_nobody_says_what_it_needs() -> None:
    told = p("i1", 1, method="incremental")
    _, why = explained([listing(2, told), listing(5, told)], RPO, (1, 3)).unproven("recovery-point", 1)
    assert [(one["id"], one["doubts"]) for one in why["points"]["points"]] == [("i1", [{"reason": "chain", "base": None}])]


def test_few_points_are_named_and_all_are_counted() -> None:
    points = [p(f"p{number}", 1 + number / 24) for number in range(9)]
    _, why = explained([listing(3, *points), rows(6, verify("v1", 4, "failed"))], {"rpo": "9d"}, (2, 3)).unproven(
        "recovery-point", 2
    )
    assert (why["points"]["count"], [one["id"] for one in why["points"]["points"]]) == (9, ["p8", "p7", "p6", "p5", "p4"])


def test_a_repository_that_nobody_listed_is_told_as_such() -> None:
    found = explained([listing(2, p("p1", 1))], RPO, (3, 6), assets={"a": {"repositories": ["r2"]}})
    _, why = found.unproven("recovery-point", 3)
    assert {(one["source"], one["repository"], one["listed_at"]) for one in why["listings"]} >= {(None, "r2", None)}


def test_what_is_met_names_what_lived_at_both_ends() -> None:
    both = [listing(at, p("p1", 1), p("p2", 4)) for at in (5, 9)]
    found = explained([listing(2, p("p1", 1)), *both], {"rpo": "4d"}, (2, 7))
    (result,) = [one for one in found.results if one.control == "recovery-point"]
    assert result.verdict == "met"
    first, last = found.why.met[found.place("recovery-point")]
    assert (first["at"], last["at"][:19]) == (text_of(day(2)), "2026-03-07T23:59:59")
    assert [(one["id"], *places(one)) for one in first["points"]["points"]] == [("p1", (1, "line 0"))]
    assert [(one["id"], *places(one)) for one in last["points"]["points"]] == [("p2", (2, "line 1"))]


@pytest.mark.parametrize("seed", range(5))
def test_nothing_in_doubt_is_without_a_reason(seed: int) -> None:
    found = of_case(random_case(seed), ["recovery-point", "copies", "retention-minimum"])
    facts, world, told = found.facts, found.world, damages(found.facts)
    gaps, _ = damage(facts.points, facts.checks, facts.points["original_row"])
    same = ["point", "begin", "end"]
    whole = unnamed_checks(facts.runs).filter(pl.col("subject").is_null())
    named = suspected_by_name(facts.points, facts.readings, facts.runs).select(same)
    gaps = pl.concat([gaps, suspicion(facts.points, whole, facts.checks), named])
    assert told.select(same).unique().sort(same).equals(gaps.select(same).unique().sort(same))
    for lives in world.lives.values():
        asked = exceeding(lives).select(
            pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"), pl.col("point").cast(pl.UInt32), at="begin"
        )
        own = own_doubts(world, facts, told, asked).filter(~pl.any_horizontal(OWN))
        assert own.join(roots_of(world, facts, told, own), on=["row", "point"], how="anti").is_empty()
    for place, result in enumerate(found.results):
        for number, one in enumerate(result.unproven):
            why = found.why.unproven[place, number]
            assert all(point["doubts"] and point["evidence"] for point in why.get("points", {}).get("points", ())), one


def test_a_point_of_which_nothing_tells_what_is_asked_is_named() -> None:
    told = [p("p1", 1, encrypted="unknown"), p("p2", 1.5, encrypted="yes")]
    found = explained([listing(2, *told), listing(5, *told)], {"encrypted": True}, (2, 4))
    reason, why = found.unproven("encryption", 2)
    assert (reason, why["points"]["count"]) == ("encryption-unknown", 1)
    assert [(one["id"], one["doubts"], places(one)) for one in why["points"]["points"]] == [
        ("p1", [{"reason": "encryption-unknown"}], [(1, "line 0")])
    ]


def test_a_point_of_which_nobody_knows_whether_it_was_read_is_named() -> None:
    told = [p("p1", 1)]
    found = explained(
        [listing(2, *told), listing(9, *told), rows(6, verify("v1", 5, "success", None))], {"verify": {"every": "2d"}}, (2, 8)
    )
    reason, why = found.unproven("verification", 5)
    assert reason == "unchecked"
    assert [(one["id"], one["doubts"]) for one in why["points"]["points"]] == [("p1", [{"reason": "unchecked"}])]


def test_what_a_statement_keeps_names_it() -> None:
    stated = [
        {"control": "isolation", "holds": True, "since": day(0), "until": day(20), "at": day(0)},
        {"control": "isolation", "holds": True, "since": day(5), "until": day(20), "at": day(5)},
    ]
    said = programme(policy({"isolation": "1y"}))
    found = of_case(Case("why", said, [], day(2), day(8), None, stated), ["isolation"])
    (result,) = found.results
    assert result.verdict == "met"
    first, last = found.why.met[0]
    assert [(one["record"], one["by"], places(one)) for one in first["records"]] == [("attestation-1", "somebody", [(1, "")])]
    assert [one["record"] for one in last["records"]] == ["attestation-2"]


RECORDED = ("agreement", "runbook", "training", "vendor")


def test_what_records_keep_names_them_at_both_ends() -> None:
    """Of the hand-made cases each in which one of these controls is met throughout."""
    kept = {
        (made.case.name, control): made.case
        for made in CASES_OF_GOVERNED
        for (_, _, control, _), truth in made.expected.items()
        if control in RECORDED and not truth.breached and not truth.unproven
    }
    seen: list[str] = []
    for (name, control), case in kept.items():
        found = of_case(case, [control])
        for place, result in enumerate(found.results):
            if result.verdict != "met":
                continue
            seen.append(control)
            bounds = found.why.met[place]
            assert len(bounds) == 2, name
            for one in (one for bound in bounds for one in bound["records"]):
                assert one["record"].startswith(f"{control}-"), name
                assert [len(ref["sha256"]) for ref in one["evidence"]] == [64], name
    assert sorted(set(seen)) == sorted(RECORDED)


@pytest.mark.parametrize(
    ("name", "control", "first", "last"),
    [
        ("an exercise: again and again", "exercise", "drill-1", "drill-3"),
        ("one test in each month", "restore-test", "drill-1", "drill-2"),
        ("measured before the period, and counting through it", "recovery-time", "drill-1", "drill-1"),
    ],
)
def test_what_drills_keep_names_the_last_that_counts_at_both_ends(name: str, control: str, first: str, last: str) -> None:
    (case,) = [made.case for made in [*CASES_OF_EXERCISES, *CASES_OF_DRILLS] if made.case.name == name]
    found = of_case(case, [control])
    (result,) = found.results
    assert result.verdict == "met"
    assert [[one["record"] for one in bound["records"]] for bound in found.why.met[0]] == [[first], [last]]
    assert all(len(ref["sha256"]) == 64 for bound in found.why.met[0] for one in bound["records"] for ref in one["evidence"])


def test_a_check_that_failed_by_name_is_what_says_so() -> None:
    told = [listing(2, p("p1", 1)), rows(3, verify("v", 3, "failed", recovery_point="p1")), listing(20, p("p1", 1))]
    reason, why = explained(told, {"rpo": "30d"}, (2, 10)).unproven("recovery-point", 2)
    assert reason == "integrity"
    (point,) = why["points"]["points"]
    (doubt,) = point["doubts"]
    assert (doubt["reason"], doubt["run"], doubt["found_at"]) == ("integrity", "v", text_of(day(3)))
    assert places(doubt) == [(2, "run 0")]


def test_a_point_that_nobody_dated_is_named_as_in_doubt_for_that() -> None:
    told = [listing(2, p("odd", None, available=1)), listing(20, p("odd", None, available=1))]
    reason, why = explained(told, RPO, (2, 10)).unproven("recovery-point", 2)
    assert reason == "capture-unknown"
    assert why["points"]["count"] == 1
    (point,) = why["points"]["points"]
    assert (point["id"], point["captured_at"]) == ("odd", None)
    assert [one["reason"] for one in point["doubts"]] == ["capture-unknown"]
    assert len(why["listings"]) == 1
