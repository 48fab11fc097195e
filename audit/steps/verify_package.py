"""verify of a package: every layer of it, by the program that is in every package too; here straight from the zip (docs/evidence-package.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from audit.errors import InputError
from audit.evidence import package
from audit.evidence.canonical import sha256_hex
from audit.evidence.package_zip import PackageZip
from audit.evidence.sshsig import SignatureError, fingerprint, read_key
from audit.evidence.verify_evidence import Folder, Result, verify
from audit.steps._open import Progress, quietly
from audit.steps.recompute import recompute


def verify_package(path: Path, expected: str | None = None, progress: Progress = quietly, *, again: bool = False) -> Result:
    """Return what is broken in a package, a zip or an unpacked folder, and what could not be checked. Unpacks nothing to the disk.

    `expected`: the fingerprint of the key, as it came in another way than with the package. `again`: judge everything again, too.
    Raises `InputError` for what is no package, and for a zip that is not as `export` writes it.
    """
    if path.is_dir():
        if not (path / package.TAG_MANIFEST).is_file():
            raise InputError(f"{path} is no unpacked evidence package: it has no {package.TAG_MANIFEST}")
        return _all(Folder(str(path)), expected, progress, again=again)
    zipped = PackageZip(path)
    try:
        return _all(zipped, expected, progress, again=again)
    finally:
        zipped.close()


def _all(files: Any, expected: str | None, progress: Progress, *, again: bool) -> Result:
    result = verify(files, expected, progress)
    if again:
        recompute(files, result, progress)
    # Ours is what was run, but auditors may have run the one in the package.
    if result.digests.get(package.SCRIPT) != sha256_hex(package.SCRIPT_FILE.read_bytes()):
        result.unchecked.append(
            f"{package.SCRIPT} of the package: it is not the one of this version of backup-audit, and was not run"
        )
    return result


def fingerprint_of(told: str) -> str:
    """Return the fingerprint that `--key` means: one as `ssh-keygen -lf` prints it, or that of the key in a file (PEM, OpenSSH, or the line of `init`)."""
    if told.startswith("SHA256:"):
        return told.rstrip("=")
    try:
        return fingerprint(read_key(Path(told).read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise InputError(f"--key {told}: is neither a fingerprint (SHA256:...) nor a file that is there") from error
    except (SignatureError, UnicodeDecodeError) as error:
        raise InputError(f"--key {told}: {error}") from error
