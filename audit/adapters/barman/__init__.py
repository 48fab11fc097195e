"""Barman: the catalog (`list-backups`, `show-backup` as JSON), and backups, deletions, recoveries and verifications in barman.log and on the console.

Formats read: `-f json list-backups` (one server or all), `-f json show-backup`, barman.log, and what backup, recover, delete, cron and verify-backup print. `check`, `status`,
`show-servers` and `list-servers` are known and carry no facts: check looks at connections and at Barman's own policies and reads no backup. Lists as text are refused.

Point: id = `SERVER/BACKUP_ID` (two servers can be backed up in the same second), subject = the server. A backup is full unless its backup_type says incremental;
its base is its parent where `show-backup` names one: that makes the chains. Only status DONE is a point: WAITING_FOR_WALS cannot be restored consistently yet.

Time semantics: captured_at = the start, which claims less than the truth (PostgreSQL restores the state at the end or later); in list-backups only the id tells it, as a
local time of the Barman host, so its zone must be declared. available_at = the end, an epoch. Log lines are local times.

Proof of deletion: a complete list-backups that lacks a backup (one server's list has the server as scope; a list with an `_ERROR`, or of a command that failed, is not complete), or
"Deleted backup" in the log.

Success: "Backup completed" is a success where its WAL files arrived, which the console shows by their names and barman.log by going on; where that does not show, or with the words
WAITING_FOR_WALS, it is a warning. "Backup failed" and an exit code other than 0 are failures.
FAILED backups of a list become failed runs. A recovery that "IS NOT VALID" failed, though Barman exits with 0. Nothing proves that barman.log shows
every run: an unreachable server leaves neither a backup nor its name there.

What Barman cannot show: expiry (only the word OBSOLETE), immutability, and whether a verified backup has its WAL: pg_verifybackup is called without it, so
a verification never proves all of a backup.

Tested against: files made by running Barman 3.4.0 with PostgreSQL 15; incremental backups of later versions from its manual.
"""

from __future__ import annotations

import re

from audit.adapters import _text
from audit.adapters.barman import _catalog, _log
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "runs"

_JSON = re.compile(
    rb'"backup_id"\s*:\s*"\d{8}T\d{6}"|"(?:archiver_errors|minimum_redundancy_requirements)"\s*:\s*\{\s*"hint"'
    rb'|"minimum_redundancy"\s*:\s*\{\s*"description"|"basebackups_directory"\s*:'
)


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """JSON with Barman's keys, or text with one of its sentences at the beginning of a line."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    return bool(_JSON.search(head) if head.lstrip()[:1] == b"{" else _log.SENTENCE.search(head))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read a catalog or a log. Raises `InputError` when it is no text, or JSON that cannot be read."""
    text = _text.decode(envelope.name or envelope.tool, payload)
    return _catalog.read(payload, envelope) if text.lstrip()[:1] == "{" else _log.read(payload, envelope)
