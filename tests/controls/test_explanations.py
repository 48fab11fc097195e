"""What a verdict says of itself: the points around a breach, those involved, their evidence, the exposure, why unproven."""

from __future__ import annotations

from typing import Any

from tests.oracle.build import day, listing, p, policy, programme, rows, run, verify
from tests.oracle.case import Case
from tests.oracle.cases_of_groups import OTHER, b
from tests.oracle.cases_of_holds import GOES, held
from tests.oracle.direct import assess_directly
from tests.oracle.instants import text_of


def results(
    told: list[Any], objectives: dict[str, Any], period: tuple[float, float] = (0, 10), **changes: Any
) -> dict[tuple[str, str | None], dict[str, Any]]:
    case = Case("explained", programme(policy(objectives), **changes), told, day(period[0]), day(period[1]))
    return {(result["control"], result["leg"]): result for result in assess_directly(case)["results"]}


YOUNG = {"assets": {"a": {"in_service": text_of(day(0))}}}


def named(points: dict[str, Any]) -> list[str]:
    return [point["id"] for point in points["points"]]


def test_a_recovery_point_breach_names_its_neighbours_and_the_exposure() -> None:
    told = [listing(9, p("p1", 1), p("p2", 5)), listing(20, p("p1", 1), p("p2", 5))]
    found = results(told, {"rpo": "2d"}, (2, 8))["recovery-point", None]
    first, second = found["breaches"]
    assert (first["from"], first["to"]) == (text_of(day(3)), text_of(day(5)))
    assert (first["detail"]["before"]["id"], first["detail"]["after"]["id"]) == ("p1", "p2")
    assert first["detail"]["exposure_seconds"] == 4 * 86400
    assert {ref["entry"] for ref in first["evidence"]} <= {1, 2}
    assert [ref["locator"] for ref in first["evidence"]] == [
        "line 1",
        "line 0",
        "line 1",
    ]  # of p2 after it, p1 before it, and the listing
    assert first["detail"]["observed_by"] == [{"source": "s", "repository": "r1", "listed_at": text_of(day(9))}]
    assert all(len(ref["sha256"]) == 64 for ref in first["evidence"])
    assert (second["from"], second["to"]) == (text_of(day(7)), text_of(day(8)))
    assert found["detail"]["worst_exposure_seconds"] == 4 * 86400


def test_the_exposure_is_the_worst_of_the_breach_not_that_of_its_end() -> None:
    # p2 comes after ten days and is too old already; p3 ends the breach. Most would have been lost just before p2 was there.
    told = [
        listing(14, p("p1", 1), p("p2", 6, available=11), p("p3", 12)),
        listing(20, p("p1", 1), p("p2", 6, available=11), p("p3", 12)),
    ]
    found = results(told, {"rpo": "2d"}, (2, 13))["recovery-point", None]
    (breach,) = found["breaches"]
    assert (breach["from"], breach["to"]) == (text_of(day(3)), text_of(day(12)))
    assert breach["detail"]["exposure_seconds"] == found["detail"]["worst_exposure_seconds"] == 10 * 86400


def test_every_breach_has_its_exposure_however_many_there_are() -> None:
    points = [p(f"p{number}", 1 + 4 * number) for number in range(20)]
    found = results([listing(90, *points), listing(95, *points)], {"rpo": "2d"}, (2, 80))["recovery-point", None]
    lost = [breach["detail"]["exposure_seconds"] for breach in found["breaches"]]
    assert lost == [4 * 86400] * 19 + [3 * 86400]


def test_the_share_asked_for_decides_the_verdict() -> None:
    told = [listing(9, p("p1", 1), p("p2", 5)), listing(20, p("p1", 1), p("p2", 5))]
    strict = results(told, {"rpo": {"target": "2d", "at_least": "60%"}}, (2, 8))["recovery-point", None]
    lenient = results(told, {"rpo": {"target": "2d", "at_least": "50%"}}, (2, 8))["recovery-point", None]
    assert (strict["shares"]["breached"], strict["verdict"], lenient["verdict"]) == (0.5, "breached", "met")
    assert len(lenient["breaches"]) == 2


