"""BackupPC: the file `backups` of a host, and its monthly log, of BackupPC 3 and 4.

Formats read: `pc/HOST/backups` (tab-separated) and `pc/HOST/LOG.MMYYYY`. Neither names its host: give it as the payload's `scope`. Other lines of the log
(directories, reference counts, removals) carry no facts.

Point: id = `HOST/NUMBER`; subject = the host. In version 4 there are no chains: every backup restores alone, whatever it shares with later ones, because
removing one merges it into its neighbour; an incremental of version 3 needs an earlier one, which is not told here.

Time semantics: the file has seconds since 1970; the log is naive and local. captured_at = startTime, available_at = endTime.

Proof of deletion: a complete file `backups` of the host that lacks the number. Numbers of aborted backups vanish: they are used once.

Success: full and incr are backups that ended; bad files, bad shares and tar errors make them `partial`, other transfer errors only a `warning`. A `partial` is a
partial point (its run stands in the log as aborted), and `active` is a backup that is running.

What BackupPC cannot show: failed backups in the file, restores and verifies, expiry, immutability, encryption.

Tested against: output of BackupPC 4.4.0 with tar, made by running it; partial and active rows by their documentation.
"""

from __future__ import annotations

import re

import polars as pl

from audit.adapters import _records, _text, _whole
from audit.adapters._gathered import Gathered, Value
from audit.adapters._typed import typed
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "runs"

STATUSES = {"full": "full", "incr": "incremental", "partial": "partial", "active": "active"}
"""Every type in the file `backups`."""

_COLUMNS = (
    "num",
    "type",
    "startTime",
    "endTime",
    "nFiles",
    "size",
    "nFilesExist",
    "sizeExist",
    "nFilesNew",
    "sizeNew",
    "xferErrs",
    "xferBadFile",
    "xferBadShare",
    "tarErrs",
    "compress",
    "sizeExistComp",
    "sizeNewComp",
    "noFill",
    "fillFromNum",
    "mangle",
    "xferMethod",
    "level",
    "charset",
    "version",
)
_FEWEST = 14
_HEAD = re.compile(rb"\d{1,9}\t(?:full|incr|partial|active)\t\d{9,11}\t\d*\t\d*\t\d*(?:\t[^\t\n]*){6,30}\r?\n?")
_AT = rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d "
_LOG_HEAD = _text.LineStarts(
    _AT + rb"(?:(?:full|incr) backup (?:started |\d+ complete, )|Backup aborted \(|BackupPC_(?:backupDelete|refCountUpdate): )"
)
_LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (.*)$")
_STARTED = re.compile(r"(full|incr) backup started ")
_DONE = re.compile(
    r"(full|incr) backup (\d{1,9}) complete, (\d{1,18}) files, (\d{1,18}) bytes, (\d{1,9}) xferErrs \((\d{1,9}) bad files, (\d{1,9}) bad shares, (\d{1,9}) other\)"
)
_ABORTED = re.compile(r"Backup (?:aborted|failed)\b")


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """A row of `backups` at the beginning, or the log's lines."""
    return bool(_HEAD.match(head) or _LOG_HEAD.search(head))


