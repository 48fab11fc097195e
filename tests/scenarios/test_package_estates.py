"""Random estates with everything that goes wrong in them: what a package holds is enough to judge it again, of everything and of each asset alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.evidence import package
from audit.steps._open import open_store
from audit.steps.verify_package import verify_package
from tests.cli.session import Session
from tests.evaluation.test_chunks import SECOND, THIRD, TIED
from tests.oracle.build import day, listing, p, policy, programme, run
from tests.oracle.campaign import assess_case
from tests.oracle.case import Case, Told
from tests.oracle.cases_of_groups import OTHER
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
@pytest.mark.parametrize("seed", [411])
def test_packages_of_more_random_estates(seed: int, tmp_path: Path) -> None:
    packages_of(random_case(seed), tmp_path)


@pytest.mark.parametrize("what", ["a point told under two subjects", "a run that names another subject's point"])
def test_what_evidence_ties_to_an_asset_comes_along(what: str, tmp_path: Path) -> None:
    packages_of(Case(what, programme(policy({"rpo": "2d"}), assets=[SECOND, THIRD]), TIED[what], day(1), day(9)), tmp_path)


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


def test_all_payloads_of_its_sources_come_along_where_they_say_whether_these_delivered(tmp_path: Path) -> None:
    """Asset a is judged by its source; what this delivered of asset b alone, and what names no source, counts as well. Without that promise neither is anybody else's business."""
    for number, (objectives, came) in enumerate([({"evidence": True}, {1, 2, 3}), ({"rpo": "1d"}, {1})]):
        said = programme(
            policy(objectives),
            sources={"s": {"expected_every": "1d", "from": "2026-03-02"}},
            assets=[{**OTHER, "subjects": [{"source": "s", "subject": "y"}]}],
        )
        said["sources"].append({"name": "t", "tool": "interchange", "timezone": "UTC"})
        told = [
            listing(1, p("p", 1)),
            Told("s", day(2), [run("j", 2, 2, subject="y")]),
            Told("s", day(3), [run("k", 3, 3, subject="y")], 1, nameless=True),
        ]
        case = Case("deliveries", said, told, day(0), day(10), read_on=day(8))
        folder = tmp_path / str(number)
        folder.mkdir()
        packages_of(case, folder)
        entries = [
            json.loads(line) for line in (unpacked(folder / "1.zip", folder / "open") / package.ENTRIES).read_text().splitlines()
        ]
        names = {entry["body"]["envelope"]["name"] for entry in entries if entry["kind"] == "evidence"}
        assert names == {f"{one:04}.ndjson" for one in came}


def test_runs_without_a_repository_are_counted_of_the_assets_in_question(tmp_path: Path) -> None:
    """Asset a has a run by its own subject and one of its source that names no subject; what source t ran of nobody knows whom is not its business."""
    said = programme(policy({"rpo": "1d"}), assets=[{**OTHER, "subjects": [{"source": "t", "subject": "y"}]}])
    said["sources"].append({"name": "t", "tool": "interchange", "timezone": "UTC"})
    told = [
        listing(1, p("p", 1)),
        Told("s", day(3), [run("own", 2, 2, repository=None), run("perhaps", 2, 2, repository=None, subject=None)]),
        Told("t", day(3), [run("other", 2, 2, repository=None, subject=None)]),
    ]
    packages_of(Case("no repository", said, told, day(0), day(10)), tmp_path)
    counted = []
    for number in range(3):
        whole = json.loads((unpacked(tmp_path / f"{number}.zip", tmp_path / str(number)) / package.ASSESSMENT).read_text())
        counted += [one["count"] for one in whole["notices"] if one["key"] == "runs-without-repository"]
    assert counted == [3, 2, 1]