def test_exactly_the_share_asked_for_is_enough() -> None:
    # Of 1,000 hours one is breached: 99.9 % were kept, to the microsecond. One of 999 is too much.
    told = [listing(60, *(p(f"p{number}", number) for number in range(50)))]
    late = [listing(60, *(p(f"p{number}", number if number != 20 else 20 + 1 / 24) for number in range(50)))]
    asked = {"rpo": {"target": "24h", "at_least": "99.9%"}}
    assert results(told, asked, (1, 1 + 1000 / 24))["recovery-point", None]["verdict"] == "met"
    found = results(late, asked, (1, 1 + 1000 / 24))["recovery-point", None]
    assert [one["from"] for one in found["breaches"]] == [text_of(day(20))]
    assert (found["verdict"], found["shares"]["breached"]) == ("met", 0.001)
    assert results(late, asked, (1, 1 + 999 / 24))["recovery-point", None]["verdict"] == "breached"


def test_early_deletion_names_the_lost_points() -> None:
    told = [listing(2, p("p1", 1), p("p2", 1.5)), listing(4, p("p2", 1.5)), listing(50, p("p2", 1.5))]
    breach = results(told, {"keep": [{"every": "point", "for": "30d"}]})["retention-minimum", None]["breaches"][0]
    assert breach["from"] == text_of(day(4))
    assert named(breach["detail"]["lost"]) == ["p1"]
    assert breach["detail"]["observed_by"] == [{"source": "s", "repository": "r1", "listed_at": text_of(day(4))}]  # which lacks it
    assert breach["detail"]["lost"]["count"] == 1


def test_only_what_should_have_been_kept_is_named_as_lost() -> None:
    # Of day 1 and of day 2 one point has to stay for ten days. On day 4 all of day 1 is gone, and of day 2 one of two.
    told = [
        listing(3.5, p("a1", 1.25), p("a2", 1.5), p("b1", 2.25), p("b2", 2.5)), listing(4, p("b2", 2.5)), listing(50, p("b2", 2.5)),
    ]  # fmt: skip
    breach = results(told, {"keep": [{"every": "day", "for": "10d"}]}, (3, 9), assets={"a": {"in_service": "2026-03-04T00:00:00Z"}})
    lost = breach["retention-minimum", None]["breaches"][0]
    assert lost["from"] == text_of(day(4))
    assert sorted(named(lost["detail"]["lost"])) == ["a1", "a2"]


def test_overdue_points_are_named_and_counted() -> None:
    points = [p(f"p{number}", 0.5, available=1) for number in range(8)]
    told = [listing(2, *points), listing(50, *points)]
    breach = results(told, {"dispose": {"after": "3d"}})["retention-maximum", None]["breaches"][0]
    assert (breach["from"], breach["to"]) == (text_of(day(3.5)), text_of(day(10)))
    assert breach["detail"]["overdue"]["count"] == 8
    assert len(named(breach["detail"]["overdue"])) == 5


def test_all_that_was_lost_in_a_breach_is_named_and_not_only_what_began_it() -> None:
    told = [listing(2, p("p1", 1), p("p2", 1.5), p("p3", 1.75)), listing(4, p("p2", 1.5), p("p3", 1.75)), listing(6, p("p3", 1.75)), listing(50, p("p3", 1.75))]  # fmt: skip
    whole = results(told, {"keep": [{"every": "point", "for": "30d"}]})["retention-minimum", None]["breaches"]
    assert [(one["from"], named(one["detail"]["lost"])) for one in whole] == [(text_of(day(4)), ["p2", "p1"])]
    later = results(told, {"keep": [{"every": "point", "for": "30d"}]}, (7, 9))["retention-minimum", None]["breaches"]
    assert [(one["from"], named(one["detail"]["lost"])) for one in later] == [(text_of(day(7)), ["p2", "p1"])]


def test_a_calendar_bucket_without_any_point_is_named() -> None:
    # The zone is UTC; of 2 March, wholly in service, there never was a point, and nothing was lost.
    told = [listing(2.5, p("p0", 0.5), p("p2", 2.25)), listing(50, p("p0", 0.5), p("p2", 2.25))]
    found = results(told, {"keep": [{"every": "day", "for": "10d"}]}, (1, 3), **YOUNG)["retention-minimum", None]
    (breach,) = found["breaches"]
    assert (breach["from"], breach["to"]) == (text_of(day(2)), text_of(day(3)))
    assert "lost" not in breach["detail"]
    begun = text_of(day(1))[:10]
    assert breach["detail"]["missing"] == {
        "count": 1, "buckets": [{"every": "day", "first_day": begun, "last_day": begun, "deadline_at": text_of(day(12))}],
    }  # fmt: skip


