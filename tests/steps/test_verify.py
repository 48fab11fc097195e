"""verify: every way to break a data folder is named, and the command ends with 1."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.cli._main import group
from audit.errors import CheckFailedError, Exit
from audit.evidence.chain import link
from audit.evidence.checkpoint import Checkpoint, parse, sign
from audit.evidence.keys import make_keys
from audit.register.checkpoints import kept_checkpoints
from audit.register.entry import Entry
from audit.steps._open import Store, open_store
from audit.steps.ingest import Ingested
from audit.steps.rebuild import rebuild
from audit.steps.verify import Verification, verify

TakeIn = Callable[..., Ingested]

pytestmark = pytest.mark.sqlite


@pytest.fixture
def full(store: Store, tmp_path: Path, points: Callable[..., str], take_in: TakeIn) -> Store:
    """A data folder with five entries and checkpoints over 2 and over 5 of them."""
    folder = tmp_path / "in"
    folder.mkdir()
    for n in range(5):
        (folder / f"{n}.ndjson").write_text(points(2, subject=f"s{n}"))
    take_in(store, folder / "0.ndjson", folder / "1.ndjson")
    take_in(store, folder)
    assert verify(store) == Verification(
        payloads=5, payload_bytes=verify(store).payload_bytes, entries=5, checkpoints=2, checkpoint=note(store)
    )
    return store


def note(store: Store) -> str:
    return list(kept_checkpoints(store.journal))[-1].note


@contextmanager
def by_hand(store: Store) -> Iterator[sqlite3.Connection]:
    """The register as someone with the file in hand sees it: its guards removed, and put back when all is done."""
    connection = sqlite3.connect(store.folder.register_path)
    guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in guards:
        connection.execute(f"DROP TRIGGER {name}")
    yield connection
    for _, guard in guards:
        connection.execute(guard)
    connection.commit()
    connection.close()


def broken(store: Store, *outside: tuple[str, str]) -> list[str]:
    """What verify names, after seeing that the command ends with 1."""
    with pytest.raises(CheckFailedError, match="broken") as raised:
        CliRunner().invoke(group, ["--data", str(store.folder.path), "verify"], catch_exceptions=False, standalone_mode=False)
    assert raised.value.exit_code == Exit.FAILED == 1
    return [f"{fault.where}: {fault.what}" for fault in verify(store, outside).broken]


def payload_of(store: Store, number: int) -> tuple[str, Path]:
    sha256 = next(store.journal.entries(number - 1, number)).body["sha256"]
    return sha256, store.vault.file(sha256)


def test_a_flipped_byte_of_a_payload(full: Store) -> None:
    sha256, file = payload_of(full, 3)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0x01
    file.chmod(0o640)
    file.write_bytes(data)
    (what,) = broken(full)
    assert what.startswith(f"payload {sha256[:16]}..., entry 3: payload {sha256} ")
    assert "its file was changed" in what


def test_a_deleted_payload(full: Store) -> None:
    sha256, file = payload_of(full, 2)
    file.unlink()
    assert broken(full) == [f"entry 2: its payload {sha256} is missing from the vault"]


def test_a_file_that_does_not_belong_in_the_vault(full: Store) -> None:
    (full.vault.path / "ab").mkdir(exist_ok=True)
    (full.vault.path / "ab" / "extra.zst").write_bytes(b"x")
    assert broken(full) == ["vault/ab/extra.zst: is no payload: it does not belong in the vault"]


def test_an_altered_entry(full: Store) -> None:
    with by_hand(full) as connection:
        connection.execute("UPDATE journal SET entry = replace(entry, '3.ndjson', '9.ndjson') WHERE number = 4")
    assert broken(full) == [
        "entry 4: the content does not have the stored hash: it was changed after it was written",
        "checkpoint 2: the first 5 entries of the journal are not those that were signed",
        "register, evidence of entry 4: its row in the register says otherwise in name",
    ]


def test_an_altered_entry_with_its_hash_made_again(full: Store) -> None:
    with by_hand(full) as connection:
        (text,) = connection.execute("SELECT replace(entry, '2.ndjson', '9.ndjson') FROM journal WHERE number = 3").fetchone()
        connection.execute(
            "UPDATE journal SET entry = ?, hash = ? WHERE number = 3", (text, hashlib.sha256(text.encode()).hexdigest())
        )
        connection.execute("UPDATE evidence SET name = '9.ndjson' WHERE number = 3")
    assert broken(full) == [
        "entry 4: it does not follow the entry before it: an entry was changed, removed, inserted or moved",
        "checkpoint 2: the first 5 entries of the journal are not those that were signed",
    ]


def rewrite(connection: sqlite3.Connection, store: Store, change: Callable[[Entry], dict[str, object]]) -> None:
    """Write the whole chain anew, with changed bodies: what someone does who knows how it is made."""
    previous = "0" * 64
    for entry in list(store.journal.entries()):
        new = link(entry.number, entry.at, entry.kind, change(entry), previous)
        connection.execute("UPDATE journal SET entry = ?, hash = ? WHERE number = ?", (new.text, new.hash, new.number))
        previous = new.hash


def test_a_chain_written_anew_is_convicted_by_the_checkpoints(full: Store) -> None:
    with by_hand(full) as connection:
        rewrite(connection, full, lambda entry: {**entry.body, "envelope": {**entry.body["envelope"], "by": "nobody"}})
        connection.execute("UPDATE evidence SET by = 'nobody'")
    assert broken(full) == [
        "checkpoint 1: the first 2 entries of the journal are not those that were signed",
        "checkpoint 2: the first 5 entries of the journal are not those that were signed",
    ]


def test_a_whole_folder_written_anew_is_convicted_by_a_checkpoint_kept_elsewhere(full: Store) -> None:
    kept = ("2025.checkpoint", note(full))
    with by_hand(full) as connection:
        rewrite(connection, full, lambda entry: {**entry.body, "envelope": {**entry.body["envelope"], "by": "nobody"}})
        connection.execute("UPDATE evidence SET by = 'nobody'")
        connection.execute("DELETE FROM checkpoint")
    full.checkpoint()  # by someone who has the key
    assert verify(full).broken == []
    assert [f"{fault.where}: {fault.what}" for fault in verify(full, [kept]).broken] == [
        "2025.checkpoint: the first 5 entries of the journal are not those that were signed"
    ]


def test_two_swapped_entries(full: Store) -> None:
    with by_hand(full) as connection:
        connection.execute("UPDATE journal SET number = 99 WHERE number = 2")
        connection.execute("UPDATE journal SET number = 2 WHERE number = 3")
        connection.execute("UPDATE journal SET number = 3 WHERE number = 99")
    named = broken(full)
    assert "entry 2: the columns number, at or kind differ from the content" in named
    assert "entry 3: the columns number, at or kind differ from the content" in named
    assert "entry 4: it does not follow the entry before it: an entry was changed, removed, inserted or moved" in named


def test_a_removed_entry(full: Store) -> None:
    with by_hand(full) as connection:
        connection.execute("DELETE FROM journal WHERE number = 3")
        connection.execute("DELETE FROM evidence WHERE number = 3")
    assert broken(full) == [
        "entry 4: expected number 3: an entry is missing",
        "entry 4: it does not follow the entry before it: an entry was changed, removed, inserted or moved",
        "checkpoint 2: it covers 5 entries, but the journal has 4: entries were removed",
    ]


def test_a_journal_cut_off_at_its_end(full: Store, take_in: TakeIn, tmp_path: Path, points: Callable[..., str]) -> None:
    with by_hand(full) as connection:
        connection.execute("DELETE FROM journal WHERE number > 3")
        connection.execute("DELETE FROM evidence WHERE number > 3")
    assert broken(full) == [
        "checkpoint 2: it covers 5 entries, but the journal has 3: entries were removed",
        "catalog: it knows entry 5, but the journal ends at 3",
    ]
    (tmp_path / "new.ndjson").write_text(points(1, subject="new"))
    with pytest.raises(CheckFailedError, match="the catalog knows entry 5, but the journal ends at 4"):
        take_in(full, tmp_path / "new.ndjson")
    with pytest.raises(CheckFailedError, match="the journal has lost entries: the last checkpoint covers 5"):
        full.checkpoint()


def test_a_forged_checkpoint(full: Store) -> None:
    honest = parse(note(full))
    forged = sign(Checkpoint(honest.origin, 5, hashlib.sha256(b"other").digest()), Ed25519PrivateKey.generate())
    with by_hand(full) as connection:
        connection.execute("UPDATE checkpoint SET note = ? WHERE serial = 2", (forged,))
    assert broken(full) == ["checkpoint 2: is not signed by this data folder's key"]
    with by_hand(full) as connection:
        connection.execute(
            "UPDATE checkpoint SET note = ? WHERE serial = 2", (sign(honest, Ed25519PrivateKey.generate()).replace("5\n", "4\n"),)
        )
    assert broken(full) == ["checkpoint 2: is not signed by this data folder's key"]


def test_a_checkpoint_changed_after_it_was_signed(full: Store) -> None:
    with by_hand(full) as connection:
        connection.execute(
            "UPDATE checkpoint SET note = replace(note, char(10) || '5' || char(10), char(10) || '4' || char(10)) WHERE serial = 2"
        )
    assert broken(full) == ["checkpoint 2: has a signature that does not fit: its text was changed after signing, or it was forged"]


def test_checkpoint_columns_that_contradict_the_signed_text(full: Store) -> None:
    with by_hand(full) as connection:
        connection.execute("UPDATE checkpoint SET size = 4 WHERE serial = 2")
    assert broken(full) == ["checkpoint 2: it is kept as one of 4 entries after one of 2, its text says 5"]
    with by_hand(full) as connection:
        connection.execute(
            "UPDATE checkpoint SET size = 5, frontier = (SELECT frontier FROM checkpoint WHERE serial = 1) WHERE serial = 2"
        )
    assert broken(full) == ["checkpoint 2: the stored subtree roots differ from the journal's: the next checkpoint would be wrong"]


def test_checkpoints_kept_elsewhere(full: Store, tmp_path: Path) -> None:
    assert verify(full, [("mine", note(full))]).broken == []
    other = Ed25519PrivateKey.generate()
    stranger = sign(Checkpoint("backup-audit/stranger", 5, parse(note(full)).root), other)
    assert [fault.what for fault in verify(full, [("theirs", stranger), ("none", "hello")]).broken] == [
        "is of the log 'backup-audit/stranger', not of 'backup-audit/example-ltd'",
        "is not a signed note: a blank line and signature lines are expected at its end",
    ]


def test_the_register_contradicts_the_journal(full: Store) -> None:
    with by_hand(full) as connection:
        connection.execute("UPDATE evidence SET source = 'other', observed_at = 5 WHERE number = 1")
        connection.execute("DELETE FROM evidence WHERE number = 2")
        connection.execute(
            "INSERT INTO evidence (number, at, identity, sha256, size, tool, name, method, by) "
            "SELECT 77, at, 'x', sha256, size, tool, name, method, by FROM evidence WHERE number = 3"
        )
    assert broken(full) == [
        "register, evidence of entry 1: its row in the register says otherwise in observed_at, source",
        "register, evidence of entry 2: its row is missing from the register",
        "register, evidence of entry 77: the register has a row for it, the journal no such entry",
    ]
    assert rebuild(full).rows == 5
    assert verify(full).broken == []


def test_keys_that_do_not_belong_together(full: Store, tmp_path: Path) -> None:
    make_keys(tmp_path / "other")
    (full.folder.key_path / "checkpoint.key").write_bytes((tmp_path / "other" / "checkpoint.key").read_bytes())
    assert broken(full) == ["keys: the private and the public key do not belong together"]
    (full.folder.key_path / "checkpoint.pub").unlink()
    (what,) = broken(full)
    assert "checkpoint.pub is missing" in what


def test_text_that_is_no_text_and_times_that_are_none(full: Store) -> None:
    with by_hand(full) as connection:
        connection.execute("UPDATE journal SET entry = CAST(X'7bff7d' AS TEXT) WHERE number = 2")
    named = broken(full)
    assert named[0] == "entry 2: the content does not have the stored hash: it was changed after it was written"
    assert named[1].startswith("entry 2: the content cannot be read")
    with by_hand(full) as connection:
        connection.execute("UPDATE journal SET at = 'noon' WHERE number = 2")
    with pytest.raises(CheckFailedError, match="'noon' where an instant belongs"):
        verify(full)


def test_a_journal_not_yet_signed_is_a_note(full: Store, take_in: TakeIn, tmp_path: Path) -> None:
    with by_hand(full) as connection:
        connection.execute("DELETE FROM checkpoint WHERE serial = 2")
    result = verify(full)
    assert result.broken == []
    assert result.notes == ["entries 3 to 5 are not covered by a checkpoint yet: the next ingest or apply makes one"]
    assert take_in(full, tmp_path / "in").new == 0
    assert verify(full).notes == []


def test_a_clock_set_back_is_a_note(store: Store, take_in: TakeIn, tmp_path: Path, points: Callable[..., str]) -> None:
    from datetime import UTC, datetime

    for n, year in enumerate((2026, 2025)):
        (tmp_path / f"{n}.ndjson").write_text(points(1, subject=str(n)))
        take_in(store, tmp_path / f"{n}.ndjson", now=datetime(year, 12, 1, tzinfo=UTC))
    result = verify(store)
    assert result.broken == []
    assert result.notes == [
        "entry 2 was written at 2025-12-01T00:00:00Z, before the entry before it: the machine's clock was set back"
    ]


def test_a_broken_journal_is_not_signed(full: Store) -> None:
    with by_hand(full) as connection:
        connection.execute("DELETE FROM checkpoint WHERE serial = 2")
        connection.execute("UPDATE journal SET entry = replace(entry, '3.ndjson', '9.ndjson') WHERE number = 4")
    with pytest.raises(
        CheckFailedError,
        match="no checkpoint was made, entry 4 of the journal is broken: the content does not have the stored hash",
    ):
        full.checkpoint()


def test_guards_that_were_removed_or_changed_are_named(full: Store) -> None:
    connection = sqlite3.connect(full.folder.register_path)
    connection.execute("DROP TRIGGER journal_no_delete")
    connection.execute("DROP TRIGGER checkpoint_in_order")
    connection.execute("CREATE TRIGGER checkpoint_in_order BEFORE INSERT ON checkpoint BEGIN SELECT 1; END")
    connection.commit()
    connection.close()
    assert broken(full) == [
        "register: the guard journal_no_delete is missing or was changed: journal can be rewritten unnoticed by the database",
        "register: the guard checkpoint_in_order is missing or was changed: checkpoint can be rewritten unnoticed by the database",
    ]


def test_a_journal_without_any_checkpoint(full: Store, take_in: TakeIn, tmp_path: Path) -> None:
    with by_hand(full) as connection:
        connection.execute("DELETE FROM checkpoint")
    assert broken(full) == [
        "checkpoints: there is none, but the journal has entries up to 5: they were removed, or the first ingest or apply was stopped"
    ]
    assert verify(full).notes == []


def test_an_unreadable_catalog_is_named_beside_everything_else(full: Store) -> None:
    sha256, file = payload_of(full, 2)
    file.unlink()
    data = sorted((full.folder.catalog_path / "recovery_points_inbox").glob("*.parquet"))[0]
    size = data.stat().st_size
    data.write_bytes(b"x" * size)
    (full.folder.catalog_path / "runs_inbox" / "_delta_log" / "00000000000000000000.json").write_text("{")
    missing, *unreadable = broken(full)
    assert missing == f"entry 2: its payload {sha256} is missing from the vault"
    assert [what.split(" (")[0].removeprefix(f"catalog: the catalog table {full.folder.catalog_path}/") for what in unreadable] == [
        "runs_inbox cannot be read",
        "recovery_points_inbox cannot be read",
    ]
    assert all(what.endswith("backup-audit rebuild") for what in unreadable)


def test_a_chain_is_intact_up_to_where_it_is_broken(full: Store) -> None:
    assert [full.intact(number) for number in (0, 3, 5)] == [True, True, True]
    assert not full.intact(6), "there is no entry 6"
    with by_hand(full) as connection:
        connection.execute("UPDATE journal SET entry = entry || ' ' WHERE number = 4")
    again = open_store(full.folder.path)
    assert [again.intact(number) for number in (2, 3, 4, 5, 3)] == [True, True, False, False, True]
    again.close()
