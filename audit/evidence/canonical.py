"""One byte form of every JSON value (RFC 8785, JCS), so that a hash over it can be made again by anyone."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785


def canonical(value: Any) -> bytes:
    """Return the canonical bytes of a JSON value.

    Raises `ValueError` for what JSON cannot carry exactly: NaN, integers beyond 2^53, other types.
    """
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise ValueError(f"has no canonical JSON form: {error}") from error


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of bytes as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def identity_hash(sha256: str, identity: dict[str, Any]) -> str:
    """Return the hash that is equal only for the same payload told of in the same way (`Envelope.identity`)."""
    return sha256_hex(canonical({"sha256": sha256, **identity}))