def test_all_buckets_missing_in_a_breach_are_counted_and_the_first_are_named() -> None:
    told = [listing(8.5, p("p0", 0.5)), listing(50, p("p0", 0.5))]
    (breach,) = results(told, {"keep": [{"every": "day", "for": "10d"}]}, (1, 8.75), **YOUNG)["retention-minimum", None]["breaches"]
    assert breach["detail"]["missing"]["count"] == 7  # 2 to 8 March
    assert [one["first_day"] for one in breach["detail"]["missing"]["buckets"]] == [text_of(day(n))[:10] for n in range(1, 6)]


def test_points_that_fall_due_during_a_breach_are_overdue_too_and_the_oldest_are_named() -> None:
    points = [p(f"p{number}", 0.5 + number) for number in range(8)]
    (breach,) = results([listing(9, *points), listing(50, *points)], {"dispose": {"after": "3d"}}, (0, 10))[
        "retention-maximum", None
    ]["breaches"]
    assert breach["from"] == text_of(day(3.5))
    assert breach["detail"]["overdue"]["count"] == 7  # p7 falls due half a day after the period
    assert named(breach["detail"]["overdue"]) == ["p0", "p1", "p2", "p3", "p4"]


def test_an_old_good_copy_does_not_hide_that_a_young_one_is_in_doubt() -> None:
    # p1 is there for good and too old from day 3 on; p2 was gone by the listing of day 6, nobody knows since when.
    told = [listing(4.5, p("p1", 1), p("p2", 4)), listing(6, p("p1", 1)), listing(50, p("p1", 1))]
    found = results(told, {"copies": {"max_age": "2d", "count": 1, "media": 1, "offsite": 0, "production": False}}, (4.5, 6))
    for leg in ("count", "media"):
        (stretch,) = found["copies", leg]["unproven"]
        assert (stretch["from"], stretch["to"], stretch["reason"]) == (text_of(day(4.5)), text_of(day(6)), "presence"), leg
        assert stretch["detail"] == {"sources": ["s"], "repositories": ["r1"]}


def test_a_copies_breach_names_the_newest_point_of_each_repository() -> None:
    told = [
        listing(2, p("p1", 1)), listing(50, p("p1", 1)),
        listing(2, p("q1", 1, "r2"), repository="r2"), listing(50, p("q1", 1, "r2"), repository="r2"),
    ]  # fmt: skip
    found = results(told, {"copies": {"max_age": "3d", "media": 1, "offsite": 1}})
    breach = found["copies", "count"]["breaches"][-1]
    assert breach["from"] == text_of(day(4))
    assert sorted(point["repository"] for point in breach["detail"]["newest"]["points"]) == ["r1", "r2"]


def test_a_listing_of_a_scope_in_which_the_asset_never_stood_is_no_witness() -> None:
    told = [
        listing(2, p("p1", 1), scope="mine"), listing(4.5, p("other", 4, subject="y"), scope="theirs"),
        listing(6, p("p1", 1), scope="mine"), listing(50, p("p1", 1), scope="mine"),
    ]  # fmt: skip
    (breach,) = results(told, {"rpo": "2d"}, (2, 8))["recovery-point", None]["breaches"]
    assert breach["from"] == text_of(day(3))
    assert breach["detail"]["observed_by"] == [{"source": "s", "repository": "r1", "listed_at": text_of(day(6))}]


