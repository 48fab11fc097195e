"""Adapters against damaged payloads: nothing but facts, faults and `InputError` may come out, within seconds and little memory.

`python -m tests.adapters.fuzz 20000` reads so many damaged samples with adapters by chance, `--each` so many with every adapter, `--tool T` (several
times) only with these; `--seed N` begins elsewhere. Two processes share the work. Told are: RAISED what an adapter should not raise, HUNG beyond
5 seconds of processor time, GREEDY beyond memory of 20 times the payload, DIED a process that ended (also one that stood still for minutes).
`--replay TOOL:SEED` reads one of them again in this process.
"""

from __future__ import annotations

import argparse
import faulthandler
import gc
import multiprocessing
import os
import random
import signal
import sys
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from multiprocessing.connection import Connection, wait
from pathlib import Path

from audit.adapters import _registry
from audit.errors import InputError
from audit.model.envelope import Envelope
from tests.adapters import golden
from tests.adapters.mutations import mutated

SECONDS = 5
"""Of processor time, so that a busy machine hangs nothing; what waits for ever is ended by `STILL`."""
STILL = 300
TIMES, FLOOR = 20, 24 * 2**20
"""Memory beyond 20 times the payload and what allocators of any process take at once (bytes) is too much."""
PROCESSES = 2
_BAD = ("RAISED", "HUNG", "GREEDY", "DIED")

Job = tuple[str, int]
"""An adapter and the seed of an attempt."""


@cache
def samples(tool: str) -> tuple[tuple[Path, bytes, Envelope], ...]:
    """Return the samples of a tool, or of all where it has none: path, payload, envelope. They are read once."""
    found = [path for path in golden.samples() if path.parent.name == tool] or golden.samples()
    return tuple((path, path.read_bytes(), golden.envelope(path)) for path in found)


@cache
def _mappings() -> tuple[dict[str, object], ...]:
    return tuple(told for tool in golden.adapters() for _, _, one in samples(tool) if (told := one.mapping))


def envelope(random_: random.Random, tool: str, own: Envelope) -> Envelope:
    """The envelope of the sample, or one that knows nothing, or a random one."""
    moment = datetime(2026, 11, 23, 5, 52, tzinfo=UTC)
    other = Envelope(
        tool=tool,
        source=random_.choice(["s", None]),
        repository=random_.choice(["r", None]),
        observed_at=random_.choice([moment, None]),
        complete=random_.choice([True, False, None]),
        timezone=random_.choice(["Europe/Berlin", "Nowhere", None]),
        mapping=random_.choice([None, *_mappings()]),
        command=random_.choice(
            [
                None,
                "restic backup --host h /a",
                "restic forget --prune",
                "'",
                "restic check --read-data",
                "restic snapshots --json",
                "borg list --json /r",
                "borg check --verify-data /r",
                "borg create /r::{now} /a",
                "borg extract /r::a",
                "borg prune --list /r",
                "llist jobs days=7",
                "duplicity verify --compare-data file:///b /a",
                "duplicity remove-all-but-n-full 1 --force file:///b",
                "kopia snapshot list --all --json",
                "borgmatic rlist --json --last 1",
                "rdiff-backup remove increments --older-than 1B /r",
                "barman backup --wait a",
                "pg_basebackup -D /b --incremental=/a/backup_manifest",
                "pg_verifybackup -n /b",
                "mariabackup --backup --target-dir=/b --incremental-basedir=/a",
                "mydumper -B a -T a.b",
                "rclone sync --exclude x -n r /b",
                "rclone copy r/x /b",
                "rsync -an --delete r /b",
                "tar -czvf /b --listed-incremental=/s a",
                "zfs list -Hp -t snapshot -o name,creation,guid -r tank",
                "snapper --jsonout --utc list",
                "btrfs send /a | btrfs receive /b",
                "bpimagelist -l -d 01/01/1970",
                "bpimmedia -l",
                "mminfo -avot -xc, -r client",
                "dsmadmc 'select node_name,filespace_name,backup_start,backup_end from filespaces'",
                "dsmadmc 'select a, b.c as d, max(e) from events'",
                "aws s3api head-object --bucket b --key k --version-id v",
                "aws backup list-recovery-points-by-resource --resource-arn arn:aws:rds:eu-west-1:1:db:x",
                "atlas backups snapshots list Orders --projectId p",
                "etcdctl snapshot save s1.db",
                "etcdutl snapshot status s1.db -w table",
                "GET /api/v1/restorePoints?limit=200",
                "GET /api2/json/admin/datastore/s/snapshots?ns=a/b",
                "GET /api2/json/nodes/n/storage/s/content?content=backup&vmid=1",
                "GET /v8/RestorePoints",
            ]
        ),
        exit_code=random_.choice([None, 0, 1, 3]),
        started_at=random_.choice([moment, None]),
        finished_at=random_.choice([moment, None]),
    )
    return random_.choice([own if tool == own.tool else other, Envelope(tool=tool), other])


def case(tool: str, seed: int) -> tuple[str, bytes, Envelope]:
    """Return what an attempt reads: the name of the sample, the damaged payload, the envelope. One attempt in ten reads another adapter's sample."""
    random_ = random.Random(f"{tool}:{seed}")
    its = tool if random_.random() < 0.9 else random_.choice(golden.adapters())
    path, payload, own = random_.choice(samples(its))
    return path.name, mutated(random_, payload), envelope(random_, tool, own)


