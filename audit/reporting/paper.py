"""A document cut for paper: of long tables and timelines the first rows, and a line that counts the rest. XLSX and HTML have all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from audit.model.document import (
    Block,
    Clock,
    Document,
    EvidenceCell,
    HeatMap,
    Items,
    Note,
    Section,
    ShareBars,
    StripGroup,
    Table,
    Timelines,
)
from audit.reporting.words import Words

LINES_OF_AN_ASSET = 8
"""Timelines of `print_rows` assets have at most so many lines each on the average; assets of many parts take the place of others."""


def for_paper(document: Document, words: Words) -> Document:
    """Return the document with at most `print_rows` rows in each table, and assets in each timeline, in the order in which they
    stand. Of a table that has another form for paper, that one.

    A table whose rows are referred to (the evidence) keeps every row that a printed row refers to, also beyond that number. Sheets
    are not printed: they are gone.
    """
    limit = document.print_rows
    sections = tuple(replace(section, blocks=_cut(section, limit, words)) for section in document.sections)
    asked = {f"entry-{ref.entry}" for section in sections for block in section.blocks for ref in _references(block)}
    sections = tuple(replace(section, blocks=tuple(_referred(section.blocks, asked, limit, words))) for section in sections)
    return replace(document, sections=sections, sheets=())


def _cut(section: Section, limit: int, words: Words) -> tuple[Block, ...]:
    return tuple(part for block in section.blocks for part in _parts(block, limit, words))


def _parts(block: Block, limit: int, words: Words) -> Iterator[Block]:
    """Yield a block, shortened where it is long, and then the line that counts the rest."""
    match block:
        case Table(printed=printed) if printed is not None:
            yield from _parts(printed(), limit, words)
        case Table(anchor=""):
            yield from _shortened(block, "rows", block.rows, limit, words("paper.rows-rest", **_counts(block.rows, limit)))
        case Items():
            yield from _shortened(block, "items", block.items, limit, words("paper.items-rest", **_counts(block.items, limit)))
        case ShareBars():
            yield from _shortened(block, "bars", block.bars, limit, words("paper.rows-rest", **_counts(block.bars, limit)))
        case Clock():
            yield from _shortened(block, "lines", block.lines, limit, words("paper.rows-rest", **_counts(block.lines, limit)))
        case HeatMap():
            short = replace(block, cells=block.cells[:limit])
            yield from _shortened(short, "rows", block.rows, limit, words("paper.rows-rest", **_counts(block.rows, limit)))
        case Timelines():
            groups, left = _groups(block.groups, limit)
            yield replace(block, groups=groups)
            if left:
                of = sum(map(_assets, block.groups))
                yield Note(words("paper.assets-rest", n=left, of=of, shown=of - left))
        case _:
            yield block


def _counts(rows: Sequence[Any], limit: int) -> dict[str, int]:
    return {"n": max(len(rows) - limit, 0), "of": len(rows), "shown": min(limit, len(rows))}


def _shortened(block: Any, field: str, rows: Sequence[Any], limit: int, rest: Any) -> Iterator[Block]:
    if len(rows) <= limit:
        yield block
    else:
        yield replace(block, **{field: rows[:limit]})
        yield Note(rest)


def _groups(groups: tuple[StripGroup, ...], limit: int) -> tuple[tuple[StripGroup, ...], int]:
    """Return the first assets of a timeline, and how many are left out. A group without title holds one asset a line."""
    assets, lines = limit, limit * LINES_OF_AN_ASSET
    shown: list[StripGroup] = []
    for group in groups:
        if not group.title:
            group = replace(group, strips=group.strips[:assets])
        elif shown and len(group.strips) > lines:
            break
        assets -= _assets(group)
        lines -= len(group.strips)
        if group.strips:
            shown.append(group)
        if assets <= 0:
            break
    return tuple(shown), sum(map(_assets, groups)) - sum(map(_assets, shown))


def _assets(group: StripGroup) -> int:
    return 1 if group.title else len(group.strips)


def _references(block: Block) -> Iterator[Any]:
    if isinstance(block, Table):
        for row in block.rows:
            for cell in row:
                if isinstance(cell, EvidenceCell):
                    yield from cell.value


def _referred(blocks: tuple[Block, ...], asked: set[str], limit: int, words: Words) -> Iterator[Block]:
    """Yield blocks; of a table whose rows are referred to, those that are, and others while there is room."""
    for block in blocks:
        if not isinstance(block, Table) or not block.anchor or len(block.rows) <= limit:
            yield block
            continue
        needed = [f"{block.anchor}-{row[0].value}" in asked for row in block.rows]
        room = max(limit - sum(needed), 0)
        rows = []
        for row, wanted in zip(block.rows, needed, strict=True):
            if wanted or room > 0:
                rows.append(row)
                room -= not wanted
        yield replace(block, rows=tuple(rows))
        if len(rows) < len(block.rows):
            yield Note(words("paper.entries-rest", n=len(block.rows) - len(rows), of=len(block.rows), shown=len(rows)))