def test_unproven_says_what_would_settle_it() -> None:
    after = results([listing(2, p("p1", 1))], {"rpo": "2d"})["recovery-point", None]["unproven"]
    assert (
        after[-1]["detail"] == {"sources": ["s"], "repositories": ["r1"], "reasons": ["no-listing-after", "presence"]}
        or after[-1]["reason"] == "no-listing-after"
    )
    gone = results([listing(2, p("p1", 1)), listing(5), listing(50)], {"rpo": "30d"})["recovery-point", None]["unproven"]
    assert (gone[0]["from"], gone[0]["to"], gone[0]["reason"]) == (text_of(day(2)), text_of(day(5)), "presence")
    assert gone[0]["detail"] == {"sources": ["s"], "repositories": ["r1"]}
    chain = results([listing(2, p("p1", 1, method="incremental")), listing(50, p("p1", 1, method="incremental"))], {"rpo": "30d"})
    assert chain["recovery-point", None]["unproven"][0]["reason"] == "chain"
    damaged = [listing(2, p("p1", 1)), listing(50, p("p1", 1, integrity="corrupt", checked=50))]
    assert results(damaged, {"rpo": "60d"})["recovery-point", None]["unproven"][0]["reason"] == "integrity"
    undeclared = results(
        [listing(2, p("p1", 1)), listing(50, p("p1", 1))],
        {"copies": {"max_age": "30d", "count": 1}},
        assets={"a": {"medium": None}},
    )
    assert undeclared["copies", "media"]["unproven"][0]["reason"] == "undeclared"
    assert undeclared["copies", "media"]["unproven"][0]["detail"] == {
        "sources": [],
        "repositories": [],
    }  # it is the asset that lacks it


def test_a_damaged_copy_is_named_with_the_check_that_found_it() -> None:
    told = [
        listing(-30), listing(20, p("p", 1), p("q", 1)), rows(5, p("p", 1, integrity="verified", checked=3)),
        rows(5, p("p", 1, integrity="corrupt", checked=4), p("q", 1, integrity="verified", checked=3)),
    ]  # fmt: skip
    breach = results(told, {"verify": {"every": "30d"}})["verification", None]["breaches"][0]
    assert (breach["from"], breach["to"]) == (text_of(day(4)), text_of(day(10)))
    assert (named(breach["detail"]["damaged"]), breach["detail"]["damaged"]["count"]) == (["p"], 1)
    assert {"entry": 4, "sha256": breach["evidence"][-2]["sha256"], "locator": "line 0"} in breach["evidence"]


def test_copies_that_were_not_checked_in_time_are_named() -> None:
    told = [listing(-30), listing(20, p("p", 1), p("q", 2)), rows(9, verify("v", 3, "success", recovery_point="q"))]
    found = results(told, {"verify": {"every": "2d"}})["verification", None]["breaches"]
    assert [(breach["from"], named(breach["detail"]["unchecked"])) for breach in found] == [(text_of(day(3)), ["p"])]


def test_what_makes_a_check_unproven() -> None:
    told = [listing(-30), listing(20, p("p", 1)), rows(9, verify("v", 3, "success", None, recovery_point="p"))]
    none, unknown = results(told, {"verify": {"every": "3d"}})["verification", None]["unproven"]
    assert (none["reason"], none["detail"]) == ("no-copy", {"sources": [], "repositories": []})
    assert (unknown["reason"], unknown["from"]) == ("unchecked", text_of(day(4)))
    assert unknown["detail"] == {"sources": ["s"], "repositories": ["r1"]}
    after = results([listing(-30), listing(5, p("p", 1))], {"verify": {"every": "3d"}}, (2, 9))["verification", None]["unproven"]
    assert [(one["from"], one["reason"]) for one in after] == [(text_of(day(5)), "presence")]


def test_copies_that_are_not_encrypted_are_named_while_they_were_there() -> None:
    first, second = (
        [p("p", 1, encrypted="yes"), p("q", 3, encrypted="no")],
        [p("p", 1, encrypted="yes"), p("r", 6, encrypted="no"), p("s", 7)],
    )
    told = [listing(-30), listing(4, *first), listing(5, first[0]), listing(9, *second), listing(20, *second)]
    found = results(told, {"encrypted": True})["encryption", None]
    assert [(one["from"], one["to"], named(one["detail"]["unencrypted"])) for one in found["breaches"]] == [
        (text_of(day(3)), text_of(day(4)), ["q"]),
        (text_of(day(6)), text_of(day(10)), ["r"]),
    ]
    assert {"entry": 4, "sha256": found["breaches"][1]["evidence"][-2]["sha256"], "locator": "line 1"} in found["breaches"][1][
        "evidence"
    ]
    assert [(one["from"], one["reason"]) for one in found["unproven"]] == [
        (text_of(day(0)), "no-copy"),
        (text_of(day(4)), "presence"),
    ]


