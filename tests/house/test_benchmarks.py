"""The benchmarks run on today's code: a small size of each that needs no data folder, through the same function as the large one."""

from __future__ import annotations

from benchmarks.engine import PER_ASSET, run


def test_the_engine_is_measured_on_what_it_judges() -> None:
    figures = run(2 * PER_ASSET)
    assert figures["points"] == 2 * PER_ASSET
    # One point in a thousand is missing in each repository.
    assert figures["breaches"] > 0
