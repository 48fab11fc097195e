"""The register's schema: made and brought up to date by Alembic, run from here."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, column, inspect, select, table

from audit.errors import DataFolderError
from audit.register.dialect import reading, writing

NEWEST = "0003"
"""The revision that this program reads and writes."""

VERSIONS = "alembic_version"
"""The table in which Alembic keeps the revision."""

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest revision, in one transaction. Does nothing when it is there already."""
    # Loaded here, for it takes a quarter of a second, and a command that finds the newest revision needs none of it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def revision(engine: Engine) -> str | None:
    """Return the revision of the database's schema; None before the first migration."""
    with reading(engine) as connection:
        if not inspect(connection).has_table(VERSIONS):
            return None
        found: str | None = connection.scalar(select(column("version_num")).select_from(table(VERSIONS)))
        return found


def ensure_newest(engine: Engine) -> None:
    """Bring an older register up to date. Raises `DataFolderError` for one that a newer program made."""
    found = revision(engine)
    if found == NEWEST:
        return
    if found is not None and found > NEWEST:
        raise DataFolderError(
            f"the register has schema {found}; this program knows schemas up to {NEWEST}: use a newer backup-audit"
        )
    migrate(engine)
