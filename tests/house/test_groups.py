"""Tests of one group share what takes minutes to make, so they have to run on one worker."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("kept-together")
def test_groups_are_kept_on_one_worker(request: pytest.FixtureRequest) -> None:
    # pytest-xdist 3.8 tells the group by the end of a test's id, which pytest 9.2 does not let it change: each worker made everything for itself.
    grouped = bool(getattr(request.config.option, "loadgroup", False))
    assert request.node.nodeid.endswith("@kept-together") == grouped
