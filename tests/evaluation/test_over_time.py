"""Courses agree with the verdicts: where fewer copies are counted than needed it is breached, and where breached the saw stands over what is allowed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import polars as pl
import pytest

from audit.content import Content
from audit.controls import copies
from audit.evaluation.assess import judge
from audit.evaluation.facts import resolve_facts
from audit.evaluation.over_time import allowed, exposure
from audit.evaluation.world import build_world
from audit.model.document import Name, State, Stretch
from audit.model.terms import instant, micros
from audit.model.world import World
from audit.policy.estate import AppliedProgramme, estate_at
from audit.reporting.formats import Formats
from audit.reporting.over_time import copies_picture, envelope, exposure_picture
from audit.reporting.strips import COLUMNS
from audit.reporting.words import Words
from tests.oracle.case import programme_files
from tests.oracle.direct import rows_of_case
from tests.oracle.estates import random_case

SEEDS = range(300, 316)


def worlds(seed: int) -> tuple[World, list[dict]]:
    case = random_case(seed)
    estate = estate_at([AppliedProgramme(0, instant(case.now), programme_files(case.programme), "test", None)])
    rows = rows_of_case(case)
    acceptances = {False} | {policy.accept_partial for policy in estate.policies}
    world = build_world(estate, resolve_facts(rows, estate.sources, acceptances), case.since, case.until)
    return world, [result.to_json() for result in judge(estate, rows, case.since, case.until).results]


def breached(results: list[dict], control: str, key: tuple) -> list[tuple[int, int]]:
    """Return the breaches of a promise under one policy version, in microseconds."""
    return [
        tuple(micros(datetime.fromisoformat(one[side])) for side in ("from", "to"))
        for result in results
        if (result["asset"], result["part"], result["control"], result["leg"], result["policy"], result["version"])
        == (*key[:2], control, *key[2:])
        for one in result["breaches"]
    ]


def joined(stretches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for begin, end in sorted(stretches):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_copies_are_breached_just_where_too_few_are_counted_in_the_possible_world(seed: int) -> None:
    world, results = worlds(seed)
    counts = copies.counts(world)
    blind = set(world.blind.to_list())
    groups = {code: (asset, part) for code, asset, part in world.groups.select("code", "asset", "part").iter_rows()}
    keys = counts.select("code", "policy", "leg").unique().rows()
    for code, index, leg in keys:
        if code in blind:
            continue
        mine = counts.filter((pl.col("code") == code) & (pl.col("policy") == index) & (pl.col("leg") == leg))
        for bound in ("sure", "possible"):
            rows = mine.filter(pl.col("bound") == bound).sort("begin")
            assert (rows["end"].head(-1) <= rows["begin"].tail(-1)).all(), "stretches of one bound do not overlap"
        lacking = mine.filter((pl.col("bound") == "possible") & (pl.col("count") < pl.col("needed"))).select("begin", "end").rows()
        policy = world.policies[index]
        told = breached(results, "copies", (*groups[code], leg, policy.name, policy.version))
        assert joined(lacking) == joined(told), (groups[code], leg)


@pytest.mark.parametrize("seed", SEEDS)
def test_where_the_recovery_point_is_breached_the_saw_is_over_what_is_allowed(seed: int) -> None:
    world, results = worlds(seed)
    saw, terms = exposure(world).filter(pl.col("bound") == "possible"), allowed(world)
    groups = {(asset, part): code for code, asset, part in world.groups.select("code", "asset", "part").iter_rows()}
    lives = {index: policy.accept_partial for index, policy in enumerate(world.policies)}
    for result in results:
        if result["control"] != "recovery-point":
            continue
        code = groups[result["asset"], result["part"]]
        last = world.segments.filter((pl.col("code") == code) & (pl.col("begin") < world.line.stop))["policy"].to_list()[-1]
        index = next(i for i, one in enumerate(world.policies) if (one.name, one.version) == (result["policy"], result["version"]))
        if lives[index] is not (False if last is None else lives[last]):
            continue  # the saw is drawn for one way to count partial points
        for one in result["breaches"]:
            at = micros(datetime.fromisoformat(one["to"])) - 1
            here = (pl.col("code") == code) & (pl.col("begin") <= at) & (pl.col("end") > at)
            most = terms.filter(here)["allowed"].item()
            states = saw.filter(here)["state"].to_list()
            assert all(at - state >= most for state in states), (result["asset"], one)


def test_the_envelope_loses_no_peak() -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    until = since + timedelta(seconds=COLUMNS * 10)
    start = micros(since)
    second = 1_000_000
    stairs = pl.DataFrame(
        [(start, start + 3 * second, start - second), (start + 3 * second, start + 25 * second, start + 2 * second)],
        schema={"begin": pl.Int64, "end": pl.Int64, "state": pl.Int64},
        orient="row",
    )
    assert envelope(stairs, since, until).rows() == [
        (0, second, 8 * second),
        (1, 8 * second, 18 * second),
        (2, 18 * second, 23 * second),
    ]


def drawn(verdict: list[Stretch], *, live: tuple[int, ...]) -> ElementTree.Element:
    """Return the picture of ten days with a copy at each midnight that is live until the next (`live`: which days), all under an RPO of two days."""
    start, day = micros(TEN_DAYS[0]), 86_400_000_000
    rows = [(bound, start + n * day, start + (n + 1) * day, start + n * day) for bound in ("sure", "possible") for n in live]
    stairs = pl.DataFrame(rows, schema={"bound": pl.String, "begin": pl.Int64, "end": pl.Int64, "state": pl.Int64}, orient="row")
    terms = pl.DataFrame({"begin": [start], "end": [start + 10 * day], "allowed": [2 * day]})
    words = Words(Content(), Formats("en", "UTC"))
    return ElementTree.fromstring(exposure_picture((Name("db"),), *TEN_DAYS, stairs, terms, verdict, words))


TEN_DAYS = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 11, tzinfo=UTC))


def day_of(number: int) -> datetime:
    return TEN_DAYS[0] + timedelta(days=number)


@pytest.mark.parametrize(
    ("state", "said"),
    [(State.BREACHED, True), (State.UNPROVEN, False), (State.NOT_JUDGED, False)],
)
def test_that_nothing_was_there_is_said_only_where_it_was_breached(state: State, said: bool) -> None:
    """Before an asset is in service nothing is missing, and where it is unproven a copy may have been there."""
    verdict = [Stretch(day_of(0), day_of(4), state), Stretch(day_of(4), day_of(10), State.MET)]
    picture = drawn(verdict, live=(4, 5, 6, 7, 8, 9))
    assert ("nothing to restore" in (picture[1].text or "")) is said
    assert ("Nothing to restore" in "".join(picture.itertext())) is said


def test_exposure_outside_the_judged_time_is_not_drawn_or_told() -> None:
    verdict = [Stretch(day_of(0), day_of(4), State.NOT_JUDGED), Stretch(day_of(4), day_of(10), State.MET)]
    start = micros(TEN_DAYS[0])
    stairs = pl.DataFrame(
        [(bound, start, micros(day_of(4)), start - 90 * 86_400_000_000) for bound in ("sure", "possible")]
        + [(bound, micros(day_of(4)), micros(day_of(10)), micros(day_of(4))) for bound in ("sure", "possible")],
        schema={"bound": pl.String, "begin": pl.Int64, "end": pl.Int64, "state": pl.Int64},
        orient="row",
    )
    terms = pl.DataFrame({"begin": [start], "end": [micros(day_of(10))], "allowed": [7 * 86_400_000_000]})
    svg = exposure_picture((Name("db"),), *TEN_DAYS, stairs, terms, verdict, Words(Content(), Formats("en", "UTC")))
    assert "worst exposure was 6 days" in svg.replace("\N{NO-BREAK SPACE}", " ")


def test_what_is_only_possible_makes_the_worst_exposure_two_figures() -> None:
    verdict = [Stretch(day_of(0), day_of(10), State.UNPROVEN)]
    start, day = micros(TEN_DAYS[0]), 86_400_000_000
    stairs = pl.DataFrame(
        [
            ("sure", start, start + 10 * day, start),
            ("possible", start, start + 5 * day, start),
            ("possible", start + 5 * day, start + 10 * day, start + 5 * day),
        ],
        schema={"bound": pl.String, "begin": pl.Int64, "end": pl.Int64, "state": pl.Int64},
        orient="row",
    )
    terms = pl.DataFrame({"begin": [start], "end": [start + 10 * day], "allowed": [6 * day]})
    svg = exposure_picture((Name("db"),), *TEN_DAYS, stairs, terms, verdict, Words(Content(), Formats("en", "UTC")))
    said = svg.replace("\N{NO-BREAK SPACE}", " ")
    assert "The worst exposure was 5 days. Counting only copies that are proven, it was 10 days." in said


@pytest.mark.parametrize("language", ["en", "zh"])
def test_pictures_say_in_words_what_they_show(language: str) -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    until = since + timedelta(days=10)
    start, day = micros(since), 86_400_000_000
    words = Words(Content(), Formats(language, "Asia/Shanghai"))
    stairs = pl.DataFrame(
        [(0, bound, start + n * day, start + (n + 1) * day, start + n * day) for bound in ("sure", "possible") for n in range(6)],
        schema={"code": pl.UInt32, "bound": pl.String, "begin": pl.Int64, "end": pl.Int64, "state": pl.Int64},
        orient="row",
    )
    terms = pl.DataFrame({"begin": [start], "end": [start + 10 * day], "allowed": [2 * day]})
    verdict = [Stretch(since, since + timedelta(days=6), State.MET), Stretch(since + timedelta(days=6), until, State.BREACHED)]
    svg = exposure_picture((Name("db"),), since, until, stairs, terms, verdict, words)
    picture = ElementTree.fromstring(svg)
    assert picture[0].text == {"en": "Exposure over time: db", "zh": "暴露时长随时间的变化：db"}[language]
    assert {"en": "1 day", "zh": "1天"}[language] in (picture[1].text or "").replace("\N{NO-BREAK SPACE}", " ")
    assert {"en": "nothing to restore", "zh": "没有任何可恢复的数据"}[language] in (picture[1].text or "")
    said = "".join(picture.itertext()).replace("\N{NO-BREAK SPACE}", " ")
    assert {"en": "Agreed, 2 days", "zh": "约定：2天"}[language] in said
    counts = pl.DataFrame(
        [("offsite", bound, start, start + 10 * day, 1, 2) for bound in ("sure", "possible")],
        schema={"leg": pl.String, "bound": pl.String, "begin": pl.Int64, "end": pl.Int64, "count": pl.Int64, "needed": pl.Int64},
        orient="row",
    )
    title = {"en": "in another city", "zh": "异地副本"}[language]
    svg = copies_picture((Name("db"),), since, until, counts, {"offsite": ((title,), verdict)}, words)
    assert {"en": "in another city: at the least 1 of 2", "zh": "异地副本：最少为1，约定为2"}[language] in svg
