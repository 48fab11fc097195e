"""rdiff-backup: lists of increments, session statistics, and what backup, verify, restore and remove print, of rdiff-backup 2.

Formats read: `--parsable-output list increments` (also with `--size`) and its text; `session_statistics` files, `backup.log` and other output with session
statistics; the output of verify, restore, a backup that failed, and `remove increments`. `regress` is recognised and carries no facts.

Point: id = the time of the session in UTC (`20261107T052000Z`); subject = the repository's name, because a repository holds one source. The newest is the mirror,
the others are reverse increments: each restores alone (no chains), whatever it shares with newer ones inside the repository, of which only the oldest can be removed.

Time semantics: seconds since 1970, or increment names with an offset; the mirror of the text list and the times that `remove` names are naive. captured_at =
the start of the session, or what `--current-time` said; available_at = its end, where statistics tell it.

Proof of deletion: a complete list that lacks a time; or `remove increments` that ended with exit code 0.

Success: statistics are written at the end of a session: without errors it is a success, with errors a `warning` and its point `partial`. After a backup that was
killed the list shows a newest point that is false, with a warning only: it is left out, and the list is incomplete. A verify that says that all files were
verified read them; a restore is a success with exit code 0 only.

What rdiff-backup cannot show: failed sessions (they leave no statistics), retention, encryption, immutability, and which point a verify read.

Tested against: output of rdiff-backup 2.2.2, made by running it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from audit.adapters import _command, _ctime, _text, _time, _whole
from audit.adapters._gathered import Gathered, Value
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "runs"

STATUSES = {0: "success", 1: "failed", 2: "warning"}
"""Exit codes: 0 fine, 1 an error, 2 warnings. Any other is a failure."""

VERBS = {"backup": "backup", "verify": "verify", "restore": "restore", "remove": "prune"}
"""Actions that are runs, and the kind of each. Every other action carries no facts beside its list."""

_ENTRY = re.compile(r"(- |  )(base|size|time|type|total_size): (.*)$")
_NAMED = re.compile(r"    \S*?increments\.(\d{4}-\d\d-\d\dT\d\d[:-]\d\d[:-]\d\d(?:Z|[+-]\d\d[:-]\d\d))\.\w+\s+\S")
_FOUND = re.compile(r"Found (\d{1,9}) increments?:$")
_MIRROR = re.compile(r"Current mirror: (\S.*)$")
_KILLED = re.compile(r"^WARNING: Two different times for current mirror were found", re.MULTILINE)
_STATISTIC = re.compile(r"(StartTime|EndTime|SourceFileSize|Errors) (-?\d{1,18})(?:\.\d+)?(?: \(|$)")
_VERIFIED = re.compile(r"(?:NOTE:\s+)?(?:All files verified successfully|Every file verified successfully)")
_FAILED = re.compile(r"(?:ERROR:\s+|Fatal Error: )(?:Action (\w+) failed on step|)")
_REMOVED = re.compile(rf"{_ctime.PATTERN}$")
_BEGINNING = re.compile(
    rb"(?:WARNING: [^\n]*\n(?: [^\n]*\n)*)?---\n- (?:base: [^\n]+\n  time|size: \d+\n  time): \d+\n"
    rb"|StartTime \d[^\n]*\nEndTime [^\n]*\nElapsedTime [^\n]*\nSourceFiles [^\n]*\nSourceFileSize [^\n]*\nMirrorFiles "
)
_LINES = _text.LineStarts(
    rb"Found \d+ increments?:$",
    rb"Current mirror: \S",
    rb"-+\[ Session statistics \]-+$",
    rb"(?:NOTE: +)?(?:All files|Every file) verified successfully",
    rb"ERROR: +Action \w+ failed on step",
    rb"NOTE: +(?:Deleting increments at dates/times:|Starting (?:backup|restore) operation from|Regressing to date/time)",
    rb"-+ (?:Repository|Write directory) file system capabilities -+$",
    rb"rdiff-backup \d+\.\d",
)

_LIST = _text.LineStarts(rb"---\r?$", rb"Found \d+ increments?:\r?$", rb"Current mirror: ")


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """A list of increments, session statistics, or one of its sentences at the beginning of a line."""
    head = head.replace(b"\r\n", b"\n")
    return bool(_BEGINNING.match(head) or _LINES.search(head))


def whole(payload: bytes) -> bytes:
    """Every line of a list has its end, so one without was cut off. Of statistics and of what an action printed nothing is taken away."""
    return _whole.lines(payload) if _LIST.search(payload) else payload


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read a list, statistics, or what an action printed. Raises `InputError` when it is no text at all."""
    given = Gathered(envelope)
    text = _text.decode(given.where, payload)
    lines = list(enumerate(text.splitlines(), 1))
    if any(line in ("---", "...") for _, line in lines) or any(_FOUND.match(line) or _MIRROR.match(line) for _, line in lines):
        return _listed(given, text, lines)
    sessions = _sessions(given, lines)
    if sessions:
        for number, session in sessions:
            _session(given, number, session)
    else:
        _acted(given, payload, lines)
    return given.facts()


