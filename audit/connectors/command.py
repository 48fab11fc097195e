"""Command: the output of a command on this machine, such as `restic snapshots --json`. Without a shell, with a limit to its time and its output."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from tempfile import TemporaryFile
from typing import IO, Annotated, Literal

from pydantic import Field, StringConstraints

from audit.connectors._fetching import Asking, Fetch, Fetched, FetchError
from audit.connectors._secret import Secret
from audit.controls._objectives import Length
from audit.model.terms import Term

PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "XDG_CACHE_HOME", "SSH_AUTH_SOCK")
"""Variables of our own environment that a command sees. What else it needs is declared."""
LARGEST = 512 * 1024 * 1024
"""Bytes that a command prints at the most."""
Argument = Annotated[str, StringConstraints(pattern="^[^\x00]*$")]


class Settings(Fetch):
    """`{connector: command, run: [restic, snapshots, --json], every: 1h, complete: true, environment: {RESTIC_PASSWORD: {file: /run/secrets/restic}}}`."""

    connector: Literal["command"]
    run: list[Argument] = Field(min_length=1, description="the program and its arguments; no shell reads them")
    environment: Mapping[str, str | Secret] = Field(
        default_factory=dict, description="variables of its environment: a text, or where a secret is read"
    )
    folder: str | None = Field(None, description="the folder in which it runs; / when absent")
    timeout: Length = Field(Term.parse("10m"), description="how long it may run before it is ended")
    complete: bool = Field(default=False, description="whether what it prints is everything in its scope, when it succeeds")
    scope: str | None = Field(None, min_length=1, description="what part of the repository it lists; the whole when absent")


def fetch(settings: Settings, asking: Asking) -> Iterator[Fetched]:
    """Run the command; yield what it printed, and what it printed on stderr as a payload of its own. Raises `FetchError` when it cannot be run, takes too long or prints too much."""
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment |= {name: value.read() if isinstance(value, Secret) else value for name, value in settings.environment.items()}
    with TemporaryFile() as stdout, TemporaryFile() as stderr:
        began = asking.clock()
        exit_code = _run(settings, environment, stdout, stderr)
        told = {
            "command": shlex.join(settings.run), "exit_code": exit_code, "started_at": began, "finished_at": asking.clock(), "observed_at": began,
            "scope": settings.scope,
        }  # fmt: skip
        printed, complained = (_printed(file, settings.run[0]) for file in (stdout, stderr))
    if printed.strip() or not complained.strip():
        yield Fetched("stdout", printed, {**told, "complete": True if settings.complete and exit_code == 0 else None})
    if complained.strip():
        yield Fetched("stderr", complained, told)


def _run(settings: Settings, environment: Mapping[str, str], stdout: IO[bytes], stderr: IO[bytes]) -> int:
    program = settings.run[0]
    try:
        process = subprocess.Popen(  # noqa: S603 - that a declared command runs is what this is for; no shell reads it
            settings.run, env=environment, cwd=settings.folder or "/", stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, start_new_session=True
        )  # fmt: skip
    except OSError as error:
        raise FetchError(f"{program} cannot be run: {error.strerror}") from None
    try:
        return process.wait(settings.timeout.microseconds / 1_000_000)
    except subprocess.TimeoutExpired:
        raise FetchError(f"{program} was ended: it took longer than {settings.timeout}") from None
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
