"""Percona XtraBackup: physical backups of MySQL: `xtrabackup_info`, and its console log.

Formats read: `xtrabackup_info`, the log of --backup, --prepare, --copy-back and --move-back; `xtrabackup_checkpoints` is known and carries no facts: it tells neither when nor of what.

Point: id = `DIRECTORY@LSN`, the --target-dir and the LSN up to which the backup goes, because an incremental backup tells of its base just that
(--incremental-basedir and from_lsn): that makes the chains. A backup without a directory (a stream) has its uuid as id; an incremental one made with
--incremental-lsn has an unknown base. Nothing names the server: subject = the source.

Time semantics: local times of the server without a zone, which must be declared. captured_at = start_time, which claims less than the truth: the state is that of the end.
available_at = end_time.

Proof of deletion: none; a file shows one backup.

Success: "completed OK!" as the last line and exit code 0, both. Preparing is a partial verification (the log is replayed); copying back is a restore, of which the log does not tell
which backup it restored. `partial = Y` makes a point partial.

What XtraBackup cannot show: expiry, immutability, failed backups except by their log.

Tested against: published info files and checkpoints of XtraBackup 2.4 and 8.0; logs from its documentation only. Our own samples have their shape with made-up values.
"""

from __future__ import annotations

import re

from audit.adapters import _text, _xtrabackup
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "samples"

_INFO = re.compile(rb"\s*uuid = [^\r\n]*(?:\r?\n[^\r\n]*){0,4}\ntool_name = (?:xtrabackup|innobackupex)\b")
_CHECKPOINTS = re.compile(rb"\s*backup_type = \S+(?:\r?\n\w+ = [^\r\n]*)*?\r?\n(?:compact|flushed_lsn) = ")
_VERSION = _text.LineStarts(rb"xtrabackup version \d")
_SAID = (b"xtrabackup: recognized server arguments:", b"xtrabackup: recognized client arguments:", b"[Xtrabackup] ")


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """An info file that names the tool, checkpoints with its own keys, or a log."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    if _INFO.match(head) or _CHECKPOINTS.match(head[:2000]):
        return True
    return any(said in head for said in _SAID) or bool(_VERSION.search(head))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read one file or log. Raises `InputError` when it is no text."""
    return _xtrabackup.read(payload, envelope, "xtrabackup")
