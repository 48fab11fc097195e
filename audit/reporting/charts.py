"""Charts as SVG, the same in HTML and PDF: the heat map, bars of shares, and the canvas that pictures over time are drawn on.

Timelines are drawn in `strips.py`: an estate of 5,000 assets has tens of thousands of them, and each is a few letters of one path.

Nothing is measured and nothing is fetched: every place is worked out from estimated widths of letters, so that a document gives the
same picture whatever fonts a machine has. Colours are those of paper; a screen's style sheet may put others in their place. A state is
told by a shape and by words as well as by its colour.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Any
from unicodedata import east_asian_width

import pyphen
from markupsafe import Markup, escape

from audit.model.document import HeatCell, HeatMap, ShareBar, ShareBars, State
from audit.model.verdicts import Verdict
from audit.reporting.formats import Formats
from audit.reporting.words import Words, plain

INK, QUIET, RULE, PAPER = "#1b2230", "#5a6473", "#d5dae1", "#ffffff"
FILL = {"met": "#3f86ad", "grace": "#c3cad3", "waived": "#cdbfe8", "unproven": "#f6dd7d", "breached": "#b3261e"}
"""Of bars, by state."""
GROUND = {
    "met": "#dcebf4", "waived": "#e3daf3", "unproven": "#f6dd7d", "not-applicable": "#f4f6f8",
    "breached-1": "#fbe0dc", "breached-2": "#f2aaa1", "breached-3": "#e07b6e",
}  # fmt: skip
"""Of the heat map's cells, chosen so that ink is read on each of them; a breach in three steps of the share of judged time that it took."""
HATCH = "#e9c84f"
"""Of the lines across what is unproven, faint enough for words to be read on them."""
STEPS = (0.01, 0.1)
"""Breached shares at which the second and the third step begin."""
SHAPE = {
    "met": "M-1,0L-.3,.7L1,-.8",
    "breached": "M-.9,-.9L.9,.9M.9,-.9L-.9,.9",
    "unproven": "M-.65,-.5C-.65,-1.4,.7,-1.4,.7,-.5C.7,.1,0,.05,0,.5M0,.9L0,1.05",
    "waived": "M-.9,.5L0,-.7L.9,.5Z",
    "grace": "M-.5,-.8L-.5,.8M.5,-.8L.5,.8",
    "not-applicable": "M-.8,0L.8,0",
}
"""Drawn beside the words: no letter of a font that a machine may lack."""
SIGN = 3.7
"""How large a sign is drawn: its paths reach from -1 to 1."""
ANCHOR = {"left": "start", "center": "middle", "right": "end"}
FONT = "Noto Sans CJK SC, Noto Sans, Helvetica Neue, Arial, sans-serif"
SIZE, SMALL = 11, 10
WIDTH = 760
"""Of every chart, in pixels: the breadth of a page of A4."""
LABELS = 176
"""Of that, for the labels of rows."""
ROW, BAR = 34, 26
COLUMNS = 9
"""Of a heat map, drawn side by side; more go into further pictures."""
ROWS = 22
"""Of a heat map, drawn on one page."""
_PIECES = re.compile(
    r"[（“《【]*(?:[\u4e00-\u9fff\u3000-\u303f\uff00-\uffef]|[^\s\u4e00-\u9fff\u3000-\u303f\uff00-\uffef（“《【]+)[，。；：、！？）”》】]*|\s+|."
)
"""What a line may be broken between: words, and Chinese letters, none that opens or closes standing alone."""
_UNITS = re.compile(r"[^\s：，；]+[：，；]*|\s+|[：，；]+")
"""What a line is broken between where it can be: words, and what stands between the marks of a Chinese sentence."""
WIDE, NARROW = 1.0, 0.56
"""Of a letter, in its size: Chinese, and others."""


