"""Amanda: `amadmin find`, the log of a run (`log.DATESTAMP.N`), and amcheckdump, of Amanda 3.

Formats read: `amadmin CONFIG find` with its header; the logs that amdump leaves; the output of amcheckdump. amreport says the same as the log and less: its
`dle_status` calls incrementals full.

Point: id = `DATESTAMP:HOST:DISK:LEVEL`; subject = `HOST:DISK`; repository = the storage where it is told, `holding disk` for what is not on a volume yet. Level 0
is full; what a higher level is based on is not told, so its chain is unproven.

Time semantics: naive, on the server's clock. captured_at = the datestamp, when the run began (midnight where datestamps have no time); available_at = the end of the
run, where the log tells it.

Proof of deletion: a complete `find` that lacks a dump: its volume was overwritten.

Success: for each disk, not for the run: amdump ends with 5 when one disk failed and the others are fine. A dump that was strange (`STRANGE`) or only partly taped is
a `warning` and `partial`; one that is not on a volume is a `warning`. `find` makes runs of failures only. amcheckdump says "validated" of damaged data that were not
compressed, because they have no checksum: its coverage is never full.

What Amanda cannot show: expiry, except as "overwritten in N runs"; immutability, encryption, restores.

Tested against: output of Amanda 3.5.1 with virtual tapes, made by running it; STRANGE, PARTIAL and several parts by their documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl

from audit.adapters import _command, _text, _time, _whole
from audit.adapters._gathered import Gathered, Value
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts, frame

TESTED_AGAINST = "runs"

NAMED = re.compile(r"\bamadmin\s.*?\sfind(?:\s+(?:--sort(?:=|\s+)\S+|-o\s*\S+|--exact-match))*\s+(?![-|>'\"]|2>)\S+")
"""A host, or disks, behind `find`."""

STATUSES = {"OK": "complete", "PARTIAL": "partial", "FAILED": "failed"}
"""Every status of `amadmin find`, by its first word."""

_READ = ("START", "FINISH", "DISK", "SUCCESS", "STRANGE", "FAIL", "PARTIAL", "DONE")
_PASSED = (
    "BOGUS",
    "CHUNK",
    "CHUNKSUCCESS",
    "CONT",
    "ERROR",
    "FATAL",
    "INFO",
    "PART",
    "PARTPARTIAL",
    "RETRY",
    "SHARE",
    "STATS",
    "SUMMARY",
    "WARNING",
)
KEYWORDS = frozenset(_READ + _PASSED)
"""Every keyword with which a line of a log begins: those that are read, and those that tell nothing of a disk that is not told by these."""

_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\[[^\]]*\]|\S+')
_OCTAL = re.compile(rb"\\([0-7]{3})")
_ROW = re.compile(r'(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d))? (\S+) +("(?:[^"\\]|\\.)*"|\S+) +(\d{1,3}) +(\S.*)$')
_FIND_HEADER = re.compile(r"date +host +disk +lv +(storage +pool +)?tape or file +file +part +status")
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?$")
_VALIDATING = re.compile(
    r'Validating image (\S{1,300}?):("(?:[^"\\]|\\.){0,2000}"|\S.{0,2000}) dumped (\d{8}|\d{14}) level (\d{1,3})$'
)
_LINES = _text.LineStarts(
    rb"START (?:planner|driver) date \d{8}(?:\d{6})?$",
    rb"DISK planner \S+ \S",
    rb"INFO amdump amdump pid \d+$",
    rb"date +host +disk +lv +(?:storage +pool +)?tape or file +file +part +status",
    rb"Validating image \S+ dumped \d{8}",
)
_VALIDATED = _text.LineStarts(rb"Validating image ")


_Key = tuple[str, str, str, str, str]
"""Datestamp, host, disk, level and repository of a dump."""


@dataclass(slots=True)
class _Dump:
    """What a log tells of one disk."""

    host: str
    disk: str
    line: int
    level: str | None = None
    good: bool = False
    strange: bool = False
    failed: bool = False
    partial: bool = False
    taped: list[str | None] = field(default_factory=list)
    kilobytes: int | None = None


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """The header of find, the lines of a log, or of amcheckdump."""
    return bool(_LINES.search(head))


def whole(payload: bytes) -> bytes:
    """Every line of find and of a log has its end, so one without was cut off. Of what amcheckdump printed nothing is taken away."""
    return payload if _VALIDATED.search(payload) else _whole.lines(payload)


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read find, a log, or amcheckdump. Raises `InputError` when it is none of them."""
    given = Gathered(envelope)
    lines = [(number, line.rstrip()) for number, line in enumerate(_text.decode(given.where, payload).splitlines(), 1)]
    header = next((found for _, line in lines if (found := _FIND_HEADER.match(line))), None)
    if header:
        return _found(given, lines, storage=bool(header[1]))
    if any(line.startswith("Validating image ") for _, line in lines):
        _checked(given, payload, lines)
        return given.facts()
    if any(line.startswith(("START planner ", "START driver ", "DISK planner ", "INFO amdump ")) for _, line in lines):
        return _logged(given, lines)
    fault = Fault(
        given.where, "is no list of dumps and no log of a run", "ingest amadmin find, with its header, or log.DATESTAMP.N"
    )
    raise InputError(str(fault), [fault])


