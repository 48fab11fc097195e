"""The vault: write-once, whole or not at all, and no changed bit goes unseen."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.errors import DataFolderError
from audit.evidence import vault as vault_module
from audit.evidence.vault import BrokenPayloadError, Vault


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    vault = Vault(tmp_path / "vault")
    vault.create()
    return vault


def test_a_payload_comes_back_by_its_sha256(vault: Vault) -> None:
    name = vault.put(b"hello")
    assert name == hashlib.sha256(b"hello").hexdigest()
    assert vault.get(name) == b"hello"
    assert vault.has(name)
    assert list(vault.iter()) == [name]
    assert vault.file(name) == vault.path / name[:2] / f"{name}.zst"


def test_the_file_is_plain_zstandard(vault: Vault) -> None:
    import zstandard

    name = vault.put(b"checked without us")
    assert zstandard.decompress(vault.file(name).read_bytes()) == b"checked without us"


@settings(max_examples=30)
@given(data=st.binary(max_size=3000))
def test_any_bytes_are_kept(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    vault = Vault(tmp_path_factory.mktemp("vault"))
    vault.create()
    assert vault.get(vault.put(data)) == data


def test_writing_twice_writes_once(vault: Vault) -> None:
    name = vault.put(b"once")
    before = vault.file(name).stat()
    assert vault.put(b"once") == name
    assert vault.file(name).stat().st_mtime_ns == before.st_mtime_ns
    assert vault.file(name).stat().st_ino == before.st_ino
    assert vault.file(name).stat().st_mode & 0o777 == 0o440


def test_every_single_flipped_bit_is_seen(vault: Vault) -> None:
    name = vault.put(b"a payload of evidence, " * 5)
    whole = vault.file(name).read_bytes()
    vault.file(name).chmod(0o640)
    for bit in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        vault.file(name).write_bytes(flipped)
        with pytest.raises(BrokenPayloadError, match=name):
            vault.get(name)
    vault.file(name).write_bytes(whole)
    assert vault.get(name) == b"a payload of evidence, " * 5


def test_a_payload_in_pieces_is_whole_or_refused(vault: Vault) -> None:
    data = b"a payload of evidence, " * 50
    name = vault.put(data)
    assert [len(piece) for piece in vault.pieces(name, 1000)] == [1000, 150]
    assert b"".join(vault.pieces(name)) == data
    whole = vault.file(name).read_bytes()
    vault.file(name).chmod(0o640)
    refused = 0
    for changed in (
        *(whole[:cut] for cut in range(len(whole))),
        *(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(len(whole))),
    ):
        vault.file(name).write_bytes(changed)
        try:
            assert b"".join(vault.pieces(name)) == data
        except BrokenPayloadError:
            refused += 1
    assert refused >= len(whole)
    vault.file(name).unlink()
    with pytest.raises(BrokenPayloadError, match="missing"):
        list(vault.pieces(name))


@pytest.mark.parametrize(
    "change", [lambda data: data[:-1], lambda data: data + b"\0", lambda data: b"", lambda data: b"no zstandard"]
)
def test_a_cut_or_lengthened_file_is_seen(vault: Vault, change: object) -> None:
    assert callable(change)
    name = vault.put(b"x" * 100)
    vault.file(name).chmod(0o640)
    vault.file(name).write_bytes(change(vault.file(name).read_bytes()))
    with pytest.raises(BrokenPayloadError, match="cannot be unpacked"):
        vault.get(name)


def test_another_payload_under_the_name_is_seen(vault: Vault) -> None:
    name, other = vault.put(b"one"), vault.put(b"two")
    vault.file(name).chmod(0o640)
    vault.file(name).write_bytes(vault.file(other).read_bytes())
    with pytest.raises(BrokenPayloadError, match=f"another SHA-256, its file was changed: {other}"):
        vault.get(name)


def test_a_missing_payload_is_named(vault: Vault) -> None:
    with pytest.raises(BrokenPayloadError, match=r"payload 0{64} is missing from the vault"):
        vault.get("0" * 64)


def test_files_that_do_not_belong_are_found(vault: Vault) -> None:
    name = vault.put(b"one")
    wrong_place = vault.path / "00" / vault.file(name).name
    wrong_place.parent.mkdir()
    wrong_place.write_bytes(b"")
    (vault.path / "notes.txt").write_text("mine")
    assert list(vault.strangers()) == [wrong_place, vault.path / "notes.txt"]
    assert list(vault.iter()) == [name]


def test_a_full_disk_leaves_nothing_half_written(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(vault_module.os, "fsync", full)
    vault_module.os.mkdir(vault.path / hashlib.sha256(b"too much").hexdigest()[:2])
    with pytest.raises(DataFolderError, match="No space left on device; nothing of this payload was kept"):
        vault.put(b"too much")
    assert list(vault.iter()) == []
    assert list((vault.path / "incoming").iterdir()) == []


def test_sweeping_removes_what_the_dead_left_and_spares_the_living(vault: Vault) -> None:
    left = vault.path / "incoming" / "dead.zst"
    left.write_bytes(b"half")
    living = vault.path / "incoming" / "living.zst"
    with living.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert vault.sweep() == 1
        assert not left.exists()
        assert living.exists()


def test_processes_that_write_and_sweep_at_once_lose_nothing(vault: Vault) -> None:
    code = (
        "import sys; from pathlib import Path; from audit.evidence.vault import Vault\n"
        "vault = Vault(Path(sys.argv[1]))\n"
        "for n in range(60): vault.put(f'payload {n % 40}'.encode()); vault.sweep()\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(vault.path)]) for _ in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert sorted(vault.get(name) for name in vault.iter()) == sorted(f"payload {n}".encode() for n in range(40))
