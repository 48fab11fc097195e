"""Over time: how exposure and copies ran on an asset.

What was known at a journal entry never changes, so it is written beside a kept assessment (`over-time/` in its folder, by asset), of the assets that have something to
explain: pages draw from it instead of working it out of the evidence. It proves nothing and may be deleted.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from audit.evaluation.chunks import chunks_of, fetch
from audit.evaluation.facts import resolve_facts
from audit.evaluation.kept import KeptAssessment
from audit.evaluation.over_time import OverTime, courses, over_time, runs_over_time
from audit.evaluation.world import build_world
from audit.model.assessment import Assessment
from audit.model.terms import micros
from audit.model.world import World
from audit.steps._open import Store

FOLDER = "over-time"
ROW_GROUP = 8_192
"""Rows that are read at the least, and passed over when none is of the asset asked for."""


def over_time_of(store: Store, asset: str, control: str, since: datetime, until: datetime, known: int) -> OverTime:
    """Work out of the evidence how a control ran over [since, until) on an asset, as known at a journal entry."""
    (chunk,) = chunks_of(store.catalog, known, store.estate(known), [asset])
    acceptances = {False} | {policy.accept_partial for policy in chunk.estate.policies}
    facts = resolve_facts(fetch(store.catalog, known, chunk), chunk.estate.sources, acceptances)
    world = build_world(chunk.estate, facts, micros(since), micros(until))
    return over_time(control, courses(world, [control]).__getitem__)


def over_time_kept(store: Store, kept: KeptAssessment, asset: str, control: str) -> OverTime:
    """Return how a control ran on an asset in the period of a kept assessment, as known then."""

    def read(name: str) -> pl.DataFrame:
        return pl.scan_parquet(kept.path / FOLDER / f"{name}.parquet").filter(pl.col("asset") == asset).collect()

    try:
        found = over_time(control, read)
    except (OSError, pl.exceptions.PolarsError):  # not written, just taken away, or damaged
        return over_time_of(store, asset, control, kept.since, kept.until, kept.as_known_at)
    return found


@dataclass(frozen=True, slots=True)
class Gathered:
    """What ran over time in the worlds that controls judged, until it is written beside the assessment. On a cluster nothing is seen, and nothing written."""

    folder: Path

    def look(self, number: int, world: World) -> None:
        """Note the world of a chunk."""
        for name, frame in courses(world, runs_over_time()).items():
            place = self.folder / name
            place.mkdir(exist_ok=True)
            frame.write_parquet(place / f"{number:05}.parquet", row_group_size=ROW_GROUP)

    def take_from(self, before: KeptAssessment, assets: Collection[str]) -> None:
        """Note what ran over time on some assets as an earlier assessment says, which has it of all that have something to explain.

        Where it has nothing, as one made on a cluster, nothing of any is noted: half of it would look like all."""
        if not (before.path / FOLDER).exists():
            for place in self.folder.iterdir():
                shutil.rmtree(place)
            return
        for file in sorted((before.path / FOLDER).glob("*.parquet")):
            place = self.folder / file.stem
            place.mkdir(exist_ok=True)
            rows = pl.scan_parquet(file).filter(pl.col("asset").is_in(list(assets)))
            rows.sink_parquet(place / "before.parquet", row_group_size=ROW_GROUP, maintain_order=True)

    def write(self, assessment: Assessment, folder: Path) -> None:
        """Write what is noted of the assets that have a breach or an unproven stretch of a control that runs over time."""
        drawn = set(runs_over_time())
        asking = {one.asset for one in assessment.results.having("breaches", "waived", "unproven") if one.control in drawn}
        noted = sorted(place for place in self.folder.iterdir() if place.is_dir())
        if noted:
            (folder / FOLDER).mkdir()
        for place in noted:
            rows = pl.scan_parquet(sorted(place.glob("*.parquet"))).filter(pl.col("asset").is_in(list(asking)))
            rows.sink_parquet(folder / FOLDER / f"{place.name}.parquet", row_group_size=ROW_GROUP, maintain_order=True)


@contextmanager
def gathering(store: Store) -> Iterator[Gathered]:
    """Give something that gathers what runs over time while an assessment is made, in the data folder; what was gathered goes away afterwards."""
    store.folder.must_be_writable()
    store.folder.assessments_path.mkdir(exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix=".over-time-", dir=store.folder.assessments_path))
    try:
        yield Gathered(place)
    finally:
        shutil.rmtree(place, ignore_errors=True)
