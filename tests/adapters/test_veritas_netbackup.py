"""NetBackup: what its samples say as values, and the traps of its formats."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.model.envelope import Envelope, time_text
from audit.model.facts import Facts
from tests.adapters import golden, verbatim

TOOL = "veritas-netbackup"
SEEN = datetime(2026, 11, 22, 9, tzinfo=UTC)


def sample(name: str) -> Facts:
    return golden.facts_of(golden.DATA / TOOL / name)


def read(payload: bytes | str, **fields: Any) -> Facts:
    given = {"source": "nbu", "repository": "r", "observed_at": SEEN} | fields
    raw = (payload.removesuffix("\n") + "\n").encode() if isinstance(payload, str) else payload
    return _registry.read(TOOL, raw, Envelope(tool=TOOL, **given))


def outcomes(facts: Facts) -> list[tuple[str, str]]:
    return facts.runs.select("id", "outcome").rows()


def job(**changed: str) -> str:
    """A line of bpdbjobs, with some of its first columns changed."""
    line = (golden.DATA / TOOL / "bpdbjobs.csv").read_text().splitlines()[0].split(",")
    places = {"id": 0, "type": 1, "state": 2, "status": 3, "start": 8, "end": 10, "kilobytes": 14}
    for name, value in changed.items():
        line[places[name]] = value
    return ",".join(line)


def test_jobs_that_are_done_are_judged_by_their_status_and_parents_do_not_count() -> None:
    facts = sample("bpdbjobs.csv")
    assert outcomes(facts) == [
        ("48211", "success"),
        ("48212", "warning"),
        ("48213", "failed"),
        ("48214", "success"),
        ("48215", "running"),
    ]
    assert facts.runs["kind"].to_list() == ["backup", "backup", "backup", "restore", "backup"]
    assert facts.runs["coverage"].to_list() == [None, "partial", None, None, None]
    assert facts.runs["recovery_point"].to_list()[:2] == ["sql01.corp.example_1795208404", "files01.corp.example_1795208500"]
    assert not facts.faults


def test_a_log_reaches_no_further_than_a_job_that_is_still_active() -> None:
    assert {time_text(at) for at in sample("bpdbjobs.csv").listings["covers_to"]} == {"2026-11-21T08:50:00Z"}


def test_the_disk_pool_of_a_job_is_that_of_its_image() -> None:
    assert sample("bpdbjobs-pool.csv").runs["repository"][0] == sample("bpimagelist.txt").points["repository"][0] == "nbumedia1:dp1"


def test_copies_of_an_image() -> None:
    points = sample("bpimagelist.txt").points
    assert points["id"].to_list() == ["sql01.corp.example_1795208404", "sql01.corp.example_1795208404#2"]
    assert points["copy_of_id"].to_list() == [None, "sql01.corp.example_1795208404"]
    assert points["immutable_until"].null_count() == 1
    assert points["expires_at"].to_list()[1] is None


def test_an_expiration_of_zero_is_no_retention_for_ever() -> None:
    facts = sample("bpimagelist.txt")
    assert "files01.corp.example:FS_LINUX" not in facts.points["subject"].to_list()
    assert [fault.level for fault in facts.faults] == ["warning"]


def test_flags_other_than_both_locks_are_no_immutability() -> None:
    text = (golden.DATA / TOOL / "bpimagelist.txt").read_text().replace("0 0 0 0 3 1797886804 0", "0 0 0 0 1 1797886804 0")
    assert read(text).points["immutable_until"].null_count() == 2


def test_a_listing_of_the_last_day_or_of_one_policy_is_not_complete() -> None:
    text = (golden.DATA / TOOL / "bpimagelist.txt").read_bytes()
    for command, complete in (
        ("bpimagelist -l", False),
        ("bpimagelist -l -d 01/01/1970 -policy A", False),
        ("bpimagelist -l -hoursago 24", False),
        ("/usr/openv/netbackup/bin/admincmd/bpimagelist -l -d 01/01/1970", True),
        (None, True),
    ):
        assert set(read(text, complete=True, command=command).listings["complete"]) == {complete}, command


def test_an_unknown_status_state_or_type_is_quarantined_and_the_others_stay() -> None:
    text = "\n".join(
        [
            job(),
            job(id="2", status="x"),
            job(id="3", state="9"),
            job(id="4", type="77"),
            job(id="5", status=""),
            job(id="6", status="2074"),
        ]
    )
    facts = read(text, complete=True)
    assert outcomes(facts) == [("48211", "success"), ("6", "failed")]
    assert [fault.locator for fault in facts.faults if fault.level == "error"] == ["line 4", "line 3", "line 2", "line 5"]
    assert facts.listings.is_empty()


def test_a_job_that_is_cut_off_is_a_fault() -> None:
    facts = read(job() + "\n" + job(id="2")[:120])
    assert outcomes(facts) == [("48211", "success")]
    assert [fault.locator for fault in facts.faults] == ["line 2"]
    assert any("says that it holds 3 jobs" in fault.what for fault in read("C3\n" + job() + "\n" + job(id="2")).faults)


def test_a_path_that_ends_in_a_backslash_does_not_swallow_a_column() -> None:
    assert outcomes(read(job().replace(",,100,9912", ",C:\\,100,9912"))) == [("48211", "success")]


def test_pages_and_single_jobs_are_no_whole_log() -> None:
    facts = sample("admin_jobs_page1.json")
    assert facts.runs["outcome"].to_list() == ["success", "warning", "failed", "cancelled", "success"]
    assert facts.runs["kind"].to_list() == ["backup"] * 4 + ["copy"]
    assert facts.listings.is_empty()
    whole = json.loads((golden.DATA / TOOL / "admin_jobs_page1.json").read_text())
    whole["meta"]["pagination"]["count"] = 5
    del whole["links"], whole["data"][4]
    assert read(json.dumps(whole), complete=True).listings.is_empty()
    whole["meta"]["pagination"]["count"] = 4
    assert not read(json.dumps(whole), complete=True).listings.is_empty()


def test_a_parent_by_the_number_of_its_children() -> None:
    document = json.loads((golden.DATA / TOOL / "admin_jobs_page1.json").read_text())
    document["data"][2]["attributes"]["childCount"] = 3
    assert read(json.dumps(document)).runs.height == 4


def test_done_is_no_success_and_a_cleanup_is_no_backup() -> None:
    facts = read(verbatim.sample(TOOL, "admin_jobs_5.json"))
    assert facts.runs.select("kind", "outcome").rows() == [("prune", "warning")]


def test_the_example_of_the_commands_reference() -> None:
    payload = verbatim.sample(TOOL, "bpimmedia_-l.txt")
    assert _registry.recognise("", payload) == TOOL
    [point] = read(payload).points.to_dicts()
    assert (point["repository"], point["method"]) == ("tape:plim", "full")
    assert int(point["captured_at"].timestamp()) == 949949902
    assert int(point["expires_at"].timestamp()) == 952628302


EVERY = "GET /netbackup/catalog/images?filter=backupTime%20ge%201970-01-01T00:00:00.000Z"


def catalog(*places: int, **fields: Any) -> Facts:
    document = json.loads((golden.DATA / "veritas-netbackup" / "catalog_images.json").read_text())
    document["data"] = [document["data"][place] for place in places]
    document["meta"]["pagination"]["count"] = len(places)
    payload = json.dumps(document).encode()
    assert _registry.recognise("x", payload) == "veritas-netbackup"
    told: dict[str, Any] = {
        "source": "s",
        "observed_at": datetime(2026, 11, 22, tzinfo=UTC),
        "complete": True,
        "command": EVERY,
    } | fields
    return _registry.read("veritas-netbackup", payload, Envelope(tool="veritas-netbackup", name="f", **told))


def test_images_of_the_rest_api_are_those_of_bpimagelist() -> None:
    facts = catalog(0, 1, 2)
    rows = {row["id"]: row for row in facts.points.to_dicts()}
    first, tape, files = rows["sql01_1795208404"], rows["sql01_1795208404#2"], rows["files01_1795208500"]
    assert (first["subject"], first["repository"], first["method"]) == ("sql01:PROD_DB", "nbumedia1:dp1", "full")
    assert first["available_at"] == datetime(2026, 11, 20, 21, 31, 11, tzinfo=UTC)
    assert (tape["repository"], tape["expires_at"], tape["encrypted"]) == ("tape:nbumedia2", None, "yes")
    assert (tape["copy_of_id"], tape["available_at"]) == ("sql01_1795208404", datetime(2026, 11, 21, 22, 10, tzinfo=UTC))
    assert (files["method"], files["completeness"]) == ("incremental", "partial")
    assert [fault.level for fault in facts.faults] == ["warning"], "one has no copy"
    assert facts.listings["complete"].all()


@pytest.mark.parametrize(
    "command", [EVERY + "%20and%20clientName%20eq%20'x'", "GET /netbackup/catalog/images", EVERY.replace("1970", "2026")]
)
def test_a_part_of_the_images_proves_no_deletion(command: str) -> None:
    assert not catalog(0, 1, command=command).listings["complete"].any()


def test_an_image_whose_status_is_not_known_is_quarantined() -> None:
    facts = catalog(1, 3)
    assert facts.points["id"].to_list() == ["files01_1795208500"]
    assert not facts.listings["complete"].any()


def test_one_page_of_several_is_no_whole_catalog() -> None:
    document = json.loads((golden.DATA / "veritas-netbackup" / "catalog_images.json").read_text())
    document["data"] = document["data"][:1]
    told: dict[str, Any] = {"source": "s", "observed_at": datetime(2026, 11, 22, tzinfo=UTC), "complete": True, "command": EVERY}
    envelope = Envelope(tool="veritas-netbackup", name="f", **told)
    assert not _registry.read("veritas-netbackup", json.dumps(document).encode(), envelope).listings["complete"].any()
