"""Random programmes: what is declared, and how it changes inside the period."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from audit.model.terms import Term
from tests.oracle.how_often import making, success
from tests.oracle.instants import DAY, HOUR, MINUTE, SECOND, at, text_of

ZONES = ("UTC", "Asia/Shanghai", "Europe/Berlin")
TICKS = (12 * HOUR, 6 * HOUR, HOUR, 10 * MINUTE, SECOND)
"""All instants of an estate are multiples of one of these: the coarse ones make many things happen at the same instant."""
BEGINNINGS = ("2026-01-01", "2026-02-20", "2026-03-20", "2026-10-12", "2025-12-15")
"""Around ends of months and of years, and both changes of Berlin's clocks."""
KEPT = ("1d", "2d", "3d", "1w", "10d", "1 month")
LOCKED = ("6h", "1d", "3d", "5d", "10d", "1 month")
DISPOSED = ("1d", "2d", "3d", "5d", "10d", "32d", "40d", "2 months")


@dataclass(frozen=True)
class Size:
    """How large an estate may be. Smaller numbers are simpler estates."""

    assets: int = 5
    repositories: int = 4
    sources: int = 3
    points: int = 14
    listings: int = 12
    days: int = 30


@dataclass
class Plan:
    """A random estate while it is made: the randomness, the time line, the programme."""

    random: random.Random
    more: random.Random
    """For what later controls need: the estates of old seeds stay as they were, but for that."""
    locks: random.Random
    """The same for encryption and locks."""
    making: random.Random
    """The same for how often backups are made."""
    size: Size
    tick: int
    begin: int
    since: int
    until: int
    end: int
    repositories: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    names: list[tuple[str, str]] = field(default_factory=list)
    """Every (source, subject) that evidence may tell of."""
    programme: dict[str, Any] = field(default_factory=dict)

    def chance(self, share: float) -> bool:
        """Say yes in a share of cases."""
        return self.random.random() < share

    def between(self, start: int, end: int) -> int:
        """Return a multiple of the tick in [start, end]."""
        return self.random.randint(-(-start // self.tick), max(end // self.tick, -(-start // self.tick))) * self.tick


def plan(seed: int, size: Size) -> Plan:
    """Return a random programme with its time line."""
    rng = random.Random(seed)
    tick = rng.choice(TICKS)
    start = at(rng.choice(BEGINNINGS))
    since = start + rng.randint(0, size.days) * DAY
    until = since + rng.randint(2, max(size.days, 2)) * DAY
    made = Plan(
        rng,
        random.Random(f"more {seed}"),
        random.Random(f"locks {seed}"),
        random.Random(f"making {seed}"),
        size,
        tick,
        start,
        since,
        until,
        until + rng.randint(-2, 8) * DAY,
    )
    made.repositories = [f"r{number}" for number in range(1, rng.randint(1, size.repositories) + 1)]
    made.sources = [f"s{number}" for number in range(1, rng.randint(1, size.sources) + 1)]
    sites = _sites(made)
    assets = _assets(made, [site["name"] for site in sites])
    made.programme = {
        "timezone": rng.choice(ZONES),
        "units": [{"name": "unit", "representatives": ["head"]}],
        "sites": sites,
        "repositories": _repositories(made, sorted({site["name"] for site in sites})),
        "sources": [_source(made, name) for name in made.sources],
        "assets": assets,
        "policies": _policies(made, sorted({asset["tier"] for asset in assets})),
    }
    for one in made.programme["policies"]:
        one["objectives"] |= _more_objectives(made.more) | making(made.making)
        one["objectives"] |= _told_objectives(made.locks, made.repositories, one["objectives"].get("dispose"))
    _recover_together(random.Random(f"together {seed}"), made)
    _locate(random.Random(f"location {seed}"), made)
    of_success = random.Random(f"success {seed}")
    for one in made.programme["policies"]:
        one["objectives"] |= success(of_success)
    _demand(random.Random(f"baseline {seed}"), made)
    if made.chance(0.2):
        made.repositories.append("stray")  # evidence will tell of it, the programme does not
    return made


def _sites(made: Plan) -> list[dict[str, Any]]:
    sites = [
        {"name": "dc1", "city": "Shanghai", "country": "CN"},
        {"name": "dc2", "city": made.random.choice(("Shanghai", "Beijing")), "country": "CN"},
        {"name": "dc3", "city": "Berlin", "country": "DE"},
    ]
    if made.chance(0.15):
        sites.append({**sites[1], "city": "Wuhan", "since": text_of(made.between(made.since, made.until))})
    return sites


def _repositories(made: Plan, sites: list[str]) -> list[dict[str, Any]]:
    found = []
    for number, name in enumerate(made.repositories):
        first = _repository(made, name, number, sites)
        found.append(first)
        if made.chance(0.25):
            later = {**_repository(made, name, number, sites), "since": text_of(made.between(made.since, made.until))}
            later.pop("keeps_at_least", None)
            if "keeps_at_least" in first:
                later["keeps_at_least"] = first["keeps_at_least"]
            found.append(later)
    return found


def _repository(made: Plan, name: str, number: int, sites: list[str]) -> dict[str, Any]:
    item: dict[str, Any] = {"name": name, "failure_domain": f"f{made.random.randint(1, 1 + len(made.repositories))}"}
    if made.chance(0.9):
        item["medium"] = made.random.choice(("disk", "object", "tape"))
    if made.chance(0.9):
        item["site"] = made.random.choice(sites)
    if made.chance(0.25):
        item["offline"] = True
    if number and made.chance(0.2):
        item["mirror_of"] = made.repositories[made.random.randrange(number)]
    if made.chance(0.6):
        item["keeps_at_least"] = made.random.choice(("1d", "3d", "10d", "400d", "400d", "400d"))
    return item


def _source(made: Plan, name: str) -> dict[str, Any]:
    item: dict[str, Any] = {"name": name, "tool": "interchange", "timezone": "UTC"}
    if made.chance(0.6):
        item["trust_jobs_for"] = made.random.choice(("12h", "2d", "20d"))
    if made.chance(0.3):
        item["runs_up_to"] = made.random.choice(("1h", "6h", "1d"))
    if made.chance(0.15):
        item["from"] = text_of(made.between(made.begin, made.since))
    if made.chance(0.2):
        item["until"] = text_of(made.between(made.since + made.tick, made.until))
    return item


def _assets(made: Plan, sites: list[str]) -> list[dict[str, Any]]:
    """Return the declarations of all assets: each a first one, then one for each instant at which something of it changes."""
    first = [_asset(made, f"a{number}", sites) for number in range(1, made.random.randint(1, made.size.assets) + 1)]
    for asset in first:
        _name(made, asset)
    changes: dict[str, dict[int, dict[str, Any]]] = {asset["name"]: {} for asset in first}
    for asset in first:
        if made.chance(0.35):
            change = made.random.choice(({"tier": _tier(made)}, {"site": made.random.choice(sites)}, {"medium": "object"}))
            changes[asset["name"]][made.between(made.since, made.until)] = change
    _move(made, first, changes)
    found = []
    for asset in first:
        found.append(asset)
        state: Mapping[str, Any] = asset
        for instant, change in sorted(changes[asset["name"]].items()):
            state = {**state, **change, "since": text_of(instant)}
            found.append(copy.deepcopy(dict(state)))
    return found


def _asset(made: Plan, name: str, sites: list[str]) -> dict[str, Any]:
    service = made.between(made.since, made.until - DAY) if made.chance(0.35) else made.begin - made.random.randint(0, 60) * DAY
    item: dict[str, Any] = {
        "name": name,
        "unit": "unit",
        "data_class": "files",
        "tier": _tier(made),
        "in_service": text_of(service),
    }
    if made.chance(0.85):
        item["site"] = made.random.choice(sites)
    if made.chance(0.85):
        item["medium"] = made.random.choice(("disk", "object"))
    if made.chance(0.3):
        item["failure_domain"] = f"f{made.random.randint(1, 3)}"
    if made.chance(0.25):
        item["retired"] = text_of(made.between(max(service, made.since) + made.tick, made.until))
    if made.chance(0.25):
        item["repositories"] = made.random.sample(made.repositories, 1)
    return item


def _tier(made: Plan) -> str:
    return made.random.choice(("core", "core", "normal"))


def _name(made: Plan, asset: dict[str, Any]) -> None:
    """Give an asset its subjects, or parts with subjects; sometimes none."""

    def subject() -> dict[str, str]:
        pair = (made.random.choice(made.sources), f"x{len(made.names) + 1}")
        made.names.append(pair)
        return {"source": pair[0], "subject": pair[1]}

    if made.chance(0.25):
        asset["parts"] = [
            {"name": f"p{number}", "subjects": [subject() for _ in range(made.random.randint(1, 2))]}
            for number in range(made.random.randint(1, 2))
        ]
    elif made.chance(0.95):
        asset["subjects"] = [subject() for _ in range(made.random.randint(1, 2))]


def _move(made: Plan, assets: list[dict[str, Any]], changes: dict[str, dict[int, dict[str, Any]]]) -> None:
    """Sometimes a subject moves from one asset to another inside the period."""
    whole = [asset for asset in assets if "parts" not in asset]
    givers = [asset for asset in whole if asset.get("subjects")]
    if len(whole) < 2 or not givers or not made.chance(0.5):
        return
    giver = made.random.choice(givers)
    taker = made.random.choice([asset for asset in whole if asset is not giver])
    instant = made.between(made.since, made.until)
    moved = giver["subjects"][0]
    for asset, subjects in ((giver, giver["subjects"][1:]), (taker, [*taker.get("subjects", []), moved])):
        mine = changes[asset["name"]]
        mine[instant] = {**mine.get(instant, {}), "subjects": subjects}
        # What changes before keeps the subjects there were, what changes later has the new ones: each change is laid over the one before.


def _policies(made: Plan, tiers: list[str]) -> list[dict[str, Any]]:
    found = []
    for tier in tiers:
        if not made.chance(0.92):
            continue
        zone = made.random.choice(ZONES)
        first = made.between(made.since, made.until) if made.chance(0.2) else made.begin - 100 * DAY
        instants = sorted(
            {
                first,
                *(made.between(max(first, made.since) + made.tick, made.until) for _ in range(made.random.choice((0, 0, 1, 2)))),
            }
        )
        for number, effective in enumerate(instants, 1):
            found.append(
                {
                    "policy": f"policy-{tier}",
                    "version": number,
                    "effective": text_of(effective),
                    "timezone": zone if made.chance(0.8) else made.random.choice(ZONES),
                    "applies_to": {"tier": tier},
                    "objectives": _objectives(made),
                    **({"accept_partial": True} if made.chance(0.25) else {}),
                    **({"new_asset_grace": made.random.choice(("1d", "4d"))} if made.chance(0.2) else {}),
                }
            )
    return found


def _objectives(made: Plan) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if made.chance(0.7):
        target = made.random.choice(("6h", "1d", "36h", "3d", "10d"))
        found["rpo"] = target if made.chance(0.6) else {"target": target, "tolerance": made.random.choice(("10m", "6h"))}
    if made.chance(0.6):
        found["copies"] = _copies(made)
    kept: list[str] = []
    if made.chance(0.65):
        everies = made.random.sample(("point", "day", "week", "month"), made.random.choice((1, 1, 2)))
        found["keep"] = [{"every": every, "for": made.random.choice(KEPT)} for every in everies]
        kept = [rule["for"] for rule in found["keep"]]
    if made.chance(0.55) or not found:
        # No policy may dispose before its own `keep` has run out.
        allowed = [term for term in DISPOSED if all(_days(term, 28) >= _days(one, 31) for one in kept)]
        found["dispose"] = {"after": made.random.choice(allowed)}
        if made.chance(0.4):
            found["dispose"]["grace"] = made.random.choice(("6h", "1d"))
    return found


def _more_objectives(rng: random.Random) -> dict[str, Any]:
    """Return objectives of later controls."""
    found: dict[str, Any] = {}
    if rng.random() < 0.5:
        found["verify"] = {"every": rng.choice(("6h", "1d", "2d", "3d", "10d", "1 month"))}
    return found


def _recover_together(rng: random.Random, made: Plan) -> None:
    """Let some policies name assets to recover with; never one that they themselves are for, at any time."""
    tiers: dict[str, set[str]] = {}
    for asset in made.programme["assets"]:
        tiers.setdefault(asset["name"], set()).add(asset["tier"])
    for policy in made.programme["policies"]:
        others = [name for name, had in sorted(tiers.items()) if policy["applies_to"]["tier"] not in had]
        if others and rng.random() < 0.6:
            terms: dict[str, Any] = {
                "assets": rng.sample(others, rng.randint(1, min(2, len(others)))),
                "skew": rng.choice(("0h", "1h", "6h", "1d", "3d")),
            }
            if rng.random() < 0.5:
                terms["max_age"] = rng.choice(("any", "1d", "3d", "10d", "1 month"))
            policy["objectives"]["recover_with"] = terms


def _locate(rng: random.Random, made: Plan) -> None:
    """Let some policies say where copies may stand."""
    for policy in made.programme["policies"]:
        if rng.random() < 0.5:
            countries: dict[str, Any] = {"countries": rng.choice((["CN"], ["DE"], ["CN", "DE"], "CN"))}
            cities: dict[str, Any] = {"cities": rng.sample(("Shanghai", "Beijing", "Berlin", "Wuhan"), rng.randint(1, 4))}
            policy["objectives"]["location"] = rng.choice((countries, countries, cities, countries | cities))


def _demand(rng: random.Random, made: Plan) -> None:
    """Sometimes demand that policies state something at the least."""
    if rng.random() < 0.4:
        return
    kinds: dict[str, Any] = {
        "rpo": lambda: rng.choice(("6h", "1d", "36h", "3d", "10d", {"target": "1d", "tolerance": "6h"})),
        "copies": lambda: {
            "max_age": rng.choice(("any", "2d", "10d")), "count": rng.randint(0, 3), "media": rng.randint(0, 2), "offsite": rng.randint(0, 1),
            "production": rng.random() < 0.7,
        },
        "keep": lambda: [{"every": every, "for": rng.choice(KEPT)} for every in rng.sample(("point", "day", "week", "month"), rng.choice((1, 1, 2)))],
        "dispose": lambda: {"after": rng.choice(DISPOSED), **({"grace": "1d"} if rng.random() < 0.3 else {})},
        "verify": lambda: {"every": rng.choice(("1d", "10d", "30d", "1 month"))},
        "location": lambda: rng.choice(({"countries": ["CN"]}, {"cities": ["Shanghai", "Beijing", "Berlin"]}, {"countries": ["CN"], "cities": ["Shanghai", "Berlin"]})),
        "encrypted": lambda: rng.choice((True, {"repositories": [made.repositories[0]]})),
        "exercise": lambda: {rng.choice(("table-top", "file", "full")): rng.choice(("5d", "31d", "1 month"))},
        "locked_for": lambda: rng.choice(("1d", "31d", {"for": "1 month", "repositories": [made.repositories[0]]})),
    }  # fmt: skip
    demands = []
    for _ in range(rng.randint(1, 3)):
        stated = sorted({key for policy in made.programme["policies"] for key in policy["objectives"]} & kinds.keys())
        keys = rng.sample(stated if stated and rng.random() < 0.8 else sorted(kinds), 1)
        one: dict[str, Any] = {"by": rng.choice(("law", "enterprise")), "objectives": {key: kinds[key]() for key in keys}}
        if rng.random() < 0.6:
            one["tier"] = rng.choice(("core", "normal", ["core", "normal"]))
        if rng.random() < 0.3:
            one["effective"] = text_of(made.since + (made.until - made.since) // 2 // made.tick * made.tick)
        demands.append(one)
    made.programme["baseline"] = demands


def _told_objectives(rng: random.Random, repositories: list[str], dispose: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return objectives of encryption and immutability: of all repositories, or of some."""
    found: dict[str, Any] = {}
    some = rng.sample(repositories, rng.randint(1, len(repositories)))
    if rng.random() < 0.5:
        found["encrypted"] = True if rng.random() < 0.6 else {"repositories": some}
    # No policy may dispose before its own locks end.
    allowed = [term for term in LOCKED if dispose is None or _days(dispose["after"], 28) >= _days(term, 31)]
    if rng.random() < 0.5:
        term = rng.choice(allowed)
        found["locked_for"] = term if rng.random() < 0.6 else {"for": term, "repositories": some}
    return found


def _copies(made: Plan) -> dict[str, Any]:
    found: dict[str, Any] = {"max_age": made.random.choice(("any", "12h", "2d", "10d"))}
    for leg, most in (("count", 3), ("media", 3), ("offsite", 2), ("immutable", 2), ("offline", 1)):
        if made.chance(0.6):
            found[leg] = made.random.randint(0, most)
    if made.chance(0.3):
        found["production"] = made.chance(0.5)
    return found


def _days(text: str, month: int) -> float:
    term = Term.parse(text)
    return term.months * month + term.microseconds / DAY