def test_what_makes_encryption_and_locks_unproven() -> None:
    told = [listing(-30), listing(20, p("p", 1, encrypted="yes"), p("q", 3))]
    found = results(told, {"encrypted": True, "locked_for": "1d"})
    for control, reason in (("encryption", "encryption-unknown"), ("immutability", "lock-unknown")):
        none, unknown = found[control, None]["unproven"][0], found[control, None]["unproven"][-1]
        assert (none["reason"], none["from"]) == ("no-copy", text_of(day(0)))
        assert (unknown["reason"], unknown["from"]) == (reason, text_of(day(3)))
        assert unknown["detail"] == {"sources": ["s"], "repositories": ["r1"]}
    # That a point needs another one says nothing of whether it is there.
    chained = [listing(-30), listing(5, p("p", 1, method="incremental"))]
    assert [one["reason"] for one in results(chained, {"encrypted": True}, (2, 9))["encryption", None]["unproven"]] == [
        "encryption-unknown"
    ]


def test_copies_that_are_not_locked_for_long_enough_are_named() -> None:
    points = [p("p", 1, immutable=6), p("q", 1, immutable=4), p("r", 2, immutable=4), p("s", 7, immutable=7)]
    found = results([listing(-30), listing(20, *points)], {"locked_for": "5d"})["immutability", None]["breaches"]
    assert [(one["from"], one["to"], named(one["detail"]["unlocked"]), one["detail"]["unlocked"]["count"]) for one in found] == [
        (text_of(day(1)), text_of(day(10)), ["s", "r", "q"], 3)
    ]


def test_provenance_is_that_of_the_weakest_evidence() -> None:
    assert results([listing(2, p("p1", 1))], {"rpo": "2d"})["recovery-point", None]["provenance"] == "uploaded by test"


def together(*told: Any, skew: str = "1h", **other: Any) -> dict[str, Any]:
    said = programme(policy({"recover_with": {"assets": ["b"], "skew": skew}}))
    said["assets"].append({**OTHER, **other})
    (found,) = [
        one for one in assess_directly(Case("together", said, [listing(-30), *told], day(0), day(10)))["results"]
        if one["control"] == "consistency"
    ]  # fmt: skip
    return found


def test_what_cannot_be_recovered_together_is_named_with_the_newest_of_each() -> None:
    points = [p("a1", 1), p("a2", 2), b("b1", 1), b("b2", 1.5)]
    found = together(listing(3, *points), listing(4, *points[1:]), listing(20, *points[1:]))
    first, second = found["breaches"]
    assert (first["from"], first["to"], "together" in first["detail"]) == (text_of(day(0)), text_of(day(1)), False)
    assert (second["from"], second["to"]) == (text_of(day(4)), text_of(day(10)))
    assert sorted(named(second["detail"]["together"])) == ["a2", "b2"]
    assert second["detail"]["observed_by"] == [{"source": "s", "repository": "r1", "listed_at": text_of(day(4))}]
    assert {ref["locator"] for ref in second["evidence"]} >= {"line 1", "line 3"}
    assert found["unproven"][0]["reason"] == "presence"
    assert found["unproven"][0]["detail"] == {"sources": ["s"], "repositories": ["r1"]}


def test_why_it_is_unproven_whether_it_can_be_recovered_together() -> None:
    hidden = together(listing(20, p("a1", 1), b("b1", 5)), repositories=["r2"])["unproven"]
    assert [(one["from"], one["reason"], one["detail"]["repositories"]) for one in hidden] == [
        (text_of(day(1)), "no-listing-after", ["r2"])
    ]
    unknown = together(listing(20, p("a1", 1)), subjects=[])["unproven"]
    assert [(one["from"], one["reason"]) for one in unknown] == [(text_of(day(0)), "companion-unknown")]
    # That of b1 nothing is known after day 4 is what matters; a2, which may be gone as well, fits nothing.
    told = [listing(4, p("a1", 1), p("a2", 3), b("b1", 1)), listing(20, p("a1", 1))]
    (left,) = together(*told)["unproven"]
    assert (left["from"], left["reason"]) == (text_of(day(4)), "presence")


