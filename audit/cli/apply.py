"""apply: load a programme, show what changes, journal it."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from audit.policy.changes import Change
from audit.steps._open import open_store
from audit.steps.apply import Applied, apply

SHOWN = 200
"""Lines of a diff that are shown; the journal has the rest."""

_TITLES = ("title", "description")

_MARKS = {"added": ("+", "green"), "changed": ("~", "yellow"), "removed": ("-", "red")}


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--dry-run", is_flag=True, help="Check and show what would change; store nothing.")
@click.option("--by", help="Who applies the programme; the login name when not given.")
@click.option("--confirmed-by", help="The second person who confirms a change of the past.")
@click.pass_obj
def command(data: Path, folder: Path, dry_run: bool, by: str | None, confirmed_by: str | None) -> None:
    """Load a programme: check the whole FOLDER, show what changes, journal it.

    All faults are shown at once, with file and line, and then nothing is stored. A change that reaches back into the past needs a
    second person.

    \b
    Examples:
      backup-audit apply policies/example --dry-run
      backup-audit apply policies/example --by "Li Na"
      backup-audit apply policies/example --by "Li Na" --confirmed-by "Wang Wei"
    """
    store = open_store(data)
    done = apply(store, folder, now=datetime.now(UTC), by=by or getpass.getuser(), confirmed_by=confirmed_by, dry_run=dry_run)
    show(done, folder)


def show(done: Applied, folder: Path) -> None:
    """Print what was applied: changes to stdout, warnings to stderr."""
    errors = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    for warning in done.warnings:
        errors.print(Text(f"Warning: {warning}", style="yellow"))
    console = Console(soft_wrap=True, highlight=False, markup=False)
    if not done.changes:
        console.print(f"{folder} declares nothing new: nothing was changed.")
        return
    lines = [line for change in done.changes for line in _lines(change)]
    for line in lines[:SHOWN]:
        console.print(line)
    if len(lines) > SHOWN:
        console.print(f"  and {len(lines) - SHOWN} more lines")
    for reaching in done.retroactive:
        since = reaching.since.isoformat().replace("+00:00", "Z") if reaching.since else "the beginning"
        console.print(Text(f"! {reaching.noun} {reaching.name}: retroactive, changes what held from {since} on", style="bold red"))
    counts = "; ".join(f"{noun}: " + ", ".join(f"{n} {what}" for what, n in of.items()) for noun, of in done.counts.items())
    console.print(f"{counts}.")
    if done.dry_run:
        needs = " A second person must confirm it (--confirmed-by)." if done.retroactive else ""
        console.print(f"Dry run: nothing was stored.{needs}")
    else:
        console.print(f"Applied as entry {done.number} of the journal.")


def _lines(change: Change) -> list[Text]:
    mark, style = _MARKS[change.what]
    head = Text(f"{mark} {change.noun} {change.name}".rstrip(), style=style)
    if change.what == "added":
        # What is new is read in the file; one line says what it is.
        said = "; ".join(f"{key}: {_value(new)}" for key, _, new in change.keys if not key.startswith(_TITLES))
        return [head.append(f"  {said}", style="default")]
    return [head, *(Text(f"    {key}: {_value(old)} -> {_value(new)}") for key, old, new in change.keys)]


def _value(value: Any) -> str:
    match value:
        case None:
            return "(absent)"
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(map(_value, value))}]"
        case _:
            return str(value)
