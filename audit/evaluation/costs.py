"""What is stored, and what that costs, by policy, class of data and repository (docs/definitions.md, section 32). Pure.

Instants and lengths are Int64 microseconds, bytes whole numbers, money `decimal.Decimal`: no figure of money is ever a float.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

import polars as pl

from audit.model.intervals import INT
from audit.model.lives import Lives, presence_as_lives
from audit.model.terms import FOR_EVER
from audit.model.world import World

MONTH = 2_629_800
"""Seconds of a month: 30.4375 days, a twelfth of 365.25."""
UNITS = {"GiB-month": 2**30, "GB-month": 10**9, "TiB-month": 2**40, "TB-month": 10**12}
CENTS = Decimal("0.0001")
"""To what money is rounded, half to even, where it is told; never before it is added up."""
WHOLE = pl.Int128()
"""Bytes of many points, and bytes times microseconds, are more than 64 bits hold."""
KEYS = {
    "policy": pl.String(),  # null: no policy was in force
    "data_class": pl.String(),
    "repository": pl.String(),
    "amount": pl.String(),  # null: the repository had no price
    "currency": pl.String(),
    "per": pl.String(),
}
STORED: dict[str, pl.DataType] = {
    **KEYS,
    "points_sure": WHOLE,  # at the last microsecond of the period
    "points_possible": WHOLE,
    "bytes_sure": WHOLE,
    "bytes_possible": WHOLE,
    "byte_time_sure": WHOLE,  # bytes times microseconds, over the period
    "byte_time_possible": WHOLE,
    "unknown": WHOLE,  # points of unknown bytes that were possibly present at some time of the period
}


def stored(world: World, prices: pl.DataFrame) -> pl.DataFrame:
    """Return what is stored of the groups of a world, one row for each of KEYS that anything was possibly stored under (STORED). Rows of several worlds add up.

    prices: as `audit.model.estate.PRICE`.
    """
    lives = presence_as_lives(world.points, world.presence)
    priced = _priced(world, prices)
    parts = []
    for name in ("sure", "possible"):
        pieces = _pieces(world, lives, name, priced)
        last = (pl.col("begin") < world.line.stop) & (pl.col("end") >= world.line.stop)
        size = pl.col("bytes").fill_null(0).cast(WHOLE)
        sums = {
            f"points_{name}": last.sum(),
            f"bytes_{name}": (size * last.cast(WHOLE)).sum(),
            f"byte_time_{name}": (size * (pl.col("end") - pl.col("begin")).cast(WHOLE)).sum(),
        }
        if name == "possible":
            sums["unknown"] = pl.col("point").filter(pl.col("bytes").is_null()).n_unique()
        parts.append(pieces.group_by(*KEYS).agg(**sums))
    return summed([pl.concat(parts, how="diagonal_relaxed")])


def summed(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return rows of several worlds as one of each of KEYS (STORED), in order."""
    figures = [name for name in STORED if name not in KEYS]
    whole = [
        part.select(
            pl.col(name).cast(kind) if name in part.columns else pl.lit(0, WHOLE).alias(name) for name, kind in STORED.items()
        )
        for part in parts
    ]
    rows = pl.concat(whole).with_columns(pl.col(figures).fill_null(0))
    return rows.group_by(*KEYS).agg(pl.col(figures).sum()).select(STORED.keys()).sort(*KEYS)


def _pieces(world: World, lives: Lives, name: str, priced: pl.DataFrame) -> pl.DataFrame:
    """Return when points are present in a world, cut to the period and split where policy, class of data or price change: `point`, `bytes`, `begin`, `end`, KEYS."""
    points = world.points
    rows = lives.rows(name).filter((pl.col("begin") < world.line.stop) & (pl.col("end") > world.line.start))
    rows = rows.with_columns(points[column].gather(rows["point"]).alias(column) for column in ("code", "repository", "bytes"))
    names = {number: policy.name for number, policy in enumerate(world.policies)}
    segments = world.segments.filter(~pl.col("code").is_in(world.beside.implode())).select(
        "code", "data_class", low="begin", high="end",
        policy=pl.col("policy").replace_strict(names, default=None, return_dtype=pl.String),
    )  # fmt: skip
    rows = _cut(rows.join(segments, on="code"), world)
    return _cut(rows.join(priced, on="repository"), world).select(
        "point", "bytes", "begin", "end", pl.col("name").alias("repository"), "policy", "data_class", "amount", "currency", "per"
    )


def _cut(rows: pl.DataFrame, world: World) -> pl.DataFrame:
    """Cut stretches to [`low`, `high`) and to the period; what is left empty goes."""
    begin = pl.max_horizontal("begin", "low").clip(lower_bound=world.line.start)
    end = pl.min_horizontal("end", "high").clip(upper_bound=world.line.stop)
    return rows.with_columns(begin=begin, end=end).filter(pl.col("begin") < pl.col("end")).drop("low", "high")


