r"""SQL Server msdb: the history of backups and of restores that an instance keeps in its database msdb, as CSV.

Formats read: `backupset` joined with `backupmediafamily`, and `restorehistory` (joined with both, to know what was restored), as CSV with the names of their columns in the first
line; separated by comma, semicolon or tab. Export only the rows of the instance itself (`WHERE server_name = @@SERVERNAME`): a restore writes rows of foreign backups too.

Point: id = backup_set_uuid (else backup_set_id); subject = `server/database`; repository = the root of the device: share, container, or machine and drive. Stripes are one point; each
mirror is one in its own repository. A differential needs the full of its differential_base_guid (else of its LSN); a log backup needs the full or differential whose end
lies in it, else the log that ends where it begins; where that is not in the table, what it needs is not known.

Time semantics: local times of the server with the offset of time_zone (quarters of an hour), or, where that is 127 (unknown) or missing, in the source's zone. captured_at is the start:
what a full restores is a little younger. available_at = the end.

Proof of deletion: none. The history keeps rows of files that are long gone, so its points are of basis `job`; only a listing of the repository shows what is there.

Success: a row exists only for a backup that ended; one that failed leaves none (read the agent's job history), and one that is running has none yet, so the table is never taken as
whole; a row without an end is running and makes no point. A backup to NUL was thrown away and failed; one of a damaged database is partial; one by a virtual device belongs to another
tool, whose catalog shows where it is. Of a restore only the last step with RECOVERY is a success; VERIFYONLY is a verify run, and no restore.

What SQL Server msdb cannot show: failed backups, deleted files, transparent encryption, how long a restore took, and on other replicas of an availability group their own backups.

Tested against: the documented schema only; no output of a real system was seen.
"""

from __future__ import annotations

import re

import polars as pl

from audit.adapters import _columns, _table, _text, _whole
from audit.adapters.mssql_msdb._backups import backups
from audit.adapters.mssql_msdb._restores import restores
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "schema"

SEPARATORS = ",;\t"
_BACKUPS = ("database_name", "type", "backup_start_date", "backup_finish_date")
_RESTORES = ("restore_history_id", "restore_date", "restore_type")


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """A first line with the names of the columns of one of the two tables."""
    first = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode("ascii", "replace")
    if not any(needed[0] in first.lower() for needed in (_BACKUPS, _RESTORES)):
        return False  # a document without line breaks is not taken apart
    names = _names(first)
    return set(_BACKUPS) <= names or set(_RESTORES) <= names


def whole(payload: bytes) -> bytes:
    """Sqlcmd, SSMS and PowerShell end every row, so one without its end was cut off: half of a row may leave out that it is damaged."""
    return _whole.lines(payload)


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read one of the tables. Raises `InputError` when it is neither."""
    where = envelope.name or envelope.tool
    text = _text.decode(where, payload)
    first = text.split("\n", 1)[0]
    separator = max(SEPARATORS, key=first.count)
    restored = set(_RESTORES) <= _names(first)
    remedy = "export backupset, or restorehistory, and select each column once, by its name"
    names = _columns.named(text, _RESTORES if restored else _BACKUPS, where, remedy, separator, case=str.lower)
    table = _table.rows(text, names, where, separator)
    blank = pl.col(names).str.strip_chars()
    raw = table.raw.with_columns(pl.when(~blank.is_in(["", "NULL"])).then(blank).name.keep())
    raw = raw.filter(pl.col(names[0]).str.contains("^-+$").ne_missing(other=True))  # sqlcmd underlines its header
    raw = raw.with_columns(locator=pl.format("line {}", "line"))
    return (restores if restored else backups)(raw, table.faults, envelope)


def _names(line: str) -> set[str]:
    return {part.strip(' "\r').lower() for part in re.split(f"[{SEPARATORS}]", line)}
