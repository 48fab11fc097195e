"""The list of assets: what is counted of each by columns, beside the same counted result by result."""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import datetime, timedelta

import polars as pl
from hypothesis import given

from audit.model.assessment import Results
from audit.model.columns import Columns
from audit.model.document import State
from audit.model.verdicts import Result
from audit.reporting.groups import worst_by_asset
from audit.reporting.months import by_month
from audit.reporting.sections.asset_list import _covered
from audit.reporting.timelines import worst
from tests.model.test_columns import RESULTS, START


def covered(stretches: list[tuple[datetime, datetime]]) -> float:
    """The seconds in at least one of the stretches."""
    total, end = timedelta(0), None
    for since, until in sorted(stretches):
        begin = since if end is None else max(since, end)
        total += max(until - begin, timedelta(0))
        end = until if end is None else max(until, end)
    return total / timedelta(seconds=1)


@given(RESULTS)
def test_time_covered_by_several_stretches_of_an_asset_counts_once(results: tuple[Result, ...]) -> None:
    columns = Columns.of(results)
    for kind in ("breaches", "unproven"):
        naive = defaultdict(list)
        for result in results:
            for stretch in getattr(result, kind):
                naive[result.asset].append((stretch.since, stretch.until))
        found = dict(_covered(getattr(columns, kind), "seconds").iter_rows())
        assert found == {asset: covered(stretches) for asset, stretches in naive.items()}


@given(RESULTS)
def test_an_asset_has_the_worst_of_its_verdicts(results: tuple[Result, ...]) -> None:
    found = worst_by_asset(Results(results)).with_columns(pl.col("verdict").cast(pl.String))
    assert found.rows() == [
        (asset, str(worst(result.verdict for result in results if result.asset == asset)))
        for asset in sorted({result.asset for result in results})
    ]


@given(RESULTS)
def test_of_each_month_every_stretch_counts_for_its_state(results: tuple[Result, ...]) -> None:
    edges = [START, START + timedelta(days=40), START + timedelta(days=80), START + timedelta(days=150)]
    found = by_month(Columns.of(results), edges)
    for number, (since, until) in enumerate(itertools.pairwise(edges)):

        def inside(stretches: list[tuple[datetime, datetime]], since=since, until=until) -> int:
            lengths = (max(min(end, until) - max(begin, since), timedelta(0)) for begin, end in stretches)
            return sum(length // timedelta(microseconds=1) for length in lengths)

        def spans(kind: str) -> list[tuple[datetime, datetime]]:
            return [(one.since, one.until) for result in results for one in getattr(result, kind)]

        held = {
            State.BREACHED: inside(spans("breaches")),
            State.WAIVED: inside(spans("waived")),
            State.UNPROVEN: inside(spans("unproven")),
            State.GRACE: inside([span for result in results for span in result.grace]),
        }
        judged = inside([span for result in results for span in result.judged])
        lost = held[State.BREACHED] + held[State.WAIVED] + held[State.UNPROVEN]
        held[State.MET] = judged - lost
        whole = judged + held[State.GRACE]
        assert found[number] == (
            {state: length / whole for state, length in held.items() if length > 0} if whole >= 1_000_000 else {}
        )
