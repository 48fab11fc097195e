"""Hand-made cases of section 19 of docs/definitions.md: where copies may stand, with the truth computed by hand."""

from __future__ import annotations

from typing import Any

from tests.oracle.build import hand_made, listing, must, p, policy, programme, rows, run, when
from tests.oracle.case import HandMade

EMPTY = [listing(-30), listing(-30, repository="r2")]
"""Without them a copy captured before anything was observed might still be there."""
ABROAD = {"sites": {"dc2": {"city": "Berlin", "country": "DE"}}}
P, Q = p("p", 1), p("q", 2, "r2")
HERE, THERE = listing(20, P), listing(20, Q, repository="r2")
MOVED = [{"name": "dc2", "city": "Berlin", "country": "DE", "since": when(5)}]


def _located(name: str, told: list[Any], truth: Any, *later: Any, terms: Any = None, **changes: Any) -> HandMade:
    said = programme(policy({"location": terms or {"countries": ["CN"]}}, **changes.pop("version", {})), *later, **changes)
    return hand_made("19", name, [*EMPTY, *told], said, ("location", truth))


CASES_OF_PLACES: list[HandMade] = [
    _located("all copies at home", [HERE, THERE], must([], [(0, 1)])),
    _located("all copies at home since it came into service", [HERE, THERE], must(), assets={"a": {"in_service": when(1)}}),
    _located("a copy abroad", [HERE, THERE], must([(2, 10)], [(0, 1)]), **ABROAD),
    _located("a copy abroad that went", [HERE, listing(3, Q, repository="r2"), listing(5, repository="r2"), listing(20, repository="r2")],
             must([(2, 3)], [(0, 1), (3, 5)]), **ABROAD),
    _located("a country of several", [HERE, THERE], must([], [(0, 1)]), terms={"countries": ["CN", "DE"]}, **ABROAD),
    _located("a city", [HERE, THERE], must([(2, 10)], [(0, 1)]), terms={"cities": "Shanghai"}),
    _located("a city of the country", [HERE, THERE], must([(2, 10)], [(0, 1)]), terms={"countries": "CN", "cities": ["Shanghai", "Berlin"]}, **ABROAD),
    _located("its site is not declared", [HERE, THERE], must([], [(0, 1), (2, 10)]), repositories={"r2": {"site": None}}),
    _located("its site moves abroad", [HERE, THERE], must([(5, 10)], [(0, 1)]), sites=MOVED),
    _located("a damaged copy abroad", [HERE, listing(20, {**Q, "integrity": "corrupt", "checked_at": P["captured_at"]}, repository="r2")], must([(2, 10)], [(0, 1)]), **ABROAD),
    _located("a partial copy abroad", [HERE, listing(20, {**Q, "completeness": "partial"}, repository="r2")], must([(2, 10)], [(0, 1)]), **ABROAD),
    _located("an increment abroad without its base", [HERE, listing(20, {**Q, "method": "incremental", "base": "b"}, repository="r2")], must([(2, 10)], [(0, 1)]), **ABROAD),
    _located("nothing is there", [listing(20)], must([], [(0, 10)])),
    _located("an unseen copy abroad", [HERE], must([], [(0, 10)]), assets={"a": {"repositories": ["r2"]}}, repositories={"r2": {"keeps_at_least": None}}, **ABROAD),
    _located("an unseen copy at home", [HERE], must([], [(0, 1)]), assets={"a": {"repositories": ["r3"]}}),
    _located("a copy of which a job told", [HERE, rows(9, run("j", 2, 2, repository="r2"))], must([(2, 4)], [(0, 2), (4, 10)]), sources={"s": {"trust_jobs_for": "2d"}}, **ABROAD),
    _located("what a retired asset left abroad", [HERE, THERE], must([(2, 10)], [(0, 1)]), assets={"a": {"retired": when(3)}}, **ABROAD),
    _located("what a retired asset left at home", [HERE, THERE], must([], [(0, 1)]), assets={"a": {"retired": when(3)}}),
    _located("a new version allows less", [HERE, THERE], must([(5, 10)], [(0, 1)]), policy({"location": {"cities": ["Shanghai"]}}, 2, 5)),
]  # fmt: skip
