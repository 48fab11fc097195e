"""A document on a terminal: the same words as on paper, tables that fit the screen."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table as Grid

from audit.content import Content
from audit.model.document import (
    Block,
    Cell,
    Document,
    DurationCell,
    Heading,
    InstantCell,
    Items,
    Name,
    Note,
    NumberCell,
    OrdinalCell,
    Paragraph,
    ShareCell,
    Table,
    TextCell,
)
from audit.reporting.formats import Formats
from audit.reporting.words import Words, plain

WIDTH = 120
"""Columns of text where there is no screen to fit into."""
RIGHT = ("number", "duration", "share", "ordinal")


def on_screen(document: Document, content: Content) -> str:
    """Return a document as text. Blocks that are pictures are left out: what they show stands in tables."""
    console = Console(
        record=True, file=io.StringIO(), width=None if sys.stdout.isatty() else WIDTH, highlight=False, markup=False, emoji=False
    )
    words = Words(content, Formats(document.language, document.zone, fine=False))
    console.print(plain(document.title), style="bold")
    console.print(plain(document.subtitle))
    for warning in document.warnings:
        console.print(_marked(plain(warning)), style="bold yellow")
    facts = _columns(2)
    for fact in document.facts:
        facts.add_row(plain(fact.label), _cell(fact.value, words))
    console.print(facts)
    for number, section in enumerate(document.sections, 1):
        console.print(f"\n{number} {plain(section.title)}", style="bold")
        for block in section.blocks:
            _print(block, console, words)
    return console.export_text(styles=sys.stdout.isatty())


def _print(block: Block, console: Console, words: Words) -> None:
    match block:
        case Paragraph():
            # A command is copied as one line.
            console.print(plain(block.text), soft_wrap=any(isinstance(part, Name) and " --" in part.text for part in block.text))
        case Heading():
            console.print(f"\n{plain(block.text)}", style="underline")
        case Note():
            console.print(_marked(plain(block.text)), style="yellow" if block.weight == "warning" else "")
        case Items():
            for item in block.items:
                console.print(f"- {plain(item)}", soft_wrap=True)
        case Table():
            console.print(_grid(block, words) if block.rows else plain(block.empty or words("labels.nothing")))


def _marked(text: str) -> Grid:
    """Return a text with a mark beside its lines: Chinese has no blanks, and a mark within it would stand on a line of its own."""
    grid = _columns(1)
    grid.add_row("!", text)
    return grid


def _columns(between: int) -> Grid:
    """Return two columns, so many blanks apart, in which nothing is cut off."""
    grid = Grid.grid(padding=(0, between))
    for _ in range(2):
        grid.add_column(overflow="fold")
    return grid


def _grid(table: Table, words: Words) -> Grid:
    grid = Grid(box=None, header_style="bold", pad_edge=False, title=plain(table.caption) or None, title_justify="left")
    for column in table.columns:
        grid.add_column(plain(column.title), overflow="fold", justify="right" if column.kind in RIGHT else "left")
    for row in table.rows:
        grid.add_row(*_cells(row, words))
    return grid


def _cells(row: Iterable[Cell], words: Words) -> Iterable[str]:
    return (_cell(cell, words) for cell in row)


def _cell(cell: Cell, words: Words) -> str:
    formats = words.formats
    match cell:
        case TextCell(value):
            return plain(value)
        case NumberCell(value):
            return formats.number(value)
        case OrdinalCell(value):
            return formats.number(None) if value is None else str(value)
        case ShareCell(value):
            return formats.share(value)
        case InstantCell(value):
            return formats.instant(value)
        case DurationCell(value):
            return formats.duration(value)
    return ""
