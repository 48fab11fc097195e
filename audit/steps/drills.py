"""Drills: what they showed beside what was agreed, when the next ones are due, and which restores in the evidence no record tells of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from audit.controls import _drills
from audit.controls.recovery_point import allowance
from audit.errors import UsageError
from audit.evaluation.chunks import chunks_of, fetch
from audit.evaluation.drill_calendar import calendar
from audit.evaluation.facts import resolve_facts
from audit.evaluation.world import build_world
from audit.model.drill import Drill, Drills, Following, Recovery, RestoreRun, Told
from audit.model.estate import Estate, standing
from audit.model.facts import INSTANT
from audit.model.runs import merge_runs
from audit.model.terms import FOR_EVER, instant, micros
from audit.model.verdicts import EvidenceRef
from audit.policy.suggest import one_of, unknown
from audit.register.acts import records
from audit.register.records._record import Done, Record
from audit.register.records.drill import INCIDENT, STEPS, TABLE_TOP
from audit.steps._open import Store
from audit.steps.assess import known_at_of
from audit.steps.catch_up import catch_up

CALENDAR: dict[str, pl.DataType] = {
    "asset": pl.String(),
    "unit": pl.String(),
    "tier": pl.String(),
    "control": pl.String(),
    "leg": pl.String(),
    "every": pl.String(),
    "state": pl.String(),  # `overdue`, `needs-verification`, `due`, `done`
    "due": INSTANT,
    "last": INSTANT,  # when it was last tried; null: no record tells of it
    "drill": pl.String(),
    "signed": pl.Boolean(),
}
RUN: dict[str, pl.DataType] = {
    "asset": pl.String(),
    "source": pl.String(),
    "run": pl.String(),
    "outcome": pl.String(),
    "started": INSTANT,
    "finished": INSTANT,
    "repository": pl.String(),
    "coverage": pl.String(),
    "entry": pl.Int64(),
    "locator": pl.String(),
}


def due_drills(store: Store, at: datetime) -> pl.DataFrame:
    """Return the calendar of drills at an instant (CALENDAR), the worst first."""
    rows = [
        (one.asset, one.unit, one.tier, one.control, one.leg, str(one.every), one.state, one.due, one.last, one.drill, one.signed)
        for one in calendar(store.estate(store.head()), at)
    ]
    return pl.DataFrame(rows, schema=CALENDAR, orient="row")


def candidates(store: Store, since: datetime, until: datetime) -> pl.DataFrame:
    """Return the restore runs in the evidence, started in [since, until), that no record of a drill or an incident tells of (RUN), in the order of time."""
    catch_up(store)
    rows = [
        (one.asset, one.source, one.id, one.outcome, one.started, one.finished, one.repository, {True: "full", False: "partial", None: None}[one.whole],
         one.evidence.entry, one.evidence.locator)
        for one in unrecorded(store, store.head(), since, until)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=RUN, orient="row")


def drills(store: Store, since: datetime, until: datetime, known_at: int | None = None, *, unit: str | None = None) -> Drills:
    """Return the drills that were planned for, declared or ended in [since, until), with what they showed, as known at an entry of the journal (null: the newest); the calendar at the
    period's end, or as far as the journal is known; and the restore runs of the period that no record tells of. unit: only of assets that were its own when the drill was declared, or
    are now."""
    catch_up(store)
    known = known_at_of(store, known_at)
    estate = store.estate(known)
    there = records(store.journal, store.vault, known)
    found = [_drill(one, estate, there["finding"].values()) for one in there["drill"].values()]
    found = [one for one in found if any(since <= at < until for at in _instants(one))]
    if unit is not None:
        found = [replace(one, recoveries=tuple(mine for mine in one.recoveries if mine.unit == unit)) for one in found]
        found = [one for one in found if one.recoveries]
    entry = next(store.journal.entries(after=known - 1, up_to=known), None)
    at = min(until, entry.at.replace(microsecond=0)) if entry else until
    owners = dict(estate.segments.select("asset", "unit").iter_rows())
    told = [one for one in calendar(estate, at) if unit in (None, one.unit)]
    runs = [one for one in unrecorded(store, known, since, until) if unit in (None, owners.get(one.asset))]
    return Drills(at, _with_evidence(store, known, found), tuple(told), tuple(runs))


def one_drill(store: Store, record: str, known_at: int | None = None) -> Drills:
    """Return one drill with what it showed, as known at an entry of the journal (null: the newest), at the instant at which it was last spoken of. Raises `UsageError` for an unknown
    record."""
    catch_up(store)
    known = known_at_of(store, known_at)
    there = records(store.journal, store.vault, known)
    if record not in there["drill"]:
        raise UsageError(f"{unknown('drill', record, there['drill'])} (backup-audit drill list)")
    found = _drill(there["drill"][record], store.estate(known), there["finding"].values())
    return Drills(max(one.entered for one in found.told), _with_evidence(store, known, [found]))


def _instants(one: Drill) -> Iterator[datetime]:
    yield from (at for at in (one.planned_for, one.declared, one.ended) if at is not None)
    if one.planned_for is None and one.declared is None:
        yield one.told[0].entered


def unrecorded(store: Store, known: int, since: datetime, until: datetime) -> list[RestoreRun]:
    """Return the restore runs of assets, started in [since, until), that lie in no drill or incident that names the asset, restores something, and was not given up."""
    named: dict[str, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    for record in records(store.journal, store.vault, known)["drill"].values():
        told = _drill(record, store.estate(known), ())
        if told.declared is not None and told.state != "cancelled" and told.kind != TABLE_TOP:
            # Of one that nobody signed off yet, what was told last: one that was forgotten tells of nothing later.
            last = told.ended if told.state == "signed off" else max(at for act in told.told for at in (act.at, act.entered))
            for asset in told.assets:
                named[asset].append((told.declared, last))
    return [
        run
        for run in restores(store, known, since, until)
        if not any(end is not None and begin <= run.started <= end for begin, end in named[run.asset])
    ]


def restores(store: Store, known: int, since: datetime | None = None, until: datetime | None = None) -> list[RestoreRun]:
    """Return the restore runs of assets in the evidence, started in [since, until) (null: unbounded), in the order of time."""
    runs = merge_runs(store.catalog.runs(known).filter(pl.col("kind") == "restore").collect()).drop_nulls(["subject", "started_at"])
    aliases = store.estate(known).aliases
    mine = runs.with_row_index("run").join(aliases, on=["source", "subject"])
    mine = mine.filter(
        (pl.col("from").is_null() | (pl.col("from") <= pl.col("started_at")))
        & (pl.col("to").is_null() | (pl.col("to") > pl.col("started_at")))
    )
    for bound, low in ((since, True), (until, False)):
        if bound is not None:
            mine = mine.filter(pl.col("started_at") >= bound if low else pl.col("started_at") < bound)
    mine = mine.unique("run", keep="first").sort("started_at", "source", "id")
    hashes = dict(store.catalog.payloads(known).select("entry", "sha256").iter_rows())
    return [
        RestoreRun(
            row["asset"], row["source"], row["id"], row["outcome"], row["started_at"], row["finished_at"], row["repository"],
            {"full": True, "partial": False}.get(row["coverage"]), EvidenceRef(row["entry"], hashes.get(row["entry"], ""), row["locator"] or ""),
        )
        for row in mine.iter_rows(named=True)
    ]  # fmt: skip


def restore_run(store: Store, known: int, asset: str, name: str) -> RestoreRun:
    """Return the restore run of an asset by its id, or by `source/id`. Raises `UsageError` when there is none, or more than one."""
    mine = [run for run in restores(store, known) if run.asset == asset]
    found = [run for run in mine if name in (run.id, f"{run.source}/{run.id}")]
    if not mine:
        raise UsageError(f"no restore run of {asset} is told in the evidence")
    if not found:
        names = [f"{run.source}/{run.id}" for run in mine]
        raise UsageError(f"{unknown(f'restore run of {asset}', name, names)} ({one_of(names)})")
    if len(found) > 1:
        raise UsageError(f"several sources tell of a run {name}: {one_of([f'{run.source}/{run.id}' for run in found])}")
    return found[0]


# What a record tells


@dataclass(slots=True)
class _Attempt:
    """One recovery of an asset while a record is read: its stamps so far, and its result."""

    stamps: dict[str, datetime] = field(default_factory=dict)
    result: Done | None = None


def _drill(record: Record, estate: Estate, findings: Any) -> Drill:
    """Return what a record tells; the evidence is not looked at yet."""
    values, first = record.values, record.done[0]
    started = next((one for one in record.done if one.act in ("declare", "report-incident")), None)
    declared = None if started is None else _at(started)
    attempts: dict[str, list[_Attempt]] = {asset: [_Attempt()] for asset in values["assets"]}
    for done in record.done:
        if done.act in (*STEPS, "result"):
            mine = attempts[done.values["asset"]]
            if mine[-1].result is not None:
                # What comes after a result begins another attempt; the steps before it that are not stamped anew stand.
                earlier = STEPS[: STEPS.index(done.act)] if done.act in STEPS else STEPS
                mine.append(_Attempt({step: at for step, at in mine[-1].stamps.items() if step in earlier}))
            if done.act == "result":
                mine[-1].result = done
            else:
                mine[-1].stamps[done.act] = _at(done)
    at = declared or datetime.fromisoformat(values["planned_for"]) if values.get("planned_for") else declared or first.at
    agreed = _agreed(estate, at)
    recoveries = [_recovery(asset, one, agreed) for asset, mine in attempts.items() for one in mine]
    signed, cancelled = record.last("sign-off"), record.last("cancel")
    return Drill(
        id=record.id,
        title=values["title"],
        kind=values.get("kind", INCIDENT),
        state=record.state,
        planned_for=datetime.fromisoformat(values["planned_for"]) if values.get("planned_for") else None,
        declared=declared,
        scenario=values.get("scenario", ""),
        runbook=values.get("runbook", ""),
        participants=tuple(values.get("participants", ())),
        criteria=values.get("criteria", ""),
        seed=values.get("seed"),
        population=values.get("population"),
        assets=tuple(values["assets"]),
        told=tuple(
            Told(
                one.act,
                _at(one),
                one.at,
                one.by,
                EvidenceRef(one.number, one.sha256, ""),
                one.values.get("asset"),
                tuple(file.name for file in one.attached),
            )
            for one in record.done
        ),
        recoveries=tuple(recoveries),
        findings=tuple(_following(one) for one in findings if one.values.get("drill") == record.id),
        statement=signed.values["statement"] if signed else "",
        lessons=signed.values.get("lessons", "") if signed else "",
        reason=cancelled.values["reason"] if cancelled else "",
    )


def _at(done: Done) -> datetime:
    told = done.values.get("at")
    return datetime.fromisoformat(told) if told else done.at


def _agreed(estate: Estate, at: datetime) -> Mapping[str, dict[str, Any]]:
    """Return of each asset its unit and tier, and what its policy agrees, at an instant."""
    found = {}
    for row in estate.segments.filter(standing(at)).iter_rows(named=True):
        policy = None if row["policy"] is None else estate.policies[row["policy"]]
        rto = None if policy is None else policy.objectives.get("rto")
        rpo = None if policy is None else allowance(policy)
        found[row["asset"]] = {
            "unit": row["unit"] or "",
            "tier": row["tier"],
            "rto": None if rto is None else timedelta(microseconds=rto.target.microseconds),
            "rpo": None if rpo is None else timedelta(microseconds=rpo),
        }
    return found


def _recovery(asset: str, one: _Attempt, agreed: Mapping[str, dict[str, Any]]) -> Recovery:
    known = agreed.get(asset, {"unit": "", "tier": None, "rto": None, "rpo": None})
    empty = Recovery(asset=asset, stamps=one.stamps, **known)
    if (done := one.result) is None:
        return empty
    told = done.values
    ended = one.stamps["validated"] if told["outcome"] == "passed" else _at(done)
    return replace(
        empty,
        outcome=told["outcome"],
        ended=ended,
        depth=told["depth"],
        coverage=told["coverage"],
        point=told.get("point") or None,
        repository=told.get("repository") or None,
        by=done.by,
        checks=told.get("checks", ""),
        problems=told.get("problems", ""),
        actions=told.get("actions", ""),
        evidence=(EvidenceRef(done.number, done.sha256, ""),),
    )


def _following(record: Record) -> Following:
    def newest(key: str) -> str:
        return next((one.values[key] for one in reversed(record.done) if one.values.get(key)), "")

    return Following(
        record.id, record.values["title"], newest("severity"), newest("owner"), datetime.fromisoformat(newest("due")), record.state
    )


# What the evidence tells


@dataclass(slots=True)
class _Shown:
    """What the evidence shows of a result: whether it is proven, by which restore runs (source, id), and when something changed afterwards (microseconds; for ever: nothing did)."""

    proven: bool = True
    changed: int = FOR_EVER
    runs: set[tuple[str, str]] = field(default_factory=set)


def _with_evidence(store: Store, known: int, found: Sequence[Drill]) -> tuple[Drill, ...]:
    """Return drills with what the evidence tells of their recoveries: the recovery points that they name, the restore runs within them, and what is proven."""
    declared = [one for one in found if one.declared is not None]
    assets = sorted({mine.asset for one in declared for mine in one.recoveries} & set(store.estate(known).segments["asset"]))
    if not assets:
        return tuple(found)
    low = micros(min(one.declared for one in declared if one.declared))
    high = max(micros(act.entered) for one in declared for act in one.told) + 1
    hashes = dict(store.catalog.payloads(known).select("entry", "sha256").iter_rows())
    shown: dict[tuple[str, int], _Shown] = {}
    points: dict[tuple[str, str, str], tuple[datetime, EvidenceRef]] = {}
    for chunk in chunks_of(store.catalog, known, store.estate(known), assets):
        facts = resolve_facts(fetch(store.catalog, known, chunk), chunk.estate.sources, {False})
        world = build_world(chunk.estate, facts, low, high)
        names = dict(world.groups.select("code", "asset").iter_rows())
        results = _drills.results(world).filter(pl.col("outcome").is_not_null())
        for row in results.iter_rows(named=True):
            # Of an asset that has parts it is so of each.
            told = shown.setdefault((names[row["code"]], row["entry"]), _Shown())
            told.proven = told.proven and row["proven"]
            told.changed = min(told.changed, row["changed"])
        proofs = _drills.proofs(world, results)
        for row, source, name in proofs.select("row", "source", "id").iter_rows():
            shown[names[results["code"][row]], results["entry"][row]].runs.add((source, name))
        numbers = dict(world.repositories.select("repository", "name").unique().iter_rows())
        asked = {mine.point for one in declared for mine in one.recoveries if mine.point}
        rows = world.points.filter(
            pl.col("id").is_in(list(asked)) & pl.col("code").is_not_null() & pl.col("restorable").is_not_null()
        )
        for row in rows.sort("restorable").iter_rows(named=True):
            # Of several of that name, in parts of an asset, the oldest decides what is lost.
            place = (names[row["code"]], numbers[row["repository"]], row["id"])
            points.setdefault(
                place, (instant(row["restorable"]), EvidenceRef(row["entry"], hashes.get(row["entry"], ""), row["locator"]))
            )
    runs = restores(store, known, instant(low), instant(high))
    return tuple(_told_by(one, runs, shown, points) for one in found)


def _told_by(
    one: Drill,
    runs: Sequence[RestoreRun],
    shown: Mapping[tuple[str, int], _Shown],
    points: Mapping[tuple[str, str, str], tuple[datetime, EvidenceRef]],
) -> Drill:
    if one.declared is None:
        return one
    found = []
    for mine in one.recoveries:
        begun, ended = mine.stamps.get("restore-started", one.declared), mine.ended
        within = tuple(
            run
            for run in runs
            if run.asset == mine.asset and run.started >= one.declared and (ended is None or (run.finished or run.started) <= ended)
        )
        captured, place = points.get((mine.asset, mine.repository or "", mine.point or ""), (None, None))
        told = shown.get((mine.asset, mine.evidence[0].entry)) if mine.evidence else None
        if captured is not None and captured > begun:
            # A point that did not exist yet is not the one that was used; of a continuous backup nobody says to which instant it was restored.
            captured = None
        found.append(
            replace(
                mine,
                runs=within,
                proving=tuple(run for run in within if told is not None and (run.source, run.id) in told.runs),
                captured=captured,
                proven=told is not None and told.proven,
                changed=instant(told.changed)
                if told is not None and mine.outcome == "passed" and told.changed < FOR_EVER
                else None,
                evidence=(*mine.evidence, *([place] if place else [])),
            )
        )
    return replace(one, recoveries=tuple(found))
