"""rclone: runs of copy, sync and check from its log, as JSON lines or text.

Formats read: `--use-json-log` (1.60 to 1.75, also where the last line is plain text), the text log, one command a payload or a log file with many JSON runs behind one another.
`lsjson` is known and carries no facts: it lists files of now, and files are no recovery points.

Point: none. A destination is a mirror: the next sync replaces what it held, and what `--backup-dir` keeps are pieces. A run of copy or sync is a backup of its source
path, and its state counts only for the source's `trust_jobs_for`: declare no more than the interval of the runs. Declare a destination that mirrors another repository as `mirror_of`.

Time semantics: JSON times carry their offset, text times are local. A run began at the time of its last summary less the elapsed time in it; the envelope's times go first.

Proof of deletion: none, as there is no catalog.

Success: exit code 0 (or 9: there was nothing to transfer) and no errors in the summary. Without an exit code a run without errors is a warning: rclone prints a summary in between, too.
A command that reads from the envelope's repository (`repository` written as in the command, such as `remote:path`) is a restore. A check compares sizes and hashes, and remote
storage answers with hashes it has stored: only `--download` reads all data.

What rclone cannot show: retained versions, expiry, immutability, encryption, chains.

Tested against: files made by running rclone 1.60; the final line of 1.75 from its documentation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from audit.adapters import _command, _console, _json, _records, _text, _time
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "runs"

EXIT_CODES = {0: "success", 9: "success"}
"""0: done; 9: done, and nothing was transferred. Every other one that rclone documents (1 to 8, 10) is a failure or a run that a limit stopped."""

VERBS = {"copy": "backup", "copyto": "backup", "sync": "backup", "check": "verify", "cryptcheck": "verify"}
"""Commands that are runs, and the kind of each; of those that copy, one that reads from the repository is a restore."""

WITHOUT_FACTS = {
    "move",
    "moveto",
    "bisync",
    "ls",
    "lsd",
    "lsf",
    "lsjson",
    "lsl",
    "size",
    "delete",
    "purge",
    "mkdir",
    "rmdir",
    "dedupe",
    "mount",
    "serve",
}
"""Commands that are known, and no runs that count: after a move there is still one copy."""

LEVELS = {"debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"}
"""Levels of a JSON log; those from error on tell of something that was not done."""

_JSON = re.compile(rb'\s*\{(?=[^\n]*"level"\s*:\s*"[a-z]+")(?=[^\n]*"source"\s*:\s*"[^"\n]*\.go:\d+")[^\n]*"msg"\s*:')
_TEXT = _text.LineStarts(
    rb"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d+)? (?:DEBUG|INFO|NOTICE|ERROR|CRITICAL) *: ",
    rb"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d Failed to (?:copy|sync|move|check)",
)
_LSJSON = re.compile(rb'\s*\[\s*\{\s*"Path"\s*:[^\n]*"Name"\s*:[^\n]*"Size"\s*:[^\n]*"ModTime"\s*:')
_LINE = re.compile(r"(\d{4})/(\d\d)/(\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) (?:(DEBUG|INFO|NOTICE|ERROR|CRITICAL) *: )?(.*)")
_FAILED = re.compile(r"(?:Failed to|Fatal error)\b")
_CHECKED = re.compile(
    r"(?<!\d)\d{1,18} (?:differences found|matching files)|Using \S{1,40} for hash comparisons|No common hash found"
)
_ERRORS = re.compile(r"Errors: +(\d+)")
_NEAR = timedelta(seconds=2)

_VALUED = frozenset(
    {
        "--config",
        "--log-file",
        "--log-format",
        "--log-level",
        "--stats",
        "--stats-log-level",
        "--backup-dir",
        "--suffix",
        "--combined",
        "--retries",
        "--transfers",
    }
    | {
        "--checkers",
        "--bwlimit",
        "--filter",
        "--filter-from",
        "-f",
        "--include",
        "--include-from",
        "--exclude",
        "--exclude-from",
        "--files-from",
        "--max-age",
    }
    | {
        "--min-age",
        "--max-size",
        "--min-size",
        "--max-transfer",
        "--max-duration",
        "--missing-on-src",
        "--missing-on-dst",
        "--match",
        "--differ",
        "--error",
    }
    | {
        "--compare-dest",
        "--copy-dest",
        "--max-delete",
        "--low-level-retries",
        "--timeout",
        "--contimeout",
        "--tpslimit",
        "--drive-chunk-size",
    }
)
_FLAGS = frozenset(
    {
        "--use-json-log",
        "-v",
        "-q",
        "-n",
        "-P",
        "-c",
        "-u",
        "-i",
        "-I",
        "--verbose",
        "--quiet",
        "--dry-run",
        "--progress",
        "--checksum",
        "--update",
        "--interactive",
    }
    | {
        "--fast-list",
        "--immutable",
        "--size-only",
        "--one-way",
        "--download",
        "--delete-after",
        "--delete-before",
        "--delete-during",
        "--delete-excluded",
    }
    | {
        "--ignore-existing",
        "--ignore-errors",
        "--ignore-times",
        "--track-renames",
        "--create-empty-src-dirs",
        "--links",
        "-l",
        "--copy-links",
        "-L",
    }
    | {"--error-on-no-transfer", "--no-traverse", "--metadata", "-M", "--server-side-across-configs", "--s3-no-check-bucket"}
)
_SOME = (
    "--filter",
    "--filter-from",
    "-f",
    "--include",
    "--include-from",
    "--exclude",
    "--exclude-from",
    "--files-from",
    "--max-age",
    "--min-age",
    "--max-size",
    "--min-size",
)


@dataclass(slots=True)
class _Run:
    """What a stretch of lines says: `began` and `ended` of its summary, its numbers, and whether it failed."""

    line: int
    began: datetime | None = None
    ended: datetime | None = None
    stats: dict[str, Any] = field(default_factory=dict)
    errors: int = 0
    failed: bool = False
    checked: bool = False
    dry: bool = False


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """JSON lines with a line of rclone's source, its text log, or lsjson."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    return bool(_JSON.match(head) or _LSJSON.match(head) or (head.lstrip()[:1] != b"{" and _TEXT.search(head)))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read a log. Raises `InputError` when it is no text."""
    console = _console.read(payload, envelope)
    if console.lines[0][1].lstrip().startswith("["):
        if not _LSJSON.match(payload.removeprefix(b"\xef\xbb\xbf")):
            console.fault("this is no output of rclone that is known", "ingest the log of a command")
        return _records.assembled(envelope, console.faults)
    runs = _runs(console)
    command = _command.parse(envelope.command, "rclone", _FLAGS, _VALUED)
    verb = _verb(command)
    if verb in WITHOUT_FACTS:
        console.warn(f"rclone {verb} is no run that counts", "", 1, "command")
        return _records.assembled(envelope, console.faults)
    rows = [row for run in runs if (row := _row(run, console, command, verb, alone=len(runs) == 1))]
    made = console.run("rclone", "backup").clear()
    for row in rows:
        verb, kind = row.pop("verb"), row.pop("kind")
        made.extend(console.run(verb, kind, row.pop("fallback"), **row))
    return _records.assembled(envelope, console.faults, runs=made)


