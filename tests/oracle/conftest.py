"""Random estates are small, and small sets of stretches take a way of their own: every other seed goes the way of the large ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.oracle.campaign import ways_of


@pytest.fixture(autouse=True)
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    seed = request.node.callspec.params.get("seed", 0) if hasattr(request.node, "callspec") else 0
    with ways_of(seed):
        yield
