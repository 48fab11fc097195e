"""Veeam Backup & Replication: restore points and points of replicas, job sessions and task sessions, of the REST API and of PowerShell.

Formats read: answers of the REST API (1.1-rev0 to 1.3-rev2) to `sessions`, `taskSessions`, `restorePoints`, `replicaPoints` and `jobs/states`; an object that
holds several answers under those names, as `{"backups": ..., "restorePoints": ..., "backupFiles": ...}`; and `Get-VBRBackupSession | Export-Csv`. By themselves
`backups`, `backupObjects`, `backupFiles`, `replicas` and repositories are recognised and carry no facts. Sessions of infrastructure, discovery and the like are
passed over by their known types.

Point: id = the restore point's id, subject = the machine's name, method by type; repository = the id of the backup's repository where `backups` is given with
the points, else what the source declares (the API does not tell it of a point). A full needs no other point; an increment needs the point before it of the same
machine and backup, as Veeam documents, and that is told only where no page is missing and all of the machine's points are fulls and increments. Everything else
in a chain is left unproven.

Time semantics: captured_at is the creation time of the point. `sessions`, `restorePoints` and `jobs/states` carry offsets; `taskSessions` and PowerShell's
tables are in the server's local time, so the source needs its zone. A table whose days and months cannot be told apart is refused. 1/1/1900 is no time.

Proof of deletion: a complete listing of restore points that lacks one; the envelope says that it is complete, and the paging must not say otherwise.

Success: a session's result is read only once its state is `Stopped`; cancelled outweighs it; `None` after the end is a fault. A job's result is not that of its
machines: job sessions have the subject `job:` and the job's name, and only task sessions have machines. A point that the scan for malware calls infected is
corrupt.

What Veeam Backup & Replication cannot show: until when a point is immutable (only the repository's setting of today), encryption (a setting of the job), and
which point in one repository is a copy of which in another. A replica is a point only in the repository that the source declares for it, such as the host it
stands on.

Tested against: Veeam's own examples of the REST answers (1.1-rev0 and 1.3-rev2) and a table of PowerShell of the documented shape; no output of a real system
was seen.
"""

from __future__ import annotations

import re
from typing import Any

from audit.adapters import _records
from audit.adapters._whole import rows
from audit.adapters.veeam_vbr import _csv, _rest
from audit.adapters.veeam_vbr._rest import Given
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "samples"

_MARKS = (
    (b'"platformName"', b'"platformId"', b'"creationTime"'),
    (b'"restorePointsCount"', b'"platformName"'),
    (b'"restorePointIds"', b'"backupId"'),
    (b'"sessionType"', b'"isCanceled"'),
    (b'"lastResult"', b'"lastRun"', b'"objectsCount"'),
    (b'"capacityGB"', b'"freeGB"', b'"hostName"'),
    (b'"pagination"', b'"uniqueId"', b'"description"'),
    (b'"pagination"', b'"hostId"', b'"repository"', b'"maxTaskCount"'),
)
"""Keys that together only this API has."""

_TABLE = re.compile(
    rb'\A(?:#TYPE Veeam\.Backup\.Core\.CBackupSession\s|(?=[^\n]*"?JobType"?[,;])(?=[^\n]*"?EndTime"?[,;])(?=[^\n]*"?JobId"?[,;])[^\n]*\n)'
)


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """JSON with keys of the API, or a table whose header has those of PowerShell's sessions."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    if head.lstrip()[:1] in (b"{", b"["):
        return b'"record"' not in head and any(all(mark in head for mark in marks) for marks in _MARKS)
    return bool(_TABLE.match(head))


def whole(payload: bytes) -> bytes:
    """PowerShell ends every row, so one without its end was cut off: half of a name or a number is another one."""
    return rows(payload)


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read one answer, several of them in one object, or a table. Raises `InputError` when it is none of these."""
    given = Given(envelope)
    if payload.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"{", b"["):
        return _csv.facts(payload, given)
    value = _records.document(payload, envelope, ("data",))
    if isinstance(value, dict) and "data" not in value:
        for key, answer in value.items():
            _take(given, answer, f"/{key}", key)
    else:
        _take(given, value, "", _asked(envelope))
    if not given.records:
        fault = Fault(given.where, "holds no records of Veeam's API that are known", "see the formats that are read", "")
        raise InputError(str(fault), [fault])
    return _rest.facts(given)


def _take(given: Given, answer: Any, pointer: str, key: str) -> None:
    """Put the records of one answer under the kind that they are of."""
    answer = _records.one_page(answer, ("data",), pointer)
    paging = answer.get("pagination") if isinstance(answer, dict) else None
    data, below = (answer.get("data"), f"{pointer}/data") if isinstance(answer, dict) else (answer, pointer)
    records, faults = _records.objects(data, below, given.where)
    given.faults += faults
    kind = next((kind for _, record in records if (kind := _rest.kind_of(record))), None)
    if kind is None and not records and not faults and key in ("restorePoints", "replicaPoints"):
        kind = key  # an answer of nothing is known only by what was asked
    if kind is None:
        if records:
            given.faults.append(
                Fault(given.where, "these records are of no resource of the API that is known", "leave them out", below)
            )
        return
    given.records[kind] = [*given.records.get(kind, []), *records]
    if _whole(paging, len(records), given.envelope):
        given.whole.add(kind)
    elif given.envelope.complete and kind in ("restorePoints", "replicaPoints", "taskSessions"):
        what = f"this is not all: the paging of {kind} tells of more records than are here"
        given.faults.append(
            Fault(
                given.where, what, "fetch all pages into one answer, and ingest that", f"{pointer}/pagination", "total", "warning"
            )
        )


def _whole(paging: Any, count: int, envelope: Envelope) -> bool:
    """Pages that were put together without their paging are all there are where the envelope says so."""
    if not isinstance(paging, dict):
        return bool(envelope.complete)
    return paging.get("total") == count and paging.get("skip", 0) == 0


def _asked(envelope: Envelope) -> str:
    """Return the resource that the command of the envelope asks for."""
    found = re.search(r"/api/v1/(\w+)(?:\?|\s|'|\"|$)", envelope.command or "")
    return found[1] if found else ""
