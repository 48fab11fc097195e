"""Archives: listings (`list --json`, `info --json`) and the points of archives, whatever told of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import polars as pl

from audit.adapters import _records
from audit.adapters._lost import ANYTHING, without
from audit.adapters._typed import shown, typed
from audit.adapters.borgbackup import _series
from audit.adapters.borgbackup._payload import COUNTED, ENCRYPTION, FILTERS, ID, Payload
from audit.model.facts import Facts, frame

_BACKDATED = re.compile(r"(?:^|[\s'\"])--tim")
_EVERYTHING = {"", "*", "sh:*"}
COLUMNS = ("id", "name", "start", "end", "bytes", "nfiles", "hostname")
"""What is taken of an archive before it becomes a point, all of it text."""


def listed(given: Payload, document: dict[str, Any]) -> Facts:
    """Read the document of `list --json` or `info --json`: points, and the listing that holds them."""
    envelope, archives = given.envelope, document["archives"]
    raw = raw_archives(archives).with_columns(locator=pl.format("/archives/{}", pl.int_range(pl.len())))
    _several_hosts(given, raw)
    found, whole = points(given, raw, encrypted=encryption(given, document), basis="catalog")
    listing = {
        "source": envelope.source,
        "repository": envelope.repository,
        "scope": envelope.scope,
        "listed_at": envelope.observed_at or envelope.finished_at,
        "complete": _complete(given),
        "locator": "envelope",
    }
    told = without(Facts(found, listings=frame("listing", [listing])), ANYTHING.clear() if whole else ANYTHING, given.where)
    given.faults += told.faults
    return told


def _complete(given: Payload) -> bool:
    """Tell whether a listing shows everything in its scope: the envelope says so, and the command does not contradict it."""
    if not given.envelope.complete:
        return False
    command = given.command
    named = command is not None and not set(command.values(*FILTERS)) <= _EVERYTHING and given.envelope.scope is None
    # An option that is not known may be `--last` cut short, as borg allows.
    part = command is not None and (command.has(*COUNTED) or given.archive is not None or not command.sure)
    if part or named or given.code not in (None, 0):
        why = "the command failed" if given.code else "the command lists, or may list, only a part of the repository"
        given.warn(
            f"this listing is taken as incomplete: {why}",
            "list the whole repository (borg list --json REPOSITORY), or name the part with --scope",
            "",
            "complete",
        )
        return False
    return True


def encryption(given: Payload, document: dict[str, Any]) -> str | None:
    """Return `yes` or `no` by the repository's mode; an unknown mode is a fault and leaves it open."""
    told = document.get("encryption")
    mode = told.get("mode") if isinstance(told, dict) else None
    if mode is None:
        return None
    known = ENCRYPTION.get(mode) if isinstance(mode, str) else None
    if known is None:
        given.warn(
            f"{shown(mode)} is no mode of encryption that is known: whether the archives are encrypted is left open",
            "report it, with the version of borg",
            "/encryption/mode",
            "encrypted",
            level="error",
        )
    return known


_TEXTS = ("id", "name", "start", "end", "hostname")
_COUNTS = {"bytes": ("stats", "original_size"), "nfiles": ("stats", "nfiles")}
_LINE = ("command_line",)
_TWICE = {"name": "archive", "start": "time"}
"""What borg tells under two keys; the second is asked only where the first tells nothing."""
_NOTHING = {type(None)}


def raw_archives(archives: Sequence[Any]) -> pl.DataFrame:
    """Return archives of a JSON document as columns of text (null: absent, or not of that kind): one pass, no row is built."""
    told = _told(archives, [*((key,) for key in _TEXTS), *_COUNTS.values(), _LINE])
    columns = {key: _texts(*told[key,]) for key in _TEXTS}
    for name, path in _COUNTS.items():
        values, kinds = told[path]
        columns[name] = values if kinds <= _NOTHING else [_count(value) for value in values]
    for name, key in _TWICE.items():
        if told[name,][1] != {str}:
            more = _texts(*_told(archives, [(key,)])[key,])
            columns[name] = [other if value is None else value for value, other in zip(columns[name], more, strict=True)]
    lines, _ = told[_LINE]
    columns["end"] = [end if line and not backdated(line) else None for end, line in zip(columns["end"], lines, strict=True)]
    return pl.DataFrame(columns, schema=dict.fromkeys(COLUMNS, pl.String()))


