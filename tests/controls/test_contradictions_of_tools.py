"""What tools really print, through their adapters, to a verdict of `contradiction`: a log that says failed while the catalog shows the point, a point that is deleted and yet
restored from, a point that no listing shows, a catalog that lost much. Samples are those of the adapters; what differs from them is said in each test."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.adapters import _registry
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters.golden import DATA
from tests.oracle.build import policy, programme
from tests.oracle.case import TIMES, Case, Told
from tests.oracle.direct import assessment_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LEGS = ("failed", "deleted", "returned", "unlisted", "shrunk", "disputed")


def sample(tool: str, name: str) -> tuple[str, dict[str, Any]]:
    """Return a sample's text and its envelope."""
    path = DATA / tool / name
    beside = path.with_name(f"{name}.envelope.json")
    return path.read_text(encoding="utf-8"), json.loads(beside.read_text(encoding="utf-8"))


def told(tool: str, name: str, *changes: tuple[str, str], text: str | None = None, **fields: Any) -> Told:
    """Return what a sample tells through its adapter: in its text each change is made, its envelope has other fields (None: not that one)."""
    found, envelope = sample(tool, name)
    found = found if text is None else text
    for old, new in changes:
        assert old in found, old
        found = found.replace(old, new)
    given = {key: value for key, value in {**envelope, **fields}.items() if value is not None}
    given |= {"tool": tool, "name": name, "source": "s"}
    return as_told(_registry.read(tool, found.encode(), Envelope.from_json(given)), given.get("observed_at"))


def as_told(facts: Facts, observed_at: str | None) -> Told:
    assert not [fault for fault in facts.faults if fault.level == "error"], facts.faults
    records = [
        {"record": kind, **{key: moment(value) if key in TIMES else value for key, value in row.items() if value is not None}}
        for kind, frame in facts.by_kind().items()
        for row in frame.to_dicts()
    ]
    return Told("s", None if observed_at is None else moment(datetime.fromisoformat(observed_at)), records)


def moment(value: datetime) -> int:
    return (value - EPOCH) // timedelta(microseconds=1)


def breached(subject: str, payloads: Sequence[Told], kept: Sequence[str] = (), **objective: Any) -> dict[str, list[str]]:
    """Return the ids of the points that the control tells of, by leg; in whatever order the payloads come in."""
    assets: Mapping[str, Any] = {"a": {"subjects": [{"source": "s", "subject": subject}]}}
    repositories = [
        {"name": name, "medium": "disk", "site": "dc1", "failure_domain": f"d-{name}", "keeps_at_least": "1000d"} for name in kept
    ]
    said = programme(policy({"contradiction": objective or True}), assets=assets, repositories=repositories)
    found = []
    for order in (payloads, payloads[::-1]):
        case = Case(
            "tools", said, list(order), moment(datetime(2026, 11, 1, tzinfo=UTC)), moment(datetime(2026, 12, 1, tzinfo=UTC))
        )
        results = {each.leg: each for each in assessment_of(case).results if each.control == "contradiction"}
        assert set(results) == set(LEGS)
        found.append({
            leg: sorted({point["id"] for breach in result.breaches for point in breach.detail[f"denied-{leg}"]["points"]})
            for leg, result in results.items()
            if result.breaches
        })  # fmt: skip
    assert found[0] == found[1]
    return found[0]


FILES = "fs-shanghai-01:/srv/im-data/fileserver"
FIRST = "0518958a2d4e04363a06621a75604a4065db761f24c325de149334da28959512"
SNAPSHOTS = ("restic", "snapshots-before-forget.json")


def test_restic_failed_though_its_snapshot_is_listed() -> None:
    listed = told(*SNAPSHOTS)
    assert breached(FILES, [told("restic", "backup-1.jsonl"), listed]) == {}
    assert breached(FILES, [told("restic", "backup-1.jsonl", exit_code=1), listed]) == {"failed": [FIRST]}
    text = (
        'Fatal: unable to save snapshot: context canceled\n{"message_type":"exit_error","code":130,"message":"context canceled"}\n'
    )
    broken = told("restic", "backup-1.jsonl", text=sample("restic", "backup-1.jsonl")[0] + text, exit_code=None)
    assert breached(FILES, [broken, listed]) == {"failed": [FIRST]}


