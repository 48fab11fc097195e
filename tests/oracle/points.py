"""Section 1 of docs/definitions.md: points, told many times and by runs, become one record each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from tests.oracle.instants import BEGIN
from tests.oracle.records import Payload, Row

Key = tuple[str, str, str]
"""Source, repository, id."""

POINT_FIELDS = (
    "subject", "method", "captured_at", "captured_until", "available_at", "base", "self_contained", "expires_at", "deleted_at", "immutable_until",
    "bytes",
)  # fmt: skip


@dataclass(frozen=True)
class Listing:
    """One listing row with the ids that its payload has of its source and repository. `at` None: not known."""

    source: str
    repository: str
    scope: str | None
    at: int | None
    complete: bool
    covers: tuple[int, int] | None
    ids: frozenset[str]

    @property
    def is_log(self) -> bool:
        """A line that says which runs a log holds, and nothing of which points there are."""
        return self.covers is not None and self.at is None


@dataclass(frozen=True)
class Telling:
    """One row about a point or run. `observed` None: earliest of all."""

    row: Row
    basis: str
    observed: int | None
    sha256: str


@dataclass(eq=False)
class Point:
    """A recovery point, merged. `available_at` is already what takes its place; None: never present."""

    source: str
    repository: str
    id: str
    subject: str
    basis: str
    method: str | None = None
    captured_at: int | None = None
    captured_until: int | None = None
    available_at: int | None = None
    base: str | None = None
    self_contained: bool | None = None
    copy_of: Key | None = None
    expires_at: int | None = None
    deleted_at: int | None = None
    known_to_be_deleted: bool = False
    """deleted_at was told no earlier than it."""
    immutable_until: int | None = None
    locked_until: int | None = None
    bytes: int | None = None
    encrypted: frozenset[str] = frozenset()
    """All that is told of it: `yes`, `no`, or both."""
    partial: bool = False
    verified: list[int] = field(default_factory=list)
    corrupt: list[int] = field(default_factory=list)
    undated: bool = False
    """Told `verified`, and not when."""
    told_captured_at: int | None = None
    """captured_at as it is told of the point itself, where its original was captured earlier."""
    sightings: list[int] = field(default_factory=list)
    scopes: set[str | None] = field(default_factory=set)

    @property
    def latest(self) -> int | None:
        """Section 1: the latest instant at which it can have been captured: told, else when it became available, or the last instant that it restores, if that is earlier."""
        if self.captured_at is not None:
            return self.captured_at
        return min((x for x in (self.captured_until, self.available_at) if x is not None), default=None)

    @property
    def key(self) -> Key:
        """Source, repository, id."""
        return self.source, self.repository, self.id


@dataclass
class Evidence:
    """All that evidence says: points by key, listings, merged runs."""

    points: dict[Key, Point]
    listings: list[Listing]
    runs: list[dict[str, Any]]


def read(payloads: Iterable[Payload]) -> Evidence:
    """Section 1: all of it."""
    payloads = list(payloads)
    listings: list[Listing] = []
    told: dict[Key, list[Telling]] = {}
    seen: dict[Key, list[Listing]] = {}
    for payload in payloads:
        here = _listings_of(payload)
        listings += here
        for row in payload.points:
            key = (row["source"], row["repository"], row["id"])
            by = [one for one in here if (one.source, one.repository) == key[:2] and not one.is_log]
            basis = row.get("basis") or ("catalog" if by else "job")
            seen.setdefault(key, []).extend(by)
            # A telling made by a listing is observed at its listed_at, any other at its envelope's observed_at.
            for observed in [one.at for one in by] or [payload.observed_at]:
                told.setdefault(key, []).append(Telling(row, basis, observed, payload.sha256))
    runs = _merged_runs(payloads)
    _fill_capture_times_of_copies(told)
    _tell_points_of_runs(told, runs)
    _fill_capture_times_of_copies(told)
    points = {key: _point(key, tellings, seen.get(key, [])) for key, tellings in told.items()}
    for point in points.values():
        point.copy_of = _original(point.key, told)
        point.told_captured_at = point.captured_at
    _share_captures(points)
    return Evidence(points, listings, [run for run, _ in runs])


def _listings_of(payload: Payload) -> list[Listing]:
    """Return the listing rows of a payload; each applies to all points of its source and repository in the payload."""
    return [
        Listing(
            row["source"],
            row["repository"],
            row.get("scope"),
            row.get("listed_at"),
            bool(row["complete"]) and row.get("listed_at") is not None,
            (row["covers_from"], row["covers_to"])
            if row.get("covers_from") is not None and row.get("covers_to") is not None
            else None,
            frozenset(
                one["id"] for one in payload.points if (one["source"], one["repository"]) == (row["source"], row["repository"])
            ),
        )
        for row in payload.listings
    ]


def best(tellings: Sequence[Telling], name: str) -> Any:
    """Section 1: known before unknown; then catalog before job; then the latest observation (none: earliest); then the smallest SHA-256."""
    chosen = _best(tellings, name)
    return None if chosen is None else chosen.row[name]


def _best(tellings: Sequence[Telling], name: str) -> Telling | None:
    known = [one for one in tellings if one.row.get(name) is not None]
    return min(
        known,
        key=lambda one: (one.basis != "catalog", -(BEGIN if one.observed is None else one.observed), one.sha256),
        default=None,
    )


def _surely_locked(until: int | None, tellings: Sequence[Telling]) -> int | None:
    """Section 1: a longer lock counts from the beginning only where it was first told after the shorter one and by the time that one ended."""
    locks = [one for one in tellings if one.row.get("immutable_until") is not None]
    if until is None:
        return None
    if any(one.basis == "catalog" for one in locks):
        locks = [one for one in locks if one.basis == "catalog"]
    seen: dict[int, list[int | None]] = {}
    for one in locks:
        seen.setdefault(one.row["immutable_until"], []).append(one.observed)
    ends = sorted(seen)
    sure = until
    for shorter, longer in pairwise(ends):
        told, prolonged = seen[shorter], seen[longer]
        if None in told or None in prolonged or not min(told) <= min(prolonged) <= shorter:  # type: ignore[type-var, operator]
            sure = min(sure, shorter)
    return sure


def _point(key: Key, tellings: list[Telling], seen: list[Listing]) -> Point:
    """Section 1: merge the tellings of one point; find what takes the place of available_at; collect its checks."""
    values = {name: best(tellings, name) for name in POINT_FIELDS} | {
        "captured_until": best(list(map(_of_the_past, tellings)), "captured_until")
    }
    point = Point(*key, basis=_basis(tellings), **values)
    told = _best(tellings, "deleted_at")
    point.known_to_be_deleted = told is not None and told.observed is not None and told.row["deleted_at"] <= told.observed
    point.locked_until = _surely_locked(point.immutable_until, tellings)
    point.encrypted = frozenset(one.row["encrypted"] for one in tellings if one.row.get("encrypted") is not None)
    # completeness: partial before complete.
    point.partial = any(one.row.get("completeness") == "partial" for one in tellings)
    # self_contained null: true when method is full or snapshot and there is no base. A base given outweighs it.
    if point.self_contained is None and point.method in ("full", "snapshot"):
        point.self_contained = True
    point.sightings = sorted(one.at for one in seen if one.at is not None)
    point.scopes = {one.scope for one in seen}
    if point.available_at is None:
        if point.sightings:
            point.available_at = point.sightings[0]
        elif point.basis == "job":
            point.available_at = point.captured_at
    for one in tellings:
        _check(point, one)
    point.verified = sorted(set(point.verified) - set(point.corrupt))  # at one instant corrupt wins
    return point


def _of_the_past(telling: Telling) -> Telling:
    """Section 1: a captured_until after the telling's observation (none: its available_at, else its captured_at) is that instant."""
    until, row = telling.row.get("captured_until"), telling.row
    known = [x for x in (telling.observed, row.get("available_at"), row.get("captured_at")) if x is not None]
    if until is None or not known or until <= known[0]:
        return telling
    return replace(telling, row={**row, "captured_until": known[0]})


