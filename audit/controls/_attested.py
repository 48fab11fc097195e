"""What controls share that no log can show: they rest on dated, signed and expiring statements of people (register records of kind `attestation`).

Met while the newest valid statement of the control says that it holds, breached while it says that it does not, unproven while there is none: one that has run out is
none. `isolation: {attested: 1y}` says for how long a statement counts at the most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from audit.controls._objectives import Length, Objective
from audit.controls._weaker import Shortfall, shorter, weaker
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT, empty, subtract, union
from audit.model.terms import FOR_EVER, Term
from audit.model.world import Layer, Outcome, World, plus


@dataclass(frozen=True, slots=True)
class Asked:
    """What statements are asked for. control: they are about it; asks: says whether a policy version asks; longest: for how long after its signature a statement counts there at
    the most (null: up to the day that it names itself)."""

    control: str
    asks: Callable[[PolicyVersion], bool]
    longest: Callable[[PolicyVersion], Term | None]


def of_key(control: str, key: str) -> Asked:
    """Return what is asked under an objective's key of its own, such as `isolation: {attested: 1y}`."""
    return Asked(control, lambda policy: key in policy.objectives, lambda policy: policy.objectives[key].attested)


Evaluate = Callable[[World], list[Outcome]]
Doubts = Callable[[World, tuple[str, ...]], pl.DataFrame]
SaidBy = Callable[[World, pl.DataFrame], pl.DataFrame]

NONE = "no-statement"
EXPIRED = "statement-expired"


class Attested(Objective):
    """`{attested: 1y}`, or for short `1y`: how long after it was signed a statement counts at the most."""

    SHORT = "attested"

    attested: Length

    def weaker_than(self, least: Attested, zone: str) -> Iterator[Shortfall]:
        """Yield in what it lets older statements count."""
        yield from weaker("attested", self.attested, least.attested, shorter([least.attested], [self.attested], zone))


