"""The benchmarks run on today's code: a small size of each that needs no data folder, through the same function as the large one."""

from __future__ import annotations

import pytest

from benchmarks import adapters, postgresql, what_if
from benchmarks.engine import PER_ASSET, run


def test_the_engine_is_measured_on_what_it_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.evaluation.chunks.ROWS", PER_ASSET)  # several chunks, as of many points
    figures = run(2 * PER_ASSET)
    assert figures["points"] == 2 * PER_ASSET
    # One point in a thousand is missing in each repository.
    assert figures["breaches"] > 0


def test_what_ifs_are_measured_on_kept_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.evaluation.chunks.ROWS", what_if.HOURS)
    figures = what_if.run(3)
    assert len(figures) == len(what_if.ASKED)
    assert sum(one["promises_that_differ"] for one in figures) > 0


def test_adapters_are_measured_on_rows_that_become_facts() -> None:
    figures = adapters.run(60, others=False)
    assert {one["tool"] for one in figures} == {*adapters.BIGGEST, "interchange", "tabular"}
    assert all(int(one["facts"]) >= 30 and float(one["ratio"]) > 0 for one in figures)


def test_the_rules_are_measured_beside_a_server_that_answers_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its SQL is an oracle of its own: on both bounds, to the microsecond; it asserts that itself."""
    monkeypatch.setattr("audit.evaluation.chunks.ROWS", PER_ASSET)
    figures = postgresql.run(2 * PER_ASSET)
    assert figures["rules_s"] > 0
    assert figures["rival_s"] > 0
