"""The estate through time: the fold of every programme that was ever applied. Pure: no clock, no files.

Attributes hold from the beginning when they are first declared; an edit holds from the instant it was applied, or from the earlier
`since` it says. `timeline.py` has the rule, docs/programme.md explains it to the people who write programmes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from audit.errors import InputError
from audit.model.estate import Estate, Source
from audit.model.terms import Term, micros
from audit.policy import aliases
from audit.policy.baseline import Applied as Demanding
from audit.policy.baseline import demands_of
from audit.policy.force import Applied, Signature, awaited, with_signatures
from audit.policy.frames import alias_frame, asset_repository_frame, awaiting_frame, price_frame, repository_frame, segment_frame
from audit.policy.in_one_go import in_one_go
from audit.policy.kinds.assets import Asset
from audit.policy.kinds.repositories import Repository
from audit.policy.kinds.sites import Site
from audit.policy.kinds.sources import Origin
from audit.policy.kinds.units import Unit
from audit.policy.load import load
from audit.policy.price import Price
from audit.policy.programme import Programme, dated
from audit.policy.promises import Assignment, Version, versions
from audit.policy.segments import AssetFacts, Conflict, Placed, segments
from audit.policy.timeline import BEGINNING, Edit, Reach, Steps, Timeline, fold
from audit.policy.words import Item

AnyItem = TypeVar("AnyItem", bound=Item)


@dataclass(frozen=True, slots=True)
class AppliedProgramme:
    """A programme as it was applied: `files` are texts by name, `number` its entry in the journal, `applied_at` an instant with
    zone.
    """

    number: int
    applied_at: datetime
    files: Mapping[str, str]
    by: str = ""
    confirmed_by: str | None = None


class Retroactive(NamedTuple):
    """Something declared that an edit changed for the time before it was applied: `since` is where the change begins
    (microseconds).
    """

    number: int
    noun: str
    name: str
    since: int


@dataclass(frozen=True, slots=True)
class Resolved:
    """An estate, with what `apply` asks of it beside."""

    estate: Estate
    versions: tuple[Version, ...]
    described: frozenset[tuple[str, str, str, str | None, str]]
    """What assets ever were, as scopes see them."""
    conflicts: tuple[Conflict, ...]
    retroactive: tuple[Retroactive, ...]


class Read(NamedTuple):
    """One programme of a history, read: `at` in microseconds, `zone` that of its bare dates."""

    number: int
    at: int
    programme: Programme
    zone: str


def estate_at(history: Sequence[AppliedProgramme], signatures: Sequence[Signature] = ()) -> Estate:
    """Return everything declared, as known after the last programme of a history (oldest first). signatures: of units on policy versions."""
    return resolve(read_history(history), signatures).estate


def read_history(history: Sequence[AppliedProgramme]) -> list[Read]:
    """Read the files of a history. Raises `InputError` when a stored programme cannot be read by this version of the program."""
    read: list[Read] = []
    for applied in history:
        programme, faults = load(applied.files)
        errors = [fault for fault in faults if fault.level == "error"]
        if errors:
            raise InputError(
                f"the programme applied as entry {applied.number} of the journal cannot be read by this version", errors
            )
        zone = programme.zone(read[-1].zone if read else None)
        read.append(Read(applied.number, micros(applied.applied_at), programme, zone))
    return read


@in_one_go()
def resolve(history: Sequence[Read], signatures: Sequence[Signature] | None = ()) -> Resolved:
    """Fold a history. signatures: of units on policy versions; null: as if all that are needed had been given at once."""
    known = versions([(read.programme, read.at) for read in history])
    applied = [Applied(read.at, read.programme, read.zone) for read in history]
    waiting = known
    if signatures is not None and any(version.policy.by_signature for version in known):
        known = with_signatures(known, applied, signatures)
    sites, site_reaches = _fold(history, Site, lambda site, _: (site.city, site.country))
    facts, asset_reaches = _fold(history, Asset, _asset_facts)
    retirements, retirement_reaches = _folded(_retirements(history))
    repositories, repository_reaches = _fold(history, Repository, _placed)
    prices, price_reaches = _fold(history, Repository, _price)
    owners, alias_reaches = _folded(_owners(history))
    rows, conflicts, described = segments(facts, retirements, sites, Assignment(known))
    reaches = {
        Site.NOUN: site_reaches,
        Asset.NOUN: {name: asset_reaches.get(name, []) + retirement_reaches.get(name, []) for name in facts},
        Repository.NOUN: {name: repository_reaches.get(name, []) + price_reaches.get(name, []) for name in repositories},
        "subject": {f"{source} {subject}": reached for (source, subject), reached in alias_reaches.items()},
    }
    last = history[-1].programme if history else Programme({})
    estate = Estate(
        segments=segment_frame(rows),
        aliases=alias_frame(owners),
        repositories=repository_frame(repositories, sites),
        asset_repositories=asset_repository_frame(facts),
        sources=_sources(history),
        policies=tuple(version.policy for version in known),
        keeps_at_least=_keeps_at_least(history),
        units={name: dict(declared[-1].item.title or {}) for name, declared in last.named(Unit).items()},
        timezone=history[-1].zone if history else "UTC",
        representatives={name: _names(declared[-1].item) for name, declared in last.named(Unit).items()},
        titles={model.NOUN: _titles(history, model) for model in (Asset, Origin)},
        prices=price_frame(prices),
        demands=demands_of([Demanding(read.programme, read.at, read.zone) for read in history]),
        awaiting=awaiting_frame(
            {index: awaited(waiting[index], waiting, applied) for index, version in enumerate(known) if version.in_force is None}
        ),
    )
    marked = [
        Retroactive(reach.number, noun, name, reach.since)
        for noun, named in reaches.items()
        for name, of in named.items()
        for reach in of
    ]
    return Resolved(estate, tuple(known), described, conflicts, tuple(sorted({*marked, *_timeless(history)})))


def _asset_facts(asset: Asset, zone: str) -> AssetFacts:
    return AssetFacts(
        asset.unit,
        asset.data_class,
        asset.tier,
        asset.site,
        asset.medium,
        asset.failure_domain,
        asset.in_service.micros(zone),
        tuple(sorted(asset.repositories)),
    )


def _placed(repository: Repository, _: str) -> Placed:
    return Placed(
        repository.medium, repository.site, repository.failure_domain, repository.offline, repository.mirror_of, repository.provider
    )


def _price(repository: Repository, _: str) -> Price | None:
    """Return the price of a repository. What a programme of the past says in a shape of its own is none."""
    try:
        return Price.model_validate(repository.price) if repository.price is not None else None
    except ValidationError:
        return None


def _fold(
    history: Sequence[Read], model: type[AnyItem], value: Callable[[AnyItem, str], Any]
) -> tuple[dict[str, Timeline[Any]], dict[str, list[Reach]]]:
    """Fold the declarations of one model, by name."""
    edits: dict[Any, list[Edit[Any]]] = {}
    for read in history:
        for name, declared in read.programme.named(model).items():
            steps = tuple((since, value(one.item, read.zone)) for since, one in dated(declared, read.zone))
            edits.setdefault(name, []).append(Edit(read.number, read.at, steps))
    return _folded(edits)


def _folded(edits: Mapping[Any, list[Edit[Any]]]) -> tuple[dict[Any, Timeline[Any]], dict[Any, list[Reach]]]:
    timelines, reaches = {}, {}
    for name, mine in edits.items():
        timelines[name], reached = fold(mine)
        if reached:
            reaches[name] = reached
    return timelines, reaches


def _retirements(history: Sequence[Read]) -> dict[str, list[Edit[int | None]]]:
    """A retirement's date is its `since`: that is how people say it."""
    edits: dict[str, list[Edit[int | None]]] = {}
    for read in history:
        for name, declared in read.programme.named(Asset).items():
            pairs = dated(declared, read.zone)
            steps: list[tuple[int | None, int | None]] = []
            for index, (since, one) in enumerate(pairs):
                following = pairs[index + 1][0] if index + 1 < len(pairs) else None
                retired = one.item.retired.date.micros(read.zone) if one.item.retired else None
                if retired is None or (since is not None and retired <= since):
                    steps.append((since, retired))
                    continue
                steps.append((since, None))
                if following is None or retired < following:
                    steps.append((retired, retired))
            edits.setdefault(name, []).append(Edit(read.number, read.at, tuple(steps)))
    return edits


