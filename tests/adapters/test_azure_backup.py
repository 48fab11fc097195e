"""Azure Backup: what its answers must yield, and the traps of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from audit.adapters import _registry
from audit.adapters.azure_backup import _backup_vaults
from audit.adapters.azure_backup._json import OPERATIONS, STATUSES
from audit.errors import InputError
from audit.model.envelope import Envelope
from audit.model.facts import WORDS, Facts
from tests.adapters.golden import DATA, facts_of
from tests.adapters.verbatim import sample

SEEN = datetime(2026, 11, 23, tzinfo=UTC)


def read(payload: bytes | Any, **fields: Any) -> Facts:
    payload = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    assert _registry.recognise("x", payload) == "azure-backup"
    told = {"source": "s", "observed_at": SEEN, "complete": True} | fields
    return _registry.read("azure-backup", payload, Envelope(tool="azure-backup", name="f", **told))


def job(**properties: Any) -> dict[str, Any]:
    known = {"entityFriendlyName": "vm", "operation": "Backup", "status": "Completed", "startTime": "2026-11-20T00:00:00Z"}
    return {"name": "j", "type": "Microsoft.RecoveryServices/vaults/backupJobs", "properties": known | properties}


def errors(facts: Facts) -> list[str]:
    return [fault.what for fault in facts.faults if fault.level == "error"]


def test_the_vendors_points_lie_in_the_tiers_that_are_valid() -> None:
    facts = read(sample("azure-backup", "recoveryPoints_list.json"))
    assert not errors(facts)
    tiers = [
        (id_, repository.rsplit("/", 1)[1])
        for id_, repository in facts.points.select("id", "repository").sort("id", "repository").rows()
    ]
    assert tiers == [
        ("22244821112382", "rshvault"),
        ("24977149827250", "archivedrp"),
        ("70477518625276", "testvault408"),
        ("70477518625276", "instantrp"),
    ]
    assert facts.points["subject"].n_unique() == 2
    assert facts.points["encrypted"].null_count() == 4, "an encrypted source is no encrypted backup"
    assert datetime(2017, 12, 21, 22, 48, 25, 435395, tzinfo=UTC) in facts.points["captured_at"].to_list()


def test_a_listing_speaks_of_one_item_in_one_tier_even_where_nothing_is_left() -> None:
    listings = read(sample("azure-backup", "recoveryPoints_list.json")).listings
    assert listings["complete"].all()
    assert listings["scope"].null_count() == 0
    gone = [repository for repository in listings["repository"] if repository.endswith("rshvault/instantrp")]
    assert len(gone) == 1, "both snapshots beside the machine are deleted"


def test_the_vendors_job_is_running() -> None:
    [run] = read(sample("azure-backup", "backupJobs_list.json")).runs.to_dicts()
    assert (run["outcome"], run["subject"], run["finished_at"], run["repository"]) == ("running", "testvm", None, None)


def test_a_protected_item_is_no_point_whatever_its_last_backup() -> None:
    facts = read(sample("azure-backup", "backupProtectedItems_list.json"))
    assert facts.points.is_empty()
    assert facts.runs.is_empty()
    assert [fault.level for fault in facts.faults] == ["warning"]


def test_vaults_carry_no_facts() -> None:
    [call] = json.loads(sample("azure-backup", "c7n_backupVaults_list.json"))
    facts = read(call["body"])
    assert facts.points.is_empty()
    assert not facts.faults


def test_the_table_of_jobs() -> None:
    facts = facts_of(DATA / "azure-backup" / "jobs-table.csv")
    assert facts.runs["outcome"].to_list() == ["success", "warning", "failed", "success"]
    assert facts.runs["kind"].to_list() == ["backup", "backup", "backup", "restore"]
    assert facts.runs["finished_at"].to_list()[0] == datetime(2026, 11, 21, 1, 12, 3, tzinfo=UTC)
    assert facts.listings.is_empty(), "such lists leave out scheduled log backups"


def test_a_job_is_told_once_for_each_state_it_went_through() -> None:
    head, first, *_ = (DATA / "azure-backup" / "jobs-table.csv").read_text().splitlines()
    begun = first.replace(",Completed,", ",InProgress,").replace(",720,", ",60,")
    assert read(f"{head}\n{begun}\n{first}\n".encode()).runs["outcome"].to_list() == ["success"]


def test_times_of_a_table_without_a_zone_are_those_of_the_source() -> None:
    text = (DATA / "azure-backup" / "jobs-table.csv").read_text().replace(" [UTC]", " [Local Time]")
    assert read(text.encode()).runs.is_empty()
    assert read(text.encode(), timezone="Europe/Berlin").runs["started_at"][0] == datetime(2026, 11, 21, 0, 0, 3, tzinfo=UTC)


def test_a_table_cut_off_leaves_the_other_rows() -> None:
    text = (DATA / "azure-backup" / "jobs-table.csv").read_text()
    facts = read(text[:-80].encode())
    assert facts.runs.height == 3
    assert len(errors(facts)) == 1


@pytest.mark.parametrize("status", ["Invalid", "Succeeded", None, "completed"])
def test_an_unknown_status_is_quarantined(status: str | None) -> None:
    facts = read({"value": [job(status=status), {**job(), "name": "k"}]})
    assert facts.runs["id"].to_list() == ["k"]
    assert len(errors(facts)) == 1


def test_an_unknown_operation_is_quarantined_and_settings_are_no_runs() -> None:
    facts = read([job(operation="Hibernate"), {**job(operation="ConfigureBackup"), "name": "k"}])
    assert facts.runs.is_empty()
    assert ["Hibernate" in what for what in errors(facts)] == [True]


def test_the_tables_use_our_words() -> None:
    assert set(STATUSES.values()) <= set(WORDS["run"]["outcome"])
    assert set(OPERATIONS.values()) <= {*WORDS["run"]["kind"], "none"}
    assert set(_backup_vaults.STATUSES.values()) <= set(WORDS["run"]["outcome"])
    assert set(_backup_vaults.CATEGORIES.values()) <= {*WORDS["run"]["kind"], "none"}


def test_what_is_soft_deleted_is_gone_and_what_tells_no_tier_is_not_used() -> None:
    facts = facts_of(DATA / "azure-backup" / "recovery-points-vm.json")
    assert not {"3005", "3007"} & set(facts.points["id"])
    assert len(errors(facts)) == 2
    assert not facts.listings["complete"].any()


def test_only_full_backups_of_databases_are_known_to_stand_alone() -> None:
    points = facts_of(DATA / "azure-backup" / "recovery-points-sql.json").points
    assert points.select("method", "self_contained").rows() == [("full", True), ("differential", None), ("log", None)]


def test_a_list_that_goes_on_is_not_complete() -> None:
    document = json.loads((DATA / "azure-backup" / "recovery-points-vm.json").read_text())
    document["value"] = document["value"][:3]
    assert read(document).listings["complete"].all()
    assert not read({**document, "nextLink": "https://x"}).listings["complete"].any()
    assert not read({**document, "@odata.nextLink": "https://x"}).listings["complete"].any()


VAULT = "/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/backup/providers/microsoft.dataprotection/backupvaults/bv-dc1"


def test_points_of_a_backup_vault_lie_in_its_data_stores() -> None:
    facts = facts_of(DATA / "azure-backup" / "recovery-points-backup-vault.json")
    rows = facts.points.with_columns(pl.col("repository").str.strip_prefix(VAULT))
    assert set(facts.points["subject"]) == {"erp-disk-2dc6eb5b"}
    assert rows.select("id", "repository", "method", "self_contained", "completeness").sort("id", "repository").rows() == [
        ("7001", "/operationalstore", "snapshot", True, None),
        ("7002", "", "full", True, "complete"),
        ("7002", "/operationalstore", "snapshot", True, "complete"),
        ("7003", "", "incremental", None, "partial"),
        ("7004", "/archivestore", "full", True, None),
    ]
    assert len(errors(facts)) == 2
    assert not facts.listings["complete"].any(), "two points were not read"
    document = json.loads((DATA / "azure-backup" / "recovery-points-backup-vault.json").read_text())
    whole = read({"value": document["value"][:4]})
    assert whole.listings["complete"].all()
    assert whole.listings["scope"].unique().to_list() == ["erp-disk-2dc6eb5b"]


def test_jobs_of_a_backup_vault_name_their_instance() -> None:
    facts = facts_of(DATA / "azure-backup" / "jobs-backup-vault.json")
    runs = {row["id"]: row for row in facts.runs.to_dicts()}
    assert {name: (row["kind"], row["outcome"]) for name, row in runs.items()} == {
        "j1": ("backup", "success"),
        "j2": ("backup", "warning"),
        "j3": ("backup", "failed"),
        "j4": ("backup", "running"),
        "j5": ("backup", "cancelled"),
        "j6": ("restore", "success"),
        "j7": ("copy", "success"),
    }
    assert {row["subject"] for row in runs.values()} == {"erp-disk-2dc6eb5b"}
    assert [runs["j2"][name] for name in ("repository", "recovery_point")] == [VAULT, "7003"]
    assert [runs["j6"][name] for name in ("repository", "recovery_point")] == [f"{VAULT}/operationalstore", "7002"]
    assert (runs["j1"]["repository"], runs["j1"]["recovery_point"]) == (None, None)
    assert ["Suspended" in what for what in errors(facts)] == [True]


@pytest.mark.parametrize(
    ("kind", "record"),
    [
        ("backupInstances/recoveryPoints", {"properties": {"objectType": "AzureBackupContinuousRecoveryPoint"}}),
        ("backupInstances/recoveryPoints", {"properties": {"objectType": "AzureBackupDiscreteRecoveryPoint"}}),
        ("backupInstances/recoveryPoints", {"properties": 3}),
        ("backupJobs", {"properties": {"operationCategory": "Backup", "status": "Invalid"}}),
        ("backupJobs", {"properties": {"operationCategory": "Hibernate", "status": "Completed"}}),
        ("backupJobs", {"properties": None}),
        ("deletedBackupInstances", {}),
    ],
)
def test_what_a_backup_vault_does_not_document_is_quarantined(kind: str, record: dict[str, Any]) -> None:
    facts = read([{"id": "x", "name": "x", "type": f"Microsoft.DataProtection/backupVaults/{kind}", **record}])
    assert (facts.points.height, facts.runs.height, len(errors(facts))) == (0, 0, 1)


def test_backup_instances_carry_no_facts() -> None:
    facts = read([{"id": "x", "name": "x", "type": "Microsoft.DataProtection/backupVaults/backupInstances", "properties": {}}])
    assert (facts.points.height, [fault.level for fault in facts.faults]) == (0, ["warning"])


def test_what_is_no_answer() -> None:
    for payload in (b"{}", b"JobUniqueId,JobOperation\n1,2\n", b'{"value": 3}'):
        with pytest.raises(InputError):
            _registry.read("azure-backup", payload, Envelope(tool="azure-backup"))
