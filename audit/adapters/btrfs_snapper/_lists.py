"""Lists of snapshots: snapper's as JSON and CSV, and btrfs' subvolumes."""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl

from audit.adapters import _console, _formats, _records, _table
from audit.adapters._typed import shown, typed
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import Facts, frame

TYPES = {"single": "snapshot", "pre": "snapshot", "post": "snapshot"}
"""Every type of snapper's snapshots. Pre and post are two snapshots around one change."""

COLUMNS = ("config", "subvolume", "number", "type", "date")

_SUBVOLUME = re.compile(
    r"ID (?P<ID>\d+) gen \d+ (?:cgen \d+ )?(?:parent \d+ )?top level \d+ (?:otime (?P<otime>\S+ \S+) )?(?:parent_uuid (?P<parent>\S+) +)?"
    r"(?:received_uuid (?P<received>\S+) +)?(?:uuid (?P<uuid>\S+) )?path (?P<path>.*)"
)
_STAMP, _BEFORE_STAMP = "0123456789._:T+-", "._@-"
"""Letters of a time or number behind a name, and those that stand between the two."""
_ONE_SNAPSHOT = re.compile(r"(.*/)?(\d+)/snapshot$")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) ([+-]\d{4})")


def snapper_json(payload: bytes, envelope: Envelope) -> Facts:
    """Read `snapper --jsonout list`: the snapshots of each config."""
    where = envelope.name or envelope.tool
    document = _records.document(payload, envelope)
    faults: list[Fault] = []
    tables = []
    for config, value in document.items():
        objects, found = _records.objects(value, "/" + config.replace("~", "~0").replace("/", "~1"), where)
        picked = _records.pick(objects, {name: name for name in COLUMNS if name != "config"}, where)
        faults += [*found, *picked.faults]
        tables.append(picked.rows.with_columns(config=pl.lit(config)))
    schema = dict.fromkeys(("locator", *COLUMNS), pl.String())
    table = pl.concat(tables) if tables else pl.DataFrame(schema=schema)
    return _snapshots(table, envelope, faults, list(document))


def snapper_csv(text: str, envelope: Envelope) -> Facts:
    """Read `snapper --csvout list`."""
    where = envelope.name or envelope.tool
    table = _table.read(text, where)
    raw = table.raw.with_columns(locator=pl.format("line {}", "line"))
    missing = [name for name in COLUMNS if name not in raw.columns]
    raw = raw.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
    raw = raw.select("locator", *(pl.when(pl.col(name) != "").then(name).alias(name) for name in COLUMNS))
    return _snapshots(raw, envelope, list(table.faults), raw["config"].drop_nulls().unique(maintain_order=True).to_list())


def _snapshots(table: pl.DataFrame, envelope: Envelope, faults: list[Fault], configs: list[str]) -> Facts:
    where = envelope.name or envelope.tool
    counted = pl.col("number").str.contains(r"^\d+$").fill_null(value=False)
    faults += [
        Fault(
            where,
            f"{shown(number)} is no number of a snapshot: it was not used",
            "list the snapshots again",
            locator or "",
            "number",
        )
        for number, locator in table.filter(~counted).select("number", "locator").iter_rows()
    ]
    told = _records.told(table.filter(counted & (pl.col("number") != "0")), "type", TYPES, where, into="method")
    local = _formats.normal(told.rows["date"], ("%Y-%m-%d %H:%M:%S",), day_end=False)
    if "--utc" in (envelope.command or "").split():
        local = local + "Z"
    # Text that is no such time stays as it is, and `typed` judges it.
    rows = told.rows.with_columns(captured_at=pl.select(pl.coalesce(local, told.rows["date"])).to_series())
    rows = rows.with_columns(
        id=pl.concat_str(pl.col("config").fill_null("snapper"), pl.lit(":"), "number"),
        subject=pl.coalesce("subvolume", "config", pl.lit(envelope.source)),
        available_at="captured_at",
        self_contained=pl.lit("true"),
    )
    undated = rows["captured_at"].null_count()
    if undated:
        faults.append(Fault(where, f"{undated} snapshots have no date: what they restore is not known", "", "", "date", "warning"))
    result = typed("recovery_point", rows, envelope)
    scope = envelope.scope or (configs[0] if len(configs) == 1 else "all configs")
    points = result.frame.with_columns(basis=pl.lit("catalog"))
    # Of each config snapper lists number 0, the live volume: a list without rows was cut off behind its header.
    if table.is_empty():
        faults.append(
            Fault(
                where,
                "this list holds no row, not even number 0: it was cut off, or no config was listed",
                "list the snapshots again",
            )
        )
    return _records.assembled(envelope, [*faults, *told.faults, *result.faults], points, None, _listing(envelope, scope))


