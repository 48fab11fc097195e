"""Runs that are told several times, as by stdout and by stderr of one command, become one."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations

import polars as pl
import pytest

from audit.model.facts import INSTANT, RUN, WORDS
from audit.model.runs import WORST_FIRST, merge_runs

END = datetime(2026, 11, 23, 6, tzinfo=UTC)


def told(*rows: dict) -> pl.DataFrame:
    schema = {**RUN, "observed_at": INSTANT, "entry": pl.Int64()}
    every = [
        {"source": "s", "id": "r", "finished_at": END, "observed_at": END, "entry": number, **row}
        for number, row in enumerate(rows)
    ]
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in every], schema=schema, orient="row")


@pytest.mark.parametrize("pair", list(permutations(("failed", "cancelled", "warning", "success"), 2)))
def test_of_what_is_told_at_the_same_time_the_worse_counts(pair):
    (outcome,) = merge_runs(told(*({"outcome": one} for one in pair)))["outcome"]
    assert outcome == min(pair, key=WORST_FIRST.index)


def test_a_later_word_counts_before_a_worse_one():
    later = {"outcome": "success", "finished_at": END.replace(hour=7)}
    assert merge_runs(told({"outcome": "failed"}, later))["outcome"].to_list() == ["success"]
    assert merge_runs(told({"outcome": "running", "finished_at": None}, later))["outcome"].to_list() == ["success"]


def test_every_outcome_has_its_rank():
    assert set(WORST_FIRST) == set(WORDS["run"]["outcome"])


@pytest.mark.parametrize("bad", ["failed", "cancelled"])
@pytest.mark.parametrize("good", ["warning", "success"])
def test_a_later_look_at_a_run_that_ended_does_not_make_it_good(bad, good):
    later = {"outcome": good, "observed_at": END.replace(hour=9), "recovery_point": "p"}
    (row,) = merge_runs(told({"outcome": bad}, later)).to_dicts()
    assert (row["outcome"], row["recovery_point"]) == (bad, "p")


def test_a_log_that_broke_off_is_not_hidden_and_hides_nothing_of_the_whole_one():
    broke = {"outcome": "failed", "finished_at": None, "observed_at": END.replace(hour=9)}
    good = {"outcome": "success", "finished_at": END}
    assert merge_runs(told(good, broke))["outcome"].to_list() == ["failed"]
    whole = {"outcome": "failed", "finished_at": END, "message": "no space"}
    merged = merge_runs(told(broke | {"message": "broke off"}, whole, good))
    assert (merged["outcome"].to_list(), merged["message"].to_list(), merged["finished_at"].to_list()) == (
        ["failed"],
        ["no space"],
        [END],
    )
