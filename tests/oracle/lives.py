"""Sections 2 and 3 of docs/definitions.md: when each point is present, and when it is live, in the sure and in the possible world."""

from __future__ import annotations

from bisect import bisect_right

from tests.oracle import readings
from tests.oracle.instants import BEGIN, FOR_EVER, Stretch, after, borders, covers, merged, stretches
from tests.oracle.points import Evidence, Key, Listing, Point
from tests.oracle.records import Origin

SURE, POSSIBLE = "sure", "possible"
WORLDS = (SURE, POSSIBLE)


class Lives:
    """Presence and liveness of all points, each asked once at the middle of every stretch in which nothing changes."""

    def __init__(self, evidence: Evidence, origins: dict[str, Origin]) -> None:
        self.points = evidence.points
        self.runs = evidence.runs
        self.origins = origins
        self._listings: dict[tuple[str, str], list[Listing]] = {}
        for listing in evidence.listings:
            self._listings.setdefault((listing.source, listing.repository), []).append(listing)
        self._verifies: dict[tuple[str, str], list[tuple[int, bool]]] = {}
        for run in evidence.runs:
            self._note_verify_run(run)
        self._seen_at: dict[Key, tuple[list[int], list[bool]]] = {}
        self._presences: dict[tuple[Key, str], list[Stretch]] = {}
        self._lives: dict[tuple[Key, str, bool, bool], list[Stretch]] = {}

    def listings(self, source: str, repository: str) -> list[Listing]:
        """Return every listing of a source and repository."""
        return self._listings.get((source, repository), [])

    # Presence (section 2)

    def presence(self, point: Point, world: str) -> list[Stretch]:
        """Section 2: the stretches in which a point is present in a world."""
        if (point.key, world) not in self._presences:
            self._presences[point.key, world] = stretches(
                lambda t: self.is_present(point, world, t), self._instants_of_presence(point)
            )
        return self._presences[point.key, world]

    def is_present(self, point: Point, world: str, t: int) -> bool:
        """Section 2: before available_at (or what takes its place) not present; deleted_at ends both bounds."""
        if point.available_at is None or t < point.available_at:
            return False
        if point.deleted_at is not None and t >= point.deleted_at:
            return False
        if point.basis == "job":
            return self._is_present_by_job(point, world, t)
        return self._is_present_by_catalog(point, world, t)

    def _is_present_by_catalog(self, point: Point, world: str, t: int) -> bool:
        """Section 2, Catalog: both neighbours have it, surely; exactly one, possibly; none, not."""
        instants, has = self._observations(point)
        place = bisect_right(instants, t)
        before = has[place - 1] if place > 0 else False
        afterwards = has[place] if place < len(has) else False
        return (before and afterwards) if world == SURE else (before or afterwards)

    def _observations(self, point: Point) -> tuple[list[int], list[bool]]:
        """Section 2: available_at, listings that have it, complete listings of its scopes or of the whole repository that lack it; has wins. Its deletion, where that stands."""
        if point.key not in self._seen_at:
            assert point.available_at is not None
            found: dict[int, bool] = {point.available_at: True}
            for listing in self.listings(point.source, point.repository):
                if listing.at is None or listing.at < point.available_at:
                    continue
                if point.id in listing.ids:
                    found[listing.at] = True
                elif listing.complete and (listing.scope is None or listing.scope in point.scopes):
                    found.setdefault(listing.at, False)
            if point.deleted_at is not None and point.known_to_be_deleted:
                # It was there when it was deleted, unless listings say that it was there later, or was gone before.
                last = max(at for at, has in found.items() if has)
                if last <= point.deleted_at and not any(last < at < point.deleted_at for at in found):
                    found[point.deleted_at] = True
            instants = sorted(found)
            self._seen_at[point.key] = (instants, [found[x] for x in instants])
        return self._seen_at[point.key]

    def _is_present_by_job(self, point: Point, world: str, t: int) -> bool:
        """Section 2, Job. What is not possible is not sure either."""
        assert point.available_at is not None
        end = FOR_EVER if point.expires_at is None else point.expires_at
        possible = t < min(end, self._first_listing_against(point))
        if world == POSSIBLE:
            return possible
        trusted = t < min(end, self._end_of_trust(point))
        return trusted and (possible or not readings.TRUST_ENDS_WITH_POSSIBILITY)

    def _end_of_trust(self, point: Point) -> int:
        """Section 2, Job: available_at + trust_jobs_for; no trust when the source declares none."""
        assert point.available_at is not None
        origin = self.origins.get(point.source)
        if origin is None or origin.trust_jobs_for is None:
            return BEGIN
        return after(point.available_at, origin.trust_jobs_for, origin.zone)

    def _first_listing_against(self, point: Point) -> int:
        """Section 2, Job: the first complete listing of the whole repository at or after available_at in which no point of that subject captured
        in [captured_at, available_at] is. Of several listings at one instant, complete or not, has wins."""
        assert point.available_at is not None
        shown: dict[int, bool] = {}
        whole: set[int] = set()
        for listing in self.listings(point.source, point.repository):
            if listing.at is None or listing.at < point.available_at:
                continue
            if listing.complete and listing.scope is None:
                whole.add(listing.at)
            has = any(self._could_be(point, self.points[point.source, point.repository, name]) for name in listing.ids)
            shown[listing.at] = has or shown.get(listing.at, False)
        return min((x for x in whole if not shown[x]), default=FOR_EVER)

    def _could_be(self, job: Point, listed: Point) -> bool:
        """Of both as they are told themselves, whatever a copy shares with its original."""
        start, end, captured = job.told_captured_at, job.available_at, listed.told_captured_at
        if start is None or end is None or captured is None:
            return False
        return listed.subject == job.subject and start <= captured <= end

    def _instants_of_presence(self, point: Point) -> set[int]:
        if point.available_at is None:
            return set()
        known = {point.available_at, point.deleted_at, point.expires_at, self._end_of_trust(point)}
        return {x for x in known if x is not None} | {
            x.at for x in self.listings(point.source, point.repository) if x.at is not None
        }

    # Liveness (section 3)

    def live(self, point: Point, world: str, accept_partial: bool, checked: bool = True) -> list[Stretch]:
        """Section 3: the stretches in which a point is live in a world, under policies that accept partial points or not. Not checked: as if no check
        had ever been made (section 12)."""
        name = (point.key, world, accept_partial, checked)
        if name not in self._lives:
            begin = self.begin(point)
            if begin is None:
                self._lives[name] = []
            else:
                self._lives[name] = self._live_from(point, world, accept_partial, begin, checked)
        return self._lives[name]

    def _live_from(self, point: Point, world: str, accept_partial: bool, begin: int, checked: bool) -> list[Stretch]:
        if point.partial and not accept_partial:
            return []
        if point.base is None and point.self_contained is not True and world == SURE:
            return []  # no base, and not known to be self-contained: possible only
        base = (
            None
            if point.base is None
            else self.live(self.points[point.source, point.repository, point.base], world, accept_partial, checked)
        )
        present = self.presence(point, world)
        never, unsure = (self.known_corrupt(point), self.unsure(point)) if checked else ([], [])

        def is_live(t: int) -> bool:
            if t < begin or not covers(present, t) or covers(never, t):
                return False
            if world == SURE and covers(unsure, t):
                return False
            return base is None or covers(base, t)

        return stretches(is_live, {begin} | borders(present) | borders(never) | borders(unsure) | borders(base or []))

    def begin(self, point: Point) -> int | None:
        """Section 3: the latest available_at and captured_at of the point and its bases; None when a base was never seen or the chain returns to itself."""
        chain = [point]
        while chain[-1].base is not None:
            base = self.points.get((point.source, point.repository, chain[-1].base))
            if base is None or base in chain:
                return None
            chain.append(base)
        known = [one.available_at for one in chain if one.available_at is not None]
        captured = [one.captured_at for one in chain if one.captured_at is not None]
        return max(known + captured) if len(known) == len(chain) else None

    def known_corrupt(self, point: Point) -> list[Stretch]:
        """Section 3: neither sure nor possible from a corrupt check to the next verified one."""
        return merged((x, _next(point.verified, x)) for x in point.corrupt)

    def unsure(self, point: Point) -> list[Stretch]:
        """Section 3: where checks of the point, of its originals or of its whole repository make it not sure."""
        found = [(_last_verified(point, x), x) for x in point.corrupt]
        for original in self.originals(point):
            for x in original.corrupt:
                v = _last_verified(original, x)
                own = [y for y in point.verified if y >= v]
                found.append((v, own[0] if own else FOR_EVER))
        found += self._unsure_by_verify_runs(point) + self._unsure_by_name(point)
        return merged(found)

    def originals(self, point: Point) -> list[Point]:
        """Section 3: the points of which a point is a copy, directly or through copies."""
        found: list[Point] = []
        here = point
        while here.copy_of is not None:
            here = self.points[here.copy_of]
            if here is point or here in found:
                break
            found.append(here)
        return found

    def _note_verify_run(self, run: dict[str, object]) -> None:
        """Section 3: keep verify runs of a whole repository (without subject and point): when it failed, or succeeded with coverage full."""
        if run.get("kind") != "verify" or run.get("subject") is not None or run.get("recovery_point") is not None:
            return
        place, x = (str(run["source"]), run.get("repository")), run.get("finished_at")
        if not isinstance(place[1], str) or not isinstance(x, int):
            return
        if run["outcome"] == "failed" or (run["outcome"] == "success" and run.get("coverage") == "full"):
            self._verifies.setdefault((place[0], place[1]), []).append((x, run["outcome"] == "success"))

    def _unsure_by_verify_runs(self, point: Point) -> list[Stretch]:
        """Section 3: failed at x: not sure from the last full success before x (none: available_at) to the next one after x; the point's own verified
        check at or after x ends it for that point."""
        runs = self._verifies.get((point.source, point.repository), [])
        successes = sorted(y for y, passed in runs if passed)
        found = []
        for x in (x for x, passed in runs if not passed):
            earlier = [y for y in successes if y < x]
            start = earlier[-1] if earlier else BEGIN
            own = [y for y in point.verified if y >= x]
            found.append((start, min(_next(successes, x), own[0] if own else FOR_EVER)))
        return found

    def _unsure_by_name(self, point: Point) -> list[Stretch]:
        """Section 3: failed at x, by the point's name or for its subject: not sure from the last check before x that found the point good (none:
        available_at) to the first after x that does. A full success of the subject does for points that came after x."""
        good, of_subject, bad = set(point.verified), set(), []
        for run in self.runs:
            x, full = run.get("finished_at"), run.get("outcome") == "success" and run.get("coverage") == "full"
            if run.get("kind") != "verify" or (run["source"], run.get("repository")) != point.key[:2] or x is None:
                continue
            name, subject = run.get("recovery_point"), run.get("subject")
            named = name is not None and self.names(name, point)
            whole, mine = name is None and subject is None, name is None and subject == point.subject
            if full and (named or whole):
                good.add(x)
            if full and mine:
                of_subject.add(x)
            if run.get("outcome") == "failed" and (named or mine):
                bad.append((x, mine))
        found = []
        for x, by_subject in bad:
            there = not by_subject or point.available_at is None or point.available_at <= x
            earlier = [y for y in good if y < x]
            start = max(earlier) if earlier else BEGIN if point.available_at is None else point.available_at
            found.append((start, min((y for y in (good if there else good | of_subject) if y > x), default=FOR_EVER)))
        return found

    def names(self, name: str, point: Point) -> bool:
        """Section 1: whether a run that names a point names this one: by its id, or as the only one whose id begins so."""
        here = [other[2] for other in self.points if other[:2] == point.key[:2]]
        if name in here:
            return name == point.id
        return len(name) >= 8 and [other for other in here if other.startswith(name)] == [point.id]


def _next(instants: list[int], x: int) -> int:
    """Return the first of sorted instants after x; for ever when none."""
    place = bisect_right(instants, x)
    return instants[place] if place < len(instants) else FOR_EVER


def _last_verified(point: Point, x: int) -> int:
    """Return the last verified check before x; without one available_at, and the beginning of time when that is unknown as well."""
    earlier = [y for y in point.verified if y < x]
    if earlier:
        return earlier[-1]
    return BEGIN if point.available_at is None else point.available_at
