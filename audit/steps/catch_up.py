"""Catching up: the catalog learns what the journal says. Every command that reads begins with it.

Entries are applied in order from the catalog's mark on, many a commit. A process that is killed in the middle, or overtaken by
another one, loses and doubles nothing: the mark moves with the rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import polars as pl

from audit.adapters._registry import read
from audit.catalog.catalog import Applied, LostRaceError
from audit.errors import BackupAuditError, CheckFailedError, DataFolderError, Fault
from audit.evidence.vault import BrokenPayloadError, Vault
from audit.model.envelope import Envelope, time_text
from audit.model.facts import Facts
from audit.register.entry import Entry
from audit.steps._open import Progress, Store, quietly

UNRECOGNISED = "unrecognised"
"""In the place of a tool: a payload that no adapter claimed, or more than one. Its entry says why."""

BATCH_ROWS = 500_000
BATCH_ENTRIES = 2_000

CLOCK_TOLERANCE = timedelta(hours=1)
"""How far in the future, seen from the moment of receipt, a time may lie before we warn: clocks differ by minutes, wrong zones by
hours.
"""

PAST_COLUMNS: dict[str, tuple[str, ...]] = {
    "recovery_point": ("captured_at", "captured_until", "available_at", "deleted_at", "checked_at"),
    "run": ("started_at", "finished_at"),
    "listing": ("listed_at", "covers_to"),
}
"""Columns of things that have happened, and so cannot lie in the future."""


@dataclass(slots=True)
class CaughtUp:
    """What one catching up did. `mark` is the last entry that the catalog knows; names are those that the facts used."""

    mark: int = 0
    entries: int = 0
    points: int = 0
    runs: int = 0
    listings: int = 0
    faults: int = 0
    sources: set[str] = field(default_factory=set)
    repositories: set[str] = field(default_factory=set)

    def count(self, facts: Facts) -> None:
        """Add the facts of one entry."""
        self.entries += 1
        self.points += facts.points.height
        self.runs += facts.runs.height
        self.listings += facts.listings.height
        self.faults += len(facts.faults)
        for table in facts.by_kind().values():
            if table.is_empty():
                continue
            self.sources.update(table["source"].drop_nulls().unique())
            self.repositories.update(table["repository"].drop_nulls().unique())


def catch_up(store: Store, progress: Progress = quietly) -> CaughtUp:
    """Bring the catalog up to the journal's head, and say what was added by this process."""
    done = CaughtUp()
    while True:
        done.mark, head = store.catalog.mark(), store.head()
        if done.mark > head:
            raise CheckFailedError(
                f"the catalog knows entry {done.mark}, but the journal ends at {head}: "
                "entries were lost, or another journal was put in place; "
                "run `backup-audit verify`, bring the journal back, and run `backup-audit rebuild`"
            )
        if done.mark == head:
            _tidy(store, done)
            return done
        if not store.folder.writable():
            raise DataFolderError(
                f"the catalog knows the journal up to entry {done.mark} of {head}, and the data folder {store.folder.path} cannot be "
                "written by this user: run any command, such as `backup-audit sources`, once as a user who can write it"
            )
        try:
            _apply(store, done, head, progress)
        except LostRaceError:
            continue  # another process was faster: go on from where it came to


def _apply(store: Store, done: CaughtUp, head: int, progress: Progress) -> None:
    batch: list[Applied] = []
    rows = 0

    def commit(up_to: int) -> None:
        store.catalog.apply(batch, up_to)
        for applied in batch:
            done.count(applied.facts)
        batch.clear()

    for entry in store.journal.entries(after=done.mark, up_to=head, kind="evidence"):
        applied = understand(entry, store.vault)
        if rows and (rows + _rows(applied.facts) > BATCH_ROWS or len(batch) == BATCH_ENTRIES):
            commit(batch[-1].number)
            rows = 0
        batch.append(applied)
        rows += _rows(applied.facts)
        progress("reading evidence", entry.number, head)
    commit(head)


def _tidy(store: Store, done: CaughtUp) -> None:
    """Lay out the catalog for reading when much has come in, and remove what nobody needs any longer."""
    try:
        if done.entries and store.catalog.compact():
            store.catalog.vacuum()
    except LostRaceError:
        return  # another process writes: it, or the next, will tidy


def _rows(facts: Facts) -> int:
    return facts.points.height + facts.runs.height + facts.listings.height


def understand(entry: Entry, vault: Vault) -> Applied:
    """Make facts of an entry of kind `evidence`. What cannot be read becomes a fault that says so; the entry is never lost."""
    envelope = Envelope.from_json(entry.body["envelope"])
    facts = _facts(entry, envelope, vault)
    meta = {
        "source": envelope.source,
        "tool": envelope.tool,
        "name": envelope.name,
        "method": envelope.method,
        "by": envelope.by,
        "simulated": envelope.simulated,
        "received_at": entry.at,
    }
    late = _from_the_future(facts, entry.at, envelope)
    return Applied(entry.number, entry.body["sha256"], envelope.observed_at, replace(facts, faults=facts.faults + late), meta)


def _facts(entry: Entry, envelope: Envelope, vault: Vault) -> Facts:
    if envelope.tool == UNRECOGNISED:
        return Facts(faults=tuple(Fault(envelope.name, **fault) for fault in entry.body["faults"]))
    try:
        return attempt(vault.take(entry.body["sha256"]), envelope)
    except BrokenPayloadError as error:
        return _unread(envelope, str(error), "bring the file back from the backup of the vault, then run `backup-audit rebuild`")


def attempt(payload: bytes, envelope: Envelope) -> Facts:
    """Read a payload with its adapter. When the adapter gives up, or fails, that is the one fault of the payload."""
    try:
        return read(envelope.tool, payload, envelope)
    except BackupAuditError as error:
        return Facts(faults=error.faults or (Fault(envelope.name, str(error)),))
    except MemoryError:
        raise  # of the machine, not of the payload: it would read well another time
    except Exception as error:  # noqa: BLE001 - whatever an adapter trips over, the payload is quarantined and the others go on
        what = f"the adapter {envelope.tool} failed: {type(error).__name__}: {error}"
        return _unread(envelope, what, "please report this, with the payload if you can")


def _unread(envelope: Envelope, what: str, remedy: str) -> Facts:
    return Facts(faults=(Fault(envelope.name, what, remedy),))


def _from_the_future(facts: Facts, received_at: datetime, envelope: Envelope) -> tuple[Fault, ...]:
    """Return a warning for each column with times that had not come yet when the payload was received.

    Where the payload was observed before it was received, the adapters have held its times against that already.
    """
    limit = received_at + CLOCK_TOLERANCE
    if envelope.observed_at is not None and envelope.observed_at <= limit:
        return ()
    faults = []
    for kind, columns in PAST_COLUMNS.items():
        table = facts.by_kind()[kind]
        for column in columns:
            ahead = table.filter(pl.col(column) > limit)
            if ahead.height:
                first = ahead.row(0, named=True)
                what = f"{ahead.height} {kind.replace('_', ' ')}(s) with a time after the payload was received "
                what += f"({time_text(received_at)}), first {time_text(first[column])}"
                remedy = "check the clock and the time zone of the source"
                faults.append(Fault(envelope.name, what, remedy, first["locator"] or "", column, "warning"))
    return tuple(faults)
