"""AWS Backup: what its answers must yield, and the traps of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.adapters.aws_backup._jobs import BACKUP_STATES, COPY_STATES, RESTORE_STATES, VALIDATIONS
from audit.adapters.aws_backup._points import STATUSES
from audit.errors import InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters.verbatim import sample

SEEN = datetime(2026, 11, 23, tzinfo=UTC)
VAULT = "arn:aws:backup:eu-west-1:1:backup-vault:v"
POINT = {
    "RecoveryPointArn": "arn:aws:backup:eu-west-1:1:recovery-point:p",
    "BackupVaultName": "v",
    "BackupVaultArn": VAULT,
    "ResourceArn": "arn:aws:rds:eu-west-1:1:db:orders",
    "Status": "COMPLETED",
    "CreationDate": "2026-11-20T05:00:00+00:00",
}
JOB = {
    "BackupJobId": "b",
    "BackupVaultArn": VAULT,
    "ResourceArn": "arn:aws:rds:eu-west-1:1:db:orders",
    "State": "COMPLETED",
    "CreationDate": "2026-11-20T05:00:00+00:00",
    "CompletionDate": "2026-11-20T06:00:00+00:00",
}


def read(document: Any, **fields: Any) -> Facts:
    payload = document if isinstance(document, bytes) else json.dumps(document).encode()
    assert _registry.recognise("x", payload) == "aws-backup"
    told = {"source": "s", "observed_at": SEEN, "complete": True} | fields
    return _registry.read("aws-backup", payload, Envelope(tool="aws-backup", name="f", **told))


def errors(facts: Facts) -> list[str]:
    return [fault.what for fault in facts.faults if fault.level == "error"]


def test_points_of_a_vault() -> None:
    facts = read(sample("aws-backup", "ListRecoveryPointsByBackupVault.json"))
    done, partial, continuous, expired = facts.points.sort("locator").to_dicts()
    assert (done["completeness"], partial["completeness"], continuous["completeness"]) == ("complete", "partial", None)
    assert done["available_at"] == datetime(2026, 11, 20, 5, 40, tzinfo=UTC)
    assert done["expires_at"] == datetime(2026, 12, 25, 5, tzinfo=UTC)
    assert partial["expires_at"] is None
    assert continuous["captured_at"] is None, "it was set up long ago, and restores any instant of a range that is not told"
    assert expired["id"].endswith("rp-old")
    assert not facts.listings["complete"].any(), "NextToken: there are more"


def test_copies() -> None:
    facts = read(sample("aws-backup", "ListCopyJobs.json"))
    [copy] = facts.points.to_dicts()
    assert copy["copy_of_id"].endswith(":rp-1")
    assert copy["copy_of_repository"].endswith(":prod-locked")
    assert copy["captured_at"] is None, "a copy has the time of its original"
    assert facts.runs["outcome"].to_list() == ["success", "failed"]


def test_restores_are_as_good_as_their_validation() -> None:
    facts = read(sample("aws-backup", "ListRestoreJobs.json"))
    assert facts.runs.select("id", "outcome").rows() == [("r-1", "success"), ("r-2", "warning"), ("r-3", "failed")]
    assert facts.listings.is_empty(), "restores say nothing of which backups there were"


@pytest.mark.parametrize(("validation", "outcome"), VALIDATIONS.items())
def test_every_validation(validation: str, outcome: str) -> None:
    job = {"RestoreJobId": "r", "Status": "COMPLETED", "CreationDate": "2026-11-20T05:00:00Z"}
    facts = read({"RestoreJobs": [job if validation == "none" else {**job, "ValidationStatus": validation}]})
    assert facts.runs["outcome"].to_list() == [outcome]


def test_a_failed_restore_stays_failed_whatever_its_validation() -> None:
    job = {"RestoreJobId": "r", "Status": "FAILED", "ValidationStatus": "SUCCESSFUL", "CreationDate": "2026-11-20T05:00:00Z"}
    assert read({"RestoreJobs": [job]}).runs["outcome"].to_list() == ["failed"]


def test_jobs_of_the_command_line() -> None:
    facts = read(sample("aws-backup", "list-backup-jobs.json"))
    outcomes = facts.runs["outcome"].to_list()
    assert sorted(outcomes) == ["running", "success"], "CREATED never ran"
    assert 71 in facts.runs["bytes"].to_list()


def test_recorded_points_of_a_resource() -> None:
    document = _plain(json.loads(sample("aws-backup", "ListRecoveryPointsByResource_rds.placebo.json"))["data"])
    vault = "arn:aws:backup:us-east-1:123456789012:backup-vault:Default"
    command = "aws backup list-recovery-points-by-resource --resource-arn arn:aws:rds:us-east-1:1:db:x"
    facts = read(document, command=command, repository=vault)
    assert facts.points.height == 3
    assert set(facts.points["subject"]) == {"arn:aws:rds:us-east-1:1:db:x"}
    assert set(facts.points["repository"]) == {vault}
    assert set(facts.listings["scope"]) == {"arn:aws:rds:us-east-1:1:db:x"}, "it is no listing of the vault"
    assert read(document, command=command).points["repository"].to_list() == [vault], "two of the rows do not name their vault"
    assert read(document).points.is_empty(), "without the resource nobody knows what they are of"


def _plain(value: Any) -> Any:
    """Recorded answers hold times as objects."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict) and value.get("__class__") == "datetime":
        names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        return datetime(*(value[name] for name in names), tzinfo=UTC).isoformat()
    return {key: _plain(each) for key, each in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize(
    "name", ["DescribeBackupVault.placebo.json", "ListBackupVaults.placebo.json", "GetBackupPlan.placebo.json"]
)
def test_descriptions_carry_no_facts(name: str) -> None:
    facts = read(json.loads(sample("aws-backup", name))["data"])
    assert facts.points.is_empty()
    assert facts.listings.is_empty()
    assert not facts.faults


def test_the_states_are_those_of_the_api() -> None:
    enums = json.loads(sample("aws-backup", "_enums.json"))
    assert set(STATUSES) == set(enums["RecoveryPointStatus"])
    assert set(BACKUP_STATES) == set(enums["BackupJobState"])
    assert set(COPY_STATES) == set(enums["CopyJobState"])
    assert set(RESTORE_STATES) == set(enums["RestoreJobStatus"])
    assert set(VALIDATIONS) == {*enums["RestoreValidationStatus"], "none"}


def test_the_mock_lists_a_thousand_snapshots() -> None:
    facts = read(sample("aws-moto", "ec2-describe-snapshots.json"), repository="ebs")
    assert (facts.points["subject"] == "vol-4e11d0bead775f8e5").sum() == 3
    assert facts.points.height == 1288
    assert not facts.faults


def test_an_unknown_status_is_quarantined_and_the_listing_is_no_longer_whole() -> None:
    facts = read({"RecoveryPoints": [POINT, {**POINT, "RecoveryPointArn": "q", "Status": "FINE"}]})
    assert facts.points["id"].to_list() == [POINT["RecoveryPointArn"]]
    assert not facts.listings["complete"].any()
    assert ["'FINE' is no Status" in what for what in errors(facts)] == [True]


@pytest.mark.parametrize("state", ["FINE", None, "completed"])
def test_an_unknown_state_of_a_job_is_no_success(state: str | None) -> None:
    facts = read({"BackupJobs": [{**JOB, "State": state}, {**JOB, "BackupJobId": "c"}]})
    assert facts.runs["id"].to_list() == ["c"]
    assert len(errors(facts)) == 1


def test_a_point_that_was_copied_does_not_show_when_it_was_captured() -> None:
    facts = read({"RecoveryPoints": [{**POINT, "SourceBackupVaultArn": "arn:aws:backup:eu-central-1:1:backup-vault:w"}]})
    assert facts.points.select("captured_at", "copy_of_repository").row(0) == (None, "arn:aws:backup:eu-central-1:1:backup-vault:w")


@pytest.mark.parametrize(
    "command", ["aws backup list-recovery-points-by-backup-vault --by-resource-type RDS", "aws x --max-items 5"]
)
def test_a_list_of_a_part_is_not_complete(command: str) -> None:
    assert not read({"RecoveryPoints": [POINT]}, command=command).listings["complete"].any()
    assert read({"RecoveryPoints": [POINT]}).listings["complete"].all()


def test_a_vault_that_holds_nothing_is_a_listing_of_nothing() -> None:
    facts = read({"RecoveryPoints": []}, repository=VAULT)
    assert facts.listings.select("repository", "complete").rows() == [(VAULT, True)]


def test_only_air_gapped_vaults_show_until_when_a_point_is_locked() -> None:
    due = {"CalculatedLifecycle": {"DeleteAt": "2026-12-25T05:00:00Z"}}
    plain = read({"RecoveryPoints": [{**POINT, **due, "VaultType": "BACKUP_VAULT"}]})
    locked = read({"RecoveryPoints": [{**POINT, **due, "VaultType": "LOGICALLY_AIR_GAPPED_BACKUP_VAULT"}]})
    assert plain.points["immutable_until"].to_list() == [None]
    assert locked.points["immutable_until"].to_list() == [datetime(2026, 12, 25, 5, tzinfo=UTC)]


def test_what_describes_one_is_read_and_is_no_listing() -> None:
    assert read(POINT).points.height == 1
    assert read(POINT).listings.is_empty()
    assert read({"CopyJob": {**JOB, "CopyJobId": "c", "DestinationBackupVaultArn": VAULT}}).runs["kind"].to_list() == ["copy"]
    assert read(JOB).runs["id"].to_list() == ["b"]


def test_one_bad_row_leaves_the_others() -> None:
    facts = read({"BackupJobs": [{**JOB, "BackupJobId": "bad", "CreationDate": "yesterday"}, 7, JOB]})
    assert facts.runs["id"].to_list() == ["b"]
    assert len(errors(facts)) == 2


def test_a_copied_rds_snapshot_has_the_time_of_its_original() -> None:
    row = {
        "DBSnapshotIdentifier": "c", "DBInstanceIdentifier": "orders", "DBSnapshotArn": "arn:aws:rds:eu-west-1:1:snapshot:c", "Status": "available",
        "SnapshotCreateTime": "2026-11-22T00:00:00Z", "OriginalSnapshotCreateTime": "2026-11-20T00:00:00Z",
        "SourceDBSnapshotIdentifier": "arn:aws:rds:us-east-1:1:snapshot:o",
    }  # fmt: skip
    [point] = read({"DBSnapshots": [row]}, repository="rds").points.to_dicts()
    assert point["captured_at"] == datetime(2026, 11, 20, tzinfo=UTC)
    assert point["copy_of_id"] == "arn:aws:rds:us-east-1:1:snapshot:o"
    assert point["subject"] == "arn:aws:rds:eu-west-1:1:db:orders"


def test_what_is_no_answer_of_these_commands() -> None:
    with pytest.raises(InputError, match="no command of AWS"):
        _registry.read("aws-backup", b'{"Volumes": []}', Envelope(tool="aws-backup"))
