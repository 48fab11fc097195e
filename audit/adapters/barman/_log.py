"""barman.log, and what commands print on the console: backups, deletions, recoveries and verifications."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import polars as pl

from audit.adapters import _command, _console, _formats, _records, _text
from audit.adapters.barman._catalog import BACKUP_ID
from audit.model.envelope import Envelope, time_text
from audit.model.facts import Facts

_ID = BACKUP_ID.pattern
_LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(\d{3}) \[(\d+)\] (\S+) ([A-Z]+): (.*)")
_STARTING = re.compile(rf"Starting backup using \S+ method for server (\S+) in .*/({_ID})$")
_COMPLETED = re.compile(r"Backup completed \(start time: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d:\d\d)?), ")
_DELETING = re.compile(rf"Deleting backup ({_ID}) for server (\S+)$")
_DELETED = re.compile(rf"Deleted backup ({_ID}) \(start time: (.*?), elapsed")
_RESTORING = re.compile(rf"Starting (?:local|remote) restore for server (\S+) using backup ({_ID})$")
_RESTORED = re.compile(r"Recovery completed \(start time: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d:\d\d)?), ")
_VERIFYING = re.compile(r"Verifying backup '?([^' ]+)'? on server \[?'?([^'\]]+)'?\]?$")
_NEEDS = re.compile(r"Backup end at [A-Za-z ]+: \S+ \(([0-9A-F]{24}), ")
_WAL = re.compile(r"[0-9A-F]{24}")
_NAMES = re.compile(r"(?:\S+ \S+ \[\d+\] \S+ [A-Z]+: )?(?:Starting|Verifying|Deleting) ")
"""What begins a line that says what a process is about."""
_BEGINNINGS = ("Starting ", "Verifying ", "Deleting ", "Deleted ")
_LISTED = re.compile(rf"\S+ {_ID} - ")

SENTENCE = _text.LineStarts(
    rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \[\d+\] barman\.",
    rb"Starting backup using \S+ method for server ",
    rb"Verifying backup '[^']*' on server ",
    rb"Delet(?:ing|ed) backup \d{8}T\d{6} ",
    rb"Starting (?:local|remote) restore for server \S+ using backup ",
    rb"\S+ \d{8}T\d{6} - ",
    rb"Server \S+:\r?\n\tPostgreSQL: ",
)
"""What barman.log, and Barman on the console, write at the beginning of a line."""

_FLAGS = frozenset({"-q", "-d", "--wait", "-w", "--quiet", "--debug", "--immediate-checkpoint", "--no-immediate-checkpoint"})
_VALUED = frozenset({"-c", "--config", "-f", "--format", "--name", "--jobs", "-j", "--reuse-backup", "--wait-timeout", "--bwlimit"})


@dataclass(slots=True)
class _Process:
    """What one process (on the console the only one) is about. `told`: the line of its end; `needs`: the last WAL file that a backup needs; `arrived`: those that were archived."""

    line: int
    kind: str
    server: str | None = None
    backup: str | None = None
    began: str | None = None
    ended: str | None = None
    outcome: str | None = None
    message: str | None = None
    told: int = 0
    needs: str | None = None
    arrived: set[str] = field(default_factory=set)

    @property
    def point(self) -> str | None:
        """The id of the backup."""
        return f"{self.server}/{self.backup}" if self.server and self.backup else None


@dataclass(slots=True)
class _Story:
    console: _console.Console
    now: dict[str, _Process] = field(default_factory=dict)
    done: list[_Process] = field(default_factory=list)
    deleting: dict[tuple[str, str], str] = field(default_factory=dict)
    points: list[dict[str, str | None]] = field(default_factory=list)
    written: set[str] = field(default_factory=set)


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read a log or the output of one command."""
    console = _console.read(payload, envelope)
    story = _Story(console)
    known = False
    lines = console.lines
    if console.cut and lines and _NAMES.match(lines[-1][1]):
        lines = lines[:-1]  # half of what a process is about
    for line, text in lines:
        head = _LINE.match(text)
        known = known or head is not None
        if head:
            _take(story, line, head[6], head[5], head[3], f"{head[1]}.{head[2]}")
        else:
            level, sign, rest = text.strip().partition(": ")
            told = sign and level in ("ERROR", "WARNING", "CRITICAL")
            if not known:  # in a log, lines without a head continue the one before them
                _take(story, line, rest if told else text.strip(), level if told else "INFO", "", None)
    _read_times(story)
    for process in story.now.values():
        _unfinished(process, console, log=known)
        story.done.append(process)
    for process in story.done:
        _without_wal(process, console, log=known)
    if not known:
        _by_command(story)
    runs = console.typed("run", [_row(process, console, log=known) for process in story.done if process.outcome])
    points = console.typed("recovery_point", story.points)
    if not known and not (story.done or story.points or console.faults) and not SENTENCE.search(payload):
        console.fault("this is no output of Barman that is known", "ingest list-backups as JSON, or barman.log")
    return _records.assembled(envelope, console.faults, points.with_columns(basis=pl.lit("job")), runs)