def test_what_the_policy_states_less_than_the_baseline_is_told_with_whoever_demands_it() -> None:
    said = programme(policy({"rpo": {"target": "1h", "tolerance": "5m"}, "dispose": {"after": "90d"}}))
    said["baseline"] = [
        {"by": "law", "reference": {"en": "Article 1", "zh": "第一条"}, "objectives": {"rpo": "1h"}, "effective": text_of(day(2))},
        {"by": "enterprise", "objectives": {"dispose": {"after": "3 months"}}},
    ]
    found = assess_directly(Case("baseline", said, [listing(20, p("p", 1))], day(0), day(10)))["results"]
    (result,) = [one for one in found if one["control"] == "baseline"]
    (breach,), (doubt,) = result["breaches"], result["unproven"]
    assert (breach["from"], breach["to"], breach["evidence"], result["provenance"]) == (text_of(day(2)), text_of(day(10)), [], None)
    less = {
        "objective": "rpo",
        "stated": "1h + 5m",
        "least": "1h",
        "demanded_by": "law",
        "reference": {"en": "Article 1", "zh": "第一条"},
    }
    assert breach["detail"]["below"] == [less]
    assert (doubt["from"], doubt["to"], doubt["reason"]) == (text_of(day(0)), text_of(day(2)), "baseline-unsure")
    assert [one["objective"] for one in doubt["detail"]["below"]] == ["dispose"]


def test_copies_that_stand_where_they_may_not_are_named() -> None:
    told = [
        listing(-30), listing(-30, repository="r2"), listing(20, p("p", 1)), listing(3, p("q", 2, "r2"), repository="r2"),
        listing(20, p("q", 2, "r2"), p("s", 6, "r2"), repository="r2"),
    ]  # fmt: skip
    found = results(told, {"location": {"cities": ["Shanghai"]}})["location", None]
    (breach,) = found["breaches"]
    assert (breach["from"], breach["to"], named(breach["detail"]["misplaced"])) == (text_of(day(2)), text_of(day(10)), ["s", "q"])
    assert found["unproven"][0]["reason"] == "no-copy"
    unknown = results(told, {"location": {"countries": ["CN"]}}, repositories={"r2": {"site": None}})["location", None]["unproven"]
    assert (unknown[-1]["reason"], unknown[-1]["detail"]["repositories"]) == ("undeclared", ["r2"])


def test_a_schedule_by_the_clock_names_the_last_and_the_next_of_its_method() -> None:
    points = [p("f1", 1), p("i2", 2, method="incremental"), p("i4", 4, method="incremental"), p("f6", 6)]
    found = results([listing(-30), listing(20, *points)], {"schedule": {"full": "2d", "incremental": "2d"}}, (1, 7))
    (full,) = found["schedule", "full"]["breaches"]
    assert (full["from"], full["to"]) == (text_of(day(3)), text_of(day(6)))
    assert (named(full["detail"]["last"]), named(full["detail"]["next"])) == (["f1"], ["f6"])
    assert found["schedule", "incremental"]["verdict"] == "met"


def test_a_schedule_by_the_calendar_names_the_periods_and_says_what_is_due() -> None:
    # 2 and 9 March 2026 are Mondays.
    found = results([listing(-30), listing(40, p("p", 10))], {"schedule": {"full": "week", "log": "week"}}, (0, 18))[
        "schedule", "full"
    ]
    (breach,) = found["breaches"]
    assert (breach["from"], breach["to"]) == (text_of(day(0)), text_of(day(8)))
    weeks = [(one["first_day"], one["last_day"]) for one in breach["detail"]["missing"]["buckets"]]
    assert weeks == [("2026-02-23", "2026-03-01"), ("2026-03-02", "2026-03-08")]
    assert breach["detail"]["missing"]["count"] == 2
    assert "deadline_at" not in breach["detail"]["missing"]["buckets"][0]
    assert found["detail"] == {"due_at": text_of(day(22))}  # the week of 16 March has begun
    made = results([listing(-30), listing(40, p("p", 16))], {"schedule": {"full": "week"}}, (0, 18))["schedule", "full"]
    assert made["detail"] == {}  # one of it is there already


