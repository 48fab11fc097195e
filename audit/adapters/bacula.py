"""Bacula: job reports, and the catalog's jobs as bconsole, SQL or JSON gives them, of Bacula 9 and later.

Formats read: the log or mails with job reports; `llist jobs` and `list jobs`; the catalog's table of jobs as CSV with a header, joined with the names of
client, pool and file set (`clientname`, `poolname`, `fileset`); `.jlist jobs`. Where a text could be of Bareos as well and names neither, it is read as
Bacula's.

Point: id = JobId; subject = `CLIENT:FILESET`, such as `fs01-fd:Set1` (not a host name); repository = the pool. A full backup without base jobs is
self-contained; the base of an incremental is known only from its report (`since=`), where the report of that backup is in the same log and pool. A copy
(type C, or B with PriorJobId once its original was purged) names its original; of a copy report a point is made only where the original's report is in the
same log, because it names the client of the copy job. `list jobs` tells no pools and gives runs only.

Time semantics: naive, on the director's clock; the prefix of log lines has no year and is not used. captured_at = StartTime, which copies share with their
original; available_at = RealEndTime.

Proof of deletion: a complete listing that lacks a job, for each pool that any job names: the director restores no job that it pruned or purged. JobIds never
change, but purging a volume turns its copies from C to B.

Success: only T without errors and W are backups; T also stands for "OK -- with warnings", so T with errors, without a count of errors, or a full backup without
files is a `warning`, and its point `partial` where errors are told. Copy and migration jobs are runs of kind copy. Verify jobs that look at the client's disk
(DiskToCatalog, Catalog, InitCatalog) say nothing of a backup and are passed over, with a warning; so are admin jobs.

What Bacula cannot show: expiry of a job (it belongs to volumes), immutability, jobs that never started, encryption except in reports, and chains over several
pools.

Tested against: output of Bacula 9.6 with PostgreSQL, made by running it; `.jlist` only by its documented shape.
"""

from __future__ import annotations

import re

from audit.adapters import _text
from audit.adapters._bacula import STATUSES as STATUSES
from audit.adapters._bacula import _payload
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "runs"

_JLIST = _text.LineStarts(rb'\[\{[^\[\]{}]{0,4000}"jobstatus"', flags=re.IGNORECASE)
_BAREOS_TABLE = re.compile(rb"\| *client *\|[^\n]*\| *duration *\|", re.IGNORECASE)


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """Jobs as the director lists them, or its messages; unless they are marked as those of Bareos."""
    if head.lstrip()[:1] == b"{" or b"areos" in head or b"AREOS" in head or _BAREOS_TABLE.search(head):
        return False
    return bool(_JLIST.search(head)) or _payload.is_csv(head) or _payload.is_text(head)


def whole(payload: bytes) -> bytes:
    """Return what of a payload was not cut off."""
    return _payload.whole(payload)


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read a log or a list of jobs. Raises `InputError` when it is neither."""
    return _payload.read(payload, envelope, warns=False)
