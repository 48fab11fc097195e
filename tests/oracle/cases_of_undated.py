"""Hand-made cases of recovery points of which nobody told when they were captured (docs/definitions.md, sections 1 and 4), with the truth computed by hand."""

from __future__ import annotations

from typing import Any

from tests.oracle.build import hand_made, listing, must, p, policy, programme
from tests.oracle.case import HandMade, Told
from tests.oracle.cases_of_holds import held

EMPTY = listing(-30)


def _case(section: str, name: str, objectives: dict[str, Any], told: list[Told], control: str, truth: Any, **more: Any) -> HandMade:
    return hand_made(
        section, f"untold when captured: {name}", [EMPTY, *told], programme(policy(objectives)), (control, truth), **more
    )


def _old(available: float = -400, **fields: Any) -> dict[str, Any]:
    return p("old", None, available=available, **fields)


def _stays(*points: dict[str, Any]) -> list[Told]:
    return [listing(0, *points), listing(20, *points)]


def _goes(lost: dict[str, Any], *points: dict[str, Any]) -> list[Told]:
    """Until day 2 it is surely there, from day 4 on surely not."""
    return [listing(0, lost, *points), listing(2, lost, *points), listing(4, *points), listing(20, *points)]


GOOD = p("good", -1, encrypted="yes", immutable=40, bytes=100)
DAYS = [listing(number, *(p(f"p{one}", None, available=one) for one in range(number - 6, number + 1))) for number in range(-10, 14)]
"""One a day, each kept for seven."""
ALL = must([], [(0, 10)])
COPIES = {"count": 2, "media": 1, "offsite": 0, "max_age": "25h"}

