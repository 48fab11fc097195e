"""ZFS snapshots: the list that `zfs list -t snapshot` prints, what sanoid took, and what syncoid sent.

Formats read: `zfs list -Hp -t snapshot -o name,creation,...` (tabs, no header; the columns are those of the command in the envelope, else
name,creation,used,referenced,userrefs,encryption,guid), sanoid's "taking snapshot" lines, syncoid's output.

Point: id = `DATASET@SNAPSHOT:GUID` (without guid the name alone), subject = the dataset, method snapshot, self-contained (no chains); repository =
the envelope's, else the pool. Snapshots lie on the pool of the data they protect: declare the pool's failure domain and site as those of production,
and a pool that receives as a repository of its own. A hold (userrefs) only spares a snapshot until it is released: it is no immutability.

Time semantics: captured_at = creation, an epoch, which a pool that receives a snapshot keeps. When a snapshot came to a pool no list tells: available_at is the first sighting, or,
for snapshots that sanoid took, what its log tells by their names (local times unless sanoid runs with TZ=UTC; the zone must be declared).

Proof of deletion: a complete list that lacks a snapshot; one of a dataset (an argument of the command) speaks for that dataset.

Success: sanoid says what it is about to take, and complains elsewhere when it fails: its runs are warnings, or failed where a "CRITICAL ERROR" names the snapshot; of the last
line of a log that is not known yet, whatever its exit code. syncoid's exit code counts; without one its run is a warning. Where its text stops before it sends anything, or in the midst
of a line, its end is not known.

What ZFS cannot show here: which pool is the original, expiry, failures outside these logs.

Tested against: the documented schema of zfs list, published lines of sanoid; syncoid from its documentation only.
"""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from audit.adapters import _command, _console, _formats, _records, _text, _whole
from audit.adapters._typed import shown, typed
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import Facts, frame

TESTED_AGAINST = "schema"

COLUMNS = ("name", "creation", "used", "referenced", "userrefs", "encryption", "guid")
"""What is asked for when nothing says which columns there are."""

ENCRYPTION = {"off": "no", "-": None, "on": "yes"} | {
    f"aes-{bits}-{mode}": "yes" for bits in (128, 192, 256) for mode in ("ccm", "gcm")
}
"""Every value of the property `encryption`; `-` where there is none."""

_NAME = r"[A-Za-z0-9][^@\s]*@[^@\s]+"
_LIST = re.compile(rf"{_NAME}\t\d{{9,11}}\t".encode())
_TAKING = re.compile(rf"taking snapshot ({_NAME})$")
_NAMED = re.compile(rf"(?:(?<=\s)|^)[^A-Za-z0-9\s@]*+({_NAME})")
"""A name in a sentence: sought where words begin only, for a word may be long."""
_STAMP = re.compile(r"@\S*?_(\d{4}-\d\d-\d\d)_(\d\d:\d\d:\d\d)_[a-z]+$")
_SENDING = re.compile(
    r"(?:INFO: )?(?:Sending (?:incremental|oldest full snapshot|full snapshot)|Updating new target filesystem with incremental) ([^@\s]+)@"
)
_CRITICAL = re.compile(r"CRITICAL ERROR: (.*)")
_LOG = _text.LineStarts(
    rb"taking snapshot \S+@\S+\s*$",
    rb"(?:INFO: )?Sending (?:incremental|oldest full snapshot) \S+@",
    rb"NEWEST SNAPSHOT: ",
    rb"CRITICAL ERROR: .*\bzfs\b",
)
_FLAGS = frozenset({"-H", "-p", "-r", "-o", "-j", "--json"})
_VALUED = frozenset({"-t", "-o", "-d", "-s", "-S"})


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """Lines that begin with a snapshot and an epoch, or with what sanoid and syncoid say."""
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return bool(_LIST.match(head) or _LOG.search(head))