def _told(archives: Sequence[Any], paths: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], tuple[list[Any], set[type]]]:
    """Return what stands at each path below all archives, as `_records.columns` does. Keys that no archive has are not looked for in each."""
    held = set().union(*(archive for archive in archives if isinstance(archive, dict)))
    there = [path for path in paths if path[0] in held]
    found = dict(zip(there, _records.columns(archives, there), strict=True))
    return {path: found.get(path) or ([None] * len(archives), _NOTHING) for path in paths}


def _texts(values: list[Any], kinds: set[type]) -> list[str | None]:
    return values if kinds <= {str, *_NOTHING} else [value if isinstance(value, str) else None for value in values]


def backdated(command_line: Any) -> bool:
    """Tell whether an archive's own command line may hold `--timestamp`: then its times are not when it was made."""
    words = command_line if isinstance(command_line, list) else [command_line]
    return any(isinstance(word, str) and bool(_BACKDATED.search(word)) for word in words)


def _count(value: Any) -> str | None:
    return str(value) if type(value) is int and 0 <= value < 2**63 else None


def points(given: Payload, raw: pl.DataFrame, *, encrypted: str | None, basis: str) -> tuple[pl.DataFrame, bool]:
    """Make points of raw archives, and tell whether all of them could be read. raw: `COLUMNS` and `locator`, all String;
    optionally `deleted_at`.
    """
    problem = (
        pl.when(~pl.col("id").str.contains(ID).fill_null(value=False))
        .then(pl.lit("its id is not 64 hexadecimal digits"))
        .when(pl.col("name").fill_null("") == "")
        .then(pl.lit("it has no name"))
        .when(pl.col("start").is_null())
        .then(pl.lit("it has no start"))
    )
    raw = raw.with_columns(problem=problem.cast(pl.String))
    for locator, what in raw.filter(pl.col("problem").is_not_null()).select("locator", "problem").iter_rows():
        given.warn(f"this archive was not read: {what}", "list the archives again with --json", locator, level="error")
    good = raw.filter(pl.col("problem").is_null())
    empty = (good["nfiles"] == "0").fill_null(value=False) | _series.unfinished(good["name"])
    rows = good.rename({"start": "captured_at", "end": "available_at"}).with_columns(
        subject=_series.series(good["name"], given.envelope.repository),
        completeness=pl.when(empty).then(pl.lit("partial")),
    )
    result = typed("recovery_point", rows, given.envelope)
    given.faults += result.faults
    made = result.frame.with_columns(
        # A clock set back during the backup makes it end before it began: then the end is not known.
        available_at=pl.when(pl.col("available_at") >= pl.col("captured_at")).then("available_at"),
        method=pl.lit("full"),
        self_contained=pl.lit(value=True),
        encrypted=pl.lit(encrypted, pl.String),
        basis=pl.lit(basis),
    )
    return made, good.height == raw.height and result.unread.is_empty()


def _several_hosts(given: Payload, raw: pl.DataFrame) -> None:
    """Warn of a series that several hosts write: it is one subject, and one host's backup would stand for the other's."""
    known = raw.drop_nulls(["name", "hostname"])
    if known["hostname"].n_unique() < 2:
        return
    hosts = known.with_columns(series=_series.series(known["name"], given.envelope.repository))
    hosts = hosts.group_by("series").agg(pl.col("hostname").unique().sort(), pl.col("locator").last())
    for name, made_on, locator in hosts.filter(pl.col("hostname").list.len() > 1).sort("series").iter_rows():
        given.warn(
            f"archives of {shown(name)} were made on several hosts ({', '.join(made_on[:5])}), and count as one subject",
            "give each host a name of its own for its archives, such as {hostname}-{now}",
            locator,
            "subject",
        )