def test_what_is_due_is_told_before_anything_is_judged() -> None:
    found = results([listing(-30), listing(40)], {"schedule": {"full": "month"}}, (3, 18))["schedule", "full"]
    assert (found["verdict"], found["shares"], found["detail"]) == ("not-applicable", None, {"due_at": text_of(day(31))})
    ended = results(
        [listing(-30), listing(40)], {"schedule": {"full": "month"}}, (3, 18), assets={"a": {"retired": text_of(day(20))}}
    )
    assert ("schedule", "full") not in ended  # the month will not be whole


def test_what_makes_a_schedule_unproven() -> None:
    told = [
        listing(-30),
        listing(20, p("p", 1, method=None), p("q", 3, copy_of_repository="r2", copy_of_id="q")),
        listing(20, p("q", 3.5, "r2"), repository="r2"),
        rows(19, run("j", 7, 7.5), {**run("k", 9, 9, outcome="running"), "finished_at": None}),
    ]
    found = results(told, {"schedule": {"full": "1d", "log": "1d"}}, (0, 10))
    assert [(one["reason"], one["from"], one["detail"]["repositories"]) for one in found["schedule", "full"]["unproven"]] == [
        ("method", text_of(day(1)), ["r1"]),
        ("capture-time", text_of(day(3)), ["r1"]),
        ("job-only", text_of(day(7)), ["r1"]),
        ("run-open", text_of(day(9)), ["r1"]),
    ]
    assert [one["reason"] for one in found["schedule", "log"]["unproven"]] == ["capture-time", "job-only", "run-open"]
    weekly = results([listing(-30), rows(5, run("j", 2, 2.5)), listing(20)], {"schedule": {"full": "week"}}, (1, 10))[
        "schedule", "full"
    ]
    assert [(one["reason"], one["from"], one["to"]) for one in weekly["unproven"]] == [
        ("job-only", text_of(day(1)), text_of(day(8)))
    ]
    unseen = results(
        [listing(-30), listing(20)], {"schedule": {"full": "day"}}, (1, 3), repositories={"r1": {"keeps_at_least": None}}
    )
    assert [one["reason"] for one in unseen["schedule", "full"]["unproven"]] == ["unseen"]


def test_copies_that_are_too_small_are_named_and_what_is_not_known_of_sizes_is_said() -> None:
    points = [p("a", 1, bytes=100), p("b", 2, bytes=10), p("c", 3, bytes=0), p("d", 4, bytes=None)]
    found = results(
        [listing(-30), listing(3.5, *points[:3]), listing(5, points[0], points[3]), listing(20, points[0], points[3])],
        {"size": {"drop": "50%"}},
    )
    result = found["backup-size", None]
    (breach,) = result["breaches"]
    assert (breach["from"], breach["to"]) == (text_of(day(2)), text_of(day(3.5)))
    assert named(breach["detail"]["small"]) == ["b"]  # c came later
    assert [(one["from"], one["reason"]) for one in result["unproven"]] == [
        (text_of(day(0)), "no-copy"),
        (text_of(day(3.5)), "presence"),
    ]
    unknown = results([listing(-30), listing(20, points[0], points[3])], {"size": {"drop": "50%"}})["backup-size", None]["unproven"]
    assert [(one["from"], one["reason"]) for one in unknown] == [(text_of(day(0)), "no-copy"), (text_of(day(4)), "size-unknown")]
    assert unknown[1]["detail"] == {"sources": ["s"], "repositories": ["r1"]}


def test_what_is_gone_under_a_hold_is_named_with_the_holds_that_stood() -> None:
    case = Case(
        "held", programme(policy({"rpo": "60d"})), GOES, day(0), day(10), held=[held(0, -5), held(0, 1, 3), held(0, 3)]
    )  # fmt: skip
    (breach,) = next(one for one in assess_directly(case)["results"] if one["control"] == "hold")["breaches"]
    assert named(breach["detail"]["lost"]) == ["p"]
    assert breach["detail"]["records"] == [{"record": name, "by": "somebody"} for name in ("hold-1", "hold-3")]
    assert [ref["sha256"] for ref in breach["evidence"][-2:]] == [f"{number:064x}" for number in (1, 3)]