def _verb(command: _command.Command | None) -> str | None:
    """Return the command's verb; behind options that are not known the first word that is one."""
    words = command.arguments if command else ()
    return next((word for word in words[: 1 if command and command.sure else None] if word in VERBS or word in WITHOUT_FACTS), None)


def _runs(console: _console.Console) -> list[_Run]:
    """Tell the runs apart: those whose summaries say that they began at the same time are one."""
    found: list[_Run] = []
    now = _Run(console.lines[0][0])
    known = False
    for line, text in console.lines:
        if text.startswith("{"):
            message = _message(text, line, console)
            if message is None:
                continue
            known = True
            stats = message.get("stats")
            if isinstance(stats, dict):
                began, ended = _when(message.get("time"), stats.get("elapsedTime"))
                if now.stats and now.began and began and abs(began - now.began) > _NEAR:
                    found.append(now)
                    now = _Run(line)
                now.stats, now.began, now.ended = stats, began, ended
            _said(now, str(message.get("msg", "")), str(message.get("level", "")))
        elif match := _LINE.match(text):
            known = True
            _said(now, match[6], (match[5] or "").lower())
            _timed(now, match, console)
        elif errors := _ERRORS.match(text.strip()):
            now.errors = max(now.errors, int(errors[1]))
    if not known:
        console.fault("this is no output of rclone that is known", "ingest the log of a command")
        return []
    if found and not now.stats:  # lines behind the last summary belong to its run
        found[-1].failed = found[-1].failed or now.failed
        return found
    return [*found, now]