def _take(story: _Story, line: int, said: str, level: str, pid: str, at: str | None) -> None:
    """Take what one line says of its process."""
    now = story.now.get(pid)
    if not said.startswith(_BEGINNINGS):
        if now is None:
            if not pid and _LISTED.match(said) and not story.console.faults:
                story.console.fault("a list as text is not read: its times have no zone", "use barman -f json list-backups", line)
        elif now.outcome not in ("failed", "success") or now.kind == "backup":
            _said(now, said, level, at, line)
    elif match := _STARTING.match(said):
        _begin(story, pid, _Process(line, "backup", match[1], match[2], at))
    elif match := _RESTORING.match(said):
        _begin(story, pid, _Process(line, "restore", match[1], match[2], at))
    elif match := _VERIFYING.match(said):
        _begin(story, pid, _Process(line, "verify", match[2], match[1] if BACKUP_ID.fullmatch(match[1]) else None, at))
    elif match := _DELETING.match(said):
        story.deleting[pid, match[1]] = match[2]
    elif match := _DELETED.match(said):
        _deleted(story, line, pid, match, at)


def _said(now: _Process, said: str, level: str, at: str | None, line: int) -> None:
    """Take what one line says of how a process goes on, or ended."""
    if now.kind == "backup" and (match := _COMPLETED.match(said)):
        now.began, now.ended, now.outcome, now.told = now.began or match[1], at, "success", line
    elif now.kind == "backup" and (match := _NEEDS.match(said)):
        now.needs = match[1]
    elif now.kind == "backup" and _WAL.fullmatch(said):
        now.arrived.add(said)
    elif now.kind == "backup" and "classified as WAITING_FOR_WALS" in said:
        # When it can be restored is not known: it has no end.
        now.outcome, now.message = "warning", "not all WAL files have arrived: it cannot be restored yet"
    elif now.kind == "restore" and (match := _RESTORED.match(said)):
        now.began, now.ended, now.outcome = now.began or match[1], at, "success"
    elif now.kind == "restore" and "IS NOT VALID" in said:
        now.outcome, now.message = "failed", "the backup that was restored is not valid: WAL files are missing"
    elif now.kind == "verify" and said == "backup successfully verified":
        now.ended, now.outcome = at, "success"
    elif level in ("ERROR", "CRITICAL") and now.outcome is None:
        now.ended, now.outcome, now.message = at, "failed", said


def _begin(story: _Story, pid: str, process: _Process) -> None:
    if before := story.now.get(pid):
        _unfinished(before, story.console, log=bool(pid))
        story.done.append(before)
    story.now[pid] = process


def _deleted(story: _Story, line: int, pid: str, match: re.Match[str], at: str | None) -> None:
    server = story.deleting.pop((pid, match[1]), None)
    if server is None:
        story.console.fault("nothing says of which server this backup was deleted", "ingest the whole log", line)
        return
    point = f"{server}/{match[1]}"
    story.written.add(match[2])
    story.points.append({"id": point, "subject": server, "deleted_at": at or match[2], "locator": f"line {line}"})
    story.done.append(_Process(line, "prune", server, match[1], match[2], at, "success"))


