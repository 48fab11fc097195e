"""Section 24 of docs/definitions.md: pieces of evidence that deny one another, point by point and listing by listing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from tests.oracle.instants import FOR_EVER, Stretch, after
from tests.oracle.lives import POSSIBLE
from tests.oracle.ownership import Ownership
from tests.oracle.points import Point
from tests.oracle.records import Version

DENIED = ("failed", "deleted", "returned", "unlisted", "shrunk", "disputed")


class Denials:
    """The contradictions in what is told of one part of an asset."""

    def __init__(self, own: Ownership) -> None:
        self.own = own
        self._found: dict[tuple[str, float], list[Stretch]] = {}

    def holds(self, leg: str, t: int, world: str, version: Version) -> bool:
        """Section 24: nothing is denied at t, and complete listings stand on both sides of it."""
        if any(start <= t < end for start, end in self.stretches(leg, lost_of(version))):
            return False
        spoken = [x for pair in self.own.pairs for x in pair.listings]
        return world == POSSIBLE or (bool(spoken) and min(spoken) <= t < max(spoken))

    def stretches(self, leg: str, lost: float) -> list[Stretch]:
        """Return when contradictions of a leg stand."""
        if (leg, lost) not in self._found:
            find = {
                "failed": self._failed,
                "deleted": self._deleted,
                "returned": self._returned,
                "unlisted": self._unlisted,
                "disputed": self._disputed,
            }
            if leg == "shrunk":
                self._found[leg, lost] = list(self._shrunk(lost))
            else:
                self._found[leg, lost] = [one for point in self.own.points for one in find[leg](point)]
        return self._found[leg, lost]

    def instants(self) -> set[int]:
        """Return when an answer may change."""
        found = {x for pair in self.own.pairs for x in pair.listings}
        for version in self.own.estate.versions:
            if version.objectives.get("contradiction") is not None:
                found |= {x for leg in DENIED for one in self.stretches(leg, lost_of(version)) for x in one}
        return found

    # What is told

    def _naming(self, point: Point, kind: str) -> list[dict[str, Any]]:
        """Runs of the point's source and repository, and of its subject or none, that name it."""
        here = [other[2] for other in self.own.lives.points if other[:2] == point.key[:2]]

        def names(name: str | None) -> bool:
            if name is None:
                return False
            if name in here:
                return name == point.id
            return len(name) >= 8 and [other for other in here if other.startswith(name)] == [point.id]

        return [
            run
            for run in self.own.lives.runs
            if run.get("kind") == kind
            and (run["source"], run.get("repository")) == point.key[:2]
            and run.get("subject") in (None, point.subject)
            and names(run.get("recovery_point"))
        ]

    def _lacking(self, point: Point) -> list[int]:
        """Instants of complete listings that speak of the point and none of which has it."""
        speaking = {
            one.at
            for one in self.own.lives.listings(point.source, point.repository)
            if one.complete and one.at is not None and (one.scope is None or one.scope in point.scopes)
        }
        return sorted(speaking - set(point.sightings))

    def _gone(self, point: Point) -> int:
        """The first complete listing that lacks it after all that have it, or deleted_at before that."""
        assert point.available_at is not None
        last = max([x for x in point.sightings if x >= point.available_at], default=point.available_at)
        end = min([x for x in self._lacking(point) if x > last], default=FOR_EVER)
        return end if point.deleted_at is None else min(end, point.deleted_at)

    # The legs

    def _failed(self, point: Point) -> Iterator[Stretch]:
        runs = self._naming(point, "backup")
        if (
            point.basis != "catalog"
            or point.partial
            or not point.sightings
            or any(run["outcome"] in ("success", "warning") for run in runs)
        ):
            return
        for run in runs:
            if run["outcome"] in ("failed", "cancelled") and run.get("finished_at") is not None and point.available_at is not None:
                yield max(run["finished_at"], min(point.sightings)), self._gone(point)

    def _deleted(self, point: Point) -> Iterator[Stretch]:
        if point.deleted_at is None:
            return
        used = [
            run.get("started_at") or run.get("finished_at")
            for run in self._naming(point, "restore")
            if run["outcome"] in ("success", "warning")
        ]
        for x in [*point.sightings, *used]:
            if x is not None and x > point.deleted_at:
                yield x, min([y for y in self._lacking(point) if y > x], default=FOR_EVER)

    def _returned(self, point: Point) -> Iterator[Stretch]:
        if point.available_at is None or point.basis != "catalog":
            return
        lacking = [x for x in self._lacking(point) if x >= point.available_at]
        for back in point.sightings:
            before = [x for x in lacking if x < back]
            # What has it last before the listings that lack it: a sighting, or that it became available.
            if before and any(x < before[-1] for x in point.sightings):
                yield back, self._gone(point)

    def _unlisted(self, point: Point) -> Iterator[Stretch]:
        if point.basis != "job" or point.available_at is None:
            return
        against = self.own.lives._first_listing_against(point)
        term = self.own.estate.keeps_at_least.get(point.repository)
        kept = point.expires_at
        if point.captured_at is None:
            return
        if kept is None and term is not None:
            kept = after(point.captured_at, term, self.own.estate.zone)
        if kept is not None and (point.deleted_at is None or against < point.deleted_at):
            yield against, kept

    def _disputed(self, point: Point) -> Iterator[Stretch]:
        """Two complete listings of one scope and instant, of which one has it and the other lacks it: until the next one of that scope."""
        listings = [x for x in self.own.lives.listings(point.source, point.repository) if x.complete and x.at is not None]
        for scope, instant in {(x.scope, x.at) for x in listings}:
            words = {point.id in x.ids for x in listings if (x.scope, x.at) == (scope, instant)}
            if len(words) == 2 and instant is not None:
                yield (
                    instant,
                    min((x.at for x in listings if x.scope == scope and x.at is not None and x.at > instant), default=FOR_EVER),
                )

    def _shrunk(self, lost: float) -> Iterator[Stretch]:
        places = {
            (one.source, one.repository, one.scope) for many in self.own.lives._listings.values() for one in many if one.complete
        }
        for source, repository, scope in places:
            held: dict[int, set[str]] = {}
            for one in self.own.lives.listings(source, repository):
                if one.complete and one.at is not None and one.scope == scope:
                    held.setdefault(one.at, set()).update(one.ids)
            mine = {point.id: point for point in self.own.points if point.key[:2] == (source, repository)}
            counted = [(at, {name for name in held[at] if name in mine}) for at in sorted(held)]
            for number, ((earlier, had), (at, has)) in enumerate(pairwise(counted)):
                gone = [mine[name] for name in had - has]
                excused = sum(self._is_explained(point, earlier, at) for point in gone)
                least = round((1 - lost) * len(had), 6)
                if gone and len(has) + excused < least:
                    later = [x for x, some in counted[number + 2 :] if len(some) >= least]
                    yield at, min(later, default=FOR_EVER)

    def _is_explained(self, point: Point, earlier: int, at: int) -> bool:
        """Whether it expired, is told to be deleted, or a prune run ended well between two listings."""
        if any(x is not None and x <= at for x in (point.expires_at, point.deleted_at)):
            return True
        return any(
            run.get("kind") == "prune"
            and run["outcome"] in ("success", "warning")
            and (run["source"], run.get("repository")) == point.key[:2]
            and run.get("subject") in (None, point.subject)
            and run.get("finished_at") is not None
            and earlier < run["finished_at"] <= at
            for run in self.own.lives.runs
        )


def lost_of(version: Version) -> float:
    """The share that may be lost at once."""
    written = version.objectives.get("contradiction")
    said = written.get("lost", 0.5) if isinstance(written, Mapping) else 0.5
    return float(said.removesuffix("%")) / 100 if isinstance(said, str) else float(said)
