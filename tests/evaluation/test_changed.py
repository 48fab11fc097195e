"""What changed between two journal entries: whatever is not named comes out the same, of random estates of which something more is declared, stated or shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import polars as pl
import pytest

from audit.evaluation.assess import judge
from audit.evaluation.changed import Then, changed_assets
from audit.evaluation.rows import Rows
from audit.model.estate import Known
from audit.model.terms import instant
from tests.oracle.build import listing, p, policy, programme, rows, run
from tests.oracle.case import Case
from tests.oracle.cases_of_findings import finding
from tests.oracle.direct import estate_of_case, rows_of_case
from tests.oracle.estates import random_case
from tests.oracle.instants import DAY
from tests.oracle.programmes import Size

SIZE = Size(assets=5, repositories=3, sources=3, points=8, listings=6, days=14)
AS_KNOWN = {"review", "evidence", "exercise", "rto", "restore_test", "runbook", "people", "vendor", "corrective"}
"""Objectives by which the journal's newest entry changes something: where they are left out, more can stay as it was."""


class Told:
    """A catalog in memory: what is asked of it is asked of rows."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def tellings(self, known_at: int, columns: Sequence[str]) -> pl.LazyFrame:
        return self.rows.held.lazy().with_columns(entry="shown_entry").filter(pl.col("entry") <= known_at).select(list(columns))

    def runs(self, known_at: int, columns: Sequence[str]) -> pl.LazyFrame:
        return self.rows.runs.lazy().filter(pl.col("entry") <= known_at).select(list(columns))

    def listings(self, known_at: int) -> pl.DataFrame:
        return self.rows.listings.filter(pl.col("entry") <= known_at)

    def payloads(self, known_at: int) -> pl.DataFrame:
        return self.rows.payloads.filter(pl.col("entry") <= known_at)


def without(keys: set[str], told: Any) -> Any:
    """Return a programme whose policies lack some objectives."""
    kept = [
        {**one, "objectives": {key: value for key, value in one["objectives"].items() if key not in keys}}
        for one in told["policies"]
    ]
    return {**told, "policies": kept}


def unlike(told: Any, random: Random) -> Any:
    """Return a programme in which one thing is declared otherwise."""
    what = random.choice(["nothing", "nothing", "policy", "asset", "repository"])
    if what == "policy" and told["policies"]:
        return {**told, "policies": [one for one in told["policies"] if one["version"] == 1]}
    if what == "asset":
        number = random.randrange(len(told["assets"]))
        other = (
            {**told["assets"][number], "subjects": told["assets"][number]["subjects"][:1]}
            if told["assets"][number].get("subjects")
            else told["assets"][number]
        )
        return {**told, "assets": [*told["assets"][:number], other, *told["assets"][number + 1 :]]}
    if what == "repository":
        return {**told, "repositories": [{**one, "medium": "tape"} for one in told["repositories"]]}
    return told


def compared(before: Case, after: Case, known: tuple[Known, Known]) -> tuple[set[str], set[str]]:
    """Judge both; return the assets that are named as changed, and those that are not. What is not named is the same."""
    estates = [replace(estate_of_case(case), known=at) for case, at in zip((before, after), known, strict=True)]
    told = [rows_of_case(case) for case in (before, after)]
    thens = [Then(case.known or 0, estate) for case, estate in zip((before, after), estates, strict=True)]
    changed = changed_assets(Told(told[1]), *thens, after.until)  # type: ignore[arg-type]
    judged = [judge(estate, rows, after.since, after.until) for estate, rows in zip(estates, told, strict=True)]
    assert [one.faults for one in judged] == [(), ()]
    left = {result.asset for one in judged for result in one.results} - changed
    mine, theirs = ([result for result in one.results if result.asset in left] for one in judged)
    assert mine == theirs
    assert (
        judged[0]
        .conflicts.filter(pl.col("asset").is_in(left))
        .sort("point")
        .equals(judged[1].conflicts.filter(pl.col("asset").is_in(left)).sort("point"))
    )
    return changed, left


def history(seed: int) -> tuple[set[str], set[str]]:
    """Return the assets of a random history that are named as changed, and those that are not."""
    case, random = random_case(seed, SIZE), Random(seed)
    if random.random() < 0.7:
        case = replace(case, programme=without(AS_KNOWN, case.programme))
    count = len(case.told)
    last = random.randint(1, count) if count else 0
    first = max(0, last - random.choice([0, 1, 1, 1, 2, 5]))
    less = random.choice([None, None, None, "stated", "held", "acted", "drilled"])
    fewer = {} if less is None else {less: getattr(case, less)[:-1]}
    before = replace(case, known=first, programme=unlike(case.programme, random), **fewer)
    times = sorted(case.since + int((case.now - case.since) * random.random()) for _ in range(2))
    ends = (case.now, case.now) if random.random() < 0.4 else (times[0], times[1])
    return compared(before, replace(case, known=last), tuple(Known(instant(at), intact=True) for at in ends))  # type: ignore[arg-type]


@pytest.mark.heavy
@pytest.mark.parametrize("seeds", [range(20), pytest.param(range(20, 36), marks=pytest.mark.slow)])
def test_what_is_not_named_comes_out_the_same(seeds: range) -> None:
    named, left = 0, 0
    for seed in seeds:
        changed, same = history(seed)
        named, left = named + len(changed), left + len(same)
    assert named >= len(seeds) / 2
    assert left >= len(seeds) / 5


def asset(name: str, subject: str, source: str = "s", **more: Any) -> dict[str, Any]:
    return {
        "name": name, "unit": "unit", "data_class": "files", "tier": "core", "site": "dc1", "medium": "disk", "in_service": "2025-01-01T00:00:00Z",
        "subjects": [{"source": source, "subject": subject}], **more,
    }  # fmt: skip


OTHERS = [asset("b", "y"), asset("c", "z", "t")]
"""Beside asset a, whose subject is x of source s: one of the same source, one of another."""
SOURCES = [{"name": "t", "tool": "interchange"}]
FIRST = [
    listing(3, p("x1", 1), p("y1", 1, subject="y")), listing(3, p("z1", 1, "r2", "z"), repository="r2", source="t"),
    listing(3, p("x2", 2), scope="x"), listing(3, p("y2", 2, subject="y"), scope="y"),
]  # fmt: skip
NEWS: dict[str, tuple[Any, set[str]]] = {
    # what: a payload more, and the assets of which it may say something
    "a listing of a scope": (listing(5, p("x2", 2), p("x3", 4), scope="x"), {"a"}),
    "a listing of a whole repository": (listing(5, p("x1", 1)), {"a", "b"}),
    "a listing of another source": (listing(5, repository="r2", source="t"), {"c"}),
    "the first listing of a repository, of a scope": (listing(5, scope="x", repository="r2"), {"a", "b"}),
    "a run that tells its subject": (rows(5, run("run", 4, 5)), {"a"}),
    "a check of a whole repository": (
        rows(5, {**run("check", 4, 5), "kind": "verify", "subject": None, "outcome": "failed"}),
        {"a", "b"},
    ),
    "a subject of nobody": (rows(5, run("strange", 4, 5, subject="stranger")), set()),
    "a base of another's point": (rows(5, p("y1", 1, subject="y", integrity="corrupt", checked=4)), {"a", "b"}),
    "the original of a copy in another source": (rows(5, p("y2", 2, subject="y", integrity="corrupt", checked=4)), {"b", "c"}),
}
HANGING = [
    rows(3, p("x9", 2.5, method="incremental", base="y1")),
    replace(rows(3, p("z9", 2.5, "r2", "z", copy_of_source="s", copy_of_repository="r1", copy_of_id="y2")), source="t"),
]
"""A point of a that needs one of b, and one of c that is a copy of another of b."""


@pytest.mark.parametrize(("news", "expected"), NEWS.values(), ids=list(NEWS))
def test_evidence_names_whom_it_may_speak_of(news: Any, expected: set[str]) -> None:
    said = programme(policy({"rpo": "2d", "keep": [{"every": "day", "for": "5d"}]}), assets=OTHERS, sources=SOURCES)
    hanging = HANGING if "base" in str(expected) or news.records[0].get("integrity") else []
    told = [*FIRST, *hanging]
    before = Case("before", said, [*told, news], 0, 0, known=len(told))
    before = replace(before, since=FIRST[0].records[0]["listed_at"] - 3 * DAY, until=FIRST[0].records[0]["listed_at"] + 6 * DAY)
    end = Known(instant(before.until), intact=True)
    changed, _ = compared(before, replace(before, known=len(told) + 1), (end, end))
    assert changed - {"a", "b", "c"} == set()
    if not hanging:
        assert changed == expected
    else:
        assert changed >= expected


LATER: dict[str, tuple[list[Any], Any, set[str]]] = {
    # what: told before, told then, and the assets of which that says something
    "a base that only another's run made": (
        [rows(3, p("x9", 2.5, method="incremental", base="made"))], rows(5, run("maker", 1, 2, subject="y", recovery_point="made")), {"a", "b"},
    ),
    "a base that only another's run made, and that it did not make": (
        [rows(3, p("x9", 2.5, method="incremental", base="made"), run("maker", 1, 2, subject="y", recovery_point="made"))],
        rows(5, run("maker", 1, 2.2, subject="y", recovery_point="made", outcome="failed")), {"a", "b"},
    ),
    "whom a failed check was of, of which nobody knew that": (
        [rows(3, {**run("check", 2.5, 2.6), "kind": "verify", "subject": None, "outcome": "failed"})],
        rows(5, {**run("check", 2.5, 2.6), "kind": "verify", "subject": "y", "outcome": "failed"}), {"a", "b"},
    ),
    "the original, under no subject, of a copy in another source": (
        [rows(3, p("lone", 2, subject=None)), HANGING[1], replace(rows(3, p("z8", 2.6, "r2", "z", copy_of_source="s", copy_of_repository="r1", copy_of_id="lone")), source="t")],
        rows(5, p("lone", 2, subject=None, integrity="corrupt", checked=4)), {"a", "b", "c"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("earlier", "news", "expected"), LATER.values(), ids=list(LATER))
def test_what_hangs_on_more_than_its_own_subjects_is_named(earlier: list[Any], news: Any, expected: set[str]) -> None:
    told = [*FIRST, *earlier, news]
    begin = FIRST[0].records[0]["listed_at"] - 3 * DAY
    said = programme(policy({"rpo": "2d"}), assets=OTHERS, sources=SOURCES)
    before = Case("before", said, told, begin, begin + 9 * DAY, known=len(told) - 1)
    end = Known(instant(before.until), intact=True)
    assert compared(before, replace(before, known=len(told)), (end, end))[0] == expected


def test_a_base_of_anothers_point_that_turns_up_names_both() -> None:
    said = programme(policy({"rpo": "2d"}), assets=OTHERS, sources=SOURCES)
    told = [*FIRST, rows(3, p("x9", 2.5, method="incremental", base="late")), rows(5, p("late", 2, subject="y"))]
    before = Case("before", said, told, 0, 0, known=len(told) - 1)
    before = replace(before, since=told[0].records[0]["listed_at"] - 3 * DAY, until=told[0].records[0]["listed_at"] + 6 * DAY)
    end = Known(instant(before.until), intact=True)
    assert compared(before, replace(before, known=len(told)), (end, end))[0] == {"a", "b"}


OBJECTIVES = {"rpo": "2d", "review": "1y"}


@pytest.mark.parametrize(
    ("ends", "expected"),
    [((9, 9), set()), ((9, 12), set()), ((5, 5), set()), ((5, 6), {"a", "b", "c"}), ((5, 12), {"a", "b", "c"})],
)
def test_how_far_the_journal_is_known_counts_only_within_the_period_and_for_controls_that_read_it(
    ends: tuple[int, int], expected: set[str]
) -> None:
    begin = FIRST[0].records[0]["listed_at"] - 3 * DAY
    for objectives, named in ((OBJECTIVES, expected), ({"rpo": "2d"}, set())):
        case = Case(
            "same", programme(policy(objectives), assets=OTHERS, sources=SOURCES), FIRST, begin, begin + 9 * DAY, known=len(FIRST)
        )
        known = tuple(Known(instant(begin + end * DAY), intact=None) for end in ends)
        assert compared(case, case, known)[0] == named  # type: ignore[arg-type]


def test_a_statement_names_those_of_whom_it_speaks_and_a_policy_those_under_it() -> None:
    begin = FIRST[0].records[0]["listed_at"] - 3 * DAY
    end = Known(instant(begin + 9 * DAY), intact=True)
    said = programme(
        policy({"rpo": "2d", "isolation": {"attested": "1y"}}),
        assets=[OTHERS[0], {**OTHERS[1], "tier": "internal"}],
        sources=SOURCES,
    )
    case = Case("before", said, FIRST, begin, begin + 9 * DAY, known=len(FIRST))
    stated = [{"control": "isolation", "holds": True, "at": begin, "since": begin, "until": begin + 30 * DAY, "assets": ["b"]}]
    assert compared(case, replace(case, stated=stated), (end, end))[0] == {"b"}
    other = {**said, "policies": [policy({"rpo": "3d", "isolation": {"attested": "1y"}})]}
    assert compared(case, replace(case, programme=other), (end, end))[0] == {"a", "b"}
    everybody = {**said, "repositories": [{**one, "medium": "tape"} for one in said["repositories"]]}
    assert compared(case, replace(case, programme=everybody), (end, end))[0] == {"a", "b", "c"}


def test_a_finding_names_those_of_whom_it_speaks_where_they_promise_that_it_is_closed_in_time() -> None:
    begin = FIRST[0].records[0]["listed_at"] - 3 * DAY
    end = Known(instant(begin + 9 * DAY), intact=True)
    said = programme(
        policy({"corrective": "1y"}),
        {**policy({"rpo": "2d"}), "policy": "q", "applies_to": {"tier": "internal"}},
        assets=[OTHERS[0], {**OTHERS[1], "tier": "internal"}],
        sources=SOURCES,
    )
    case = Case("before", said, FIRST, begin, begin + 9 * DAY, known=len(FIRST))
    for scope, named in (({"assets": ["b"]}, {"b"}), ({"assets": ["c"]}, set()), ({}, {"a", "b"})):
        opened = replace(case, acted=[finding(0, 1, **scope)])
        assert compared(case, opened, (end, end))[0] == named
        closed = replace(case, acted=[finding(0, 1, ("close", 2), **scope)])
        assert compared(opened, closed, (end, end))[0] == named
        commented = replace(case, acted=[finding(0, 1, ("comment", 2), **scope)])
        assert compared(opened, commented, (end, end))[0] == set()


def test_who_is_looked_at_beside_names_those_that_look() -> None:
    begin = FIRST[0].records[0]["listed_at"] - 3 * DAY
    end = Known(instant(begin + 9 * DAY), intact=True)
    group = programme(
        policy({"recover_with": {"assets": ["a", "c"], "skew": "15m"}}),
        assets=[{**OTHERS[0], "tier": "internal"}, OTHERS[1]],
        sources=SOURCES,
    )
    told = [*FIRST, listing(5, repository="r2", source="t")]
    case = Case("before", group, told, begin, begin + 9 * DAY, known=len(FIRST))
    assert compared(case, replace(case, known=len(told)), (end, end))[0] == {"a", "c"}
