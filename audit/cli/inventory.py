"""backup-audit inventory."""

from __future__ import annotations

from pathlib import Path

import click
import polars as pl

from audit.cli._main import MAX_FAULTS_SHOWN
from audit.cli._tables import show
from audit.errors import Exit, Fault, UsageError
from audit.policy.reconcile import KNOWN
from audit.steps.inventory import Result, inventory

_PATH = click.Path(path_type=Path, dir_okay=False)


@click.group("inventory")
def command() -> None:
    """Hold lists of what should be protected (CSV, XLSX, ServiceNow, NetBox, vCenter, AWS) against the programme.

    \b
    Examples:
      backup-audit inventory read vms.csv --mapping inventory.yaml --programme my-programme
    """


@command.command("read")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=_PATH)
@click.option("--mapping", required=True, type=_PATH, help="What the entries become: inventory.yaml.")
@click.option(
    "--programme", type=click.Path(path_type=Path, file_okay=False), help="The programme's folder that they are held against."
)
@click.option("-o", "--output", type=_PATH, help="The file of assets to write: assets.yaml, assets-vcenter.csv or the like.")
@click.option("--update", is_flag=True, help="Also change what the file says otherwise than the inventory.")
@click.option("--link", "links", multiple=True, metavar="KEY=ASSET", help="The entry KEY is this asset; KEY= says that it is a new one. May be given several times.")  # fmt: skip
@click.option("--all", "everything", is_flag=True, help="Show also what is known and unchanged.")
@click.option("--format", "fmt", type=click.Choice(["ndjson", "csv", "table"]), default="table", show_default=True)
def read_command(files: tuple[Path, ...], mapping: Path, programme: Path | None, output: Path | None, update: bool,
                 links: tuple[str, ...], everything: bool, fmt: str) -> None:  # fmt: skip
    """Read FILEs as one inventory: what is there, what is new, what changed, what is gone, and which rows could not be mapped.

    With -o what is new is written as assets, and what the file does not say yet is filled in; what people wrote stays, unless --update
    is given. Every change is told. The journal is not touched: apply the programme afterwards.

    \b
    Examples:
      backup-audit inventory read vms.csv --mapping inventory.yaml --programme my-programme
      backup-audit inventory read devices.json vms.json --mapping netbox.yaml --programme my-programme -o my-programme/assets-netbox.yaml
    """
    if update and output is None:
        raise UsageError("--update changes a file: say which with -o")
    linked = dict(_link(one) for one in links)
    done = inventory(files, mapping, programme, output, linked, update=update)
    frame = done.frame
    show(frame if everything or fmt != "table" else frame.filter(pl.col("status") != KNOWN), fmt, "rows")
    if fmt == "table":
        click.echo(
            "; ".join(f"{status}: {count}" for status, count in sorted(done.reconciled.counts().items())) or "nothing is listed"
        )
    _tell(done, fmt)
    if done.faults:
        raise SystemExit(Exit.USAGE)


def _tell(done: Result, fmt: str) -> None:
    for reason in done.cut:
        click.echo(f"NOT COMPLETE: {reason}. What is not listed is not judged as gone.", err=True)
    _faults("Warning", done.notes)
    _faults("Error", done.faults)
    for line in (*done.written, *(f"= {line}" for line in done.left)):
        click.echo(line, err=fmt != "table")


def _faults(word: str, faults: list[Fault]) -> None:
    for fault in faults[:MAX_FAULTS_SHOWN]:
        click.echo(f"{word}: {fault}", err=True)
    if len(faults) > MAX_FAULTS_SHOWN:
        click.echo(f"  and {len(faults) - MAX_FAULTS_SHOWN} more; --format csv has every row", err=True)


def _link(text: str) -> tuple[str, str]:
    key, equals, asset = text.rpartition("=")
    if not equals or not key:
        raise UsageError(f"--link is written KEY=ASSET, not {text!r}")
    return key, asset.strip()
