"""Logs: what the processes of a log file, or of one command's output, did."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from audit.adapters import _command, _console, _listing, _records
from audit.adapters._typed import shown
from audit.adapters.pgbackrest._info import repository
from audit.model.envelope import Envelope, time_text
from audit.model.facts import Facts

KINDS = {"backup": "backup", "expire": "prune", "restore": "restore", "verify": "verify"}
"""Commands that are runs, and the kind of run each one is."""

WITHOUT_FACTS = frozenset(
    {
        "annotate",
        "archive-get",
        "archive-push",
        "check",
        "help",
        "info",
        "manifest",
        "server",
        "server-ping",
        "start",
        "stop",
        "version",
    }
    | {f"repo-{act}" for act in ("create", "get", "ls", "put", "rm")}
    | {f"stanza-{act}" for act in ("create", "delete", "upgrade")}
)
"""Every other command that pgBackRest has: `check` looks at the configuration and archives a WAL file, it reads no backup."""

ENDS = {"completed successfully": "success", "aborted with exception": "failed", "terminated on signal": "cancelled"}
"""What stands behind "command end:"."""

VERIFIED = {"valid": "success", "invalid": "failed", "manifest missing": "failed", "in-progress": None}
"""What verify says of a backup. One that is in progress says nothing yet."""

METHODS = {"F": "full", "D": "differential", "I": "incremental"}
"""The last letter of a label."""

_HEAD = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+) P\d+ +(INFO|WARN|ERROR|DETAIL|DEBUG|TRACE|ASSERT): (.*)")
_BEGIN = re.compile(r"([a-z-]+) command begin ([0-9][^ :]*): ?(.*)")
_END = re.compile(r"([a-z-]+) command end: ([a-z ]+?)(?: \[([^\]]*)\]| \(\d+ms\))?$")
_LABEL = re.compile(r"[0-9]{8}-[0-9]{6}F(?:_[0-9]{8}-[0-9]{6}[DI])?")
_MADE = re.compile(rf"new backup label = ({_LABEL.pattern})")
_BEFORE = re.compile(rf"last backup label = ({_LABEL.pattern}),")
_REMOVED = re.compile(rf"(?:repo(\d+): )?remove expired backup ({_LABEL.pattern})$")
_RESTORED = re.compile(rf"(?:repo(\d+): )?restore backup set ({_LABEL.pattern})(?:,|$)")
_RESULT = re.compile(rf"\s*backup: ({_LABEL.pattern}), status: ([a-z -]+), total files checked: \d+")
_OPTION = re.compile(r"--(repo(\d+)-[a-z0-9-]+|[a-z][a-z0-9-]*)(?:=(.*))?", re.DOTALL)
_DAMAGE = re.compile(r"(?:invalid checksum|invalid size|file missing|missing|read error) '|invalid page checksum")


@dataclass(slots=True)
class _Process:
    line: int
    command: str
    begun: str | None = None
    ended: str | None = None
    end: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    label: str | None = None
    before: str | None = None
    restored: tuple[str | None, str] | None = None
    removed: list[tuple[str | None, str, str | None, int]] = field(default_factory=list)
    verified: dict[str, tuple[str, int]] = field(default_factory=dict)
    whole: str | None = None
    damaged: bool = False
    reason: str | None = None

    @property
    def id(self) -> str | None:
        """The same in a log file and on the console, where there is one."""
        given = self.options.get("exec-id")
        return f"{self.command}:{given}" if given else None

    @property
    def key(self) -> str:
        """The repository that is used: the one that was asked for, else the first."""
        return self.options.get("repo") or min(self.keys, key=int, default="1")


def read(text: str, payload: bytes, envelope: Envelope) -> Facts:
    """Read all processes of a log."""
    console = _console.Console(envelope, payload, envelope.name or envelope.tool, text, _console.lines(text))
    processes = _processes(console)
    points: list[dict[str, str | None]] = []
    runs: list[dict[str, str | None]] = []
    for place, process in enumerate(processes):
        if process.command not in KINDS:
            if process.command not in WITHOUT_FACTS:
                console.fault(
                    f"{shown(process.command)} is no command that is known",
                    "report it, with the version of pgBackRest",
                    process.line,
                )
            continue
        if "dry-run" in process.options:
            console.warn("a dry run: it removed nothing", "", process.line, "command")
            continue
        outcome = _outcome(process, console, last=place == len(processes) - 1)
        if outcome is None:
            continue
        runs += _runs(process, outcome, console)
        points += _points(process, outcome, envelope)
    made = console.typed("run", runs)
    log = None
    if any(process.command == "backup" for process in processes):
        log = _listing.job_log(made, envelope)
    found = console.typed("recovery_point", points).with_columns(basis=pl.lit("job"))
    return _records.assembled(envelope, console.faults, found, made, log)


def _processes(console: _console.Console) -> list[_Process]:
    """Tell the processes of a log apart, each with what its lines said."""
    processes: list[_Process] = []
    now: _Process | None = None
    lost = False
    for line, text in console.lines:
        head = _HEAD.match(text)
        at, level, said = (head[1], head[2], head[3]) if head else (None, None, text)
        if level in ("DETAIL", "DEBUG", "TRACE"):
            continue
        if head and (begin := _BEGIN.match(said)):
            now = _begun(line, begin, at)
            processes.append(now)
            continue
        if not head and not processes and now is None and said.startswith("stanza: "):
            now = _printed(said.removeprefix("stanza: ").strip(), line, console)
            if now is None:
                break
            processes.append(now)
            continue
        if now is None:
            if not lost and head:
                console.fault("the beginning of this run is missing: it was not read", "ingest the whole log", line)
                lost = True
            continue
        if head and (end := _END.match(said)) and end[1] == now.command:
            now.ended, now.end = at, end[2]
            now = None
            continue
        _said(now, said, at, line, error=level == "ERROR" or (head is None and said.startswith("ERROR: ")))
    if not processes and not lost and not console.faults:
        console.fault("this is no output of pgBackRest that is known", "ingest info --output=json, or the log of a command")
    return processes


def _begun(line: int, begin: re.Match[str], at: str | None) -> _Process:
    process = _Process(line, begin[1], at)
    try:
        words = shlex.split(begin[3])
    except ValueError:  # an unclosed quote
        words = begin[3].split()
    for word in words:
        if option := _OPTION.fullmatch(word):
            process.options[option[1]] = option[3] or ""
            if option[2]:
                process.keys.add(option[2])
    return process


def _printed(stanza: str, line: int, console: _console.Console) -> _Process | None:
    """The text that verify prints, alone: its times are the envelope's. That of info is indented."""
    second = console.lines[1][1] if len(console.lines) > 1 else ""
    envelope = console.envelope
    if not second.startswith("status: "):
        console.fault("info as text is not read: its times have no zone, its sizes are rounded", "use info --output=json", line)
        return None
    process = _Process(line, "verify", options={"stanza": stanza})
    process.begun = time_text(envelope.started_at) if envelope.started_at else None
    at = envelope.finished_at or envelope.observed_at
    process.ended, process.end = (time_text(at) if at else None), "completed successfully"
    return process


