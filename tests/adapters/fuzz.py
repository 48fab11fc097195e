"""Adapters against damaged payloads: nothing but facts, faults and `InputError` may come out.

`python -m tests.adapters.fuzz 20000` runs a campaign of so many payloads and prints what it found; `--seed N` begins elsewhere.
"""

from __future__ import annotations

import argparse
import random
import sys
import traceback
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from audit.adapters import _registry
from audit.errors import InputError
from audit.model.envelope import Envelope
from tests.adapters import golden

_BITS = [
    b'"',
    b",",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\n",
    b"\r",
    b"\0",
    b"\xff",
    b"null",
    b"NaN",
    b"\\u",
    b"\\ud800",
    b"1e999",
    b"-1",
    b":",
    b"0001-01-01",
    b"\xef\xbb\xbf",
]
_BITS += [b"true", b"9" * 30, b"[" * 3000, b"\xe5\xa4", b'"id":', b"2026-02-30", b"\x01", b"+25:00", b" ", b"\x85"]


_MAPPINGS = [told for path in golden.samples() if (told := golden.envelope(path).mapping)]


def damaged(random_: random.Random, payload: bytes) -> bytes:
    """Change a payload in a few places: cut, doubled, swapped and foreign bytes."""
    for _ in range(random_.randint(0, 4)):
        at, to = sorted(random_.randrange(len(payload) + 1) for _ in range(2))
        to = min(to, at + 200)
        payload = random_.choice(
            [
                payload[:at],
                payload[:at] + payload[to:],
                payload[:to] + payload[at:],
                payload[:at] + random_.choice(_BITS) + payload[at:],
                payload[:at] + random_.choice(_BITS) + payload[at + 1 :],
                payload[:at] + bytes(random_.randrange(256) for _ in range(3)) + payload[at:],
                payload[:at] + payload[at:to][::-1] + payload[to:],
            ]
        )
    return payload


def envelope(random_: random.Random, tool: str, path: Path) -> Envelope:
    """The envelope of the sample, or one that knows nothing, or a random one."""
    moment = datetime(2026, 11, 23, 5, 52, tzinfo=UTC)
    other = Envelope(
        tool=tool,
        source=random_.choice(["s", None]),
        repository=random_.choice(["r", None]),
        observed_at=random_.choice([moment, None]),
        complete=random_.choice([True, False, None]),
        timezone=random_.choice(["Europe/Berlin", "Nowhere", None]),
        mapping=random_.choice([None, *_MAPPINGS]),
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
    return random_.choice([golden.envelope(path) if tool == path.parent.name else other, Envelope(tool=tool), other])


def attempt(seed: int) -> str:
    """Read one damaged sample, with its own adapter or another one; return how it ended. Raises what an adapter should not raise."""
    random_ = random.Random(seed)
    path = random_.choice(golden.samples())
    payload = damaged(random_, path.read_bytes()[:20_000])
    tool = path.parent.name if random_.random() < 0.8 else random_.choice(sorted(_registry.tools()))
    refused, faults = True, ()
    with suppress(InputError):
        _registry.recognise(path.name, payload)
    if _registry.mapping_of(tool) is not None:
        _registry.fits(tool, payload, random_.choice(_MAPPINGS))
    try:
        faults = _registry.read(tool, payload, envelope(random_, tool, path)).faults
        refused = False
    except InputError as error:
        faults = error.faults
    told = all(fault.what and fault.where and fault.level in ("error", "warning") for fault in faults)
    if not told or (refused and not faults):
        raise AssertionError(f"refused, or told badly: {faults}")
    return "refused" if refused else "with faults" if faults else "clean"


def main(arguments: list[str]) -> int:
    """Run a campaign; exit code 1 when an adapter raised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    ended: Counter[str] = Counter()
    for seed in range(chosen.seed, chosen.seed + chosen.count):
        try:
            ended[attempt(seed)] += 1
        except Exception:  # noqa: BLE001 - every exception is what is looked for
            ended["RAISED"] += 1
            print(f"seed {seed}:\n{traceback.format_exc()}", file=sys.stderr)
    print(f"{chosen.count} damaged payloads: {', '.join(f'{number} {how}' for how, number in sorted(ended.items()))}")
    return 1 if ended["RAISED"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
