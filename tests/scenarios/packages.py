"""Packages for tests: exported, unpacked, checked as an auditor does, altered by someone who has the key or has not."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from audit.evidence import package
from audit.evidence.sshsig import sign
from tests.cli.session import PERIOD, Session

TOOLS = {
    "sh": "dash",
    "sha256sum": "coreutils",
    "tr": "coreutils",
    "sed": "sed",
    "ssh-keygen": "openssh-client",
    "python3": "python3",
}
"""All that an auditor's machine has, by the Debian package it comes from."""


def exported(session: Session, out: Path, *options: str) -> Path:
    """Return a new package; reports as HTML unless the options say otherwise."""
    formats = () if "--format" in options else ("--format", "html")
    session.fine("export", *(() if "--from" in options else PERIOD), *formats, *options, "-o", out)
    return out


def unpacked(path: Path, folder: Path) -> Path:
    """Unpack a zip and return the folder of the package."""
    with zipfile.ZipFile(path) as zipped:
        zipped.extractall(folder)
    (inside,) = folder.iterdir()
    return inside


class Machine:
    """A machine with coreutils, openssh-client and Python, and nothing else: no variables, no packages, no other programs."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool, path="/usr/bin:/bin")
            assert found, f"{tool} is missing: apt-get install {TOOLS[tool]}"
            (self.bin / tool).symlink_to(found)

    def run(self, command: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """Run a shell command in a folder."""
        argv = [str(self.bin / "sh"), "-c", command]
        return subprocess.run(argv, cwd=folder, env={"PATH": str(self.bin)}, capture_output=True, text=True, check=False)

    def verify(self, folder: Path, *options: str) -> tuple[int, list[str]]:
        """Run the program that is in the package, isolated from whatever Python has beside its library; return code and lines."""
        done = self.run(" ".join(["python3 -I -S verify_evidence.py", *options]), folder)
        assert done.stderr == "", done.stderr
        return done.returncode, done.stdout.splitlines()


def broken(lines: list[str]) -> list[str]:
    return [line.removeprefix("BROKEN").strip() for line in lines if line.startswith("BROKEN")]


def key_of(session: Session) -> Ed25519PrivateKey:
    key = load_pem_private_key((session.data / "keys" / "checkpoint.key").read_bytes(), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    return key


def sealed(folder: Path, key: Ed25519PrivateKey) -> None:
    """Make manifests and signature anew over whatever is in a folder: what someone can do who has a key."""
    public = key.public_key()
    from audit.evidence.verify_evidence import key_files

    for name, content in key_files(public.public_bytes_raw()).items():
        (folder / name).write_bytes(content)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    data = {name: digest for name, digest in names.items() if name.startswith("data/")}
    oxum = f"{sum((folder / name).stat().st_size for name in data)}.{len(data)}"
    info = [line for line in (folder / "bag-info.txt").read_text().splitlines() if not line.startswith("Payload-Oxum")]
    (folder / "bag-info.txt").write_text("\n".join([*info, f"Payload-Oxum: {oxum}"]) + "\n")
    (folder / package.MANIFEST).write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(data.items())))
    tags = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith(package.TAG_MANIFEST))
    manifest = "".join(f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in tags).encode()
    (folder / package.TAG_MANIFEST).write_bytes(manifest)
    (folder / package.SIGNATURE).write_text(sign(manifest, key))


def edited(path: Path, change: Callable[[list[str]], list[str]]) -> None:
    """Change the lines of a text: a forgery that changes nothing would try nothing."""
    before = path.read_text()
    after = "\n".join(change(before.split("\n")))
    assert after != before
    path.write_text(after)


def rewritten(path: Path, change: Callable[[dict[str, object]], None], line: int = 0) -> None:
    """Change one line of NDJSON."""
    lines = path.read_text().split("\n")
    value = json.loads(lines[line].removesuffix(","))
    change(value)
    lines[line] = json.dumps(value, ensure_ascii=False, separators=(",", ":")) + ("," if lines[line].endswith(",") else "")
    path.write_text("\n".join(lines))
