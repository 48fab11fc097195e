"""What runs over time, written beside a kept assessment, is what the evidence gives."""

from __future__ import annotations

import shutil

import pytest

from audit.evaluation.kept import kept
from audit.evaluation.over_time import runs_over_time
from audit.steps import over_time
from audit.steps._open import open_store
from audit.steps.over_time import FOLDER, over_time_kept, over_time_of
from tests.web.conftest import build_data

CONTROLS = ["copies", "recovery-point"]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("over-time") / "data"
    build_data(folder)
    return open_store(folder)


@pytest.fixture
def assessment(store):
    return kept(store.folder.assessments_path)[0]


def frames(found):
    return [frame for frame in (found.exposure, found.allowed, found.counts) if frame is not None]


def drawn(assessment, control):
    """Return the assets that have something to draw."""
    told = [getattr(assessment, kind).filter(control=control)["asset"] for kind in ("breaches", "unproven")]
    return sorted(told[0].append(told[1]).unique())


def test_what_is_kept_is_what_the_evidence_gives(store, assessment, monkeypatch):
    assert runs_over_time() == CONTROLS
    worked_out = {
        (asset, control): over_time_of(store, asset, control, assessment.since, assessment.until, assessment.as_known_at)
        for control in CONTROLS
        for asset in drawn(assessment, control)
    }
    assert {control for _, control in worked_out} == set(CONTROLS)
    monkeypatch.setattr(over_time, "over_time_of", None)  # nothing is worked out here
    for (asset, control), expected in worked_out.items():
        read = frames(over_time_kept(store, assessment, asset, control))
        assert len(read) == len(frames(expected)) > 0
        assert all(one.equals(other) for one, other in zip(read, frames(expected), strict=True))
        assert {one.height > 0 for one in read} == {True}


def test_assets_that_have_nothing_to_explain_are_not_written(store, assessment):
    held = {path.stem: set(over_time.pl.read_parquet(path)["asset"]) for path in (assessment.path / FOLDER).iterdir()}
    every = {asset for control in CONTROLS for asset in drawn(assessment, control)}
    assert sorted(held) == ["allowed", "counts-copies", "exposure"]
    assert all(assets <= every for assets in held.values())
    assert not list(store.folder.assessments_path.glob(".*")), "what was gathered is gone"


def test_what_is_damaged_or_not_there_is_worked_out(store, assessment):
    (asset, *_) = drawn(assessment, "recovery-point")
    good = frames(over_time_kept(store, assessment, asset, "recovery-point"))
    for file in (assessment.path / FOLDER).iterdir():
        file.write_bytes(file.read_bytes()[:40])
    damaged = frames(over_time_kept(store, assessment, asset, "recovery-point"))
    shutil.rmtree(assessment.path / FOLDER)
    gone = frames(over_time_kept(store, assessment, asset, "recovery-point"))
    assert [one.equals(two) and one.equals(three) for one, two, three in zip(good, damaged, gone, strict=True)] == [True, True]
