"""The journal: numbers without holes, a guarded table, one writer at a time."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError, StatementError

import audit
from audit.errors import CheckFailedError, DataFolderError
from audit.evidence.chain import BEGINNING, faults_of
from audit.register import schema
from audit.register.dialect import connect, missing_guards, reading, writing
from audit.register.journal import Journal
from audit.register.tables import APPEND_ONLY, metadata
from tests.postgresql import Server

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


def migrated(url: str) -> Iterator[Journal]:
    engine = connect(url)
    schema.migrate(engine)
    yield Journal(engine)
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    """A journal in each database."""
    if request.param == "sqlite":
        yield from migrated(f"sqlite:///{tmp_path / 'register.sqlite'}")
    else:
        yield from migrated(request.getfixturevalue("postgresql").database())


@pytest.fixture
def in_sqlite(tmp_path: Path) -> Iterator[Journal]:
    yield from migrated(f"sqlite:///{tmp_path / 'register.sqlite'}")


@pytest.fixture
def in_postgresql(postgresql: Server) -> Iterator[Journal]:
    yield from migrated(postgresql.database())


def three(journal: Journal) -> None:
    for n in range(3):
        journal.append("note", {"n": n}, NOW + timedelta(minutes=n))


def test_entries_are_numbered_and_chained(journal: Journal) -> None:
    three(journal)
    entries = list(journal.entries())
    assert [(entry.number, entry.kind, entry.body, entry.at) for entry in entries] == [
        (n + 1, "note", {"n": n}, NOW + timedelta(minutes=n)) for n in range(3)
    ]
    assert [entry.previous for entry in entries] == [BEGINNING, entries[0].hash, entries[1].hash]
    assert [fault for link in journal.links() for fault in faults_of(link, link.number, entries[link.number - 1].previous)] == []


def test_a_part_of_the_journal_can_be_read(journal: Journal) -> None:
    three(journal)
    journal.append("other", {}, NOW)
    assert [entry.number for entry in journal.entries(after=1, up_to=3)] == [2, 3]
    assert [entry.number for entry in journal.entries(kind="other")] == [4]
    head = journal.head()
    assert head is not None
    assert head.number == journal.last_number() == 4


def test_an_empty_journal_has_no_head(journal: Journal) -> None:
    assert journal.head() is None
    assert journal.last_number() == 0
    assert journal.number_at(NOW) == 0


def test_reading_goes_on_over_pages(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.register.journal.PAGE", 2)
    for _ in range(5):
        journal.append("note", {}, NOW)
    assert [entry.number for entry in journal.entries()] == [1, 2, 3, 4, 5]


def test_the_number_known_at_an_instant(journal: Journal) -> None:
    three(journal)
    assert journal.number_at(NOW - timedelta(microseconds=1)) == 0
    assert journal.number_at(NOW) == 1
    assert journal.number_at(NOW + timedelta(seconds=119)) == 2
    assert journal.number_at(NOW + timedelta(days=1)) == 3


def test_a_block_that_raises_writes_nothing_and_leaves_no_hole(journal: Journal) -> None:
    def stopped() -> None:
        with journal.writing() as writer:
            writer.append("note", {}, NOW)
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        stopped()
    assert journal.last_number() == 0
    assert journal.append("note", {}, NOW).number == 1


def test_a_time_without_zone_is_refused(journal: Journal) -> None:
    with pytest.raises(StatementError, match="has no time zone"):
        journal.append("note", {}, datetime(2026, 1, 1))


def test_instants_are_integer_microseconds(in_sqlite: Journal, tmp_path: Path) -> None:
    in_sqlite.append("note", {}, NOW + timedelta(microseconds=7))
    with sqlite3.connect(tmp_path / "register.sqlite") as raw:
        assert raw.execute("SELECT at, typeof(at) FROM journal").fetchone() == (1_795_413_600_000_007, "integer")
    raw.close()


ATTACKS = [
    "UPDATE journal SET entry = '{}' WHERE number = 2",
    "UPDATE OR REPLACE journal SET number = 1 WHERE number = 2",
    "DELETE FROM journal WHERE number = 3",
    "DELETE FROM journal",
    "INSERT OR REPLACE INTO journal SELECT number, at, kind, '{}', hash FROM journal WHERE number = 2",
    "REPLACE INTO journal SELECT number, at, kind, '{}', hash FROM journal WHERE number = 3",
    "INSERT INTO journal SELECT * FROM journal WHERE number = 2 ON CONFLICT (number) DO UPDATE SET entry = '{}'",
    "INSERT INTO journal SELECT 7, at, kind, entry, hash FROM journal WHERE number = 3",
    "INSERT INTO journal SELECT 0, at, kind, entry, hash FROM journal WHERE number = 3",
]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("raw", [False, True], ids=["our connection", "a plain connection"])
def test_the_migrated_journal_refuses_to_be_changed(in_sqlite: Journal, tmp_path: Path, attack: str, raw: bool) -> None:
    three(in_sqlite)
    before = list(in_sqlite.links())
    if raw:  # without our PRAGMA recursive_triggers
        connection = sqlite3.connect(tmp_path / "register.sqlite")
        with pytest.raises(sqlite3.IntegrityError, match="journal is append-only"):
            connection.execute(attack)
        connection.close()
    else:
        with pytest.raises(IntegrityError, match="journal is append-only"), writing(in_sqlite.engine) as ours:
            ours.execute(text(attack))
    assert list(in_sqlite.links()) == before


@pytest.mark.parametrize(
    "attack",
    ["UPDATE checkpoint SET note = ''", "DELETE FROM checkpoint", "INSERT OR REPLACE INTO checkpoint VALUES (1, 1, '', '')"],
)
def test_the_checkpoints_refuse_to_be_changed(in_sqlite: Journal, attack: str) -> None:
    with writing(in_sqlite.engine) as connection:
        connection.execute(text("INSERT INTO checkpoint VALUES (1, 5, 'note', '')"))
    with pytest.raises(IntegrityError, match="checkpoint is append-only"), writing(in_sqlite.engine) as connection:
        connection.execute(text(attack))
    with reading(in_sqlite.engine) as connection:
        assert connection.execute(text("SELECT * FROM checkpoint")).all() == [(1, 5, "note", "")]


def test_every_connection_guards(in_sqlite: Journal) -> None:
    with reading(in_sqlite.engine) as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("recursive_triggers", "foreign_keys", "journal_mode", "synchronous", "busy_timeout")
        }
    assert settings == {"recursive_triggers": 1, "foreign_keys": 1, "journal_mode": "wal", "synchronous": 2, "busy_timeout": 60_000}


def test_processes_that_append_at_once_leave_no_hole(journal: Journal, tmp_path: Path) -> None:
    code = (
        "import sys; from datetime import UTC, datetime\n"
        "from audit.register.dialect import connect; from audit.register.journal import Journal\n"
        "journal = Journal(connect(sys.argv[1]))\n"
        "for n in range(40): journal.append('note', {'who': sys.argv[2], 'n': n}, datetime(2026, 1, 1, tzinfo=UTC))\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code, journal.engine.url.render_as_string(hide_password=False), str(who)])
        for who in range(3)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    entries = list(journal.entries())
    assert [entry.number for entry in entries] == list(range(1, 121))
    assert sorted((entry.body["who"], entry.body["n"]) for entry in entries) == sorted(
        (str(who), n) for who in range(3) for n in range(40)
    )
    assert [entry.previous for entry in entries[1:]] == [entry.hash for entry in entries[:-1]]


def test_the_migration_makes_the_tables_that_the_code_names(journal: Journal) -> None:
    found = inspect(journal.engine)
    for table in metadata.tables.values():
        columns = {column["name"]: (str(column["type"]), column["nullable"]) for column in found.get_columns(table.name)}
        expected = {column.name: (column.type.compile(journal.engine.dialect), column.nullable) for column in table.columns}
        assert columns == expected, table.name
        assert {index["name"] for index in found.get_indexes(table.name) if not index["unique"]} == {
            index.name for index in table.indexes
        }


def test_the_newest_revision_is_the_one_the_code_names(journal: Journal) -> None:
    from alembic.script import ScriptDirectory

    assert ScriptDirectory(str(schema.MIGRATIONS)).get_current_head() == schema.NEWEST == schema.revision(journal.engine)


def test_migrating_again_changes_nothing(journal: Journal) -> None:
    three(journal)
    before = list(journal.links())
    schema.migrate(journal.engine)
    schema.ensure_newest(journal.engine)
    assert list(journal.links()) == before


def test_a_register_of_a_newer_program_is_refused(journal: Journal) -> None:
    with writing(journal.engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    with pytest.raises(DataFolderError, match="has schema 0999; this program knows schemas up to 0003"):
        schema.ensure_newest(journal.engine)


def test_what_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "register.sqlite").write_bytes(b"no database" * 500)
    engine = connect(f"sqlite:///{tmp_path / 'register.sqlite'}")
    with pytest.raises(DataFolderError, match=r"register\.sqlite cannot be used: file is not a database"):
        Journal(engine).last_number()
    engine.dispose()


def test_a_damaged_entry_is_named_when_it_is_read(in_sqlite: Journal, tmp_path: Path) -> None:
    three(in_sqlite)
    raw = sqlite3.connect(tmp_path / "register.sqlite")
    raw.execute("DROP TRIGGER journal_no_update")
    raw.execute("UPDATE journal SET entry = CAST(X'7bff' AS TEXT) WHERE number = 2")
    raw.commit()
    raw.close()
    with pytest.raises(CheckFailedError, match="entry 2 of the journal is damaged"):
        list(in_sqlite.entries())


def test_databases_are_spoken_to_in_one_place() -> None:
    words = ("import sqlite3", "import psycopg", "PRAGMA", "plpgsql", "SELECT pg_", "FROM pg_", "JOIN pg_", "BEGIN IMMEDIATE")
    naming = {path.name for path in Path(audit.__file__).parent.rglob("*.py") if any(word in path.read_text() for word in words)}
    assert naming == {"dialect.py"}


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE journal SET entry = '{}' WHERE number = 2",
        "DELETE FROM journal WHERE number = 3",
        "DELETE FROM journal",
        "TRUNCATE journal",
        "INSERT INTO journal SELECT * FROM journal WHERE number = 2 ON CONFLICT (number) DO UPDATE SET entry = '{}'",
        "INSERT INTO journal SELECT 7, at, kind, entry, hash FROM journal WHERE number = 3",
        "INSERT INTO journal SELECT 0, at, kind, entry, hash FROM journal WHERE number = 3",
        "WITH gone AS (DELETE FROM journal WHERE number = 1 RETURNING number) SELECT * FROM gone",
    ],
)
def test_the_journal_in_postgresql_refuses_to_be_changed(in_postgresql: Journal, attack: str) -> None:
    three(in_postgresql)
    before = list(in_postgresql.links())
    with pytest.raises(IntegrityError, match="journal is append-only"), writing(in_postgresql.engine) as ours:
        ours.execute(text(attack))
    assert list(in_postgresql.links()) == before


@pytest.mark.parametrize(
    "loosened",
    [
        "ALTER TABLE journal DISABLE TRIGGER journal_no_update",
        "DROP TRIGGER journal_no_update ON journal",
        "CREATE OR REPLACE FUNCTION journal_no_update() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "DROP TRIGGER journal_no_update ON journal; CREATE TRIGGER journal_no_update BEFORE UPDATE OF at ON journal FOR EACH ROW EXECUTE FUNCTION journal_no_update()",
    ],
)
def test_a_guard_that_was_loosened_in_postgresql_is_named(in_postgresql: Journal, loosened: str) -> None:
    assert missing_guards(in_postgresql.engine, APPEND_ONLY) == []
    with writing(in_postgresql.engine) as connection:
        connection.exec_driver_sql(loosened)
    assert missing_guards(in_postgresql.engine, APPEND_ONLY) == ["journal_no_update"]


def test_a_reader_in_postgresql_sees_one_state_and_can_change_nothing(in_postgresql: Journal) -> None:
    three(in_postgresql)
    with reading(in_postgresql.engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM journal")).scalar() == 3
        in_postgresql.append("note", {}, NOW)
        assert connection.execute(text("SELECT count(*) FROM journal")).scalar() == 3
    with (
        pytest.raises(DataFolderError, match="cannot execute UPDATE in a read-only transaction"),
        reading(in_postgresql.engine) as one,
    ):
        one.execute(text("UPDATE account SET role = 'x'"))


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    engine = connect(f"postgresql+psycopg://postgres@/audit?host={tmp_path}")
    with pytest.raises(
        DataFolderError, match=r"the register postgresql\+psycopg://postgres@/audit\?host=.* cannot be used: connection"
    ):
        Journal(engine).last_number()
