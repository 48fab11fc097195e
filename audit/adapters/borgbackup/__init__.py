r"""BorgBackup: archive listings, create, check, extract, prune, delete and compact, as JSON or text, of borg 1.1 to 1.4.

Formats read: `list --json` (also with `--format`), `info --json` (of one archive or of several), `create --json`, and the logs of
`create`, `check`, `extract`, `prune`, `delete` and `compact`, as JSON lines (`--log-json`) or text, with `--show-rc` best. The text of
`list` and `info` is refused: whether it was cut off cannot be seen. `init`, `config`, `diff`, `--version` and `info --json` of a
repository alone are recognised and carry no facts; names of files never become facts. Of borg 2, `repo-list --json` and `info --json`
are read, being the same documents; its logs are not known here.

Point: id = the full archive id. Subject = the series: the archive's name without its last timestamp and the separators before it
(`mail-2026-11-23T13:55:48` is `mail`, `web-01-20261123-0230` is `web-01`, `mail-monthly-2026-10` is `mail-monthly`); that is what
stands in `subjects` of assets.yaml. Counters stay (`mail-text-1`), because `web-1` and `web-2` may as well be two machines. A name
that is only a timestamp belongs to the series named as the repository. The host name is no part of the subject: `list` does not know
it, and an archive must have one subject. Hosts whose archives share a series are told with a warning, where the host is known.

Chains: none. Every archive restores alone, whatever it shares with others inside the repository: method is `full` and
self_contained is true. (`snapshot` would claim the state of one instant; borg reads while files change.)

Time semantics: times are naive, on the wall clock of the machine that printed them: the source's time zone. borg cuts them to whole
seconds. captured_at = `start`, which `--timestamp` sets to anything (it is given in UTC, and printed in local time). available_at =
`end`, only where the archive's own command line is printed and names no `--timestamp`, that is in `info --json` and `create --json`;
else it is known from the run or from the first listing. Times of `--log-json` are seconds since 1970.

Proof of deletion: a complete listing that lacks an archive (`borg list` without filters); or the lines `Pruning archive` and `Deleting
archive` of `prune --list` and `delete --list` that ended with exit code 0 or a warning. Dry runs prove nothing. Checkpoints, which are
partial, are listed only with `--consider-checkpoints`: without it they seem to be gone.

Success: catalogs show no failure. A source that was missing, and a file that could not be read, give exit code 1 and an archive like
any other: such an archive is `partial`, and so is one without files and a checkpoint; none is ever called complete. Without exit code
a backup is a `warning`. `check` reads data only with `--verify-data`: only then its coverage is `full`. A check that could not begin
(lock, passphrase, no repository) is `cancelled`: it says nothing of the data. A check is a success where both its phases (repository,
archives) ended without problems, or its log has the line of exit code 0. A log that stops before its end is of a run that is still
running, whatever the envelope's exit code: in a phase of a check, without the line that `--show-rc` asks for, within the block of
`--stats`, in JSON, or in the midst of a line. An `extract` that was to name what it restores
(`-v --list`) and named nothing is a `warning`, though borg exits with 0: an empty archive restores without a complaint.

Encryption is the repository's mode; `authenticated` modes sign and do not encrypt.

What borg cannot show: retention and expiry, append-only, failed runs (no archive), whether an archive in a listing is partial, the
archive id that `extract` restored, the size of what was checked or restored, and that `recreate` or `import-tar` made an archive.

Tested against: output of borg 1.2 and 1.4, run for it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import polars as pl

from audit.adapters import _command, _output, _text
from audit.adapters._typed import shown
from audit.adapters.borgbackup._archives import listed
from audit.adapters.borgbackup._payload import BORGMATIC, FLAGS, MESSAGE_TYPES, VALUED, Payload, Said
from audit.adapters.borgbackup._runs import ran
from audit.model.envelope import Envelope
from audit.model.facts import Facts, frame

TESTED_AGAINST = "runs"
_JSON_HEAD = re.compile(
    rb'\s*\{\s*(?:"archives"\s*:\s*\[\s*(?:\{\s*"(?:archive|chunker_params|command_line)"\s*:|\]\s*,\s*"(?:cache|encryption)"\s*:)'
    rb'|"archive"\s*:\s*\{\s*"(?:command_line|chunker_params|duration)"\s*:'
    rb'|"cache"\s*:\s*\{\s*"(?:path|stats)"\s*:'
    rb'|"(?:changes"\s*:\s*\[[^\n]*"path"|path"\s*:\s*"[^\n]*"changes")\s*:)'
)
_LOG_HEAD = _text.LineStarts(
    rb'\{(?:"[^"\n]*" ?: ?(?:"(?:[^"\\\n]|\\.)*"|[^]["\n,{}\s]+|\[[^]\n]*\]), ?)*"type" ?: ?'
    rb'"(?:log_message|file_status|progress_message|progress_percent|archive_progress|question_[a-z_]+)"'
)
_TEXT_HEAD = _text.LineStarts(
    rb'terminating with (?:success|warning|error|signal|abnormal) status, rc \d|Creating archive at "|Archive fingerprint: [0-9a-f]{64}'
    rb"|Keeping archive \(rule: |Keeping archive: |Pruning archive(?: \(\d+/\d+\))?: |Would prune: |Deleting archive: |Deleted archive: "
    rb"|compaction freed about |Starting repository check|Starting archive consistency check|borg(?:\.exe)? \d+\.\d+"
    rb"|By default repositories initialized with this version |segments_per_dir = |[^\n]* \d\d:\d\d:\d\d(?: ?[+-]\d\d:?\d\d)? \[[0-9a-f]{64}\]$"
)
_UNREAD = re.compile(r".* \d\d:\d\d:\d\d(?: ?[+-]\d\d:?\d\d)? \[[0-9a-f]{64}\]|Hostname: ")
_NO_FACTS = re.compile(r"borg(?:\.exe)? \d+\.\d+|By default repositories initialized |segments_per_dir = ")


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """JSON with borg's keys, lines of its JSON log, or text with one of borg's sentences at the beginning of a line."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    if BORGMATIC.search(head):
        return False
    if head.lstrip()[:1] == b"{":
        return bool(_JSON_HEAD.match(head) or _LOG_HEAD.search(head))
    return bool(_TEXT_HEAD.search(head) or _LOG_HEAD.search(head))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read the output of one borg command. Raises `InputError` when it is no text at all."""
    where = envelope.name or envelope.tool
    output = _output.split(_text.decode(where, payload), where)
    given = Payload(envelope, _command.parse(envelope.command, "borg", FLAGS, VALUED), payload, where, faults=output.faults)
    given.broken = bool(output.faults)
    given.log = [Said(f"line {line}", text) for line, text in output.lines]
    listings, plain = [], False
    for line, value in output.values:
        if isinstance(value, dict) and isinstance(value.get("archives"), list):
            listings.append(value)
        elif isinstance(value, dict) and isinstance(value.get("archive"), dict):
            given.created.append((f"line {line}", value))
        elif isinstance(value, dict) and "type" in value:
            _logged(given, line, value)
        elif not isinstance(value, dict) or not ({"cache", "changes", "repository"} & set(value)):
            given.warn("this JSON value is of no command of borg that is known", "", f"line {line}", level="error")
        else:
            plain = True
    given.log.sort(key=lambda said: int(said.locator.removeprefix("line ")))
    facts = [listed(given, document) for document in listings]
    if not facts and not plain:
        facts.append(_log(given))
    return Facts(
        pl.concat([frame("recovery_point"), *(each.points for each in facts)]),
        pl.concat([frame("run"), *(each.runs for each in facts)]),
        pl.concat([frame("listing"), *(each.listings for each in facts)]),
        tuple(given.faults),
    )


def _logged(given: Payload, line: int, message: dict[str, Any]) -> None:
    """Take one line of `--log-json`."""
    kind, text = message["type"], message.get("message")
    if not isinstance(kind, str) or kind not in MESSAGE_TYPES:
        given.warn(
            f"{shown(kind)} is no type of message that is known",
            "report it, with the version of borg",
            f"line {line}",
            "type",
            "error",
        )
    elif kind == "file_status":
        given.statuses[str(message.get("status"))] += 1
    elif kind == "log_message" and isinstance(text, str):
        level, logger = (str(message.get(key) or "") for key in ("levelname", "name"))
        given.log.append(Said(f"line {line}", text, _moment(message.get("time")), level, logger))


def _moment(seconds: Any) -> datetime | None:
    """Read seconds since 1970."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < 2**36:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _log(given: Payload) -> Facts:
    """Read what is no listing: the log of a command, or text that carries no facts."""
    if given.log and any(_NO_FACTS.match(said.text) for said in given.log):
        return Facts()
    if not given.created and not _telling(given) and given.log and any(_UNREAD.match(said.text) for said in given.log):
        given.warn(
            "this is the text of borg list or borg info, which does not show whether it is whole: it was not read",
            "ingest borg list --json or borg info --json",
            given.log[0].locator,
            level="error",
        )
        return Facts()
    return ran(given)


def _telling(given: Payload) -> bool:
    """A log of prune and delete names archives as a listing does, but each line says what became of it."""
    return any(re.match(r"(?:Keeping|Pruning|Would|Delet)", said.text) for said in given.log)
