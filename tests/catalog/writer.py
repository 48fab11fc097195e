"""A process that catches up with a made-up journal: `python -m tests.catalog.writer CATALOG`. Tests start it, and kill it."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

from audit.catalog.catalog import Applied, Catalog, LostRaceError
from tests.catalog.histories import CHAINS, Payload, Told, applied

ENTRIES = 120


def journal() -> list[Applied]:
    """The same entries every time: full and partial listings out of order, and points of jobs."""
    random = Random(11)
    entries = []
    for number in range(1, ENTRIES + 1):
        kind = random.choice(["complete"] * 4 + ["incomplete", "job"])
        points = tuple(
            Told(f"p{point}", f"vm/{point % 3}", random.choice([1, 1, 2])) for point in range(1, 9) if random.random() < 0.7
        )
        payload = Payload(*random.choice(CHAINS), random.randrange(60), kind == "complete", kind != "job", points)
        entries.append(applied(number, payload))
    return entries


def catch_up(catalog: Catalog) -> None:
    """Apply what is missing, a few entries at a time, and lay out now and then. A lost race begins again at the mark."""
    entries = journal()
    while (mark := catalog.mark()) < ENTRIES:
        try:
            catalog.apply(entries[mark : mark + 7], min(mark + 7, ENTRIES))
            if mark % 3 == 0:
                catalog.compact(force=True)
        except LostRaceError:
            continue


if __name__ == "__main__":
    opened = Catalog(Path(sys.argv[1]))
    print("ready", flush=True)
    catch_up(opened)
