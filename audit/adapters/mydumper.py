"""mydumper, and dumps by mariadb-dump and mysqldump: what a dump's own files and the programs' output say.

Formats read: mydumper's `metadata` file (0.10, and the later one with sections), the output or log file of mydumper and myloader, SQL files of mariadb-dump and mysqldump (of which only
the comments at the beginning and the end are read; head and tail of the file are enough), and their error output.

Point: id = `SUBJECT@START`, with the start as mydumper writes it in metadata and log alike; subject = the database that the command or the SQL file names, else the source. Every
dump is full and hot: there are no chains. A dump by mariadb-dump is a run, and its point is the run's.

Time semantics: local times without a zone, which must be declared. captured_at = the start, to which mydumper holds the state. An SQL file tells only when it was completed: its
start is the envelope's.

Proof of deletion: none, as there is no catalog.

Success: mydumper writes "Finished dump at" and exits with 0; metadata without it is a dump that still runs or broke off. An SQL file must end with "-- Dump completed":
after a failure there is a file, too. myloader says nothing when it succeeds: without an exit code its run is a warning, and while a thread has not ended, or where its text ends in the
midst of a line, its end is not known.

What they cannot show: expiry, immutability, encryption, verification, and whether a dump is still there.

Tested against: files made by running mydumper 0.10 and mariadb-dump 10.11; metadata of later versions from the documentation.
"""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from audit.adapters import _command, _console, _records, _text
from audit.model.envelope import Envelope
from audit.model.facts import Facts, frame

TESTED_AGAINST = "runs"

DUMPERS = ("mariadb-dump", "mysqldump")

_METADATA = re.compile(rb"\s*(?:# )?Started dump at: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\s*$", re.MULTILINE)
_LOG = _text.LineStarts(
    rb"\*\* Message: \d\d:\d\d:\d\d\.\d+: ",
    rb"\*\* \((?:mydumper|myloader):\d+\): ",
    rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[[A-Z]+\] - ",
)
_SQL = _text.LineStarts(rb"-- (?:MariaDB|MySQL) dump \d", rb"-- Dump completed(?: on \d{4}-\d\d-\d\d +\d{1,2}:\d\d:\d\d)?\s*\Z")
_TROUBLE = re.compile(rb"\s*(?:mariadb-dump|mysqldump): ")
_STARTED = re.compile(r"Started dump at: (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$")
_FINISHED = re.compile(r"Finished dump at: (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$")
_COMPLETED = re.compile(r"-- Dump completed(?: on (\d{4}-\d\d-\d\d) +(\d{1,2}):(\d\d:\d\d))?$")
_DATABASE = re.compile(r"-- Host: .*?\s+Database: (.*)$")
_RESTORING = re.compile(r"Thread \d+ restoring `([^`]+)`\.`")
_THREADS = re.compile(r": (\d{1,9}) threads created$")
_THREAD_ENDS = re.compile(r"Thread \d+ shutting down$")
_ERROR = re.compile(r"^\*\* \(\w+:\d+\): (?:CRITICAL|ERROR|WARNING) \*\*: [\d:.]+: (.*)|^\S+ \S+ \[(?:ERROR|CRITICAL)\] - (.*)")
_HEAD_LINES, _TAIL_LINES = 60, 60

_VALUED = {
    "mydumper": "-B --database -o --outputdir -T --tables-list -O --omit-from-file -h --host -u --user -p --password -P --port -S --socket -t --threads -v --verbose "
    "-L --logfile -x --regex -F --chunk-filesize -r --rows -s --statement-size -l --long-query-guard",
    "myloader": "-d --directory -B --database -s --source-db -T --tables-list -h --host -u --user -p --password -P --port -S --socket -t --threads -v --verbose "
    "-q --queries-per-transaction -L --logfile -x --regex",
}
_FLAGS = {
    "mydumper": "-c --compress -e --build-empty-files -k --no-locks -m --no-schemas -d --no-data -G --triggers -E --events -R --routines -W --no-views "
    "--trx-consistency-only --less-locking -D --daemon",
    "myloader": "-o --overwrite-tables -e --enable-binlog",
}
_SOME = {
    "mydumper": ("-T", "--tables-list", "-O", "--omit-from-file", "-x", "--regex", "-d", "--no-data", "-m", "--no-schemas"),
    "myloader": ("-T", "--tables-list", "-s", "--source-db", "-x", "--regex"),
}
"""Options with which not everything is dumped or loaded."""


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """Metadata, a log, an SQL file with its comments, or an error."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    return bool(_METADATA.match(head) or _TROUBLE.match(head) or _LOG.search(head) or _SQL.search(head))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read one file or output. Raises `InputError` when it is no text."""
    console = _console.read(payload, envelope)
    head = payload.removeprefix(b"\xef\xbb\xbf")
    if _METADATA.match(head):
        return _metadata(console)
    if _SQL.search(head[:20_000]) or _SQL.search(head[-20_000:]) or _TROUBLE.match(head):
        return _dumped(console)
    return _logged(console)


def _dated(match: re.Match[str] | None) -> str | None:
    return f"{match[1]}T{match[2]}" if match else None


def _found(console: _console.Console, pattern: re.Pattern[str]) -> re.Match[str] | None:
    return next((match for _, text in console.lines if (match := pattern.search(text))), None)


def _subject(console: _console.Console, command: _command.Command | None) -> str | None:
    named = command.values("-B", "--database") if command else ()
    return named[-1] if named else console.envelope.source


