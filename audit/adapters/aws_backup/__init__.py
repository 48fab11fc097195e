"""AWS Backup: recovery points, backup, copy and restore jobs, and the snapshots of EBS, RDS and DynamoDB, as JSON of the AWS CLI or an SDK.

Formats read: `list-recovery-points-by-backup-vault` and `-by-resource`, `list-backup-jobs`, `list-copy-jobs`, `list-restore-jobs` (and what
`describe-` prints of one of them), `ec2 describe-snapshots`, `rds describe-db-snapshots` and `describe-db-cluster-snapshots`, `dynamodb
list-backups`, and a DynamoDB table's `RestoreSummary`. Descriptions of vaults and plans are recognised and carry no facts: a vault's lock
is declared of its repository.

Point: id = the ARN (EBS: the snapshot id), subject = the ARN of what was backed up (EBS: the volume id), repository = the vault's ARN. Snapshots of EBS,
RDS and DynamoDB name no vault: tell their repository with `--repository`, one a service, account and region. Each is self-contained, except those of SAP
HANA, which tells no chain. A point of the vault and the snapshot that it wraps are one thing: give both repositories one failure domain.

Time semantics: ISO times with their offset, or epoch seconds of CLI version 1. captured_at = CreationDate, the start of the backup; a point that
was copied has the time of its copy there, so its captured_at comes from its original, which the copy job names. A continuous backup (AVAILABLE,
STOPPED) was created long ago by design, and its range of restorable instants is not in the list, so captured_at is unknown.

Proof of deletion: a complete listing (no NextToken) that lacks a point; a point in state DELETING is taken as gone. EXPIRED is past its retention and still there.

Success: the job's state. Histories reach back 30 days, so a whole one of backup jobs covers the stretch from the first job's end; do not call it
complete where copies from elsewhere arrive in the vault. A restore is a success
where its validation was; one that was not validated, or not in time, is a warning, and one whose validation failed is a failure.

What AWS Backup cannot show: immutability, but in logically air-gapped vaults, which are locked until the point expires; copies within one
account do not always say that they are copies, so ingest the copy jobs as well; of EBS, RDS and DynamoDB, when a snapshot was finished.

Tested against: the API's documented schema, the examples of the AWS CLI and recorded answers for lists of points and jobs; snapshots as a mock of AWS answers.
"""

from __future__ import annotations

import re
from typing import Any

from audit.adapters import _records
from audit.adapters._typed import shown
from audit.adapters.aws_backup._jobs import JOBS, jobs
from audit.adapters.aws_backup._points import recovery_points
from audit.adapters.aws_backup._snapshots import SNAPSHOTS, restored_table, snapshots
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "schema"

WITHOUT_FACTS = (
    "BackupVaultList",
    "BackupVaultName",
    "BackupPlan",
    "BackupPlansList",
    "BackupPlanId",
    "ReportPlans",
    "ReportPlanName",
)
"""What answers of other commands hold: descriptions of vaults, plans and reports."""

IN_PAGES = ("RecoveryPoints", "BackupJobs", "CopyJobs", "RestoreJobs", "BackupVaultList")
"""What lists of several pages hold."""

_KEYS = re.compile(
    rb'"(?:BackupJobs|CopyJobs|CopyJob|RestoreJobs|BackupVaultList|BackupPlansList|DBSnapshots|DBClusterSnapshots|BackupSummaries|ReportPlans)"\s*:\s*[\[{]'
    rb'|"(?:BackupJobId|RestoreJobId|BackupVaultArn|RecoveryPointArn|BackupPlanArn|ReportPlanArn)"\s*:\s*"'
    rb'|"RecoveryPoints"\s*:\s*\[\s*\]|"SnapshotId"\s*:\s*"snap-[0-9a-z]+"\s*,\s*"VolumeId"|"VolumeId"\s*:\s*"vol-[0-9a-z]+"\s*,\s*"State"|"Snapshots"\s*:\s*\[\s*\]|"RestoreSummary"\s*:\s*\{\s*"Source(?:Backup|Table)Arn"'
)


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """A JSON object with a key that only these answers of AWS have."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{" and b'"record"' not in head and bool(_KEYS.search(head))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read the answer of one command. Raises `InputError` when it is none."""
    document = _records.document(payload, envelope, *((key,) for key in IN_PAGES))
    where = envelope.name or envelope.tool
    if isinstance(document, dict):
        found = _told(document, envelope, where)
        if found is not None:
            return found
    fault = Fault(
        where,
        f"this is the answer of no command of AWS that is known: {shown(document)}",
        "list recovery points, jobs or snapshots with --output json",
    )
    raise InputError(str(fault), [fault])


def _told(document: dict[str, Any], envelope: Envelope, where: str) -> Facts | None:
    if "RecoveryPoints" in document or ("RecoveryPointArn" in document and "Status" in document and not set(JOBS) & set(document)):
        objects, faults = _listed(document, "RecoveryPoints", where)
        return recovery_points(objects, faults, document, envelope)
    for key, kind in JOBS.items():
        if kind.many in document or key in document or kind.one in document:
            inner = document.get(kind.one)
            if kind.many not in document and isinstance(inner, dict):
                return jobs(kind, [(f"/{kind.one}", inner)], [], document, envelope)
            objects, faults = _listed(document, kind.many, where)
            return jobs(kind, objects, faults, document, envelope)
    for key in SNAPSHOTS:
        if key in document:
            objects, faults = _records.objects(document[key], f"/{key}", where)
            return snapshots(key, objects, faults, document, envelope)
    for key in ("TableDescription", "Table"):
        if isinstance(document.get(key), dict) and "RestoreSummary" in document[key]:
            return restored_table((f"/{key}", document[key]), envelope)
    return Facts() if any(key in document for key in WITHOUT_FACTS) else None


def _listed(document: dict[str, Any], key: str, where: str) -> tuple[list[_records.Object], list[Fault]]:
    """Return the objects under a key, or the document itself, which describes one."""
    return _records.objects(document[key], f"/{key}", where) if key in document else ([("", document)], [])
