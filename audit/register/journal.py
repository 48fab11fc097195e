"""The journal: the append-only chain of everything that matters.

Numbers are 1, 2, 3 ... without holes, given and committed in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, select

from audit.discovery import modules
from audit.errors import CheckFailedError
from audit.evidence.chain import BEGINNING, Link, link
from audit.register.dialect import reading, writing
from audit.register.entry import Entry
from audit.register.tables import journal

PAGE = 1000
"""Rows read at a time, so that no reader holds the database for long."""


class Writer:
    """Holds the journal's write lock and appends to it. Made by `Journal.writing`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        last = connection.execute(select(journal.c.number, journal.c.hash).order_by(journal.c.number.desc()).limit(1)).one_or_none()
        self._number: int = last.number if last else 0
        self._hash: str = last.hash if last else BEGINNING

    def append(self, kind: str, body: Mapping[str, Any], at: datetime) -> Entry:
        """Add an entry, and its row to the projection of its kind."""
        new = link(self._number + 1, at, kind, body, self._hash)
        self.connection.execute(journal.insert().values(number=new.number, at=new.at, kind=new.kind, entry=new.text, hash=new.hash))
        entry = Entry.of(new)
        project(self.connection, entry)
        self._number, self._hash = new.number, new.hash
        return entry


class Journal:
    """The journal in a database. Reading sees only what is committed."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """Give a writer; all it appended is committed at the end of the block, or nothing when the block raises.

        Other processes wait.
        """
        with writing(self.engine) as connection:
            yield Writer(connection)

    def append(self, kind: str, body: Mapping[str, Any], at: datetime) -> Entry:
        """Add one entry, committed and durable when this returns."""
        with self.writing() as writer:
            return writer.append(kind, body, at)

    def links(self, after: int = 0, up_to: int | None = None, kind: str | None = None) -> Iterator[Link]:
        """Yield entries as they are stored, in order: those with `after` < number <= `up_to`, of one kind when it is given."""
        query = select(journal).order_by(journal.c.number).limit(PAGE)
        if up_to is not None:
            query = query.where(journal.c.number <= up_to)
        if kind is not None:
            query = query.where(journal.c.kind == kind)
        while True:
            with reading(self.engine) as connection:
                rows = connection.execute(query.where(journal.c.number > after)).all()
            for row in rows:
                yield _link(row)
            if len(rows) < PAGE:
                return
            after = rows[-1].number

    def entries(self, after: int = 0, up_to: int | None = None, kind: str | None = None) -> Iterator[Entry]:
        """Yield entries, read, in order. Raises `CheckFailedError` at one that is damaged."""
        for stored in self.links(after, up_to, kind):
            yield _read(stored)

    def head(self) -> Entry | None:
        """Return the last entry, or None when there is none yet."""
        with reading(self.engine) as connection:
            row = connection.execute(select(journal).order_by(journal.c.number.desc()).limit(1)).one_or_none()
        return None if row is None else _read(_link(row))

    def last_number(self, up_to: int | None = None, kind: str | None = None) -> int:
        """Return the number of the last entry (with number <= `up_to`, of one kind, when they are given); 0 when there is none."""
        query = select(func.max(journal.c.number))
        if up_to is not None:
            query = query.where(journal.c.number <= up_to)
        if kind is not None:
            query = query.where(journal.c.kind == kind)
        with reading(self.engine) as connection:
            return connection.execute(query).scalar() or 0

    def number_at(self, at: datetime) -> int:
        """Return the number of the last entry written at or before an instant; 0 when there is none."""
        with reading(self.engine) as connection:
            return connection.execute(select(func.max(journal.c.number)).where(journal.c.at <= at)).scalar() or 0

    def rebuild_projections(self) -> int:
        """Empty the tables that repeat the journal and fill them again, in one transaction. Returns the number of rows made."""
        made = 0
        entries = self.entries()
        with self.writing() as writer:
            for module in modules("audit.register.projections").values():
                writer.connection.execute(delete(module.TABLE))
            for entry in entries:
                made += project(writer.connection, entry)
        return made


def project(connection: Connection, entry: Entry) -> bool:
    """Add the row of an entry to the projection of its kind, if it has one."""
    module = modules("audit.register.projections").get(entry.kind)
    if module is None:
        return False
    connection.execute(module.TABLE.insert().values(module.row(entry)))
    return True


def _link(row: Row[Any]) -> Link:
    # Texts stay texts even where a hand has put something else: whoever hashes them sees the difference.
    return Link(row.number, row.at, str(row.kind), str(row.entry), str(row.hash))


def _read(stored: Link) -> Entry:
    try:
        return Entry.of(stored)
    except (ValueError, KeyError, TypeError) as error:
        raise CheckFailedError(f"entry {stored.number} of the journal is damaged ({error}): run `backup-audit verify`") from error
