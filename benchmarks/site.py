"""The site before eight readers at once: 5,000 assets, two million points, every kind of page. `python -m benchmarks.site [ASSETS]`.

Eight sessions ask, without a pause, page after page over loopback of the server that `backup-audit serve` is: p50 and p95 of each kind of page, from the
request to its last byte, beside what the same page takes one reader alone, and its largest size. CSV downloads the same way, apart. The customer's bounds: p95 of
every page under 300 ms, no page above 1 MB.
"""

from __future__ import annotations

import argparse
import random
import re
import socket
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from benchmarks._site_estate import DAYS, LOGS, PASSWORD, PERIOD, PLACES, UNITS, USER, YEAR, built

READERS = 8
ROUNDS = 8
BOUND_MS, BOUND_BYTES = 300, 1_000_000
Draw = Callable[[random.Random, int], str]
"""The address of a page: another one each time, of a random source and the number of assets."""


def _asset(chance: random.Random, assets: int) -> str:
    return f"/assets/asset-{chance.randrange(assets):05}"


def _entry(chance: random.Random, _: int) -> int:
    """A payload: mostly a small log, now and then a listing of thousands of points."""
    return 3 + (
        chance.randrange(UNITS * len(PLACES)) if chance.random() < 0.2 else UNITS * len(PLACES) + chance.randrange(LOGS - 1)
    )


DRAWN = (*range(4), *range(6, 11), *range(13, 17), *range(20, 24))
"""Breaches of this estate that are drawn over time: those of recovery-point."""
PAGES: dict[str, Draw] = {
    "overview": lambda *_: "/",
    "assets": lambda chance, _: f"/assets?page={chance.randint(1, 50)}",
    "assets, filtered": lambda chance, _: f"/assets?verdict=breached&sort=-breached_seconds&unit=unit-{chance.randrange(UNITS):02}",
    "assets, searched": lambda chance, _: f"/assets?q={chance.randrange(100):02}",
    "asset": _asset,
    "asset, zoomed": lambda chance, assets: (
        f"{_asset(chance, assets)}?since={YEAR}-02-{chance.randint(1, 20):02}&until={YEAR}-03-{chance.randint(1, 20):02}"
    ),
    "points": lambda chance, assets: f"{_asset(chance, assets)}/points",
    "promises": lambda chance, _: f"/promises?sort=verdict&size=100&page={chance.randint(1, 50)}",
    "promises, filtered": lambda chance, _: f"/promises?control=recovery-point&unit=unit-{chance.randrange(UNITS):02}&sort=met",
    "breaches": lambda chance, _: f"/breaches?page={chance.randint(1, 50)}",
    "breaches, sorted": lambda *_: "/breaches?sort=from&size=100",
    "breach": lambda chance, assets: f"/breaches/{chance.randrange(min(500, assets))}",
    "unproven": lambda chance, _: f"/unproven?page={chance.randint(1, 50)}",
    "unproven stretch": lambda chance, assets: f"/unproven/{chance.randrange(min(500, assets))}",
    "breach, over time": lambda chance, _: f"/breaches/{chance.choice(DRAWN)}/over-time.svg",
    "sources": lambda *_: "/sources",
    "received": lambda chance, _: f"/received?page={chance.randint(1, 40)}",
    "quarantine": lambda chance, _: f"/quarantine?page={chance.randint(1, 40)}",
    "subjects": lambda chance, _: f"/subjects?page={chance.randint(1, 50)}",
    "subjects, nobody's": lambda *_: "/subjects?state=nobody",
    "evidence": lambda chance, assets: f"/evidence/{_entry(chance, assets)}?at=line {chance.randint(2, 10)}",
    "journal": lambda chance, _: f"/journal?page={chance.randint(1, 40)}",
    "entry": lambda chance, assets: f"/journal/{_entry(chance, assets)}",
    "upload": lambda *_: "/upload",
    "reports": lambda *_: "/reports",
    "jobs": lambda *_: "/jobs",
}
DOWNLOADS: dict[str, Draw] = {
    "assets": lambda *_: "/assets?format=csv",
    "promises": lambda *_: "/promises?format=csv",
    "breaches": lambda *_: "/breaches?format=csv",
    "unproven": lambda *_: "/unproven?format=csv",
    "points": lambda chance, assets: f"{_asset(chance, assets)}/points?format=csv",
    "subjects": lambda *_: "/subjects?format=csv",
    "journal": lambda *_: "/journal?format=csv",
    "received": lambda *_: "/received?format=csv",
    "quarantine": lambda *_: "/quarantine?format=csv",
    "evidence, raw": lambda chance, assets: f"/evidence/{_entry(chance, assets)}/raw",
}


