"""One Delta table: opened as a snapshot, appended to and rewritten through that snapshot, read with Polars.

A `Snapshot` is the table as one handle saw it. Every commit goes through the handle from which the mark was read and allows no
retry, so that a commit of anybody else in between makes it fail (`LostRaceError`) instead of being mixed with it. Data files
are written by Polars, which keeps the order of rows and is several times faster than the Delta writer; Delta makes the commit.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import quote, unquote
from uuid import uuid4

import polars as pl
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake import Schema as DeltaSchema
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.schema import Field, PrimitiveType
from deltalake.table import FilterType
from deltalake.transaction import AddAction

from audit.catalog.place import Folder, Place, first_line
from audit.errors import BackupAuditError, DataFolderError
from audit.model.facts import INSTANT

Partition = Mapping[str, str]
"""The value of each column by which a table's files are split."""

APP = "journal"
"""The Delta app transaction whose version is the number of the last journal entry that a table holds."""

DELTA_TYPES = {pl.String(): "string", pl.Int64(): "long", pl.Boolean(): "boolean", INSTANT: "timestamp"}
CONFIGURATION = {"delta.checkpointInterval": "50", "delta.logRetentionDuration": "interval 1 days"}
UNQUOTED = "/+&$,;=@:!*'()~"
"""Characters that may stand in a path and stay as they are in a URL, beside letters and digits."""
ROW_GROUP = 65_536
"""Rows a Parquet row group: what a reader of few subjects reads too much of, at the most, a file."""


class LostRaceError(BackupAuditError):
    """Another process committed to the catalog since its mark was read. Read the mark again and go on from there."""


@contextmanager
def readable(place: Place) -> Iterator[None]:
    """Turn errors of reading a table into one that says how to mend it."""
    try:
        yield
    except CommitFailedError:
        raise
    except (DeltaError, pl.exceptions.ComputeError, OSError) as error:
        raise unreadable(place, str(error).partition("\n")[0] if isinstance(place, Folder) else first_line(error)) from error


def unreadable(place: Place, why: str) -> DataFolderError:
    """Return the error for a table that cannot be read."""
    first = "" if isinstance(place, Folder) else "look at the address and the credentials in the environment, or else "
    return DataFolderError(
        f"the catalog table {place} cannot be read ({why}); {first}make it again from vault and journal with: backup-audit rebuild"
    )


@dataclass(frozen=True, slots=True)
class Pin:
    """One state of one table: Delta's own id of the table, which no other has, and the version of it."""

    table: str
    version: int


@dataclass(frozen=True, slots=True)
class Table:
    """Where a table lies and what it holds. `partition` names the columns by which its files are split, if any. `pin`: it is read in this state, and never written."""

    place: Place
    schema: dict[str, pl.DataType]
    partition: tuple[str, ...] = ()
    pin: Pin | None = None
    _opened: list[Snapshot] = field(default_factory=list, repr=False, compare=False)
    """The pinned state, once it was opened: it stays the same, and an object store takes many requests to open it."""

    def open(self) -> Snapshot:
        """Return the table as it is now. Creates it empty when it does not exist; one that an older version of the program made is
        given the columns that it lacks, which are null in all its rows. One that is pinned is neither made nor changed.
        """
        if self.pin is not None:
            if not self._opened:
                self._opened.append(self._pinned(self.pin))
            return self._opened[0]
        with readable(self.place):
            try:
                return Snapshot(self, self._grown(DeltaTable(self.place.address)))
            except TableNotFoundError:
                if self.place.holds_data():
                    raise unreadable(self.place, "it has data files but no log") from None
                delta = DeltaSchema([Field(name, PrimitiveType(DELTA_TYPES[kind])) for name, kind in self.schema.items()])
                try:
                    self.place.make()
                except PermissionError as error:
                    raise DataFolderError(
                        f"the catalog table {self.place} is missing, and this user cannot write in the data folder to make it: "
                        "run the command once as a user who can"
                    ) from error
                with suppress(CommitFailedError):  # another process made it in this very moment
                    DeltaTable.create(
                        self.place.address, delta, mode="ignore", partition_by=list(self.partition), configuration=CONFIGURATION
                    )
                return Snapshot(self, DeltaTable(self.place.address))

    def _pinned(self, pin: Pin) -> Snapshot:
        try:
            delta = DeltaTable(self.place.address, version=pin.version)
            found = str(delta.metadata().id)
        except TableNotFoundError:
            raise DataFolderError(f"it finds no catalog table {self.place}") from None
        except (DeltaError, OSError) as error:
            raise DataFolderError(
                f"the catalog table {self.place} cannot be read as of version {pin.version} ({first_line(error)})"
            ) from error
        if found != pin.table:
            raise DataFolderError(f"the catalog table {self.place} that it finds is another one of the same name")
        with readable(self.place):
            return Snapshot(self, delta)

    def _grown(self, delta: DeltaTable) -> DeltaTable:
        """Return the table with every column of the schema."""
        there = {field.name for field in delta.schema().fields}
        lacking = [Field(name, PrimitiveType(DELTA_TYPES[kind])) for name, kind in self.schema.items() if name not in there]
        if not lacking:
            return delta
        if not self.place.writable():
            raise DataFolderError(
                f"the catalog table {self.place} is of an older version, and this user cannot write in the data folder to renew it: "
                "run the command once as a user who can"
            )
        with suppress(CommitFailedError):  # another process renewed it, or wrote to it, in this very moment
            delta.alter.add_columns(lacking)
        return self._grown(DeltaTable(self.place.address))


