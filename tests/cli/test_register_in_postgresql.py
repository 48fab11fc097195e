"""A register in PostgreSQL, from the command line: made, used, verified, rebuilt, and refused where it would be unsafe."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from ruamel.yaml import YAML
from sqlalchemy import make_url

from tests.cli.session import PROGRAMME, Session
from tests.postgresql import Server


@pytest.fixture
def address(postgresql: Server) -> str:
    return postgresql.database()


def tables(address: str) -> set[str]:
    url = make_url(address)
    with psycopg.connect(host=url.query["host"], user=url.username, dbname=url.database) as connection:
        return {row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


def test_the_first_session_in_postgresql(address: str, tmp_path: Path) -> None:
    session = Session(tmp_path / "data")
    session.fine("init", "--organisation", "Yunhe Messaging", "--register", address)
    assert YAML(typ="safe").load((session.data / "config.yaml").read_text())["register"] == address
    assert not list(session.data.glob("register.sqlite*"))
    session.fine("apply", PROGRAMME, "--by", "olivia")
    told = session.fine(
        "attestation",
        "sign",
        "--control",
        "isolation",
        "--statement",
        "So it is.",
        "--since",
        "2026-01-01",
        "--until",
        "2027-01-01",
    )
    assert "signed" in told.out
    session.fine("verify")
    before = session.fine("attestation", "list", "--format", "json").json
    session.fine("rebuild")
    assert session.fine("attestation", "list", "--format", "json").json == before
    assert {"journal", "checkpoint", "evidence", "act"} <= tables(address)


def test_a_database_holds_one_register(address: str, tmp_path: Path) -> None:
    first, second = Session(tmp_path / "first"), Session(tmp_path / "second")
    first.fine("init", "--register", address)
    first.fine("apply", PROGRAMME, "--by", "olivia")
    done = second("init", "--register", address)
    assert (done.code, done.err) == (2, f"Error: {address} holds the register of another data folder: name an empty database\n")
    done = first("init", "--register", address.replace("register", "other"))
    assert done.code == 2
    assert f"is a data folder already, and its register lies in {address}" in done.err
    assert "nothing was changed" in first.fine("init", "--register", address).out


@pytest.mark.parametrize(
    ("register", "says"),
    [
        ("postgresql+psycopg://audit:hunter2@db/audit", "an address with a password is not kept; give the password in a file"),
        ("postgresql+psycopg://audit@db/audit?password=hunter2", "an address with a password is not kept"),
        ("postgresql+psycopg://audit:hunter2/7@db/audit", "an address with a password is not kept"),
        ("postgresql+psycopg://audit:hunter2@7@db/audit", "an address with a password is not kept"),
        ("postgresql+psycopg://audit:hunter2?7@db/audit", "an address with a password is not kept"),
        ("db/audit", "is not an address"),
        ("mysql://db/audit", "is not the address of a PostgreSQL database"),
        ("postgresql+nonsense://db/audit", "cannot be used"),
    ],
)
def test_an_address_that_cannot_be_kept_or_used_is_refused(register: str, says: str, tmp_path: Path) -> None:
    done = Session(tmp_path / "data")("init", "--register", register)
    assert done.code == 2
    assert says in done.err
    assert "hunter2" not in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "data" / "config.yaml").exists()


def test_a_register_that_is_gone_is_not_made_anew(address: str, tmp_path: Path) -> None:
    session = Session(tmp_path / "data")
    session.fine("init", "--register", address)
    url = make_url(address)
    with psycopg.connect(host=url.query["host"], user=url.username, dbname=url.database, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    done = session("sources")
    assert (done.code, done.err) == (
        2,
        f"Error: the register in {address} is missing: bring it back from the backup of the database\n",
    )
    assert tables(address) == set()


def test_a_password_written_into_the_configuration_is_refused(address: str, tmp_path: Path) -> None:
    session = Session(tmp_path / "data")
    session.fine("init", "--register", address)
    config = session.data / "config.yaml"
    config.write_text(config.read_text().replace("postgres@", "postgres:hunter2@"))
    done = session("sources")
    assert done.code == 2
    assert "config.yaml, register: an address with a password is not kept" in done.err
    assert "hunter2" not in done.err
