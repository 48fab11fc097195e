"""Command: the output of a command on this machine, such as `restic snapshots --json`. Without a shell, with a limit to its time and its output."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from audit.connectors._fetching import Asking, Fetch, Fetched
from audit.connectors._programs import run
from audit.connectors._secret import Secret
from audit.controls._objectives import Length
from audit.model.terms import Term

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
    began = asking.clock()
    ran = run(settings.run, settings.environment, settings.folder or "/", settings.timeout)
    told = {
        "command": shlex.join(settings.run), "exit_code": ran.exit_code, "started_at": began, "finished_at": asking.clock(), "observed_at": began,
        "scope": settings.scope,
    }  # fmt: skip
    if ran.stdout.strip() or not ran.stderr.strip():
        yield Fetched("stdout", ran.stdout, {**told, "complete": True if settings.complete and ran.exit_code == 0 else None})
    if ran.stderr.strip():
        yield Fetched("stderr", ran.stderr, told)
