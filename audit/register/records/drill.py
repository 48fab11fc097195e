"""A drill: a recovery exercise of any kind, or a real incident, with what was tried, by the clock, how it ended, and what it showed.

Each step is stamped for each asset; each asset has its own result. Who ran it cannot sign it off, and a failure, or a recovery that took too long, stays whatever becomes of the drill.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import Field, ValidationInfo, model_validator

from audit.errors import UsageError
from audit.model.estate import Estate, serving
from audit.model.facts import INSTANT
from audit.model.records import SCOPE
from audit.register.records._record import (
    EXACT,
    NEW,
    Act,
    ByProgram,
    Done,
    Due,
    Moment,
    Names,
    Reason,
    Record,
    RefusedError,
    Said,
    Values,
    same_person,
)

TABLE_TOP, INCIDENT = "table-top", "incident"
ASSET = Field(description="the asset it is about", examples=["im-messages-db"])
ASSETS = Field(min_length=1, description="assets to be recovered; only these can have results", examples=["im-messages-db"])
STAMPED = Field(None, description="when it was; now when not given")


class Plan(Values):
    """What is to be tried."""

    title: Said = Field(description="what it is called", examples=["Spring recovery drill"])
    kind: Literal["table-top", "file", "database", "full", "failover"] = Field(
        description="what is tried: a talk at a table, or the recovery of files, of a database, of everything, or a failover",
        examples=["full"],
    )
    planned_for: Moment | None = Field(None, description="when it is to be")
    scenario: str = Field("", description="what is supposed to have happened")
    runbook: str = Field("", description="the runbook followed, with its version")
    participants: Names = Field((), description="who takes part; none of them can sign it off")
    criteria: str = Field("", description="what has to be reached for it to pass")


class Planned(Plan):
    """What is to be tried with assets that are named."""

    assets: Names = ASSETS
    seed: int | None = Field(
        None, ge=-EXACT, le=EXACT, description="the seed with which the assets were drawn, where they were drawn elsewhere"
    )


class Drawn(Plan):
    """What is to be tried with assets that are drawn of those in service."""

    count: int = Field(ge=1, le=EXACT, description="how many assets are drawn", examples=[1])
    units: Names = Field((), description="draw only of assets of these units")
    tiers: Names = Field((), description="draw only of assets of these tiers")
    data_classes: Names = Field((), description="draw only of assets of these data classes")
    seed: int | None = Field(
        None, ge=-EXACT, le=EXACT, description="the seed with which they are drawn; any when not given, and kept in either case"
    )
    assets: Annotated[Names, ByProgram()] = Field((), description="the assets that were drawn")
    population: Annotated[int | None, ByProgram()] = Field(None, description="of how many assets they were drawn")

    @model_validator(mode="after")
    def _drawn(self, info: ValidationInfo) -> Self:
        """Draw the assets, of those that are in service now."""
        told = info.context or {}
        population = _population(self, told["estate"], told["now"])
        if self.count > len(population):
            raise ValueError(f"{self.count} assets cannot be drawn: {len(population)} in service are such")
        seed = secrets.randbelow(2**31) if self.seed is None else self.seed
        return self.model_copy(
            update={"assets": tuple(drawn(population, self.count, seed)), "seed": seed, "population": len(population)}
        )


def _population(asked: Drawn, estate: Estate, now: datetime) -> list[str]:
    """Return the assets in service of which some are drawn."""
    here = estate.segments.filter(serving(now))
    for key, column in SCOPE.items():
        if names := getattr(asked, key, ()):
            here = here.filter(pl.col(column).is_in(list(names)))
    return sorted(set(here["asset"]))


def drawn(population: Iterable[str], count: int, seed: int) -> list[str]:
    """Return `count` assets, drawn so that anybody can do it again: those with the smallest SHA-256 of `SEED/ASSET`, in the order of their names."""
    ranked = sorted(population, key=lambda asset: hashlib.sha256(f"{seed}/{asset}".encode()).digest())
    return sorted(ranked[:count])


class Incident(Values):
    """What really happened."""

    title: Said = Field(description="what it is called", examples=["Storage failure in Shanghai"])
    assets: Names = ASSETS
    at: Moment | None = Field(None, description="when it was declared; now when not given")
    scenario: str = Field("", description="what happened")
    runbook: str = Field("", description="the runbook followed, with its version")
    participants: Names = Field((), description="who takes part; none of them can sign it off")


class Declared(Values):
    """When the clock starts."""

    at: Moment | None = STAMPED


class Stamp(Values):
    """A step of the recovery of one asset."""

    asset: Said = ASSET
    at: Moment | None = STAMPED


class OfRun(Stamp):
    """A step that a restore run in the evidence can tell as well."""

    run: str = Field(
        "",
        description="the restore run in the evidence that it is taken from, by its id, or SOURCE/ID (`backup-audit drills --candidates`)",
    )

    def taken(self, info: ValidationInfo, end: Literal["started", "finished"]) -> Self:
        """Return the step with the instant of the run, where one is named."""
        if not self.run:
            return self
        if self.at is not None:
            raise ValueError("the run says when it was: give --at or --run, not both")
        run = (info.context or {})["restore_run"](self.asset, self.run)
        if end == "finished" and run.outcome not in ("success", "warning"):
            raise ValueError(f"the run {run.source}/{run.id} brought no data back: it is told as {run.outcome}")
        if (at := getattr(run, end)) is None:
            raise ValueError(f"nothing is told of when the run {run.source}/{run.id} {end}")
        return self.model_copy(update={"at": at, "run": f"{run.source}/{run.id}"})


class RestoreStarted(OfRun):
    """That the restore of an asset began."""

    @model_validator(mode="after")
    def _taken(self, info: ValidationInfo) -> Self:
        return self.taken(info, "started")


class Restored(OfRun):
    """That the data of an asset were back."""

    @model_validator(mode="after")
    def _taken(self, info: ValidationInfo) -> Self:
        return self.taken(info, "finished")


class Result(Values):
    """How the recovery of one asset ended."""

    asset: Said = ASSET
    outcome: Literal["passed", "failed"] = Field(description="how it ended", examples=["passed"])
    depth: int = Field(
        ge=0,
        le=4,
        description="how far it was tried: 0 checksum, 1 file restored and compared, 2 boot or mount, 3 application or row counts, 4 full service",
        examples=["4"],
    )
    coverage: Literal["full", "partial"] = Field(description="whether all of the asset was restored, or a part", examples=["full"])
    point: str = Field("", description="the id of the recovery point used")
    repository: str = Field("", description="the repository that it was in")
    keys: Literal["usable", "unusable"] | None = Field(
        None,
        description="whether what was encrypted could be opened with keys that production had no part in; not told when not given",
    )
    at: Moment | None = Field(None, description="of a failure: when it was found; now when not given")
    checks: str = Field("", description="what was checked after the restore, and with what result")
    problems: str = Field("", description="what went wrong")
    actions: str = Field("", description="what is to be done about it, and by whom")

    @model_validator(mode="after")
    def _timed(self) -> Result:
        if self.outcome == "passed" and self.at is not None:
            raise ValueError("a recovery that passed ended when the service was validated: stamp that with `validated`")
        if bool(self.point) != bool(self.repository):
            raise ValueError("name a recovery point with its repository: the same id may stand in several")
        return self


class SignedOff(Values):
    """What somebody who did not run it confirms."""

    statement: Said = Field(description="what is confirmed", examples=["I have seen the results and the logs."])
    lessons: str = Field("", description="what was learnt; an exercise counts as one only with its scenario and its lessons")


STEPS = ("restore-started", "restored", "validated")
ACTS = {
    "plan": Act("plan a drill", Planned, (NEW,), "planned", attachments=True),
    "draw": Act("plan a drill of assets that are drawn", Drawn, (NEW,), "planned"),
    "report-incident": Act("record a real incident; its clock runs from its declaration", Incident, (NEW,), "running", attachments=True),
    "declare": Act("declare the disaster that is tried: the clock starts", Declared, ("planned",), "running"),
    "restore-started": Act("stamp that the restore of an asset began", RestoreStarted, ("running",), "running"),
    "restored": Act("stamp that the data of an asset were back", Restored, ("running",), "running"),
    "validated": Act("stamp that the recovered service was found good", Stamp, ("running",), "running"),
    "result": Act("say how the recovery of an asset ended", Result, ("running",), "running", attachments=True),
    "sign-off": Act(
        "confirm a drill that others ran", SignedOff, ("running",), "signed off", not_by=("report-incident", "declare", *STEPS, "result"),
        attachments=True,
    ),
    "cancel": Act("give a drill up; failures, and what took too long, stay", Reason, ("planned", "running"), "cancelled"),
}  # fmt: skip
COLUMNS: dict[str, pl.DataType] = {
    "drill": pl.String(),  # its kind
    "asset": pl.String(),
    "outcome": pl.String(),  # null: not known yet
    "depth": pl.Int64(),
    "coverage": pl.String(),
    "point": pl.String(),
    "repository": pl.String(),
    "keys": pl.String(),  # usable or unusable without production; null: not told
    "declared": INSTANT,
    "started": INSTANT,  # when the restore began; null: not stamped
    "ended": INSTANT,  # when the service was validated, or the failure found
    "signed": pl.Boolean(),
    "entered": INSTANT,  # when the first act was entered that began the recovery of the asset, or told of it
    "given_up": pl.Boolean(),  # the drill was: what passed in it shows no more than how long it took
    # Of the rows that say which assets a drill names; null in all others:
    "held": INSTANT,  # at the end of its last recovery; of one that is not signed off, or has none, its declaration
    "told": pl.Boolean(),  # with its scenario and its lessons
    "tried": pl.Boolean(),  # the recovery of this asset has a result; a table-top drill restores none
}


def check(record: Record | None, act: str, told: Mapping[str, Any], by: str, now: datetime) -> None:
    """Raise `RefusedError` when an act cannot be true of a drill as it stands."""
    at = datetime.fromisoformat(told["at"]) if told.get("at") else now
    if at > now:
        raise RefusedError(f"{act} at {told['at']} lies in the future")
    if record is None:
        return
    if act == "declare" or act not in (*STEPS, "result", "sign-off"):
        return
    if act == "sign-off":
        _complete(record, by)
        return
    asset = told["asset"]
    if record.values.get("kind") == TABLE_TOP:
        raise RefusedError(f"{record.id} is a {TABLE_TOP} drill, which restores nothing: it has no steps and no results")
    if asset not in record.values["assets"]:
        raise UsageError(f"{record.id} is not about {asset}, but about {', '.join(record.values['assets'])}")
    stamps = _stamps(record, asset)
    earlier = STEPS[: STEPS.index(act)] if act in STEPS else STEPS
    since = max([_declared(record), *(stamps[step] for step in earlier if step in stamps)])
    if told.get("outcome") == "passed":
        if "validated" not in stamps:
            raise RefusedError(f"nobody stamped that {asset} was validated: `validated` comes before a result that passed")
        if stamps["validated"] < since:
            raise RefusedError(f"the restore of {asset} began again after it was validated: stamp `validated` again")
    elif at < since:
        raise RefusedError(f"{act} of {asset} cannot lie before what was stamped before it")
    elif act in stamps and at < stamps[act]:
        raise RefusedError(f"{act} of {asset} cannot lie before it was last stamped: nobody makes a recovery quicker afterwards")


def rows(record: Record) -> Iterator[dict[str, Any]]:
    """Yield each result, and each asset whose recovery was begun (of an incident: that it named) and has none, from its declaration to when it was given up; and each
    asset that the drill names, from when it was held on."""
    cancelled, signed = record.last("cancel"), record.state == "signed off"
    common = {"drill": record.values.get("kind", INCIDENT), "signed": signed, "given_up": cancelled is not None}
    begun: dict[str, Done] = {}
    if record.done[0].act == "report-incident":
        begun = dict.fromkeys(record.values["assets"], record.done[0])
    # Whatever is told or given up later, from here on people record what they try with the asset.
    entered = {asset: done.at for asset, done in begun.items()}
    stamps: dict[str, dict[str, datetime]] = {}
    ended: dict[str, datetime] = {}
    for done in record.done:
        if done.act in (*STEPS, "result"):
            entered.setdefault(done.values["asset"], done.at)
        if done.act in STEPS:
            begun.setdefault(done.values["asset"], done)
            stamps.setdefault(done.values["asset"], {})[done.act] = _at(done)
        if done.act == "result":
            told = done.values
            mine, passed = stamps.get(told["asset"], {}), told["outcome"] == "passed"
            begun[told["asset"]] = done
            declared = _declared(record)
            ended[told["asset"]] = mine["validated"] if passed else _at(done)
            named = {key: told.get(key) or None for key in ("asset", "outcome", "coverage", "point", "repository", "keys")}
            times = {
                "entered": entered[told["asset"]],
                "declared": declared,
                "started": mine.get("restore-started"),
                "ended": ended[told["asset"]],
            }
            yield {**common, **_said(done), **named, **times, "depth": told["depth"], "begin": declared, "assets": [told["asset"]]}
    for asset, done in begun.items():
        if done.act != "result":
            declared, end = _declared(record), cancelled.at if cancelled else None
            times = {"entered": entered[asset], "declared": declared, "begin": declared, "end": end}
            yield {**common, **_said(done), **times, "asset": asset, "assets": [asset]}
    if any(done.act in ("declare", "report-incident") for done in record.done):
        yield from _exercise(record, ended, common)


def _exercise(record: Record, ended: Mapping[str, datetime], common: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield each asset that a drill names. ended: when the last recovery of each asset that was tried ended; common: the columns of all rows of it."""
    values, declared = record.values, _declared(record)
    held = max([declared, *ended.values()]) if common["signed"] else declared
    told = all(values.get(key, "").strip() for key in ("scenario", "lessons"))
    for asset in values["assets"]:
        tried = common["drill"] == TABLE_TOP or asset in ended
        yield {**common, "asset": asset, "assets": [asset], "begin": held, "held": held, "told": told, "tried": tried}


