"""What a verdict says of itself: the points around a breach, those involved, their evidence, the exposure, why unproven."""

from __future__ import annotations

from typing import Any

from tests.oracle.build import day, listing, p, policy, programme, rows, verify
from tests.oracle.case import Case
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


def test_provenance_is_that_of_the_weakest_evidence() -> None:
    assert results([listing(2, p("p1", 1))], {"rpo": "2d"})["recovery-point", None]["provenance"] == "uploaded by test"
