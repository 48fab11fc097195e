"""backup-audit costs."""

from __future__ import annotations

import csv
import io
import json
import sys
from decimal import Decimal
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from audit.cli._content import content_option
from audit.cli._dates import parse_period
from audit.cli._period import known_number
from audit.cli._progress import progress
from audit.cli._tables import SHOWN
from audit.cli.report import replace_file
from audit.content import Content
from audit.errors import UsageError
from audit.evaluation.costs import Bounds, Costs, Line, rounded
from audit.model.envelope import time_text
from audit.reporting.compose import Definition
from audit.reporting.harmless import harmless
from audit.steps._open import open_store
from audit.steps.assess import known_at_of
from audit.steps.costs import costs, unjudged
from audit.steps.report import report_of

UNITS = (("TiB", 2**40), ("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10))


@click.command("costs")
@click.option("--from", "since", metavar="DATE", help="First day (in the programme's zone) or instant of the period.")
@click.option("--to", "until", metavar="DATE", help="Day or instant at which the period ends; not in it any more.")
@click.option(
    "--period",
    "--year",
    "year",
    type=int,
    metavar="YEAR",
    help="A calendar year in the programme's zone, in place of --from and --to.",
)
@click.option("--as-known-at", metavar="N|TIME", help="As known at a journal entry or an instant. Default: now.")
@click.option("--asset", "assets", multiple=True, help="Only this asset (may be given more than once).")
@click.option("--format", "fmt", type=click.Choice(["table", "json", "csv", "xlsx"]), default="table", show_default=True)
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file instead of the screen.")
@content_option
@click.pass_obj
def command(
    data: Path, since: str | None, until: str | None, year: int | None, as_known_at: str | None, assets: tuple[str, ...],
    fmt: str, output: Path | None, own: Path | None,
) -> None:  # fmt: skip
    """Show what is stored, by policy, class of data and repository, and what that costs where repositories declare a price.

    Bytes are those that tools report of each copy. Each figure has two bounds: copies that were surely there, and those that possibly were.

    \b
    Examples:
      backup-audit costs --period 2026
      backup-audit costs --from 2026-11-01 --to 2026-12-01 --asset im-messages-db --format csv
      backup-audit costs --period 2026 --format xlsx -o costs-2026.xlsx
    """
    if fmt == "xlsx" and output is None:
        raise UsageError("--format xlsx writes a file: name it with -o FILE.xlsx")
    store = open_store(data)
    known = known_at_of(store, known_number(store, as_known_at))
    begin, end = parse_period(since, until, year, store.estate(known).timezone)
    with progress() as shown:
        found = costs(store, begin, end, known, assets=assets or None, progress=shown)
    if fmt == "xlsx":
        content = Content(own)
        definition = Definition.load(content, "costs")
        written = report_of(store, unjudged(store, begin, end, known), definition, "en", fmt, content=content, costs_found=found)
    elif fmt == "json":
        about = {"period": {"from": time_text(begin), "to": time_text(end)}, "as_known_at": known}
        written = (json.dumps({**about, **found.to_json()}, ensure_ascii=False, indent=1) + "\n").encode()
    else:
        written = (_csv(found) if fmt == "csv" else _table(found)).encode()
    if output is None:
        click.echo(written.decode(), nl=False)
        return
    replace_file(output, written)
    click.echo(f"{len(found.lines)} lines written to {output}")


def _csv(found: Costs) -> str:
    both = [f"{name}_{bound}" for name in ("points", "bytes", "average_bytes", "cost") for bound in ("sure", "possible")]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["policy", "data_class", "repository", "amount", "currency", "per", *both, "unknown_points"])
    for line in found.lines:
        told = line.to_json()
        price = told["price"] or {"amount": None, "currency": None, "per": None}
        figures = [
            None if told[name] is None else told[name][bound] for name in ("points", "bytes", "average_bytes", "cost") for bound in ("sure", "possible")
        ]  # fmt: skip
        row = [line.policy, line.data_class, line.repository, *price.values(), *figures, line.unknown]
        writer.writerow([harmless(value) for value in row])
    return out.getvalue()


def _table(found: Costs) -> str:
    console = Console(record=True, file=io.StringIO(), width=None if sys.stdout.isatty() else 220, highlight=False, markup=False)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("policy", "data class", "repository", "points", "stored", "average", "price", "cost"):
        table.add_column(name, overflow="fold", justify="right" if name in ("points", "stored", "average", "cost") else "left")
    for line in found.lines[:SHOWN]:
        table.add_row(*_cells(line))
    if found.lines:
        console.print(table)
    if len(found.lines) > SHOWN:
        console.print(f"The first {SHOWN} of {len(found.lines)} lines; --format csv has all.")
    for total in found.totals:
        console.print(f"Total: {'at least ' if total.at_least else ''}{_money(total.cost)} {total.currency}", soft_wrap=True)
    if found.unpriced:
        console.print(f"Without a price, and in no total: {', '.join(found.unpriced)}.", soft_wrap=True)
    if found.unknown:
        console.print(f">=: of {found.unknown} points the bytes are unknown; they are not in the figures.", soft_wrap=True)
    if not found.lines:
        console.print("Nothing was stored that evidence shows.")
    else:
        console.print(
            "\npoints, stored: at the period's end. average: over the period. a to b: surely, and possibly. A month is 30.4375 days. Bytes are those that"
            " tools report of each copy.",
            soft_wrap=True,
        )
    return console.export_text(styles=sys.stdout.isatty())


def _cells(line: Line) -> list[str]:
    least = ">= " if line.unknown else ""
    price = "no price" if line.amount is None else f"{line.amount:f} {line.currency} per {line.per}"
    cost = "-" if line.cost is None else f"{least}{_money(line.cost)} {line.currency}"
    stored, average = (least + _range(_size(figure.sure), _size(figure.possible)) for figure in (line.stored, line.average))
    points = _range(str(line.points.sure), str(line.points.possible))
    return [line.policy or "-", line.data_class, line.repository, points, stored, average, price, cost]


def _range(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _money(cost: Bounds) -> str:
    return _range(*(f"{rounded(money):,f}" for money in (cost.sure, cost.possible)))


def _size(size: int) -> str:
    """Return bytes in the largest unit that they fill, with two decimals."""
    name, unit = next(((name, unit) for name, unit in UNITS if size >= unit), ("B", 1))
    return f"{size} B" if unit == 1 else f"{Decimal(size) / unit:,.2f} {name}"
