"""Azure Backup: recovery points and jobs of Recovery Services vaults and Backup vaults, as JSON of the API or command line, and the jobs table of Log Analytics as CSV.

Formats read: lists of recovery points and of backup jobs (`az backup recoverypoint list`, `az backup job list`, `az dataprotection recovery-point list`,
`az dataprotection job list`, or the `value` of the API's answer), and AddonAzureBackupJobs exported as CSV. Vaults are recognised and carry no facts: declare
the immutability of the repository, and only where its state is Locked, because Unlocked can be taken back. Protected items and backup instances tell only
when the last point was made, not where it is: list the points.

Point: id = the recovery point's name; subject = the path of the protected item in lower case (of a machine `iaasvmcontainerv2;group;name`). repository = the vault's
id in lower case, one a tier: `.../instantrp` is the snapshot beside the machine, in the same subscription, and no copy in the vault; the vault itself; and
`.../archivedrp`. Points of machines and shares, and full ones of databases, are self-contained; what differential and log backups need is not told. Of a
Backup vault (Microsoft.DataProtection) the subject is the name of the backup instance in lower case, and the repository is the vault's id, one a data store:
`.../operationalstore` holds snapshots beside the source, which are no copies in the vault; the vault itself; and `.../archivestore`.

Time semantics: recoveryPointTime is when the point was taken, in UTC. When it reached the vault is not told. Columns of a CSV that say [UTC] are UTC, others are in the source's zone.

Proof of deletion: a list of an item's points without nextLink that lacks a point, or shows its tier as Deleted, or as soft-deleted; it speaks for that item
in the tiers that it names, and so does the list of a backup instance's points.

Success: the job's status. Jobs of Recovery Services vaults name their item by a short name that two machines may share, and no point: they make no points.
Lists of jobs leave out scheduled backups of databases, so none is taken as whole. Jobs of Backup vaults name their instance, and a single job (`job show`)
its point and data store where the vendor fills them in: one that failed and whose point is listed contradicts the list. A point of a Backup vault that says
`Partial` is partial.

What Azure Backup cannot show: sizes and immutability of points; encryption of the backup (that of the source is another thing); a completed
last backup does not mean a point: `lastRecoveryPoint` may be months older. Blobs that are backed up in their own account have no points, only a range.

Tested against: examples that the vendor publishes of its API; the table of Log Analytics, vaults, and all of Microsoft.DataProtection as documented schema
only (its guide, its specification and the examples in it).
"""

from __future__ import annotations

import re

from audit.adapters import _records, _whole
from audit.adapters.azure_backup._json import items
from audit.adapters.azure_backup._table import COLUMNS, table
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "samples"

PART = re.compile(
    r"\s--(?:start|end)-(?:date|time)\b|\s--query\b|\s--tier\b|\s--is-ready-for-move\b|\s--recommended-for-archive\b|\s--use-secondary-region\b"
    r"|(?:\$|%24)(?:filter|skipToken)=|\s--(?:filter|top|max-items)\b",
    re.IGNORECASE,
)
"""Options of `az` and of the API that ask for some of the points or jobs."""

_TYPE = re.compile(rb'"type"\s*:\s*"Microsoft\.RecoveryServices/vaults|"type"\s*:\s*"Microsoft\.DataProtection/', re.IGNORECASE)


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """JSON whose records have a type of this service, or the header of its jobs table."""
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head[:1] in (b"{", b"["):
        return bool(_TYPE.search(head))
    first = head.split(b"\n", 1)[0]
    return all(column.encode() in first for column in COLUMNS)


def whole(payload: bytes) -> bytes:
    """The table of jobs ends every row, so one without its end was cut off: half of a name or a number is another one."""
    return _whole.rows(payload)


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read one answer or table. Raises `InputError` when it is none."""
    if payload.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"{", b"["):
        return table(payload, envelope)
    document = _records.document(payload, envelope, ("value",))
    value = document.get("value") if isinstance(document, dict) else document
    if isinstance(value, list):
        more = isinstance(document, dict) and any(document.get(key) for key in ("nextLink", "@odata.nextLink"))
        pointer = "/value" if isinstance(document, dict) else ""
        return items(value, pointer, envelope, more=more)
    if isinstance(document, dict) and isinstance(document.get("type"), str):
        return items([document], "", envelope, more=True)
    where = envelope.name or envelope.tool
    fault = Fault(where, "this is no answer of Azure Backup that is known", "list recovery points or jobs as JSON")
    raise InputError(str(fault), [fault])