def attested(control: str) -> tuple[dict[str, type[Attested]], Evaluate, Doubts, SaidBy, SaidBy]:
    """Return what the module of such a control holds: its objective, `evaluate`, `doubts`, `said_by` and `kept_by`. The objective's key is the control's id with underscores."""
    key = control.replace("-", "_")
    asked = of_key(control, key)

    def evaluate(world: World) -> list[Outcome]:
        return _evaluate(world, asked)

    def doubts(world: World, names: tuple[str, ...]) -> pl.DataFrame:  # noqa: ARG001 - it has no doubts about points
        return doubts_of(world, asked)

    def said_by(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
        return stated_by(world, asked, breaches, holds=False)

    def kept_by(world: World, met: pl.DataFrame) -> pl.DataFrame:
        return stated_by(world, asked, met, holds=True)

    return {key: Attested}, evaluate, doubts, said_by, kept_by


def _evaluate(world: World, asked: Asked) -> list[Outcome]:
    """Judge every group whose policy asks for statements."""
    outcomes = []
    for whole in world.layers(asked.asks):
        judged, grace = world.judged(whole)
        holds, fails = said(world, whole, asked)
        unproven = subtract(judged, union(holds, fails))
        outcomes.append(world.outcome(whole, None, judged, grace, fails, unproven, of_points=False))
    return outcomes


def said(world: World, whole: Layer, asked: Asked) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return, as islands, when the newest statement that counts for the groups of a layer says that what is asked holds, and when it says that it does not."""
    holds, fails = empty(), empty()
    for index in whole.policies():
        held, failed = _said(world, whole.only(index), world.policies[index], asked)
        holds, fails = union(holds, held), union(fails, failed)
    return holds, fails


def _statements(world: World, asked: Asked, layer: Layer, policy: PolicyVersion) -> pl.DataFrame:
    """Return when statements count for the groups of a layer: the placed rows of `attestation`, cut to the layer's segments and to
    the time that the policy lets them count."""
    rows = world.records.get("attestation")
    if rows is None or rows.is_empty():
        return pl.DataFrame(schema={"code": pl.UInt32, "entry": pl.Int64, "holds": pl.Boolean, "begin": INT, "end": INT})
    rows = rows.filter(pl.col("control") == asked.control)
    rows = rows.with_columns(low=layer.of(rows["code"], "begin"), high=layer.of(rows["code"], "end")).drop_nulls("low")
    longest = _longest(rows, asked, policy)
    rows = rows.with_columns(begin=pl.max_horizontal("begin", "low"), end=pl.min_horizontal("end", "high", longest))
    return rows.filter(pl.col("begin") < pl.col("end"))


def _longest(rows: pl.DataFrame, asked: Asked, policy: PolicyVersion) -> pl.Series:
    """Return, of statements, the instant from which on each is too old to count under a policy version."""
    term = asked.longest(policy)
    return (
        pl.repeat(FOR_EVER, rows.height, dtype=INT, eager=True)
        if term is None
        else plus(rows["at"].cast(INT), term, policy.timezone)
    )


def _said(world: World, layer: Layer, policy: PolicyVersion, asked: Asked) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return, as islands, when the newest statement that counts says that the control holds, and when it says that it does not."""
    rows = _statements(world, asked, layer, policy)
    holds, fails, spoken = empty(), empty(), empty()
    # From the newest to the oldest: an older one speaks only where no newer one does. A loop over statements, which people sign one by one.
    for (_, held), mine in rows.sort("entry", descending=True).group_by("entry", "holds", maintain_order=True):
        said = world.on_line(mine)
        new = subtract(said, spoken)
        holds, fails = (union(holds, new), fails) if held else (holds, union(fails, new))
        spoken = union(spoken, said)
    return holds, fails


def doubts_of(world: World, asked: Asked) -> pl.DataFrame:
    """Return why it is unproven, and when: `code`, `pair` (-1: none), `repository` (null), `key`, `begin`, `end`: there was no statement yet, or the last one had run out."""
    found = []
    for whole in world.layers(asked.asks):
        for index in whole.policies():
            layer, policy = whole.only(index), world.policies[index]
            first = _statements(world, asked, layer, policy).group_by("code").agg(first=pl.col("end").min())
            rows = layer.frame.select("code", "begin", "end").join(first, on="code", how="left")
            none = rows.with_columns(key=pl.lit(NONE), end=pl.min_horizontal("end", "first"))
            expired = rows.drop_nulls("first").with_columns(key=pl.lit(EXPIRED), begin=pl.max_horizontal("begin", "first"))
            found += [none.select("code", "key", "begin", "end"), expired.select("code", "key", "begin", "end")]
    schema = {"code": pl.UInt32, "key": pl.String, "begin": INT, "end": INT}
    rows = pl.concat(
        [pl.DataFrame(schema=schema), *(frame.select(pl.col(n).cast(k) for n, k in schema.items()) for frame in found)]
    )
    nobody = {"pair": pl.lit(-1, pl.Int32), "repository": pl.lit(None, pl.Int32)}
    rows = rows.filter(pl.col("begin") < pl.col("end")).with_columns(**nobody)
    return rows.select("code", "pair", "repository", "key", "begin", "end")


def stated_by(world: World, asked: Asked, stretches: pl.DataFrame, *, holds: bool) -> pl.DataFrame:
    """Return the statement that governs when a breach, or a stretch in which it is met (`row`, `code`, `policy`, `begin`), begins, where it says that the control holds, or does not:
    `row`, `id`, `entry`, `sha256`, `by`."""
    rows = world.records.get("attestation")
    if rows is None or stretches.is_empty():
        named = {"id": pl.String, "entry": pl.Int64, "sha256": pl.String, "by": pl.String}
        return pl.DataFrame(schema={"row": stretches.schema["row"], **named})
    rows = rows.filter(pl.col("control") == asked.control)
    columns = ("row", "id", "entry", "sha256", "by", "holds")
    found = [stretches.select("row", "code").join(rows, on="code").select(columns).clear()]
    for index in stretches["policy"].drop_nulls().unique():
        policy = world.policies[index]
        mine = stretches.filter(pl.col("policy") == index).select("row", "code", at_begin="begin")
        longest = _longest(rows, asked, policy)
        counting = mine.join(rows.with_columns(end=pl.min_horizontal("end", longest)), on="code")
        counting = counting.filter((pl.col("begin") <= pl.col("at_begin")) & (pl.col("at_begin") < pl.col("end")))
        found.append(counting.select(columns))
    newest = pl.concat(found).sort("row", "entry").unique("row", keep="last", maintain_order=True)
    return newest.filter(pl.col("holds") == holds).select("row", "id", "entry", "sha256", "by")
