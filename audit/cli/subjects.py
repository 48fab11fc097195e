"""backup-audit subjects."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import click
import polars as pl

from audit.cli._tables import show
from audit.errors import Fault, InputError, UsageError
from audit.steps._open import open_store
from audit.steps.confirm import Wanted, confirm
from audit.steps.subjects import MAPPED, ORPHAN, UNPROTECTED, subjects

FORMAT = click.Choice(["ndjson", "csv", "table"])
_COLUMNS = ("source", "subject", "asset")


@click.group("subjects", invoke_without_command=True)
@click.option("--orphans", is_flag=True, help="Only subjects without an asset.")
@click.option(
    "--status", type=click.Choice([MAPPED, ORPHAN, UNPROTECTED]), multiple=True, help="Only these; may be given several times."
)
@click.option("--format", "fmt", type=FORMAT, default="table", show_default=True)
@click.pass_context
def command(context: click.Context, orphans: bool, status: tuple[str, ...], fmt: str) -> None:
    """Show what the tools say they back up and whose it is; for what is nobody's, the best guesses; and assets that nothing protects.

    \b
    A guess says how it matches:
      name      the same but for capitals: the asset's name, or one that it is known as
      domain    the same without the domain
      pattern   its name stands where other names stand in subjects of this source
      similar   alike, with how much (1 is the same)

    Nothing is taken over before a person confirms it.

    \b
    Examples:
      backup-audit subjects
      backup-audit subjects --orphans
      backup-audit subjects --status unprotected --format csv
      backup-audit subjects confirm pbs-dc1 vm/101 im-messages-db --programme my-programme
    """
    if context.invoked_subcommand is not None:
        return
    found = subjects(open_store(context.obj), datetime.now(UTC))
    wanted = {*status, *([ORPHAN] if orphans else [])}
    show(found.filter(pl.col("status").is_in(sorted(wanted))) if wanted else found, fmt, "subjects")


@command.command("confirm")
@click.argument("source", required=False)
@click.argument("subject", required=False)
@click.argument("asset", required=False)
@click.option("--part", help="The part of the asset that it is.")
@click.option("--from", "table", type=click.Path(path_type=Path, dir_okay=False), help="A CSV with source, subject, asset (and part): its rows that name an asset.")  # fmt: skip
@click.option("--programme", required=True, type=click.Path(path_type=Path, file_okay=False), help="The programme's folder.")
@click.option("--unseen", is_flag=True, help="Also a subject that no evidence has yet.")
@click.pass_obj
def confirm_command(data: Path, source: str | None, subject: str | None, asset: str | None, part: str | None, table: Path | None,
                    programme: Path, unseen: bool) -> None:  # fmt: skip
    """Write a SUBJECT of a SOURCE into the programme's file of assets as a name of ASSET. `apply` then enters it in the journal.

    Only the lines of that asset change; comments and everything else stay. Several at once: save `subjects --orphans --format csv`, fill
    in the column asset, and give it with --from.

    \b
    Examples:
      backup-audit subjects confirm pbs-dc1 vm/101 im-messages-db --programme my-programme
      backup-audit subjects confirm --from decided.csv --programme my-programme
    """
    if table is not None:
        if source is not None or part is not None:
            raise UsageError("give SOURCE SUBJECT ASSET, or --from, not both")
        wanted = _decided(table)
    elif source is None or subject is None or asset is None:
        raise UsageError("say which: SOURCE SUBJECT ASSET, or --from FILE")
    else:
        wanted = [Wanted(source, subject, asset, part)]
    done = confirm(open_store(data), programme, wanted, unseen=unseen)
    for one in done.written:
        click.echo(f"+ {one.source} {one.subject} is {one.asset}" + (f", part {one.part}" if one.part else ""))
    for one in done.known:
        click.echo(f"= {one.source} {one.subject} is {one.asset} already")
    if done.files:
        click.echo(
            f"Written: {', '.join(str(programme / name) for name in done.files)}. Enter it in the journal: backup-audit apply {programme}"
        )
    else:
        click.echo("Nothing was changed.")


def _decided(table: Path) -> list[Wanted]:
    """Return the rows of a table in which a person has named an asset."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if missing := [name for name in _COLUMNS if name not in (reader.fieldnames or ())]:
                raise InputError(
                    f"{table} has no column {', '.join(missing)}",
                    [Fault(str(table), "its header is no table of subjects", "save `subjects --orphans --format csv`", "line 1")],
                )
            rows = [row for row in reader if (row["subject"] or "").strip() and (row["asset"] or "").strip()]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot read {table}: {getattr(error, 'strerror', None) or error}") from error
    if not rows:
        raise InputError(f"{table} names no asset in any row: fill in the column asset")
    return [Wanted(row["source"], row["subject"], row["asset"].strip(), (row.get("part") or "").strip() or None) for row in rows]
