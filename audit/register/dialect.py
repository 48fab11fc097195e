"""All that differs between the two databases that hold a register: SQLite (a file of the data folder) and PostgreSQL 15 or newer.

No other module of the program names a database, but for the addresses that `audit.settings` reads.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import URL, BigInteger, Connection, Engine, Integer, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

from audit.errors import DataFolderError

_READING = {"postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}}
"""What a reader of each database asks for: one state from beginning to end. Writers see, once they hold the lock, what was committed before."""

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
    try:
        engine = create_engine(url)
    except (ArgumentError, ModuleNotFoundError) as error:
        raise DataFolderError(f"the register {_shown(url)} cannot be used: {error}; see docs/register.md") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def address(text: str) -> str:
    """Return the address of a PostgreSQL database as it may be kept in a file. Raises `DataFolderError` for any other, and for one with a password: it would lie in clear."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise DataFolderError(f"is not an address: {error}") from error
    if url.get_backend_name() != "postgresql":
        raise DataFolderError("is not the address of a PostgreSQL database, such as postgresql+psycopg://audit@db.example/audit")
    if url.password is not None or not {"password", "sslpassword"}.isdisjoint(url.query):
        raise DataFolderError(
            "an address with a password is not kept; give the password in a file (PGPASSFILE, ~/.pgpass) or in PGPASSWORD"
        )
    return text


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
    with (
        _plainly(engine),
        engine.connect().execution_options(**_READING.get(engine.dialect.name, {})) as connection,
        connection.begin(),
    ):
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
        if type(error) not in (OperationalError, DatabaseError) and not _refused(error):
            raise  # a broken rule (IntegrityError and its like) is a matter of the caller
        if "readonly database" in str(error.orig):
            raise DataFolderError(
                f"the data folder {Path(str(engine.url.database)).parent} cannot be written by this user"
            ) from error
        hint = " (is the disk full?)" if "disk I/O error" in str(error.orig) else ""
        place = engine.url.database if engine.dialect.name == "sqlite" else _shown(engine.url)
        raise DataFolderError(f"the register {place} cannot be used: {error.orig}{hint}") from error


def _refused(error: DatabaseError) -> bool:
    """Tell whether PostgreSQL does not let this user do it."""
    return getattr(error.orig, "sqlstate", None) in ("42501", "25006")


def _shown(url: str | URL) -> str:
    """Return an address without what may be secret in it."""
    told: str = make_url(url).render_as_string(hide_password=True)
    return told


def append_only(connection: Connection, table: str, key: str) -> None:
    """Guard a table against accidents: rows are added with the key 1 higher than the last, and never changed, removed or replaced.

    The guards stop mistakes, not an attacker with the file in hand: against that stand the chain of hashes and the checkpoints.
    """
    if connection.dialect.name == "postgresql":
        for name, (function, trigger) in _postgresql_guards(table, key).items():
            connection.exec_driver_sql(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${function}$$")
            connection.exec_driver_sql(f"CREATE TRIGGER {name} {trigger} EXECUTE FUNCTION {name}()")
        return
    for guard in _guards(table, key).values():
        connection.exec_driver_sql(guard)


def missing_guards(engine: Engine, tables: Mapping[str, str]) -> list[str]:
    """Return the names of the guards that are not there, or not as `append_only` made them. `tables`: the key of each table."""
    if engine.dialect.name == "postgresql":
        return _missing_in_postgresql(engine, tables)
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


def _postgresql_guards(table: str, key: str) -> dict[str, tuple[str, str]]:
    """Return by name the function of each guard, and when its trigger calls it. Registers keep these very words, too."""
    refuse = f"RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'integrity_constraint_violation';"
    out_of_order = f"NEW.{key} IS DISTINCT FROM (SELECT coalesce(max({key}), 0) + 1 FROM {table})"  # noqa: S608 - names are ours, not input
    never = f"BEGIN {refuse} END"
    return {
        f"{table}_no_update": (never, f"BEFORE UPDATE ON {table} FOR EACH ROW"),
        f"{table}_no_delete": (never, f"BEFORE DELETE ON {table} FOR EACH ROW"),
        f"{table}_no_truncate": (never, f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT"),
        f"{table}_in_order": (
            f"BEGIN IF {out_of_order} THEN {refuse} END IF; RETURN NEW; END",
            f"BEFORE INSERT ON {table} FOR EACH ROW",
        ),
    }


def _missing_in_postgresql(engine: Engine, tables: Mapping[str, str]) -> list[str]:
    """Return the guards whose function has other words, or whose trigger is not there, is another one or is switched off."""
    with reading(engine) as connection:
        rows = connection.exec_driver_sql(
            "SELECT t.tgname AS name, p.proname AS function, p.prosrc AS source, pg_get_triggerdef(t.oid, true) AS made FROM pg_trigger t"
            " JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND pg_table_is_visible(c.oid)"
        ).all()
    there = {row.name: (row.function, row.source, row.made) for row in rows}
    wanted = {name: guard for table, key in tables.items() for name, guard in _postgresql_guards(table, key).items()}
    return [
        name
        for name, (function, trigger) in wanted.items()
        if there.get(name) != (name, function, f"CREATE TRIGGER {name} {trigger} EXECUTE FUNCTION {name}()")
    ]
