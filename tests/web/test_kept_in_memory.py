"""What the site holds of kept assessments: read once, let go of, and never older than the folder."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest

from audit.content import Content
from audit.steps._open import open_store
from audit.steps.keep import assess_and_keep
from audit.web._site import LOADED, Site
from tests.web.conftest import NOW, PERIOD


@pytest.fixture
def here(data, tmp_path):
    shutil.copytree(data, tmp_path / "data")
    return Site(open_store(tmp_path / "data"), Content())


def test_frames_are_read_once_and_an_assessment_made_anew_is_seen(here):
    first = here.assessment(None)
    assert here.assessment(None) is first
    assert here.assessment(first.id) is first
    made = []
    for _ in range(3):
        assert here.of(first, "height", lambda: made.append(1) or first.results.height) == first.results.height
    assert len(made) == 1
    later = NOW + timedelta(days=1)
    assess_and_keep(here.store, *PERIOD, now=later)
    again = here.assessment(None)
    assert again is not first
    assert again.made_at == later
    here.of(again, "height", lambda: made.append(1))
    assert len(made) == 2


def test_no_more_than_a_few_stay_and_one_taken_away_is_gone(here):
    since, until = PERIOD
    for days in range(1, LOADED + 2):
        assess_and_keep(here.store, since, until - timedelta(days=days), now=NOW + timedelta(days=days))
    every = here.assessments()
    assert len(every) == LOADED + 2
    loaded = [here.assessment(one.id) for one in every]
    assert here.assessment(every[-1].id) is loaded[-1]
    assert here.assessment(every[0].id) is not loaded[0]
    shutil.rmtree(every[0].path)
    assert here.assessment(every[0].id) is None
    assert here.assessment(None).id == every[1].id


def test_one_that_is_kept_again_with_nothing_new_is_not_written_again(here):
    (first,) = here.assessments()
    written = {file.name: file.stat().st_ino for file in first.path.iterdir() if file.suffix == ".parquet"}
    again = assess_and_keep(here.store, *PERIOD, now=NOW + timedelta(days=1))
    assert (again.judged, again.since) == (0, first.as_known_at)
    assert {file.name: file.stat().st_ino for file in first.path.iterdir() if file.suffix == ".parquet"} == written
    (kept,) = here.assessments()
    assert kept.about == {**first.about, "made_at": "2026-11-26T08:00:00Z"}
    assert kept.made_at == NOW + timedelta(days=1)
    anew = assess_and_keep(here.store, *PERIOD, now=NOW + timedelta(days=2), anew=True)
    assert anew.judged > 0
    assert anew.assessment == again.assessment
    assert {file.name: file.stat().st_ino for file in first.path.iterdir() if file.suffix == ".parquet"} != written
