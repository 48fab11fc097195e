"""Bareos: jobs as JSON of the console's API mode 2, as bconsole lists them, and job reports.

Formats read: `llist jobs` and `list jobs` in API mode 2 (`.api 2`, JSON), the same as bconsole's text where Bareos is named or `list jobs` has its columns
`client` and `duration`, and logs or mails with job reports. Other text of `llist jobs` is the same as Bacula's: name the tool.

Point: id = JobId; subject = `CLIENT:FILESET`; repository = the pool. A full backup without base jobs is self-contained; the base of an incremental is known
only from its report, where the report of that backup is in the same log and pool. A copy (type C) names its original. `list jobs` tells no pools and no file
sets, and gives runs only.

Time semantics: naive, on the director's clock. captured_at = StartTime, which copies share with their original; available_at = RealEndTime.

Proof of deletion: a complete listing that lacks a job, for each pool that any job names.

Success: T, which without errors is a success even for an incremental without files; W, errors or missing files are a `warning` and `partial`; so is a full
backup without files. The keys of JSON are read in any letters. Verify jobs that look at the client's disk are passed over, with a warning; so are admin and consolidation jobs.

What Bareos cannot show: expiry of a job (it belongs to volumes), immutability, jobs that never started, encryption except in reports, and chains over several
pools, which the usual pools Full, Differential and Incremental make.

Tested against: two examples of the developer guide, and reports shaped after them; no output of a real system was seen.
"""

from __future__ import annotations

import re

from audit.adapters import _bacula
from audit.adapters._bacula import STATUSES as STATUSES
from audit.adapters._bacula import _payload
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "samples"

_API = re.compile(rb'\A\s*\{\s*"jsonrpc"\s*:\s*"2\.0"')
_JOBS = re.compile(rb'"jobs"\s*:\s*\[')
_TABLE = re.compile(rb"\| *client *\|[^\n]*\| *duration *\|", re.IGNORECASE)


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """An answer in API mode 2 that holds jobs, or text of jobs that names Bareos."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    if head.lstrip()[:1] == b"{":
        return bool(_API.match(head) and _JOBS.search(head))
    if not _payload.is_text(head):
        return False
    return _bacula.marks(head, b"Bareos") or bool(_TABLE.search(head)) or b"areos" in head or b"AREOS" in head


def whole(payload: bytes) -> bytes:
    """Return what of a payload was not cut off."""
    return _payload.whole(payload)


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read an answer, a list or a log of jobs. Raises `InputError` when it is none."""
    return _payload.read(payload, envelope, warns=True)
