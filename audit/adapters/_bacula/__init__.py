"""What Bacula and Bareos, which was made from it, have in common: the catalog's rows of jobs, and the reports of jobs.

Their words are one table each, for both: a letter that only one of them knows means nothing else in the other.
"""

from __future__ import annotations

import re

from audit.adapters import _text

JOB_TYPES = {
    "B": "backup",
    "A": "backup",
    "C": "copied",
    "V": "verify",
    "R": "restore",
    "c": "copy",
    "g": "copy",
    "O": "nothing",
    "D": "nothing",
    "I": "nothing",
    "M": "nothing",
    "S": "nothing",
    "U": "nothing",
}
"""Every type of a job. B backup, A archive (kept apart from the chains); C the copy that a copy job left (it ran no job of its own); c copy job, g migration job;
V verify; R restore. Without facts: D admin, I internal, M a backup that was migrated away, O consolidation, S scan, U console."""

LEVELS = {"F": "full", "f": "full", "I": "incremental", "D": "differential", "B": "base"}
"""Levels of backups (f: virtual full). B is a base job: a backup of files that the full backups of other jobs leave out."""

VERIFIES = {"O": "media", "A": "data", "V": "disk", "C": "disk", "d": "disk"}
"""Levels of verify jobs. O reads the volumes and compares attributes with the catalog, A reads the data; V, C and d look at the disk of the client
and not at the backup, so they say nothing of it."""

_WAITING = "RCBFSmMsjcdtpailqLu"
STATUSES = {
    "T": "success",
    "W": "warning",
    "E": "failed",
    "e": "failed",
    "f": "failed",
    "I": "failed",
    "D": "failed",
    "A": "cancelled",
    **dict.fromkeys(_WAITING, "running"),
}
"""Every JobStatus: T terminated normally, W with warnings, E and e in error, f fatal error, I incomplete, D verify found differences, A canceled. The others are
states of jobs that have not ended: created, running, blocked, waiting for something, despooling. Only T and W are ever restored from."""

TERMINATIONS = {
    "OK": "success",
    "OK -- with warnings": "warning",
    "OK -- with errors": "warning",
    "OK -- warning file count mismatch": "warning",
    "warnings": "warning",
    "failed -- incomplete": "failed",
    "error": "failed",
    "failed": "failed",
    "differences": "failed",
    "canceled": "cancelled",
}
"""How the line `Termination` of a report ends, behind the kind of job, and what it is to us (without asterisks; capitals do not matter)."""

KINDS = {
    "backup": "backup",
    "archive": "backup",
    "restore": "restore",
    "verify": "verify",
    "copying": "copy",
    "copy": "copy",
    "migration": "copy",
    "admin": "nothing",
    "consolidate": "nothing",
}
"""How the line `Termination` of a report begins."""

REPORT = re.compile(r"(?:^|[ |])(Bacula|Bareos) (\S+) (\d[^ ]*) (?:\([^()\n]{1,40}\))?:?\s*\|?$")
"""The line with which a report begins, behind the message's prefix."""

REPORT_HEAD = rb"JobId \d+: (?:Error: |Warning: )?%s \S+ \d\S* \([^()\n]{1,40}\):"
LOG_HEAD = _text.LineStarts(rb"(?:\| )?(?:\d\d-\S{3,12} \d\d:\d\d(?::\d\d)? )?\S+ JobId \d+: \S")
TABLE_HEAD = _text.LineStarts(rb"\| *jobid *\|(?=[^\n]*\| *jobstatus *\|)(?=[^\n]*\| *type *\|)[^\n]*$", flags=re.IGNORECASE)
BLOCKS_HEAD = _text.LineStarts(rb" +jobid: [\d,]+\r?\n +job: ", flags=re.IGNORECASE)


def marks(head: bytes, tool: bytes) -> bool:
    """Tell whether a payload names the tool in the reports it holds."""
    return bool(re.search(REPORT_HEAD % tool, head))