def _listed(given: Gathered, text: str, lines: list[tuple[int, str]]) -> Facts:
    """Read a list of increments, as YAML or as text."""
    entries = _yaml(given, lines) if any(line == "---" for _, line in lines) else _plain(given, lines)
    times = [at for _, at, _ in entries]
    killed = bool(_KILLED.search(text)) or len(set(times)) < len(times)
    newest = max(times, default=None)
    if killed:
        given.fault(
            "the last backup was interrupted: the newest point of this list is false, and was left out",
            "regress the repository, and list it again",
            entries[-1][0] if entries else "",
            "complete",
        )
    for locator, at, size in entries:
        if not (killed and at == newest):
            given.points.append(_point(given, at, locator, "catalog") | {"bytes": size})
    return given.facts(given.listing(complete=not killed))


def _point(given: Gathered, at: datetime, locator: str, basis: str) -> dict[str, Value]:
    return {
        "id": at.strftime("%Y%m%dT%H%M%SZ"),
        "subject": given.envelope.repository,
        "method": "full",
        "captured_at": at,
        "self_contained": True,
        "basis": basis,
        "locator": locator,
    }


def _yaml(given: Gathered, lines: list[tuple[int, str]]) -> list[tuple[str, datetime, str | None]]:
    """Read `--parsable-output`: a list of small maps."""
    entries: list[tuple[str, dict[str, str]]] = []
    begun = ended = False
    for number, line in lines:
        if line == "---":
            begun = True
        elif line == "...":
            ended = True
        elif begun and not ended and line.strip():
            found = _ENTRY.match(line)
            if not found or (found[1] == "  " and not entries):
                given.fault("this line is no part of a list of increments", "list with --parsable-output again", f"line {number}")
                continue
            if found[1] == "- ":
                entries.append((f"line {number}", {}))
            entries[-1][1][found[2]] = found[3]
    if not ended:
        given.fault("this list was cut off", "list again and ingest the whole output", key="complete")
    read_: list[tuple[str, datetime, str | None]] = []
    for locator, entry in entries:
        at = _moment(entry.get("time"))
        if at is None:
            given.fault(
                "this increment has no time in seconds since 1970", "list with --parsable-output again", locator, "captured_at"
            )
        else:
            read_.append((locator, at, None))
    return read_


def _plain(given: Gathered, lines: list[tuple[int, str]]) -> list[tuple[str, datetime, str | None]]:
    """Read the list for people: increments by name, and the mirror by its local time."""
    found: list[tuple[str, datetime, str | None]] = []
    told: int | None = None
    mirror = False
    for number, line in lines:
        locator = f"line {number}"
        if count := _FOUND.match(line):
            told = int(count[1])
        elif named := _NAMED.match(line):
            stamp = named[1][:10] + named[1][10:].replace("-", ":") if named[1][13] == "-" else named[1]
            found += _instant(given, stamp, locator)
        elif current := _MIRROR.match(line):
            mirror = True
            found += _instant(given, _ctime.rfc3339(current[1]), locator)
    if not mirror or told is None or len(found) < told + 1:
        given.fault("this list is not whole: increments or the mirror are missing", "list with --parsable-output", key="complete")
    return found


def _instant(given: Gathered, text: str, locator: str) -> list[tuple[str, datetime, str | None]]:
    try:
        return [(locator, _time.instant(text, given.envelope.timezone)[0], None)]
    except ValueError as error:
        given.fault(f"{text!r} {error}", _time.REMEDIES.get(str(error), ""), locator, "captured_at")
        return []


