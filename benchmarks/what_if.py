"""What-if on 5,000 assets x one year, hourly (43.8 million recovery points in three repositories): the calls after the first, each beside judging the evidence again.

    python -m benchmarks.what_if [ASSETS]

The rival is what a what-if costs without kept worlds: the evidence read, resolved and judged. Both give the same results, which is checked.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from audit.evaluation.assess import coverage_of
from audit.evaluation.chunks import chunks_of, judge_chunks
from audit.evaluation.compare import Comparison, compare
from audit.evaluation.kept_worlds import judge_kept, judges, keep_world
from audit.evaluation.outline import Outline
from audit.evaluation.what_if import WhatIf, what_if
from audit.model.assessment import Assessment, Results
from audit.model.estate import Estate
from audit.model.terms import instant
from audit.model.verdicts import Result
from benchmarks.engine import DAY, DAYS, START, Tables, estate, made_elsewhere, timed

HOURS = 365 * 24
SINCE, UNTIL = START + 60 * DAY, START + DAYS * DAY
ORDER = ["result", "from"]
ASKED: tuple[dict[str, Any], ...] = (
    {"rpo": "3h"},
    {"copies.offsite": 2},
    {"rpo": "2h", "copies.offsite": 2},
    {"dispose": {"after": "60d"}},
)


def again(catalog: Tables, other: Estate, controls: list[str]) -> Outline:
    """Judge the evidence itself."""
    pieces = chunks_of(catalog, 0, other, controls=controls)  # type: ignore[arg-type]
    every = judge_chunks(catalog, 0, pieces, SINCE, UNTIL, controls, outlined=True)  # type: ignore[arg-type]
    return Outline.joined([one.outline for one in every if one.outline])


def run(assets: int) -> list[dict[str, float]]:
    """Measure, print and return the figures of each what-if."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        catalog = made_elsewhere(folder, assets * HOURS, HOURS, in_turn=True)
        agreed = estate(assets, 2)
        worlds = folder / "worlds"
        worlds.mkdir()

        def first() -> Outline:
            pieces = chunks_of(catalog, 0, agreed, controls=judges())  # type: ignore[arg-type]
            looking = partial(keep_world, worlds)
            every = judge_chunks(catalog, 0, pieces, SINCE, UNTIL, judges(), outlined=True, looking=looking)  # type: ignore[arg-type]
            return Outline.joined([one.outline for one in every if one.outline])

        def what_would_be(other: Estate, controls: list[str]) -> tuple[Outline, Comparison]:
            outline = Outline.joined([one for one, _ in judge_kept(worlds, other, controls)])
            agreed = was.only(lambda result: result.control in controls)
            comparison = compare(assessment(agreed.results), assessment(outline.results), (agreed, outline))
            comparison.counts()
            return outline, comparison

        first_s, was = timed(first)
        size = sum(path.stat().st_size for path in worlds.rglob("*.arrow"))
        for values in ASKED:
            asked = WhatIf(values)
            other, controls = what_if(agreed, asked), asked.controls()
            seconds, (kept, comparison) = timed(partial(what_would_be, other, controls))
            again_s, told = timed(partial(again, catalog, other, controls))
            assert kept.results == told.results
            assert kept.breaches.sort(ORDER).equals(told.breaches.sort(ORDER))
            figures = {
                "points": assets * HOURS, "first_s": first_s, "kept_gb": size / 1e9, "what_if_s": seconds, "again_s": again_s, "ratio": again_s / seconds,
                "breaches": kept.breaches.height, "promises_that_differ": comparison.changed.height,
            }  # fmt: skip
            told_as = [f"{key}={value:,.2f}" if isinstance(value, float) else f"{key}={value:,}" for key, value in figures.items()]
            print(f"{values}:", *told_as, flush=True)
            found.append(figures)
        shutil.rmtree(worlds)
    return found


def assessment(results: list[Result]) -> Assessment:
    """Return an assessment of some results and nothing else."""
    return Assessment(instant(SINCE), instant(UNTIL), 0, "", Results(results), 0, coverage_of(Results(results), []))


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000)
