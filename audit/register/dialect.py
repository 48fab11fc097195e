"""All that differs between databases. SQLite is complete; PostgreSQL has its write lock here and gets its guards with its own
issue.

No other module names a database.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import BigInteger, Connection, Engine, Integer, NullPool, create_engine, event, make_url
from sqlalchemy.exc import DatabaseError, OperationalError

from audit.errors import DataFolderError

BUSY_TIMEOUT_SECONDS = 60
"""How long a writer waits for another process to finish its entry."""

JOURNAL_LOCK = 0x6261636B75700001
"""The PostgreSQL advisory lock of the journal's writers; the number is arbitrary and fixed."""

Number = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit integer that SQLite takes as the row's own key."""


def connect(url: str) -> Engine:
    """Return an engine with this database's settings, for reading only where this user cannot write. Nothing is opened yet."""
    name = make_url(url).database
    if url.startswith("sqlite") and name and not _writable(Path(name)):
        # A connection for each transaction: whether another user writes meanwhile is looked at anew each time.
        engine = create_engine(url, creator=lambda: _open_for_reading(Path(name)), poolclass=NullPool)
        event.listen(engine, "connect", _read_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _writable(file: Path) -> bool:
    """Return whether this user can write a database: SQLite writes beside the file, too."""
    return os.access(file.parent, os.W_OK) and (not file.exists() or os.access(file, os.W_OK))


def _open_for_reading(file: Path) -> SqliteConnection:
    """Open a database that we cannot write. Where nobody has a write-ahead log open, SQLite has to be told that nothing will change,
    because it cannot make the log's index; where there is one, its entries count, and SQLite must read it.
    """
    log = file.with_name(f"{file.name}-wal")
    still = not log.exists() or (log.stat().st_size == 0 and not file.with_name(f"{file.name}-shm").exists())
    return sqlite3.connect(f"{file.as_uri()}?{'immutable=1' if still else 'mode=ro'}", uri=True, check_same_thread=False)


def _read_sqlite(connection: SqliteConnection, _record: Any) -> None:
    connection.text_factory = lambda raw: raw.decode(errors="replace")  # damaged text must reach `verify`, which names it
    connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}")


def _set_up_sqlite(connection: SqliteConnection, record: Any) -> None:
    _read_sqlite(connection, record)
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # a committed entry survives a power failure
        "foreign_keys=ON",
        "recursive_triggers=ON",  # without it, INSERT OR REPLACE goes round the triggers that guard the journal
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writing") else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection that sees one state of the database."""
    with _plainly(engine), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give the only writing connection: others wait until the block ends. It commits at the end, or undoes everything when the
    block raises.

    The lock is taken before anything is read and held to the commit: so numbers are given, and become visible, in order and without
    holes.
    """
    with _plainly(engine), engine.connect().execution_options(writing=True) as connection, connection.begin():
        lock_writers(connection)
        yield connection


def lock_writers(connection: Connection) -> None:
    """Wait until no other process writes, and keep others out until the transaction ends. SQLite did so with BEGIN IMMEDIATE."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({JOURNAL_LOCK})")


@contextmanager
def _plainly(engine: Engine) -> Iterator[None]:
    """Say in words what stopped the database (disk full, locked, not a database)."""
    try:
        yield
    except DatabaseError as error:
        if type(error) not in (OperationalError, DatabaseError):
            raise  # a broken rule (IntegrityError and its like) is a matter of the caller
        if "readonly database" in str(error.orig):
            raise DataFolderError(
                f"the data folder {Path(str(engine.url.database)).parent} cannot be written by this user"
            ) from error
        hint = " (is the disk full?)" if "disk I/O error" in str(error.orig) else ""
        raise DataFolderError(f"the register {engine.url.database} cannot be used: {error.orig}{hint}") from error


def append_only(connection: Connection, table: str, key: str) -> None:
    """Guard a table against accidents: rows are added with the key 1 higher than the last, and never changed, removed or replaced.

    The guards stop mistakes, not an attacker with the file in hand: against that stand the chain of hashes and the checkpoints.
    """
    if connection.dialect.name != "sqlite":
        raise DataFolderError(f"a register in {connection.dialect.name} is not supported by this version")
    for guard in _guards(table, key).values():
        connection.exec_driver_sql(guard)


def missing_guards(engine: Engine, tables: Mapping[str, str]) -> list[str]:
    """Return the names of the guards that are not there, or not as `append_only` made them. `tables`: the key of each table."""
    with reading(engine) as connection:
        rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
    there = {row.name: row.sql for row in rows}
    wanted = {name: sql for table, key in tables.items() for name, sql in _guards(table, key).items()}
    return [name for name, sql in wanted.items() if there.get(name) != sql]


def _guards(table: str, key: str) -> dict[str, str]:
    """Return the triggers of an append-only table by name. Registers keep these very words: other words need a migration."""
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    out_of_order = f"NEW.{key} IS NOT (SELECT coalesce(max({key}), 0) + 1 FROM {table})"  # noqa: S608 - names are ours, not input
    return {
        f"{table}_no_update": f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}",
        f"{table}_no_delete": f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
        f"{table}_in_order": f"CREATE TRIGGER {table}_in_order BEFORE INSERT ON {table} WHEN {out_of_order} {refuse}",
    }