def _plain(word: str) -> str:
    """Take a name out of its quotes; bytes that are no ASCII stand in it as octal numbers."""
    if not word.startswith('"'):
        return word
    told = _OCTAL.sub(lambda found: bytes([int(found[1], 8) & 255]), word[1:-1].encode())
    return told.decode("utf-8", "replace").replace('\\"', '"').replace("\\\\", "\\").replace("\0", "")


def _wall(stamp: str) -> str | None:
    """Bring a datestamp into RFC 3339 without offset; one without a time is told by the beginning of its day."""
    found = _STAMP.fullmatch(stamp)
    return f"{found[1]}-{found[2]}-{found[3]}T{found[4] or '00'}:{found[5] or '00'}:{found[6] or '00'}" if found else None


def _found(given: Gathered, lines: list[tuple[int, str]], *, storage: bool) -> Facts:
    """Read `amadmin find`: a row for each part of a dump on a volume."""
    dumps: dict[_Key, dict[str, Value]] = {}
    parts: dict[_Key, tuple[set[int], int]] = {}
    places: dict[str | None, None] = {}
    for number, line in lines:
        if not line or _FIND_HEADER.match(line):
            continue
        locator = f"line {number}"
        row = _ROW.match(line)
        told = _rest(row[6], storage=storage) if row else None
        if row is None or told is None:
            given.fault("this line is no dump", "ingest the whole output of amadmin find", locator)
            continue
        place, part, total, status = told
        word = given.word(STATUSES, status.split(" ", 1)[0], locator, "status of a dump")
        if word is None:
            continue
        stamp = row[1].replace("-", "") + (row[2] or "").replace(":", "")
        host, disk = row[3], _plain(row[4])
        if word == "failed":
            given.runs.append(_run(stamp, host, disk, row[5], "failed", locator) | {"message": "failed"})
            continue
        repository = place or given.envelope.repository or ""
        places[repository or None] = None
        key = (stamp, host, disk, row[5], repository)
        seen, _ = parts.setdefault(key, (set(), total))
        seen.add(part)
        point = dumps.setdefault(
            key, _point(stamp, host, disk, row[5], locator) | {"repository": repository or None, "basis": "catalog"}
        )
        if word == "partial":
            point["completeness"] = "partial"
    for key, (seen, total) in parts.items():
        if total > 0 and seen != set(range(1, total + 1)) and total <= 1_000_000:
            dumps[key]["completeness"] = "partial"
    given.points += dumps.values()
    named: list[str | None] = [place for place in places if place] or [given.envelope.repository]
    listings = [given.listing().with_columns(repository=pl.lit(place, pl.String)) for place in named if place]
    return given.facts(pl.concat([frame("listing"), *listings]))


