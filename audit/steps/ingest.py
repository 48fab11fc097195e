"""ingest: payload, vault, journal, facts. In this order, so that nothing is lost whatever happens between two of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from audit.adapters._registry import claims, fits, mapping_of, recognise, tools
from audit.errors import Fault, InputError, UsageError
from audit.evidence.redact import redact
from audit.model.envelope import Envelope, time_text
from audit.model.estate import Source
from audit.policy.place import Place
from audit.policy.validate import validate
from audit.register.evidence import Recorded, record
from audit.steps._open import Progress, Store, quietly
from audit.steps._payloads import Gathered, Payload, is_text, read_sidecar
from audit.steps.catch_up import UNRECOGNISED, CaughtUp, attempt, catch_up

BATCH = 50
"""Payloads a transaction of the journal."""

HEAD = 65_536
"""Bytes of a payload that are tried to see whether its rows name their sources."""


CLOCKS_DIFFER = timedelta(hours=1)
"""By how much what is said of a payload's time may lie ahead of our clock."""


@dataclass(slots=True)
class Ingested:
    """What an ingest did. `refused`: payloads that were not taken in, and why; `unrecognised`: kept as evidence, but no adapter
    could be chosen; `unread`: kept as evidence, but nothing in it could be read.

    `quarantined` counts what could not be read in the new payloads, `noted` what was read but is doubtful; `faults` are the first
    of both.
    """

    files: int = 0
    hidden: int = 0
    new: int = 0
    known: int = 0
    points: int = 0
    runs: int = 0
    listings: int = 0
    quarantined: int = 0
    noted: int = 0
    faults: list[Fault] = field(default_factory=list)
    unrecognised: list[Fault] = field(default_factory=list)
    unread: list[Fault] = field(default_factory=list)
    refused: list[Fault] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    entries: list[int] = field(default_factory=list)


def ingest(store: Store, found: Gathered, given: Mapping[str, Any], *, now: datetime, by: str, method: str = "upload",
           progress: Progress = quietly) -> Ingested:  # fmt: skip
    """Take in payloads. `given` holds fields of the envelope that were said for all of them; `by` is who brought them; `now` when.

    Raises `UsageError` for a tool, source or zone that cannot be right, before anything is kept.
    """
    store.folder.must_be_writable()
    head = store.head()
    declared = store.estate(head).sources
    applied = bool(store.programmes(head))
    _check(given, declared, now, applied=applied)
    done = Ingested(files=len(found.payloads), hidden=found.hidden, refused=list(found.faults))
    if not applied:
        done.warnings.append("no programme is applied yet: source names and time zones cannot be checked (backup-audit apply DIR)")
    store.vault.sweep()
    telling = _Telling(given, declared, applied, by, method)
    bodies: list[dict[str, Any]] = []
    entries: list[int] = []
    for number, payload in enumerate(found.payloads, 1):
        try:
            bodies.append(_keep(store, payload, telling, done))
        except InputError as error:
            done.refused += error.faults
        if len(bodies) == BATCH:
            entries += _note(done, record(store.journal, bodies, now))
            bodies.clear()
        progress("keeping payloads", number, len(found.payloads))
    if bodies:
        entries += _note(done, record(store.journal, bodies, now))
    caught = catch_up(store, progress)
    store.checkpoint()
    _sum_up(store, done, caught, applied=applied)
    done.unread = _unread(store, entries, caught.mark)
    return done


@dataclass(frozen=True, slots=True)
class _Telling:
    """What is said of every payload of one ingest, and what it is checked against."""

    given: Mapping[str, Any]
    declared: Mapping[str, Source]
    applied: bool
    by: str
    method: str


def _check(given: Mapping[str, Any], declared: Mapping[str, Source], now: datetime, *, applied: bool) -> None:
    faults = [
        Fault(f"--{key.replace('_', '-')}", f"{value!r} is not UTF-8")
        for key, value in given.items()
        if isinstance(value, str) and not is_text(value)
    ]
    if given.get("tool") is not None:
        faults += _unknown("tool", given["tool"], tools(), "--tool")
    if given.get("source") is not None and applied:
        faults += _unknown("source", given["source"], declared, "--source")
    if given.get("timezone") is not None:
        faults += _no_zone(given["timezone"], "--timezone")
    if given.get("observed_at") is not None and given["observed_at"].utcoffset() is None:
        faults.append(Fault("--observed-at", "has no time zone", "add Z or an offset such as +08:00"))
    elif given.get("observed_at") is not None and given["observed_at"] > now + CLOCKS_DIFFER:
        faults.append(
            Fault(
                "--observed-at",
                f"{time_text(given['observed_at'])} lies ahead",
                "nothing can have been true then yet; say when it was true at its origin",
            )
        )
    if faults:
        raise UsageError("the command cannot be right; nothing was taken in", faults)