def _said(done: Done) -> dict[str, Any]:
    return {"by": done.by, "at": done.at, "entry": done.number, "sha256": done.sha256}


def _at(done: Done) -> datetime:
    told = done.values.get("at")
    return datetime.fromisoformat(told) if told else done.at


def _declared(record: Record) -> datetime:
    return next(_at(done) for done in record.done if done.act in ("declare", "report-incident"))


def _stamps(record: Record, asset: str) -> dict[str, datetime]:
    """Return the newest stamp of each step of an asset."""
    return {done.act: _at(done) for done in record.done if done.act in STEPS and done.values["asset"] == asset}


def _complete(record: Record, by: str) -> None:
    """Raise `RefusedError` when a drill cannot be signed off yet, or not by this person."""
    if any(same_person(by, one) for one in record.values.get("participants", ())):
        raise RefusedError(f"{by} took part in {record.id}, so somebody else must sign it off")
    done = {one.values["asset"]: place for place, one in enumerate(record.done) if one.act == "result"}
    begun = {one.values["asset"]: place for place, one in enumerate(record.done) if one.act in STEPS}
    # An attempt that began after a result has one of its own.
    open_ = {asset for asset, place in begun.items() if done.get(asset, -1) < place}
    if record.done[0].act == "report-incident":
        open_ |= set(record.values["assets"]) - set(done)
    if missing := sorted(open_):
        raise RefusedError(f"{record.id} says nothing yet of how the recovery of {', '.join(missing)} ended: `result` comes first")
    if not done and record.values.get("kind") != TABLE_TOP:
        raise RefusedError(f"{record.id} has no result yet: `result` comes before its sign-off")


def due(record: Record, estate: Estate) -> Iterator[Due]:  # noqa: ARG001 - the shape of every kind
    """Yield when a drill that was planned is to be run."""
    if record.state == "planned" and record.values.get("planned_for"):
        yield Due("run", datetime.fromisoformat(record.values["planned_for"]), ", ".join(record.values.get("participants", ())))
