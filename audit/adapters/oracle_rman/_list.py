"""`LIST BACKUP`: sets with their pieces and what is in them, put together by their tags."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import polars as pl

from audit.adapters import _listing, _records
from audit.adapters._typed import shown, typed
from audit.adapters.oracle_rman import _times
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import Facts

STATUSES = {"AVAILABLE": True, "EXPIRED": False, "UNAVAILABLE": False}
"""Status of a piece, and whether it can be restored from. EXPIRED: the file was missing at a crosscheck."""

METHODS = {("Full", ""): "full", ("Incr", "0"): "full", ("Incr", "1"): "incremental"}

TAPE = "SBT_TAPE"
_LONGEST = 1000
"""RMAN prints no longer lines, but for paths, whose ends say nothing."""

_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}

_SET = re.compile(
    r"(?P<key>[0-9]+)\s+(?:(?P<type>Full|Incr)\s+(?:(?P<level>[0-9])C?\s+)?)?(?P<size>[0-9.]+[KMGT]?)(?:\s+(?P<device>DISK|SBT_TAPE)\s+[0-9]+:[0-9]{2}:[0-9]{2}\s+(?P<end>\S.*))?"
)
_COPY = re.compile(r"(?P<device>DISK|SBT_TAPE)\s+[0-9]+:[0-9]{2}:[0-9]{2}\s+(?P<end>\S(?:.*\S)?)\s+(?:YES|NO)\s+(?P<tag>\S+)")
_PIECE = re.compile(r"BP Key: [0-9]+\s+Status: (?P<status>\S+)(?:.*?\bTag: (?P<tag>\S+))?")
_PIECE_OF_MANY = re.compile(r"[0-9]+\s+[0-9]+\s+(?P<status>[A-Z]+)\s+\S")
_TIME = r"(?P<time>\S+(?: [0-9]{2}:[0-9]{2}:[0-9]{2})?)"
_FILE = re.compile(rf"(?P<file>[0-9]+)\s+(?:[0-9]C?\s+)?(?:Full|Incr)\s+[0-9]+\s+{_TIME}")
_LOG = re.compile(rf"[0-9]+\s+[0-9]+\s+[0-9]+\s+\S+(?: [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}})?\s+[0-9]+\s+{_TIME}$")
_CONTROL = re.compile(rf"Control File Included: Ckp SCN: [0-9]+\s+Ckp time: {_TIME}")
_NAMES = (
    re.compile(r"connected to target database: ([^\s(]+)"),
    re.compile(r"for database with db_unique_name (\S+)"),
    re.compile(r"SPFILE db_unique_name: (\S+)"),
    re.compile(r"Piece Name: \S*/([^/\s]+)/(?:backupset|autobackup|archivelog)/[0-9]{4}_[0-9]{2}_[0-9]{2}/"),
)
_WHOLE = re.compile(r"list\s+backup(?:set)?\s*(?:;|\"|'|$)", re.IGNORECASE)
_ASKED = re.compile(r"\blist\b.*", re.IGNORECASE)


@dataclass(slots=True)
class _Set:
    """`good`: whether each piece of a copy can be restored from, a list for each copy."""

    line: int
    type: str
    level: str
    size: str
    device: str = ""
    ends: list[str] = field(default_factory=list)
    tag: str = ""
    good: list[list[bool]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    logs: list[str] = field(default_factory=list)
    control: str = ""
    parameters: bool = False
    unknown: str = ""

    @property
    def available(self) -> bool:
        """Whether one copy has all its pieces."""
        return any(all(copy) for copy in self.good if copy)


def listed(text: str, envelope: Envelope) -> Facts:
    """Make points of the tags of a list."""
    where = envelope.name or envelope.tool
    sets, faults, asked, database = _sets(text, where)
    good = []
    for one in sets:
        problem = _problem(one)
        if problem:
            faults.append(
                Fault(where, f"backup set at this line was not used: {problem}", "list the backups again", f"line {one.line}")
            )
        else:
            good.append(one)
    rows = _rows(good, database or envelope.scope)
    schema = dict.fromkeys(
        ("id", "subject", "repository", "method", "captured_at", "available_at", "bytes", "completeness", "locator"), pl.String()
    )
    raw = _times.read(pl.DataFrame(rows, schema=schema, orient="row"), ("captured_at",), ("available_at",))
    raw = raw.with_columns(pl.col("repository").fill_null(pl.lit(envelope.repository or "DISK")), basis=pl.lit("catalog"))
    read = typed("recovery_point", raw, envelope)
    command = asked or envelope.command or ""
    whole = _WHOLE.search(command) is not None if _ASKED.search(command) else bool(rows)
    told = replace(envelope, complete=bool(envelope.complete) and whole)
    listings = _listing.from_envelope(read.frame, told, empty_table=whole and not sets)
    return _records.assembled(envelope, [*faults, *read.faults], read.frame, listings=listings)


def _sets(text: str, where: str) -> tuple[list[_Set], list[Fault], str, str | None]:
    """Go through the lines: return the sets, what was asked (where the console shows it), and the name of the database."""
    sets: list[_Set] = []
    faults: list[Fault] = []
    asked = ""
    names: list[str | None] = [None] * len(_NAMES)
    expected = False
    now: _Set | None = None
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()[:_LONGEST]
        if line.startswith("RMAN>"):
            found = _ASKED.search(line)
            asked = found[0] if found else asked
        for place, pattern in enumerate(_NAMES):
            match = pattern.search(line) if names[place] is None else None
            names[place] = match[1] if match else names[place]
        if line.startswith("BS Key"):
            expected, now = True, None
        elif expected and line and set(line) > {" "} and not set(line) <= {"-", " "}:
            expected = False
            match = _SET.fullmatch(line)
            if match is None:
                what = f"this is no backup set as RMAN prints them: {shown(line)}"
                faults.append(Fault(where, what, "list the backups again, and keep the lines as they are", f"line {number}"))
                continue
            told = match.groupdict(default="")
            now = _Set(number, told["type"], told["level"], told["size"], told["device"], [told["end"]] if told["end"] else [])
            sets.append(now)
        elif now is not None:
            _detail(now, line)
    return sets, faults, asked, next((name for name in names if name is not None), None)


def _detail(now: _Set, line: str) -> None:
    """Read a line that belongs to a set."""
    if match := _PIECE.match(line):
        if not now.good:
            now.good.append([])
        now.tag = now.tag or match["tag"] or ""
        _piece(now, match["status"])
    elif line.startswith("Backup Set Copy #"):
        now.good.append([])
    elif match := _COPY.fullmatch(line):
        now.device, now.tag = now.device or match["device"], now.tag or match["tag"]
        now.ends.append(match["end"])
    elif match := _CONTROL.match(line):
        now.control = match["time"]
    elif line.startswith("SPFILE Included"):
        now.parameters = True
    elif match := _FILE.match(line):
        now.files[match["file"]] = match["time"]
    elif match := _LOG.match(line):
        now.logs.append(match["time"])
    elif now.good and (match := _PIECE_OF_MANY.match(line)):
        _piece(now, match["status"])


def _piece(now: _Set, status: str) -> None:
    if status in STATUSES:
        now.good[-1].append(STATUSES[status])
    else:
        now.unknown = status


def _problem(one: _Set) -> str | None:
    if one.unknown:
        return f"{shown(one.unknown)} is no status that is documented"
    if not any(one.good):
        return "none of its pieces is shown, it may have been cut off"
    if not (one.files or one.logs or one.control or one.parameters):
        return "what it holds is not shown, it may have been cut off"
    if not one.tag:
        return "it has no tag"
    if one.files and not one.type:
        return "it holds data files, and its line does not say of which level they are"
    if one.type and (one.type, one.level) not in METHODS:
        return f"its level {shown(one.level)} is not documented"
    return None


def _rows(sets: list[_Set], database: str | None) -> list[dict[str, str | None]]:
    """Put sets together by device, tag and content: a point of each that has anything that is available."""
    groups: dict[tuple[str, str, bool], list[_Set]] = {}
    for one in sets:
        groups.setdefault((one.device, one.tag, bool(one.logs) or not one.type), []).append(one)
    every = {file for one in sets for file in one.files}
    rows: list[dict[str, str | None]] = []
    for (device, tag, logs), members in groups.items():
        there = [one for one in members if one.available]
        if not there:
            continue
        files = {file: time for one in there for file, time in one.files.items()}
        methods = {METHODS[one.type, one.level] for one in there if one.files}
        lacking = len(there) < len(members) or (not logs and (every != set(files) or "1" not in files))
        times = [one.control for one in there if one.control] if not (files or logs) else list(files.values())
        rows.append(
            {
                "id": f"{tag} logs" if logs else tag,
                "subject": database,
                "repository": TAPE if device == TAPE else None,
                "method": "log" if logs else methods.pop() if len(methods) == 1 else None,
                "captured_at": _outermost([time for one in there for time in one.logs], last=True) if logs else _outermost(times),
                "available_at": _outermost([end for one in there for end in one.ends], last=True),
                "bytes": str(sum(_bytes(one.size) for one in there)),
                "completeness": "partial" if lacking else None,
                "locator": f"line {there[0].line}",
            }
        )
    return rows


def _outermost(times: list[str], *, last: bool = False) -> str | None:
    """Return the first or the last of times as they are written; the odd one where any cannot be read."""
    if not times:
        return None
    unique = pl.DataFrame({"at": list(dict.fromkeys(times))})
    read = _times.read(unique, ("at",), ())["at"]
    odd = ~read.str.contains(r"^[0-9]{4}-")
    if odd.any():
        return str(unique["at"].filter(odd)[0])
    place = read.arg_max() if last else read.arg_min()
    return str(unique["at"][place or 0])


def _bytes(size: str) -> int:
    number, unit = (size[:-1], size[-1]) if size[-1] in _POWERS else (size, "")
    try:
        return round(float(number) * 1024.0 ** _POWERS[unit])
    except (ValueError, OverflowError):
        return 0
