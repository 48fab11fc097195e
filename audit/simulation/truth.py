"""What is true of each accident: which control must find it on which asset, with which verdict, in which stretches.

Worked out from what was simulated and from docs/definitions.md. Everything that is named here, and nothing else, is not met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from audit.simulation.accidents import GRACE, TOLERANCE, Accidents
from audit.simulation.calendar import DAY, HOUR, Calendar, after, day_of, local
from audit.simulation.files import Shelf
from audit.simulation.jobs import checks
from audit.simulation.servers import SHANGHAI
from audit.simulation.stretches import (
    Lacking,
    Seen,
    Stretch,
    Stretches,
    clipped,
    covered,
    held,
    lacking,
    lacking_it,
    seen,
    union,
    without_needing,
    worst_exposure,
)

Shelves = Mapping[tuple[str, str], Shelf]
COPIES = ("count", "media", "offsite", "immutable")
CONTROLS = (
    "recovery-point",
    "copies",
    "retention-minimum",
    "retention-maximum",
    "verification",
    "encryption",
    "immutability",
    "consistency",
    "baseline",
)
"""The controls that the truth tells of."""
CHECKED_EVERY = 35 * DAY
"""How often all data have to be read, where the model programme asks for it."""
YOUNG = 36 * HOUR
"""How old a copy of a database may be and still count."""


@dataclass(frozen=True, slots=True)
class Find:
    """The verdict that a control must give. Stretches lie in the period; grace: when a new asset is not judged. exposures: of each breached stretch, where
    the control is one of exposure: how much work its worst instant would have lost.
    """

    asset: str
    control: str
    policy: str
    version: int = 1
    leg: str | None = None
    part: str | None = None
    breached: Stretches = ()
    unproven: Stretches = ()
    grace: Stretches = ()
    exposures: tuple[timedelta | None, ...] = ()

    @property
    def verdict(self) -> str:
        """Breached if any, else unproven if any, else met."""
        return "breached" if self.breached else "unproven" if self.unproven else "met"


@dataclass(frozen=True, slots=True)
class Accident:
    """An accident, in the words of `WORDS`, and what must be found of it."""

    name: str
    finds: tuple[Find, ...]


class Truth:
    """Makes the truth of a year from its shelves."""

    def __init__(self, calendar: Calendar, shelves: Shelves) -> None:
        self.calendar, self.shelves = calendar, shelves
        self.accidents, self.period = Accidents(calendar), calendar.period

    def tell(self) -> list[Accident]:
        """Return every accident, in order of time."""
        told: list[tuple[str, Callable[[], Iterable[Find]]]] = [
            ("copies-not-encrypted", self._unencrypted),
            ("week-without-backups", self._no_backups),
            ("offsite-copy-stops", self._no_copies),
            ("broken-chain", self._broken_chain),
            ("damaged-point-found-late", self._damaged),
            ("policy-renegotiated", self._renegotiated),
            ("copies-kept-too-long", self._kept_too_long),
            ("checks-stop", self._no_checks),
            ("early-pruning", self._pruned),
            ("subject-remapped", self._remapped),
            ("silent-source", self._silent),
            ("source-returns", self._returns),
        ]
        return [Accident(name, tuple(find())) for name, find in told]

    def _seen(self, source: str, repository: str, subject: str) -> list[Seen]:
        return seen(self.shelves[source, repository], subject)

    def _core(self, subject: str) -> dict[str, list[Seen]]:
        return {repository: self._seen("db-backup", repository, subject) for repository in ("nas-sh1", "vault-hz1", "cloud-lock")}

    def _legs(self, points: Mapping[str, list[Seen]]) -> dict[str, Lacking]:
        """Return when each leg of `copies` lacks something: three with production, two media, one in another city, one locked."""
        near, far, locked = (held(points[name], YOUNG) for name in ("nas-sh1", "vault-hz1", "cloud-lock"))
        return {
            "count": lacking(2, [near, far, locked], self.period),
            "media": lacking(1, [near + far + locked], self.period),
            "offsite": lacking(1, [far + locked], self.period),
            "immutable": lacking(1, [locked], self.period),
        }

    def _exposed(self, points: Iterable[Seen], length: timedelta, since: Stretch | None = None) -> Lacking:
        """Return when no point is there that is young enough, in the period or in a part of it."""
        return lacking(1, [held(points, length)], since or self.period)

    def _unencrypted(self) -> Iterable[Find]:
        first, until = self.accidents.unencrypted
        plain = [
            point for point in self._seen("db-backup", "vault-hz1", "pg/organisation") if first <= day_of(point.captured) < until
        ]
        found = lacking_it(plain, lambda _: ((), ()), self.period)
        yield Find("organisation-db", "encryption", "core-organisation", **_as(found))

    def _no_backups(self) -> Iterable[Find]:
        points = self._core("mysql/messages-2")
        monday = self.accidents.no_backups[0]
        find = partial(Find, "messages-db", policy="core-messages", part="shard-2")
        yield find("recovery-point", **_losing(self._exposed(points["nas-sh1"], TOLERANCE["15m"]), points.values()))
        for leg, missing in self._legs(points).items():
            yield find("copies", leg=leg, **_as(missing))
        # Each of the seven days lacks what had to be kept of it for 30 days, and the week what had to be kept for twelve weeks.
        yield find("retention-minimum", breached=clipped([(monday + DAY, monday + 7 * DAY + 84 * DAY)], self.period))

    def _no_copies(self) -> Iterable[Find]:
        copies = self._seen("restic-sh", "restic-cloud-sh", "fs-sh-01:/srv/im/files")
        missing = lacking(1, [held(copies, 48 * HOUR)], self.period)
        for leg in ("count", "media", "offsite"):
            yield Find("files-shanghai", "copies", "internal-files", leg=leg, **_as(missing))

    def _broken_chain(self) -> Iterable[Find]:
        missing = f"identity-i-{self.accidents.missing_increment:%y%m%d%H%M}"
        points = {name: without_needing(rows, {missing}) for name, rows in self._core("pg/identity").items()}
        exposed = self._exposed(points["nas-sh1"], TOLERANCE["15m"])
        yield Find("identity-db", "recovery-point", "core-identity", **_losing(exposed, points.values()))

    def _damaged(self) -> Iterable[Find]:
        """Until it was found, the damage may have come at any time: nothing that needs the point is sure, and no copy of it."""
        full = f"permissions-f-{local(self.accidents.damaged, 0, 30):%y%m%d%H%M}"
        points = {name: without_needing(rows, {full}) for name, rows in self._core("pg/permissions").items()}
        find = partial(Find, "permissions-db", policy="core-permissions")
        yield find("recovery-point", unproven=_all(self._exposed(points["nas-sh1"], TOLERANCE["1h"])))
        for leg, missing in self._legs(points).items():
            yield find("copies", leg=leg, unproven=_all(missing))
        # Of the Sunday itself the last increments of the old chain are left; when they are gone nothing of it is sure until the copy was read.
        sunday = local(self.accidents.damaged)
        left = [point.last for point in points["nas-sh1"] if sunday <= point.captured < sunday + DAY]
        yield find("retention-minimum", unproven=((max(left), self.accidents.copy_verified),))

    def _renegotiated(self) -> Iterable[Find]:
        since = (self.accidents.promised, self.period[1])
        points, copies = (self._seen("call-export", name, "cdr") for name in ("nas-sh1", "vault-hz1"))
        missing = self._exposed(points, TOLERANCE["8h"], since)
        yield Find("call-records-db", "recovery-point", "internal-call-records", 2, **_losing(missing, [points, copies]))
        yield Find("call-records-db", "recovery-point", "internal-call-records", 1)

    def _kept_too_long(self) -> Iterable[Find]:
        shelf = self.shelves["call-export", "vault-hz1"]
        since, until = self.accidents.kept_too_long
        late = [point for point in seen(shelf, "meetings") if since <= point.last and self._due(point) < until]
        last = max(at for at in shelf.listings if at < until)
        after_it = min(at for at in shelf.listings if at >= until)
        due = min(self._due(point) for point in late)
        yield _calls("meeting-index", "retention-maximum", 2, breached=((due, last),), unproven=((last, after_it),))

    def _no_checks(self) -> Iterable[Find]:
        """What is on site was read every month; copies in the cloud that are older than the term were not."""
        read = list(checks(self.accidents, "restic-sh", "restic-cloud-sh"))
        for asset, (host, path) in zip(("files-shanghai", "stickers"), SHANGHAI, strict=True):
            points = self._seen("restic-sh", "restic-cloud-sh", f"{host}:{path}")
            found = lacking_it(points, lambda point: covered(point, read, CHECKED_EVERY), self.period)
            yield Find(asset, "verification", "internal-files", **_as(found))

    def _due(self, point: Seen) -> datetime:
        return after(point.captured, "3 months") + 7 * DAY

    def _pruned(self) -> Iterable[Find]:
        listings = [sorted(self.shelves["call-export", name].listings) for name in ("nas-sh1", "vault-hz1")]
        at = self.accidents.pruned_at
        last, gone = (
            max(max(each for each in of if each < at) for of in listings),
            max(min(each for each in of if each >= at) for of in listings),
        )
        until = local(self.accidents.pruned[1]) + 30 * DAY
        yield _calls("call-quality", "retention-minimum", 2, breached=((gone, until),), unproven=((last, gone),))

    def _remapped(self) -> Iterable[Find]:
        day = local(self.accidents.remapped)
        grace = ((day, day + GRACE),)
        yield Find("groups-db", "recovery-point", "core-organisation", grace=grace)
        for leg in COPIES:
            yield Find("groups-db", "copies", "core-organisation", leg=leg, grace=grace)
        for control in ("retention-minimum", "retention-maximum", "encryption", "immutability"):
            yield Find("groups-db", control, "core-organisation", grace=grace)
        yield Find("groups-db-legacy", "retention-minimum", "core-organisation")

    def _silent(self) -> Iterable[Find]:
        """What was last seen may be gone since, and what was not seen may be there: nothing is proven, nothing breached."""
        shelves = [self.shelves["conference-export", name] for name in ("nas-sh1", "vault-hz1")]
        near, far = (max(shelf.listings) for shelf in shelves)
        end = self.period[1]
        for control, leg, since in (
            ("recovery-point", None, far),
            ("copies", "count", near),
            ("copies", "media", far),
            ("copies", "offsite", far),
            ("retention-minimum", None, far),
        ):
            yield _calls("conference-records", control, 2, leg, unproven=((since, end),))
        left = [self._due(point) for shelf in shelves for point in seen(shelf, "conferences") if point.last == max(shelf.listings)]
        yield _calls("conference-records", "retention-maximum", 2, unproven=((min(left), end),))

    def _returns(self) -> Iterable[Find]:
        """The snapshots that were still there when the source came back prove themselves; those made and deleted meanwhile do not."""
        subject = "fs-hz-01:/srv/im/files"
        near = self._seen("restic-hz", "restic-hz1", subject)
        far = self._seen("restic-hz", "restic-cloud-hz", subject)
        find = partial(Find, "files-hangzhou", policy="internal-files")
        yield find("recovery-point", unproven=_all(self._exposed(near + far, TOLERANCE["files"])))
        doubtful = [(max(point.last, point.first), point.captured + DAY) for point in near + far]
        for days, weeks in ((7, 0), (0, 8)):
            doubtful += self._kept_of_each(near + far, weeks=bool(weeks), length=(days + 7 * weeks) * DAY)
        yield find("retention-minimum", unproven=clipped(doubtful, self.period))
        # Of what was made and deleted meanwhile nobody knows whether it was encrypted. The last listing shows nothing that was still being made.
        silence, back = self.accidents.away
        listings = self.shelves["restic-hz", "restic-hz1"].listings
        before, after_it = max(at for at in listings if at < silence), min(at for at in listings if at >= back)
        yield find("encryption", unproven=((before - HOUR, after_it),))

    def _kept_of_each(self, points: Iterable[Seen], *, weeks: bool, length: timedelta) -> Iterable[Stretch]:
        """Yield when it is not known whether a point of a day (or a week) is left, while one has to be."""
        last: dict[datetime, datetime] = {}
        for point in points:
            day = day_of(point.captured)
            end = local(day + (7 - day.weekday() if weeks else 1) * DAY)
            last[end] = max(point.last, last.get(end, point.last))
        for end, until in last.items():
            yield max(end, until), end + length


def _as(missing: Lacking) -> dict[str, Any]:
    return {"breached": missing.breached, "unproven": missing.unproven}


def _losing(missing: Lacking, repositories: Iterable[list[Seen]]) -> dict[str, Any]:
    """Return what is missing, with the work that the worst instant of each breach would have lost: the newest state of any repository counts."""
    points = [point for rows in repositories for point in rows]
    return _as(missing) | {"exposures": tuple(worst_exposure(points, stretch) for stretch in missing.breached)}


def _all(missing: Lacking) -> Stretches:
    """Return all of it as unproven, where what was not seen may have been there."""
    return union(missing.breached + missing.unproven)


def _calls(
    asset: str, control: str, version: int, leg: str | None = None, *, breached: Stretches = (), unproven: Stretches = ()
) -> Find:
    return Find(asset, control, "internal-call-records", version, leg, breached=breached, unproven=unproven)