def _metadata(console: _console.Console) -> Facts:
    envelope = console.envelope
    command = _command.parse(envelope.command, "mydumper", _FLAGS["mydumper"].split(), _VALUED["mydumper"].split())
    started, finished = _found(console, _STARTED), _found(console, _FINISHED)
    subject = _subject(console, command)
    assert started is not None
    id_ = f"{subject}@{_dated(started)}"
    row = {"subject": subject, "method": "full", "locator": "line 1"}
    if finished is None:
        run = {**row, "id": f"dump:{id_}", "kind": "backup", "mode": "hot", "started_at": _dated(started), "outcome": "running"}
        run["message"] = "its metadata does not tell that it was finished"
        return _records.assembled(envelope, console.faults, runs=console.typed("run", [run]))
    point = {**row, "id": id_, "captured_at": _dated(started), "available_at": _dated(finished), "self_contained": "true"}
    if command and command.has(*_SOME["mydumper"]):
        point["completeness"] = "partial"
    points = console.typed("recovery_point", [point]).with_columns(basis=pl.lit("catalog"))
    listing = {
        "source": envelope.source,
        "repository": envelope.repository,
        "listed_at": envelope.observed_at,
        "complete": False,
        "locator": "envelope",
    }
    return _records.assembled(envelope, console.faults, points, None, frame("listing", [listing]))


def _logged(console: _console.Console) -> Facts:
    envelope, texts = console.envelope, [text for _, text in console.lines]
    program = _program(console)
    if program is None:
        console.fault("nothing says which program wrote this", "give the command, its exit code and its times in the envelope", 1)
        return _records.assembled(envelope, console.faults)
    command = _command.parse(envelope.command, program, _FLAGS[program].split(), _VALUED[program].split())
    errors = [match[1] or match[2] for text in texts if (match := _ERROR.match(text))]
    partial = bool(command and command.has(*_SOME[program]))
    fields: dict[str, Any] = {"message": errors[0] if errors else None, "coverage": "partial" if partial else None}
    if program == "mydumper":
        started, finished = _found(console, _STARTED), _found(console, _FINISHED)
        subject = _subject(console, command)
        fields |= {"subject": subject, "method": "full", "mode": "hot"}
        fields["outcome"] = "success" if finished and not console.code and not errors else "failed"
        if finished and errors and console.code == 0:
            fields["outcome"] = "warning"
        if fields["outcome"] == "failed":
            fields["message"] = fields["message"] or (
                f"exit code {console.code}" if finished else "it did not tell that it was finished"
            )
        elif started:
            fields["recovery_point"] = f"{subject}@{_dated(started)}"
        run = _with_times(console, console.run("dump", "backup", **fields), _dated(started), _dated(finished))
    else:
        loaded = {match[1] for text in texts if (match := _RESTORING.search(text))}
        fields["subject"] = loaded.pop() if len(loaded) == 1 else envelope.source
        fields["coverage"] = "partial" if partial else "full" if command and command.sure else None
        silent = "no exit code: myloader does not tell whether it was completed"
        fields |= console.ended(errors, said=_loaded(texts), silent=silent)
        run = console.run("load", "restore", **fields)
    return _records.assembled(envelope, console.faults, runs=run)


def _loaded(texts: list[str]) -> bool | None:
    """Tell that a thread of myloader still works; that all have ended is not yet the end of the load."""
    begun = next((int(match[1]) for text in texts if (match := _THREADS.search(text))), 0)
    return False if sum(bool(_THREAD_ENDS.search(text)) for text in texts) < begun else None


def _program(console: _console.Console) -> str | None:
    texts = [text for _, text in console.lines]
    for program in ("mydumper", "myloader"):
        if any(text.startswith(f"** ({program}:") for text in texts):
            return program
    if _found(console, _STARTED):
        return "mydumper"
    if any(re.search(r": (?:Creating table|Thread \d+ restoring) `", text) for text in texts):
        return "myloader"
    return next(
        (program for program in ("mydumper", "myloader") if _command.parse(console.envelope.command, program, (), ())), None
    )


def _with_times(console: _console.Console, run: pl.DataFrame, started: str | None, finished: str | None) -> pl.DataFrame:
    """Without an envelope's times the text's own count, in the zone of the source."""
    if console.envelope.started_at is not None or not (started or finished):
        return run
    times = console.typed("run", [{"started_at": started, "finished_at": finished, "locator": "line 1"}])
    if times.is_empty():
        return run
    return run.with_columns(times["started_at"], pl.coalesce(run["finished_at"], times["finished_at"]), times["ambiguous"])


def _dumped(console: _console.Console) -> Facts:
    """An SQL file, or what the program complained of."""
    envelope = console.envelope
    first, last = console.lines[:_HEAD_LINES], console.lines[-_TAIL_LINES:]
    errors = [text.partition(": ")[2] for _, text in first if text.startswith(tuple(f"{name}: " for name in DUMPERS))]
    database = next((match[1].strip() for _, text in first if (match := _DATABASE.match(text))), "")
    completed = _COMPLETED.match(last[-1][1])
    fields: dict[str, Any] = {"subject": database or envelope.source, "method": "full", "mode": "hot"}
    if errors or console.code:
        fields |= {"outcome": "failed", "message": errors[0] if errors else f"exit code {console.code}"}
        if not database:
            fields["subject"] = None
    elif completed:
        fields["outcome"] = "success"
    else:
        fields |= {"outcome": "failed", "message": 'the file does not end with "-- Dump completed"'}
    run = console.run("dump", "backup", **fields)
    at = f"{completed[1]}T{int(completed[2]):02d}:{completed[3]}" if completed and completed[1] else None
    return _records.assembled(envelope, console.faults, runs=_with_times(console, run, None, at))
