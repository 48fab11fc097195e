"""Packages are streams: ten times the payloads need no more memory, neither to write nor to verify."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from audit.evidence import package
from tests.cli.session import PERIOD, Session, started
from tests.scenarios.packages import unpacked

MEGABYTE = 1 << 20
ROOM = 24 * MEGABYTE
"""What peaks differ by from run to run; the large package holds four times that more."""


LAUNCHER = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""
"""A process that starts another lends it its own peak on Linux: a small one must start it, not the test."""


def peak(*argv: str | Path) -> int:
    """Run a program and return its peak resident memory in bytes."""
    launcher = [sys.executable, "-I", "-S", "-c", LAUNCHER, *(str(part) for part in argv)]
    done = subprocess.run(launcher, capture_output=True, text=True, check=True)
    code, bytes_ = done.stdout.split()
    assert code == "0", done.stderr
    return int(bytes_)


def command(session: Session, *arguments: str | Path) -> list[str | Path]:
    return [sys.executable, "-c", "from audit.cli import main; main()", "--data", session.data, *arguments]


def with_payloads(folder: Path, sizes: list[int]) -> Session:
    """Return a data folder with payloads that no tool wrote: kept as evidence all the same, and exported."""
    session = started(folder / "data")
    (folder / "in").mkdir()
    chance = random.Random(1)
    for number, size in enumerate(sizes):
        (folder / "in" / f"{number:03d}.bin").write_bytes(chance.randbytes(size))
    assert session("ingest", folder / "in").code == 2  # kept, but not recognised
    return session


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_memory_does_not_grow_with_the_package(tmp_path: Path) -> None:
    peaks: dict[str, list[int]] = {"export": [], "verify": [], "program": []}
    for name, sizes in (("small", [MEGABYTE] * 10), ("large", [50 * MEGABYTE] + [MEGABYTE] * 50)):
        folder = tmp_path / name
        folder.mkdir()
        session, out = with_payloads(folder, sizes), folder / "package.zip"
        peaks["export"].append(peak(*command(session, "export", *PERIOD, "--format", "html", "-o", out)))
        assert out.stat().st_size > sum(sizes)
        peaks["verify"].append(peak(*command(session, "verify", out)))
        inside = unpacked(out, folder / "unpacked")
        peaks["program"].append(peak("python3", "-I", "-S", inside / package.SCRIPT))
    for what, (small, large) in peaks.items():
        assert large < small + ROOM, f"{what}: {small} bytes for 10 MB, {large} for 100 MB"
