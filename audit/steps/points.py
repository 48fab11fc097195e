"""Points: the recovery points of an asset, with how long each surely and possibly lives.

What was known at a journal entry never changes, so the points of all assets are written to the data folder when an assessment is kept
(`points/<entry>-<format>/`, by asset): pages read them instead of working them out anew. They prove nothing and may be deleted.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from audit.evaluation.chunks import Chunk, chunks_of, fetch
from audit.evaluation.facts import Facts, resolve_facts
from audit.model.facts import INSTANT
from audit.steps._open import Store
from audit.steps.facts import points_of

FORMAT = 2
"""What this program writes. Points written in another format are not read."""
ENTRIES = 3
"""For how many journal entries, the newest, points stay written."""
ROW_GROUP = 8_192
"""Rows that are read at the least, and passed over when none is of the asset asked for."""

POINT: dict[str, pl.DataType] = {
    "part": pl.String(),
    "source": pl.String(),
    "subject": pl.String(),
    "repository": pl.String(),
    "id": pl.String(),
    "method": pl.String(),
    "captured_at": INSTANT,
    "available_at": INSTANT,
    "surely_until": INSTANT,  # null: nothing ended it
    "possibly_until": INSTANT,
    "bytes": pl.Int64(),
    "base": pl.String(),
    "basis": pl.String(),
    "integrity": pl.String(),
    "completeness": pl.String(),
    "immutable_until": INSTANT,
    "entry": pl.Int64(),
    "locator": pl.String(),
}


def points(store: Store, asset: str, known: int) -> pl.DataFrame:
    """Return the recovery points of an asset as known at a journal entry (POINT), by capture time: those whose subject was its own when they were captured.

    Raises `UsageError` for an asset that is not declared.
    """
    try:
        return pl.scan_parquet(_place(store, known) / "*.parquet").filter(pl.col("asset") == asset).select(list(POINT)).collect()
    except (OSError, pl.exceptions.PolarsError):  # not written, just taken away, or damaged
        (chunk,) = chunks_of(store.catalog, known, store.estate(known), [asset])
        return _of_chunk(_facts(store, known, chunk), chunk).select(list(POINT))


@dataclass(frozen=True, slots=True)
class GatheredPoints:
    """The points of all assets as known at a journal entry, while they are written; null: they are written already. On a cluster no facts are seen: they are read again."""

    store: Store
    known: int
    folder: Path | None
    taken: set[str] = field(default_factory=set)
    """The assets whose points are in the folder."""

    def take(self, number: int, chunk: Chunk, facts: Facts) -> None:
        """Note the points of a chunk that is being judged."""
        if self.folder is not None:
            _of_chunk(facts, chunk).write_parquet(self.folder / f"{number:04}.parquet", row_group_size=ROW_GROUP)
            self.taken.update(chunk.estate.segments["asset"])

    def write(self, unchanged: tuple[int, Collection[str]] | None = None) -> None:
        """Put what was noted where pages find it, and with it the points of the other assets; those of older entries but the newest are taken away.

        unchanged: an earlier entry, and the assets whose points are as they were known there: they are taken from what was written then, if it is there. What another process
        wrote meanwhile stays.
        """
        place = _place(self.store, self.known)
        if self.folder is None or place.exists():
            return
        if unchanged is not None and (there := _place(self.store, unchanged[0])).exists():
            rows = pl.scan_parquet(there / "*.parquet").filter(pl.col("asset").is_in(list(unchanged[1])))
            rows.sink_parquet(self.folder / "before.parquet", row_group_size=ROW_GROUP, maintain_order=True)
            self.taken.update(unchanged[1])
        estate = self.store.estate(self.known)
        left = {*estate.segments["asset"]} - self.taken
        if left or not any(self.folder.iterdir()):
            chunks = chunks_of(self.store.catalog, self.known, estate, sorted(left) if self.taken else None)
            for number, chunk in enumerate(chunks):
                rest = _of_chunk(_facts(self.store, self.known, chunk), chunk)
                rest.write_parquet(self.folder / f"rest-{number:04}.parquet", row_group_size=ROW_GROUP)
        self.folder.chmod(0o755)
        try:
            self.folder.rename(place)
        except OSError:
            if not place.exists():
                raise
            return  # another process wrote them in this very moment: what was known at an entry is the same for all
        written = sorted((each for each in place.parent.glob("[0-9]*-*") if each != place), key=_entry, reverse=True)
        for old in written[ENTRIES - 1 :]:
            shutil.rmtree(old, ignore_errors=True)


@contextmanager
def gathering_points(store: Store, known: int) -> Iterator[GatheredPoints]:
    """Give something that writes the points of all assets as known at a journal entry, unless they are there, from the facts that are judged."""
    place = _place(store, known)
    if place.exists():
        yield GatheredPoints(store, known, None)
        return
    place.parent.mkdir(exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".new-", dir=place.parent))
    try:
        yield GatheredPoints(store, known, aside)
    finally:
        shutil.rmtree(aside, ignore_errors=True)  # where it was not written to its end


def _place(store: Store, known: int) -> Path:
    return store.folder.points_path / f"{known}-{FORMAT}"


def _entry(place: Path) -> int:
    number = place.name.partition("-")[0]
    return int(number) if number.isdecimal() else 0


def _facts(store: Store, known: int, chunk: Chunk) -> Facts:
    return resolve_facts(fetch(store.catalog, known, chunk), store.estate(known).sources, {False})


def _of_chunk(facts: Facts, chunk: Chunk) -> pl.DataFrame:
    """Return `asset` and POINT of the assets of a chunk, by asset and capture time."""
    found = points_of(facts)
    owned = found.join(chunk.estate.aliases.select("asset", "source", "subject", "part", "from", "to"), on=["source", "subject"])
    # Where nobody told when it was captured: by when it was at the latest.
    at = pl.coalesce("captured_at", pl.min_horizontal("captured_until", "available_at"))
    held = (pl.col("from").is_null() | (at >= pl.col("from"))) & (pl.col("to").is_null() | (at < pl.col("to")))
    ordered = owned.filter(held).sort("asset", "captured_at", "repository", "id")
    return ordered.select("asset", *(pl.col(name).cast(kind) for name, kind in POINT.items()))
