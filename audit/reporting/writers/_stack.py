"""Sheets that are read: blocks under one another, over as many columns as their widest table has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import accumulate

from audit.model.document import (
    Block,
    Cell,
    Clock,
    Column,
    Definitions,
    DurationCell,
    Heading,
    HeatCell,
    HeatMap,
    Items,
    KeyFigures,
    Legend,
    Note,
    Paragraph,
    ShareBars,
    ShareCell,
    Signatures,
    State,
    Strip,
    StripGroup,
    Table,
    Text,
    TextCell,
    Timelines,
    VerdictCell,
)
from audit.model.verdicts import Verdict
from audit.reporting.words import Words
from audit.reporting.writers._cells import HEADING, TEXT, VERDICTS, Cells, Look, Value, written
from audit.reporting.writers._workbook import LINE, Rows, height, lines, value_width

TITLE = Look(bold=True, size=18)
SECTION = Look(bold=True, size=14)
SUBHEADING = Look(bold=True, size=11, middle=True)
TERM = Look(bold=True, wrap=True)
QUIET = Look(wrap=True, colour="5A6473")
INFO = Look(wrap=True, fill="EEF3F7", middle=True)
WARNING = Look(wrap=True, bold=True, fill="F6DD7D", middle=True)
COLUMNS = 8
FIRST, OTHERS = (28.0, 40.0), (12.0, 24.0)
"""The narrowest and the widest that the first column, and any other, may be (in characters)."""
READ = 130.0
"""The widest that running text may be, in characters: a longer line is hard to read, and does not fit a screen."""


def tables(blocks: Iterable[Block], words: Words) -> list[Table]:
    """Return the tables among blocks, with the blocks that are set as tables."""
    return [table for block in blocks if (table := _as_table(block, words)) is not None]


def widths(blocks: Iterable[Block], cells: Cells, words: Words) -> list[float]:
    """Return the widths of the columns of a sheet with these blocks, by what stands in their tables."""
    found = tables(blocks, words)
    count = max([COLUMNS, *(len(table.columns) for table in found)])
    result = []
    for index in range(count):
        narrowest, widest = FIRST if index == 0 else OTHERS
        shown = [cells.value(row[index]) for table in found if index < len(table.columns) for row in table.rows[:500]]
        result.append(min(widest, max([narrowest, *(value_width(value) + 2.0 for value in shown)])))
    return result


class Stack:
    """Writes blocks on one sheet."""

    def __init__(self, rows: Rows, cells: Cells, words: Words, columns: Sequence[float]) -> None:
        self._rows, self._cells, self._words, self._columns = rows, cells, words, columns
        self._line = LINE[words.language]
        self._last = max(2, sum(total <= READ for total in accumulate(columns)))
        self._heading: Text = ()  # the last one: a caption that only repeats it is left out
        rows.plain()

    def line(self, text: Text, look: Look = TEXT) -> None:
        """Write a text over the whole width."""
        value = self._cells.text(written(text), look)
        high = lines(str(value.value), sum(self._columns[: self._last]) * 10 / look.size) * self._line * look.size / 10
        self._rows.across(value, high + (6 if look.fill else 2), self._last)

    def gap(self) -> None:
        """Write an empty row."""
        self._rows.append([], 8.0)

    def section(self, title: Text, blocks: Iterable[Block]) -> None:
        """Write a section."""
        self.gap()
        self.line(title, SECTION)
        for block in blocks:
            self.block(block)

    def block(self, block: Block) -> None:
        """Write one block."""
        match block:
            case Paragraph():
                self.line(block.text)
            case Heading():
                self.gap()
                self.line(block.text, SUBHEADING)
                self._heading = block.text
            case Note():
                self.line(block.text, WARNING if block.weight == "warning" else INFO)
            case Items():
                for item in block.items:
                    self.line(("• ", *item))
            case Definitions():
                for term, texts in block.items:
                    self.pair(term, self._cells.text("\n".join(map(written, texts))))
            case Legend():
                for _, word, means in block.items:
                    self.pair(word, self._cells.text(written(means)))
            case HeatMap():
                self._heatmap(block)
            case _:
                self._table(_as_table(block, self._words))

    def pair(self, term: Text, value: Value) -> None:
        """Write a term in the first column, and over the others what it means."""
        left = self._cells.text(written(term), TERM)
        wide = (self._columns[0], sum(self._columns[1 : self._last]))
        high = max(lines(str(left.value), wide[0]), lines(str(value.value), wide[1])) * self._line
        self._rows.across(replace_look(value), high + 3, self._last, before=[left])

    def head(self, values: Sequence[Value]) -> None:
        """Write the heads of columns."""
        self._rows.append(values, height(values, self._columns) * self._line + 4)

    def row(self, values: Sequence[Value]) -> None:
        """Write a row of a table."""
        high = height(values, self._columns) * self._line + 2
        self._rows.append([Value(value.value, _ruled(value.look), value.place) for value in values], high)

    def _table(self, table: Table | None) -> None:
        if table is None:
            return
        if table.caption and table.caption != self._heading:
            self.line(table.caption, SUBHEADING)
        if not table.rows:
            if table.empty:
                self.line(table.empty, QUIET)
            return
        self.head([self._cells.heading(column) for column in table.columns])
        for row in table.rows:
            self.row([self._cells.value(cell) for cell in row])
        self.gap()

    def _heatmap(self, block: HeatMap) -> None:
        if block.caption:
            self.line(block.caption, SUBHEADING)
        self.head([self._cells.text(written(text), HEADING) for text in ((), *block.columns)])
        for title, found in zip(block.rows, block.cells, strict=True):
            self.row([self._cells.text(written(title), TERM), *map(self._heat, found)])
        self.gap()

    def _heat(self, cell: HeatCell | None) -> Value:
        if cell is None:
            return Value(None, TEXT)
        words, formats = self._words, self._words.formats
        told = words.plain(f"verdicts.{cell.verdict}")
        if cell.met is not None:
            same = cell.met_up_to is None or cell.met_up_to == cell.met
            key = "labels.met-short" if same else "labels.met-up-to-short"
            told += "\n" + words.plain(key, share=formats.share(cell.met), up_to=formats.share(cell.met_up_to))
        elif cell.verdict is not Verdict.NOT_APPLICABLE:
            told += f"\n{formats.number(cell.kept)}/{formats.number(cell.judged)}"
        return self._cells.text(told, VERDICTS[cell.verdict]._replace(wrap=True))


def replace_look(value: Value) -> Value:
    """Return a value to be set beside its term: to the left, whatever it is."""
    return Value(value.value, value.look._replace(left=True, wrap=True), value.place)


@cache
def _ruled(look: Look) -> Look:
    return look._replace(ruled=True)


def _as_table(block: Block, words: Words) -> Table | None:
    """Return a block as a table, when it is one or is set as one."""
    match block:
        case Table():
            return block
        case KeyFigures():
            return _figures(block, words)
        case Timelines():
            return _timelines(block, words)
        case ShareBars():
            return _bars(block, words)
        case Clock():
            return _clock(block, words)
        case Signatures():
            return _signatures(block, words)
    return None


def _table(
    name: str, heads: Sequence[tuple[Text, str]], rows: Iterable[tuple[Cell, ...]], caption: Text = (), empty: Text = ()
) -> Table:
    columns = tuple(Column(str(index), title, kind) for index, (title, kind) in enumerate(heads))
    return Table(name, columns, tuple(rows), caption, empty)


def _figures(block: KeyFigures, words: Words) -> Table:
    heads = [(words("workbook.figure"), "text"), (words("workbook.value"), "number"), (words("workbook.of"), "number"),
             (words("workbook.verdict"), "verdict"), (words("workbook.note"), "text")]  # fmt: skip
    rows = [
        (
            TextCell(figure.label),
            figure.value,
            figure.of or TextCell(()),
            VerdictCell(figure.verdict) if figure.verdict else TextCell(()),
            TextCell(figure.note),
        )
        for figure in block.figures
    ]
    used = [index for index in range(len(heads)) if index == 0 or any(row[index] != TextCell(()) for row in rows)]
    return _table("figures", [heads[index] for index in used], [tuple(row[index] for index in used) for row in rows])


def _timelines(block: Timelines, words: Words) -> Table:
    """Return the figures beside the timelines; their stretches are in the sheets of breaches and of what is unproven."""
    heads = [(words("labels.asset"), "text"), (words("labels.promise"), "text"), (words("workbook.verdict"), "verdict"),
             (words("shares.met"), "share"), (words("shares.met-up-to"), "share"), (words("workbook.note"), "text")]  # fmt: skip
    rows = [_strip(group, strip) for group in block.groups for strip in group.strips]
    return _table(block.id, heads, rows, empty=block.empty)


def _strip(group: StripGroup, strip: Strip) -> tuple[Cell, ...]:
    # A group without title holds one line for each asset, whose label is the asset.
    names: tuple[Text, Text] = (group.title, strip.label) if group.title else (strip.label, ())
    return (
        *map(TextCell, names),
        VerdictCell(strip.verdict),
        ShareCell(strip.met),
        ShareCell(strip.met_up_to),
        TextCell(strip.note),
    )


def _bars(block: ShareBars, words: Words) -> Table:
    states = [state for state in reversed(State) if any(state == told for bar in block.bars for told, _ in bar.shares)]
    heads: list[tuple[Text, str]] = [((), "text"), *((words(f"states.{state}.word"), "share") for state in states)]
    rows: list[tuple[Cell, ...]] = [
        (TextCell(bar.label), *(ShareCell(dict(bar.shares).get(state, 0.0)) for state in states)) for bar in block.bars
    ]
    return _table(block.id, heads, rows, block.caption)


def _clock(block: Clock, words: Words) -> Table:
    named = list(dict.fromkeys(word for line in block.lines for word, _ in line.steps))
    heads: list[tuple[Text, str]] = [
        (words("labels.asset"), "text"),
        *((words(f"drill.{what}"), "duration") for what in ("lost", "rpo", "rto")),
    ]
    heads += [(word, "duration") for word in named]
    rows: list[tuple[Cell, ...]] = [
        (
            TextCell(line.label),
            *map(DurationCell, (line.lost, line.rpo, line.rto)),
            *(DurationCell(dict(line.steps).get(word)) for word in named),
        )
        for line in block.lines
    ]
    return _table(block.id, heads, rows, block.caption)


def _signatures(block: Signatures, words: Words) -> Table:
    heads = [(words(f"workbook.signed.{what}"), "text") for what in ("role", "statement", "name", "date", "signature")]
    rows = [(TextCell(one.role), TextCell(one.statement), *(TextCell(()) for _ in range(3))) for one in block.signers]
    return _table("signatures", heads, rows)
