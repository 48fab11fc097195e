"""A programme's files against one another: references, histories, subjects. What the journal knows of earlier programmes is in
`transition.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audit.adapters._registry import mapping_of
from audit.controls._objectives import named
from audit.discovery import modules
from audit.errors import Fault
from audit.policy import aliases
from audit.policy.baseline import demands_in
from audit.policy.kinds.assets import Asset
from audit.policy.kinds.baseline import Baseline
from audit.policy.kinds.policy import Policy
from audit.policy.kinds.programme import Heading
from audit.policy.kinds.repositories import Repository
from audit.policy.kinds.sites import Site
from audit.policy.kinds.sources import Origin
from audit.policy.kinds.units import Unit
from audit.policy.objectives import promise
from audit.policy.place import Key, Place
from audit.policy.price import Price
from audit.policy.programme import Declared, Programme
from audit.policy.retention import contradictions
from audit.policy.suggest import nearest, one_of
from audit.policy.validate import validate
from audit.policy.words import Item

HOMES: dict[type[Item], str] = {
    Unit: "units.yaml",
    Site: "sites.yaml",
    Repository: "repositories.yaml",
    Origin: "sources.yaml",
    Asset: "assets.yaml",
}
"""Where a thing is declared, for messages."""


def check(programme: Programme, earlier_zone: str | None = None) -> list[Fault]:
    """Return what is wrong between the declarations of one programme.

    `earlier_zone`: the zone of bare dates of the programme before it.
    """
    zone = programme.zone(earlier_zone)
    faults = [
        *_repeated(programme, zone),
        *_references(programme),
        *_mirrors(programme),
        *_prices(programme),
        *_subjects(programme, zone),
        *_listings(programme),
    ]
    for asset in programme.of(Asset):
        faults += _asset(asset, zone)
    for origin in programme.of(Origin):
        faults += _origin(origin, zone)
    for policy in programme.of(Policy):
        faults += contradictions(policy, programme.policy_zone(policy.item))
    return [*faults, *demands_in(programme, zone)[1], *_zones(programme), *_missing_kinds(programme)]


def _repeated(programme: Programme, zone: str) -> Iterator[Fault]:
    for model in programme.declared:
        if model in (Heading, Baseline):
            yield from _only_one(programme.of(model))
            continue
        for name, declared in programme.named(model).items():
            seen: dict[int | None, Declared[Any]] = {}
            for one in declared:
                since = getattr(one.item, "since") if "since" in model.model_fields else None  # noqa: B009 - only some models have it
                at = since.micros(zone) if since else None
                if at in seen:
                    yield one.place.fault(
                        f"the {model.NOUN} `{name}` is declared twice, first at {seen[at].place}", _how_to_repeat(model)
                    )
                seen.setdefault(at, one)


def _only_one(declared: tuple[Declared[Any], ...]) -> Iterator[Fault]:
    for extra in declared[1:]:
        yield extra.place.fault(
            f"a programme has one {extra.item.NOUN}, and {declared[0].place.file} is it", "delete one of the two files"
        )


def _how_to_repeat(model: type[Item]) -> str:
    if model is Policy:
        return "give the new one a version number of its own"
    if "since" in model.model_fields:
        return "remove one, or say from when each later one holds: `since: 2026-01-31`"
    return "remove one of the two"


def _references(programme: Programme) -> Iterator[Fault]:
    known = {model: {*programme.named(model), *programme.drafts.get(model, ())} for model in HOMES}

    def refer(place: Place, target: type[Item], name: str | None) -> Iterator[Fault]:
        if name is None or name in known[target] or target in programme.unread:
            return
        match = nearest(name, known[target])
        what = f"the {target.NOUN} `{name}` is not declared" + (f", did you mean `{match}`?" if match else "")
        yield place.fault(what, f"declare it in {HOMES[target]}" + (f"; {one_of(known[target])}" if known[target] else ""))

    for asset in programme.of(Asset):
        yield from refer(asset.place.at("unit"), Unit, asset.item.unit)
        yield from refer(asset.place.at("site"), Site, asset.item.site)
        for index, repository in enumerate(asset.item.repositories):
            yield from refer(asset.place.at("repositories", index), Repository, repository)
        for path, source in _sources_of(asset.item):
            yield from refer(asset.place.at(*path), Origin, source)
    for one in programme.of(Repository):
        yield from refer(one.place.at("site"), Site, one.item.site)
        yield from refer(one.place.at("mirror_of"), Repository, one.item.mirror_of)
    for policy in programme.of(Policy):
        for key, target in _SCOPE_TARGETS.items():
            for name in getattr(policy.item.applies_to, key, None) or ():
                yield from refer(policy.place.at("applies_to", key), target, name)
        for key, objective in promise(policy.item, policy.place)[0].objectives.items():
            for field, home, names in named(objective):
                for index, name in enumerate(names):
                    yield from refer(policy.place.at("objectives", key, field, index), _DECLARED[home], name)


_DECLARED: dict[str, type[Item]] = {home.removesuffix(".yaml"): target for target, home in HOMES.items()}
_SCOPE_TARGETS: dict[str, type[Item]] = {"unit": Unit, "site": Site, "asset": Asset, "assets": Asset}


def _sources_of(asset: Asset) -> Iterator[tuple[tuple[Key, ...], str]]:
    for index, subject in enumerate(asset.subjects):
        yield ("subjects", index, "source"), subject.source
    for outer, part in enumerate(asset.parts):
        for index, subject in enumerate(part.subjects):
            yield ("parts", outer, "subjects", index, "source"), subject.source


def _mirrors(programme: Programme) -> Iterator[Fault]:
    """A repository that mirrors itself, directly or in a ring, is a copy of nothing."""
    originals = {one.item.name: one.item.mirror_of for one in programme.of(Repository)}
    for one in programme.of(Repository):
        seen, name = {one.item.name}, one.item.mirror_of
        while name is not None and name not in seen:
            seen.add(name)
            name = originals.get(name)
        if name == one.item.name:
            yield one.place.at("mirror_of").fault(
                f"the repository `{name}` is a mirror of itself", "name the repository that backups are written to"
            )


def _prices(programme: Programme) -> Iterator[Fault]:
    for one in programme.of(Repository):
        if one.item.price is not None:
            yield from validate(Price, one.item.price, one.place.at("price"))[1]


def _asset(declared: Declared[Asset], zone: str) -> Iterator[Fault]:
    asset, place = declared.item, declared.place
    if asset.retired and asset.retired.date.at(zone) <= asset.in_service.at(zone):
        what = f"`{asset.name}` is retired on {asset.retired.date}, not after it came into service on {asset.in_service}"
        yield place.at("retired").fault(what, "correct one of the two dates")
    names = [part.name for part in asset.parts]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield place.at("parts", index, "name").fault(f"`{asset.name}` has two parts `{name}`", "name each part once")


def _origin(declared: Declared[Origin], zone: str) -> Iterator[Fault]:
    origin, place = declared.item, declared.place
    if origin.since_evidence and origin.until and origin.until.at(zone) <= origin.since_evidence.at(zone):
        yield place.at("until").fault(f"`{origin.name}` ends on {origin.until}, not after it began", "correct one of the two dates")
    tools = modules("audit.adapters")
    if origin.tool not in tools:
        match = nearest(origin.tool, tools)
        what = f"no adapter of this version reads the tool `{origin.tool}`" + (f", did you mean `{match}`?" if match else "")
        yield place.at("tool").fault(what, one_of(tools), level="warning")
    yield from _mapping(origin, place)


def _mapping(origin: Origin, place: Place) -> Iterator[Fault]:
    """A tool whose tables need a mapping has one, and no other tool has."""
    mapping = origin.mapping
    if mapping_of(origin.tool) is None:
        if mapping is not None:
            yield place.at("mapping").fault(f"the tool `{origin.tool}` takes no mapping", "remove it, or correct `tool`")
        return
    if mapping is None:
        yield place.fault(
            f"missing key `mapping`: the tool `{origin.tool}` needs to be told which column is which",
            "add it; docs/tabular.md says how",
        )
        return
    for path, what, remedy in mapping.problems():
        yield place.at("mapping", *path).fault(what, remedy)
    if origin.timezone is None and mapping.naive():
        what = f"`{origin.name}` has no `timezone`, and its times have no offset: no row with a time could be read"
        yield place.at("mapping").fault(what, "add `timezone: Asia/Shanghai` or the like to the source", level="warning")


def _subjects(programme: Programme, zone: str) -> Iterator[Fault]:
    for (source, subject), one, other in aliases.overlaps(aliases.claims(programme, zone)):
        what = f"the subject `{subject}` of `{source}` belongs to {_owner(one.owner)} and to {_owner(other.owner)} at one time"
        remedy = "leave it to one of them; if it moved, say `since` in the declarations that change it"
        yield other.declared.place.at("subjects").fault(f"{what}; the first is at {one.declared.place}", remedy)


def _listings(programme: Programme) -> Iterator[Fault]:
    """An entry of an inventory is one asset."""
    first: dict[tuple[str, str], Declared[Asset]] = {}
    for one in programme.of(Asset):
        for index, entry in enumerate(one.item.inventories):
            other = first.setdefault((entry.inventory, entry.key), one)
            if other.item.name != one.item.name:
                what = f"the entry `{entry.key}` of the inventory `{entry.inventory}` is `{one.item.name}` and `{other.item.name}`"
                yield one.place.at("inventories", index).fault(f"{what}; the first is at {other.place}", "leave it to one of them")


def _owner(owner: aliases.Owner) -> str:
    return f"`{owner[0]}`" + (f" (part `{owner[1]}`)" if owner[1] else "")


def _zones(programme: Programme) -> Iterator[Fault]:
    if programme.heading.timezone:
        return
    remedy = "write `timezone:` in programme.yaml"
    for policy in programme.of(Policy):
        if policy.item.timezone is None:
            yield policy.place.fault(
                "neither this policy nor programme.yaml has a `timezone`: its days are days of UTC", remedy, level="warning"
            )
    zones = sorted({policy.item.timezone or "UTC" for policy in programme.of(Policy)})
    if len(zones) > 1:
        what = f"policies are of several zones ({', '.join(zones)}): it is not said which zone the other files' bare dates are of"
        yield Fault("programme.yaml", what, remedy, level="warning")


def _missing_kinds(programme: Programme) -> Iterator[Fault]:
    for model, home, consequence in (  # a file that could not be read has its own fault
        (Asset, "assets.yaml", "nothing is judged"),
        (Policy, "policy-*.yaml", "no asset has a policy"),
    ):
        if not programme.of(model) and model not in programme.drafts and model not in programme.unread:
            yield Fault(home, f"no {model.NOUN} is declared: {consequence}", "declare one", level="warning")