@dataclass
class Canvas:
    """A picture while it is drawn: places are pixels from the upper left corner. What lies below comes first: boxes, areas, lines, signs, words."""

    height: float
    boxes: list[str] = field(default_factory=list)
    areas: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    shapes: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def box(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        """Fill a box whose upper left corner is given."""
        self.boxes.append(f'<rect x="{_px(x)}" y="{_px(y)}" width="{_px(width)}" height="{_px(height)}" fill="{fill}"/>')

    def area(self, columns: Sequence[tuple[float, float, float]], fill: str) -> None:
        """Fill what lies between the two heights at each of some places from left to right."""
        there = [(x, y) for x, y, _ in columns]
        back = [(x, y2) for x, _, y2 in reversed(columns)]
        self.areas.append(f'<path d="{_path([*there, *back])}Z" fill="{fill}"/>')

    def line(self, places: Sequence[tuple[float, float]], stroke: str, *, width: float = 1.4, dash: str = "solid") -> None:
        """Draw a line through places in their order. dash: `solid` or `dashed`."""
        dashes = ' stroke-dasharray="5,4"' if dash == "dashed" else ""
        self.lines.append(
            f'<path d="{_path(places)}" fill="none" stroke="{stroke}" stroke-width="{width:g}" stroke-linejoin="round"{dashes}/>'
        )

    def shape(self, x: float, y: float, name: str, fill: str = INK) -> None:
        """Draw the sign of a state around its middle."""
        self.shapes.append(
            f'<path transform="translate({_px(x)},{_px(y)}) scale({SIGN})" d="{SHAPE[name]}" fill="none" stroke="{fill}"'
            f' stroke-width="{1.8 / SIGN:.3g}" stroke-linecap="round" stroke-linejoin="round"/>'
        )

    def text(self, x: float, y: float, said: str, *, align: str = "left", size: int = SIZE, fill: str = INK) -> None:
        """Write a line; y is its middle. align: `left`, `center` or `right` of x."""
        # A little lower than the middle: letters stand on their line, and most do not reach below it.
        self.texts.append(
            f'<text x="{_px(x)}" y="{_px(y + 0.3 * size)}" text-anchor="{ANCHOR[align]}" font-family="{FONT}" font-size="{size}px"'
            f' fill="{fill}">{escape(said)}</text>'
        )

    def svg(self, name: str, title: str, described: str) -> str:
        """Return the picture with its own title and description; unproven is hatched, as in the timelines."""
        inner = "".join([*self.boxes, *self.areas, *self.lines, *self.shapes, *self.texts])
        inner = inner.replace(f'fill="{GROUND["unproven"]}"', f'fill="url(#{name}-hatch)"')
        return (
            f'<svg class="chart" role="img" viewBox="0 0 {WIDTH} {self.height:g}" width="{WIDTH}" height="{self.height:g}">'
            f"<title>{escape(title)}</title><desc>{escape(described)}</desc><defs>"
            f'<pattern id="{name}-hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
            f'<rect fill="{GROUND["unproven"]}" width="7" height="7"/><rect fill="{HATCH}" width="1.8" height="7"/></pattern></defs>{inner}</svg>'
        )


def _px(place: float) -> str:
    """Return a place or a length, to the hundredth of a pixel."""
    return f"{round(place, 2):g}"


def _path(places: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{_px(x)},{_px(y)}" for x, y in places)


def heat_maps(block: HeatMap, words: Words) -> list[str]:
    """Return the pictures of a heat map: as many as its rows and columns need to stay readable."""
    columns = _spans(len(block.columns), COLUMNS)
    rows = _spans(len(block.rows), ROWS)
    return [_heat_map(block, row, column, words) for row in rows for column in columns]


def _spans(count: int, most: int) -> list[range]:
    """Return the numbers up to `count` in spans of nearly equal length, none longer than `most`."""
    pieces = -(-count // most)
    edges = [count * piece // pieces for piece in range(pieces + 1)] if pieces else []
    return [range(low, high) for low, high in pairwise(edges)]


def _heat_map(block: HeatMap, rows: range, columns: range, words: Words) -> str:
    breadth = min(96.0, (WIDTH - LABELS) / len(columns))
    heads = [wrapped(plain(block.columns[column]), breadth - 6, SMALL, 6) for column in columns]
    top = 26 + 13 * max(len(head) for head in heads)
    canvas = Canvas(top + ROW * len(rows) + 4.0)
    _legend_of_heat(canvas, words, waived=any(cell and cell.verdict is Verdict.WAIVED for row in block.cells for cell in row))
    for place, head in enumerate(heads):
        for line, said in enumerate(head):
            middle = LABELS + breadth * (place + 0.5)
            canvas.text(middle, top - 8 - 13 * (len(head) - 1 - line), said, align="center", size=SMALL, fill=QUIET)
    found: list[HeatCell] = []
    for place, row in enumerate(rows):
        y = top + ROW * place
        canvas.text(LABELS - 10, y + ROW / 2, shortened(plain(block.rows[row]), LABELS - 14, SIZE), align="right")
        for across, column in enumerate(columns):
            cell = block.cells[row][column]
            _cell(canvas, LABELS + breadth * across, y, breadth, cell, words)
            found += [] if cell is None else [cell]
    counted = [(verdict, sum(cell.verdict is verdict for cell in found)) for verdict in Verdict]
    described = "".join(
        words.plain("charts.cells", verdict=words.plain(f"verdicts.{verdict}"), n=count) for verdict, count in counted if count
    )
    name = f"chart-{block.id}-{rows.start}-{columns.start}"
    return canvas.svg(name, plain(block.caption), described or words.plain("labels.nothing-judged"))


def _cell(canvas: Canvas, x: float, y: float, breadth: float, cell: HeatCell | None, words: Words) -> None:
    formats = words.formats
    if cell is None:
        canvas.box(x + 1, y + 1, breadth - 2, ROW - 2, GROUND["not-applicable"])
        return
    canvas.box(x + 1, y + 1, breadth - 2, ROW - 2, GROUND[_ground(cell)])
    middle = x + breadth / 2
    word = shortened(words.plain(f"verdicts.{cell.verdict}"), breadth - 6, SMALL)
    if cell.verdict is Verdict.NOT_APPLICABLE:
        canvas.shape(middle, y + 11, "not-applicable", QUIET)
        canvas.text(middle, y + 24, word, align="center", size=SMALL, fill=QUIET)
        return
    said = f"{formats.number(cell.kept)}/{formats.number(cell.judged)}" if cell.met is None else formats.share(cell.met)
    start = middle - (_width(word, SMALL) + 14) / 2
    canvas.shape(start + 4, y + 11, str(cell.verdict))
    canvas.text(start + 14, y + 11, word, size=SMALL)
    canvas.text(middle, y + 24, said, align="center", size=SMALL)


def _ground(cell: HeatCell) -> str:
    if cell.verdict is not Verdict.BREACHED:
        return str(cell.verdict)
    share = 1 - cell.met_up_to if cell.met_up_to is not None else cell.breached / max(cell.judged, 1)
    return f"breached-{1 + sum(share >= step for step in STEPS)}"


def _legend_of_heat(canvas: Canvas, words: Words, *, waived: bool) -> None:
    entries = [
        ("met", "met"),
        *([("waived", "waived")] if waived else []),
        ("unproven", "unproven"),
        *((f"breached-{n}", "breached") for n in (1, 2, 3)),
    ]
    x = 0.0
    low, high = (words.formats.share(step) for step in STEPS)
    for ground, shape in entries:
        said = words.plain(f"charts.heat.{ground}", low=low, high=high)
        canvas.box(x, 2, 18, 16, GROUND[ground])
        canvas.shape(x + 9, 10, shape)
        canvas.text(x + 23, 10, said, size=SMALL, fill=QUIET)
        x += 23 + _width(said, SMALL) + 12


def share_bars(block: ShareBars, words: Words, formats: Formats) -> str:
    """Return the picture of bars of shares: each state's stretch of the bar, and the met share in figures at its right."""
    labels = [wrapped(plain(bar.label), LABELS - 14, SIZE, 2) for bar in block.bars]
    canvas = Canvas(30.0 + BAR * len(block.bars))
    states = [state for state in State if any(dict(bar.shares).get(state) for bar in block.bars)]
    x = 0.0
    for state in states:
        said = words.plain(f"states.{state}.word")
        canvas.box(x, 2, 18, 16, FILL[state])
        canvas.shape(x + 9, 10, str(state), _on(state))
        canvas.text(x + 23, 10, said, size=SMALL, fill=QUIET)
        x += 23 + _width(said, SMALL) + 16
    for place, (bar, label) in enumerate(zip(block.bars, labels, strict=True)):
        middle = 30 + BAR * (place + 0.5)
        for line, said in enumerate(label):
            canvas.text(LABELS - 10, middle + 12 * (line - (len(label) - 1) / 2), said, align="right")
        _bar(canvas, middle, bar, words, formats)
    return canvas.svg(f"chart-{block.id}", plain(block.caption), _said(block.bars, words, formats))


def _bar(canvas: Canvas, middle: float, bar: ShareBar, words: Words, formats: Formats) -> None:
    room, x = WIDTH - LABELS - 150.0, float(LABELS)
    shares = {state: share for state, share in bar.shares if share > 0}
    if not shares:
        canvas.text(x, middle, words.plain("labels.nothing-judged"), size=SMALL, fill=QUIET)
        return
    # What is not met is never too thin to be seen; what is met gives it the room.
    widths = {state: max(share * room, 2.0) for state, share in shares.items()}
    largest = max(widths, key=lambda state: widths[state])
    widths[largest] -= sum(widths.values()) - room
    for state in sorted(widths, key=list(State).index):
        canvas.box(x, middle - 8, widths[state], 16, FILL[state])
        if widths[state] >= 16:
            canvas.shape(x + 9, middle, str(state), _on(state))
        said = formats.share(shares[state])
        if widths[state] >= 24 + _width(said, SMALL):
            canvas.text(x + 18, middle, said, size=SMALL, fill=_on(state))
        x += widths[state]
    canvas.text(LABELS + room + 8, middle, words.plain("charts.met", share=formats.share(shares.get(State.MET, 0.0))), size=SMALL)


def _on(state: State) -> str:
    """Return the colour that is read on a state's."""
    return PAPER if state in (State.MET, State.BREACHED) else INK


def _said(bars: Iterable[ShareBar], words: Words, formats: Formats) -> str:
    told = []
    for bar in bars:
        shares = {state: share for state, share in bar.shares if share > 0}
        states = [
            words.plain("charts.state", state=words.plain(f"states.{state}.word"), share=formats.share(share))
            for state, share in shares.items()
        ]
        told.append(
            words.plain("charts.bar", what=plain(bar.label), shares=formats.listing(states) or words.plain("labels.nothing-judged"))
        )
    return "".join(told)


def _width(text: str, size: int) -> float:
    return size * sum(WIDE if east_asian_width(letter) in "WF" else NARROW for letter in text)


def document(svg: str) -> str:
    """Return a picture as a document of its own, on white paper. The paper is drawn, not a style: the site's pages forbid styles inside documents."""
    paper = f'</desc><rect width="100%" height="100%" fill="{PAPER}"/>'
    return svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace("</desc>", paper, 1) + "\n"


def legend_width(said: str) -> float:
    """Return about how many pixels a word of a legend takes."""
    return _width(said, SMALL)


def shortened(text: str, room: float, size: int) -> str:
    """Return a text that fits, its end cut off with an ellipsis where it does not."""
    while text and _width(text, size) > room:
        text = text.removesuffix("…")[:-1].rstrip() + "…"
    return text


def wrapped(text: str, room: float, size: int, most: int) -> list[str]:
    """Return a text in at most `most` lines: broken between words, in Chinese after a mark; what is too long for a line, between its letters, and a
    word with a hyphen between its syllables."""
    lines: list[str] = [""]
    units = _UNITS.findall(text)
    long = (one for unit in units for one in ([unit] if _width(unit.rstrip(), size) <= room else _PIECES.findall(unit)))
    for piece in (part for one in long for part in _hyphenated(one, room, size)):
        if _width(lines[-1] + piece.rstrip(), size) <= room or not lines[-1]:
            lines[-1] += piece if lines[-1] else piece.lstrip()
        else:
            lines.append(piece.lstrip())
    lines = [line.rstrip() for line in lines if line.strip()]
    kept = lines[:most]
    if len(lines) > most:
        kept[-1] = shortened(kept[-1] + "…" * 2, room, size)
    return [shortened(line, room, size) for line in kept]


def _hyphenated(word: str, room: float, size: int) -> list[str]:
    """Return a word as pieces that fit, each but the last with a hyphen; as it is where it fits, or has no syllables that do."""
    if _width(word.rstrip(), size) <= room:
        return [word]
    fitting = [place for place in _hyphenation().positions(word.rstrip()) if _width(word[:place] + "-", size) <= room]
    if not fitting:
        return [word]
    return [word[: fitting[-1]] + "-", *_hyphenated(word[fitting[-1] :], room, size)]


@cache
def _hyphenation() -> pyphen.Pyphen:
    return pyphen.Pyphen(lang="en_GB", left=3, right=3)


def chart_globals(words: Words, formats: Formats) -> Mapping[str, Any]:
    """Return what templates call to draw: `heat_maps(block)` gives pictures, `share_bars(block)` one."""

    def drawn(svg: str) -> Markup:
        return Markup(svg)  # noqa: S704 - every word in it was escaped where it was put in

    return {
        "heat_maps": lambda block: [drawn(svg) for svg in heat_maps(block, words)],
        "share_bars": lambda block: drawn(share_bars(block, words, formats)),
    }