def whole(payload: bytes) -> bytes:
    """BackupPC ends every line of `backups`, so one without its end was cut off; of a log nothing is taken away."""
    return _whole.lines(payload) if _HEAD.match(payload) else payload


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read the file or the log of one host. Raises `InputError` when it is neither, or nothing names the host."""
    given = Gathered(envelope)
    text = _text.decode(given.where, payload)
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not envelope.scope:
        fault = Fault(given.where, "does not name its host, and nobody else does", "give the host as --scope", key="scope")
        raise InputError(str(fault), [fault])
    if any(_LINE.match(line) for _, line in lines):
        _log(given, lines)
        return given.facts()
    return _file(given, lines)


def _file(given: Gathered, lines: list[tuple[int, str]]) -> Facts:
    """Read the file `backups` in columns."""
    rows = []
    for number, line in lines:
        cells = line.split("\t")
        if len(cells) < _FEWEST or not re.fullmatch(r"\d{1,9}", cells[0]):
            given.fault(
                "this line is no backup: a number and at least 13 more columns are expected",
                "copy the whole file",
                f"line {number}",
            )
            continue
        rows.append([f"line {number}", *cells[: len(_COLUMNS)], *[""] * (len(_COLUMNS) - len(cells))])
    raw = pl.DataFrame(rows, schema=dict.fromkeys(("locator", *_COLUMNS), pl.String()), orient="row")
    known = _records.told(raw, "type", STATUSES, given.where, into="method")
    given.faults += known.faults
    host = given.envelope.scope
    bad = pl.any_horizontal(*(~pl.col(name).is_in(["", "0"]) for name in ("xferBadFile", "xferBadShare", "tarErrs")))
    rows_ = _records.times(known.rows, ["startTime", "endTime"], formats=("epoch-seconds",)).with_columns(
        id=pl.lit(f"{host}/") + pl.col("num"),
        subject=pl.lit(host),
        captured_at="startTime",
        available_at="endTime",
        bytes="size",
        done=pl.col("method").is_in(["full", "incremental"]),
        flawed=bad | ~pl.col("xferErrs").is_in(["", "0"]),
        fourth=pl.col("version").str.starts_with("4."),
    )
    whole = (pl.col("method") == "full") | pl.col("fourth")
    points = rows_.filter(pl.col("method") != "active").with_columns(
        self_contained=pl.when(whole & pl.col("done")).then(pl.lit("true")),
        completeness=pl.when(bad | ~pl.col("done")).then(pl.lit("partial")),
        method=pl.when("done").then("method"),
        basis=pl.lit("catalog"),
    )
    runs = rows_.filter(pl.col("method") != "partial").with_columns(
        kind=pl.lit("backup"),
        method=pl.when("done").then("method"),
        started_at="startTime",
        finished_at=pl.when("done").then("endTime"),
        outcome=pl.when(~pl.col("done"))
        .then(pl.lit("running"))
        .when("flawed")
        .then(pl.lit("warning"))
        .otherwise(pl.lit("success")),
        recovery_point=pl.when("done").then("id"),
        message=pl.when("flawed").then(pl.format("transfer errors: {}", "xferErrs")),
    )
    made, ran = typed("recovery_point", points, given.envelope), typed("run", runs, given.envelope)
    given.faults += [*made.faults, *ran.faults]
    return _records.assembled(given.envelope, given.faults, made.frame, ran.frame, given.listing())


def _log(given: Gathered, lines: list[tuple[int, str]]) -> None:
    """Read the log: runs that ended, were aborted, or go on."""
    started: tuple[int, str, str] | None = None
    last = ""
    for number, line in lines:
        found = _LINE.match(line)
        if not found:
            continue
        last, text = found.groups()
        if begun := _STARTED.match(text):
            if started is None:
                started = number, last, begun[1]
        elif done := _DONE.match(text):
            flaws = any(int(count) for count in done.groups()[4:])
            _ran(given, started or (number, "", done[1]), last, "warning" if flaws else "success", done)
            started = None
        elif re.match(r"(?:full|incr) backup \d+ complete", text):
            given.fault(
                "the end of this backup is told in a form that is not known", "tell the makers of this program", f"line {number}"
            )
            started = None
        elif _ABORTED.match(text):
            _ran(given, started or (number, "", ""), last, "failed", None)
            started = None
    if started:
        _ran(given, started, None, "running", None)


def _ran(given: Gathered, started: tuple[int, str, str], finished: str | None, outcome: str, done: re.Match[str] | None) -> None:
    number, begin, kind = started
    host = given.envelope.scope
    point = f"{host}/{done[2]}" if done else None
    row: dict[str, Value] = {
        "id": point or f"{host}:{begin or finished}",
        "subject": host,
        "kind": "backup",
        "method": STATUSES.get(kind),
        "started_at": begin or None,
        "finished_at": finished,
        "outcome": outcome,
        "recovery_point": point,
        "message": f"transfer errors: {done[5]}" if done and int(done[5]) else None,
        "locator": f"line {number}",
    }
    given.runs.append(row)
