"""A hidden world: points that were really captured, copied, damaged and deleted. Evidence tells of it, never all of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.oracle.instants import DAY, FOR_EVER, HOUR
from tests.oracle.programmes import Plan


@dataclass
class Real:
    """One real point: where it is, when it is there, and how the tool that made it tells of it."""

    source: str
    repository: str
    id: str
    subject: str
    method: str
    captured: int
    available: int
    end: int
    """When it is really gone."""
    away: tuple[int, int] | None = None
    """When it cannot be seen for a while."""
    captured_until: int | None = None
    base: str | None = None
    self_contained: bool | None = None
    original: Real | None = None
    names_repository: bool = True
    immutable: int | None = None
    expires: int | None = None
    partial: bool = False
    checks: list[tuple[int, str]] = field(default_factory=list)
    tells_captured: bool = True
    tells_available: bool = True
    tells_method: bool = True
    bytes: int | None = None
    told_captured: int | None = None
    """Where it tells another capture time than its own."""

    def is_there(self, t: int) -> bool:
        """Whether a listing at t would show it."""
        return self.available <= t < self.end and not (self.away is not None and self.away[0] <= t < self.away[1])


@dataclass(frozen=True)
class Habit:
    """How one subject is backed up: the repository, the step between captures, chains, and how we hear of it."""

    source: str
    subject: str
    repository: str
    step: int
    chained: bool
    by_jobs: bool
    listed: bool
    copied_to: tuple[str, str] | None


def world(made: Plan) -> tuple[list[Real], list[Habit]]:
    """Return all real points and the habits that made them."""
    names = list(made.names)
    if made.chance(0.3):
        names.append((made.random.choice(made.sources), "orphan"))
    habits = [_habit(made, *name) for name in names]
    points: list[Real] = []
    for habit in habits:
        points += _captured(made, habit, points)
    sized(made, points)
    return points, habits


def _habit(made: Plan, source: str, subject: str) -> Habit:
    by_jobs = made.chance(0.4)
    copied = (source if made.chance(0.7) else made.random.choice(made.sources), made.random.choice(made.repositories))
    return Habit(
        source,
        subject,
        made.random.choice(made.repositories),
        made.random.choice((6 * HOUR, 12 * HOUR, DAY, DAY, 3 * DAY)),
        made.chance(0.5),
        by_jobs,
        made.chance(0.75) or not by_jobs,
        copied if made.chance(0.5) else None,
    )


def _captured(made: Plan, habit: Habit, others: list[Real]) -> list[Real]:
    """Return the points of one subject with their copies."""
    found: list[Real] = []
    chain: list[Real] = []
    start = made.begin if made.chance(0.6) else made.between(made.begin, made.until)
    for number in range(made.random.randint(0, made.size.points)):
        captured = made.between(start + number * habit.step, start + number * habit.step + habit.step // 4)
        if captured > max(made.end, made.until) or made.chance(0.1):
            continue
        point = _point(made, habit, captured, [*others, *found])
        if habit.chained:
            _chain(made, point, chain)
        # Of these, lives do not depend on the method.
        point.tells_method = (point.base is None and point.self_contained is None) or made.making.random() < 0.8
        found.append(point)
        if habit.copied_to is not None and habit.copied_to != (habit.source, habit.repository) and made.chance(0.6):
            found.append(_copy(made, point, *habit.copied_to))
            if made.chance(0.1) and len(made.repositories) > 2:
                third = [name for name in made.repositories if name not in (point.repository, found[-1].repository)]
                found.append(_copy(made, found[-1], habit.copied_to[0], made.random.choice(third)))
    return _unique(found)


def _unique(points: list[Real]) -> list[Real]:
    return list({(point.source, point.repository, point.id): point for point in points}.values())


def _point(made: Plan, habit: Habit, captured: int, others: list[Real]) -> Real:
    rng = made.random
    name = f"{rng.getrandbits(48):012x}"
    if others and made.chance(0.03):
        name = rng.choice(others).id[:8] + name[:4]  # a short id of two points
    point = Real(
        habit.source, habit.repository, name, habit.subject, "full", captured,
        made.between(captured, captured + rng.choice((0, 0, habit.step // 6, habit.step // 2))),
        _end(made, captured),
    )  # fmt: skip
    if not habit.chained:
        point.method = rng.choice(("full", "full", "snapshot", "log", "incremental"))
        point.self_contained = rng.choice((None, None, None, True, False))
        if point.method == "log" and made.chance(0.5):
            point.captured_until = made.between(captured, captured + habit.step)
    point.partial = made.chance(0.06)
    point.tells_captured, point.tells_available = made.chance(0.96), made.chance(0.85)
    point.immutable = made.between(captured, captured + 10 * DAY) if made.chance(0.3) else None
    point.expires = made.between(captured, captured + 15 * DAY) if made.chance(0.25) else None
    _damage(made, point)
    return point


def _end(made: Plan, captured: int) -> int:
    return FOR_EVER if made.chance(0.35) else made.between(captured + made.tick, captured + 20 * DAY)


def _damage(made: Plan, point: Real) -> None:
    """Sometimes a point is out of sight for a while, and sometimes it is checked."""
    if made.chance(0.12):
        leaves = made.between(point.available, point.available + 6 * DAY)
        point.away = (leaves, leaves + made.random.randint(1, 4) * DAY)
    if made.chance(0.15):
        instants = sorted({made.between(point.available, point.available + 10 * DAY) for _ in range(made.random.randint(1, 3))})
        point.checks = [(x, made.random.choice(("verified", "verified", "corrupt"))) for x in instants]


def _chain(made: Plan, point: Real, chain: list[Real]) -> None:
    """Make a point a full one that begins a chain, or one that needs an earlier one; seldom one that was never seen, or a later one."""
    if not chain or made.chance(0.3):
        chain[:] = [point]
        return
    point.method = made.random.choice(("incremental", "incremental", "differential", "log"))
    point.base = chain[-1].id if made.chance(0.6) else chain[0].id
    chain.append(point)
    if made.chance(0.05):
        point.base = "nowhere"
    elif made.chance(0.04):
        chain[made.random.randrange(len(chain))].base = point.id  # a chain that returns to itself


def sized(made: Plan, points: list[Real]) -> None:
    """Give points their sizes: most alike, some much smaller, some empty, some not told."""
    rng = made.making
    usual = rng.choice((10, 1000, 123_456_789_012))
    for point in points:
        point.bytes = rng.choice((usual, usual, usual * 2, usual * 3 // 2, usual // 2, usual // 4, usual // 10, 0, None))


def _copy(made: Plan, original: Real, source: str, repository: str) -> Real:
    available = made.between(original.available, original.available + made.random.choice((0, DAY, 5 * DAY)))
    name = original.id if made.chance(0.7) else f"{made.random.getrandbits(48):012x}"
    copy = Real(source, repository, name, original.subject, "full", original.captured, available, _end(made, available))
    copy.original = original
    copy.names_repository = source != original.source or made.chance(0.6)
    copy.tells_captured, copy.tells_available = made.chance(0.5), made.chance(0.85)
    copy.immutable = made.between(available, available + 10 * DAY) if made.chance(0.4) else None
    _damage(made, copy)
    if made.making.random() < 0.06:
        copy.told_captured = made.making.randint(original.captured - DAY, available) // made.tick * made.tick
    return copy
