"""Work that makes very many objects, all of which stay: looking for garbage among them again and again takes longer than the work."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def in_one_go() -> Iterator[None]:
    """Let no cyclic garbage be looked for in a block or a decorated function; what nothing refers to is freed as ever.

    Threads may do so at once: only the one that stopped it starts it again.
    """
    stopped = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if stopped:
            gc.enable()