def _moment(text: str | None) -> datetime | None:
    return datetime.fromtimestamp(int(text), UTC) if text and re.fullmatch(r"[0-9]{1,10}", text) and int(text) else None


def _sessions(given: Gathered, lines: list[tuple[int, str]]) -> list[tuple[int, dict[str, str]]]:
    """Take session statistics apart: each begins with StartTime and ends with Errors."""
    sessions: list[tuple[int, dict[str, str]]] = []
    begun: int | None = None
    for number, line in lines:
        if line.startswith("NOTE:    Starting backup operation"):
            if begun is not None:
                given.fault("a backup begins here and leaves no statistics: it did not end", "", f"line {begun}", level="warning")
            begun = number
        found = _STATISTIC.match(line)
        if found and found[1] == "StartTime":
            sessions.append((number, {}))
            begun = None
        if found and sessions:
            sessions[-1][1][found[1]] = found[2]
    return sessions


def _session(given: Gathered, number: int, session: dict[str, str]) -> None:
    """Make the run of a session, and the point it made."""
    locator, envelope = f"line {number}", given.envelope
    start, end = _moment(session.get("StartTime")), _moment(session.get("EndTime"))
    if start is None or "Errors" not in session:
        given.fault("these statistics are cut off, or have no start: they were not used", "ingest the whole file", locator)
        return
    if end is None or end < start:
        end = None  # the clock, or --current-time
    code = STATUSES.get(envelope.exit_code, "failed") if envelope.exit_code is not None else "success"
    outcome = "warning" if code == "success" and session["Errors"] != "0" else code
    size = session.get("SourceFileSize")
    point = _point(given, start, locator, "job")
    run: dict[str, Value] = {
        "id": f"backup:{point['id']}",
        "subject": envelope.repository,
        "kind": "backup",
        "method": "full",
        "started_at": start,
        "finished_at": end,
        "outcome": outcome,
        "bytes": size,
        "recovery_point": point["id"] if outcome != "failed" else None,
        "message": f"errors: {session['Errors']}" if session["Errors"] != "0" else None,
        "locator": locator,
    }
    given.runs.append(run)
    if outcome != "failed" and envelope.repository:
        partial = "partial" if session["Errors"] != "0" else None
        given.points.append(point | {"available_at": end, "bytes": size, "completeness": partial})


def _acted(given: Gathered, raw: bytes, lines: list[tuple[int, str]]) -> None:
    """Read the output of an action without statistics."""
    envelope = given.envelope
    words = (envelope.command or "").split()
    verb = next((word for word in words if word in (*VERBS, "regress", "list")), "")
    failed = next((found[1] for _, line in lines if (found := _FAILED.match(line)) and found[1]), "")
    verified = any(_VERIFIED.match(line) for _, line in lines)
    verb = (
        "verify" if verified else failed or verb or ("remove" if any("Deleting increments at" in line for _, line in lines) else "")
    )
    if verb not in VERBS:
        if not verb and envelope.exit_code:
            given.fault("an action failed, and nothing says which", "give the command in the envelope", key="command")
        return
    kind, code = VERBS[verb], envelope.exit_code
    traced = any(line.startswith("Traceback ") for _, line in lines)
    outcome = "failed" if failed or traced else STATUSES.get(code, "failed") if code is not None else "warning"
    if kind == "verify" and outcome in ("success", "warning"):
        outcome = ("success" if code in (0, None) else "warning") if verified else "failed" if code else "warning"
    if kind == "backup" and outcome != "failed":
        outcome = "warning"  # without statistics nothing says what was read
    removed = [(number, line) for number, line in lines if _REMOVED.match(line)] if kind == "prune" else []
    if removed and outcome == "success" and envelope.finished_at:
        for number, line in removed:
            for locator, at, _ in _instant(given, _ctime.rfc3339(line), f"line {number}"):
                given.points.append(_point(given, at, locator, "catalog") | {"deleted_at": envelope.finished_at})
    given.runs.append(
        {
            "id": _command.run_id(kind, envelope, raw),
            "subject": envelope.repository,
            "kind": kind,
            "started_at": envelope.started_at,
            "finished_at": envelope.finished_at,
            "outcome": outcome,
            "coverage": "full" if kind == "verify" and outcome == "success" else None,
            "message": f"increments removed: {len(removed)}" if removed else None,
            "locator": "line 1",
        }
    )
