"""Sections 4 to 6 of docs/definitions.md: whose points, what nobody saw, and which time is judged."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from audit.model.terms import Term
from tests.oracle.instants import BEGIN, FOR_EVER, Stretch, after, before, borders, stretches
from tests.oracle.lives import Lives
from tests.oracle.points import Point
from tests.oracle.records import Alias, Declared, Segment, Version


@dataclass(frozen=True)
class Pair:
    """A (source, repository) in which points of an asset may have been captured without our seeing them. `source` None: nobody listed it."""

    source: str | None
    repository: str
    unseen: list[Stretch]
    listings: list[int]
    """Instants of the complete listings that would show a point of the asset."""

    def witness(self, t: int, within: Stretch = (BEGIN, FOR_EVER)) -> int | None:
        """Section 5: the latest unseen capture instant at or before t (and within a stretch) whose point may still be live at t.

        The latest is the best witness of all: l', and every sum of c and a length, grows with c. Of an unseen stretch that ends before t there is
        no latest instant; its end stands for the instants just before it.
        """
        latest = None
        for start, end in self.unseen:
            first, last = max(start, within[0]), min(end, within[1])
            if first < last and first <= t:
                latest = (min(last, t), last <= t)
        if latest is None or t >= self.next_listing(*latest):
            return None
        return latest[0]

    def next_listing(self, c: int, just_before: bool) -> int:
        """Section 5: l', the next complete listing after c (or after the instants just before c); for ever when none."""
        place = bisect_left(self.listings, c) if just_before else bisect_right(self.listings, c)
        return self.listings[place] if place < len(self.listings) else FOR_EVER


