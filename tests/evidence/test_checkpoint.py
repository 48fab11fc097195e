"""Checkpoints: the text form, and that nothing but our signature passes."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.errors import DataFolderError
from audit.evidence.checkpoint import Checkpoint, CheckpointError, key_id, parse, sign, verifier_key, verify
from audit.evidence.keys import make_keys, private_key, public_key

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ORIGIN = "backup-audit/example"
CHECKPOINT = Checkpoint(ORIGIN, 128, hashlib.sha256(b"root").digest())
NOTE = sign(CHECKPOINT, KEY)


def test_the_text_is_a_signed_note() -> None:
    lines = NOTE.split("\n")
    assert lines[:2] == [ORIGIN, "128"]
    assert base64.b64decode(lines[2]) == CHECKPOINT.root
    assert lines[3] == ""
    dash, name, signature = lines[4].split(" ")
    assert (dash, name) == ("—", ORIGIN)
    raw = base64.b64decode(signature)
    assert len(raw) == 4 + 64
    assert raw[:4] == hashlib.sha256(ORIGIN.encode() + b"\n\x01" + KEY.public_key().public_bytes_raw()).digest()[:4]
    KEY.public_key().verify(raw[4:], "\n".join(lines[:3]).encode() + b"\n")
    assert lines[5:] == [""]


def test_it_reads_back() -> None:
    assert parse(NOTE) == CHECKPOINT
    assert verify(NOTE, ORIGIN, KEY.public_key()) == CHECKPOINT


def test_a_witness_may_add_its_signature_and_extension_lines_may_follow() -> None:
    witness = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
    theirs = sign(Checkpoint("witness.example", 128, CHECKPOINT.root), witness).split("\n")[4]
    assert verify(f"{NOTE}{theirs}\n", ORIGIN, KEY.public_key()) == CHECKPOINT
    body = CHECKPOINT.body() + "an extension\n"
    signature = base64.b64encode(key_id(ORIGIN, KEY.public_key()) + KEY.sign(body.encode())).decode()
    assert verify(f"{body}\n— {ORIGIN} {signature}\n", ORIGIN, KEY.public_key()) == CHECKPOINT


@pytest.mark.parametrize(
    ("note", "why"),
    [
        (NOTE.replace("128", "129"), "signature that does not fit"),
        (NOTE.replace(ORIGIN, "backup-audit/other"), "is of the log 'backup-audit/other'"),
        (sign(CHECKPOINT, Ed25519PrivateKey.from_private_bytes(b"x" * 32)), "not signed by this data folder's key"),
        (NOTE.split("\n\n")[0] + "\n", "is not a signed note"),
        (NOTE.replace("128", "0128"), "is not a checkpoint"),
        (NOTE.replace("128\n", "128\nAAAA\n"), "a root that is not 32 bytes"),
        (NOTE.replace("128\n", "128\n?\n"), "a root that is not base64"),
        (NOTE.replace("— ", "- "), "signature line that cannot be read"),
        ("", "is not a signed note"),
    ],
)
def test_what_was_changed_or_forged_is_refused(note: str, why: str) -> None:
    with pytest.raises(CheckpointError, match=why):
        verify(note, ORIGIN, KEY.public_key())


def test_the_verifier_key_is_in_the_form_of_signed_notes() -> None:
    name, short, key = verifier_key(ORIGIN, KEY.public_key()).split("+", 2)
    assert name == ORIGIN
    assert short == key_id(ORIGIN, KEY.public_key()).hex()
    assert base64.b64decode(key) == b"\x01" + KEY.public_key().public_bytes_raw()


def test_keys_are_made_once_and_the_private_one_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    make_keys(folder)
    first = private_key(folder).private_bytes_raw()
    assert (folder / "checkpoint.key").stat().st_mode & 0o777 == 0o600
    make_keys(folder)
    assert private_key(folder).private_bytes_raw() == first
    assert public_key(folder) == private_key(folder).public_key()


def test_a_missing_or_damaged_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match=r"checkpoint\.key is missing"):
        private_key(tmp_path)
    (tmp_path / "checkpoint.pub").write_text("no key")
    with pytest.raises(DataFolderError, match=r"checkpoint\.pub cannot be read"):
        public_key(tmp_path)
