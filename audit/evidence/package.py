"""Evidence packages: a BagIt 1.0 bag in a zip, written as a stream. docs/evidence-package.md says what each file is.

The same files give the same bytes: order, times, permissions and compression of the zip are fixed, and nothing in it reads a clock.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from audit.evidence.sshsig import IDENTITY, allowed_signers, key_line, sign

FORMAT = "backup-audit/package/1"
"""Names the layout; it changes when the layout does in a way that readers must know of."""

BAGIT = "bagit.txt"
BAG_INFO = "bag-info.txt"
MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
SIGNATURE = f"{TAG_MANIFEST}.sig"
SIGNERS = "allowed_signers"
KEY_PEM = "key.pem"
KEY_SSH = "key.pub"
HOW_TO = "VERIFY.txt"
SCRIPT = "verify_evidence.py"
SCRIPT_FILE = Path(__file__).parent / SCRIPT
"""The program that goes into every package: one file, standard library only; we verify with it, too."""
ENTRIES = "data/journal/entries.ndjson"
PROOF = "data/journal/proof.ndjson"
CHECKPOINT = "data/journal/checkpoint.txt"
PROVENANCE = "data/provenance.ndjson"
ASSESSMENT = "data/assessment.json"
POPULATIONS = "data/populations.json"
FACTS = "data/facts"
RAW = "data/raw"
PROGRAMME = "data/programme"
REPORTS = "data/reports"

REQUIRED = (
    BAGIT, BAG_INFO, MANIFEST, TAG_MANIFEST, SIGNATURE, SIGNERS, KEY_PEM, KEY_SSH, HOW_TO, SCRIPT,
    ENTRIES, PROOF, CHECKPOINT, PROVENANCE, ASSESSMENT, POPULATIONS,
)  # fmt: skip
"""Files that every package has."""

DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

PIECE = 1 << 20
"""Bytes that are read or written at a time."""

_TIME = (1980, 1, 1, 0, 0, 0)
"""The zip's own times say nothing: when something happened stands in the journal."""
_MODE = 0o100644 << 16
_UNIX = 3
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)


def safe_name(name: str, most: int = 60) -> str:
    """Return a name as every system can store it: ASCII letters, digits, `.`, `_` and `-`, not hidden, no word that Windows reserves."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", name.rsplit("/", 1)[-1]).strip("._-")
    if len(safe) > most:
        stem, dot, suffix = safe.rpartition(".")
        keep = f"{dot}{suffix}" if dot and len(suffix) <= 10 else ""
        safe = (stem if keep else safe)[: most - len(keep)].rstrip("._-") + keep
    return f"{safe}_" if _RESERVED.fullmatch(safe) else safe or "unnamed"


def is_name(path: str) -> bool:
    """Return whether a path is one that a package may hold: safe parts, none of them hidden or `..`."""
    return _NAME.fullmatch(path) is not None


class PackageWriter:
    """Writes a bag into a zip. `file` is empty, seekable and open for writing; `root` is the bag's folder.

    Call `add` for every file, then `close`, or `abort` after an exception. Only names and hashes are kept in memory.
    """

    def __init__(self, file: IO[bytes], root: str) -> None:
        self.root = root
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self._payload: list[tuple[str, str]] = []
        self._tags: list[tuple[str, str]] = []
        self._octets = 0
        self._write(BAGIT, [DECLARATION.encode()], len(DECLARATION))

    def add(self, path: str, pieces: Iterable[bytes], size: int) -> str:
        """Write one file of exactly `size` bytes and return its SHA-256. Raises `ValueError` for another size, or a name that cannot be used."""
        return self._write(path, pieces, size)

    def add_bytes(self, path: str, data: bytes) -> str:
        """Write one file."""
        return self._write(path, [data], len(data))

    def close(self, info: Mapping[str, str], key: Ed25519PrivateKey) -> str:
        """Write keys, `bag-info.txt`, the manifests and the signature, and end the zip. Returns the SHA-256 of the tag manifest, which stands for all content."""
        public = key.public_key()
        self.add_bytes(SIGNERS, allowed_signers(public).encode())
        self.add_bytes(KEY_SSH, f"{key_line(public)} {IDENTITY}\n".encode())
        self.add_bytes(KEY_PEM, public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        told = {**info, "Payload-Oxum": f"{self._octets}.{len(self._payload)}"}
        self.add_bytes(BAG_INFO, "".join(f"{label}: {' '.join(value.split())}\n" for label, value in told.items()).encode())
        self.add_bytes(MANIFEST, _manifest(self._payload))
        manifest = _manifest(self._tags)
        digest = self.add_bytes(TAG_MANIFEST, manifest)
        self.add_bytes(SIGNATURE, sign(manifest, key).encode())
        self._zip.close()
        return digest

    def abort(self) -> None:
        """Give up without writing anything more."""
        self._zip.fp = None

    def _write(self, path: str, pieces: Iterable[bytes], size: int) -> str:
        if not is_name(path):
            raise ValueError(f"{path!r} is no name for a file of a package")
        entry = zipfile.ZipInfo(f"{self.root}/{path}", _TIME)
        entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, _UNIX, _MODE
        entry.file_size = size  # known beforehand, so that the zip has 64-bit fields only where they are needed
        digest, written = hashlib.sha256(), 0
        with self._zip.open(entry, "w") as target:
            for piece in pieces:
                digest.update(piece)
                written += len(piece)
                target.write(piece)
        if written != size:
            raise ValueError(f"{path} has {written} bytes, {size} were expected")
        hashed = digest.hexdigest()
        if path.startswith("data/"):
            self._payload.append((path, hashed))
            self._octets += size
        else:
            self._tags.append((path, hashed))
        return hashed


def _manifest(files: Iterable[tuple[str, str]]) -> bytes:
    """Return a manifest: two spaces between hash and path, as `sha256sum -c` reads it."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(files)).encode()
