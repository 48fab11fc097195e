"""The document: what a report says, before any format. Writers turn it into HTML, JSON and, from the same values, PDF and XLSX.

Words are already in the reader's language; numbers, instants, lengths, shares, verdicts and evidence stay typed, so that a writer can localise them, a spreadsheet can sort them
and a program can read them. Instants are UTC; lengths are seconds; shares lie between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from audit.model.verdicts import EvidenceRef, Verdict


@dataclass(frozen=True, slots=True)
class Name:
    """A word that is the same in every language: the name of an asset or file, a quotation, a key."""

    text: str


Text = tuple[str | Name, ...]
"""A sentence or a label: words of the language with names between them."""


# Cells: one typed value each. A null value is an unknown or an absent one, and is shown as such.


@dataclass(frozen=True, slots=True)
class TextCell:
    """Words."""

    kind: ClassVar[str] = "text"
    value: Text


@dataclass(frozen=True, slots=True)
class NumberCell:
    """A count, or a plain number such as a ratio."""

    kind: ClassVar[str] = "number"
    value: int | float | None


@dataclass(frozen=True, slots=True)
class OrdinalCell:
    """A number that names something and counts nothing: a journal entry, a version."""

    kind: ClassVar[str] = "ordinal"
    value: int | None


@dataclass(frozen=True, slots=True)
class ShareCell:
    """A share between 0 and 1; its denominator is named by the column or figure that holds it."""

    kind: ClassVar[str] = "share"
    value: float | None


@dataclass(frozen=True, slots=True)
class InstantCell:
    """An instant (UTC), shown in the document's zone."""

    kind: ClassVar[str] = "instant"
    value: datetime | None


@dataclass(frozen=True, slots=True)
class DurationCell:
    """A length of time in seconds."""

    kind: ClassVar[str] = "duration"
    value: float | None


@dataclass(frozen=True, slots=True)
class VerdictCell:
    """A verdict, shown by shape and word."""

    kind: ClassVar[str] = "verdict"
    value: Verdict


@dataclass(frozen=True, slots=True)
class EvidenceCell:
    """Places in the evidence."""

    kind: ClassVar[str] = "evidence"
    value: tuple[EvidenceRef, ...]


Cell = TextCell | NumberCell | OrdinalCell | ShareCell | InstantCell | DurationCell | VerdictCell | EvidenceCell


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    kind: ClassVar[str] = "paragraph"
    text: Text


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a section."""

    kind: ClassVar[str] = "heading"
    text: Text


@dataclass(frozen=True, slots=True)
class Note:
    """Something the reader must not miss. `weight` is `info` or `warning`."""

    kind: ClassVar[str] = "note"
    text: Text
    weight: str = "info"


@dataclass(frozen=True, slots=True)
class Items:
    """A list. `columns`: the items are short (names) and may be set side by side."""

    kind: ClassVar[str] = "items"
    items: tuple[Text, ...]
    columns: bool = False


@dataclass(frozen=True, slots=True)
class Definitions:
    """Terms and what they mean. `ids`: by which each can be referred to, where they have any."""

    kind: ClassVar[str] = "definitions"
    items: tuple[tuple[Text, tuple[Text, ...]], ...]
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """One key figure: a value, what it is out of (`of`, null when it is no part of anything), and what it counts."""

    value: Cell
    label: Text
    of: Cell | None = None
    note: Text = ()
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class KeyFigures:
    """A row of key figures."""

    kind: ClassVar[str] = "figures"
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its key for programs, its title, and the kind of its cells."""

    key: str
    title: Text
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """A table with typed cells. `empty` is said in place of a table without rows. `anchor`: rows can be referred to as `<anchor>-<first cell>`. For paper: `printed` gives what stands
    there in its place, where all rows would say little on many pages; `runs`, how many leading columns become headings of the rows that share them (null: as it fits best).
    """

    kind: ClassVar[str] = "table"
    id: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Cell, ...]]
    caption: Text = ()
    empty: Text = ()
    anchor: str = ""
    printed: Callable[[], Table] | None = None
    runs: int | None = None


class State(StrEnum):
    """What a timeline can show at an instant. The order is from what gives way to what is always seen."""

    NOT_JUDGED = "not-judged"
    MET = "met"
    GRACE = "grace"
    WAIVED = "waived"
    UNPROVEN = "unproven"
    BREACHED = "breached"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A state that holds in [since, until)."""

    since: datetime
    until: datetime
    state: State


@dataclass(frozen=True, slots=True)
class Strip:
    """One line of a timeline: stretches without gap or overlap over the block's period, and the figures beside them."""

    label: Text
    stretches: tuple[Stretch, ...]
    verdict: Verdict
    met: float | None
    met_up_to: float | None
    note: Text = ()


