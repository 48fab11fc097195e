"""Results taken together."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.model.assessment import Results
from audit.model.verdicts import SHARES, Result, Verdict
from audit.reporting.groups import Tallies, Tally
from audit.reporting.timelines import SHORTEST, pooled_shares, worst


def result(asset: str, part: str | None, state: str, seconds: float = 1e-6) -> Result:
    shares = dict.fromkeys(SHARES, 0.0) | {state: 1.0}
    return Result(
        asset=asset, unit="u", policy="p", version=1, part=part, control="protection", leg="protected", verdict=Verdict(state),
        shares=shares, judged_seconds=seconds, breaches=(), unproven=(), detail={}, provenance=None, judged=(), grace=(),
    )  # fmt: skip


def together(results: list[Result]) -> Tally:
    """Return what results of one unit say together."""
    (tally,) = Tallies(Results(results)).by("unit").values()
    return tally


def test_at_one_instant_an_asset_counts_once_under_its_worst_part():
    shards = [result("db", f"shard-{number}", "met") for number in range(3)] + [result("db", "shard-3", "breached")]
    others = [result(name, None, "met") for name in ("files", "logs")] + [result("queue", None, "unproven")]
    tally = together([*shards, *others])
    assert (tally.judged, tally.breached, tally.unproven, tally.seconds) == (4, 1, 1, None)
    assert tally.shares == {"met": 0.5, "breached": 0.25, "unproven": 0.25, "grace": 0.0, "waived": 0.0, "met_up_to": 0.75}


def test_over_time_every_part_counts_by_its_time():
    day = 86400.0
    tally = together([result("db", "shard-1", "met", 3 * day), result("db", "shard-2", "breached", day)])
    assert (tally.judged, tally.seconds) == (1, 4 * day)
    assert (tally.shares["met"], tally.shares["breached"], tally.shares["met_up_to"]) == (0.75, 0.25, 0.75)


def test_of_nothing_judged_there_is_no_share():
    tally = together([replace(result("db", None, "met"), verdict=Verdict.NOT_APPLICABLE, shares=None, judged_seconds=0.0)])
    assert tally.judged == 0
    assert set(tally.shares.values()) == {None}
    assert Tallies(Results([])).by("unit") == {}


@pytest.mark.parametrize("state", ["met", "waived"])
def test_one_asset_alone_has_the_whole_share(state):
    assert together([result("db", None, state)]).shares[state] == 1.0


def test_what_is_waived_is_not_among_what_was_kept():
    cell = together([result("a", None, "waived"), result("b", None, "met"), result("c", None, "unproven")]).cell
    assert (cell.judged, cell.waived, cell.kept) == (3, 1, 1)


KEYS = {
    "unit": lambda one: one.unit,
    "policy": lambda one: one.policy or "",
    "version": lambda one: f"{one.version or 0:09}",
    "control": lambda one: one.control,
    "leg": lambda one: one.leg or "",
}


def naive(results: list[Result]) -> Tally:
    """Take results together one by one."""
    verdicts: dict[str, Verdict] = {}
    for one in results:
        verdicts[one.asset] = worst((one.verdict, verdicts.get(one.asset, Verdict.NOT_APPLICABLE)))
    counts = Counter(verdicts.values())
    judged = len(verdicts) - counts[Verdict.NOT_APPLICABLE]
    seconds = sum(one.judged_seconds for one in results if one.shares is not None)
    if seconds >= SHORTEST:
        shares = pooled_shares(results, (*SHARES, "met_up_to"))
    else:
        shares = {name: (counts[Verdict(name)] if name != "grace" else 0) / judged if judged else None for name in SHARES}
        shares["met_up_to"] = 1 - shares["breached"] if judged else None
    return Tally(
        worst(verdicts.values()), judged, counts[Verdict.BREACHED], counts[Verdict.UNPROVEN], counts[Verdict.WAIVED],
        seconds if seconds >= SHORTEST else None, shares,
    )  # fmt: skip


@st.composite
def some_results(draw: st.DrawFn) -> Result:
    told = draw(st.dictionaries(st.sampled_from(SHARES), st.integers(1, 7), max_size=3))
    shares = {name: told.get(name, 0) / sum(told.values()) for name in SHARES} if told else None
    verdict = draw(st.sampled_from(list(Verdict)))
    return replace(
        result(draw(st.sampled_from("abc")), None, "met", draw(st.sampled_from([0.0, 1e-6, 0.4, 3600.0, 7776000.123457]))),
        shares=shares,
        verdict=verdict,
        unit=draw(st.sampled_from(["u", "v", ""])),
        policy=draw(st.sampled_from([None, "p", "q"])),
        version=draw(st.sampled_from([None, 2, 10])),
        control=draw(st.sampled_from(["copies", "recovery-point"])),
        leg=draw(st.sampled_from([None, "count"])),
    )


@given(st.lists(some_results(), max_size=12), st.sets(st.sampled_from(list(KEYS)), min_size=1))
def test_groups_say_what_their_results_say_one_by_one(results: list[Result], keys: set[str]):
    names = [name for name in KEYS if name in keys]
    groups = defaultdict(list)
    for one in results:
        groups[tuple(KEYS[name](one) for name in names)].append(one)
    found = Tallies(Results(results)).by(*names)
    assert list(found) == sorted(groups)
    for key, tally in found.items():
        expected = naive(groups[key])
        assert tally.shares == pytest.approx(expected.shares, rel=1e-12)
        assert tally.seconds == pytest.approx(expected.seconds, rel=1e-12)
        # Nothing and all are not rounded to.
        assert {name for name, share in tally.shares.items() if share in (0.0, 1.0)} == {
            name for name, share in expected.shares.items() if share in (0.0, 1.0)
        }
        assert replace(tally, shares={}, seconds=None) == replace(expected, shares={}, seconds=None)
