"""The job runs that a breach names, as sentences."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.reporting.conftest import MESSAGES, at, breach, result
from tests.reporting.test_annual_review import rows, table

RUNS = [
    {"run": "7", "kind": "backup", "outcome": "cancelled", "repository": "nas-dc1-pool", "started_at": "2026-08-04T01:00:00Z"},
    {"run": "6", "kind": "backup", "outcome": "failed", "repository": None, "started_at": "2026-08-03T01:00:00Z"},
]


@pytest.mark.parametrize(
    ("language", "detail", "said"),
    [
        (
            "en",
            {"failed": {"count": 7, "runs": RUNS}},
            "the latest first: 7 to nas-dc1-pool (cancelled), started 4 Aug 2026, 09:00; 6 (failed), started 3 Aug 2026, 09:00, and 5 more.",
        ),
        (
            "en",
            {"last": {"count": 1, "runs": [{**RUNS[0], "outcome": "success"}]}},
            "The last one before it: 7 to nas-dc1-pool (ended well), started 4 Aug 2026, 09:00.",
        ),
        (
            "zh",
            {"failed": {"count": 2, "runs": RUNS}},
            "有2次作业失败或被取消，由新到旧为：7（写往nas-dc1-pool，被取消，开始于2026年8月4日 09:00）；6（失败，开始于2026年8月3日 09:00）。",
        ),
    ],
)  # fmt: skip
def test_the_runs_of_a_breach_are_named(review, assessment, language, detail, said):
    one = result(MESSAGES, "job-success", leg="rate", breaches=[breach(at(8, 3), at(8, 5), **detail)])
    (row,) = rows(table(review(language, assessment=replace(assessment, results=(one,))), "breaches"))
    assert row["cause"].endswith(said)
    assert row["cause"] != said  # what happened stands first