def _unknown(what: str, name: str, names: Iterable[str], where: str) -> list[Fault]:
    """Return a fault when a name is not among those that there are, with the nearest one."""
    names = sorted(names)
    if name in names:
        return []
    close = get_close_matches(name, names, 1)
    remedy = f"did you mean {close[0]}?" if close else f"there are: {', '.join(names)}" if names else f"no {what} is declared"
    return [Fault(where, f"there is no {what} {name!r}", remedy)]


def _no_zone(name: str, where: str) -> list[Fault]:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return [Fault(where, f"there is no time zone {name!r}", "use an IANA name such as Asia/Shanghai", key="timezone")]
    return []


def _keep(store: Store, payload: Payload, telling: _Telling, done: Ingested) -> dict[str, Any]:
    """Put a payload into the vault and return the body of its journal entry. Raises `InputError` when it is not to be taken in."""
    values = _said(payload, telling.given)
    try:
        data = payload.read()
    except OSError as error:
        raise InputError("unreadable file", [Fault(payload.name, f"cannot be read: {error.strerror or error}")]) from error
    faults: tuple[Fault, ...] = ()
    if "tool" not in values:
        try:
            values["tool"] = _tool(values, payload, data, telling.declared)
        except InputError as error:
            faults = error.faults or (Fault(payload.name, str(error)),)
            values["tool"] = UNRECOGNISED
            done.unrecognised += faults
    if values["tool"] != UNRECOGNISED:
        _place(values, payload, data, telling, done)
    if values.get("command"):
        values["command"] = redact(values["command"])
    envelope = Envelope(**values, name=payload.name, method=telling.method, by=telling.by)
    body: dict[str, Any] = {"sha256": store.vault.put(data), "size": len(data), "envelope": envelope.to_json()}
    if faults:
        body["faults"] = [{key: value for key, value in asdict(fault).items() if key != "where"} for fault in faults]
    return body


def _tool(values: Mapping[str, Any], payload: Payload, data: bytes, declared: Mapping[str, Source]) -> str:
    """Return the tool of a payload: that of its source where it claims the payload or its mapping fits; else the one that claims it; else that of a
    source with a mapping, whose faults then say what does not fit. Raises `InputError` when nobody claims it, or several do.
    """
    source = declared.get(values.get("source", ""))
    if source is None:
        return recognise(payload.name, data)
    if mapping_of(source.tool) is None:
        return source.tool if claims(source.tool, payload.name, data) else recognise(payload.name, data)
    mapping = values.get("mapping") or source.mapping
    if mapping is not None and fits(source.tool, data, mapping):
        return source.tool
    try:
        return recognise(payload.name, data)
    except InputError:
        return source.tool


def _said(payload: Payload, given: Mapping[str, Any]) -> dict[str, Any]:
    """Join what the command says with what the sidecar says. Raises `InputError` where they contradict each other."""
    values = {key: value for key, value in {**given, **payload.told}.items() if value is not None}
    if payload.sidecar is None:
        return values
    sidecar = read_sidecar(payload.sidecar, payload.sidecar.name)
    faults = [
        Fault(payload.name, f"the command says {values[key]!s}, the sidecar {sidecar[key]!s}", "leave one of them out", key=key)
        for key in sorted(values.keys() & sidecar.keys())
        if values[key] != sidecar[key]
    ]
    if "tool" in sidecar:
        faults += _unknown("tool", sidecar["tool"], tools(), payload.sidecar.name)
    if "timezone" in sidecar:
        faults += _no_zone(sidecar["timezone"], payload.sidecar.name)
    if faults:
        raise InputError("contradiction", faults)
    return {**sidecar, **values}


def _place(values: dict[str, Any], payload: Payload, data: bytes, telling: _Telling, done: Ingested) -> None:
    """Find the source of a payload and the time zone of the source. Raises `InputError` when the source is not sure."""
    tool = values["tool"]
    if "source" in values:
        if telling.applied and (faults := _unknown("source", values["source"], telling.declared, payload.name)):
            raise InputError("wrong source", faults)
    else:
        candidates = sorted(name for name, source in telling.declared.items() if source.tool == tool)
        if len(candidates) == 1:
            values["source"] = candidates[0]
        elif not _rows_name_sources(values, payload, data):
            remedy = f"say which with --source: {', '.join(candidates)}" if candidates else "say which with --source"
            what = f"several sources have the tool {tool}" if candidates else f"no source with the tool {tool} is declared"
            raise InputError("no source", [Fault(payload.name, what, remedy)])
    declared = telling.declared.get(values.get("source", ""))
    _map(values, payload, declared)
    if declared is None:
        return
    if declared.timezone is not None:
        values.setdefault("timezone", declared.timezone)
    # No fault: any tool can be brought in through a general format. But it may be a slip.
    warning = f"source {declared.name} is declared with the tool {declared.tool}, and was given payloads of {tool}"
    if declared.tool != tool and warning not in done.warnings:
        done.warnings.append(warning)