def _rest(text: str, *, storage: bool) -> tuple[str | None, int, int, str] | None:
    """Read what follows the level: where a dump lies, its part of how many, and its status."""
    found = re.search(r"(?:^| )(-?\d{1,9}) +(?:(-?\d{1,9})/(-?\d{1,9})|--) (\S.*)$", text)
    if found is None:
        return None
    before = text[: found.start()].split()
    part, total = (int(found[2]), int(found[3])) if found[2] else (1, 1)
    if not before:
        return None, part, total, found[4]
    if before[-1].startswith("/"):
        return "holding disk", part, total, found[4]
    return (before[0] if storage and len(before) >= 3 else None), part, total, found[4]


def _point(stamp: str, host: str, disk: str, level: str, locator: str) -> dict[str, Value]:
    full = level == "0"
    return {
        "id": f"{stamp}:{host}:{disk}:{level}",
        "subject": f"{host}:{disk}",
        "method": "full" if full else "incremental",
        "captured_at": _wall(stamp),
        "self_contained": True if full else None,
        "locator": locator,
    }


def _run(stamp: str, host: str, disk: str, level: str | None, outcome: str, locator: str) -> dict[str, Value]:
    return {
        "id": f"{stamp}:{host}:{disk}",
        "subject": f"{host}:{disk}",
        "kind": "backup",
        "method": None if level is None else "full" if level == "0" else "incremental",
        "started_at": _wall(stamp),
        "outcome": outcome,
        "locator": locator,
    }


def _words(line: str) -> list[str]:
    return [_plain(word) if word.startswith('"') else word for word in _WORD.findall(line)]


def _logged(given: Gathered, lines: list[tuple[int, str]]) -> Facts:
    """Read the log of one run: for each disk what became of it."""
    dumps: dict[tuple[str, str], _Dump] = {}
    stamp, seconds = "", None
    for number, line in lines:
        keyword = line.partition(" ")[0]
        if keyword not in KEYWORDS:
            if line.strip():
                given.fault(
                    f"a line that begins with {keyword[:40]!r} is of no kind that is known",
                    "ingest the whole log",
                    f"line {number}",
                    "",
                    "warning",
                )
            continue
        words = _words(line)
        if words[:3] in (["START", "planner", "date"], ["START", "driver", "date"]) and len(words) > 3:
            stamp = stamp or words[3]
        elif words[:3] == ["FINISH", "driver", "date"] and len(words) > 5 and re.fullmatch(r"\d{1,9}(?:\.\d+)?", words[5]):
            seconds = float(words[5])
        else:
            _took(dumps, words, number)
    if not _wall(stamp):
        given.fault("this log does not tell when its run began", "ingest the whole log", key="started_at")
        return given.facts()
    for dump in dumps.values():
        _ended(given, dump, stamp, seconds)
    return given.facts()


def _took(dumps: dict[tuple[str, str], _Dump], words: list[str], number: int) -> None:
    """Take one line of a log that names a disk."""
    if words[0] == "DISK" and len(words) > 3:
        dumps.setdefault((words[2], words[3]), _Dump(words[2], words[3], number))
        return
    storage = next((word[3:] for word in words[2:4] if word.startswith("ST:")), None)
    rest = [word for word in words[2:] if not word.startswith(("ST:", "POOL:"))]
    if words[0] not in ("SUCCESS", "STRANGE", "FAIL", "PARTIAL", "DONE") or len(words) < 2 or len(rest) < 3:
        return
    dump = dumps.setdefault((rest[0], rest[1]), _Dump(rest[0], rest[1], number))
    numbers = [word for word in rest[3:6] if re.fullmatch(r"\d{1,3}", word)]
    # DONE and PARTIAL of the taper tell the number of parts before the level.
    level = numbers[1:2] if words[1] == "taper" and words[0] in ("DONE", "PARTIAL") else numbers[:1]
    dump.level = level[0] if level else dump.level
    if words[0] in ("SUCCESS", "STRANGE") and words[1] == "dumper":
        dump.good, dump.strange, dump.line = True, words[0] == "STRANGE", number
        size = re.search(r"\borig-kb (\d{1,15})|\bkb (\d{1,15})", " ".join(rest[3:]))
        dump.kilobytes = int(size[1] or size[2]) if size else None
    elif words[0] == "DONE" and words[1] == "taper":
        dump.taped.append(storage)
    elif words[0] == "PARTIAL":
        dump.partial = True
    elif words[0] == "FAIL":
        dump.failed = True


