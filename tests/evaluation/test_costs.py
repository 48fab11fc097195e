"""What is stored and what it costs: exact cases by hand, and random estates against a computation point by point, stretch by stretch."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import polars as pl
import pytest

from audit.evaluation.costs import Bounds, costs_of, rounded, stored, summed
from audit.evaluation.facts import resolve_facts
from audit.evaluation.world import build_world
from audit.model.terms import instant
from audit.policy.estate import AppliedProgramme, estate_at
from tests.oracle.build import day, listing, p, policy, programme, rows
from tests.oracle.case import Case, programme_files
from tests.oracle.direct import rows_of_case
from tests.oracle.estates import random_case
from tests.oracle.instants import BEGIN, DAY, FOR_EVER, text_of
from tests.oracle.lives import WORLDS, Lives
from tests.oracle.ownership import Ownership, parts_of
from tests.oracle.points import read
from tests.oracle.programme import estate_of, histories
from tests.oracle.records import declared

GIB = 2**30
PRICE = {"amount": "0.12", "currency": "CNY", "per": "GiB-month"}
MONTH = Fraction(30 * 24 + Fraction(105, 10)) / 24 * DAY
"""30.4375 days are 30 days and ten and a half hours."""


def rows_of(case: Case) -> pl.DataFrame:
    estate = estate_at([AppliedProgramme(0, instant(case.now), programme_files(case.programme), "test", None)])
    world = build_world(estate, resolve_facts(rows_of_case(case), estate.sources, {False}), case.since, case.until)
    return stored(world, estate.prices)


def costs(case: Case):
    return costs_of(rows_of(case), case.until - case.since)


def case(*told, since: float = 0, until: float = 10, versions: tuple = (), **changes) -> Case:
    return Case("costs", programme(policy({"rpo": "2d"}), *versions, **changes), list(told), day(since), day(until))


def both(point: dict[str, Any], **more) -> list:
    return [listing(0, point, **more), listing(20, point, **more)]


def test_a_gib_for_ten_days():
    (line,) = costs(case(*both(p("p", -1, bytes=GIB)), repositories={"r1": {"price": PRICE}})).lines
    assert (line.policy, line.data_class, line.repository) == ("p", "files", "r1")
    assert (line.points, line.stored, line.average) == (Bounds(1, 1), Bounds(GIB, GIB), Bounds(GIB, GIB))
    # 10 / 30.4375 of 0.12: 0.039425...
    assert line.cost is not None
    assert (rounded(line.cost.sure), rounded(line.cost.possible)) == (Decimal("0.0394"), Decimal("0.0394"))
    assert line.cost.sure == pytest.approx(Decimal("0.0394250513347022587268993839835728952772"), abs=Decimal("1e-40"))


def test_a_month_is_a_month_and_units_are_theirs():
    # A period of exactly 30.4375 days costs the price itself, of what one unit is.
    for per, size in (("GiB-month", 2**30), ("GB-month", 10**9), ("TiB-month", 2**40), ("TB-month", 10**12)):
        told = [listing(0, p("p", -1, bytes=size)), listing(60, p("p", -1, bytes=size))]
        made = case(*told, repositories={"r1": {"price": {**PRICE, "per": per}}})
        (line,) = costs(replace(made, until=made.since + int(MONTH))).lines
        assert line.cost == Bounds(Decimal("0.12"), Decimal("0.12")), per


def test_a_point_that_goes_between_two_listings_is_possible_till_the_second():
    told = [
        listing(0, p("p", -1, bytes=1000), p("q", -1, bytes=1)),
        listing(2, p("p", -1, bytes=1000), p("q", -1, bytes=1)),
        listing(6, p("q", -1, bytes=1)),
        listing(20, p("q", -1, bytes=1)),
    ]
    (line,) = costs(case(*told)).lines
    assert line.points == Bounds(1, 1)
    assert line.stored == Bounds(1, 1)
    assert line.average == Bounds(201, 601)  # 1000 bytes for 2 and for 6 of ten days
    assert line.cost is None


def test_past_the_newest_listing_nothing_is_surely_stored():
    (line,) = costs(case(listing(0, p("p", -1, bytes=1000)), listing(5, p("p", -1, bytes=1000)))).lines
    assert (line.points, line.stored, line.average) == (Bounds(0, 1), Bounds(0, 1000), Bounds(500, 1000))


def test_what_cannot_be_restored_takes_room_all_the_same():
    told = [
        p("p", -1, bytes=700, completeness="partial"),
        p("q", -1, bytes=30, integrity="corrupt", checked=-1),
        p("i", -1, bytes=4, method="incremental", base="gone"),
    ]
    (line,) = costs(case(listing(0, *told), listing(20, *told))).lines
    assert line.average == Bounds(734, 734)


def test_of_unknown_bytes_the_figures_are_lower_bounds_and_say_so():
    told = [p("p", -1, bytes=1000), p("u", -1), p("v", -1), p("gone", -9)]
    found = costs(case(listing(-5, *told), listing(-1, *told[:3]), listing(20, *told[:3]), repositories={"r1": {"price": PRICE}}))
    (line,) = found.lines
    assert (line.points, line.stored, line.unknown) == (Bounds(3, 3), Bounds(1000, 1000), 2)  # `gone` went before the period
    assert [total.at_least for total in found.totals] == [True]
    assert found.unknown == 2


def test_a_price_changes_and_so_does_what_it_is_for():
    cheaper = {
        "name": "r1",
        "medium": "disk",
        "site": "dc1",
        "failure_domain": "f1",
        "keeps_at_least": "1000d",
        "since": text_of(day(4)),
        "price": {**PRICE, "amount": 0.06},
    }
    foreign = {**cheaper, "since": text_of(day(8)), "price": {"amount": 1, "currency": "EUR", "per": "GiB-month"}}
    none = {**cheaper, "since": text_of(day(9)), "price": None}
    made = case(*both(p("p", -1, bytes=GIB)), repositories=[cheaper, foreign, none])
    for item in made.programme["repositories"]:
        if item["name"] == "r1" and "since" not in item:
            item["price"] = PRICE
    found = costs(made)
    told = {
        (line.amount, line.currency): (line.points.sure, line.average.sure, line.cost and rounded(line.cost.sure))
        for line in found.lines
    }
    assert told == {
        (Decimal("0.12"), "CNY"): (0, round(GIB * 0.4), Decimal("0.0158")),  # 4 days
        (Decimal("0.06"), "CNY"): (0, round(GIB * 0.4), Decimal("0.0079")),
        (Decimal(1), "EUR"): (0, round(GIB / 10), Decimal("0.0329")),  # one day
        (None, None): (1, round(GIB / 10), None),  # the last day, of which the price is not known
    }
    # Rounded after they are added, and each currency by itself.
    assert [(total.currency, rounded(total.cost.sure), total.at_least) for total in found.totals] == [
        ("CNY", Decimal("0.0237"), False),
        ("EUR", Decimal("0.0329"), False),
    ]
    assert found.unpriced == ("r1",)


def test_by_policy_class_of_data_and_repository_as_they_were_at_the_time():
    moved = {**programme()["assets"][0], "since": text_of(day(5)), "data_class": "messages"}
    later = policy({"rpo": "1d"}, 2, 3)
    points = [p("p", -1, bytes=10), p("q", -1, "r2", bytes=100)]
    told = [listing(at, one, repository=one["repository"]) for at in (0, 20) for one in points]
    made = case(*told, assets=[moved], versions=(later,))
    found = {(line.policy, line.data_class, line.repository): (line.points.sure, line.average.sure) for line in costs(made).lines}
    assert found == {
        ("p", "files", "r1"): (0, 5),
        ("p", "files", "r2"): (0, 50),
        ("p", "messages", "r1"): (1, 5),
        ("p", "messages", "r2"): (1, 50),
    }


def test_no_policy_and_no_asset():
    # Before there is a policy what is stored stands under none; points of no asset are not counted.
    told = [p("p", -1, bytes=10), p("o", -1, subject="stranger", bytes=100)]
    made = Case("none", programme(policy({"rpo": "2d"}, effective=5)), [listing(0, *told), listing(20, *told)], day(0), day(10))
    assert {(line.policy, line.average.sure) for line in costs(made).lines} == {(None, 5), ("p", 5)}


def test_after_retirement_what_is_left_costs_on():
    made = case(*both(p("p", -1, bytes=10)), assets={"a": {"retired": text_of(day(2))}})
    assert [(line.policy, line.average.sure) for line in costs(made).lines] == [("p", 10)]


def test_more_than_64_bits_hold():
    size = 2**62
    told = [p(name, -1, bytes=size) for name in ("p", "q", "r", "s")]
    (line,) = costs(case(listing(0, *told), listing(20, *told), repositories={"r1": {"price": {**PRICE, "per": "TB-month"}}})).lines
    assert line.stored == line.average == Bounds(4 * size, 4 * size)
    assert line.cost is not None
    assert rounded(line.cost.sure) == rounded(Decimal(4 * size) * Decimal("0.12") / 10**12 * 10 / Decimal("30.4375"))


def test_a_job_that_is_not_trusted_is_possible_only():
    (line,) = costs(case(rows(0, p("p", -1, bytes=10)))).lines
    assert (line.points, line.stored, line.average) == (Bounds(0, 1), Bounds(0, 10), Bounds(0, 10))


# --- random estates ---------------------------------------------------------------------------------------------------------------

CURRENCIES = ("CNY", "EUR")


def priced(made: Case, seed: int) -> Case:
    """Give some declarations of repositories a price, and points bytes."""
    rng = random.Random(f"prices {seed}")
    said = {**made.programme, "repositories": [dict(one) for one in made.programme["repositories"]]}
    for one in said["repositories"]:
        if rng.random() < 0.7:
            amount = rng.choice(("0.12", 0.5, 3, "0.00000001", "250"))
            one["price"] = {"amount": amount, "currency": rng.choice(CURRENCIES), "per": rng.choice(("GiB-month", "TB-month"))}
    return replace(made, programme=said)


def by_hand(made: Case) -> dict[tuple, list]:
    """Each point by itself, in the middle of each stretch in which nothing changes: what is stored where, and what a byte of it costs for so long."""
    estate = declared(estate_of(made.programme))
    evidence = read(made.payloads[: made.known])
    lives = Lives(evidence, estate.origins)
    prices = {
        name: [(start, end, item.get("price")) for start, end, item in many]
        for name, many in histories(made.programme["repositories"]).items()
    }
    found: dict[tuple, list] = {}
    for asset in estate.segments:
        for part in parts_of(estate, asset):
            own = Ownership(estate, lives, asset, part)
            for point in own.points:
                for number, world in enumerate(WORLDS):
                    present = lives.presence(point, world)
                    of = prices.get(point.repository, [(BEGIN, FOR_EVER, None)])
                    edges = {
                        made.since,
                        made.until,
                        *(
                            x
                            for many in (present, [(one.start, one.end) for one in own.segments], [one[:2] for one in of])
                            for stretch in many
                            for x in stretch
                        ),
                    }
                    edges = sorted(x for x in edges if made.since <= x <= made.until)
                    for start, end in pairwise(edges):
                        t = (start + end) // 2
                        if not any(low <= t < high for low, high in present):
                            continue
                        price = next(one[2] for one in of if one[0] <= t < one[1])
                        version = own.version(t)
                        key = (
                            version and version.name,
                            own.segment(t).data_class,
                            point.repository,
                            *(
                                (
                                    str(price["amount"]) if not isinstance(price["amount"], float) else "0.5",
                                    price["currency"],
                                    price["per"],
                                )
                                if price
                                else (None, None, None)
                            ),
                        )
                        row = found.setdefault(key, [[0, 0], [0, 0], [0, 0], set()])
                        row[2][number] += (point.bytes or 0) * (end - start)
                        if end == made.until:
                            row[0][number] += 1
                            row[1][number] += point.bytes or 0
                        if point.bytes is None and world == "possible":
                            row[3].add(point.key)
    return found


QUICK = range(200, 230)
SLOW = range(230, 270)


@pytest.mark.parametrize("seed", [*QUICK, *(pytest.param(seed, marks=pytest.mark.slow) for seed in SLOW)])
def test_random_estates_are_as_computed_point_by_point(seed: int):
    made = priced(random_case(seed), seed)
    rows = rows_of(made)
    keys = ("policy", "data_class", "repository", "amount", "currency", "per")
    mine = {
        tuple(row[key] for key in keys): [
            [row["points_sure"], row["points_possible"]], [row["bytes_sure"], row["bytes_possible"]],
            [row["byte_time_sure"], row["byte_time_possible"]], row["unknown"],
        ]
        for row in rows.iter_rows(named=True)
    }  # fmt: skip
    theirs = {key: [*row[:3], len(row[3])] for key, row in by_hand(made).items()}
    assert mine == theirs
    for line in costs_of(rows, made.until - made.since).lines:
        assert line.points.sure <= line.points.possible
        assert line.average.sure <= line.average.possible
        if line.cost is not None:
            key = (line.policy, line.data_class, line.repository, format(line.amount, "f"), line.currency, line.per)
            size = {"GiB-month": 2**30, "TB-month": 10**12}[line.per]
            for got, time in zip((line.cost.sure, line.cost.possible), theirs[key][2], strict=True):
                exact = Fraction(line.amount) * time / size / MONTH
                assert abs(Fraction(got) - exact) < Fraction(1, 10**30)


def test_the_random_estates_have_what_is_to_be_tried():
    found = [rows_of(priced(random_case(seed), seed)) for seed in QUICK]
    rows = summed(found)
    assert rows["currency"].drop_nulls().n_unique() == 2
    assert rows["amount"].null_count()
    assert rows["unknown"].sum() > 0
    assert (rows["byte_time_sure"] < rows["byte_time_possible"]).any()
    assert (rows["byte_time_sure"] > 0).any()


def test_rows_of_several_worlds_add_up():
    made = case(*both(p("p", -1, bytes=10)), repositories={"r1": {"price": PRICE}})
    one = rows_of(made)
    two = summed([one, one])
    assert two["bytes_sure"].to_list() == [20]
    assert two.drop(
        "bytes_sure", "bytes_possible", "points_sure", "points_possible", "byte_time_sure", "byte_time_possible", "unknown"
    ).equals(one.select("policy", "data_class", "repository", "amount", "currency", "per"))
