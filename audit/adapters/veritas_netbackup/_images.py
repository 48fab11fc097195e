"""`bpimagelist -l` and `bpimmedia -l`: IMAGE lines, and a FRAG line for each fragment of each copy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from audit.adapters import _command, _formats, _records
from audit.adapters._listing import based, from_envelope
from audit.adapters._typed import shown, typed
from audit.adapters.veritas_netbackup._words import METHODS, kilobytes, subject
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import Facts

NEVER = "2147483647"
"""An expiration that means never."""
_NULL = {"*NULL*", "-", "0", ""}
_LOCKED = "3"
"""WORM flags of a copy that can neither be changed nor deleted."""

_LONG = {"client": 1, "recovery": 5, "policy": 6, "schedule": 11, "captured_at": 13, "elapsed": 14, "expires": 15, "kilobytes": 18}
_SHORT = {"client": 1, "recovery": 3, "policy": 4, "schedule": 7, "expires": 10}
"""Where the fields stand in the IMAGE lines of bpimagelist, and of bpimmedia (which has 13 or 15 of them)."""
_MOST_OF_SHORT = 20
_REMEDY = "copy the whole output and ingest it again"
_FLAGS = {"-l", "-media", "-inventory", "-U", "-L", "-idonly", "-tape"}
_VALUED = frozenset({"-d", "-e", "-hoursago", "-client", "-policy", "-pt", "-st", "-sl", "-backupid"}) | frozenset(
    {"-keyword", "-server", "-M", "-rl", "-option", "-stl_complete", "-stl_incomplete"}
)
_FILTERS = _VALUED - {"-d", "-M"}
_BEFORE_ALL = re.compile(r"(?:^|[^0-9])(?:19[0-9]{2}|2000)(?![0-9])|[/.-](?:[7-9][0-9]|00)$")
"""A date before the oldest image, in any order of day, month and year."""


@dataclass(slots=True)
class _Image:
    fields: Sequence[str]
    line: int
    copies: dict[str, list[Sequence[str]]] = field(default_factory=dict)


def read(text: str, envelope: Envelope) -> Facts:
    """Read images and their copies; what is neither IMAGE, HISTO nor FRAG is a fault."""
    where = envelope.name or envelope.tool
    images: list[_Image] = []
    faults: list[Fault] = []
    good = False
    for number, line in enumerate(text.split("\n"), 1):
        fields = line.split()
        if not fields or fields[0] == "HISTO":
            continue
        if fields[0] == "IMAGE":
            good = len(fields) >= 40 or 11 <= len(fields) <= _MOST_OF_SHORT
            if good:
                images.append(_Image(fields, number))
                continue
        elif fields[0] == "FRAG" and len(fields) >= 17 and (good or not images):
            if images:
                images[-1].copies.setdefault(fields[1], []).append(fields)
                continue
        elif fields[0] == "FRAG" and not good:
            continue  # of an image whose own line was told already
        faults.append(
            Fault(
                where,
                f"this {shown(fields[0])} line is not as long as it should be, or is none of an image",
                _REMEDY,
                f"line {number}",
            )
        )
    rows: list[dict[str, str | None]] = []
    for image in images:
        rows += _copies(image, where, faults)
    return facts_of_copies(rows, envelope, faults, whole=whole_command(envelope, where, faults))


def _copies(image: _Image, where: str, faults: list[Fault]) -> list[dict[str, str | None]]:
    """Return a row for each copy that can be restored; a warning where there is none."""
    places = _LONG if len(image.fields) > _MOST_OF_SHORT else _SHORT
    told: dict[str, str | None] = {name: image.fields[place] for name, place in places.items()}
    backup_id = told["recovery"] or ""
    if places is _SHORT:
        match = re.search(r"_0*([0-9]+)\Z", backup_id)
        told["captured_at"] = match[1] if match else None
    if told["expires"] in _NULL or not image.copies:
        what = f"the image {shown(backup_id)} is in progress or failed, or has no copy: it is no recovery point"
        faults.append(Fault(where, what, "", f"line {image.line}", "expiration", level="warning"))
        return []
    rows = []
    for number, fragments in image.copies.items():
        first = fragments[0]
        expires = next((fragment[16] for fragment in fragments if fragment[16] not in _NULL), None)
        if expires is None:
            what = f"copy {number} of the image {shown(backup_id)} is in progress or failed: it is no recovery point"
            faults.append(Fault(where, what, "", f"line {image.line}", "expiration", level="warning"))
            continue
        locks = [(fragment[33], fragment[34]) for fragment in fragments if len(fragment) > 34]
        locked = bool(locks) and all(flags == _LOCKED and until not in _NULL for flags, until in locks)
        rows.append(
            told
            | {
                "id": backup_id if number == "1" else f"{backup_id}#{number}",
                "copy": number,
                "repository": _repository(first),
                "expires_at": None if expires == NEVER else expires,
                "immutable_until": min((until for _, until in locks), key=_number) if locked else None,
                "made": first[24] if len(first) > 24 and first[24] not in _NULL else None,
                "encrypted": "yes" if len(first) > 27 and first[27] not in _NULL else None,
                "locator": f"line {image.line}",
            }
        )
    original = next((row for row in rows if row["copy"] == "1"), None)
    for row in rows:
        if original is not None and row is not original:
            row |= {"copy_of_repository": original["repository"], "copy_of_id": backup_id}
    return rows


def _number(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,12}", text) else 0


def _repository(fragment: Sequence[str]) -> str:
    """`storage server:disk pool` of a disk copy, whose description is `number;type;server;pool;volume;...`; else the media server that wrote the tape or folder."""
    described = fragment[15].split(";")
    if fragment[5] == "2":
        return f"tape:{fragment[9]}"
    return f"{described[2]}:{described[3]}" if len(described) > 3 and described[2] and described[3] else f"disk:{fragment[9]}"


def facts_of_copies(rows: list[dict[str, str | None]], envelope: Envelope, faults: list[Fault], *, whole: bool) -> Facts:
    """Make points of copies (times in seconds since 1970), and their listing; `whole`: it holds every image."""
    names = (
        "locator id copy client policy schedule captured_at elapsed expires_at made kilobytes repository immutable_until encrypted completeness "
        "copy_of_repository copy_of_id"
    )
    raw = pl.DataFrame({name: pl.Series([row.get(name) for row in rows], dtype=pl.String) for name in names.split()})
    seconds = {
        name: pl.when(pl.col(name).str.contains("^[0-9]{1,11}$")).then(pl.col(name)).cast(pl.Int64, strict=False)
        for name in ("captured_at", "elapsed")
    }
    end = (seconds["captured_at"] + seconds["elapsed"]).cast(pl.String)
    raw = raw.with_columns(
        kilobytes("kilobytes"),
        subject=subject(pl.col("client"), pl.col("policy")),
        method=pl.col("schedule").replace_strict(METHODS, default=None, return_dtype=pl.String),
        available_at=pl.when(pl.col("copy") == "1").then(end).otherwise("made"),
        basis=pl.lit("catalog"),
    ).with_columns(self_contained=pl.when(pl.col("method") == "full").then(pl.lit("true")))
    raw = _records.times(raw, ("captured_at", "available_at", "expires_at", "immutable_until"), (_formats.SECONDS,))
    read_ = typed("recovery_point", raw, envelope)
    listings = from_envelope(read_.frame, envelope, empty_table=False).with_columns(complete=pl.lit(whole))
    return _records.assembled(envelope, [*faults, *read_.faults], points=based(read_.frame, listings), listings=listings)


def whole_command(envelope: Envelope, where: str, faults: list[Fault]) -> bool:
    """Tell whether the command listed every image: with a first date before all of them, and no last date or filter."""
    if not envelope.complete:
        return False
    command = next(
        (found for name in ("bpimagelist", "bpimmedia") if (found := _command.parse(envelope.command, name, _FLAGS, _VALUED))), None
    )
    since = command is not None and any(_BEFORE_ALL.search(value) for value in command.values("-d")[-1:])
    if command is None or (since and command.sure and not command.has(*_FILTERS)):
        return True
    what = "this listing is taken as incomplete: the command lists only the last day, images since a date, or a part of the images"
    faults.append(
        Fault(where, what, "give it -d with a date of the year 2000 or before, and no filter", "", "complete", level="warning")
    )
    return False