class Served:
    """The site, served as users serve it, on a free port of this machine."""

    def __init__(self, data: Path) -> None:
        with socket.socket() as asked:
            asked.bind(("127.0.0.1", 0))
            self.port = asked.getsockname()[1]
        program = [str(Path(sys.executable).with_name("backup-audit")), "--data", str(data), "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def session(self) -> requests.Session:
        """Return a session that is logged in."""
        session = requests.Session()
        token = re.search(r'name="csrf_token" value="([^"]+)"', session.get(self.url("/login"), timeout=60).text)[1]
        form = {"csrf_token": token, "name": USER, "password": PASSWORD}
        assert session.post(self.url("/login"), data=form, timeout=60).url == self.url("/")
        return session

    def url(self, path: str) -> str:
        """Return the address of a page."""
        return f"http://127.0.0.1:{self.port}{path}"

    def wait(self) -> None:
        """Wait until it answers."""
        for _ in range(600):
            try:
                requests.get(self.url("/login"), timeout=60)
            except requests.ConnectionError:
                time.sleep(0.1)
            else:
                return
        sys.exit("the site does not answer")

    def peak_mb(self) -> float:
        """Return the most memory it ever had."""
        told = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", told)[1]) / 1024


Measured = dict[str, list[tuple[float, int]]]


def read(served: Served, session: requests.Session, pages: dict[str, Draw], rounds: int, assets: int, seed: int) -> Measured:
    """Ask for every page so many times, in an order of one's own; return milliseconds and bytes of each."""
    chance = random.Random(seed)
    found: Measured = defaultdict(list)
    for _ in range(rounds):
        for name in chance.sample(list(pages), len(pages)):
            path = pages[name](chance, assets)
            began = time.perf_counter()
            answer = session.get(served.url(path), timeout=600)
            spent = (time.perf_counter() - began) * 1000
            if answer.status_code != 200 or answer.history:
                sys.exit(f"{path} was answered with {answer.status_code} {answer.url}")
            found[name].append((spent, len(answer.content)))
    return found


def together(
    served: Served, sessions: list[requests.Session], pages: dict[str, Draw], rounds: int, assets: int
) -> tuple[Measured, Measured]:  # fmt: skip
    """Measure one reader alone, then all at once."""
    read(served, sessions[0], pages, 1, assets, seed=99)  # what is read once by the process is read now
    alone = read(served, sessions[0], pages, max(rounds // 2, 1), assets, seed=100)
    with ThreadPoolExecutor(READERS) as pool:
        every = pool.map(lambda one: read(served, one[1], pages, rounds, assets, one[0]), enumerate(sessions))
        joined: Measured = defaultdict(list)
        for found in every:
            for name, measured in found.items():
                joined[name] += measured
    return joined, alone


def told(joined: Measured, alone: Measured) -> tuple[float, int]:
    """Print a table; return the worst p95 (ms) and the largest page (bytes)."""
    print(f"{'':22}{'p50 ms':>9}{'p95 ms':>9}{'alone ms':>10}{'largest kB':>12}")
    worst, largest = 0.0, 0
    for name, measured in joined.items():
        times = [spent for spent, _ in measured]
        p95 = statistics.quantiles(times, n=20, method="inclusive")[-1]
        size = max(size for _, size in measured)
        worst, largest = max(worst, p95), max(largest, size)
        single = statistics.median(spent for spent, _ in alone[name])
        print(f"{name:22}{statistics.median(times):9.0f}{p95:9.0f}{single:10.0f}{size / 1000:12.1f}", flush=True)
    return worst, largest


def main() -> int:
    """Measure; 1 when a page is over a bound."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("assets", nargs="?", type=int, default=5_000)
    asked.add_argument("--rounds", type=int, default=ROUNDS)
    asked.add_argument("--no-downloads", action="store_true")
    given = asked.parse_args()
    folder = built(given.assets)
    print((folder / "about.json").read_text(), f"{DAYS} days, period {PERIOD[1]} to {PERIOD[3]}")
    served = Served(folder / "data")
    try:
        served.wait()
        sessions = [served.session() for _ in range(READERS)]
        began = time.perf_counter()
        joined, alone = together(served, sessions, PAGES, given.rounds, given.assets)
        asked_for, seconds = sum(map(len, joined.values())), time.perf_counter() - began
        worst, largest = told(joined, alone)
        print(f"{asked_for} pages by {READERS} readers in {seconds:.0f} s; the server's peak: {served.peak_mb():.0f} MB")
        if not given.no_downloads:
            print("downloads")
            told(*together(served, sessions, DOWNLOADS, 2, given.assets))
            print(f"the server's peak: {served.peak_mb():.0f} MB")
    finally:
        served.process.terminate()
        served.process.wait()
    print(f"worst p95 {worst:.0f} ms (bound {BOUND_MS}), largest page {largest / 1000:.0f} kB (bound {BOUND_BYTES // 1000})")
    return int(worst >= BOUND_MS or largest >= BOUND_BYTES)


if __name__ == "__main__":
    sys.exit(main())