def _said(process: _Process, said: str, at: str | None, line: int, *, error: bool) -> None:
    """Take what one line says of its process."""
    if error:
        process.reason = process.reason or said.removeprefix("ERROR: ")
    elif process.command == "backup":
        if made := _MADE.match(said):
            process.label = made[1]
        elif before := _BEFORE.match(said):
            process.before = before[1]
        process.damaged = process.damaged or bool(_DAMAGE.match(said.removeprefix("WARN: ")))
    elif process.command == "expire" and (removed := _REMOVED.match(said)):
        process.removed.append((removed[1], removed[2], at, line))
    elif process.command == "restore" and (restored := _RESTORED.match(said)):
        process.restored = (restored[1], restored[2])
    elif process.command == "verify":
        stripped = said.strip()
        if stripped.startswith("status: "):
            process.whole = stripped.removeprefix("status: ")
        elif result := _RESULT.match(said):
            process.verified[result[1]] = (result[2], line)
        process.damaged = process.damaged or bool(_DAMAGE.match(stripped))


def _outcome(process: _Process, console: _console.Console, *, last: bool) -> str | None:
    """Return how a process ended; None (and a fault) where what it says is not known."""
    if process.end is None:
        if not last or console.code not in (None, 0):
            process.reason = process.reason or "it has no end in the log: it was killed, or it crashed"
            return "failed"
        console.warn(
            "this run has no end in the log: it is taken as running",
            "ingest the log again when it has ended",
            process.line,
            "outcome",
        )
        return "running"
    if process.end not in ENDS:
        console.fault(
            f"{shown(process.end)} is no end of a command that is known",
            "report it, with the version of pgBackRest",
            process.line,
            "outcome",
        )
        return None
    return ENDS[process.end]