def _owners(history: Sequence[Read]) -> dict[aliases.Key, list[Edit[aliases.Owner | None]]]:
    nobody: Steps[aliases.Owner | None] = ((None, None),)
    edits: dict[aliases.Key, list[Edit[aliases.Owner | None]]] = {}
    for read in history:
        claimed = aliases.claims(read.programme, read.zone)
        for key, mine in claimed.items():
            edits.setdefault(key, []).append(Edit(read.number, read.at, aliases.steps(mine)))
        for key in edits.keys() - claimed.keys():
            edits[key].append(Edit(read.number, read.at, nobody))
    return edits


def _newest(history: Sequence[Read], model: type[AnyItem]) -> dict[str, tuple[AnyItem, str]]:
    """Return the last declaration of each thing, with the zone of its dates."""
    return {
        name: (dated(declared, read.zone)[-1][1].item, read.zone)
        for read in history
        for name, declared in read.programme.named(model).items()
    }


def _names(unit: Unit) -> tuple[str, ...]:
    """Return who may sign for a unit."""
    named = (one if isinstance(one, str) else str(one.get("name", "")) for one in unit.representatives)
    return tuple(name for name in named if name.strip())


def _titles(history: Sequence[Read], model: type[Asset | Origin]) -> dict[str, dict[str, str]]:
    """Return how people call each thing of a kind, as last declared, by language."""
    return {name: dict(item.title) for name, (item, _) in _newest(history, model).items() if item.title}


