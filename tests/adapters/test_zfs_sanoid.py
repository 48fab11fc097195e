"""ZFS snapshots: what a list tells, and what sanoid only says it is about to do."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from audit.adapters import _registry
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden
from tests.adapters.verbatim import sample as verbatim

DATA = golden.DATA / "zfs-sanoid"
SEEN = datetime(2026, 11, 23, 6, tzinfo=UTC)
ROW = "tank/a@x\t1795132801\t0\t500\t0\toff\t77\n"


def sample(name: str) -> Facts:
    return golden.facts_of(DATA / name)


def read(text: str | bytes, **fields: Any) -> Facts:
    raw = text.encode() if isinstance(text, str) else text
    given = {"source": "s", "observed_at": SEEN, "timezone": "Asia/Shanghai", **fields}
    return _registry.read("zfs-sanoid", raw, Envelope(tool="zfs-sanoid", name="f", **given))


def test_three_snapshots_of_one_dataset() -> None:
    facts = sample("zfs_list_snapshots_Hp.tsv")
    assert facts.points["subject"].to_list() == ["tank/vm/sql01"] * 3
    assert facts.points["captured_at"][0] == datetime(2026, 11, 20, 0, 0, 1, tzinfo=UTC)
    assert facts.points["available_at"].to_list() == [None] * 3  # a pool that receives keeps the creation time
    assert facts.points["immutable_until"].to_list() == [None] * 3  # a hold can be released
    assert facts.points["bytes"].to_list() == [53687091200] * 3
    assert facts.listings.select("complete", "repository", "scope").row(0) == (True, "tank", None)


def test_columns_of_the_command() -> None:
    text = "tank/a@x\t77\t1795132801\n"
    facts = read(text, command="zfs list -H -p -t snapshot -o name,guid,creation -r tank/a", complete=True)
    assert facts.points.select("id", "repository", "encrypted").row(0) == ("tank/a@x:77", "tank", None)
    assert facts.listings.select("scope", "complete").row(0) == ("tank/a", True)
    assert read(text).points.is_empty()
    assert "3 columns, not the 7" in read(text).faults[0].what
    untimed = read("tank/a@x\t0\n", command="zfs list -H -t snapshot -o name,used")
    assert "tells no recovery points" in untimed.faults[0].what


def test_a_part_of_a_pool_is_not_complete() -> None:
    assert read(
        ROW, command="zfs list -Hp -t snapshot -d 1 -o name,creation,used,referenced,userrefs,encryption,guid tank", complete=True
    ).listings["complete"].to_list() == [False]
    assert read(ROW, exit_code=1, complete=True).listings["complete"].to_list() == [False]


def test_one_odd_line_leaves_the_others() -> None:
    odd = ["tank/a\t1795132801\t0\t500\t0\toff\t78\n", ROW.replace("off", "rot13"), ROW.replace("1795132801", "soon"), "torn\n"]
    facts = read(ROW + "".join(odd), complete=True)
    assert facts.points["id"].to_list() == ["tank/a@x:77"]
    assert sorted(fault.locator for fault in facts.faults if fault.level == "error") == [f"line {line}" for line in (2, 3, 4, 5)]
    assert facts.listings["complete"].to_list() == [False]


def test_encryption() -> None:
    assert read(ROW).points["encrypted"].to_list() == ["no"]
    assert read(ROW.replace("off", "aes-256-gcm")).points["encrypted"].to_list() == ["yes"]
    assert read(ROW.replace("off", "-")).points["encrypted"].to_list() == [None]


def test_what_sanoid_is_about_to_take() -> None:
    runs = sample("sanoid.log").runs
    assert runs.select("subject", "outcome", "recovery_point").rows() == [
        ("tank/vm/sql01", "warning", "tank/vm/sql01@autosnap_2026-11-21_09:00:01_hourly"),
        ("tank/vm/mail", "failed", None),
    ]
    assert runs["started_at"].to_list() == [datetime(2026, 11, 21, 1, 0, 1, tzinfo=UTC)] * 2
    assert sample("sanoid.log").points.is_empty()


def test_published_lines_of_sanoid() -> None:
    raw = verbatim("zfs-sanoid", "sanoid_take_snapshots.log")
    assert _registry.recognise("", raw) == "zfs-sanoid"
    runs = read(raw, timezone="UTC").runs
    assert runs.height == 4
    assert runs["subject"].unique().to_list() == ["sanoid-test-0"]
    assert runs["started_at"].unique().to_list() == [datetime(2020, 2, 12, 14, 49, 33, tzinfo=UTC)]


def test_what_syncoid_sent() -> None:
    assert sample("syncoid.log").runs.select("kind", "outcome", "subject").row(0) == ("copy", "success", "tank/vm/sql01")
    text = (DATA / "syncoid.log").read_text()
    assert read(text, repository="nas").runs["outcome"].to_list() == ["warning"]
    assert read(text, repository="nas", exit_code=2).runs["outcome"].to_list() == ["failed"]
    broken = read(text + "CRITICAL ERROR: ssh nas zfs receive failed: 256\n", repository="nas", exit_code=0)
    assert broken.runs["outcome"].to_list() == ["failed"]


def test_what_is_none_of_these() -> None:
    assert "this is no output of zfs list" in read("hello\n").faults[0].what


def test_long_words_of_an_error_are_read_quickly() -> None:
    # Found by fuzzing: a word without `@` was sought through from each of its letters.
    for word in ("x" * 200_000, "@" + "x" * 200_000, "a b" * 60_000):
        started = time.process_time()
        payload = f"taking snapshot tank/a@autosnap_2026-11-23_00:00:00_daily\nCRITICAL ERROR: {word} tank/a@autosnap_2026-11-23_00:00:00_daily failed\n"
        facts = _registry.read(
            "zfs-sanoid", payload.encode(), Envelope(tool="zfs-sanoid", source="s", repository="tank", timezone="UTC")
        )
        assert facts.runs["outcome"].to_list() == ["failed"]
        assert time.process_time() - started < 2