def _message(text: str, line: int, console: _console.Console) -> dict[str, Any] | None:
    if '"level":"info"' in text and '"stats"' not in text and '"objectType"' in text and text.endswith("}"):
        return {}  # one file that was done: by far the most lines
    try:
        message = _json.loads(text)
    except ValueError as error:
        console.fault(f"this line was not read: {error}", "ingest the whole log", line)
        return None
    if not isinstance(message, dict) or str(message.get("level")) not in LEVELS:
        console.fault("this line is of no level that rclone has", "report it, with the version of rclone", line, "level")
        return None
    return message


def _said(run: _Run, said: str, level: str) -> None:
    if level in ("error", "critical", "alert", "emergency"):
        run.errors += 1
    run.failed = run.failed or (bool(_FAILED.match(said)) and level in ("", "critical", "alert", "emergency"))
    run.checked = run.checked or bool(_CHECKED.search(said))
    run.dry = run.dry or "--dry-run is set" in said


def _when(time: Any, elapsed: Any) -> tuple[datetime | None, datetime | None]:
    try:
        ended = _time.instant(str(time))[0]
        return (ended - timedelta(seconds=float(elapsed)) if isinstance(elapsed, int | float) else None), ended
    except (ValueError, OverflowError):
        return None, None


def _timed(run: _Run, match: re.Match[str], console: _console.Console) -> None:
    """Lines of text: the first and the last tell when it ran, in the zone of the source."""
    try:
        at = _time.instant(f"{match[1]}-{match[2]}-{match[3]}T{match[4]}", console.envelope.timezone)[0]
    except ValueError:
        return
    if not run.stats:
        run.began, run.ended = run.began or at, at


def _row(
    run: _Run, console: _console.Console, command: _command.Command | None, verb: str | None, *, alone: bool
) -> dict[str, Any] | None:
    """Make the fields of a run."""
    envelope = console.envelope
    if run.dry or (command and command.has("-n", "--dry-run")):
        console.warn("a dry run: it copied nothing", "", run.line, "command")
        return None
    verb = verb or ("check" if run.checked else "copy")
    kind = VERBS[verb]
    paths = command.arguments[1:3] if command and command.sure else ()
    if kind == "backup" and paths and envelope.repository and _inside(paths[0], envelope.repository):
        kind = "restore"
    counted = run.stats.get("errors")
    errors = counted if isinstance(counted, int) and counted else run.errors
    code = console.code if alone else None
    if run.failed or errors or (code is not None and code not in EXIT_CODES):
        outcome, message = "failed", f"errors: {errors}" if errors else f"exit code {code}" if code else "it failed"
    elif code is not None:
        outcome, message = "success", None
    else:
        outcome, message = "warning", "no exit code: nothing says that it was completed"
    size = run.stats.get("bytes")
    coverage = "partial" if command and command.has(*_SOME) else None
    if kind == "verify" and command and coverage is None:
        coverage = "full" if command.has("--download") else "partial" if command.has("--size-only") else None
    elif kind == "restore":
        coverage = coverage or "full"
    return {
        "verb": verb,
        "kind": kind,
        "fallback": run.began.isoformat() if run.began and not alone else None,
        "subject": paths[0] if paths and kind != "restore" else envelope.source,
        "method": "full" if kind == "backup" else None,
        "started_at": (envelope.started_at if alone else None) or run.began,
        "finished_at": (envelope.finished_at if alone else None) or run.ended,
        "outcome": outcome,
        "repository": envelope.repository or (paths[1] if len(paths) > 1 else None),
        "bytes": size if isinstance(size, int) and 0 <= size < 2**63 and kind != "verify" else None,
        "coverage": coverage,
        "message": message,
        "locator": f"line {run.line}",
    }


def _inside(path: str, repository: str) -> bool:
    return path.rstrip("/") == repository.rstrip("/") or path.startswith(repository.rstrip("/") + "/")
