"""Signed checkpoints: the size and root of the journal's tree, in the text form of C2SP tlog-checkpoint (a signed note).

    backup-audit.example/acme
    128
    3l4pbUhrMpbxEKzV9v0gbNY4pFqJ0cH1RkBoNOuwWkE=

    — backup-audit.example/acme 0aBcDe...

Whoever keeps one can later prove that the journal still begins with the same entries.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
"""The signature type of a signed note's key."""

_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint states: the log's name, its number of entries, and the 32 bytes of its root."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """Return the text that is signed: three lines, each with its line end."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


class CheckpointError(ValueError):
    """A text that is no checkpoint, or whose signature is not by the key."""


def key_id(origin: str, key: Ed25519PublicKey) -> bytes:
    """Return the four bytes by which a signature line names its key."""
    return hashlib.sha256(origin.encode() + b"\n" + ED25519 + key.public_bytes_raw()).digest()[:4]


def verifier_key(origin: str, key: Ed25519PublicKey) -> str:
    """Return the key in the one-line form that tools for signed notes read: name, key id, base64 of type and key."""
    return f"{origin}+{key_id(origin, key).hex()}+{base64.b64encode(ED25519 + key.public_bytes_raw()).decode()}"


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """Return the checkpoint as a signed note. Ed25519 is deterministic: the same checkpoint always gives the same text."""
    body = checkpoint.body()
    signature = key_id(checkpoint.origin, key.public_key()) + key.sign(body.encode())
    return f"{body}\n— {checkpoint.origin} {base64.b64encode(signature).decode()}\n"


def parse(note: str) -> Checkpoint:
    """Read the three lines of a note without looking at its signatures.

    Extension lines after them are allowed. Raises `CheckpointError`.
    """
    body, _ = _parts(note)
    lines = body.split("\n")
    if len(lines) < 4 or not lines[0] or not re.fullmatch(r"0|[1-9][0-9]*", lines[1]):
        raise CheckpointError("is not a checkpoint: origin, number of entries and root are expected, one a line")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except binascii.Error as error:
        raise CheckpointError(f"has a root that is not base64: {error}") from error
    if len(root) != hashlib.sha256().digest_size:
        raise CheckpointError("has a root that is not 32 bytes long")
    return Checkpoint(lines[0], int(lines[1]), root)


def verify(note: str, origin: str, key: Ed25519PublicKey) -> Checkpoint:
    """Return what a note states, if it speaks of this origin and carries a signature by this key. Raises `CheckpointError` that
    says why not.

    Signatures by other keys (witnesses) are passed over.
    """
    checkpoint = parse(note)
    if checkpoint.origin != origin:
        raise CheckpointError(f"is of the log {checkpoint.origin!r}, not of {origin!r}")
    body, lines = _parts(note)
    signed = False
    for line in lines:
        match = _SIGNATURE.fullmatch(line)
        if not match:
            raise CheckpointError(f"has a signature line that cannot be read: {line!r}")
        signature = base64.b64decode(match[2] + "=" * (-len(match[2]) % 4))
        if match[1] == origin and signature[:4] == key_id(origin, key):
            try:
                key.verify(signature[4:], body.encode())
            except InvalidSignature as error:
                raise CheckpointError(
                    "has a signature that does not fit: its text was changed after signing, or it was forged"
                ) from error
            signed = True
    if not signed:
        raise CheckpointError("is not signed by this data folder's key")
    return checkpoint


def _parts(note: str) -> tuple[str, list[str]]:
    """Split a note at its last blank line into the signed text and the signature lines."""
    body, blank, signatures = note.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise CheckpointError("is not a signed note: a blank line and signature lines are expected at its end")
    return body + "\n", signatures.removesuffix("\n").split("\n")
