"""rsnapshot: its log, and the list of its snapshot root.

Formats read: the log file (`logfile`, with `loglevel` 3 or more), and `ls -l --time-style=full-iso` of the snapshot root. What it prints on the console has no
times and is not read.

Point: a directory such as `daily.0` of the list. Rotation renames it, so id = its time in UTC (`20261123T061630Z`), which stays; subject = the repository's
name, because one snapshot holds all backup points of a configuration. Each is a whole copy: hard links are shared, and there are no chains.

Time semantics: the list has offsets; the log is naive and local. captured_at = the directory's time, which rsnapshot sets when a backup ends: files were read up
to the length of the run earlier.

Proof of deletion: a complete list of the root that lacks the time of a snapshot.

Success: a run is a success only where the log says "completed successfully" and it copied something; "completed, but with some errors" rotated all the same,
and what it made may lack data: `warning`, and the point of that second is `partial`. A run that succeeded and only moved directories (of a higher level, or of any with
`sync_first`) is no backup; one that failed is told, as nothing shows what it was to do. A run that neither ended nor told an error is running
if it is the last, else `failed`.

What rsnapshot cannot show: sizes of snapshots, verifies and restores (a restore is a plain copy), retention, encryption, immutability. All snapshots lie on one
file system: one of them is no copy of another.

Tested against: output of rsnapshot 1.4.5, made by running it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from audit.adapters import _text, _time, _whole
from audit.adapters._gathered import Gathered, Value
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "runs"

STATUSES = {
    "completed successfully": "success",
    "completed, but with some warnings": "warning",
    "completed, but with some errors": "warning",
    "completed, but with no errors or warnings": "success",
}
"""How the last line of a run ends. What has none did not end."""

_LOG_LINE = re.compile(r"\[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d|\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d)\] ?(.*)$")
_INVOKED = re.compile(r"(\S*rsnapshot(?: .{0,500}?)?) (\.?\w+): (started$|completed\b.*|ERROR: .*|WARNING: .*)$")
_DONE = re.compile(r"(?:ERROR: )?(?:WARNING: )?(?:\S*rsnapshot .{0,500}?: )?(completed\b.*)$")
_SIZE = re.compile(r"Total file size: ([\d,.]+)(?: bytes)?$")
_COPIES = re.compile(r"(?:\S*/)?rsync |sync_if_different|touch ")
_TOUCHED = re.compile(r"touch \S*/(?:[\w-]+\.0|\.sync)/")
_LISTED = re.compile(
    r"d[\w-]{9}[.+@]?\s+\d+\s+\S+\s+\S+\s+\d+ (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.(\d+) ([+-]\d{4}) [\w-]{1,40}\.\d{1,4}/?$"
)
_USUAL = rb"(?:hourly|daily|weekly|monthly|yearly|alpha|beta|gamma|delta)\.\d+/?$"
_LIST_HEAD = _text.LineStarts(rb"d[\w-]{9}\S?\s+\d+\s+\S+\s+\S+\s+\d+ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [+-]\d{4} " + _USUAL)
_LOG_HEAD = _text.LineStarts(rb"\[[\dT:/A-Za-z-]{17,26}\] \S*rsnapshot(?: [^\n]{0,500}?)? \.?\w+: (?:started|ERROR: |completed)")


@dataclass(slots=True)
class _Run:
    """One run in the log: where and when it began, what it said."""

    level: str
    line: int
    at: str
    last: str
    begun: bool
    done: str | None = None
    error: str | None = None
    copied: bool = False
    lines: int = 0
    touched: str | None = None
    sizes: list[int] = field(default_factory=list)


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """Lines of its log that name it, or a list of directories that are named as its intervals."""
    return bool(_LOG_HEAD.search(head) or _LIST_HEAD.search(head))


def whole(payload: bytes) -> bytes:
    """`ls` ends every line, so one without its end was cut off; of a log nothing is taken away."""
    return payload if _LOG_HEAD.search(payload) else _whole.lines(payload)


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read the log or the list. Raises `InputError` when it is neither."""
    given = Gathered(envelope)
    lines = list(enumerate(_text.decode(given.where, payload).splitlines(), 1))
    if any(_LOG_LINE.match(line) for _, line in lines):
        runs = _runs(lines)
        seen: Counter[str] = Counter()
        for place, run in enumerate(runs):
            name = f"{run.level}:{_wall(run.at)}"
            seen[name] += 1
            # Several runs may begin in one second.
            _ran(given, run, name if seen[name] == 1 else f"{name}#{seen[name]}", last=place == len(runs) - 1)
        return given.facts(log=True)
    if not any(line.startswith("total ") or _LISTED.match(line) for _, line in lines):
        fault = Fault(
            given.where,
            "is no log of rsnapshot and no list of its root",
            "ingest the log, or ls -l --time-style=full-iso of snapshot_root",
        )
        raise InputError(str(fault), [fault])
    return _listed(given, lines)


