"""backup-audit frameworks."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from audit.cli._content import content_option
from audit.content import Content
from audit.policy.frameworks import Assessed, Framework, names, read_framework
from audit.reporting.formats import LOCALES


@click.command("frameworks")
@click.argument("name", metavar="[ID]", required=False)
@click.option(
    "--lang", "language", type=click.Choice(sorted(LOCALES)), default="en", show_default=True, help="Language of the texts."
)
@click.option("--format", "fmt", type=click.Choice(["table", "json"]), default="table", show_default=True)
@content_option
def command(name: str | None, language: str, fmt: str, own: Path | None) -> None:
    """List the standards and laws whose requirements can be answered, or the requirements of one.

    \b
    Examples:
      backup-audit frameworks
      backup-audit frameworks gbt-22239-2019 --lang zh
    """
    content = Content(own)
    chosen = {one: read_framework(content, one) for one in ([name] if name else names(content))}
    if fmt == "json":
        told = {one: framework.model_dump(mode="json") for one, framework in chosen.items()}
        click.echo(json.dumps(told[name] if name else told, ensure_ascii=False, indent=1))
        return
    console = Console(record=True, file=io.StringIO(), width=None if sys.stdout.isatty() else 180, highlight=False, markup=False)
    console.print(_requirements(chosen[name], language) if name else _list(chosen, language))
    if name:
        console.print(f"\n{chosen[name].disclaimer[language]}", soft_wrap=True)
    click.echo(console.export_text(styles=sys.stdout.isatty()), nl=False)


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _list(chosen: dict[str, Framework], language: str) -> Table:
    table = _table("id", "title", "edition", "status", "as of", "requirements", *Assessed)
    for name, framework in chosen.items():
        counts: list[Any] = [sum(one.assessed is assessed for one in framework.requirements) for assessed in Assessed]
        about = (framework.title[language], framework.edition, framework.status, framework.as_of, len(framework.requirements))
        table.add_row(name, *map(str, (*about, *counts)))
    return table


def _requirements(framework: Framework, language: str) -> Table:
    table = _table("requirement", "assessed", "confidence", "asks", "controls")
    for one in framework.requirements:
        asks = one.title[language] if one.states is None else f"{one.title[language]} [{one.states[language]}]"
        table.add_row(one.id, one.assessed, one.confidence, asks, ", ".join(one.controls))
    return table
