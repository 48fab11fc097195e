"""kill -9 at random moments of an ingest, alone or with a second one beside it: nothing is lost, nothing doubled, the next command
catches up.

    python tests/scenarios/kill_ingest.py --kills 100 --seed 1

Evidence is ingested once undisturbed: the reference. Then the same evidence is ingested by processes that are killed. After every
kill the data folder must verify, and what its catalog says up to its last entry must be what the reference says up to that entry;
that is looked at through a reading step half of the time, so that the other half of the kills is caught up by the next ingest. A
data folder that got everything in is compared as a whole, and a new one begun.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from audit.register.checkpoints import kept_checkpoints
from audit.steps._open import Store, open_store
from audit.steps.catch_up import catch_up
from audit.steps.init import init
from audit.steps.verify import verify

FILES = 160
POINTS = 25


@dataclass(slots=True)
class Report:
    """Where the kills fell, and how many data folders got everything in. A difference raises."""

    kills: int = 0
    folders: int = 0
    where: Counter[str] = field(default_factory=Counter)


def make_evidence(folder: Path, rng: random.Random) -> None:
    """Write daily complete listings of a few repositories, in which points come and go, and job logs."""
    folder.mkdir()
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for day in range(FILES):
        repository = f"r{day % 4}"
        listed = start + timedelta(days=day, hours=6)
        kept = [n for n in range(max(0, day - POINTS), day + 1) if n % 4 == day % 4 or rng.random() < 0.8]
        rows = [
            {
                "record": "recovery_point",
                "source": "nas",
                "repository": repository,
                "id": f"{repository}-{n}",
                "subject": f"vm{n % 3}",
                "method": "full",
                "captured_at": (start + timedelta(days=n)).isoformat(),
                "available_at": (start + timedelta(days=n, hours=1)).isoformat(),
            }
            for n in kept
        ]
        rows.append(
            {"record": "listing", "source": "nas", "repository": repository, "listed_at": listed.isoformat(), "complete": True}
        )
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{day:04}.ndjson").write_text(text if day % 10 else text + "not a record\n")


def command(data: Path, evidence: Path) -> subprocess.Popen[bytes]:
    code = "from audit.cli import main; main()"
    arguments = [sys.executable, "-c", code, "--data", str(data), "ingest", "--source", "nas", str(evidence)]
    with (data / "stderr.txt").open("ab") as errors:
        return subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=errors)


@contextmanager
def opened(data: Path) -> Iterator[Store]:
    store = open_store(data)
    yield store
    store.close()


def facts(store: Store, known_at: int) -> dict[str, pl.DataFrame]:
    """Everything the catalog says, in an order of its own; the time of receipt is left out, because it differs from run to run."""
    catalog = store.catalog
    tables = {
        "tellings": catalog.tellings(known_at).collect(),
        "runs": catalog.runs(known_at).collect(),
        "listings": catalog.listings(known_at),
        "payloads": catalog.payloads(known_at).drop("received_at"),
        "quarantine": catalog.quarantine(known_at),
    }
    return {name: table.sort(table.columns) for name, table in tables.items()}


def compare(store: Store, reference: Store) -> None:
    head = store.head()
    expected = facts(reference, head)
    for name, table in facts(store, head).items():
        if not table.equals(expected[name]):
            raise AssertionError(f"{name} at entry {head} of {store.folder.path} differ:\n{table}\n{expected[name]}")


def state(store: Store) -> tuple[int, int, int, int]:
    """How far each store is: payloads, journal entries, entries in the catalog, entries under a checkpoint."""
    signed = max((kept.size for kept in kept_checkpoints(store.journal)), default=0)
    return len(list(store.vault.iter())), store.head(), store.catalog.mark(), signed


def moment(before: tuple[int, int, int, int], after: tuple[int, int, int, int]) -> str:
    """Say in which part of its work an ingest was killed, from what it left behind."""
    payloads, head, mark, signed = after
    if payloads > head:
        return "between vault and journal"
    if mark < head:
        return "between journal and catalog"
    if signed < head:
        return "between catalog and checkpoint"
    return "before the vault" if after == before else "after the checkpoint"


def look(data: Path, reference: Store, *, catching_up: bool, signed: int = 0) -> tuple[int, int, int, int]:
    """Check a data folder whose ingest was killed; `signed`: how many entries were under a checkpoint before."""
    with opened(data) as store:
        # An ingest into a new folder that was killed before it signed leaves no checkpoint, and `verify` says that there is none.
        found = [fault for fault in verify(store).broken if signed or fault.where != "checkpoints"]
        if found:
            raise AssertionError(f"{data} is broken after a kill: {[str(fault) for fault in found]}")
        reached = state(store)
        if catching_up:
            catch_up(store)
            if store.catalog.mark() != store.head():
                raise AssertionError(f"{data} did not catch up: {store.catalog.mark()} of {store.head()}")
            compare(store, reference)
        return reached


def campaign(kills: int, seed: int, folder: Path) -> Report:
    """Kill so many ingests and check after each one. Raises `AssertionError` at the first difference."""
    rng = random.Random(seed)
    evidence, pristine = folder / "evidence", folder / "pristine"
    make_evidence(evidence, rng)
    init(pristine, "Killed")
    shutil.copytree(pristine, folder / "reference")
    began = time.monotonic()
    if command(folder / "reference", evidence).wait() != 0:
        raise AssertionError("the undisturbed ingest failed")
    whole = time.monotonic() - began
    report = Report()
    data = folder / "killed"
    with opened(folder / "reference") as reference:
        while report.kills < kills:
            if not data.exists():
                shutil.copytree(pristine, data)
            before = look(data, reference, catching_up=False)
            processes = [command(data, evidence) for _ in range(rng.choice((1, 1, 2)))]
            began = time.monotonic()
            time.sleep(rng.uniform(0.4 * whole, whole * len(processes)))
            processes[0].send_signal(signal.SIGKILL)
            codes = [process.wait() for process in processes]
            if codes == [0] and before[1] == 0:
                whole = time.monotonic() - began  # the machine is faster or slower now: aim anew
            if any(code not in (0, -signal.SIGKILL) for code in codes):
                raise AssertionError(f"an ingest ended with {codes}: {(data / 'stderr.txt').read_text()}")
            if codes[0] == -signal.SIGKILL:
                report.kills += 1
                after = look(data, reference, catching_up=rng.random() < 0.5, signed=before[3])
                report.where[moment(before, after) if len(codes) == 1 else "with a second ingest beside it"] += 1
            if 0 in codes:
                with opened(data) as store:
                    if state(store) != (FILES, FILES, FILES, FILES):
                        raise AssertionError(f"a whole ingest left {state(store)}")
                    compare(store, reference)
                report.folders += 1
                shutil.rmtree(data)
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        report = campaign(arguments.kills, arguments.seed, Path(folder))
        print(f"{report.kills} kills (seed {arguments.seed}) in {time.monotonic() - began:.0f} s")
        print(f"{report.folders} data folders got everything in")
        for where, count in report.where.most_common():
            print(f"  {count:4} {where}")
        print("nothing lost, nothing doubled, every data folder verified after every kill")


if __name__ == "__main__":
    main()
