"""The Ed25519 key that signs checkpoints: made once, kept in the data folder, private part readable by its owner alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from audit.errors import DataFolderError

PRIVATE = "checkpoint.key"
PUBLIC = "checkpoint.pub"


class UnreadableKeyError(DataFolderError):
    """This user has no permission to read a key."""


def make_keys(folder: Path) -> None:
    """Write a new key pair as PEM (PKCS #8, mode 0600;

    SubjectPublicKeyInfo beside it). A private key that is there already stays.
    """
    folder.mkdir(parents=True, exist_ok=True)  # open to readers: auditors need the public key
    private_path = folder / PRIVATE
    if not private_path.exists():
        data = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        # Written aside and renamed, so that a kill leaves a whole key or none.
        aside = folder / f"{PRIVATE}.{os.getpid()}.new"
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.rename(private_path)
    public = private_key(folder).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / PUBLIC).write_bytes(public)


def private_key(folder: Path) -> Ed25519PrivateKey:
    """Read the private key. Raises `DataFolderError` when it is missing or is none."""
    key = _read(folder / PRIVATE, lambda data: load_pem_private_key(data, password=None))
    if not isinstance(key, Ed25519PrivateKey):
        raise DataFolderError(f"{folder / PRIVATE} is not an Ed25519 key")
    return key


def public_key(folder: Path) -> Ed25519PublicKey:
    """Read the public key. Raises `DataFolderError` when it is missing or is none."""
    key = _read(folder / PUBLIC, load_pem_public_key)
    if not isinstance(key, Ed25519PublicKey):
        raise DataFolderError(f"{folder / PUBLIC} is not an Ed25519 key")
    return key


def _read(path: Path, load: Callable[[bytes], object]) -> object:
    try:
        return load(path.read_bytes())
    except FileNotFoundError as error:
        raise DataFolderError(f"the signing key {path} is missing: bring it back from the backup of the data folder") from error
    except PermissionError as error:
        raise UnreadableKeyError(f"the signing key {path} cannot be read by this user") from error
    except ValueError as error:
        raise DataFolderError(f"the signing key {path} cannot be read: {error}") from error
