"""Points written beside a kept assessment are the points that the catalog gives."""

from __future__ import annotations

import shutil

import pytest

import audit.steps.points
from audit.steps._open import open_store
from audit.steps.points import ENTRIES, FORMAT, POINT, gathering_points, points
from tests.web.conftest import build_data

ASSET = "im-messages-db"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("points") / "data"
    build_data(folder)
    return open_store(folder)


def write_points(store, known):
    """Write what nobody saw while it was judged."""
    with gathering_points(store, known) as gathered:
        gathered.write()


def place(store, known):
    return store.folder.points_path / f"{known}-{FORMAT}"


def test_points_are_written_with_an_assessment_and_are_those_of_the_catalog(kept):
    head = kept.head()
    assert place(kept, head).is_dir()
    read = points(kept, ASSET, head)
    shutil.rmtree(place(kept, head))
    worked_out = points(kept, ASSET, head)
    assert read.height > 400
    assert read.schema == worked_out.schema == POINT
    assert read.equals(worked_out)
    write_points(kept, head)
    assert points(kept, ASSET, head).equals(worked_out)


def test_an_asset_without_points_has_none_and_what_is_damaged_is_worked_out(kept):
    head = kept.head()
    write_points(kept, head)
    others = [name for name in kept.estate(head).segments["asset"].unique() if name != ASSET]
    assert all(points(kept, name, head).is_empty() for name in others)
    good = points(kept, ASSET, head)
    for file in place(kept, head).iterdir():
        file.write_bytes(file.read_bytes()[:40])
    assert points(kept, ASSET, head).equals(good)


def test_points_of_the_newest_entries_stay_and_are_as_known_then(kept):
    head = kept.head()
    heights = []
    for known in range(head - 5, head + 1):
        write_points(kept, known)
        heights.append(points(kept, ASSET, known).height)
    there = sorted(int(path.name.partition("-")[0]) for path in kept.folder.points_path.iterdir())
    assert there == list(range(head - ENTRIES + 1, head + 1))
    assert heights == sorted(heights)
    assert heights[0] < heights[-1]


def test_points_that_another_process_wrote_meanwhile_stay_and_nothing_fails(kept):
    known = kept.head() - 1
    shutil.rmtree(place(kept, known), ignore_errors=True)
    with gathering_points(kept, known) as gathered:
        write_points(kept, known)
        theirs = sorted(path.stat().st_ino for path in place(kept, known).iterdir())
        gathered.write()
    assert sorted(path.stat().st_ino for path in place(kept, known).iterdir()) == theirs
    assert not list(kept.folder.points_path.glob(".new-*"))


def test_points_that_another_process_writes_in_the_very_moment_stay_too(kept, monkeypatch):
    known = kept.head() - 2
    shutil.rmtree(place(kept, known), ignore_errors=True)
    real = audit.steps.points.chunks_of

    def meanwhile(*given):
        monkeypatch.setattr("audit.steps.points.chunks_of", real)
        write_points(kept, known)
        return real(*given)

    monkeypatch.setattr("audit.steps.points.chunks_of", meanwhile)
    write_points(kept, known)
    assert place(kept, known).is_dir()
    assert not list(kept.folder.points_path.glob(".new-*"))
