"""An assessment in many small chunks is the same as in one: bases and originals of other assets come along."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle.build import day, listing, p, policy, programme, rows, run
from tests.oracle.campaign import assess_case, differences
from tests.oracle.case import Case
from tests.oracle.estates import random_case

SECOND = {
    "name": "b", "unit": "unit", "data_class": "files", "tier": "core", "site": "dc1", "medium": "disk", "in_service": "2025-01-01T00:00:00Z",
    "subjects": [{"source": "s", "subject": "y"}],
}  # fmt: skip


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.evaluation.chunks.ROWS", 1)


@pytest.mark.heavy
@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("seed", [301, 302, 303])
def test_random_estates_in_chunks_of_one_asset(seed: int, tmp_path: Path) -> None:
    assert differences(random_case(seed), tmp_path) == []


@pytest.mark.slow
@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("seed", range(310, 314))
def test_more_random_estates_in_chunks_of_one_asset(seed: int, tmp_path: Path) -> None:
    assert differences(random_case(seed), tmp_path) == []


@pytest.mark.usefixtures("small_chunks")
def test_a_base_and_a_damaged_original_of_another_asset_are_found(tmp_path: Path) -> None:
    points = [
        p("base", 1, subject="y"),
        p("child", 2, method="incremental", base="base"),
        p("bad", 1, subject="y", integrity="corrupt", checked=4),
    ]
    copies = [p("copy", 1, "r2", copy_of_repository="r1", copy_of_id="bad")]
    told = [
        listing(3, *points), listing(50, *points), listing(3, *copies, repository="r2"), listing(50, *copies, repository="r2"),
    ]  # fmt: skip
    case = Case("across assets", programme(policy({"rpo": "60d"}), assets=[SECOND]), told, day(2.5), day(9))
    assert differences(case, tmp_path / "compared") == []
    results = {(result["asset"], result["control"]): result for result in assess_case(case, tmp_path / "looked at")["results"]}
    assert results["a", "recovery-point"]["verdict"] == "met"  # by the child of another asset's base; the copy is in doubt


TIED = {
    # what: told, and the assets' policy is an RPO of two days
    "a point told under two subjects": [listing(3, p("o", 2)), listing(5, p("o", 2, subject="y"))],
    "a point that a job log tells under another subject": [listing(3, p("o", 2)), rows(5, p("o", 2, subject="y"))],
    "a run told under two subjects": [
        listing(3), rows(3, run("r", 1, 2)), rows(5, run("r", 1, 4, subject="y")), listing(9),
    ],
    "a run that names another subject's point": [
        listing(3, p("o", 1.5, subject="y", available=None)), rows(4, run("r", 1, 2, recovery_point="o")),
    ],
    "a run that names the beginning of points of two subjects": [
        listing(3, p("abcdefgh1", 1.5), p("abcdefgh2", 1.5, subject="y")), rows(4, run("r", 1, 2, recovery_point="abcdefgh", subject="y")),
    ],
    "a run of nobody that names the beginning of points of two subjects": [
        listing(3, p("abcdefgh1", 1.5, available=None), p("abcdefgh2", 1.5, subject="y", available=None)),
        rows(4, run("r", 1, 2, recovery_point="abcdefgh", subject=None)),
    ],
    "a base of which only another subject's run tells when it was there": [
        listing(6, p("base", 1, subject="y", available=None), p("child", 2, method="incremental", base="base")),
        rows(7, run("r", 1, 3, recovery_point="base", subject="y")),
    ],
    "subjects tied in a row": [
        listing(3, p("o", 2)), listing(5, p("o", 2, subject="y"), p("q", 3, subject="y")), listing(6, p("o", 2), p("q", 3, subject="z")),
    ],
}  # fmt: skip
THIRD = {**SECOND, "name": "c", "subjects": [{"source": "s", "subject": "z"}]}


@pytest.mark.parametrize("what", TIED)
def test_what_evidence_ties_together_is_judged_together(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(what, programme(policy({"rpo": "2d"}), assets=[SECOND, THIRD]), TIED[what], day(1), day(9))
    whole = assess_case(case, tmp_path / "whole")
    monkeypatch.setattr("audit.evaluation.chunks.ROWS", 1)
    assert assess_case(case, tmp_path / "in chunks") == whole
    assert differences(case, tmp_path / "compared") == []