def _priced(world: World, prices: pl.DataFrame) -> pl.DataFrame:
    """Return all time of each repository, by price: `repository`, `name`, `low`, `high`, and the price, null where there is none."""
    numbers = world.repositories.select("repository", "name").unique()
    declared = prices.select(
        "amount", "currency", "per", name="repository", low=pl.col("from").cast(INT).fill_null(-FOR_EVER), high=pl.col("to").cast(INT).fill_null(FOR_EVER)
    )  # fmt: skip
    declared = declared.sort("name", "low")
    # Between two prices, before the first and after the last there is none.
    edges = pl.concat([
        declared.select("name", low="high"), numbers.select("name", low=pl.lit(-FOR_EVER, INT)),
    ]).join(declared.select("name", "low"), on=["name", "low"], how="anti")  # fmt: skip
    rows = pl.concat([declared.drop("high"), edges], how="diagonal").sort("name", "low")
    rows = rows.with_columns(high=pl.col("low").shift(-1).over("name").fill_null(FOR_EVER))
    return rows.filter(pl.col("low") < pl.col("high")).join(numbers, on="name")


@dataclass(frozen=True, slots=True)
class Bounds:
    """A figure that is surely, and one that is possibly so."""

    sure: Any
    possible: Any

    def __add__(self, other: Bounds) -> Bounds:
        """Return the sums."""
        return Bounds(self.sure + other.sure, self.possible + other.possible)


@dataclass(frozen=True, slots=True)
class Line:
    """What is stored in one repository under one policy and class of data while it has one price: `points` and `stored` (bytes) at the period's end, `average` (bytes, over the
    whole period), `cost` (null: no price), and of how many points the bytes are unknown: where there are any, bytes and cost are lower bounds."""

    policy: str | None
    data_class: str
    repository: str
    amount: Decimal | None
    currency: str | None
    per: str | None
    points: Bounds
    stored: Bounds
    average: Bounds
    cost: Bounds | None
    unknown: int

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        price = None if self.amount is None else {"amount": format(self.amount, "f"), "currency": self.currency, "per": self.per}
        return {
            "policy": self.policy,
            "data_class": self.data_class,
            "repository": self.repository,
            "price": price,
            "points": _both(self.points),
            "bytes": _both(self.stored),
            "average_bytes": _both(self.average),
            "unknown_points": self.unknown,
            "at_least": self.unknown > 0,
            "cost": None if self.cost is None else _money(self.cost),
        }


@dataclass(frozen=True, slots=True)
class Total:
    """What one currency comes to. `at_least`: points of unknown bytes are not in it."""

    currency: str
    cost: Bounds
    at_least: bool


@dataclass(frozen=True, slots=True)
class Costs:
    """The lines of a period, in order; money in them is not rounded yet (`rounded`)."""

    lines: tuple[Line, ...]

    @property
    def totals(self) -> tuple[Total, ...]:
        """What each currency comes to. Currencies are never added to one another."""
        found: dict[str, Total] = {}
        for line in self.lines:
            if line.cost is not None and line.currency is not None:
                before = found.get(line.currency)
                cost = line.cost if before is None else before.cost + line.cost
                found[line.currency] = Total(line.currency, cost, line.unknown > 0 or (before is not None and before.at_least))
        return tuple(found[currency] for currency in sorted(found))

    @property
    def unpriced(self) -> tuple[str, ...]:
        """The repositories that held something at a time at which they had no price: what that cost is not known, and in no total."""
        return tuple(sorted({line.repository for line in self.lines if line.cost is None}))

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form: bytes as whole numbers, money as decimal text of four digits after the point."""
        return {
            "month_seconds": MONTH,
            "lines": [line.to_json() for line in self.lines],
            "totals": [
                {"currency": total.currency, "cost": _money(total.cost), "at_least": total.at_least} for total in self.totals
            ],
            "unpriced": list(self.unpriced),
            "unknown_points": self.unknown,
        }

    @property
    def unknown(self) -> int:
        """Of how many points the bytes are unknown; one that stands in several lines counts in each."""
        return sum(line.unknown for line in self.lines)


def costs_of(rows: pl.DataFrame, length: int) -> Costs:
    """Return what stored rows (STORED) cost over a period of a length in microseconds."""
    return Costs(tuple(_line(row, length) for row in rows.iter_rows(named=True)))


def _line(row: dict[str, Any], length: int) -> Line:
    def both(name: str) -> Bounds:
        return Bounds(int(row[f"{name}_sure"]), int(row[f"{name}_possible"]))

    time = both("byte_time")
    amount = None if row["amount"] is None else Decimal(row["amount"])
    cost = None if amount is None else Bounds(*(_cost(figure, amount, row["per"]) for figure in (time.sure, time.possible)))
    average = Bounds(*((figure + length // 2) // length for figure in (time.sure, time.possible)))
    return Line(
        row["policy"], row["data_class"], row["repository"], amount, row["currency"], row["per"],
        both("points"), both("bytes"), average, cost, int(row["unknown"]),
    )  # fmt: skip


def _cost(byte_time: int, amount: Decimal, per: str) -> Decimal:
    """Return the cost of bytes times microseconds: exact but for one division, to 60 digits."""
    with localcontext() as exact:
        exact.prec = 60
        return Decimal(byte_time) * amount / (UNITS[per] * MONTH * 1_000_000)


def _both(figure: Bounds) -> dict[str, Any]:
    return {"sure": figure.sure, "possible": figure.possible}


def _money(figure: Bounds) -> dict[str, str]:
    return {name: str(rounded(money)) for name, money in _both(figure).items()}


def rounded(money: Decimal) -> Decimal:
    """Return money as it is told."""
    return money.quantize(CENTS, ROUND_HALF_EVEN)
