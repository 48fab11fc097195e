"""Assets that a control looks at beside those it judges come along wherever only some are judged: in chunks, in scopes, in packages. They are not judged with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from audit.model.terms import instant
from audit.steps._open import open_store
from audit.steps.assess import assess
from tests.oracle.build import day, listing, p, policy, programme
from tests.oracle.campaign import assess_case, differences
from tests.oracle.case import Case
from tests.oracle.cases_of_drills import CASES_OF_DRILLS
from tests.oracle.cases_of_groups import OTHER, b
from tests.oracle.direct import assess_directly
from tests.oracle.estates import random_case
from tests.scenarios.test_package_estates import packages_of

SEEDS = [
    seed for seed in range(600, 640) if any("recover_with" in one["objectives"] for one in random_case(seed).programme["policies"])
]
"""Estates in which some asset is to be recovered with others."""


def together(*told: Any) -> Case:
    """Asset a, which is to be recovered with b; b has points in another repository, told by another source."""
    said = programme(
        policy({"recover_with": {"assets": ["b"], "skew": "1h"}}),
        sources=[{"name": "t", "tool": "interchange", "timezone": "UTC"}],
    )
    said["assets"].append({**OTHER, "subjects": [{"source": "t", "subject": "y"}]})
    return Case("together", said, [listing(-30), *told], day(0), day(10))


A = listing(20, p("a1", 1), p("a2", 5))
B = listing(20, b("b1", 1, repository="r2"), b("b2", 6, repository="r2"), repository="r2", source="t")


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.evaluation.chunks.ROWS", 1)


def test_there_are_estates_with_companions() -> None:
    assert len(SEEDS) > 12


@pytest.mark.heavy
@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("seed", SEEDS[:3])
def test_random_estates_in_chunks(seed: int, tmp_path: Path) -> None:
    assert differences(random_case(seed), tmp_path) == []


@pytest.mark.slow
@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("seed", SEEDS[3:6])
def test_more_random_estates_in_chunks(seed: int, tmp_path: Path) -> None:
    assert differences(random_case(seed), tmp_path) == []


@pytest.mark.parametrize("rows", [1, 1000])
def test_an_asset_alone_is_judged_with_its_companion_and_the_companion_is_not(
    rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = together(A, B)
    whole = assess_directly(case)["results"]
    assess_case(case, tmp_path)
    monkeypatch.setattr("audit.evaluation.chunks.ROWS", rows)
    store = open_store(tmp_path / "data")
    alone = assess(store, instant(case.since), instant(case.until), assets=["a"])
    only = assess(store, instant(case.since), instant(case.until), assets=["a"], controls=["consistency"])
    store.close()
    assert {result.asset for result in alone.results} == {"a"}
    assert [_told(result.to_json()) for result in alone.results] == [_told(one) for one in whole if one["asset"] == "a"]
    assert [_told(result.to_json()) for result in only.results] == [_told(one) for one in whole if one["control"] == "consistency"]
    assert only.results[0].shares == {"met": 0.9, "breached": 0.1, "unproven": 0.0, "waived": 0.0, "grace": 0.0}


def _told(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result without what refers to entries of a journal, which the case alone does not have."""
    return {key: value for key, value in result.items() if key not in ("breaches", "provenance")} | {
        "breaches": [(one["from"], one["to"], one["detail"]) for one in result["breaches"]]
    }


@pytest.mark.heavy
@pytest.mark.parametrize("rows", [1, 1000])
def test_a_package_of_one_asset_holds_the_evidence_of_its_companion(
    rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.evaluation.chunks.ROWS", rows)
    packages_of(together(A, B), tmp_path)


OF_A_SCOPE = [one.case for one in CASES_OF_DRILLS if one.case.name.startswith("of a scope: ")]


@pytest.mark.heavy
@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("name", ["another asset of the drill stands for it", "until another of a drill that names it fails"])
def test_an_asset_that_a_drill_names_as_well_may_stand_for_one_in_another_chunk(name: str, tmp_path: Path) -> None:
    (case,) = [one for one in OF_A_SCOPE if one.name.endswith(name)]
    assert differences(case, tmp_path / "compared") == []
    packages_of(case, tmp_path / "packed")


@pytest.mark.heavy
@pytest.mark.parametrize("seed", SEEDS[:2])
def test_packages_of_random_estates(seed: int, tmp_path: Path) -> None:
    packages_of(random_case(seed), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS[2:4])
def test_packages_of_more_random_estates(seed: int, tmp_path: Path) -> None:
    packages_of(random_case(seed), tmp_path)
