"""Points: the recovery points of an asset, with how long each surely and possibly lives.

What was known at a journal entry never changes, so the points of all assets are written to the data folder when an assessment is kept
(`points/<entry>-<format>/`, by asset): pages read them instead of working them out anew. They prove nothing and may be deleted.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection
from pathlib import Path

import polars as pl

from audit.evaluation.chunks import Chunk, chunks_of, fetch
from audit.evaluation.facts import resolve_facts
from audit.model.facts import INSTANT
from audit.steps._open import Store
from audit.steps.facts import points_of

FORMAT = 1
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
        return _of_chunk(store, known, chunk).select(list(POINT))


def write_points(store: Store, known: int, unchanged: tuple[int, Collection[str]] | None = None) -> None:
    """Write the points of all assets as known at a journal entry, unless they are there; those of older entries but the newest are taken away.

    unchanged: an earlier entry, and the assets whose points are as they were known there: they are taken from what was written then, if it is there."""
    place = _place(store, known)
    if place.exists():
        return
    place.parent.mkdir(exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".new-", dir=place.parent))
    try:
        left: list[str] | None = None
        if unchanged is not None and (there := _place(store, unchanged[0])).exists():
            rows = pl.scan_parquet(there / "*.parquet").filter(pl.col("asset").is_in(list(unchanged[1])))
            rows.sink_parquet(aside / "before.parquet", row_group_size=ROW_GROUP, maintain_order=True)
            left = sorted({*store.estate(known).segments["asset"]} - set(unchanged[1]))
        chunks = [] if left == [] else chunks_of(store.catalog, known, store.estate(known), left)
        for number, chunk in enumerate(chunks):
            _of_chunk(store, known, chunk).write_parquet(aside / f"{number:04}.parquet", row_group_size=ROW_GROUP)
        aside.chmod(0o755)
        aside.rename(place)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    written = sorted((each for each in place.parent.glob("[0-9]*-*") if each != place), key=_entry, reverse=True)
    for old in written[ENTRIES - 1 :]:
        shutil.rmtree(old, ignore_errors=True)


def _place(store: Store, known: int) -> Path:
    return store.folder.points_path / f"{known}-{FORMAT}"


def _entry(place: Path) -> int:
    number = place.name.partition("-")[0]
    return int(number) if number.isdecimal() else 0


def _of_chunk(store: Store, known: int, chunk: Chunk) -> pl.DataFrame:
    """Return `asset` and POINT of the assets of a chunk, by asset and capture time."""
    facts = resolve_facts(fetch(store.catalog, known, chunk), store.estate(known).sources, {False})
    found = points_of(facts)
    owned = found.join(chunk.estate.aliases.select("asset", "source", "subject", "part", "from", "to"), on=["source", "subject"])
    held = (pl.col("from").is_null() | (pl.col("captured_at") >= pl.col("from"))) & (
        pl.col("to").is_null() | (pl.col("captured_at") < pl.col("to"))
    )
    ordered = owned.filter(held).sort("asset", "captured_at", "repository", "id")
    return ordered.select("asset", *(pl.col(name).cast(kind) for name, kind in POINT.items()))
