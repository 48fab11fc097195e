"""Oracle RMAN: the text of `LIST BACKUP`, and V$RMAN_BACKUP_JOB_DETAILS as CSV.

Formats read: what RMAN prints for `LIST BACKUP` (also of a database, of archived logs, or expired ones), and the view V$RMAN_BACKUP_JOB_DETAILS (or RC_...) as CSV with
its column names: SESSION_KEY, INPUT_TYPE, STATUS, START_TIME, END_TIME, OUTPUT_DEVICE_TYPE, OUTPUT_BYTES, DB_NAME. `LIST BACKUP SUMMARY` and image copies are not read.

Point: id = the tag, because the sets of one backup share it; archived logs of a tag are a point of their own (`TAG logs`). subject = the database's name, from RMAN's greeting, the
SPFILE or the path of a piece in the recovery area, else the envelope's scope. repository = that of the envelope for DISK, and `SBT_TAPE` for tape. Full and Incr 0 are full; what Incr 1
and logs need is not told. A full that was taken while the database was open needs the archived logs of that time as well.

Time semantics: local times of the database host, in the source's zone. Unless NLS_DATE_FORMAT has a time, only the day is told: captured_at is then its beginning and available_at its
end. captured_at = the earliest checkpoint time of the files; of logs the last time that they hold.

Proof of deletion: a complete `LIST BACKUP` that lacks a tag, or shows its sets as EXPIRED (the file was missing at a crosscheck; it has nothing to do with
retention) or UNAVAILABLE. A list of a part (`OF DATABASE`, `EXPIRED`) is not complete.

Success: a tag is partial where a set of it is not available, where it lacks file 1 or a file that other tags of the list have, or holds no data files. Of jobs,
COMPLETED WITH ERRORS is a failure.

What Oracle RMAN cannot show: failed backups (in the list), immutability, encryption, whether the pieces are still there since the last crosscheck; the control file forgets after 7 days
unless there is a catalog.

Tested against: console output of Oracle 12.2 that was published; the view as documented schema only.
"""

from __future__ import annotations

from audit.adapters import _text, _whole
from audit.adapters.oracle_rman._jobs import COLUMNS, jobs
from audit.adapters.oracle_rman._list import listed
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "samples"

_HEADINGS = _text.LineStarts(rb"BS Key {1,2}(?:Type LV )?Size", rb"List of Backup Sets\r?$")
_NOTHING = b"does not match any backup in the repository"


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """A heading that RMAN prints over sets, or the columns of the view of jobs."""
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0].upper()
    return bool(_HEADINGS.search(head)) or _NOTHING in head or all(column.encode() in first for column in COLUMNS)


def whole(payload: bytes) -> bytes:
    """RMAN and SQL*Plus end every line, so one without its end was cut off; then neither that row nor that backup set is used."""
    return _whole.records(payload, b"BS Key")


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read a list or the table of jobs. Raises `InputError` when it is no text, or another table."""
    text = _text.decode(envelope.name or envelope.tool, payload)
    first = text.lstrip().split("\n", 1)[0].upper()
    return jobs(text, envelope) if "SESSION_KEY" in first else listed(text, envelope)
