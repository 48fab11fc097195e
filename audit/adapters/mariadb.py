"""MariaDB: physical backups by mariabackup (mariadb-backup): `xtrabackup_info`, and its console log.

Formats read: `xtrabackup_info` (`mariadb_backup_info` of later versions), the log of --backup, --prepare, --copy-back and --move-back; `xtrabackup_checkpoints` is known and carries no
facts: it tells neither when nor of what. Dumps by mariadb-dump are another tool's.

Point: id = `DIRECTORY@LSN`, the --target-dir and the LSN up to which the backup goes, because an incremental backup tells of its base just that
(--incremental-basedir and from_lsn): that makes the chains. The LSN alone does not tell: a quiet server gives several backups the same ones. A backup without a directory (a stream)
has its uuid as id. Nothing names the server: subject = the source.

Time semantics: local times of the server without a zone, which must be declared. captured_at = start_time, which claims less than the truth: the state is that of the end.
available_at = end_time.

Proof of deletion: none; a file shows one backup. After --prepare the directory of the full backup holds the info file of the last increment that went into it.

Success: "completed OK!" as the last line and exit code 0, both. Preparing is a partial verification (the log is replayed); copying back is a restore, of which the log does not tell
which backup it restored.

What mariabackup cannot show: expiry, immutability, encryption, failed backups except by their log (a failed one leaves a directory without the info file).

Tested against: files made by running mariabackup 10.11.
"""

from __future__ import annotations

import re

from audit.adapters import _text, _xtrabackup
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "runs"

_INFO = re.compile(rb"\s*uuid = [^\r\n]*(?:\r?\n[^\r\n]*){0,4}\ntool_name = (?:mariabackup|mariadb-backup)\b")
_CHECKPOINTS = re.compile(rb"\s*backup_type = \S+(?:\r?\n(?!compact|flushed_lsn)\w+ = [^\r\n]*)*\s*\Z")
_LOG = _text.LineStarts(
    rb"(?:mariabackup|mariadb-backup) based on MariaDB server ",
    rb"\[\d\d\] \d{4}-\d\d-\d\d \d\d:\d\d:\d\d Connecting to MariaDB server",
)
_CHECKPOINTS_LONGEST = 2000


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """An info file that names the tool, checkpoints without XtraBackup's own keys, or a log."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    short = len(head) < _CHECKPOINTS_LONGEST and b"to_lsn" in head
    return bool(_INFO.match(head) or (short and _CHECKPOINTS.match(head)) or _LOG.search(head))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read one file or log. Raises `InputError` when it is no text."""
    program = "mariadb-backup" if "mariadb-backup" in (envelope.command or "") else "mariabackup"
    return _xtrabackup.read(payload, envelope, program)