def _map(values: dict[str, Any], payload: Payload, declared: Source | None) -> None:
    """Put the mapping of the source into the envelope, unless the sidecar says one. Raises `InputError` where there is none, or a wrong one."""
    tool, model = values["tool"], mapping_of(values["tool"])
    if model is None:
        if "mapping" in values:
            raise InputError(
                "no mapping",
                [Fault(payload.name, f"the tool {tool} takes no mapping", "remove it from the sidecar", key="mapping")],
            )
        return
    if "mapping" in values:
        place = Place(payload.sidecar.name if payload.sidecar else payload.name, path=("mapping",))
        told, faults = validate(model, values["mapping"], place)
        faults += [place.at(*path).fault(what, remedy) for path, what, remedy in (told.problems() if told else ())]
        if faults:
            raise InputError("wrong mapping", faults)
        values["mapping"] = told.stored()
    elif declared is not None and declared.mapping is not None:
        values["mapping"] = dict(declared.mapping)
    else:
        what = (
            f"the source {declared.name} declares no mapping"
            if declared
            else "no source is declared that says which column is which"
        )
        remedy = "declare `mapping` with the source in sources.yaml, and apply it (docs/tabular.md)"
        raise InputError("no mapping", [Fault(payload.name, what, remedy, key="mapping")])


def _rows_name_sources(values: Mapping[str, Any], payload: Payload, data: bytes) -> bool:
    """Return whether the beginning of a payload gives rows though no source was said: then the rows name their own.

    A payload that gives nothing for another reason is let in as well: its quarantine then tells the reason, not the lack of a
    source.
    """
    head = data if len(data) <= HEAD else data[:HEAD].rpartition(b"\n")[0]
    facts = attempt(head, Envelope(**values, name=payload.name))
    if any(table.height for table in facts.by_kind().values()):
        return True
    return bool(facts.faults) and all(fault.key != "source" for fault in facts.faults)


def _note(done: Ingested, recorded: list[Recorded]) -> list[int]:
    """Count what is new, and return the entries of all."""
    for one in recorded:
        if one.new:
            done.new += 1
            done.entries.append(one.number)
        else:
            done.known += 1
    return [one.number for one in recorded]


def _unread(store: Store, entries: Sequence[int], known_at: int) -> list[Fault]:
    """Return a fault for each payload, new or known, that gave no facts but errors. Unrecognised ones have theirs already."""
    nothing = (pl.col("points") + pl.col("runs") + pl.col("listings") == 0) & (pl.col("tool") != UNRECOGNISED)
    empty = store.catalog.payloads(known_at).filter(pl.col("entry").is_in(entries), nothing)
    errors = store.catalog.quarantine(known_at).filter(pl.col("level") == "error").join(empty, on="entry", how="semi")
    first = errors.unique("entry", keep="first", maintain_order=True).sort("entry")
    return [
        Fault(
            row["where"], f"nothing in it could be read: {row['what']}", row["remedy"] or "", row["locator"] or "", row["key"] or ""
        )
        for row in first.iter_rows(named=True)
    ]


def _sum_up(store: Store, done: Ingested, caught: CaughtUp, *, applied: bool) -> None:
    """Count what the new entries gave. The catalog is asked, because another process may have applied them."""
    ours = pl.col("entry").is_in(done.entries)
    counts = store.catalog.payloads(caught.mark).filter(ours).select(pl.col("points", "runs", "listings").sum()).row(0)
    done.points, done.runs, done.listings = counts
    faults = store.catalog.quarantine(caught.mark).filter(ours)
    done.quarantined = faults.filter(pl.col("level") == "error").height
    done.noted = faults.height - done.quarantined
    for row in faults.sort(pl.col("level") != "error", maintain_order=True).head(MAX_FAULTS).iter_rows(named=True):
        done.faults.append(
            Fault(row["where"], row["what"], row["remedy"] or "", row["locator"] or "", row["key"] or "", row["level"])
        )
    if applied:
        estate = store.estate(caught.mark)
        for what, used, known in (
            ("source", caught.sources, set(estate.sources)),
            ("repository", caught.repositories, set(estate.repositories["repository"])),
        ):
            done.warnings += [f"{what} {name!r} is not declared in the programme" for name in sorted(used - known)]


MAX_FAULTS = 20
"""Faults that a summary carries; `quarantine` lists them all."""