CASES_OF_UNDATED: list[HandMade] = [
    _case("13", "not encrypted", {"encrypted": True}, _stays(_old(encrypted="no"), GOOD), "encryption", must([(0, 10)])),
    _case("13", "encrypted", {"encrypted": True}, _stays(_old(encrypted="yes"), GOOD), "encryption", must()),
    _case("19", "in another country", {"location": {"countries": ["DE"]}}, _stays(_old()), "location", must([(0, 10)])),
    _case("12", "damaged", {"verify": {"every": "1000d"}}, _stays(_old(integrity="corrupt", checked=5), GOOD), "verification", must([(5, 10)])),
    _case("10", "surely overdue", {"dispose": {"after": "30d"}}, _stays(_old(), GOOD), "retention-maximum", must([(0, 10)])),
    _case("10", "surely overdue from day 5 on, and perhaps before", {"dispose": {"after": "30d"}}, _stays(_old(-25), GOOD), "retention-maximum", must([(5, 10)], [(0, 5)])),
    _case("10", "perhaps overdue", {"dispose": {"after": "30d"}}, _stays(_old(-10), GOOD), "retention-maximum", ALL),
    _case("10", "perhaps overdue until it is gone", {"dispose": {"after": "30d"}}, _goes(_old(-10), GOOD), "retention-maximum", must([], [(0, 4)])),
    _case("14", "locked for long enough whenever it was", {"locked_for": "30d"}, _stays(_old(-10, immutable=20), GOOD), "immutability", must()),
    _case("14", "perhaps not locked for long enough", {"locked_for": "30d"}, _stays(_old(-10, immutable=15), GOOD), "immutability", ALL),
    _case("14", "locked nobody knows until when", {"locked_for": "30d"}, _stays(_old(-10), GOOD), "immutability", ALL),
    _case("14", "nothing is asked of it any more", {"locked_for": "30d"}, _stays(_old(), GOOD), "immutability", must()),
    _case("17", "empty", {"size": {"drop": "50%"}}, _stays(_old(bytes=0), GOOD), "backup-size", must([(0, 10)])),
    _case("17", "small if the other came before it", {"size": {"drop": "50%"}}, _stays(_old(bytes=30), GOOD), "backup-size", ALL),
    _case("17", "large enough whichever came first", {"size": {"drop": "50%"}}, _stays(_old(bytes=60), GOOD), "backup-size", must()),
    _case("22", "held, and lost", {"rpo": "60d"}, _goes(_old(), GOOD), "hold", must([(4, 10)], [(2, 4)]), held=[held(0, -5)]),
    _case("22", "perhaps the last of its month, and lost", {"rpo": "60d"}, _goes(_old(-3), GOOD), "hold", must([], [(2, 10)]),
          held=[{**held(0, -5), "preserve": "month"}]),
    _case("22", "perhaps in place of the last of its month", {"rpo": "60d"}, _goes(p("lost", -2), _old(-1)), "hold", must([], [(2, 10)]),
          held=[{**held(0, -5), "preserve": "month"}]),
    _case("22", "not in place of one of a later month", {"rpo": "60d"}, [listing(1, p("lost", 0.5), _old(-1)), listing(3, _old(-1)), listing(20, _old(-1))], "hold",
          must([(3, 10)], [(1, 3)]), held=[{**held(0, -5), "preserve": "month"}]),
    _case("7", "one a day", {"rpo": "25h"}, DAYS, "recovery-point", ALL, protected="unproven"),
    _case("7", "too old whenever it was", {"rpo": "1d"}, _stays(_old()), "recovery-point", must([(0, 10)]), protected="breached"),
    _case("7", "young enough until a day after it became available", {"rpo": "1d"}, [listing(5, _old(5)), listing(20, _old(5))], "recovery-point", must([(0, 5), (6, 10)], [(5, 6)])),
    _case("7", "first seen at day 5", {"rpo": "1d"}, [listing(5, _old(None)), listing(20, _old(None))], "recovery-point", must([(0, 5), (6, 10)], [(5, 6)])),  # type: ignore[arg-type]
    _case("7", "and the last instant that it restores is known", {"rpo": "1d"}, [listing(5, _old(5, until=4.5)), listing(20, _old(5, until=4.5))], "recovery-point",
          must([(0, 5), (5.5, 10)], [(5, 5.5)])),
    _case("3", "as a base", {"rpo": "30d"}, _stays(_old(), p("inc", -1, method="incremental", base="old")), "recovery-point", must()),
    _case("8", "copies", {"copies": COPIES}, DAYS, "copies count", ALL),
    _case("8", "too old a copy whenever it was", {"copies": COPIES}, _stays(_old()), "copies count", must([(0, 10)])),
    _case("15", "a schedule by the clock", {"schedule": {"full": "1d"}}, DAYS, "schedule full", ALL),
    _case("15", "a schedule by the calendar", {"schedule": {"full": "day"}}, DAYS, "schedule full", ALL),
    _case("15", "made by day 5", {"schedule": {"full": "1d"}}, [listing(5, _old(5), GOOD), listing(20, _old(5), GOOD)], "schedule full", must([(6, 10)], [(0, 6)])),
    _case("15", "too weak", {"schedule": {"full": "1d"}}, _stays(_old(5, method="log"), p("good", -0.5)), "schedule full", must([(0.5, 10)])),
    _case("9", "one of each day", {"keep": [{"every": "day", "for": "7d"}]}, DAYS, "retention-minimum", ALL),
    _case("9", "not of a later day", {"keep": [{"every": "day", "for": "7d"}]}, [*DAYS[:10], *(listing(x) for x in (2, 20))], "retention-minimum",
          must([(1, 10)], [(0, 1)])),
    _case("9", "each point, and lost", {"keep": [{"every": "point", "for": "30d"}]}, _goes(_old(-3), GOOD), "retention-minimum", must([], [(2, 10)])),
    _case("9", "each point, and lost after its time", {"keep": [{"every": "point", "for": "30d"}]}, _goes(_old(-29), GOOD), "retention-minimum", must()),
    _case("9", "another is lost", {"keep": [{"every": "point", "for": "30d"}]}, _goes(p("lost", -3), _old(-3)), "retention-minimum", must([(4, 10)], [(2, 4)])),
]  # fmt: skip
