"""One worker at a time for what only one should do (compaction, vacuum). A killed process gives its lease back by dying."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def lease(path: Path) -> Iterator[bool]:
    """Hold the lease of a folder; yields False when another process has it. Correctness never depends on it: commits decide."""
    path.mkdir(parents=True, exist_ok=True)
    with (path / ".lease").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