def _ended(given: Gathered, dump: _Dump, stamp: str, seconds: float | None) -> None:
    """Make the run of one disk, and its points."""
    outcome = "failed" if seconds is not None or dump.failed else "running"
    message: str | None = "no dump was made" if outcome == "failed" and not dump.failed else None
    partial = dump.strange or dump.partial
    if dump.good:
        outcome = "success" if dump.taped and not partial else "warning"
        message = (
            "strange output"
            if dump.strange
            else "only a part is on volumes"
            if dump.partial
            else None
            if dump.taped
            else "not on a volume yet"
        )
    end = _after(given, stamp, seconds)
    locator = f"line {dump.line}"
    size = dump.kilobytes * 1024 if dump.kilobytes is not None and dump.good else None
    run = _run(stamp, dump.host, dump.disk, dump.level, outcome, locator) | {
        "finished_at": end if outcome != "running" else None,
        "bytes": size,
        "message": message,
    }
    places = list(dict.fromkeys(dump.taped)) or ["holding disk"]
    if dump.good and dump.level is not None:
        made = [
            _point(stamp, dump.host, dump.disk, dump.level, locator)
            | {
                "repository": place or given.envelope.repository,
                "available_at": end,
                "bytes": size,
                "completeness": "partial" if partial else None,
                "basis": "job",
            }
            for place in places
        ]
        given.points += made
        run |= {"recovery_point": made[0]["id"], "repository": made[0]["repository"]}
    given.runs.append(run)


def _after(given: Gathered, stamp: str, seconds: float | None) -> datetime | None:
    """Return the end of a run; unknown where datestamps have no time."""
    if seconds is None or len(stamp) != 14:
        return None
    try:
        return _time.instant(_wall(stamp) or "", given.envelope.timezone, latest=True)[0] + timedelta(seconds=seconds)
    except (ValueError, OverflowError):  # typed tells why
        return None


def _checked(given: Gathered, raw: bytes, lines: list[tuple[int, str]]) -> None:
    """Read amcheckdump: one verify for each image."""
    envelope = given.envelope
    images = list(_images(given, lines))
    said = next(
        (int(found[1]) for _, line in lines if (found := re.match(r"All images \((\d{1,9})\) successfully validated", line))), None
    )
    fine = envelope.exit_code in (None, 0) and said == len(images)
    for locator, point, subject in images:
        given.runs.append(
            {
                "id": f"{_command.run_id('verify', envelope, raw)}:{point}",
                "subject": subject,
                "kind": "verify",
                "started_at": envelope.started_at,
                "finished_at": envelope.finished_at,
                "outcome": "success" if fine else "failed",
                "recovery_point": point,
                "message": None if fine else "not all images were validated",
                "locator": locator,
            }
        )


def _images(given: Gathered, lines: list[tuple[int, str]]) -> Iterator[tuple[str, str, str]]:
    for number, line in lines:
        if not line.startswith("Validating image "):
            continue
        found = _VALIDATING.match(line)
        if not found:
            given.fault("this line names no image that is known", "ingest the whole output", f"line {number}")
            continue
        host, disk = found[1], _plain(found[2])
        yield f"line {number}", f"{found[3]}:{host}:{disk}:{found[4]}", f"{host}:{disk}"