class Ownership:
    """What belongs to one part of one asset, and the asset's segments."""

    def __init__(self, estate: Declared, lives: Lives, asset: str, part: str | None) -> None:
        self.estate, self.lives, self.asset, self.part = estate, lives, asset, part
        self.aliases = [one for one in estate.aliases if (one.asset, one.part) == (asset, part)]
        self.declared = self._declared()
        self.segments = list(self._segments())
        self.points = [point for point in lives.points.values() if self._owns(point)]
        self.pairs = self._pairs()

    @property
    def is_unknown(self) -> bool:
        """Section 5: no pair, or neither a listing of any of its pairs nor a point of its own."""
        return all(pair.source is None for pair in self.pairs) and (not self.pairs or not self.points)

    # Parts that come and go (section 6)

    def is_there(self, t: int) -> bool:
        """Section 6: an alias of the part holds at t; while none of the asset does, the last that held was one of it, or the first that will."""
        every = aliases_of(self.estate, self.asset)
        if any(one.start <= t < one.end for one in every):
            return any(one.start <= t < one.end for one in self.aliases)
        if ended := [one.end for one in every if one.end <= t]:
            return any(one.end == max(ended) for one in self.aliases)
        return not every or any(one.start == min(other.start for other in every) for one in self.aliases)

    def _declared(self) -> list[Stretch]:
        return stretches(self.is_there, {x for one in aliases_of(self.estate, self.asset) for x in (one.start, one.end)})

    def _segments(self) -> Iterator[Segment]:
        """Section 6: the part comes into service, and is retired, with its declaration; what it then owes it owes under the last version it had."""
        whole = self.estate.segments[self.asset]
        edges = {x for one in whole for x in (one.start, one.end)} | borders(self.declared)
        for start, end in pairwise(sorted(edges)):
            one = replace(next(one for one in whole if one.start <= start < one.end), start=start, end=end)
            past = [span for span in self.declared if span[0] <= start]
            came, went = past[-1] if past else self.declared[0]
            if not past:
                yield replace(one, in_service=max(one.in_service, came), retired=FOR_EVER)
            elif start < went:
                yield replace(one, in_service=max(one.in_service, came), retired=min(one.retired, went))
            else:
                last = next(one.policy for one in whole if one.start < went <= one.end)
                yield replace(one, retired=min(one.retired, went), policy=last)

    @property
    def is_new(self) -> bool:
        """Section 6: it came while none of the asset went, with subjects that were none of the asset's before."""
        came, every = self.declared[0][0], aliases_of(self.estate, self.asset)
        if came == BEGIN:
            return False
        parts = [Ownership.of_part(self, part) for part in parts_of(self.estate, self.asset)]
        mine = {(one.source, one.subject) for one in self.aliases}
        return not any(end == came for spans in parts for _, end in spans) and not any(
            (one.source, one.subject) in mine and one.start < came for one in every
        )

    @staticmethod
    def of_part(own: Ownership, part: str | None) -> list[Stretch]:
        """Return when another part of the same asset is declared."""
        other = object.__new__(Ownership)
        other.estate, other.asset, other.part = own.estate, own.asset, part
        other.aliases = [one for one in own.estate.aliases if (one.asset, one.part) == (own.asset, part)]
        return other._declared()

    def segment(self, t: int) -> Segment:
        """Return the asset's segment at an instant."""
        return next(one for one in self.segments if one.start <= t < one.end)

    def version(self, t: int) -> Version | None:
        """Return the policy version in force at an instant."""
        index = self.segment(t).policy
        return None if index is None else self.estate.versions[index]

    def accepts_partial(self, t: int) -> bool:
        """Section 3: whether the policy version in force at t accepts partial points."""
        version = self.version(t)
        return version is not None and version.accept_partial

    def _owns(self, point: Point) -> bool:
        """Section 4: the alias that holds at captured_at, or at the latest instant at which it can have been captured."""
        captured = point.latest
        return captured is not None and any(
            (alias.source, alias.subject) == (point.source, point.subject) and alias.start <= captured < alias.end
            for alias in self.aliases
        )

    # Unseen points (section 5)

    def _pairs(self) -> list[Pair]:
        """Section 5: (S, R, x) for each source S and subject x of the aliases and each R that S ever listed; (none, R) for declared R that none of them listed."""
        sources = sorted({alias.source for alias in self.aliases})
        listed = sorted({place for place in self.lives._listings if place[0] in sources})
        named = sorted({(alias.source, alias.subject) for alias in self.aliases})
        found = [self._pair(*place, subject) for place in listed for source, subject in named if source == place[0]]
        for repository in self.estate.repositories_of.get(self.asset, []):
            if repository not in {place[1] for place in listed}:
                found.append(Pair(None, repository, [(BEGIN, FOR_EVER)], []))
        return found

    def _pair(self, source: str, repository: str, subject: str) -> Pair:
        """Section 5: everything between the alias's and the source's from and until that is not observed is unseen."""
        observed = self._observed(source, repository, subject)
        origin = self.estate.origins.get(source)
        used = (BEGIN, FOR_EVER) if origin is None else (origin.start, origin.end)
        windows = [(alias.start, alias.end) for alias in self.aliases if (alias.source, alias.subject) == (source, subject)]

        def is_unseen(c: int) -> bool:
            if not used[0] <= c < used[1] or not any(start <= c < end for start, end in windows):
                return False
            return not any(start <= c < end for start, end in observed)

        critical = {x for stretch in [*observed, *windows, used] for x in stretch}
        return Pair(source, repository, stretches(is_unseen, critical), self._showing(source, repository, subject))

    def scopes_of(self, source: str, repository: str, subject: str) -> set[str | None]:
        """Section 5: the scopes that speak of a subject: none, and those in which a point of it was ever listed."""
        return {None} | {
            scope
            for point in self.lives.points.values()
            if (point.source, point.repository) == (source, repository) and point.subject == subject
            for scope in point.scopes
        }

    def _showing(self, source: str, repository: str, subject: str) -> list[int]:
        """Section 5: complete listings of a scope that speaks of the subject."""
        scopes = self.scopes_of(source, repository, subject)
        return sorted(
            {x.at for x in self.lives.listings(source, repository) if x.complete and x.at is not None and x.scope in scopes}
        )

    def _observed(self, source: str, repository: str, subject: str) -> list[Stretch]:
        """Section 5: (l - k, l - d] of each complete listing, and [covers_from, covers_to) of job logs (borders do not matter)."""
        scopes = self.scopes_of(source, repository, subject)
        found = [x.covers for x in self.lives.listings(source, repository) if x.covers is not None and x.scope in scopes]
        origin = self.estate.origins.get(source)
        for at in self._showing(source, repository, subject):
            start = self._shown_since(repository, at)
            end = at if origin is None or origin.runs_up_to is None else before(at, origin.runs_up_to, origin.zone)
            if start is not None and start < end:
                found.append((start, end))
        return found

    def _shown_since(self, repository: str, at: int) -> int | None:
        """Section 5: l - k, k being the repository's keeps_at_least, else the shortest `for` of the policy in force at l, else nothing is observed."""
        if repository in self.estate.keeps_at_least:
            return before(at, self.estate.keeps_at_least[repository], self.estate.zone)
        version = self.version(at)
        rules = [] if version is None else version.objectives.get("keep") or []
        # The shortest `for` is the one with the latest l - for.
        return max((before(at, Term.parse(rule["for"]), version.zone) for rule in rules if version), default=None)

    # Judged time (section 6)

    def is_in_service(self, t: int) -> bool:
        """Section 6: in_service <= t < retired."""
        segment = self.segment(t)
        return segment.in_service <= t < segment.retired

    @property
    def started(self) -> int:
        """Section 6: `in_service` as it holds at the first instant at which the asset is in service; of a part that is new not before it came."""
        whole = self.estate.segments[self.asset]
        served = [one.in_service for one in whole if max(one.start, one.in_service) < min(one.end, one.retired)]
        began = (served or [whole[-1].in_service])[0]
        return max(began, self.declared[0][0]) if self.is_new else began

    def is_grace(self, t: int) -> bool:
        """Section 6: t < started + g, g of the version in force at t."""
        version = self.version(t)
        if version is None or version.grace is None:
            return False
        return t < after(self.started, version.grace, version.zone)

    def instants(self) -> set[int]:
        """Return the critical instants of section 6."""
        found: set[int] = set()
        for segment in self.segments:
            found |= {segment.start, segment.end, segment.in_service, segment.retired}
            version = None if segment.policy is None else self.estate.versions[segment.policy]
            if version is not None and version.grace is not None:
                found.add(after(self.started, version.grace, version.zone))
        return found

    # Liveness under the policy in force

    def live(self, point: Point, world: str, t: int) -> bool:
        """Section 3: is a point live at t, under the policy version then in force."""
        many = self.lives.live(point, world, self.accepts_partial(t))
        place = bisect_right(many, (t, FOR_EVER + 1)) - 1
        return place >= 0 and t < many[place][1]


def parts_of(estate: Declared, asset: str) -> list[str | None]:
    """Section 6: the parts of an asset; one without parts has the one part null."""
    named = {alias.part for alias in estate.aliases if alias.asset == asset}
    return sorted(named, key=lambda part: part or "") or [None]


def aliases_of(estate: Declared, asset: str) -> list[Alias]:
    """Return all aliases of an asset."""
    return [alias for alias in estate.aliases if alias.asset == asset]