def _listing(envelope: Envelope, scope: str | None, *, whole: bool = True) -> pl.DataFrame:
    listing = {"source": envelope.source, "repository": envelope.repository, "scope": scope}
    complete = bool(envelope.complete) and whole and not envelope.exit_code
    return frame("listing", [{**listing, "listed_at": envelope.observed_at, "complete": complete, "locator": "envelope"}])


def subvolumes(payload: bytes, envelope: Envelope) -> Facts:
    """Read `btrfs subvolume list`: of its lines those that are snapshots, or were received."""
    console = _console.read(payload, envelope)
    found = []
    for line, text in console.lines:
        match = _SUBVOLUME.fullmatch(text)
        if match is None:
            console.fault(f"this line is no subvolume: {shown(text)}", "list the subvolumes again, with -uqR", line)
        else:
            found.append((line, {key: None if value == "-" else value for key, value in match.groupdict().items()}))
    only_snapshots = re.search(r"\slist\s(?:.*\s)?-\w*s", envelope.command or "") is not None
    rows, undated, unnamed = [], 0, 0
    for line, each in found:
        if not (each["parent"] or each["received"] or only_snapshots or each["otime"]):
            continue  # a subvolume that is no snapshot
        path = str(each["path"])
        rows.append(_point(each["uuid"] or path, _stem(path), each["otime"], each["received"], f"line {line}"))
        undated += each["otime"] is None and each["received"] is None
        unnamed += each["uuid"] is None
    if undated:
        console.warn(
            f"{undated} snapshots tell no time: what they restore is not known", "list them with -s, or show them", 1, "otime"
        )
    if unnamed and envelope.complete:
        console.warn(f"{unnamed} snapshots are known by their path only: this list proves no deletion", "list with -u", 1, "uuid")
    points = console.typed("recovery_point", rows).with_columns(basis=pl.lit("catalog"))
    listing = _listing(envelope, _scope(envelope, uuids=not unnamed), whole=not unnamed)
    return _records.assembled(envelope, console.faults, points, None, listing)


def _scope(envelope: Envelope, *, uuids: bool) -> str:
    """Return what a list of btrfs speaks for: snapshots by the ids that it knows them by, since it lacks those by path, uuid or number of the other lists."""
    return f"{envelope.scope or 'subvolumes'} by {'uuid' if uuids else 'path'}"


def _stem(path: str) -> str:
    """A path without the date or the number behind it; snapper's own snapshots lie in folders of numbers."""
    inner = _ONE_SNAPSHOT.fullmatch(path)
    if inner:
        return (inner[1] or "").rstrip("/").removesuffix(".snapshots").rstrip("/") or path
    # By hand: a pattern that looks for this from the left takes quadratic time on a long row of digits and dots.
    behind = path[len(path.rstrip(_STAMP)) :]
    number = behind.lstrip("._:T+-")
    return path[: len(path) - len(number)].rstrip(_BEFORE_STAMP) or path if number else path


def _point(id_: str, subject: str, made: str | None, received: str | None, locator: str) -> dict[str, str | None]:
    return {
        "id": id_,
        "subject": subject,
        "method": "snapshot",
        "captured_at": None if received else made,
        "available_at": made,
        "self_contained": "true",
        "copy_of_id": received,
        "locator": locator,
    }


def shown_one(payload: bytes, envelope: Envelope) -> Facts:
    """Read `btrfs subvolume show`: one subvolume."""
    console = _console.read(payload, envelope)
    pairs = dict(_pairs(console.lines[1:]))
    path = console.lines[0][1].strip()
    time = _TIME.fullmatch(pairs.get("Creation time", ""))
    uuid, received = pairs.get("UUID"), pairs.get("Received UUID", "-")
    if time is None or not uuid:
        console.fault("this subvolume has no creation time or no uuid: it was not used", "show it again", 1)
        return _records.assembled(envelope, console.faults)
    if pairs.get("Parent UUID", "-") == "-" and received == "-":
        return _records.assembled(envelope, console.faults)  # no snapshot
    if "readonly" not in pairs.get("Flags", ""):
        console.warn(
            "this snapshot can be written to: nothing says that it still is what it was", "take snapshots with -r", 1, "Flags"
        )
    made = f"{time[1]}T{time[2]}{time[3]}"
    row = _point(uuid, _stem(path), made, None if received == "-" else received, "line 1")
    if "readonly" not in pairs.get("Flags", ""):
        row["captured_at"] = None
    points = console.typed("recovery_point", [row]).with_columns(basis=pl.lit("catalog"))
    return _records.assembled(envelope, console.faults, points, None, _listing(envelope, _scope(envelope, uuids=True), whole=False))


def _pairs(lines: Iterable[tuple[int, str]]) -> Iterable[tuple[str, str]]:
    for _, text in lines:
        key, sign, value = text.strip().partition(":")
        if sign:
            yield key, value.strip()