def test_restic_that_could_not_read_all_contradicts_nothing() -> None:
    listed, partial = told(*SNAPSHOTS), told("restic", "backup-6-partial.jsonl")
    assert breached("fs-shanghai-01:/srv/im-data/partial", [partial, listed]) == {}


IMAGES = ("veritas-netbackup", "bpimagelist.txt")
IMAGE = (
    "IMAGE files01 0 0 13 files01_1795208500 FS_LINUX 0 *NULL* root Full 0 2 1795208500 600 1797886804 0 1 102400 5123 1 1 0 F.f *NULL* *NULL* 0 1 0 0 "
    "1797886804 *NULL* 0 0 0 0 0 0 0 *NULL* 0 0 0 *NULL* 51002 0 0 0 0 0 *NULL* *NULL* 0 1795209100 0 0 *NULL* *NULL* 0 UTF-8 0 102400 0 0 0 0 *NULL*\n"
    "FRAG 1 1 102400 0 0 6 0 @aaaac nbumedia1 262144 0 0 -1 0 4;PureDisk;nbumedia1;dp1;PureDiskVolume;0 1797886804 0 7 0 0 0 0 0 1795209100 1 0 *NULL* *NULL* "
    "0 0 0 0 0 0 0\n"
)
FAILS = [
    (",0,3,1,FS_LINUX", ",0,3,84,FS_LINUX"),
    ("1795209100,1,the requested operation was partially successful", "1795209100,84,media write error"),
]


def test_netbackup_failed_though_its_image_is_listed() -> None:
    listed, partly = told(*IMAGES, text=IMAGE), told("veritas-netbackup", "bpdbjobs-pool.csv")
    failed = told("veritas-netbackup", "bpdbjobs-pool.csv", *FAILS)
    assert breached("files01:FS_LINUX", [partly, listed]) == {}
    assert breached("files01:FS_LINUX", [failed, listed]) == {"failed": ["files01_1795208500"]}


MACHINE = "a0000000-0000-0000-0000-000000000002"


def test_veeam_failed_though_its_restore_point_is_listed() -> None:
    listed = told("veeam-vbr", "all.json")
    value = json.loads(sample("veeam-vbr", "taskSessions.json")[0])
    assert breached("sql01", [told("veeam-vbr", "taskSessions.json"), listed]) == {}
    value["data"][0]["result"]["result"] = "Failed"
    assert value["data"][0]["restorePointId"] == MACHINE
    assert breached("sql01", [told("veeam-vbr", "taskSessions.json", text=json.dumps(value)), listed]) == {"failed": [MACHINE]}
    value["data"][0]["result"]["result"] = "Warning"
    assert breached("sql01", [told("veeam-vbr", "taskSessions.json", text=json.dumps(value)), listed]) == {}


NEWEST = "20261123-140231F"


def aborted(*, label: bool = True) -> Told:
    """Return the log of a backup that ended with an error after it had made its label (or before), without the expire behind it."""
    lines = sample("pgbackrest", "console-backup-9-full-expires-first.log")[0].splitlines()
    end = next(place for place, line in enumerate(lines) if "backup command end: " in line)
    kept = [line for line in lines[: end + 1] if label or "new backup label" not in line]
    text = "\n".join([*kept[:-1], kept[-1].partition("completed")[0] + "aborted with exception [062]"])
    return told("pgbackrest", "console-backup-9-full-expires-first.log", text=text, exit_code=62)


def test_pgbackrest_failed_though_info_shows_its_backup() -> None:
    listed = told("pgbackrest", "info-3-before-expire.json")
    assert breached("erp", [told("pgbackrest", "console-backup-9-full-expires-first.log"), listed]) == {}
    assert breached("erp", [aborted(), listed]) == {"failed": [NEWEST]}
    assert breached("erp", [aborted(label=False), listed]) == {}, "it names none"
    assert breached("erp", [told("pgbackrest", "console-backup-5-failed-archive.log"), listed]) == {}, "it left none"


