"""Outputs that were cut off, and those of commands that failed: neither is a complete listing, and no point is made up of half a line."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit.adapters import _registry
from audit.errors import InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden

SEEN = datetime(2026, 11, 29, 7, tzinfo=UTC)
LONE = ("commvault/backup_job_summary_report.csv", "veeam-vbr/powershell_Get-VBRBackupSession.csv", "azure-backup/jobs-table.csv")
BARE_SET = (
    b"List of Backup Sets\n===================\n\nBS Key  Type LV Size       Device Type Elapsed Time Completion Time\n"
    b"------- ---- -- ---------- ----------- ------------ ---------------\n2       Full    1.31G      DISK        00:00:23     12-NOV-19\n"
    b"        BP Key: 2   Status: AVAILABLE  Compressed: NO  Tag: TAG20191112T181756\n        Piece Name: /u01/a.bkp\n"
)


def claimed(path: Path) -> Envelope:
    """The envelope of a sample that is claimed to be all that there is."""
    told = golden.envelope(path)
    given = {"source": told.source or "s", "repository": told.repository or "r", "timezone": told.timezone or "UTC"}
    return replace(told, complete=True, observed_at=told.observed_at or SEEN, **given)


def of_lines() -> list[Path]:
    """The samples that are text in lines, and not JSON or XML, which say by themselves where they end."""
    found = []
    for path in golden.samples():
        raw = path.read_bytes()
        if raw.endswith(b"\n") and raw.lstrip(b"\xef\xbb\xbf \r\n")[:1] not in (b"{", b"[", b"<"):
            found.append(path)
    return found


def listed(path: Path, raw: bytes, envelope: Envelope) -> Facts:
    try:
        return _registry.read(path.parent.name, raw, envelope)
    except InputError:
        return Facts()


@pytest.mark.parametrize("path", of_lines(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_listing_that_was_cut_is_not_complete(path: Path) -> None:
    raw, envelope = path.read_bytes(), claimed(path)
    whole = listed(path, raw, envelope)
    if not whole.listings["complete"].any():
        return
    known = set(whole.points.select("repository", "id", "captured_at", "expires_at").rows())
    step = max(1, len(raw) // 40)
    for end in range(1, len(raw), step):
        part = raw[:end]
        if part.endswith(b"\n") or not part.rpartition(b"\n")[2].strip():
            continue
        facts = listed(path, part, envelope)
        assert not facts.listings["complete"].any(), (end, part[-60:])
        assert set(facts.points.select("repository", "id", "captured_at", "expires_at").rows()) <= known, (end, part[-60:])


@pytest.mark.parametrize("path", golden.samples(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_command_that_failed_gives_no_complete_listing(path: Path) -> None:
    facts = listed(path, path.read_bytes(), replace(claimed(path), exit_code=1))
    assert not facts.listings["complete"].any()


def first_job() -> bytes:
    raw = (golden.DATA / "bacula" / "llist-jobs.txt").read_bytes()
    return raw[: raw.index(b"\n\n", raw.index(b" jobid: ")) + 1]


@pytest.mark.parametrize(
    ("tool", "raw"),
    [
        ("btrfs-snapper", b"config,subvolume,number,type,date\n"),
        ("bacula", first_job()),
        ("bacula", first_job()[: first_job().index(b"  hasbase")]),
        ("oracle-rman", BARE_SET),
    ],
    ids=["a header without rows", "no blank line behind a job", "half of a job", "a backup set without content"],
)
def test_a_cut_at_the_end_of_a_line_shows_where_the_format_has_an_end(tool: str, raw: bytes) -> None:
    given = {"command": "list backup", "source": "s", "repository": "r", "timezone": "UTC", "complete": True, "observed_at": SEEN}
    facts = listed(golden.DATA / tool / "x", raw, Envelope(tool=tool, name="x", **given))  # type: ignore[arg-type]
    assert facts.points.is_empty()
    assert not facts.listings["complete"].any()


@pytest.mark.parametrize(
    "name",
    [
        "mssql-msdb/backupset.csv",
        "ibm-storage-protect/filespaces.txt",
        "ibm-storage-protect/summary.csv",
        "commvault/backup_job_summary_report.csv",
        "veeam-vbr/powershell_Get-VBRBackupSession.csv",
        "veeam-one/protected_vms.csv",
        "azure-backup/jobs-table.csv",
    ],
)
def test_half_of_the_last_row_makes_no_other_fact(name: str) -> None:
    path = golden.DATA / name
    raw, envelope = path.read_bytes().rstrip(b"\r\n"), claimed(path)
    whole = listed(path, path.read_bytes(), envelope)
    for cut in range(1, 40):
        facts = listed(path, raw[:-cut], envelope)
        claims = facts.listings.filter(facts.listings["complete"] | facts.listings["covers_from"].is_not_null())
        assert claims.is_empty(), raw[-cut - 40 : -cut]
        for kind in ("points", "runs"):
            known, found = getattr(whole, kind).drop("basis", strict=False), getattr(facts, kind).drop("basis", strict=False)
            assert set(found.rows()) <= set(known.rows()), raw[-cut - 40 : -cut]


def turned(raw: bytes, places: int) -> bytes:
    """A table with so many of its first columns put behind the others, and its last row but one as the last: that one is full. What stands above the header stays."""
    lines = raw.decode().splitlines(keepends=True)
    above = lines[: lines[0].startswith("#TYPE")]
    rows = list(csv.reader(lines[len(above) :]))
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(row[places:] + row[:places] for row in (rows[0], *rows[3:], *rows[1:3]))
    return "".join(above).encode() + out.getvalue().encode()


@pytest.mark.parametrize("name", [*LONE, "veeam-one/protected_vms.csv"])
def test_half_of_the_last_cell_makes_no_other_fact_whatever_column_it_is_in(name: str) -> None:
    path = golden.DATA / name
    raw, envelope = path.read_bytes(), claimed(path)
    for places in range(1, 11):
        table = turned(raw, places)
        known = set(listed(path, table, envelope).runs.drop("locator").rows())
        for cut in (2, 3, 5):
            facts = listed(path, table[:-cut], envelope)
            assert set(facts.runs.drop("locator").rows()) <= known, table[-60:-cut]
            assert facts.listings.is_empty(), table[-60:-cut]


@pytest.mark.parametrize("name", LONE)
def test_a_quote_that_is_not_closed_ends_no_whole_log(name: str) -> None:
    path = golden.DATA / name
    raw, envelope = path.read_bytes(), claimed(path)
    before = raw[: raw.rstrip().rindex(b"\n") + 1]
    facts = listed(path, before + b'"a note over\nseveral lines\n', envelope)
    assert any(fault.level == "error" for fault in facts.faults)
    claims = facts.listings.filter(facts.listings["complete"] | facts.listings["covers_from"].is_not_null())
    assert claims.is_empty()


def test_where_nothing_was_left_it_is_said_that_it_was_cut_off() -> None:
    row = b"tank/a@autosnap_2026-11-20_00:00:01_daily\t1795132801\t0\t53687091200\t1\t-\t812"
    with pytest.raises(InputError, match="line 1: the output was cut off"):
        _registry.read("zfs-sanoid", row, Envelope(tool="zfs-sanoid", name="x", source="s", complete=True))


def test_a_termination_that_was_cut_short_is_no_success() -> None:
    log = (golden.DATA / "bacula" / "bacula.log").read_bytes()
    at = log.index(b"Backup OK") + len(b"Backup OK")
    facts = _registry.read(
        "bacula", log[:at], Envelope(tool="bacula", name="x", source="s", timezone="UTC", complete=True, observed_at=SEEN)
    )
    assert facts.runs.is_empty()
    assert "cut off" in str(facts.faults[0])


LISTS = {
    "btrfs-snapper": ("snapper-list.csv", "subvolume-list-source.txt"),
    "duplicity": ("collection-status.txt",),
    "amanda": ("amadmin-find.txt",),
    "veritas-netbackup": ("bpimagelist.txt",),
}


def said_by(tool: str, command: str) -> Facts:
    """What a sample of a tool says where this command made it."""
    names = LISTS[tool]
    path = golden.DATA / tool / names["btrfs subvolume" in command]
    given = {"source": "s", "repository": "r", "timezone": "UTC", "complete": True, "observed_at": SEEN}
    return listed(path, path.read_bytes(), Envelope(tool=tool, name="x", command=command, **given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tool", "command"),
    [
        ("btrfs-snapper", "snapper --csvout -c im1 list"),
        ("btrfs-snapper", "snapper --csvout list --all-configs"),
        ("btrfs-snapper", "btrfs subvolume list -puqR /backup/data-C-store"),
        ("btrfs-snapper", "btrfs subvolume list -puqR --sort=path /backup/btr1"),
        ("duplicity", "duplicity collection-status --name job1 file:///backup/dup1"),
        ("amanda", "amadmin DailySet find"),
        ("amanda", "su backup -c 'amadmin DailySet find'"),
        ("amanda", "amadmin DailySet find --sort hkdlpbfw 2>/dev/null"),
        ("veritas-netbackup", "bpimagelist -l -d 01/01/1970 00:00:00"),
        ("veritas-netbackup", "bpimagelist -l -d 01/01/2000"),
        ("veritas-netbackup", "bpimagelist -d 01.01.70 -l"),
    ],
)
def test_a_command_that_asks_for_all_is_believed(tool: str, command: str) -> None:
    assert said_by(tool, command).listings["complete"].all()


@pytest.mark.parametrize(
    ("tool", "command"),
    [
        ("btrfs-snapper", "snapper --csvout list -t single"),
        ("btrfs-snapper", "snapper --csvout -c im1 list --type=pre"),
        ("btrfs-snapper", "snapper --csvout list-pre-post"),
        ("btrfs-snapper", "btrfs subvolume list -s -o /srv/btr1"),
        ("btrfs-snapper", "btrfs subvolume list -opcuqR /srv/btr1"),
        ("btrfs-snapper", "btrfs subvolume list -s /srv/btr1"),
        ("btrfs-snapper", "btrfs subvolume list -puqR --sort=path -d /srv/btr1"),
        ("btrfs-snapper", "btrfs subvolume list -puqR -C +5 /srv/btr1"),
        ("btrfs-snapper", "btrfs subvolume list -puqR -G+5 /srv/btr1"),
        ("btrfs-snapper", "btrfs subvolume list -puqRr /srv/btr1"),
        ("btrfs-snapper", "sh -c 'btrfs subvolume list -puqR /srv/btr1 | grep data'"),
        ("duplicity", "duplicity collection-status --file-prefix a- file:///backup/dup1"),
        ("duplicity", "duplicity collection-status --file-prefix-manifest=a- file:///backup/dup1"),
        ("duplicity", "duplicity collection-status --file-changed etc/fstab file:///backup/dup1"),
        ("amanda", "amadmin DailySet find localhost docs"),
        ("amanda", "amadmin DailySet find --sort hkd localhost"),
        ("amanda", "amadmin DailySet find | head -20"),
        ("veritas-netbackup", "bpimagelist -l -d 11/25/2026 -e 11/29/2026"),
        ("veritas-netbackup", "bpimagelist -l -d 11/25/2026"),
        ("veritas-netbackup", "ssh nbu 'bpimagelist -l -d 01/01/1970 -client a'"),
        ("veritas-netbackup", "bpimagelist -l -d 01/01/1970 -e 11/29/2026"),
        ("veritas-netbackup", "bpimagelist -l -d 01/01/1970 -unheardof x"),
    ],
)
def test_a_command_that_asks_for_a_part_proves_no_deletion(tool: str, command: str) -> None:
    facts = said_by(tool, command)
    assert not facts.points.is_empty()
    assert not facts.listings["complete"].any()
    assert any("taken as incomplete" in fault.what for fault in facts.faults)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("azure-backup", "az backup recoverypoint list -g g -v v --start-date 01-11-2026 -o json"),
        ("azure-backup", "az backup recoverypoint list -g g -v v --query '[0]'"),
        ("azure-backup", "az backup recoverypoint list -g g -v v --tier VaultArchive"),
        ("azure-backup", "GET https://management.azure.com/x/recoveryPoints?api-version=1&$filter=startDate eq '2026-11-01'"),
        ("azure-backup", "GET https://management.azure.com/x/recoveryPoints?api-version=1&%24filter=x"),
        ("velero", "kubectl -n velero get backups.velero.io -l app=web -o json"),
        ("longhorn", "kubectl get backups.longhorn.io --selector=app=web -o json"),
        ("google-cloud-backup", "gcloud backup-dr backups list --filter=x --format=json"),
    ],
)
def test_a_request_for_a_part_makes_no_sample_complete(name: str, command: str) -> None:
    paths = [path for path in golden.samples() if path.parent.name == name]
    whole = [
        path for path in paths if listed(path, path.read_bytes(), replace(claimed(path), command=None)).listings["complete"].any()
    ]
    assert whole
    for path in whole:
        facts = listed(path, path.read_bytes(), replace(claimed(path), command=command))
        assert not facts.listings["complete"].any(), path
        assert facts.listings["covers_from"].null_count() == facts.listings.height


def test_a_part_that_the_envelope_names_may_be_whole() -> None:
    path = golden.DATA / "duplicity" / "collection-status.txt"
    told = replace(claimed(path), command="duplicity collection-status --file-prefix a- file:///b", scope="job1")
    assert listed(path, path.read_bytes(), told).listings["complete"].all()