def whole(payload: bytes) -> bytes:
    """Zfs ends every line of a list, so one without its end was cut off; of a log nothing is taken away."""
    return _whole.lines(payload) if b"\t" in payload.lstrip().split(b"\n", 1)[0] else payload


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read a list or a log. Raises `InputError` when it is no text."""
    console = _console.read(payload, envelope)
    if "\t" in console.lines[0][1]:
        return _listed(console)
    return _logged(console)


def _asked(console: _console.Console) -> tuple[tuple[str, ...], str | None, bool]:
    """Return the columns that the command asked for, the dataset that it named, and whether all below it was listed."""
    command = _command.parse(console.envelope.command, "zfs", _FLAGS - _VALUED, _VALUED)
    if command is None or command.verb != "list":
        return COLUMNS, None, True
    columns = ",".join(command.values("-o")) or ",".join(COLUMNS)
    named = command.arguments[1:]
    return tuple(columns.split(",")), named[0] if len(named) == 1 else None, len(named) < 2 and not command.values("-d")


def _listed(console: _console.Console) -> Facts:
    envelope, where = console.envelope, console.where
    columns, scope, whole = _asked(console)
    cells = [(line, text.split("\t")) for line, text in console.lines]
    faults = [
        Fault(where, f"this line has {len(row)} columns, not the {len(columns)} that were asked for", "give the command in the envelope", f"line {line}")
        for line, row in cells
        if len(row) != len(columns)
    ]  # fmt: skip
    right = [(line, row) for line, row in cells if len(row) == len(columns)]
    names = [{"refer": "referenced"}.get(name, name) for name in columns]
    if "name" not in names or "creation" not in names or len(set(names)) < len(names):
        faults.append(Fault(where, "a list without name and creation tells no recovery points", f"ask for -o {','.join(COLUMNS)}"))
        return _records.assembled(envelope, faults)
    table = pl.DataFrame(
        {"locator": pl.Series([f"line {line}" for line, _ in right], dtype=pl.String)}
        | {name: pl.Series([row[place] for _, row in right], dtype=pl.String) for place, name in enumerate(names)}
    )
    known = pl.col("name").str.contains(f"^{_NAME}$")
    faults += [
        Fault(where, f"{shown(name)} is no name of a snapshot: the line was not used", "list snapshots only (-t snapshot)", locator)
        for name, locator in table.filter(~known).select("name", "locator").iter_rows()
    ]
    table = table.filter(known)
    if "encryption" in names:
        told = _records.told(table, "encryption", ENCRYPTION, where, into="encrypted")
        table, faults = told.rows, [*faults, *told.faults]
    dataset = pl.col("name").str.extract("^([^@]+)@")
    guid = pl.col("guid") if "guid" in names else pl.lit(None, pl.String)
    size = pl.col("referenced") if "referenced" in names else pl.lit(None, pl.String)
    table = _records.times(table.with_columns(captured_at="creation"), ["captured_at"], (_formats.SECONDS,))
    table = table.with_columns(
        id=pl.concat_str("name", pl.when(guid.str.contains("^[0-9]+$")).then(":" + guid).otherwise(pl.lit(""))),
        subject=dataset,
        repository=pl.lit(envelope.repository) if envelope.repository else dataset.str.extract("^([^/]+)"),
        method=pl.lit("snapshot"),
        self_contained=pl.lit("true"),
        bytes=pl.when(size != "-").then(size),
    )
    result = typed("recovery_point", table, envelope)
    places = [envelope.repository] if envelope.repository else table["repository"].unique(maintain_order=True).to_list()
    listing = {
        "source": envelope.source,
        "scope": envelope.scope or scope,
        "listed_at": envelope.observed_at,
        "complete": bool(envelope.complete) and whole and not envelope.exit_code,
        "locator": "envelope",
    }
    listings = frame("listing", [{**listing, "repository": place} for place in places])
    points = result.frame.with_columns(basis=pl.lit("catalog"))
    return _records.assembled(envelope, [*faults, *result.faults], points, None, listings)


def _logged(console: _console.Console) -> Facts:
    """What sanoid took, one run a snapshot; what syncoid sent, one run of all."""
    rows: list[dict[str, str | None]] = []
    sent: set[str] = set()
    critical: list[str] = []
    others = 0
    # Half a line names nothing; and whether a snapshot could be taken shows only in what is said after it.
    lines = console.lines[:-1] if console.cut else console.lines
    for line, text in lines:
        if taking := _TAKING.match(text):
            rows.append(_taken(taking[1], line, console.envelope))
        elif sending := _SENDING.match(text):
            sent.add(sending[1])
        elif trouble := _CRITICAL.match(text):
            critical.append(trouble[1])
        else:
            others += not text.startswith(("INFO: ", "NEWEST SNAPSHOT: ", "WARN"))
    failed = {name for text in critical for name in _NAMED.findall(text)}
    for row in rows:
        if row["recovery_point"] in failed:
            row |= {"outcome": "failed", "recovery_point": None, "message": "CRITICAL ERROR"}
    if rows and lines[-1][0] == int((rows[-1]["locator"] or "")[5:]):
        rows[-1] |= {"outcome": "running", "finished_at": None, "recovery_point": None, "message": _console.STOPS}
    runs = console.typed("run", rows)
    command = console.envelope.command or ""
    if sent or "syncoid" in command or (critical and not rows):
        runs = runs.extend(_sent(console, sent, critical))
    elif not rows:
        console.fault("this is no output of zfs list, sanoid or syncoid that is known", "ingest zfs list -Hp -t snapshot")
    if others and rows:
        console.warn(f"{others} lines are none that sanoid is known to print", "", console.lines[0][0])
    return _records.assembled(console.envelope, console.faults, runs=runs)


def _taken(name: str, line: int, envelope: Envelope) -> dict[str, str | None]:
    stamp = _STAMP.search(name)
    at = f"{stamp[1]}T{stamp[2]}" if stamp else None
    dataset = name.partition("@")[0]
    return {
        "id": f"snapshot:{name}",
        "subject": dataset,
        "kind": "backup",
        "method": "snapshot",
        "mode": "hot",
        "started_at": at,
        "finished_at": at,
        "outcome": "warning",
        "repository": envelope.repository or dataset.partition("/")[0],
        "recovery_point": name,
        "message": "sanoid says what it is about to take, not what it took",
        "locator": f"line {line}",
    }


def _sent(console: _console.Console, sent: set[str], critical: list[str]) -> pl.DataFrame:
    fields: dict[str, Any] = {"subject": next(iter(sent)) if len(sent) == 1 else None}
    # It names the newest snapshot first, and then what it sends, or that there is nothing to send.
    begun = any(text.startswith("NEWEST SNAPSHOT: ") for _, text in console.lines)
    idle = any("nothing to do, not syncing" in text.lower() for _, text in console.lines)
    silent = "no exit code: what it printed does not tell whether it was completed"
    told = [f"critical errors: {len(critical)}"] if critical else []
    fields |= console.ended(told, said=False if begun and not sent and not idle else None, silent=silent)
    return console.run("syncoid", "copy", **fields)