def _check(point: Point, telling: Telling) -> None:
    """Section 1: integrity is a history. `verified` without an instant is nothing, `corrupt` without one was seen when it was told."""
    when = telling.row.get("checked_at")
    if telling.row.get("integrity") == "verified" and when is not None:
        point.verified.append(when)
    if telling.row.get("integrity") == "verified" and when is None:
        point.undated = True
    if telling.row.get("integrity") == "corrupt":
        known = [x for x in (when, telling.observed, point.available_at, point.captured_at) if x is not None]
        point.corrupt += known[:1]


def _basis(tellings: Sequence[Telling]) -> str:
    """Section 1: a point is of basis catalog when any telling is."""
    return "catalog" if any(one.basis == "catalog" for one in tellings) else "job"


def _original(key: Key, told: dict[Key, list[Telling]]) -> Key | None:
    """Section 1, copy_of: null source is the point's own; null repository is the only other repository of that source that has the id.

    copy_of is one field (source, repository, id): it is taken whole from one telling.
    """
    naming = [one for one in told[key] if one.row.get("copy_of_id") is not None]
    if not naming:
        return None
    row = min(naming, key=lambda one: (one.basis != "catalog", -(BEGIN if one.observed is None else one.observed), one.sha256)).row
    source, repository, name = row.get("copy_of_source") or key[0], row.get("copy_of_repository"), row["copy_of_id"]
    if repository is None:
        others = [other[1] for other in told if other[0] == source and other[2] == name and other[:2] != key[:2]]
        if len(others) != 1:
            return None
        repository = others[0]
    found = (source, repository, name)
    return found if found in told and found != key else None