class Snapshot:
    """A table as one handle saw it. `mark` is the last journal entry it holds."""

    def __init__(self, table: Table, delta: DeltaTable) -> None:
        self.table = table
        self._delta = delta
        self.mark: int = delta.transaction_version(APP) or 0
        files = pl.DataFrame(delta.get_add_actions())
        self.files: dict[str, int] = dict(files.select("path", "size_bytes").iter_rows())
        """Size in bytes by path inside the table."""
        there = table.place.sizes(self.files) if self.files else {}
        for name, size in self.files.items():
            if there.get(name) != size:
                raise unreadable(table.place, f"its file {name} is missing or cut off")

    def scan(self) -> pl.LazyFrame:
        """Return the rows of the table as it was when it was opened."""
        place = self.table.place
        if not isinstance(place, Folder) or quote(place.address, safe=UNQUOTED) == place.address:
            return pl.scan_delta(self._delta)
        # Delta names its place as a URL, and Polars looks for that very name: in folders called `my data` or `数据` the files are named one by one.
        if not self.files:
            return pl.LazyFrame(schema=self.table.schema)
        kinds = {name: self.table.schema[name] for name in self.table.partition}
        files = [place.path / unquote(name) for name in self.files]
        rows = pl.scan_parquet(
            files, glob=False, hive_partitioning=bool(kinds), hive_schema=kinds or None, missing_columns="insert"
        )
        return rows.select(list(self.table.schema))

    def pin(self) -> Pin:
        """Return what names this state of this table."""
        return Pin(str(self._delta.metadata().id), self._delta.version())

    def rows(self) -> int:
        """Return the number of rows, from the log."""
        return int(self._delta.count()) if self.files else 0

    def append(self, parts: Sequence[pl.LazyFrame], mark: int) -> None:
        """Add rows and set the mark, in one commit. Raises `LostRaceError` when the table has changed since it was opened."""
        self._commit([self._write(pl.concat(parts), {})] if parts else [], mark)

    def replace(self, made: Iterable[tuple[Partition, pl.LazyFrame]], mark: int) -> None:
        """Put new rows in the place of all partitions that share their first column's value, and set the mark, in one commit."""
        first, files, replaced = self.table.partition[0], [], []
        for values, rows in made:
            files.append(self._write(rows, values))
            replaced.append(values[first])
        self._commit(files, mark, "overwrite", [(first, "in", sorted(set(replaced)))])

    def rewrite(self, rows: pl.LazyFrame | None) -> None:
        """Put these rows (null: none) in the place of all, in one commit. The mark stays."""
        self._commit([] if rows is None else [self._write(rows, {})], self.mark, "overwrite")

    def vacuum(self, kept_for_hours: int) -> int:
        """Delete the files that no version of the last hours needs, and those that were never committed. Return how many."""
        return len(self._delta.vacuum(kept_for_hours, dry_run=False, enforce_retention_duration=False, full=True))

    def _write(self, rows: pl.LazyFrame, values: Partition) -> AddAction:
        name = "/".join([*(f"{column}={value}" for column, value in values.items()), f"{uuid4().hex}.parquet"])
        # Delta keeps the values of a partition in the log, not in the file.
        made = self.table.place.write(name, rows.drop(values), compression="zstd", compression_level=3, row_group_size=ROW_GROUP)
        return AddAction(name, made.size, values, made.at, True, statistics(f"{self.table.place.address}/{name}"))

    def _commit(self, actions: Sequence[AddAction], mark: int, mode: str = "append", filters: FilterType | None = None) -> None:
        split = list(self.table.partition)
        properties = CommitProperties(app_transactions=[Transaction(APP, mark)], max_commit_retries=0)
        try:
            self._delta.create_write_transaction(
                list(actions), mode, self._delta.schema(), split, filters, commit_properties=properties
            )
        except CommitFailedError as error:
            raise LostRaceError(f"another process has changed the catalog table {self.table.place} meanwhile; try again") from error


def statistics(file: str) -> str:
    """Return a file's statistics in Delta's form: the columns by which files are passed over."""
    rows = pl.scan_parquet(file, glob=False)
    names = [name for name in ("source", "repository", "entry") if name in rows.collect_schema()]
    made = rows.select(
        pl.len().alias("rows"),
        *(pl.col(name).min().alias(f"least {name}") for name in names),
        *(pl.col(name).max().alias(f"most {name}") for name in names),
    )
    found = made.collect().row(0, named=True)
    least, most = (
        {name: found[f"{end} {name}"] for name in names if found[f"{end} {name}"] is not None} for end in ("least", "most")
    )
    return json.dumps({"numRecords": found["rows"], "minValues": least, "maxValues": most, "nullCount": dict.fromkeys(least, 0)})
