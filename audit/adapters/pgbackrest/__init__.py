"""pgBackRest: the catalog (`info --output=json`), and the logs of backup, expire, restore and verify.

Formats read: `info --output=json`; log files and console output of any command, with one process or many in a file; the text that
`verify --output=text` prints. Of the commands only backup, expire, restore and verify are runs: check, stanza-create, archive-push and the others
are known and carry no facts, and `info` as text is refused (its times have no zone and its sizes are rounded).

Point: id = the backup's label, subject = the stanza, method = its type; chains follow `prior`. A stanza with
several repositories (or a log whose options name several) has the repositories `NAME/repo1`, `NAME/repo2`, with NAME from the envelope; else the envelope's
name stands as it is, and without one it is `repo1`. A page checksum error that the backup itself found makes it corrupt.

Time semantics: `info` has epochs; log lines are local times of the source without a zone, which must be declared. captured_at = the start of
the backup, which claims less than the truth: PostgreSQL restores the state at its end or later. available_at = its end.

Proof of deletion: a complete `info` that lacks a label, but only for stanzas whose repository answered (status ok or "no valid backups"), and not with
`--set`; or "remove expired backup" in the log of an expire that ended well and was no dry run. One stanza's `info` speaks for that stanza (its scope),
one of several for the whole repository.

Success: the words behind "command end:". A process without an end failed when another one follows it in the log, else it counts as running. A failed backup leaves nothing in
`info`; it names its label where it had made one, and an `info` that shows it contradicts it. `verify` exits with 0 on a damaged repository, so the result
that it prints is read: a backup is verified when it is `valid` and the whole is `ok`. A verify without printed result is a warning. A
log is whole (every run of its stretch is in it) only where the envelope says that it is complete.

What pgBackRest cannot show: retention and expiry (they stand in its options alone), immutability, and whether the archived WAL reaches beyond a backup's end.

Tested against: files made by running pgBackRest 2.45 with PostgreSQL 15; statuses of other versions from its source.
"""

from __future__ import annotations

import re

from audit.adapters import _text
from audit.adapters.pgbackrest import _info, _log
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "runs"

_INFO = re.compile(rb'\s*\[\s*\{[\s\S]*?(?:"lock"\s*:\s*\{\s*"backup"\s*:\s*\{\s*"held"|"backrest"\s*:\s*\{\s*"format")')
_INFO_TEXT = re.compile(rb"stanza: [^\r\n]+\r?\n\s*status: (?:ok|error|mixed)")
_LOG = _text.LineStarts(rb"-+PROCESS START-+\r?$", rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} P\d\d +[A-Z]+: ")


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """A JSON array of stanzas, or text with pgBackRest's line heads."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    if head.lstrip()[:1] == b"[":
        return bool(_INFO.match(head))
    return bool(_INFO_TEXT.match(head) or _LOG.search(head))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read a catalog or a log. Raises `InputError` when it is no text, or JSON that cannot be read."""
    text = _text.decode(envelope.name or envelope.tool, payload)
    return _info.read(payload, envelope) if text.lstrip()[:1] == "[" else _log.read(text, payload, envelope)
