"""The catalog: applies entries exactly once, and reads them as known at any of them.

Each table is an unpartitioned *inbox* that takes the appends; recovery points and runs also have a part that is laid out for
reading (`layout.py`), to which `compact` moves the inbox's rows. Readers take both, without what compaction moved but has not
yet cleared from the inbox.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from audit.catalog.batch import Applied, Batch, Held
from audit.catalog.layout import LAID_OUT, PARTITIONS, bucket_of, is_due, move, tidy
from audit.catalog.lease import lease
from audit.catalog.place import place_of
from audit.catalog.schemas import TABLES
from audit.catalog.table import LostRaceError, Pin, Snapshot, Table, readable
from audit.errors import DataFolderError

__all__ = ["Applied", "Catalog", "LostRaceError"]

KEPT_FOR_HOURS = 24
"""Files that a table no longer needs stay this long for those who opened it before, and for those who have not committed theirs
yet."""


class Catalog:
    """The tables in a folder, or under an address of an object store. Opening it reads nothing; a missing table is made empty when it is first needed."""

    def __init__(self, path: Path, address: str | None = None, pins: Mapping[str, Pin] | None = None) -> None:
        """path: the folder, also of the lease when the tables lie under an address. pins: the states in which its tables are read, as `pins` names them; it is
        never written then."""
        self.path = path
        self.place = place = place_of(path, address)
        pinned = pins or {}
        self._inbox = {
            name: Table(place.within(f"{name}_inbox" if name in LAID_OUT else name), schema, pin=pinned.get(name))
            for name, schema in TABLES.items()
        }
        self._laid_out = {
            name: Table(place.within(name), TABLES[name] | dict.fromkeys(split, pl.Int64()), split, pinned.get(f"{name} laid out"))
            for name, split in PARTITIONS.items()
        }
        self._reached: dict[str, int] = {}

    def pins(self) -> dict[str, Pin]:
        """Return the states of all tables now: together they are the catalog at one moment, also where compaction is at work."""
        return {name: table.pin() for name, table in self._open().items()}

    def mark(self) -> int:
        """Return the number of the last journal entry that every table holds; scans are valid up to it."""
        return min(table.open().mark for table in self._inbox.values())

    def apply(self, entries: Sequence[Applied], up_to: int) -> None:
        """Apply entries (ascending) and note that all of the journal up to `up_to` is applied. One commit a table.

        What a table holds already is not applied to it again. Raises `LostRaceError` when another process has applied something
        meanwhile: nothing, or some of the tables, may have been written; read the mark again and go on from there.
        """
        tables = self._open()
        marks = {name: tables[name].mark for name in TABLES}
        if min(marks.values()) >= up_to:
            return
        entries = [entry for entry in entries if entry.number > min(marks.values())]
        with readable(self.place):
            laid_out = tables["recovery_points laid out"]
            held = self._scan(tables, "recovery_points", pl.col("held") == 1)
            batch = Batch(entries, {name: self._scan(tables, name) for name in TABLES}, marks, Held(held, laid_out.mark))
            for name in TABLES:
                if marks[name] < up_to:
                    tables[name].append(batch.parts(name), up_to)

    def tellings(self, known_at: int, keys: pl.DataFrame | None = None, columns: Sequence[str] | None = None) -> pl.LazyFrame:
        """Return the rows of recovery points known at a journal entry (POINT_ROW).

        `keys`: a frame with `source` and `subject` to restrict to. `columns`: the columns to return. Rows of complete listings
        (`from_complete`) stand only where the state of a point differs from the one at the listing before (`membership.py` says
        how to read them).
        """
        return self._known("recovery_points", known_at, keys, columns)

    def runs(self, known_at: int, keys: pl.DataFrame | None = None, columns: Sequence[str] | None = None) -> pl.LazyFrame:
        """Return the tellings of runs known at a journal entry (RUN_ROW); `keys` as in `tellings`."""
        return self._known("runs", known_at, keys, columns)

    def listings(self, known_at: int) -> pl.DataFrame:
        """Return the listings known at a journal entry (LISTING_ROW)."""
        return self._small("listings", known_at)

    def payloads(self, known_at: int) -> pl.DataFrame:
        """Return the payloads known at a journal entry (PAYLOAD_ROW)."""
        return self._small("payloads", known_at)

    def quarantine(self, known_at: int) -> pl.DataFrame:
        """Return the faults known at a journal entry (QUARANTINE_ROW)."""
        return self._small("quarantine", known_at)

    def compact(self, *, force: bool = False) -> bool:
        """Lay out what is in the inboxes for reading, where it has become much (or always, when forced).

        Return whether anything was done.

        Raises `LostRaceError` when another process has committed meanwhile; nothing is lost then, and the next call does the
        rest.
        """
        done = False
        with lease(self.path) as ours, readable(self.place):
            if not ours:
                return False
            for name in TABLES:
                inbox = self._inbox[name].open()
                laid_out = self._laid_out[name].open() if name in LAID_OUT else None
                if force or is_due(inbox, laid_out):
                    done = (tidy(inbox) if laid_out is None else move(inbox, laid_out, LAID_OUT[name])) or done
        return done

    def vacuum(self, kept_for_hours: int = KEPT_FOR_HOURS) -> int:
        """Delete files that no table needs any longer, also those of writers that were killed. Return how many."""
        with lease(self.path) as ours, readable(self.place):
            return sum(table.open().vacuum(kept_for_hours) for table in self._all()) if ours else 0

    def unreadable(self) -> Iterator[str]:
        """Read every table to its end, and yield for each that cannot be read the sentence that says so."""
        for table in self._all():
            try:
                with readable(table.place):
                    table.open().scan().select(pl.all().null_count()).collect(engine="streaming")
            except DataFolderError as error:
                yield str(error)

    def drop(self) -> None:
        """Delete all tables, readable or not: `rebuild` makes them again from vault and journal."""
        self.place.drop()

    def _all(self) -> list[Table]:
        return [*self._inbox.values(), *self._laid_out.values()]

    def _open(self) -> dict[str, Snapshot]:
        # Inboxes first: what compaction moves between the two openings is then seen in both, and passed over in the inbox. The
        # other way round it would be seen in neither.
        tables = {name: table.open() for name, table in self._inbox.items()}
        return tables | {f"{name} laid out": table.open() for name, table in self._laid_out.items()}

    def _scan(self, tables: Mapping[str, Snapshot], name: str, *laid_out_where: pl.Expr) -> pl.LazyFrame:
        inbox = tables[name].scan()
        if name not in LAID_OUT:
            return inbox
        laid_out = tables[f"{name} laid out"]
        moved = laid_out.scan().filter(*laid_out_where) if laid_out_where else laid_out.scan()
        return pl.concat([moved.select(list(TABLES[name])), inbox.filter(pl.col("entry") > laid_out.mark)])

    def _known(self, name: str, known_at: int, keys: pl.DataFrame | None, columns: Sequence[str] | None) -> pl.LazyFrame:
        inbox, laid_out = self._inbox[name].open(), self._laid_out[name].open()
        known = pl.col("entry") <= self._up_to(known_at, inbox)
        parts = [laid_out.scan().filter(known), inbox.scan().filter(known, pl.col("entry") > laid_out.mark)]
        if keys is not None:
            keys = keys.select("source", "subject").unique()
            # The ranges let the reader pass over whole row groups: files are sorted by these columns.
            low, high = ({name: pl.lit(ends[name][0], pl.String) for name in ends.columns} for ends in (keys.min(), keys.max()))
            chosen = [pl.col(name).is_between(low[name], high[name]) for name in keys.columns]
            parts = [part.filter(*chosen) for part in parts]
            parts[0] = parts[0].filter(pl.col("bucket").is_in(bucket_of(keys).unique().implode()))
            parts = [part.join(keys.lazy(), on=["source", "subject"], how="semi") for part in parts]
        return pl.concat(part.select(list(columns or TABLES[name])) for part in parts)

    def _small(self, name: str, known_at: int) -> pl.DataFrame:
        with readable(self._inbox[name].place):
            inbox = self._inbox[name].open()
            return inbox.scan().filter(pl.col("entry") <= self._up_to(known_at, inbox)).collect()

    def _up_to(self, known_at: int, inbox: Snapshot) -> int:
        """Return the entry up to which a scan of what is known at an entry reads. The mark of tables only grows, unless they are made anew: what it once reached is not asked for
        again, which would open every table."""
        table = inbox.pin().table
        reached = self._reached.get(table, -1)
        if known_at > reached:
            reached = self._reached[table] = self.mark()  # in place: chunks are read by several threads
        return min(known_at, reached)
