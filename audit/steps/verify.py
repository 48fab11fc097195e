"""verify: everything that is kept is hashed again, and every broken thing is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.errors import CheckFailedError, DataFolderError, Fault
from audit.evidence.chain import BEGINNING, faults_of
from audit.evidence.checkpoint import Checkpoint, CheckpointError
from audit.evidence.checkpoint import verify as verify_note
from audit.evidence.keys import PRIVATE, UnreadableKeyError, private_key, public_key
from audit.evidence.merkle import Frontier, leaf_hash
from audit.evidence.vault import INCOMING, BrokenPayloadError
from audit.model.envelope import time_text
from audit.register.check import projection_faults
from audit.register.checkpoints import Kept, frontier_text, kept_checkpoints
from audit.register.dialect import missing_guards
from audit.register.entry import Entry
from audit.register.tables import APPEND_ONLY
from audit.steps._open import Progress, Store, quietly


@dataclass(slots=True)
class Verification:
    """What was looked at, what is broken, and what is no fault but should be known. `checkpoint` is the newest one."""

    payloads: int = 0
    payload_bytes: int = 0
    entries: int = 0
    checkpoints: int = 0
    broken: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    checkpoint: str | None = None

    def fail(self, where: str, what: str, remedy: str = "") -> None:
        """Name a broken thing."""
        self.broken.append(Fault(where, what, remedy))


@dataclass(slots=True)
class _Walk:
    """What a walk through the journal found: roots and frontiers at the sizes asked for, and the payloads that entries name."""

    states: dict[int, tuple[bytes, str]] = field(default_factory=dict)
    payloads: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    """By SHA-256: the first entry that names it, and its size when the entry says it."""
    count: int = 0
    """Entries that are there, missing numbers not counted."""


def verify(store: Store, kept_outside: Sequence[tuple[str, str]] = (), progress: Progress = quietly) -> Verification:
    """Check the journal, the checkpoints, the vault and the register against one another. Changes nothing.

    `kept_outside`: checkpoints (name, text) that someone kept elsewhere, such as those printed in last year's reports. They are
    what shows a journal that was written anew as a whole.
    """
    result = Verification()
    kept = list(kept_checkpoints(store.journal))
    key = _key(store, result)
    signed = _signed(store, kept, kept_outside, key, result) if key else []
    walk = _journal(store, {checkpoint.size for _, checkpoint, _ in signed}, result, progress)
    _roots(signed, walk, result)
    _covered(kept, result)
    for guard in missing_guards(store.journal.engine, APPEND_ONLY):
        result.fail(
            "register",
            f"the guard {guard} is missing or was changed: {guard.partition('_')[0]} can be rewritten unnoticed by the database",
            "find out who opened the register by hand, and bring it back from the backup of the data folder",
        )
    _vault(store, walk.payloads, result, progress)
    for kind, number, what in _projections(store, result):
        result.fail(
            f"register, {kind} of entry {number}", what, "the journal counts; `backup-audit rebuild` makes the register again"
        )
    _catalog(store, result)
    return result


def _catalog(store: Store, result: Verification) -> None:
    """See that every table of the catalog can be read, and that it knows no more than the journal."""
    unreadable = list(store.catalog.unreadable())
    for what in unreadable:
        result.fail("catalog", what)
    if not unreadable and (mark := store.catalog.mark()) > result.entries:
        result.fail(
            "catalog",
            f"it knows entry {mark}, but the journal ends at {result.entries}",
            "entries were lost: bring the journal back",
        )


def _key(store: Store, result: Verification) -> Ed25519PublicKey | None:
    """Return the public key, and see that the private one, where it is, belongs to it."""
    folder = store.folder.key_path
    key: Ed25519PublicKey | None = None
    try:
        key = public_key(folder)
        if (folder / PRIVATE).exists() and private_key(folder).public_key() != key:
            result.fail(
                "keys",
                "the private and the public key do not belong together",
                "bring both back from the backup of the data folder",
            )
    except UnreadableKeyError as error:
        if key is None:
            result.fail("keys", str(error), "let this user read it: it is public")
        # Another user's private key is not ours to read: what was signed is checked with the public one.
    except DataFolderError as error:
        result.fail("keys", str(error))
        return None
    return key


def _signed(store: Store, kept: list[Kept], outside: Sequence[tuple[str, str]], key: Ed25519PublicKey,
            result: Verification) -> list[tuple[str, Checkpoint, str | None]]:  # fmt: skip
    """Return name, content and stored frontier of the checkpoints whose signatures hold; name the others."""
    signed: list[tuple[str, Checkpoint, str | None]] = []
    notes: list[tuple[str, str, Kept | None]] = [(f"checkpoint {one.serial}", one.note, one) for one in kept]
    before = 0
    for name, note, stored in notes + [(name, note, None) for name, note in outside]:
        result.checkpoints += 1
        try:
            checkpoint = verify_note(note, store.folder.origin, key)
        except CheckpointError as error:
            result.fail(name, str(error))
            continue
        if stored is not None:
            if stored.size != checkpoint.size or stored.size <= before:
                result.fail(
                    name, f"it is kept as one of {stored.size} entries after one of {before}, its text says {checkpoint.size}"
                )
            before = checkpoint.size
        signed.append((name, checkpoint, stored.frontier if stored else None))
    result.checkpoint = kept[-1].note if kept else None
    return signed


def _journal(store: Store, sizes: set[int], result: Verification, progress: Progress) -> _Walk:
    """Walk the chain, and the tree over it."""
    walk, frontier = _Walk(), Frontier()
    expected, previous, latest = 1, BEGINNING, None
    head = store.journal.last_number()
    for link in store.journal.links():
        for what in faults_of(link, expected, previous):
            result.fail(f"entry {link.number}", what, "bring the journal back from the backup of the data folder")
        frontier.add(leaf_hash(link.text.encode()))
        if frontier.size in sizes:
            walk.states[frontier.size] = (frontier.root(), frontier_text(frontier))
        _payload_of(link.number, link, walk, result)
        latest = _backwards(link.number, link.at, latest, result)
        walk.count += 1
        expected, previous = link.number + 1, link.hash
        result.entries = link.number
        progress("journal", link.number, head)
    return walk


def _payload_of(number: int, link: Any, walk: _Walk, result: Verification) -> None:
    """Note the payloads that an entry names by `sha256` in its body: its own, and those of files that were handed over with an act."""
    try:
        body: Mapping[str, Any] = Entry.of(link).body
        named = [(one.get("sha256"), one.get("size")) for one in (body, *body.get("attachments", ()))]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return  # `faults_of` has named it
    for sha256, told in named:
        if not isinstance(sha256, str):
            continue
        first, size = walk.payloads.setdefault(sha256, (number, told))
        if None not in (size, told) and size != told:
            result.fail(f"entry {number}", f"it gives payload {sha256} another size than entry {first}")


def _backwards(number: int, at: datetime, latest: datetime | None, result: Verification) -> datetime:
    if latest is not None and at < latest:
        result.notes.append(
            f"entry {number} was written at {time_text(at)}, before the entry before it: the machine's clock was set back"
        )
    return at


def _roots(signed: list[tuple[str, Checkpoint, str | None]], walk: _Walk, result: Verification) -> None:
    """Compare what checkpoints state with the tree as it is today."""
    for name, checkpoint, frontier in signed:
        state = walk.states.get(checkpoint.size)
        if state is None:
            result.fail(
                name,
                f"it covers {checkpoint.size} entries, but the journal has {walk.count}: entries were removed",
                "bring the journal back",
            )
        elif state[0] != checkpoint.root:
            result.fail(
                name,
                f"the first {checkpoint.size} entries of the journal are not those that were signed",
                "the journal was changed: bring it back",
            )
        elif frontier is not None and state[1] != frontier:
            result.fail(
                name,
                "the stored subtree roots differ from the journal's: the next checkpoint would be wrong",
                "bring the register back",
            )


def _covered(kept: list[Kept], result: Verification) -> None:
    covered = kept[-1].size if kept else 0
    if result.entries and not kept:
        result.fail(
            "checkpoints",
            f"there is none, but the journal has entries up to {result.entries}: they were removed, or the first ingest or apply was stopped",
            "bring the register back; only if nothing was ever signed, the next ingest or apply makes one",
        )
    elif covered < result.entries:
        result.notes.append(
            f"entries {covered + 1} to {result.entries} are not covered by a checkpoint yet: the next ingest or apply makes one"
        )


def _vault(store: Store, named: Mapping[str, tuple[int, int | None]], result: Verification, progress: Progress) -> None:
    """Hash every payload, and see that every payload that the journal names is there."""
    missing, unnamed = dict(named), 0
    for sha256 in store.vault.iter():
        result.payloads += 1
        number, size = missing.pop(sha256, (0, None))
        unnamed += not number
        where = f"payload {sha256[:16]}..., entry {number}" if number else f"payload {sha256[:16]}..., named by no entry"
        try:
            data = store.vault.get(sha256)
            result.payload_bytes += len(data)
            if size is not None and size != len(data):
                result.fail(where, f"it has {len(data)} bytes, the journal says {size}")
        except (BrokenPayloadError, OSError) as error:
            result.fail(where, str(error), "bring the file back from the backup of the vault")
        progress("vault", result.payloads, len(named))
    for sha256, (number, _) in missing.items():
        result.fail(
            f"entry {number}", f"its payload {sha256} is missing from the vault", "bring the file back from the backup of the vault"
        )
    for path in store.vault.strangers():
        result.fail(
            str(path.relative_to(store.folder.path)),
            "is no payload: it does not belong in the vault",
            "find out who put it there, and move it away",
        )
    if unnamed:
        result.notes.append(
            f"{unnamed} payload(s) in the vault are named by no entry: an ingest or an act was stopped before it wrote the journal"
        )
    if left := sum(1 for _ in (store.vault.path / INCOMING).glob("*")):
        result.notes.append(
            f"{left} file(s) in vault/{INCOMING} are being written, or were left by a stopped ingest; they do not count"
        )


def _projections(store: Store, result: Verification) -> list[tuple[str, int, str]]:
    try:
        return list(projection_faults(store.journal))
    except CheckFailedError:
        result.notes.append("the register was not compared with the journal, because entries of the journal cannot be read")
        return []
