"""The truth's own arithmetic, on numbers worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from audit.simulation.files import Shelf
from audit.simulation.points import frame
from audit.simulation.stretches import (
    beyond,
    clipped,
    covered,
    fewer_than,
    held,
    lacking,
    lacking_it,
    seen,
    union,
    without_needing,
    worst_exposure,
)

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2025, 1, day, hour, tzinfo=UTC)


def shelf(rows: list[dict[str, object]], listings: list[datetime], *, told: bool = True) -> Shelf:
    points = frame([{"subject": "db", "method": "full", "bytes": 1, **row} for row in rows])
    return Shelf("s", "r", points.with_columns(text=pl.lit("x")), listings, lambda shown: "", "csv", told=told)


def test_a_point_is_seen_from_its_first_listing_to_its_last() -> None:
    rows = [
        {"id": "a", "captured": at(1), "available": at(1, 1), "gone": at(4, 1)},
        {"id": "never", "captured": at(1, 7), "available": at(1, 8), "gone": at(2, 1)},
        {"id": "stays", "captured": at(2), "available": at(2, 1), "gone": None},
    ]
    listings = [at(day, 6) for day in (1, 2, 3, 4)]
    told, untold = (seen(shelf(rows, listings, told=told), "db") for told in (True, False))
    assert [(p.id, p.since, p.last, p.missed) for p in told] == [
        ("a", at(1, 1), at(3, 6), at(4, 6)),
        ("stays", at(2, 1), at(4, 6), None),
    ]
    assert [p.since for p in untold] == [at(1, 6), at(2, 6)]
    assert [p.first for p in told] == [at(1, 6), at(2, 6)]


def test_the_worst_instant_of_a_breach_is_just_before_a_newer_state_or_at_its_end() -> None:
    rows = [
        {"id": "old", "captured": at(1), "available": at(1, 1), "gone": at(4, 12)},
        {"id": "pruned", "captured": at(2), "available": at(2, 1), "gone": at(3, 12)},
        {"id": "new", "captured": at(5), "available": at(5, 3), "gone": None},
    ]
    points = seen(shelf(rows, [at(day, 6) for day in range(1, 8)]), "db")
    # Until it was missed, at 6 on the 4th, the newer state may have been there; then only the old one, until the 5th.
    assert worst_exposure(points, (at(3), at(4))) == 2 * DAY
    assert worst_exposure(points, (at(3), at(4, 7))) == 3 * DAY + 7 * HOUR
    assert worst_exposure(points, (at(3), at(5, 3))) == 4 * DAY + 3 * HOUR
    assert worst_exposure(points, (at(3), at(5, 23))) == 4 * DAY + 3 * HOUR  # just before the new state came
    assert worst_exposure(points, (at(6), at(9))) == 4 * DAY
    assert worst_exposure([point for point in points if point.id != "new"], (at(3), at(5, 7))) is None  # nothing was left


def test_what_needs_a_lost_point_is_lost_however_far() -> None:
    rows = [
        {"id": "f", "captured": at(1), "available": at(1, 1)},
        {"id": "i1", "captured": at(1, 2), "available": at(1, 3), "base": "f"},
        {"id": "i2", "captured": at(1, 4), "available": at(1, 5), "base": "i1"},
        {"id": "d", "captured": at(1, 8), "available": at(1, 9), "base": "f"},
    ]
    points = seen(shelf(rows, [at(2)]), "db")
    assert [p.id for p in without_needing(points, {"i1"})] == ["f", "d"]
    assert [p.id for p in without_needing(points, {"f"})] == []


def test_between_the_last_sighting_and_the_first_miss_it_is_not_known() -> None:
    points = seen(shelf([{"id": "a", "captured": at(1), "available": at(1, 1), "gone": at(2, 12)}], [at(2, 6), at(3, 6)]), "db")
    found = lacking(1, [held(points, 10 * DAY)], (at(1), at(5)))
    assert found.breached == ((at(1), at(1, 1)), (at(3, 6), at(5)))
    assert found.unproven == ((at(2, 6), at(3, 6)),)
    young = lacking(1, [held(points, 12 * HOUR)], (at(1), at(2)))
    assert (young.breached, young.unproven) == (((at(1), at(1, 1)), (at(1, 12), at(2))), ())


def test_what_a_point_lacks_is_breached_while_it_is_surely_there() -> None:
    points = seen(shelf([{"id": "a", "captured": at(1), "available": at(1, 1), "gone": at(2, 12)}], [at(2, 6), at(3, 6)]), "db")
    found = lacking_it(points, lambda _: ((), ()), (at(1), at(5)))
    assert (found.breached, found.unproven) == (((at(1, 1), at(2, 6)),), ((at(2, 6), at(3, 6)),))
    doubted = lacking_it(points, lambda _: ((), ((at(1), at(2)),)), (at(1), at(5)))
    assert (doubted.breached, doubted.unproven) == (((at(2), at(2, 6)),), ((at(1, 1), at(2)), (at(2, 6), at(3, 6))))


def test_a_check_covers_what_was_there_when_it_began() -> None:
    (point,) = seen(shelf([{"id": "a", "captured": at(1), "available": at(1, 1), "gone": None}], [at(20)]), "db")
    checks = [(at(1), at(1, 6)), (at(4), at(4, 6)), (at(9), at(9, 6))]
    sure, possible = covered(point, checks, 2 * DAY)
    assert sure == ((at(1, 1), at(3, 1)), (at(4, 6), at(6, 6)), (at(9, 6), at(11, 6)))
    assert possible == ((at(1, 1), at(3, 6)), (at(4, 6), at(6, 6)), (at(9, 6), at(11, 6)))


def test_fewer_than_counts_groups_and_not_stretches() -> None:
    one, two = [(at(1), at(4)), (at(2), at(5))], [(at(3), at(6))]
    assert fewer_than(2, [one, two], (at(1), at(7))) == ((at(1), at(3)), (at(5), at(7)))
    assert fewer_than(1, [one, two], (at(1), at(7))) == ((at(6), at(7)),)
    assert fewer_than(1, [], (at(1), at(2))) == ((at(1), at(2)),)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (union([(at(2), at(3)), (at(1), at(2)), (at(4), at(4))]), ((at(1), at(3)),)),
        (clipped([(at(1), at(9))], (at(2), at(3))), ((at(2), at(3)),)),
        (beyond(((at(1), at(6)),), ((at(2), at(3)), (at(5), at(7)))), ((at(1), at(2)), (at(3), at(5)))),
        (beyond(((at(1), at(6)),), ((at(1), at(6)),)), ()),
    ],
)
def test_stretches(found: object, wanted: object) -> None:
    assert found == wanted
