"""What is kept and declared to go too early, as it is typed: assess, explain and the report say so before it is a breach."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.session import Session, result_of, started

PERIOD = ("--from", "2026-11-01", "--to", "2026-11-06")
"""In the programme's zone; days end at 16:00 UTC."""
CONTROL = "retention-minimum"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder: Path = tmp_path_factory.mktemp("at-risk")
    session = started(folder / "data")
    # One point of each day, which its tool keeps for 15 days; the policy keeps one of each day for 30. That of the 3rd is locked for as long as it has to be.
    days = [
        {"record": "recovery_point", "id": f"im-{day}", "subject": "im-messages", "method": "snapshot",
         "captured_at": f"2026-11-{day:02}T12:00:00+08:00", "available_at": f"2026-11-{day:02}T12:05:00+08:00",
         "expires_at": f"2026-11-{day + 15:02}T12:00:00+08:00"} | ({"immutable_until": "2026-12-04T00:00:00+08:00"} if day == 3 else {})
        for day in range(1, 6)
    ]  # fmt: skip
    lines = [{"record": "listing", "listed_at": "2026-11-06T00:00:00+08:00", "complete": True}, *days]
    file = folder / "points.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    session.fine("ingest", "--source", "messages-db", "--repository", "nas-dc1", file)
    return session


def test_assess_counts_what_is_at_risk_and_names_it(session: Session) -> None:
    found = result_of(session.assess(*PERIOD), "im-messages-db", CONTROL)
    first, *_ = found["detail"]["at_risk"]
    assert found["verdict"] == "met"  # the policy asks for one of each day, in whatever repository
    assert (found["detail"]["at_risk_buckets"], found["detail"]["at_risk_from_at"]) == (4, "2026-11-16T04:00:00Z")
    assert "at_risk_points" not in found["detail"]
    assert [one["id"] for one in found["detail"]["at_risk"]] == ["im-1", "im-2", "im-4", "im-5"]
    assert first == {
        "id": "im-1", "repository": "nas-dc1", "captured_at": "2026-11-01T04:00:00Z", "available_at": "2026-11-01T04:05:00Z",
        "goes_at": "2026-11-16T04:00:00Z", "needed_until_at": "2026-12-01T16:00:00Z",
    }  # fmt: skip


def test_explain_says_it_in_both_languages(session: Session) -> None:
    english = session.fine("explain", "im-messages-db", CONTROL, *PERIOD).out.splitlines()
    assert "  periods of the calendar at risk 4" in english
    assert "  the first of what is at risk would be missing from 2026-11-16T04:00:00Z" in english
    (named,) = [line for line in english if line.startswith("  would expire too early ")]
    assert named.startswith(
        "  would expire too early im-1 in nas-dc1, captured 2026-11-01T04:00:00Z, needed until 2026-12-01T16:00:00Z and declared to go on 2026-11-16T04:00:00Z; im-2"
    )
    chinese = session.fine("explain", "im-messages-db", CONTROL, *PERIOD, "--lang", "zh").out
    assert (
        "im-1（位于nas-dc1，捕获于2026-11-01T04:00:00Z），应保留至2026-12-01T16:00:00Z，但声明将于2026-11-16T04:00:00Z删除"
        in chinese
    )


def test_the_report_says_it_on_its_first_page(session: Session, tmp_path: Path) -> None:
    for language, said in (
        ("en", "of 4 periods of the calendar every recovery point would expire too early. Missing from 16 Nov 2026"),
        ("zh", "有4个周期的恢复点将全部过早到期。如不改变，自2026年11月16日"),
    ):
        report = tmp_path / f"review-{language}.html"
        session.fine("report", "annual-review", *PERIOD, "--lang", language, "-o", report)
        assert said in report.read_text(encoding="utf-8").replace("\N{NO-BREAK SPACE}", " ")


def test_a_what_if_of_a_shorter_term_puts_nothing_at_risk(session: Session) -> None:
    for term, count in (("14d", None), ("40d", 5)):  # of 40 days the lock is too short as well
        done = session("assess", *PERIOD, "--what-if", f"keep=[{{every: day, for: {term}}}]", "--format", "json")
        assert done.code in (0, 1), done
        results = [one for one in json.loads(done.out)["results"] if (one["asset"], one["control"]) == ("im-messages-db", CONTROL)]
        assert [one["detail"].get("at_risk_buckets") for one in results] == [count]