def _runs(process: _Process, outcome: str, console: _console.Console) -> Iterator[dict[str, str | None]]:
    """Make the runs of a process: one, or for a verify one for each backup."""
    envelope, command = console.envelope, process.command
    stanza = process.options.get("stanza")
    key = process.restored[0] if process.restored and process.restored[0] else process.key
    row: dict[str, str | None] = {
        "id": process.id or _command.run_id(command, envelope, console.raw, f"{stanza}:{process.begun}" if process.begun else None),
        "subject": stanza,
        "kind": KINDS[command],
        "started_at": process.begun,
        "finished_at": process.ended,
        "outcome": outcome,
        "repository": repository(envelope, key, process.keys | {key}),
        "message": process.reason,
        "locator": f"line {process.line}",
    }
    if command == "backup":
        # Also of a backup that failed after it had made its label: that info shows it is a contradiction.
        row["recovery_point"] = process.label
        row["method"] = METHODS[process.label[-1]] if process.label else None
        row["mode"] = "cold" if "no-online" in process.options else "hot"
        if outcome == "success" and process.damaged:
            row |= {"outcome": "warning", "message": "page checksums of the database do not match"}
    elif command == "expire":
        row["message"] = process.reason or f"{len(process.removed)} backups removed"
    elif command == "restore":
        row["recovery_point"] = process.restored[1] if process.restored else None
        row["coverage"] = "partial" if {"db-include", "db-exclude"} & set(process.options) else "full"
    elif outcome == "success":
        yield from _verified(row, process, console)
        return
    yield row


def _verified(row: dict[str, str | None], process: _Process, console: _console.Console) -> Iterator[dict[str, str | None]]:
    """Verify ends well whatever it found: what it found is in what it printed."""
    whole = process.whole in (None, "ok")
    for label, (status, line) in process.verified.items():
        if status not in VERIFIED:
            console.fault(
                f"{shown(status)} is no status of a verified backup that is known",
                "report it, with the version of pgBackRest",
                line,
                "status",
            )
            continue
        found = VERIFIED[status]
        if found is None:
            continue
        message = (
            f"the backup is {status}"
            if whole or found == "failed"
            else "the backup is valid, but other files of the repository are not"
        )
        yield row | {
            "id": f"{row['id']}:{label}",
            "recovery_point": label,
            "outcome": found if whole or found == "failed" else "warning",
            "coverage": "full",
            "message": message,
            "locator": f"line {line}",
        }
    if process.verified:
        return
    if process.damaged or not whole:
        yield row | {"outcome": "failed", "message": "invalid files were found"}
    else:
        yield row | {"outcome": "warning", "message": "verify printed no result (use --output=text): nothing says what it read"}


def _points(process: _Process, outcome: str, envelope: Envelope) -> Iterator[dict[str, str | None]]:
    """Tell of the point that a backup made, of those that expire removed, and of those that verify found damaged."""
    base: dict[str, str | None] = {"subject": process.options.get("stanza"), "locator": f"line {process.line}"}
    if outcome != "success":
        return
    if process.label:
        full = process.label.endswith("F")
        yield base | {
            "id": process.label,
            "repository": repository(envelope, process.key, process.keys),
            "method": METHODS[process.label[-1]],
            "captured_at": process.begun,
            "available_at": process.ended,
            "base": None if full else process.before,
            "self_contained": "true" if full else "false",
            "integrity": "corrupt" if process.damaged else None,
            "checked_at": process.ended if process.damaged else None,
        }
    for key, label, at, line in process.removed:
        name = repository(envelope, key or process.key, process.keys)
        yield base | {
            "id": label,
            "repository": name,
            "method": METHODS[label[-1]],
            "deleted_at": at,
            "locator": f"line {line}",
        }
    for label, (status, line) in process.verified.items():
        if VERIFIED.get(status) == "failed":
            name = repository(envelope, process.key, process.keys)
            damage = {"integrity": "corrupt", "checked_at": process.ended}
            yield base | {"id": label, "repository": name, "method": METHODS[label[-1]], **damage, "locator": f"line {line}"}