def _sources(history: Sequence[Read]) -> dict[str, Source]:
    return {
        name: Source(
            name=name,
            tool=origin.tool,
            timezone=origin.timezone,
            mapping=origin.mapping.stored() if origin.mapping else None,
            fetch=origin.fetch.model_dump(mode="json", exclude_none=True) if origin.fetch else None,
            expected_every=origin.expected_every,
            trust_jobs_for=origin.trust_jobs_for,
            restores_into=origin.restores_into,
            runs_up_to=origin.runs_up_to,
            since=origin.since_evidence.at(zone) if origin.since_evidence else None,
            until=origin.until.at(zone) if origin.until else None,
        )
        for name, (origin, zone) in _newest(history, Origin).items()
    }


def _keeps_at_least(history: Sequence[Read]) -> dict[str, Term]:
    return {name: one.keeps_at_least for name, (one, _) in _newest(history, Repository).items() if one.keeps_at_least is not None}


def _timeless(history: Sequence[Read]) -> list[Retroactive]:
    """Mark the edits of keys that have no history: they tell how evidence of all time is read. An end that lies ahead changes
    nothing of the past.
    """
    marked: list[Retroactive] = []
    before: dict[tuple[str, str], dict[str, Any]] = {}
    for read in history:
        for model in (Repository, Origin):
            for name, (item, zone) in _newest([read], model).items():
                told = {key: getattr(item, key) for key in item.TIMELESS}
                until = told.pop("until", None)
                told["until"] = until.micros(zone) if until else None
                key = (item.NOUN, name)
                if key in before and before[key] != told and _reaches_back(before[key], told, read.at):
                    marked.append(Retroactive(read.number, *key, BEGINNING))
                before[key] = told
    return marked


def _reaches_back(old: dict[str, Any], new: dict[str, Any], at: int) -> bool:
    ends = [end for end in (old["until"], new["until"]) if end is not None]
    same_end = old["until"] == new["until"] or min(ends) >= at
    return not same_end or any(old[key] != new[key] for key in new if key != "until")