@pytest.mark.parametrize("observed_at", ["2026-11-23T06:12:00Z", "2026-11-23T06:11:59Z", None])
@pytest.mark.parametrize("end", ["*** Backup Error ***", "Backup Canceled"])
def test_bacula_failed_though_the_catalog_says_that_it_ended_well(end: str, observed_at: str | None) -> None:
    listed = told("bacula", "llist-jobs.txt")
    assert breached("db02-fd:SetCat", [told("bacula", "bacula.log"), listed]) == {}
    before, report, after = sample("bacula", "bacula.log")[0].partition("  JobId:                  5\n")
    text = before + report + after.replace("Termination:            Backup OK", f"Termination:            {end}", 1)
    failed = told("bacula", "bacula.log", text=text, observed_at=observed_at)
    assert breached("db02-fd:SetCat", [failed, listed]) == {"failed": ["5"]}
    assert breached("fs01-fd:SetMissing", [failed, listed]) == {}, "OK with warnings is a partial point, and no denial"


def test_restic_restored_a_snapshot_that_it_forgot() -> None:
    listed, forgot = told(*SNAPSHOTS), told("restic", "forget-prune.json")
    after = {"started_at": "2026-11-23T06:09:09Z", "finished_at": "2026-11-23T06:09:10Z", "observed_at": "2026-11-23T06:09:10Z"}
    line = ("restoring <Snapshot 150a0044 of", "restoring <Snapshot 0518958a of")
    before = told("restic", "restore.txt", line)
    restored = told("restic", "restore.txt", line, **after)
    assert breached(FILES, [listed, forgot, told("restic", "restore.txt", **after)]) == {}, "that one was kept"
    assert breached(FILES, [listed, forgot, before]) == {}, "it was still there"
    assert breached(FILES, [listed, forgot, restored]) == {"deleted": [FIRST]}
    assert breached(FILES, [listed, forgot, told(*SNAPSHOTS, observed_at="2026-11-23T06:09:10Z")])["deleted"] == [
        FIRST,
        "a16e30b9575ac366f4ab0eec9e9d2bbae986b57ed177b3cfc48d7bb9a048b795",
    ]


def test_pgbackrest_restored_a_backup_that_it_expired() -> None:
    listed, expired = told("pgbackrest", "info-3-before-expire.json"), told("pgbackrest", "console-expire-set.log")
    assert breached("erp", [listed, expired, told("pgbackrest", "console-restore.log")]) == {}
    restored = told(
        "pgbackrest", "console-restore.log", ("restore backup set 20261123-140231F", "restore backup set 20261123-140223F")
    )
    assert breached("erp", [listed, expired, restored]) == {"deleted": ["20261123-140223F"]}


def test_a_successful_backup_that_no_listing_shows() -> None:
    command = "restic -r /backup/restic-main backup --json --host fs-shanghai-01 /srv/im-data/fileserver"
    made, listed = told("restic", "backup-1.jsonl", command=command), told(*SNAPSHOTS)
    lacking = [one for one in json.loads(sample(*SNAPSHOTS)[0]) if one["id"] != FIRST]
    assert breached(FILES, [made, listed], kept=["restic-main"]) == {}
    others = [one for one in lacking if one["time"] > "2026-11-23T13:51:57"]
    assert breached(FILES, [made, told(*SNAPSHOTS, text=json.dumps(others))], kept=["restic-main"]) == {"unlisted": ["0518958a"]}
    assert breached(FILES, [made, told(*SNAPSHOTS, text=json.dumps(others))]) == {}, "nobody said how long it is kept"


def test_a_catalog_that_lost_much() -> None:
    before, after = told(*SNAPSHOTS), told("restic", "snapshots-after-forget.json")
    assert breached(FILES, [before, after], lost="20%")["shrunk"] == [
        FIRST,
        "a16e30b9575ac366f4ab0eec9e9d2bbae986b57ed177b3cfc48d7bb9a048b795",
    ]
    assert breached(FILES, [before, told("restic", "forget-prune.json"), after], lost="20%") == {}, "forget explains it"