def _listed(given: Gathered, lines: list[tuple[int, str]]) -> Facts:
    """Read the list of the snapshot root."""
    for number, line in lines:
        found = _LISTED.match(line)
        if not found:
            if line.strip() and not line.startswith("total ") and not line.endswith((" .", " ..", " .sync", " lost+found")):
                given.fault("this line is no snapshot", "list snapshot_root with ls -l --time-style=full-iso", f"line {number}")
            continue
        wall, fraction, offset = found.groups()
        try:
            at, _ = _time.instant(f"{wall}.{fraction}{offset}")
        except ValueError as error:
            given.fault(f"{wall!r} {error}", _time.REMEDIES.get(str(error), ""), f"line {number}", "captured_at")
            continue
        given.points.append(_point(given, at, f"line {number}", "catalog"))
    return given.facts(given.listing())


def _point(given: Gathered, at: datetime, locator: str, basis: str) -> dict[str, Value]:
    return {
        "id": at.strftime("%Y%m%dT%H%M%S") + (f".{at.microsecond:06}" if at.microsecond else "") + "Z",
        "subject": given.envelope.repository,
        "method": "full",
        "captured_at": at,
        "available_at": at,
        "self_contained": True,
        "basis": basis,
        "locator": locator,
    }


def _runs(lines: list[tuple[int, str]]) -> list[_Run]:
    """Take the log apart into runs: each begins with `started`, or with an error that came before it."""
    runs: list[_Run] = []
    current: _Run | None = None
    for number, line in lines:
        found = _LOG_LINE.match(line)
        if not found:
            continue
        at, text = found.groups()
        told = _INVOKED.match(text) if "rsnapshot" in text else None
        # Errors of the configuration come before any start; those of another second are of another run.
        if told and (told[3] == "started" or current is None or (not current.begun and at != current.at)):
            current = _Run(told[2], number, at, at, begun=told[3] == "started")
            runs.append(current)
        if current is None:
            continue
        current.last = at
        current.lines += not told
        current.copied = current.copied or bool(_COPIES.match(text))
        if _TOUCHED.match(text):
            current.touched = at
        if size := _SIZE.match(text):
            current.sizes.append(int(re.sub(r"[,.]", "", size[1])))
        done = _DONE.match(told[3]) if told else None
        if done:
            current.done, current = done[1].strip(), None
        elif told and told[3].startswith("ERROR: "):
            current.error = current.error or told[3].removeprefix("ERROR: ").partition(" ")[0]
    return runs


def _ran(given: Gathered, run: _Run, name: str, *, last: bool) -> None:
    """Make the facts of one run; of one that only rotated there are none, whatever other runs of its level did (`sync_first` may be switched)."""
    locator = f"line {run.line}"
    outcome = given.word(STATUSES, run.done, locator, "end of a run") if run.done else "failed"
    if outcome is None:
        return
    if run.done and not run.copied and run.lines and (outcome != "success" or run.error):
        outcome = "failed"
    elif run.done and not run.copied and run.lines:
        return
    elif run.done and not run.copied:
        given.fault(
            "this run does not tell what it did, so whether it is a backup is not known", "set loglevel to 3 or more", locator
        )
        return
    if not run.done and run.begun and last and run.error is None:
        outcome = "running"
    started, finished = _wall(run.at), _wall(run.last)
    given.runs.append(
        {
            "id": name,
            "subject": given.envelope.repository,
            "kind": "backup",
            "method": "full",
            "started_at": started,
            "finished_at": finished if outcome != "running" else None,
            "outcome": outcome,
            "bytes": sum(run.sizes) if run.sizes and run.done and sum(run.sizes) < 2**63 else None,
            "message": f"{run.level}: {run.done or ('an error' if run.error else 'it did not end')}",
            "locator": locator,
        }
    )
    if outcome == "warning" and run.touched and given.envelope.repository:
        try:
            at, _ = _time.instant(_wall(run.touched), given.envelope.timezone)
        except ValueError:  # the run's own fault tells why
            return
        given.points.append(_point(given, at, locator, "job") | {"completeness": "partial"})


def _wall(text: str) -> str:
    """Bring both forms of the log's times into one."""
    if "/" not in text:
        return text
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    day, month, rest = text.split("/", 2)
    year, _, clock = rest.partition(":")
    return f"{year}-{months.index(month) + 1:02}-{day}T{clock}" if month in months else text