@dataclass(frozen=True, slots=True)
class StripGroup:
    """The strips of one asset, with its name and what is known of it."""

    title: Text
    subtitle: Text
    strips: tuple[Strip, ...]


@dataclass(frozen=True, slots=True)
class Timelines:
    """Timelines of many assets over one period [since, until)."""

    kind: ClassVar[str] = "timelines"
    id: str
    since: datetime
    until: datetime
    groups: tuple[StripGroup, ...]
    empty: Text = ()


@dataclass(frozen=True, slots=True)
class Legend:
    """How timelines are read: each state, its word, and what it means."""

    kind: ClassVar[str] = "legend"
    items: tuple[tuple[State, Text, Text], ...]


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One unit under one promise: the worst verdict, the met share of the judged time and what it could be at the best (null: judged at an instant, or nothing judged), and how
    many assets were judged, breached, unproven and waived.
    """

    verdict: Verdict
    met: float | None
    met_up_to: float | None
    judged: int
    breached: int
    unproven: int
    waived: int = 0

    @property
    def kept(self) -> int:
        """How many assets kept the promise."""
        return self.judged - self.breached - self.unproven - self.waived


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Verdicts over two dimensions: `cells` holds one row for each of `rows`, one cell for each of `columns`; null: nothing was judged."""

    kind: ClassVar[str] = "heatmap"
    id: str
    rows: tuple[Text, ...]
    columns: tuple[Text, ...]
    cells: tuple[tuple[HeatCell | None, ...], ...]
    caption: Text = ()


@dataclass(frozen=True, slots=True)
class ShareBar:
    """One bar: how much of the judged time each state held. Shares sum to 1."""

    label: Text
    shares: tuple[tuple[State, float], ...]


@dataclass(frozen=True, slots=True)
class ShareBars:
    """Bars of shares of the judged time, one a line."""

    kind: ClassVar[str] = "sharebars"
    id: str
    bars: tuple[ShareBar, ...]
    caption: Text = ()


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One recovery, in seconds from its declaration: how old the state restored was (lost) and each step (its word, in order), beside what was agreed. Null: not known."""

    label: Text
    lost: float | None
    rpo: float | None
    steps: tuple[tuple[Text, float], ...]
    rto: float | None
    passed: bool | None


@dataclass(frozen=True, slots=True)
class Clock:
    """Recoveries by the clock, before and after the declaration of the disaster, beside the RPO and the RTO."""

    kind: ClassVar[str] = "clock"
    id: str
    lines: tuple[ClockLine, ...]
    caption: Text = ()


@dataclass(frozen=True, slots=True)
class Signer:
    """Who is to sign, and what the signature says."""

    role: Text
    statement: Text


@dataclass(frozen=True, slots=True)
class Signatures:
    """Lines to sign: role, what is signed, and room for name, date and signature."""

    kind: ClassVar[str] = "signatures"
    signers: tuple[Signer, ...]


Block = (
    Paragraph
    | Heading
    | Note
    | Items
    | Definitions
    | KeyFigures
    | Table
    | Timelines
    | Legend
    | HeatMap
    | ShareBars
    | Clock
    | Signatures
)


@dataclass(frozen=True, slots=True)
class Section:
    """One section; `id` is the name of the file that made it."""

    id: str
    title: Text
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of the workbook, and the sections it is made of. Their tables stand there whole, whatever is cut in print."""

    id: str
    title: Text
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the cover: what, and its value."""

    key: str
    label: Text
    value: Cell


@dataclass(frozen=True, slots=True)
class Document:
    """A report: its cover and its sections. `zone` is the IANA time zone in which instants are shown; `language` the code of its words.

    `provisional`: evidence for the period may still come in. `simulated`: some of it was made by a simulation. `warnings` stand on the cover, before anything else is read.
    `sheets`: how the document is laid out as a workbook; a section may be in it alone, where paper has no room for it. `print_rows`: how many rows of a table, and how many assets
    of a timeline, paper shows at the most; the rest is counted there.
    """

    report: str
    language: str
    zone: str
    title: Text
    subtitle: Text
    provisional: bool
    facts: tuple[Fact, ...]
    sections: tuple[Section, ...]
    warnings: tuple[Text, ...] = field(default=())
    sheets: tuple[Sheet, ...] = ()
    print_rows: int = 200
    simulated: bool = False
