"""Recoveries by the clock as pictures: to the left of the declaration the data that would have been lost beside the RPO, to its right the steps of the recovery beside the RTO.

Each half has a scale of its own, from nothing to a little more than the longest in it: data lost and time taken are seldom of one size.
"""

from __future__ import annotations

from collections.abc import Callable

from audit.model.document import Clock, ClockLine
from audit.reporting.charts import FILL, INK, LABELS, QUIET, RULE, SIZE, SMALL, WIDTH, Canvas, legend_width, wrapped
from audit.reporting.formats import Formats
from audit.reporting.words import Words, plain

ROW, TOP, FOOT = 54, 58.0, 10.0
LINES = 15
"""Recoveries on one picture: it fits a page of paper."""
LEFT = (WIDTH - LABELS) * 0.34
"""Of the plot's breadth, for the time before the declaration."""
ZERO = LABELS + LEFT
ROOM = 1.12
"""Of the longest time that is drawn, how much a half is long: its last mark is not cut off."""
LATE, IN_TIME, OPEN, STEP = FILL["breached"], FILL["met"], FILL["grace"], "#9cc3dc"


def clocks(block: Clock, words: Words, formats: Formats) -> list[str]:
    """Return the pictures of a clock, with at most so many recoveries each as are readable."""
    return [_picture(block, start, words, formats) for start in range(0, len(block.lines), LINES)]


def _picture(block: Clock, start: int, words: Words, formats: Formats) -> str:
    lines = block.lines[start : start + LINES]
    # All pictures of a block have the same scales.
    before = ROOM * max([1.0, *(value for line in block.lines for value in (line.lost, line.rpo) if value is not None)])
    after = ROOM * max(
        [1.0, *(value for line in block.lines for value in (line.rto, *(at for _, at in line.steps)) if value is not None)]
    )
    canvas = Canvas(TOP + ROW * len(lines) + FOOT)

    def place(seconds: float) -> float:
        return ZERO - LEFT * -seconds / before if seconds < 0 else ZERO + (WIDTH - 8 - ZERO) * seconds / after

    _legend(canvas, words)
    canvas.text(ZERO, 32, words.plain("clock.declared"), align="center", size=SMALL)
    canvas.text(ZERO - 48, 48, words.plain("clock.before"), align="right", size=SMALL, fill=QUIET)
    canvas.text(ZERO + 48, 48, words.plain("clock.after"), size=SMALL, fill=QUIET)
    canvas.line([(ZERO, 40), (ZERO, canvas.height - FOOT)], INK, width=1.2)
    for number, line in enumerate(lines):
        _line(canvas, TOP + ROW * number, line, place, words, formats)
    told = "".join(_said(line, words, formats) for line in lines)
    return canvas.svg(f"clock-{block.id}-{start}", plain(block.caption) or words.plain("clock.title"), told)


def _legend(canvas: Canvas, words: Words) -> None:
    x = 0.0
    for fill, key in ((IN_TIME, "in-time"), (LATE, "late"), (STEP, "lost")):
        said = words.plain(f"clock.{key}")
        canvas.box(x, 2, 18, 14, fill)
        canvas.text(x + 23, 9, said, size=SMALL, fill=QUIET)
        x += 23 + legend_width(said) + 16
    canvas.line([(x, 1), (x, 17)], INK, width=1.6, dash="dashed")
    canvas.text(x + 6, 9, words.plain("clock.agreed"), size=SMALL, fill=QUIET)


def _line(canvas: Canvas, top: float, line: ClockLine, place: Callable[[float], float], words: Words, formats: Formats) -> None:
    middle = top + 15
    for number, said in enumerate(wrapped(plain(line.label), LABELS - 14, SIZE, 2)):
        canvas.text(LABELS - 10, middle + 12 * number, said, align="right")
    canvas.line([(LABELS, top + ROW - 1), (WIDTH, top + ROW - 1)], RULE, width=0.8)
    if line.lost is not None:
        late = line.rpo is not None and line.lost > line.rpo
        left = min(place(-line.lost), ZERO - 1.5)
        canvas.box(left, middle - 7, ZERO - left, 14, LATE if late else STEP)
        canvas.text(
            LABELS + 2, middle + 17, words.plain("clock.lost-of", length=formats.duration(line.lost)), size=SMALL, fill=QUIET
        )
    else:
        canvas.text(LABELS + 2, middle + 17, words.plain("clock.lost-unknown"), size=SMALL, fill=QUIET)
    end = line.steps[-1][1] if line.steps else None
    if end is not None:
        late = line.passed is False or (line.rto is not None and end > line.rto)
        # Of one that has no result nothing is shown yet.
        canvas.box(ZERO, middle - 7, max(place(end) - ZERO, 1.5), 14, LATE if late else IN_TIME if line.passed else OPEN)
        for _, at in line.steps[:-1]:
            canvas.line([(place(at), middle - 7), (place(at), middle + 7)], "#ffffff", width=1.6)
    for value, sign in ((line.rpo, -1), (line.rto, 1)):
        if value is not None:
            canvas.line([(place(sign * value), middle - 12), (place(sign * value), middle + 12)], INK, width=1.6, dash="dashed")
    for number, said in enumerate(wrapped(_steps(line, words, formats), WIDTH - ZERO - 8, SMALL, 2)):
        canvas.text(ZERO + 6, middle + 17 + 12 * number, said, size=SMALL, fill=QUIET)


def _steps(line: ClockLine, words: Words, formats: Formats) -> str:
    """Return the steps of a recovery in words, with how long after the declaration each was."""
    told = [words("labels.detail", label=word, value=formats.duration(at)) for word, at in line.steps]
    return plain(words.between("labels.clause", told)) if told else words.plain("clock.nothing")


def _said(line: ClockLine, words: Words, formats: Formats) -> str:
    lost = (
        words.plain("clock.lost-unknown") if line.lost is None else words.plain("clock.lost-of", length=formats.duration(line.lost))
    )
    return words.plain("clock.said", what=line.label, steps=_steps(line, words, formats), lost=lost)