def attempt(tool: str, seed: int) -> str:
    """Read one damaged payload; return how it ended. Raises what an adapter should not raise."""
    return _read(*case(tool, seed))


def _read(name: str, payload: bytes, told: Envelope) -> str:
    refused, faults = True, ()
    with suppress(InputError):
        _registry.recognise(name, payload)
    if _registry.mapping_of(told.tool) is not None and (mapping := told.mapping or _mappings()[0]):
        _registry.fits(told.tool, payload, mapping)
    try:
        faults = _registry.read(told.tool, payload, told).faults
        refused = False
    except InputError as error:
        faults = error.faults
    well = all(fault.what and fault.where and fault.level in ("error", "warning") for fault in faults)
    if not well or (refused and not faults):
        raise AssertionError(f"refused, or told badly: {faults}")
    return "refused" if refused else "with faults" if faults else "clean"


# --- limits -----------------------------------------------------------------------------------------------------------------


class HungError(BaseException):
    """Not an `Exception`: no adapter may swallow it."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise `HungError` after so much processor time; end the process when native code stands still for minutes."""

    def ring(*_: object) -> None:
        raise HungError

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    faulthandler.dump_traceback_later(STILL, exit=True)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGPROF, before)


def _resident(peak: bool) -> int:
    """Return the resident memory of this process in bytes, or its peak since `_forget_peak` (Linux counts both)."""
    key = "VmHWM:" if peak else "VmRSS:"
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) * 1024


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def guarded(tool: str, seed: int) -> tuple[str, str]:
    """Make an attempt within the limits; return how it ended and what to say of it."""
    try:
        with limited(SECONDS):
            name, payload, told = case(tool, seed)
            _forget_peak()
            before = _resident(peak=False)
            ended = _read(name, payload, told)
    except HungError:
        return "HUNG", traceback.format_exc(limit=-6)
    except Exception:  # noqa: BLE001 - every exception is what is looked for
        return "RAISED", traceback.format_exc()
    more = _resident(peak=True) - before
    if more > TIMES * len(payload) + FLOOR:
        return "GREEDY", f"{more:,} bytes for a payload of {len(payload):,}"
    return ended, ""


# --- a campaign -------------------------------------------------------------------------------------------------------------


def _worker(jobs: list[Job], pipe: Connection) -> None:
    for tool in _registry.tools():  # what is made once is made before anything is measured
        with suppress(InputError):
            _read(samples(tool)[0][0].name, samples(tool)[0][1], samples(tool)[0][2])
    for number, (tool, seed) in enumerate(jobs):
        if number % 50 == 0:
            gc.collect()
        pipe.send(guarded(tool, seed))
    pipe.close()


def results(jobs: list[Job]) -> Iterator[tuple[Job, str, str]]:
    """Make all attempts in several processes; one that dies is told with the attempt at which it did, and replaced."""
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    context = multiprocessing.get_context("spawn")
    running: dict[Connection, list[Job]] = {}

    def begin(left: list[Job]) -> None:
        mine, theirs = context.Pipe(duplex=False)
        context.Process(target=_worker, args=(left, theirs), daemon=True).start()
        theirs.close()
        running[mine] = left

    for part in range(PROCESSES):
        if jobs[part::PROCESSES]:
            begin(jobs[part::PROCESSES])
    while running:
        for pipe in wait(list(running)):
            assert isinstance(pipe, Connection)
            left = running.pop(pipe)
            try:
                ended, what = pipe.recv()
            except EOFError:
                ended, what = "DIED", "the process ended"
                if left[1:]:
                    begin(left[1:])
            else:
                if left[1:]:
                    running[pipe] = left[1:]
            yield left[0], ended, what


def jobs_of(count: int, seed: int, tools: list[str], *, each: bool) -> list[Job]:
    """Return the attempts of a campaign."""
    if each:
        return [(tool, number) for number in range(seed, seed + count) for tool in tools]
    return [(random.Random(number).choice(tools), number) for number in range(seed, seed + count)]


def main(arguments: list[str]) -> int:
    """Run a campaign; exit code 1 when an adapter raised, hung, took too much or ended its process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, nargs="?", default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tool", action="append", choices=sorted(_registry.tools()))
    parser.add_argument("--each", action="store_true", help="so many payloads for every adapter")
    parser.add_argument("--replay", metavar="TOOL:SEED")
    chosen = parser.parse_args(arguments)
    if chosen.replay:
        tool, _, seed = chosen.replay.partition(":")
        print("\n".join(guarded(tool, int(seed))))
        return 0
    ended: defaultdict[str, Counter[str]] = defaultdict(Counter)
    total: Counter[str] = Counter()
    for (tool, seed), how, what in results(
        jobs_of(chosen.count, chosen.seed, chosen.tool or sorted(_registry.tools()), each=chosen.each)
    ):
        ended[tool][how] += 1
        total[how] += 1
        if how in _BAD:
            print(f"{how} {tool}:{seed}\n{what}", file=sys.stderr, flush=True)
    for tool, counts in sorted(ended.items()):
        print(f"{tool:24} {_told(counts)}")
    print(f"{total.total()} damaged payloads: {_told(total)}")
    return int(any(total[how] for how in _BAD))


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {how}" for how, number in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
