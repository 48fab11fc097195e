"""backup-audit ingest."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from audit.cli._progress import progress
from audit.cli._user import user
from audit.errors import InputError
from audit.steps._open import open_store
from audit.steps._payloads import gather
from audit.steps.ingest import Ingested, ingest


class Time(click.ParamType[datetime]):
    """An instant with its time zone."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read RFC 3339; refuse what has no zone."""
        if isinstance(value, datetime):
            return value
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time; write it as 2026-11-23T06:00:00Z or 2026-11-23T14:00:00+08:00", param, ctx)
        if time.utcoffset() is None:
            self.fail(f"{value!r} has no time zone; add Z or an offset such as +08:00", param, ctx)
        return time


@click.command("ingest")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--source", help="The source (as declared in sources.yaml) that the payloads are from.")
@click.option("--tool", help="The format. Recognised by content when not given.")
@click.option("--repository", help="The repository that the payloads speak of, where they do not say it themselves.")
@click.option("--scope", help="What part of the repository was listed (a host, a stanza, a namespace). Default: the whole.")
@click.option(
    "--observed-at", type=Time(), metavar="TIME", help="When this was true at its origin, with zone: 2026-11-23T06:00:00Z."
)
@click.option("--complete", is_flag=True, default=None, help="The payload lists everything that is in its scope.")
@click.option("--timezone", help="IANA zone of times without one. Default: the source's.")
@click.option("--command", "shell_command", help="The command whose output the payload is.")
@click.option("--exit-code", type=int, help="The exit code of that command.")
@click.pass_obj
def command(data: Path, /, paths: tuple[Path, ...], shell_command: str | None, **given: Any) -> None:
    """Take in evidence: files, folders (recursively, in name order) or - for standard input.

    What is said of a payload can also stand beside it, in FILE.envelope.json: {"source": ..., "observed_at": ..., "complete":
    true}. The same payload told of in the same way is taken in once, however often it is given. Ends with 2 when something could
    not be taken in, was not recognised, or held nothing that could be read; the rest is taken in all the same.

    \b
    Examples:
      backup-audit ingest --source nas --repository nas-dc1 --observed-at 2026-11-23T06:00:00Z --complete snapshots.json
      backup-audit ingest --source tape exports/2026-11/
      restic snapshots --json | backup-audit ingest --source nas --tool restic --repository nas-dc1 --complete \\
        --observed-at "$(date --utc +%FT%TZ)" -
    """
    store = open_store(data)
    with progress() as show:
        found = gather(paths, sys.stdin.buffer.read)
        done = ingest(store, found, {**given, "command": shell_command}, now=datetime.now(UTC), by=user(), progress=show)
    for line in summary(done):
        click.echo(line)
    if done.refused or done.unrecognised or done.unread:
        raise InputError(_ending(done), [*done.refused, *done.unrecognised, *done.unread])


def summary(done: Ingested) -> list[str]:
    """Return what an ingest did, in lines."""
    lines = [
        f"{done.files} file(s): {done.new} new, {done.known} already known"
        + (f", {done.hidden} hidden passed over" if done.hidden else ""),
        f"{done.points} recovery point(s), {done.runs} run(s), {done.listings} listing(s)",
    ]
    if done.quarantined or done.noted:
        lines.append(f"{done.quarantined} quarantined, {done.noted} doubtful (backup-audit quarantine lists them all):")
        lines += [f"  {fault}" for fault in done.faults]
    return lines + [f"Warning: {warning}" for warning in done.warnings]


def _ending(done: Ingested) -> str:
    parts = []
    if done.refused:
        parts.append(f"{len(done.refused)} not taken in")
    if done.unrecognised:
        parts.append(f"{len(done.unrecognised)} kept as evidence but not recognised: give --tool and ingest again")
    if done.unread:
        parts.append(f"{len(done.unread)} kept as evidence but nothing in it could be read")
    return "; ".join(parts)
