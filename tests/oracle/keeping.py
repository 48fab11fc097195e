"""Section 9 of docs/definitions.md: retention-minimum. Which objects each version obliges the asset to hold, and until when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from audit.model.terms import Term
from tests.oracle.instants import BEGIN, FOR_EVER, Stretch, after, borders, bucket_of, buckets_within, covers, merged, stretches
from tests.oracle.lives import POSSIBLE, SURE, WORLDS
from tests.oracle.ownership import Ownership
from tests.oracle.points import Point


@dataclass(frozen=True)
class InForce:
    """A stretch [start, end) in which one policy version (index) is in force for the asset."""

    policy: int
    start: int
    end: int


@dataclass(frozen=True)
class Object:
    """What must be kept: one point, or a calendar bucket with the points captured in it. It begins at `begins`."""

    begins: int
    deadline: int
    points: tuple[Point, ...]
    bucket: Stretch | None = None
    only_sure: bool = False
    """In the possible world nothing is obliged."""


@dataclass
class Keeping:
    """What section 9 says of one part: where each world fails, and the last deadline of what is bound."""

    failing: dict[str, list[Stretch]] = field(default_factory=dict)
    last_deadline: int = BEGIN


def keeping(own: Ownership, until: int) -> Keeping:
    """Section 9: failing at t in any obligation is failing at t."""
    result = Keeping()
    failing: dict[str, list[Stretch]] = {world: [] for world in WORLDS}
    in_force = list(versions_in_force(own))
    for version in in_force:
        for thing in objects(own, version, until):
            if binds(own, version, thing):
                result.last_deadline = max(result.last_deadline, thing.deadline)
                for world in (SURE,) if thing.only_sure else WORLDS:
                    failing[world] += failures(own, version, in_force, thing, world)
    result.failing = {world: merged(failing[world]) for world in WORLDS}
    return result


def versions_in_force(own: Ownership) -> Iterator[InForce]:
    """Section 9: the stretches [a, b) in which one policy version is in force for the asset."""
    here: InForce | None = None
    for segment in own.segments:
        if here is not None and segment.policy == here.policy and segment.start == here.end:
            here = InForce(here.policy, here.start, segment.end)
            continue
        if here is not None:
            yield here
        here = None if segment.policy is None else InForce(segment.policy, segment.start, segment.end)
    if here is not None:
        yield here


def objects(own: Ownership, version: InForce, until: int) -> Iterator[Object]:
    """Section 9: the objects of each `keep` rule of a version."""
    policy = own.estate.versions[version.policy]
    every = [point for point in own.points if ever_possibly_live(own, version, point)]
    ever = [point for point in every if point.captured_at is not None]
    rules = policy.objectives.get("keep") or []
    for point in [one for one in every if one.captured_at is None] if rules else []:
        # It may be all alone in its bucket, which opens by the latest instant at which it can have been captured.
        assert point.latest is not None
        ends = [
            after(
                point.latest if rule["every"] == "point" else bucket_of(point.latest, rule["every"], policy.zone)[1],
                Term.parse(rule["for"]),
                policy.zone,
            )
            for rule in rules
        ]
        yield Object(begins(own, point), max(ends), (point,), only_sure=True)
    for rule in policy.objectives.get("keep") or []:
        length = Term.parse(rule["for"])
        if rule["every"] == "point":
            for point in ever:
                assert point.captured_at is not None
                yield Object(begins(own, point), after(point.captured_at, length, policy.zone), (point,))
        else:
            for bucket in buckets(own, ever, rule["every"], policy.zone, until):
                inside = tuple(point for point in own.points if bucket[0] <= (point.captured_at or BEGIN) < bucket[1])
                yield Object(bucket[1], after(bucket[1], length, policy.zone), inside, bucket)


def begins(own: Ownership, point: Point) -> int:
    """Section 9: the later of first sighting and begin (basis job, or never sighted: begin)."""
    begin = own.lives.begin(point)
    assert begin is not None
    return max([begin, *point.sightings[:1]]) if point.basis == "catalog" else begin


def buckets(own: Ownership, ever: list[Point], every: str, zone: str, until: int) -> list[Stretch]:
    """Section 9: buckets in which a point ever possibly live was captured, or that lie wholly in service under a `keep` rule of that `every`."""
    found = {bucket_of(point.captured_at, every, zone) for point in ever if point.captured_at is not None}
    for start, end in merged(served(own, every)):
        # A bucket that ends after the period obliges nothing inside it; two years more are enough for its deadline to lie ahead.
        found |= set(buckets_within(start, min(end, until + 2 * 366 * 86_400_000_000), every, zone))
    return sorted(found)


def served(own: Ownership, every: str) -> Iterator[Stretch]:
    """Section 9: the asset's in-service segments with a `keep` rule of that `every`."""
    for segment in own.segments:
        if segment.policy is not None:
            rules = own.estate.versions[segment.policy].objectives.get("keep") or []
            if any(rule["every"] == every for rule in rules):
                yield max(segment.start, segment.in_service), min(segment.end, segment.retired)


