"""What goes to a worker and back is whole: random estates judged through packed tasks are judged as they are in one process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from audit.catalog.catalog import Catalog
from audit.evaluation import cluster
from audit.evaluation.assess import Judged
from audit.evaluation.chunks import Chunk
from tests.oracle.campaign import differences
from tests.oracle.estates import random_case


def through_the_wire(
    catalog: Catalog,
    known: int,
    chunks: Sequence[Chunk],
    since: int,
    until: int,
    controls: Sequence[str] | None,
    finished: Any,
    **here: Any,
) -> Iterator[Judged]:
    assert not any(here.values())  # outlines and worlds are for what is judged in this process
    place = cluster.Place(str(catalog.path.absolute()), None, tuple(catalog.pins().items()), catalog.mark())
    for chunk in chunks:
        task = cluster._packed((place, known, chunk.wide or chunk, since, until, controls))
        done = cluster.work(cluster.program(), task)
        assert isinstance(done, bytes), done
        yield cluster._unpacked(done)


@pytest.mark.heavy
@pytest.mark.parametrize("seed", [301, 304])
def test_random_estates_through_packed_tasks(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.evaluation.chunks.ROWS", 1)
    monkeypatch.setattr("audit.steps.assess.judge_chunks", through_the_wire)
    assert differences(random_case(seed), tmp_path) == []


def test_a_worker_whose_catalog_lags_behind_says_so(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    place = cluster.Place(str(tmp_path), None, tuple(catalog.pins().items()), 7)
    task = cluster._packed((place, 7, None, 0, 1, None))
    assert cluster.work(cluster.program(), task) == "sees the catalog only up to journal entry 0, and we up to 7"


def test_differences_between_programs_are_named() -> None:
    ours = {"Python": "3.11.2", "Polars": "2.1.0"}
    assert cluster.differing(ours | {"more": "1"}, ours) is None
    assert cluster.differing({"Python": "3.12.1"}, ours) == (
        "has Python 3.12.1 where we have 3.11.2, Polars none where we have 2.1.0: install the same versions on all machines"
    )
