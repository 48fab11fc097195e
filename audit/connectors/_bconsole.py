"""bconsole, the console of Bacula and of Bareos: run with fixed commands on its stdin, none of which changes anything."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pydantic import Field

from audit.connectors._fetching import Fetch, FetchError
from audit.connectors._programs import Ran, run
from audit.controls._objectives import Length
from audit.model.terms import Term

_WRONG = re.compile(r"\b(?:authorization|error|failed|[Cc]ould not|[Cc]annot|not authorized|invalid command)\b")


class Console(Fetch):
    """Settings of a connector that runs bconsole."""

    program: str = Field("bconsole", min_length=1, pattern="^[^\x00]*$", description="the console: its name, or its whole path")
    config: str | None = Field(
        None, pattern="^/[^\x00]*$", description="the console's configuration, such as /etc/bareos/bconsole-audit.conf"
    )
    director: str | None = Field(
        None, pattern="^[^\\s\x00-][^\\s\x00]*$", description="which director of the configuration; the first when absent"
    )
    timeout: Length = Field(Term.parse("10m"), description="how long it may run before it is ended")


def asked(settings: Console, commands: Iterable[str]) -> Ran:
    """Run the console with commands, one a line. Raises `FetchError` when it cannot be run, or says by its exit code that it failed."""
    arguments = [settings.program]
    arguments += ["-c", settings.config] if settings.config else []
    arguments += ["-D", settings.director] if settings.director else []
    ran = run(arguments, {}, "/", settings.timeout, "".join(f"{command}\n" for command in commands).encode())
    if ran.exit_code:
        raise FetchError(f"{settings.program} ended with {ran.exit_code}{telling_line(ran)}")
    return ran


def telling_line(ran: Ran) -> str:
    """Return the line that says what went wrong, or else the last one that the console printed, behind a colon; nothing where it printed none."""
    lines = [line.strip() for line in (ran.stderr + ran.stdout).decode(errors="replace").splitlines() if line.strip()]
    said = next((line for line in lines if _WRONG.search(line)), lines[-1] if lines else "")
    return f": {said[:200]}" if said else ""
