"""`assess --cluster` with two worker processes, beside one, and beside no cluster: 2,000 assets over half a year, some 0.8 million points.

Prints the speed-up of two over one and where the time went: `client_s` is what no worker can help with (opening, cutting chunks, what comes after them, writing);
while chunks are on the cluster, its workers unpack, read, judge and pack, and what is left of their time is sending and waiting.
Workers have one thread of Polars each, as on a machine whose cores they share. `python -m benchmarks.cluster [ASSETS]`.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks._site_estate import PERIOD, taken_in

ROWS = 100_000
"""Rows a chunk, so that an estate of a benchmark's size is cut as one of hundreds of millions is: into many more chunks than workers."""
PARTS = ("unpack", "read", "judge", "pack")
spent: dict[str, float] = {}
running: set[str] = set()
"""Parts that are being measured: a part within itself is not counted twice."""


def measured() -> None:
    """In a worker: have the four parts of its work add up what they take."""
    from audit.evaluation import cluster

    spent.clear()
    if getattr(cluster.judge, "measured", False):
        return
    for part, name in zip(PARTS, ("_unpacked", "fetch", "judge", "_packed"), strict=True):
        setattr(cluster, name, _measured(part, getattr(cluster, name)))
    cluster.Catalog.mark = _measured("read", cluster.Catalog.mark)  # type: ignore[method-assign]


def _measured(part: str, work: Callable[..., Any]) -> Callable[..., Any]:
    def measuring(*given: Any) -> Any:
        if part in running:
            return work(*given)
        running.add(part)
        began = time.perf_counter()
        try:
            return work(*given)
        finally:
            running.discard(part)
            spent[part] = spent.get(part, 0) + time.perf_counter() - began
            spent[f"{part} bytes"] = spent.get(f"{part} bytes", 0) + (len(given[0]) if part == "unpack" else 0)

    measuring.measured = True  # type: ignore[attr-defined]
    return measuring


def told() -> dict[str, float]:
    return dict(spent)


@contextmanager
def workers(count: int) -> Iterator[Any]:
    from distributed import LocalCluster

    with LocalCluster(n_workers=count, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50) as cluster:  # fmt: skip
        yield cluster


def on(data: Path, count: int, out: Path) -> tuple[float, dict[str, float]]:
    """Assess on so many workers. Return seconds, and the seconds of all workers by part, with those in which chunks were on the cluster."""
    from audit.evaluation.cluster import Cluster
    from benchmarks import cluster as here  # by its name: what is of `__main__` would go to the workers as a copy each time

    with workers(count) as cluster, cluster.get_client() as client:
        seconds = []
        for _ in range(2):  # the first warms the workers up: imports
            client.run(here.measured)
            more = ("--cluster", cluster.scheduler_address, "--format", "json", "-o", str(out))
            spent.clear()
            with patch.object(Cluster, "_wait", _measured("away", Cluster._wait)):
                seconds.append(assessed(data, *more))
        parts = client.run(here.told).values()
        return seconds[-1], {name: sum(one.get(name, 0) for one in parts) for name in (*PARTS, "unpack bytes")} | {
            "away": spent["away"]
        }


def assessed(data: Path, *more: str) -> float:
    """Assess in this process, with smaller chunks than usual. Return the seconds."""
    from audit.cli._main import group

    began = time.perf_counter()
    with patch("audit.evaluation.chunks.ROWS", ROWS):
        code = group.main(["--data", str(data), "assess", *PERIOD, *more], standalone_mode=False)
    assert code in (0, 1, None), code
    return time.perf_counter() - began


def run(assets: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = folder / "data"
        points = taken_in(data, folder / "given", assets)
        here = assessed(data, "--format", "json", "-o", str(folder / "here.json"))
        one, parts_of_one = on(data, 1, folder / "one.json")
        two, parts_of_two = on(data, 2, folder / "two.json")
        same = (folder / "here.json").read_bytes() == (folder / "one.json").read_bytes() == (folder / "two.json").read_bytes()
        print(f"assets={assets:,} points={points:,} same_output={same} no_cluster_s={here:.1f} one_worker_s={one:.1f} two_workers_s={two:.1f} speed_up={one / two:.2f}")  # fmt: skip
        for count, seconds, parts in ((1, one, parts_of_one), (2, two, parts_of_two)):
            busy = {part: parts[part] for part in PARTS}
            rest = count * parts["away"] - sum(busy.values())
            told_of = " ".join(f"{part}_s={took:.1f}" for part, took in busy.items())
            print(
                f"workers={count} client_s={seconds - parts['away']:.1f} {told_of} sending_and_waiting_s={rest:.1f} tasks_kb={parts['unpack bytes'] / 1e3:.0f}"
            )


if __name__ == "__main__":
    os.environ["POLARS_MAX_THREADS"] = "1"  # before Polars is there, and for the workers
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