def _read_times(story: _Story) -> None:
    """Bring the times that deletions are told with (Mon Nov 23 14:11:48 2026) into the text that times are read from; all at once."""
    texts = pl.Series("written", sorted(story.written), dtype=pl.String)
    read_ = dict(zip(texts, _formats.normal(texts, ("%a %b %e %H:%M:%S %Y",), day_end=False), strict=True))
    for point in story.points:
        point["deleted_at"] = read_.get(point["deleted_at"] or "", point["deleted_at"])
    for process in story.done:
        if process.kind == "prune":
            process.began = read_.get(process.began or "", process.began) or process.ended


def _unfinished(process: _Process, console: _console.Console, *, log: bool) -> None:
    """Decide on a process whose end the text does not tell."""
    if console.code and not log:
        process.outcome, process.message = "failed", process.message or f"exit code {console.code}"
    elif process.outcome is None and log and process.kind == "restore":
        remedy = "ingest what the command printed, with its envelope"
        console.fault("barman.log does not tell how this recovery ended: it was not used", remedy, process.line, "outcome")
    elif process.outcome is None:
        process.outcome = "running" if log and process.kind != "verify" else "failed"
        process.message = "it has no end in the log" if log else "it did not say that it was completed"


def _without_wal(process: _Process, console: _console.Console, *, log: bool) -> None:
    """Claim less of a backup that was completed where nothing says that its WAL files arrived: that they are missing would stand below its end.

    barman.log goes on with other things then. The console names the files that it archives; where it does not name the last one that is needed, only the exit code and a text
    that was not cut off can tell.
    """
    if process.kind != "backup" or process.outcome != "success":
        return
    if log:
        whole = console.lines[:-1] if console.cut else console.lines
        arrived = any(line > process.told for line, _ in whole[-1:])
    else:
        arrived = process.needs in process.arrived if process.needs else console.code == 0 and not console.cut
    if not arrived:
        process.outcome, process.message = (
            "warning",
            "nothing says that all its WAL files have arrived: it may not be restorable yet",
        )


def _by_command(story: _Story) -> None:
    """A command that failed before it said what it was about: the envelope tells."""
    console = story.console
    command = _command.parse(console.envelope.command, "barman", _FLAGS, _VALUED)
    if (
        story.done
        or not command
        or not console.code
        or command.verb not in ("backup", "recover", "restore", "verify-backup", "verify")
    ):
        return
    kind = {"backup": "backup", "recover": "restore", "restore": "restore"}.get(command.verb, "verify")
    server = command.arguments[1] if command.sure and len(command.arguments) > 1 else None
    message = next((text.strip() for _, text in console.lines if text.startswith("ERROR: ")), f"exit code {console.code}")
    if kind == "backup" and message.startswith("ERROR: Backup failed"):
        # It had begun: under its own id, which stands on stdout and in list-backups. A second run would count one failure twice.
        console.warn("which backup failed does not stand here", "ingest stdout as well, or list-backups", console.lines[0][0])
        return
    story.done.append(_Process(console.lines[0][0], kind, server, outcome="failed", message=message.removeprefix("ERROR: ")))


def _row(process: _Process, console: _console.Console, *, log: bool) -> dict[str, str | None]:
    """Make a run of a process. On the console the times are the envelope's, but for deletions, of which there may be several."""
    envelope = console.envelope
    began, ended = process.began, process.ended
    if not log and process.kind != "prune":
        began = time_text(envelope.started_at) if envelope.started_at else began
        ended = time_text(envelope.finished_at) if envelope.finished_at else ended
    if process.kind == "backup" and process.outcome == "warning":
        ended = None
    verb = {"prune": "delete"}.get(process.kind, process.kind)
    unique = process.kind in ("backup", "prune") and process.point
    fallback = f"{process.point or process.server}:{began}" if began else None
    named = process.kind in ("restore", "verify") or (process.kind == "backup" and process.outcome in ("success", "warning"))
    if unique:
        id_ = f"{verb}:{process.point}"
    elif log:
        id_ = f"{verb}:{fallback}"
    else:
        id_ = _command.run_id(verb, envelope, console.raw, fallback)
    return {
        "id": id_,
        "subject": process.server,
        "kind": process.kind,
        "mode": "hot" if process.kind == "backup" else None,
        "started_at": began,
        "finished_at": ended,
        "outcome": process.outcome,
        "recovery_point": process.point if named else None,
        "coverage": "full" if process.kind == "restore" else None,
        "message": process.message,
        "locator": f"line {process.line}",
    }
