"""Heat map: at one glance, which unit kept which promise. The figures behind it stand in the section of shares."""

from __future__ import annotations

from audit.model.assessment import Assessment
from audit.model.document import Block, HeatMap, Note, Paragraph
from audit.reporting.context import Context
from audit.reporting.groups import Tallies

UNITS = 80
"""How many units are drawn, the worst; the others are counted."""


def section(assessment: Assessment, context: Context) -> list[Block]:
    """Return one row for each unit, the worst first, and one column for each promise."""
    words, results = context.words, assessment.results
    if not len(results):
        return [Paragraph(words("labels.nothing-judged"))]
    tallies = Tallies(results)
    promises = list(tallies.by("control", "leg"))
    cells = {key: tally.cell for key, tally in tallies.by("unit", "control", "leg").items()}
    units = tallies.units_worst_first()
    drawn = units[:UNITS]
    blocks: list[Block] = [
        Paragraph(words("heat-map.intro")),
        HeatMap(
            "units",
            rows=tuple(context.unit_title(unit) for unit in drawn),
            columns=tuple(context.promise(control, leg or None) for control, leg in promises),
            cells=tuple(tuple(cells.get((unit, *promise)) for promise in promises) for unit in drawn),
            caption=words("heat-map.caption"),
        ),
        Paragraph(words("heat-map.legend")),
    ]
    if len(units) > UNITS:
        blocks.insert(1, Note(words("heat-map.rest", n=len(units) - UNITS, shown=UNITS), "warning"))
    return blocks
