"""Results taken together."""

from __future__ import annotations

import pytest

from audit.model.verdicts import SHARES, Result, Verdict
from audit.reporting.groups import Tally


def result(asset: str, part: str | None, state: str, seconds: float = 1e-6) -> Result:
    shares = dict.fromkeys(SHARES, 0.0) | {state: 1.0}
    return Result(
        asset=asset, unit="u", policy="p", version=1, part=part, control="protection", leg="protected", verdict=Verdict(state),
        shares=shares, judged_seconds=seconds, breaches=(), unproven=(), detail={}, provenance=None, judged=(), grace=(),
    )  # fmt: skip


def test_at_one_instant_an_asset_counts_once_under_its_worst_part():
    shards = [result("db", f"shard-{number}", "met") for number in range(3)] + [result("db", "shard-3", "breached")]
    others = [result(name, None, "met") for name in ("files", "logs")] + [result("queue", None, "unproven")]
    tally = Tally.of([*shards, *others])
    assert (tally.judged, tally.breached, tally.unproven, tally.seconds) == (4, 1, 1, None)
    assert tally.shares == {"met": 0.5, "breached": 0.25, "unproven": 0.25, "grace": 0.0, "waived": 0.0, "met_up_to": 0.75}


def test_over_time_every_part_counts_by_its_time():
    day = 86400.0
    tally = Tally.of([result("db", "shard-1", "met", 3 * day), result("db", "shard-2", "breached", day)])
    assert (tally.judged, tally.seconds) == (1, 4 * day)
    assert (tally.shares["met"], tally.shares["breached"], tally.shares["met_up_to"]) == (0.75, 0.25, 0.75)


def test_of_nothing_judged_there_is_no_share():
    tally = Tally.of([])
    assert tally.judged == 0
    assert set(tally.shares.values()) == {None}


@pytest.mark.parametrize("state", ["met", "waived"])
def test_one_asset_alone_has_the_whole_share(state):
    assert Tally.of([result("db", None, state)]).shares[state] == 1.0


def test_what_is_waived_is_not_among_what_was_kept():
    cell = Tally.of([result("a", None, "waived"), result("b", None, "met"), result("c", None, "unproven")]).cell
    assert (cell.judged, cell.waived, cell.kept) == (3, 1, 1)
