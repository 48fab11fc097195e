"""What a verdict on evidence says of itself: which source failed, what it delivered last, why it is unproven; in both languages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from audit.content import Content
from audit.evaluation.assess import judge
from audit.model.estate import Estate, Known
from audit.model.terms import instant
from audit.model.verdicts import Result
from audit.policy.estate import AppliedProgramme, estate_at
from audit.reporting.causes import cause
from audit.reporting.context import Context
from audit.reporting.formats import Formats
from audit.reporting.words import Words, plain
from tests.oracle.build import day, policy, programme
from tests.oracle.case import Case, Told, programme_files
from tests.oracle.cases_of_delivered import BOTH, DAILY, OTHER, told
from tests.oracle.direct import rows_of_case
from tests.oracle.instants import text_of


def judged(payloads: list[Told], known: Known | None = None, **source: str) -> tuple[Estate, dict[str | None, Result]]:
    """Judge evidence of an asset of the sources s and t; return the results by leg."""
    said = programme(policy({"evidence": True}), sources={"s": source or DAILY}, assets={"a": {"subjects": BOTH}})
    said["sources"].append(OTHER)
    case = Case("of sources", said, payloads, day(0), day(10))
    estate = estate_at([AppliedProgramme(0, instant(case.now), programme_files(said), "test", None)])
    estate = replace(estate, known=known or Known(instant(case.now), intact=True))
    found = judge(estate, rows_of_case(case), case.since, case.until, ["evidence"])
    assert not found.faults
    return estate, {result.leg: result for result in found.results}


EACH_DAY = [told(number, source="t") for number in range(10)]


def test_a_late_source_is_named_with_its_last_payload() -> None:
    _, results = judged([*EACH_DAY, told(0), told(1)])
    (breach,) = results["delivery"].breaches
    assert (text_of(day(2)), breach.detail) == (
        breach.to_json()["from"],
        {"late": [{"source": "s", "last_at": text_of(day(1))}]},
    )
    assert [(ref.entry, ref.locator) for ref in breach.evidence] == [(12, "")]
    assert len(breach.evidence[0].sha256) == 64
    assert results["delivery"].provenance is None


def test_rows_that_could_not_be_read_are_counted_by_source() -> None:
    _, results = judged([*EACH_DAY, told(1, garbled=2), told(1, garbled=1), told(4)])
    (breach,) = results["quarantine"].breaches
    assert breach.detail == {"unread": [{"source": "s", "last_at": text_of(day(1)), "rows": 3}]}
    assert [ref.entry for ref in breach.evidence] == [11, 12]
    assert [(one.reason, one.detail["sources"]) for one in results["quarantine"].unproven] == [("no-delivery", ["s"])]


@pytest.mark.parametrize(
    ("leg", "known", "source", "reason"),
    [
        ("delivery", None, {"from": "2026-01-01"}, "no-interval"),
        ("delivery", None, {"expected_every": "1d"}, "no-delivery"),
        ("delivery", 3, {"expected_every": "1d", "from": "2026-03-03"}, "not-yet-known"),
        ("quarantine", None, {}, "no-delivery"),
    ],
)
def test_why_it_is_unproven(leg: str, known: float | None, source: dict[str, str], reason: str) -> None:
    _, results = judged(EACH_DAY, None if known is None else Known(instant(day(known)), intact=True), **source)
    told_of = [(one.reason, one.detail["sources"]) for one in results[leg].unproven if one.detail["sources"] == ["s"]]
    assert (reason, ["s"]) in told_of


def test_a_broken_journal_proves_nothing_of_what_it_holds() -> None:
    later = instant(day(90))
    payloads = [*EACH_DAY, *(told(number) for number in range(10))]
    assert judged(payloads)[1]["journal"].verdict == "met"
    assert judged(payloads, Known(later, intact=False))[1]["journal"].shares == {
        "met": 0.0, "breached": 1.0, "waived": 0.0, "unproven": 0.0, "grace": 0.0,
    }  # fmt: skip
    unlooked = judged(payloads, Known(later))[1]["journal"]
    assert (unlooked.verdict, [one.reason for one in unlooked.unproven]) == ("unproven", ["journal-unchecked"])
    nowhere = judged([], Known(later, intact=False))[1]["journal"]
    assert [(one.reason, one.detail["sources"]) for one in nowhere.unproven] == [("no-delivery", ["s", "t"])]


@pytest.mark.parametrize(
    ("language", "late", "unread"),
    [
        (
            "en",
            "A source did not deliver evidence in time. What was heard of it last: s, evidence of 2 Mar 2026, 00:00.",
            "Rows of what a source delivered could not be read. What could not be read: s, of 2 Mar 2026, 00:00, number of rows: 2.",
        ),
        (
            "zh",
            "有来源未按时提供证据。最近取得的证据：s，2026年3月2日 00:00的证据。",
            "来源所提供的证据中有无法读取的行。无法读取的内容：s，2026年3月2日 00:00的证据中有2行。",
        ),
    ],
)
def test_what_happened_in_words(language: str, late: str, unread: str) -> None:
    estate, results = judged([*EACH_DAY, told(1, garbled=2)])
    content, formats = Content(), Formats(language, "UTC")
    context = Context(content, Words(content, formats), formats, estate)
    said: dict[str | None, Any] = {
        leg: plain(cause(result, result.breaches[-1], context)).replace("\N{NO-BREAK SPACE}", " ")
        for leg, result in results.items()
        if result.breaches
    }
    assert said == {"delivery": late, "quarantine": unread}
