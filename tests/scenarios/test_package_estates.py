"""Random estates with everything that goes wrong in them: what a package holds is enough to judge it again, of everything and of each asset alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.evidence import package
from audit.steps._open import open_store
from audit.steps.verify_package import verify_package
from tests.cli.session import Session
from tests.oracle.build import day, listing, p, policy, programme
from tests.oracle.campaign import assess_case
from tests.oracle.case import Case
from tests.oracle.estates import random_case
from tests.scenarios.packages import exported, unpacked


def packages_of(case: Case, folder: Path) -> None:
    """Export everything, and each asset, and judge each package again."""
    told = assess_case(case, folder)
    session, known = Session(folder / "data"), str(told["as_known_at"])
    period = ("--from", told["period"]["from"], "--to", told["period"]["to"], "--as-known-at", known)
    store = open_store(session.data)
    assets = sorted(set(store.estate(int(known)).segments["asset"]))
    store.close()
    for number, scope in enumerate([(), *(("--asset", asset) for asset in assets)]):
        out = exported(session, folder / f"{number}.zip", *period, *scope)
        result = verify_package(out, again=True)
        assert result.broken == [], (case.name, scope)
        assert result.counts["recomputed"] == result.counts["results"]


@pytest.mark.parametrize("seed", [401, 402])
def test_packages_of_random_estates_are_enough_to_judge_them_again(seed: int, tmp_path: Path) -> None:
    packages_of(random_case(seed), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [411, 413, 414, 415, 420, 423])
def test_packages_of_more_random_estates(seed: int, tmp_path: Path) -> None:
    packages_of(random_case(seed), tmp_path)


@pytest.mark.parametrize("rows", [1, 1000])
def test_bases_and_originals_of_other_assets_come_along(rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.evaluation.chunks.ROWS", rows)
    second = {
        "name": "b", "unit": "unit", "data_class": "files", "tier": "core", "site": "dc1", "medium": "disk", "in_service": "2025-01-01T00:00:00Z",
        "subjects": [{"source": "s", "subject": "y"}],
    }  # fmt: skip
    points = [
        p("base", 1, subject="y"),
        p("child", 2, method="incremental", base="base"),
        p("bad", 1, subject="y", integrity="corrupt", checked=4),
        p("other", 2, subject="y"),
    ]
    copies = [p("copy", 1, "r2", copy_of_repository="r1", copy_of_id="bad")]
    told = [
        listing(3, *points), listing(50, *points), listing(3, *copies, repository="r2"), listing(50, *copies, repository="r2"),
    ]  # fmt: skip
    case = Case("across assets", programme(policy({"rpo": "60d"}), assets=[second]), told, day(2.5), day(9))
    packages_of(case, tmp_path)
    folder = unpacked(tmp_path / "1.zip", tmp_path / "unpacked")  # of asset a alone
    ids = [json.loads(line)["id"] for line in (folder / package.FACTS / "recovery_point.ndjson").read_text().splitlines()]
    assert ids == ["child", "copy", "bad", "base"]
    populations = json.loads((folder / package.POPULATIONS).read_text())["populations"]
    (counted,) = [one for one in populations if one["list"].endswith("recovery_point.ndjson")]
    assert (counted["count"], counted["of_other_subjects"]) == (4, 2)
