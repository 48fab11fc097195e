"""Marks that a catalog remembers, where several threads read it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from audit.catalog.catalog import Catalog


def test_two_threads_that_ask_at_the_same_moment_both_learn_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog, both = Catalog(tmp_path), Barrier(2, timeout=30)
    catalog.apply([], 3)
    known = catalog.mark()
    monkeypatch.setattr(Catalog, "mark", lambda _: both.wait() * 0 + known)
    with ThreadPoolExecutor(2) as pool:
        read = [pool.submit(catalog.listings, 1), pool.submit(catalog.payloads, 1)]
        assert [one.result(timeout=30).height for one in read] == [0, 0]
    # Neither has lost what the other learned: nobody asks again, and would wait here alone.
    assert catalog.listings(1).height == catalog.payloads(1).height == 0
