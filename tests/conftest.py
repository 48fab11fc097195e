"""Options of the whole test suite."""

from __future__ import annotations

import pytest
from hypothesis import settings

# Two cores and many processes: no deadlines. The same examples in every run; campaigns search with other seeds.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-golden", action="store_true", help="write what samples yield now as what they must yield")
