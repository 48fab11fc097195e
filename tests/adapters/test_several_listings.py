"""Several listings of one repository in one payload: which points each had is not known, so none of them proves anything."""

from __future__ import annotations

import pytest

from audit.adapters._registry import read
from audit.model.envelope import Envelope

POINT = '{"record":"recovery_point","source":"s","repository":"r","id":"%s","subject":"x","method":"full","captured_at":"2026-03-01T00:00:00Z"}'
LISTING = '{"record":"listing","source":"s","repository":"%s","listed_at":"2026-03-0%dT06:00:00Z","complete":true%s}'


def payload(*lines: str) -> bytes:
    return ("\n".join(lines) + "\n").encode()


@pytest.mark.parametrize(
    "second", [LISTING % ("r", 5, ""), LISTING % ("r", 3, ',"scope":"x"')], ids=["another instant", "another scope"]
)
def test_they_are_not_used_and_the_points_stay(second: str) -> None:
    facts = read(
        "interchange",
        payload(LISTING % ("r", 3, ""), POINT % "p1", second, POINT % "p2"),
        Envelope("interchange", name="day.ndjson"),
    )
    assert facts.listings.is_empty()
    assert facts.points["basis"].to_list() == ["catalog", "catalog"]
    (fault,) = facts.faults
    assert (fault.level, fault.locator) == ("error", "line 1")
    assert "holds several listings of 'r' (line 1, line 3), and does not tell which points each of them has" in str(fault)
    assert "write one file for each listing" in str(fault)


def test_listings_of_two_repositories_and_the_same_listing_twice_are_fine() -> None:
    facts = read(
        "interchange",
        payload(LISTING % ("r", 3, ""), POINT % "p1", LISTING % ("q", 5, ""), LISTING % ("r", 3, "")),
        Envelope("interchange"),
    )
    assert facts.faults == ()
    assert facts.listings["complete"].all()
