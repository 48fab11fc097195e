r"""restic: snapshot listings, backup, check, restore, copy and forget, as JSON or text, of restic 0.14 to 0.18.

Formats read: `snapshots --json` (also grouped), `forget --json` (with prune's text behind it), the JSON lines and the text of
`backup`, `check`, `restore` and `copy`, and the stderr of commands that failed. `stats`, `version`, `init`, `ls`, `find`, `cat
config`, `diff`, `tag` and `key list` are recognised and carry no facts; names of files never become facts.

Point: id = the full snapshot id; subject = `hostname:` and the sorted paths joined by `,` (tags are no part of it: they can be
changed later). Every snapshot is self-contained and encrypted; `parent` is only a hint for speed, so there are no chains.

Time semantics: times carry their offset. captured_at = summary.backup_start where there is a summary (restic 0.17+), because
`--time` back-dates `time`; else `time`, the start of the backup. available_at = summary.backup_end, but not for snapshots with an
`original` (copies, and those that `tag` or `rewrite` renamed): their summary is the original's, and when they appeared only
listings show. A snapshot's original is its `copy_of`; where `tag` or `rewrite` set it, no other repository holds that id, and it
means nothing.

Proof of deletion: a complete listing that lacks a snapshot; or `forget --json` whose envelope has the command, without `--dry-run`,
and exit code 0. A forget without its command cannot be told from a dry run and deletes nothing.

Success: only the exit code tells a full backup (0) from one that could not read everything (3): both print the same summary, and
both snapshots look alike in every listing. Without exit code a backup is a `warning`, where it told what it made. Output that stops
before its end (the summary, the snapshot saved, what check, verification or prune say last, the end of a line) is of a run that is
still running, whatever the exit code. One that failed names the snapshot that it
printed, if any: a listing that shows it contradicts it. Runs have no subject unless the command in
the envelope names `--host` and absolute paths.

What restic cannot show: retention and expiry, immutability, failed runs (no snapshot), media, and in listings of restic before 0.17
sizes and ends.

Tested against: output of restic 0.14 and 0.18, run for it.
"""

from __future__ import annotations

import re

import polars as pl

from audit.adapters import _command, _output, _text
from audit.adapters.restic._listings import listed
from audit.adapters.restic._payload import FLAGS, VALUED, Payload
from audit.adapters.restic._runs import SENTENCE, ran
from audit.model.envelope import Envelope
from audit.model.facts import Facts, frame

TESTED_AGAINST = "runs"
_JSON_HEAD = re.compile(
    rb'\s*\{(?:[^\n]*?"(?:message_type|struct_type)"\s*:\s*"|[^{]*"chunker_polynomial"\s*:'
    rb'|\s*"total_size"\s*:\s*\d+\s*,[^{]*"snapshots_count"\s*:)'
)
_LIST_HEAD = re.compile(
    rb'\s*\[\s*\{.*?(?:"tree"\s*:\s*"[0-9a-f]{64}"|"group_key"\s*:|"keep"\s*:\s*(?:\[|null)|"matches"\s*:\s*\[|"hits"\s*:|"userName"\s*:\s*"[^"]*"\s*,\s*"hostName"\s*:)',
    re.DOTALL,
)
_OTHER = re.compile(rb'\s*\{[^\n]*?"record"\s*:')


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """JSON with restic's keys, or text with one of restic's sentences at the beginning of a line."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    if head.lstrip()[:1] in (b"{", b"["):
        other = b'"record"' in head and _OTHER.match(head)
        return not other and bool(_JSON_HEAD.match(head) or _LIST_HEAD.match(head))
    return bool(SENTENCE.search(head))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read the output of one restic command. Raises `InputError` when it is no text at all."""
    where = envelope.name or envelope.tool
    output = _output.split(_text.decode(where, payload), where)
    given = Payload(envelope, _command.parse(envelope.command, "restic", FLAGS, VALUED), payload, where, faults=output.faults)
    given.lines = [(f"line {line}", text) for line, text in output.lines]
    facts = []
    for line, value in output.values:
        if isinstance(value, dict) and ("message_type" in value or "struct_type" in value):
            given.messages.append((f"line {line}", value))
        elif isinstance(value, list):
            facts.append(listed(given, value))
        elif not ({"chunker_polynomial", "total_size"} & set(value)):
            given.warn("this JSON object is of no command of restic that is known", "", f"line {line}", level="error")
    if given.messages or not output.values or any(text.startswith("Fatal: ") for _, text in given.lines):
        facts.append(ran(given))
    return Facts(
        pl.concat([frame("recovery_point"), *(each.points for each in facts)]),
        pl.concat([frame("run"), *(each.runs for each in facts)]),
        pl.concat([frame("listing"), *(each.listings for each in facts)]),
        tuple(given.faults),
    )
