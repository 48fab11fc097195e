"""Signatures that OpenSSH checks (`ssh-keygen -Y verify`), by the key of the checkpoints: format SSHSIG, version 1, Ed25519 and SHA-512.

OpenSSH is on Linux, macOS and Windows already, so an auditor installs nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from audit.evidence.checkpoint import ED25519

NAMESPACE = "backup-evidence"
"""What our signatures are for; one made for something else does not pass."""
IDENTITY = "backup-audit"
"""The name of the signer in `allowed_signers`, for `ssh-keygen -Y verify -I`."""

_ALGORITHM = b"ssh-ed25519"
_MAGIC = b"SSHSIG"
_HASH = "sha512"
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_WIDTH = 70


class SignatureError(ValueError):
    """A text that is no such signature, or not by the key, or not over these bytes."""


def key_blob(key: Ed25519PublicKey) -> bytes:
    """Return a public key as OpenSSH writes it on the wire."""
    return _strings(_ALGORITHM, key.public_bytes_raw())


def key_line(key: Ed25519PublicKey) -> str:
    """Return a public key as in `id_ed25519.pub`, without comment."""
    return f"{_ALGORITHM.decode()} {base64.b64encode(key_blob(key)).decode()}"


def allowed_signers(key: Ed25519PublicKey) -> str:
    """Return the one line that `ssh-keygen -Y verify -f` reads."""
    return f'{IDENTITY} namespaces="{NAMESPACE}" {key_line(key)}\n'


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return the fingerprint that `ssh-keygen -lf` prints: `SHA256:` and base64 without padding."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key_blob(key)).digest()).decode().rstrip("=")


def sign(data: bytes, key: Ed25519PrivateKey) -> str:
    """Return the signature over bytes as armoured text. Ed25519 is deterministic: equal bytes always give equal text."""
    made = _strings(_ALGORITHM, key.sign(_signed(data)))
    public = key_blob(key.public_key())
    blob = _MAGIC + struct.pack(">I", 1) + _strings(public, NAMESPACE.encode(), b"", _HASH.encode(), made)
    return armour(blob)


def verify(data: bytes, text: str, key: Ed25519PublicKey) -> None:
    """Raise `SignatureError`, which says why, unless `text` is a signature over these bytes by this key."""
    body = re.fullmatch(rf"{_BEGIN}\n([A-Za-z0-9+/=\n]+)\n{_END}\n?", text)
    if body is None:
        raise SignatureError("is no SSH signature")
    try:
        blob = base64.b64decode(body[1].replace("\n", ""), validate=True)
        if blob[:10] != _MAGIC + struct.pack(">I", 1):
            raise SignatureError("is no SSH signature of version 1")
        public, namespace, reserved, algorithm, made = _parts(blob[10:], 5)
        kind, signature = _parts(made, 2)
    except (binascii.Error, struct.error) as error:
        raise SignatureError(f"is damaged: {error}") from error
    if public != key_blob(key):
        raise SignatureError("was made by another key")
    if (namespace, reserved, algorithm, kind) != (NAMESPACE.encode(), b"", _HASH.encode(), _ALGORITHM):
        raise SignatureError("was made for something else, or in another way")
    if armour(blob) != text.rstrip("\n") + "\n":
        raise SignatureError("is written in another way than it was made: it was changed")
    try:
        key.verify(signature, _signed(data))
    except InvalidSignature as error:
        raise SignatureError("does not fit: what was signed was changed, or the signature was forged") from error


def armour(blob: bytes) -> str:
    """Return the armoured text of a signature's bytes."""
    text = base64.b64encode(blob).decode()
    return "\n".join([_BEGIN, *(text[start : start + _WIDTH] for start in range(0, len(text), _WIDTH)), _END, ""])


def read_key(text: str) -> Ed25519PublicKey:
    """Read a public key as auditors keep it: PEM, a line of OpenSSH (also of `allowed_signers`), or the line that `init` prints (name, id, base64).

    Raises `SignatureError`.
    """
    try:
        if "BEGIN PUBLIC KEY" in text:
            key = load_pem_public_key(text.encode())
            if isinstance(key, Ed25519PublicKey):
                return key
            raise SignatureError("is a key of another kind; an Ed25519 key is expected")
        if found := re.search(rf"{_ALGORITHM.decode()} ([A-Za-z0-9+/=]+)", text):
            algorithm, raw = _parts(base64.b64decode(found[1], validate=True), 2)
            if algorithm == _ALGORITHM:
                return Ed25519PublicKey.from_public_bytes(raw)
        if found := re.search(r"\+[0-9a-f]{8}\+([A-Za-z0-9+/=]+)\s*$", text):
            raw = base64.b64decode(found[1], validate=True)
            if raw[:1] == ED25519:
                return Ed25519PublicKey.from_public_bytes(raw[1:])
    except (ValueError, struct.error) as error:
        raise SignatureError(f"holds a key that cannot be read: {error}") from error
    raise SignatureError("holds no Ed25519 public key: PEM, a line of OpenSSH, or the line that `backup-audit init` printed")


def _signed(data: bytes) -> bytes:
    return _MAGIC + _strings(NAMESPACE.encode(), b"", _HASH.encode(), hashlib.sha512(data).digest())


def _strings(*parts: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def _parts(data: bytes, count: int) -> list[bytes]:
    """Split strings with lengths before them; raises `struct.error` when they do not fill the data exactly."""
    parts, at = [], 0
    for _ in range(count):
        (length,) = struct.unpack_from(">I", data, at)
        if at + 4 + length > len(data):
            raise struct.error("a part is longer than the whole")
        parts.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    if at != len(data):
        raise struct.error("there is something after its end")
    return parts
