"""Programs of this machine, run for what they print: without a shell, with a declared environment, with a limit to their time and their output."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO

from audit.connectors._fetching import FetchError
from audit.connectors._secret import Secret
from audit.model.terms import Term

PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "XDG_CACHE_HOME", "SSH_AUTH_SOCK")
"""Variables of our own environment that a program sees. What else it needs is declared."""
LARGEST = 512 * 1024 * 1024
"""Bytes that a program prints at the most."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended, and what it printed."""

    exit_code: int
    stdout: bytes
    stderr: bytes


def run(arguments: Sequence[str], environment: Mapping[str, str | Secret], folder: str, timeout: Term, stdin: bytes = b"") -> Ran:
    """Run a program to its end. Raises `FetchError` when it cannot be run, takes too long or prints too much."""
    seen = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    seen |= {name: value.read() if isinstance(value, Secret) else value for name, value in environment.items()}
    with TemporaryFile() as told, TemporaryFile() as stdout, TemporaryFile() as stderr:
        told.write(stdin)
        told.seek(0)
        exit_code = _run(arguments, seen, folder, timeout, (told, stdout, stderr))
        return Ran(exit_code, *(_printed(file, arguments[0]) for file in (stdout, stderr)))


def _run(arguments: Sequence[str], environment: Mapping[str, str], folder: str, timeout: Term, files: tuple[IO[bytes], ...]) -> int:
    program = arguments[0]
    stdin, stdout, stderr = files
    try:
        process = subprocess.Popen(  # noqa: S603 - that a declared command runs is what this is for; no shell reads it
            arguments, env=environment, cwd=folder, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
        )
    except OSError as error:
        raise FetchError(f"{program} cannot be run: {error.strerror}") from None
    try:
        return process.wait(timeout.microseconds / 1_000_000)
    except subprocess.TimeoutExpired:
        raise FetchError(f"{program} was ended: it took longer than {timeout}") from None
    finally:
        # Its children too: what a command leaves behind would go on reading the repository.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _printed(file: IO[bytes], program: str) -> bytes:
    if file.seek(0, os.SEEK_END) > LARGEST:
        raise FetchError(f"{program} printed more than {LARGEST // 1024 // 1024} MiB; it was not taken")
    file.seek(0)
    return file.read()
