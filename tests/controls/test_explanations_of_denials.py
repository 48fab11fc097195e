"""What a verdict on contradictions says of itself: which points, which evidence on both sides, why it is unproven; in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from audit.content import Content
from audit.model.terms import instant
from audit.policy.estate import AppliedProgramme, estate_at
from audit.reporting.causes import cause
from audit.reporting.context import Context
from audit.reporting.formats import Formats
from audit.reporting.words import Words, plain
from tests.oracle.build import day, listing, p, policy, programme, rows, run
from tests.oracle.case import Case, Told, programme_files
from tests.oracle.cases_of_denials import FIRST, LAST, MANY, P, Q, restore
from tests.oracle.direct import assessment_of
from tests.oracle.instants import text_of

FAILS = run("j", 1, 1.5, outcome="failed", recovery_point="p")
TOLD: dict[str, list[Told]] = {
    "failed": [FIRST, listing(3, P), listing(51, P), rows(9, FAILS)],
    "deleted": [FIRST, listing(2, P), listing(4), LAST, rows(9, p("p", 1, deleted=3), restore(5))],
    "returned": [FIRST, listing(2, P, Q), listing(4, Q), listing(6, P, Q), listing(51, P, Q)],
    "unlisted": [FIRST, rows(3, run("j", 1, 2)), listing(4), LAST],
    "shrunk": [FIRST, listing(2, *MANY), listing(4, *MANY[:3]), listing(51, *MANY[:3])],
    "disputed": [FIRST, listing(3, P, Q), listing(4, P, Q), listing(4, Q), listing(51, P, Q)],
}
SAID = {
    ("en", "failed"): "A backup run failed, yet a listing shows the recovery point that it names. Listed, although the run that names it failed: p",
    ("zh", "failed"): "备份作业失败，但清单显示了其所指的恢复点。有1个恢复点见于清单，而所属作业已失败：p",
    ("en", "deleted"): "A recovery point is told to be deleted, yet it was listed or restored from after that. Used after it is told to be deleted: p",
    ("en", "returned"): "A recovery point was gone from a complete listing, and is back. Gone, and back: p",
    ("en", "unlisted"): "A job log tells of a recovery point that had to be there, and a complete listing of its repository does not show it. Told of",
    ("en", "shrunk"): "A complete listing lacks much of what the one before it had, and nothing explains it. 5 recovery points were gone without a reason: p7",
    ("en", "disputed"): "Of two complete listings of one instant, one has a recovery point and the other lacks it. Only in one of two listings of one instant: p",
    ("zh", "disputed"): "同一时刻的两份完整清单，一份载有某恢复点，另一份没有。有1个恢复点仅见于同一时刻两份清单之一：p",
    ("zh", "shrunk"): "完整清单缺少前一清单的大量恢复点，且没有任何原因。有5个恢复点无故消失：p7",
}  # fmt: skip


def case_of(leg: str) -> Case:
    return Case(leg, programme(policy({"contradiction": True})), TOLD[leg], day(0), day(10))


@pytest.mark.parametrize(
    ("leg", "begins", "points", "cited"),
    [
        ("failed", 3, ["p"], {(4, "run 0")}),
        ("deleted", 5, ["p"], {(5, "run 0")}),
        ("returned", 6, ["p"], {(2, "line 0"), (4, "line 1")}),
        ("unlisted", 4, ["run:j"], {(2, "run 0"), (3, "line 1")}),
        ("shrunk", 4, ["p7", "p6", "p5", "p4", "p3"], {(2, "line 7"), (3, "line 1")}),
        ("disputed", 4, ["p"], {(3, "line 1"), (4, "line 1")}),
    ],
)
def test_both_sides_are_named(leg: str, begins: float, points: list[str], cited: set[tuple[int, str]]) -> None:
    results = {result.leg: result for result in assessment_of(case_of(leg)).results if result.control == "contradiction"}
    assert {other for other, result in results.items() if result.breaches} == {leg}
    (breach,) = results[leg].breaches
    told: dict[str, Any] = breach.to_json()
    assert told["from"] == text_of(day(begins))
    denied = breach.detail[f"denied-{leg}"]
    assert ([point["id"] for point in denied["points"]], denied["count"]) == (points, len(points))
    assert cited <= {(ref.entry, ref.locator) for ref in breach.evidence}


@pytest.mark.parametrize(("language", "leg"), SAID)
def test_what_happened_in_words(language: str, leg: str) -> None:
    case = case_of(leg)
    estate = estate_at([AppliedProgramme(0, instant(case.now), programme_files(case.programme), "test", None)])
    content, formats = Content(), Formats(language, "UTC")
    context = Context(content, Words(content, formats), formats, estate)
    (result,) = [one for one in assessment_of(case).results if one.leg == leg]
    assert plain(cause(result, result.breaches[0], context)).startswith(SAID[language, leg])


def test_why_it_is_unproven() -> None:
    case = Case("unproven", programme(policy({"contradiction": True})), [listing(2, P), listing(6, P)], day(0), day(10))
    for result in assessment_of(case).results:
        if result.control == "contradiction":
            assert [(one.to_json()["from"], one.reason) for one in result.unproven] == [
                (text_of(day(0)), "no-listing-before"), (text_of(day(6)), "no-listing-after"),
            ]  # fmt: skip
