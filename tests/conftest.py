"""Options of the whole test suite."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from audit.steps.init import chosen
from tests.postgresql import Server, serving

# Two cores and many processes: no deadlines. The same examples in every run; campaigns search with other seeds.
settings.register_profile("house", deadline=None, derandomize=True)
settings.register_profile("loop", settings.get_profile("house"), max_examples=15)
settings.load_profile("house")


SHORT = 40
"""Bytes that a name of a test may have."""


def pytest_configure(config: pytest.Config) -> None:
    """Search with fewer examples where only some cases are asked for.

    Each worker gets a core of its own, with all that it starts: Polars hands every query to another thread, and where that has to wake up another core, small
    queries take almost twice as long."""
    if config.getoption("--cases"):
        settings.load_profile("loop")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    if worker.isdecimal() and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[int(worker) % len(cores)]})


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-golden", action="store_true", help="write what samples yield now as what they must yield")
    parser.addoption(
        "--postgresql", action="store_true", help="registers lie in PostgreSQL, which is started for it, not in SQLite files"
    )

    parser.addoption(
        "--cases", type=int, metavar="N", help="of each test run at most so many of its cases, as far apart as they are"
    )


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture(autouse=True)
def _register(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --postgresql, each new data folder gets a database of its own unless the test chooses one."""
    if request.config.getoption("--postgresql") and request.node.get_closest_marker("sqlite") is None:
        server = request.getfixturevalue("postgresql")
        monkeypatch.setattr("audit.steps.init.chosen", lambda register: chosen(register) or server.database())


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a case after its bytes only where they are few: an archive says when it was made, and workers that collect it at another moment end the whole run."""
    return f"{len(val)} bytes" if isinstance(val, bytes) and len(val) > SHORT else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes minutes begins first, so that no worker is left alone with it at the end. With --cases, some cases of each test are left."""
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)
    if most := config.getoption("--cases"):
        left = _spread(items, most)
        config.hook.pytest_deselected(items=[item for item in items if item not in left])
        items[:] = [item for item in items if item in left]


def _spread(items: list[pytest.Item], most: int) -> set[pytest.Item]:
    """Return at most so many cases of each test, as far apart in their order as they are: of tools, neighbours are most alike."""
    tests: dict[str, list[pytest.Item]] = {}
    for item in items:
        tests.setdefault(item.nodeid.partition("[")[0], []).append(item)
    return {case for cases in tests.values() for case in cases[:: -(-len(cases) // most)]}