def _fill_capture_times_of_copies(told: dict[Key, list[Telling]]) -> None:
    """Section 1: a point without captured_at takes that of its original (which may itself be a copy)."""
    for key, tellings in told.items():
        way, here = {key}, key
        while best(told[here], "captured_at") is None:
            original = _original(here, told)
            if original is None or original in way:
                break
            way.add(original)
            here = original
        found = best(told[here], "captured_at")
        if here != key and found is not None:
            tellings.append(Telling({"captured_at": found}, "job", None, "~"))


def _share_captures(points: dict[Key, Point]) -> None:
    """Section 1: a copy told later than its original is captured with that, and restores nothing later than that does; the original is as this says of it."""
    shared: dict[Key, tuple[int | None, int | None]] = {}
    for point in points.values():
        way = [point]
        while (key := way[-1].copy_of) is not None and points[key] not in way:
            way.append(points[key])
        captured, until, latest = way[-1].captured_at, way[-1].captured_until, way[-1].latest
        for copy in reversed(way[:-1]):
            own = copy.captured_at
            if latest is None or own is None or latest >= own:
                captured, until, latest = own, copy.captured_until, copy.latest
            elif captured is None:  # nobody knows when the original was captured, but that it was before
                until = latest
            else:
                reaches = (copy.captured_until or own, until or captured)
                until = min(reaches)
                latest = captured
        shared[point.key] = captured, until
    for point in points.values():
        point.captured_at, point.captured_until = shared[point.key]


WORST_FIRST = ("failed", "cancelled", "warning", "success", "running")


def _merged_runs(payloads: Sequence[Payload]) -> list[tuple[dict[str, Any], str]]:
    """Return each run (source, id) once, field by field, of the tellings in their order of worth; with the SHA-256 of the best one."""
    told: dict[tuple[str, str], list[Telling]] = {}
    for payload in payloads:
        for row in payload.runs:
            told.setdefault((row["source"], row["id"]), []).append(Telling(row, "job", payload.observed_at, payload.sha256))
    found = []
    for tellings in told.values():
        last = max((one.row["finished_at"] for one in tellings if one.row.get("finished_at") is not None), default=BEGIN)

        def worth(one: Telling, last: int = last) -> tuple[Any, ...]:
            made_nothing, end = one.row["outcome"] in ("failed", "cancelled"), one.row.get("finished_at")
            ended = end if end is not None else last if made_nothing else BEGIN
            observed = BEGIN if one.observed is None else one.observed
            return (
                one.row["outcome"] == "running", -ended, not made_nothing, end is None, -observed, WORST_FIRST.index(one.row["outcome"]), one.sha256,
            )  # fmt: skip

        ordered = sorted(tellings, key=worth)
        names = sorted({name for one in tellings for name in one.row})
        merged = {name: next((one.row[name] for one in ordered if one.row.get(name) is not None), None) for name in names}
        found.append((merged, ordered[0].sha256))
    return found


def _tell_points_of_runs(told: dict[Key, list[Telling]], runs: Sequence[tuple[dict[str, Any], str]]) -> None:
    """Section 1, Points of runs: a successful run tells its point available_at, or is a point of basis job where there is none."""
    rows_only = {key: list(tellings) for key, tellings in told.items()}
    for run, sha256 in runs:
        if run.get("kind") != "backup" or run.get("outcome") not in ("success", "warning"):
            continue
        if any(run.get(name) is None for name in ("source", "repository", "subject", "started_at", "finished_at")):
            continue
        completeness = "partial" if run.get("coverage") == "partial" else None
        found = _points_of_run(run, rows_only)
        for key in found:
            row: dict[str, Any] = {"available_at": run["finished_at"], "completeness": completeness}
            told[key].append(Telling(row, "job", run["finished_at"], sha256))
        if not found:
            row = {
                "subject": run["subject"],
                "method": run.get("method"),
                "bytes": run.get("bytes"),
                "captured_at": run["started_at"],
                "available_at": run["finished_at"],
                "completeness": completeness,
            }
            name = run.get("recovery_point") or f"run:{run['id']}"
            told.setdefault((run["source"], run["repository"], name), []).append(Telling(row, "job", run["finished_at"], sha256))


def _points_of_run(run: dict[str, Any], told: dict[Key, list[Telling]]) -> list[Key]:
    """Section 1: the named id; else the only one that begins with it (8 characters at least); unnamed: catalog points captured inside the run."""
    place = (run["source"], run["repository"])
    here = [key for key in told if key[:2] == place]
    name = run.get("recovery_point")
    if name is not None:
        if (*place, name) in told:
            return [(*place, name)]
        longer = [key for key in here if key[2].startswith(name)]
        return longer if len(name) >= 8 and len(longer) == 1 else []
    return [
        key
        for key in here
        if _basis(told[key]) == "catalog"
        and best(told[key], "subject") == run["subject"]
        and (captured := best(told[key], "captured_at")) is not None
        and run["started_at"] <= captured <= run["finished_at"]
    ]
