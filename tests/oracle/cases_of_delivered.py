"""Section 23 of docs/definitions.md: hand-made cases of what sources delivered, with the truth computed by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.oracle.build import day, hand_made, listing, must, policy, programme, run, when
from tests.oracle.case import HandMade, Told

DAILY = {"expected_every": "1d", "from": when(0)}
"""A source that delivers once a day, from the period's beginning on."""
UNDATED = {"expected_every": "1d"}
OTHER = {"name": "t", "tool": "interchange", "timezone": "UTC", **DAILY}
BOTH = [{"source": "s", "subject": "x"}, {"source": "t", "subject": "x"}]
NOTHING = must([], [(0, 10)])


def told(at: float | None, *, garbled: int = 0, rows: bool = True, source: str = "s", nameless: bool = False) -> Told:
    """Return a payload observed at a day: with a run in it, unless it has no rows that can be read."""
    instant = None if at is None else day(at)
    made = {
        "record": "run",
        "id": f"j{at}",
        "kind": "prune",
        "started_at": day(at or 0),
        "finished_at": day(at or 0),
        "outcome": "success",
    }
    return Told(source, instant, [made] if rows else [], garbled, nameless)


def _case(
    name: str, evidence: Sequence[Told], delivery: Any, quarantine: Any = None, journal: Any = None, *later: dict[str, Any], objective: Any = True,
    source: dict[str, Any] = DAILY, other: dict[str, Any] | None = None, asset: dict[str, Any] | None = None, read_on: float | None = None, **terms: Any,
) -> HandMade:  # fmt: skip
    said = programme(policy({"evidence": objective}, **terms), *later, sources={"s": source}, assets={"a": asset or {}})
    said["sources"] += [] if other is None else [other]
    legs = {"delivery": delivery, "quarantine": quarantine, "journal": journal}
    return hand_made(
        "23",
        name,
        evidence,
        said,
        *((f"evidence {leg}", truth) for leg, truth in legs.items() if truth is not None),
        read_on=read_on,
    )


EACH_DAY = [told(number) for number in range(10)]
LATER = [told(x * 1.5) for x in range(7)]
LOG = {"record": "listing", "repository": "r1", "complete": False, "covers_from": day(0), "covers_to": day(2)}

CASES_OF_DELIVERED: list[HandMade] = [
    _case("each day a payload", EACH_DAY, must(judged=10), must(), must()),
    _case("nothing was ever delivered", [], must([(1, 10)]), NOTHING, NOTHING),
    _case("a day without a payload", [told(0), told(1), *(told(x) for x in range(3, 10))], must([(2, 3)]), must()),
    _case("a source that falls silent", [told(0), told(1)], must([(2, 10)]), must()),
    _case("a tolerance", LATER, must(), must(), None, objective={"tolerance": "12h"}),
    _case("a tolerance that is not long enough", [told(x * 2) for x in range(5)], must([(x + 1.5, x + 2) for x in range(0, 10, 2)]), None, objective={"tolerance": "12h"}),
    _case("nobody said how often", EACH_DAY, NOTHING, must(), must(), source={"from": when(0)}),
    _case("nobody said since when, and it was never heard", [], NOTHING, NOTHING, NOTHING, source=UNDATED),
    _case("nobody said since when: unproven until it is heard first", [told(4), told(5)], must([(6, 10)], [(0, 4)]), must([], [(0, 4)]), must(), source=UNDATED),
    _case("before it delivers nothing is asked of it", [], must([(5, 10)], [(0, 4)]), NOTHING, None, source={"expected_every": "1d", "from": when(4)}),
    _case("a replaced source is not a silent one", [told(0), told(1)], must([(2, 3)], [(3, 10)]), must([], [(3, 10)]), must([], [(3, 10)]), source=DAILY | {"until": when(3)}),
    _case("a source that takes over", [*(told(x) for x in range(4)), *(told(x, source="t") for x in range(4, 10))], must(), must(), must(),
          source=DAILY | {"until": when(4)}, other=OTHER | {"from": when(4)}, asset={"subjects": BOTH}),
    _case("each source of an asset counts", [*EACH_DAY, told(0, source="t"), told(5, source="t", garbled=1)], must([(1, 5), (6, 10)]), must([(5, 10)]),
          other=OTHER, asset={"subjects": BOTH}),
    _case("of the sources of others nothing is asked", [*EACH_DAY, told(2, source="t", garbled=1)], must(), must(), must(), other=OTHER),
    _case("a month as interval", [told(-27)], must([(1, 10)]), must(), source={"expected_every": "1 month"}),
    _case("of which nothing could be read is no delivery", [told(0), told(1, rows=False, garbled=1), told(3)], must([(1, 3), (4, 10)]), must([(1, 3)])),
    _case("rows that could not be read count until it delivers again", [told(0), told(2, garbled=3), told(6)], must([(1, 2), (3, 6), (7, 10)]), must([(2, 6)])),
    _case("rows of the last payload that could not be read", [told(0), told(2, garbled=1)], None, must([(2, 10)])),
    _case("a good payload of the same instant explains nothing", [told(0), told(2, garbled=1), told(2), told(4)], None, must([(2, 4)])),
    _case("evidence in any order of arrival", [told(6), told(2, garbled=1), told(0)], must([(1, 2), (3, 6), (7, 10)]), must([(2, 6)])),
    _case("not observed, but its listing says when", [replace(listing(x), observed_at=None) for x in (0, 1, 2)], must([(3, 10)]), must()),
    _case("neither observed nor dated: of its receipt", [told(0), told(None)], must([(1, 4)], [(5, 10)]), must([], [(4, 10)]), None, read_on=4),
    _case("what was not received may still come", [told(0), told(1)], must([(2, 6)], [(6, 10)]), must([], [(6, 10)]), must(), read_on=6),
    _case("what is still in time is met, received or not", [told(0), told(1)], must([], [(2, 10)]), must([], [(1.5, 10)]), None, read_on=1.5),
    _case("a payload that names no source may be its", [told(0), told(2, nameless=True), told(4)], must([(1, 2), (3, 4), (5, 10)], [(2, 3)]), must(), other=OTHER),
    _case("a listing names the source where the envelope does not", [told(0), replace(listing(1), nameless=True)], must([(2, 10)]), must(), must(), other=OTHER),
    _case("rows of no source that could not be read may be its", [told(0), told(2, garbled=1, rows=False, nameless=True), told(4)], None, must([], [(2, 4)]), other=OTHER),
    _case("what is known to be broken is not in doubt", [told(0, garbled=1), told(2, garbled=1, nameless=True), told(4)], None, must([(0, 4)]), other=OTHER),
    _case("an asset without subjects has no source", EACH_DAY, NOTHING, NOTHING, NOTHING, asset={"subjects": None}),
    _case("evidence as each version says", LATER, must([(1, 1.5), (2.5, 3), (4, 4.5)]), None, None, policy({"evidence": {"tolerance": "12h"}}, 2, 5)),
    _case("grace before the first payload", [told(3)], must([(4, 10)], [], judged=10), None, None, source=UNDATED, asset={"in_service": when(0)}, new_asset_grace="3d"),
    _case("a job log is of the end that it covers", [Told("s", None, [LOG, run("j", 1, 1.5)])], must([(1, 2), (3, 10)]), must([], [(0, 2)])),
]  # fmt: skip
