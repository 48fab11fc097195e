"""Checkpoints over the journal: made after entries were added, kept beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Row, select

from audit.errors import CheckFailedError
from audit.evidence.chain import BEGINNING, faults_of
from audit.evidence.checkpoint import Checkpoint, sign
from audit.evidence.merkle import Frontier, leaf_hash
from audit.register.dialect import reading
from audit.register.journal import Journal
from audit.register.tables import checkpoint


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint as it is stored: its serial number, the number of entries it covers, the signed text, and the state from which
    the next goes on.
    """

    serial: int
    size: int
    note: str
    frontier: str


def make_checkpoint(journal: Journal, origin: str, key: Ed25519PrivateKey) -> Kept | None:
    """Sign the journal as it is now, and keep the checkpoint. None when the last checkpoint covers every entry already.

    Only the entries after the last checkpoint are read; they are checked, and a broken one is not signed: `CheckFailedError`.
    """
    with journal.writing() as writer:  # under the lock: two processes cannot make different checkpoints of one size
        last = writer.connection.execute(select(checkpoint).order_by(checkpoint.c.serial.desc()).limit(1)).one_or_none()
        frontier = _frontier(last)
        size_before = frontier.size
        previous = _hash_of(journal, size_before)
        for entry in journal.links(size_before):
            fault = next(faults_of(entry, frontier.size + 1, previous), None)
            if fault:
                raise CheckFailedError(
                    f"no checkpoint was made, entry {entry.number} of the journal is broken: {fault}; run `backup-audit verify`"
                )
            frontier.add(leaf_hash(entry.text.encode()))
            previous = entry.hash
        if frontier.size == size_before:
            return None
        note = sign(Checkpoint(origin, frontier.size, frontier.root()), key)
        kept = Kept(last.serial + 1 if last else 1, frontier.size, note, frontier_text(frontier))
        writer.connection.execute(checkpoint.insert().values(serial=kept.serial, size=kept.size, note=note, frontier=kept.frontier))
        return kept


def _hash_of(journal: Journal, number: int) -> str:
    """Return the hash that the entry after `number` must name as previous."""
    if number == 0:
        return BEGINNING
    entry = next(journal.links(number - 1, number), None)
    if entry is None:
        raise CheckFailedError(
            f"the journal has lost entries: the last checkpoint covers {number}, and that entry is gone; run `backup-audit verify`"
        )
    return entry.hash


def frontier_text(frontier: Frontier) -> str:
    """Return the roots of a tree's full subtrees as they are stored: hexadecimal, largest subtree first, blanks between."""
    return " ".join(peak.hex() for peak in frontier.peaks)


def _frontier(last: Row[tuple[int, int, str, str]] | None) -> Frontier:
    if last is None:
        return Frontier()
    try:
        return Frontier(last.size, [bytes.fromhex(peak) for peak in last.frontier.split()])
    except ValueError as error:
        raise CheckFailedError(
            f"no checkpoint was made, the one of {last.size} entries is damaged ({error}); run `backup-audit verify`"
        ) from error


def kept_checkpoints(journal: Journal) -> Iterator[Kept]:
    """Yield all checkpoints, oldest first."""
    with reading(journal.engine) as connection:
        rows = connection.execute(select(checkpoint).order_by(checkpoint.c.serial)).all()
    for row in rows:
        yield Kept(row.serial, row.size, row.note, row.frontier)