def ever_possibly_live(own: Ownership, version: InForce, point: Point) -> bool:
    """Section 9: whether a point is possibly live at any time, as the version judges."""
    return bool(own.lives.live(point, POSSIBLE, accepts(own, version)))


def accepts(own: Ownership, version: InForce) -> bool:
    """Section 9: all of an obligation is as its version judges liveness."""
    return own.estate.versions[version.policy].accept_partial


def instants_of_life(own: Ownership, point: Point) -> set[int]:
    """Return where a point's liveness may change: its own borders, and changes of the policy."""
    found = {segment.start for segment in own.segments}
    for world in WORLDS:
        for accepts in (False, True):
            found |= borders(own.lives.live(point, world, accepts))
    return found


def is_live(own: Ownership, version: InForce, thing: Object, world: str, t: int, unseen: bool = True) -> bool:
    """Section 9: live, as the version judges, when a point of it is; a bucket in the possible world also when an unseen point captured in it is."""
    if any(start <= t < end for point in thing.points for start, end in own.lives.live(point, world, accepts(own, version))):
        return True
    if world == SURE or thing.bucket is None or not unseen:
        return False
    for point in own.points:
        may_be = point.captured_at is None and point.latest is not None and point.latest >= thing.bucket[0]
        if may_be and covers(own.lives.live(point, POSSIBLE, accepts(own, version)), t):
            return True
    return any(pair.witness(t, thing.bucket) is not None for pair in own.pairs)


def binds(own: Ownership, version: InForce, thing: Object) -> bool:
    """Section 9: r in [a, b), or r < a and the object possibly live at a (seen points only)."""
    if version.start <= thing.begins < version.end:
        return True
    return thing.begins < version.start and is_live(own, version, thing, POSSIBLE, version.start, unseen=False)


def failures(own: Ownership, version: InForce, in_force: list[InForce], thing: Object, world: str) -> list[Stretch]:
    """Section 9: where in [max(r, a), end of the obligation) the object is not live in a world."""
    start, end = max(thing.begins, version.start), min(end_of(own, version, in_force, thing, world), thing.deadline)
    if start >= end:
        return []
    critical = {x for point in thing.points for x in instants_of_life(own, point)} | {segment.start for segment in own.segments}
    if thing.bucket is not None:
        critical |= {x for pair in own.pairs for x in [*pair.listings, *borders(pair.unseen)]}
        critical |= {x for point in own.points if point.captured_at is None for x in instants_of_life(own, point)}
    return stretches(lambda t: not is_live(own, version, thing, world, t), critical, start, end)


def end_of(own: Ownership, version: InForce, in_force: list[InForce], thing: Object, world: str) -> int:
    """Section 9: live at b in a world, it ends there; else it goes on to the deadline or the start of a later version at which it is live."""
    if version.end >= FOR_EVER or is_live(own, version, thing, world, version.end):
        return version.end
    return min(
        (later.start for later in in_force if later.start >= version.end and is_live(own, version, thing, world, later.start)),
        default=FOR_EVER,
    )
