"""Reading an agreement before it is signed: what it promises, changes and costs, and what units would sign instead would have done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from shlex import quote
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from audit.content import Content
from audit.controls._weaker import written
from audit.errors import UsageError
from audit.evaluation.compare import compare
from audit.evaluation.what_if import WhatIf
from audit.model.document import Document
from audit.model.estate import Estate, PolicyVersion
from audit.policy.lint import objections
from audit.policy.standing import a_year_before, parties, place_of, stood
from audit.policy.suggest import one_of, unknown
from audit.register.acts import records
from audit.register.records._record import Record
from audit.reporting.agreements.document import written as in_words
from audit.reporting.agreements.reading import Asked, Effect, Reading, Said
from audit.steps._open import Progress, Store, quietly
from audit.steps.assess import known_at_of
from audit.steps.costs import costs
from audit.steps.what_if import assess_what_if

FEW = 100
"""For how many assets at the most effects are worked out unless somebody asks for them: of some more that takes minutes."""


def read(
    store: Store, kind: str, identity: str, known_at: int | None = None, *, unit: str | None = None, effects: bool | None = None, progress: Progress = quietly
) -> Reading:  # fmt: skip
    """Return what there is to read of an agreement as known at a journal entry (null: the newest).

    unit: only of this unit's assets. effects: whether to work out what the version, and what units would sign instead, would have made of the year before it was
    proposed; null: for few assets (FEW). Raises `UsageError` when there is no such agreement, or the unit has no assets in it.
    """
    known = known_at_of(store, known_at)
    there = records(store.journal, store.vault, known)[kind]
    if identity not in there:
        raise UsageError(f"{unknown(kind, identity, there)} (backup-audit {kind} list)")
    entry = next(store.journal.entries(after=known - 1, up_to=known))
    found = _reading(there[identity], store.estate(known), entry.at, known, entry.hash, unit)
    if found.units:
        begin, end = found.period
        paid = costs(store, begin, end, known, assets=_assets(found.parties), progress=progress)
        found = replace(found, costs=paid)
    asked = _asked(found)
    if effects if effects is not None else found.parties.height <= FEW:
        asked = tuple(_with_effects(store, found, known, one, progress) for one in asked)
    return replace(found, countered=asked)


def document_of(reading: Reading, language: str, content: Content) -> Document:
    """Return an agreement as a document in a language."""
    return in_words(reading, language, content)


def _reading(record: Record, estate: Estate, now: datetime, known: int, head: str, unit: str | None) -> Reading:
    told = record.done[0].values
    place = place_of(estate, told["policy"], told["version"])
    assert place is not None, "only an applied version is proposed, and none is ever taken away"
    policy, mine = estate.policies[place], parties(estate, place)
    if unit is not None:
        if unit not in (there := sorted(set(mine["unit"]))):
            raise UsageError(f"{unknown('unit', unit, there)} ({one_of(there)})")
        mine = mine.filter(pl.col("unit") == unit)
    begin = _begin(policy)
    earlier = a_year_before(begin, policy.timezone)
    before = stood(estate, _assets(mine), begin - timedelta(microseconds=1) if policy.in_force else now)
    day = record.done[0].at.astimezone(ZoneInfo(estate.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    until = day.astimezone(record.done[0].at.tzinfo)
    return Reading(
        id=record.id,
        state=record.state,
        known_at=known,
        head=head,
        said=tuple(Said(one.at, one.by, one.act, one.number, one.values) for one in record.done),
        estate=estate,
        place=place,
        parties=mine,
        begin=begin,
        before=before,
        last_year_at=earlier,
        last_year=stood(estate, _assets(mine), earlier),
        objections=tuple(objections(estate, place, now)),
        period=(a_year_before(until, estate.timezone), until),
    )


def _begin(policy: PolicyVersion) -> datetime:
    """Return when a version takes force, or from when it is meant to. What a reader is shown of that never moves while nobody signs."""
    return policy.in_force or max(one for one in (policy.effective, policy.applied) if one is not None)


def _assets(mine: pl.DataFrame) -> list[str]:
    return mine["asset"].to_list()


def _asked(reading: Reading) -> tuple[Asked, ...]:
    """Return the values to be asked about: those in which the version differs from what stood before it, and those that units would sign instead."""
    found = []
    changed = _changed(reading)
    if changed:
        values = tuple(f"{key}={written(value)}" for key, value in changed.items())
        found.append(Asked(None, values, _command(reading, None, values)))
    for one in reading.said:
        if "instead" in one.values and one.values["unit"] in reading.units:
            values = tuple(one.values["instead"])
            found.append(Asked(one.values["unit"], values, _command(reading, one.values["unit"], values)))
    return tuple(found)


def _changed(reading: Reading) -> Mapping[str, Any]:
    """Return the objectives in which the version differs from what stood before it; none where nothing did."""
    stood_before = [reading.estate.policies[place].objectives for place in _others(reading)]
    return {key: value for key, value in reading.policy.objectives.items() if any(one.get(key) != value for one in stood_before)}


def _others(reading: Reading) -> list[int]:
    """Return the places of the versions that stood before it."""
    return sorted(place for place in reading.before if place is not None and place != reading.place)


def _command(reading: Reading, unit: str | None, values: Sequence[str]) -> str:
    """Return the command that works out the same, with all breaches."""
    begin, end = (one.astimezone(ZoneInfo(reading.estate.timezone)).date().isoformat() for one in reading.period)
    names = dict.fromkeys(reading.estate.policies[place].name for place in _others(reading) or [reading.place])
    scopes = [f"policy={name}" for name in names] + ([f"unit={unit}"] if unit else [])
    told = [f"--what-if {quote(one)}" for one in values] + [f"--scope {quote(one)}" for one in scopes]
    return f"backup-audit assess --from {begin} --to {end} {' '.join(told)}"


def _with_effects(store: Store, reading: Reading, known: int, asked: Asked, progress: Progress) -> Asked:
    """Work out what values would have made of the period. What cannot be worked out says why: values are what a unit wrote."""
    mine = reading.parties if asked.unit is None else reading.parties.filter(pl.col("unit") == asked.unit)
    begin, end = reading.period
    try:
        what = WhatIf(_read(asked.values), {"asset": frozenset(_assets(mine))})
        agreed, would = assess_what_if(store, begin, end, known, what, assets=_assets(mine), progress=progress)
    except UsageError as error:
        return replace(asked, wrong=str(error))
    changed = compare(agreed.assessment, would.assessment, (agreed.outline, would.outline)).changed
    return replace(asked, effects=tuple(_effects(changed)))


def _read(values: Sequence[str]) -> dict[str, Any]:
    """Return values as a what-if takes them: by path, read as YAML."""
    read: dict[str, Any] = {}
    for one in values:
        key, _, value = one.partition("=")
        try:
            read[key.strip()] = YAML(typ="safe", pure=True).load(value)
        except YAMLError as error:
            raise UsageError(f"{one!r} cannot be read as YAML ({str(error).splitlines()[0]})") from None
    return read


def _effects(changed: pl.DataFrame) -> list[Effect]:
    """Return the promises that would have been broken more, or less."""
    told = [(pl.col(f"breached_seconds_{when}").fill_null(0.0), when) for when in ("before", "after")]
    rows = changed.group_by("control", "leg").agg(
        *(pl.col("asset").filter(pl.col(f"verdict_{when}") == "breached").n_unique().alias(f"assets_{when}") for _, when in told),
        *(seconds.sum().alias(f"seconds_{when}") for seconds, when in told),
    )
    differs = (pl.col("assets_before") != pl.col("assets_after")) | (pl.col("seconds_before") != pl.col("seconds_after"))
    rows = rows.filter(differs).sort("control", "leg", nulls_last=False)
    return [
        Effect(
            row["control"], row["leg"], (row["assets_before"], row["assets_after"]), (row["seconds_before"], row["seconds_after"])
        )
        for row in rows.iter_rows(named=True)
    ]
