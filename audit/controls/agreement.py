"""Agreement: the policy version in force is signed by the unit, and the signature is not too old (docs/definitions.md, section 31)."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from audit.controls._objectives import Length, Objective
from audit.controls._recorded import always, at_begin, judge, recorded, speaking, told_doubts
from audit.controls._weaker import Shortfall, shorter, weaker
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT, empty, subtract
from audit.model.world import Layer, Outcome, World, plus


class Signed(Objective):
    """`review: 1y`, or `{signed: 1y}`: how long a signature counts."""

    SHORT = "signed"

    signed: Length

    def weaker_than(self, least: Signed, zone: str) -> Iterator[Shortfall]:
        """Yield in what it lets signatures be older."""
        yield from weaker("signed", self.signed, least.signed, shorter([least.signed], [self.signed], zone))


OBJECTIVES = {"review": Signed}
READS_KNOWN = True
NEVER_WAIVED = True
OTHERWISE = "not-proposed"
"""Why it is unproven where nothing else says why: nobody put the version to the units in this register."""


def evaluate(world: World) -> list[Outcome]:
    """Judge every group whose policy asks for signatures: breached while its unit has not signed the version in force, once it had to."""
    return judge(world, "review", _said)


def doubts(world: World, names: tuple[str, ...]) -> pl.DataFrame:  # noqa: ARG001 - it has no doubts about points
    """Return why it is unproven, and when: the version was not proposed, or the unit still has time to answer."""

    def one(world: World, layer: Layer, policy: PolicyVersion) -> list[pl.DataFrame]:
        none = always(layer).with_columns(key=pl.lit("not-proposed"))
        if not recorded(world, "agreement"):
            return [none]
        rows = _about(speaking(world, "agreement", layer), policy)
        proposed = rows.filter(pl.col("act") == "propose")
        left = world.line.get(subtract(world.on_line(none), world.on_line(proposed)), "code")
        waiting = proposed.with_columns(key=pl.lit("not-signed-yet"), end=pl.min_horizontal("end", pl.col("due").cast(INT)))
        return [left.with_columns(key=pl.lit("not-proposed")), waiting]

    return told_doubts(world, "review", one)


def said_by(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the newest act on each agreement about the version, by the unit or on the whole, when a breach (`row`, `code`, `begin`) begins: `row`, `id`, `entry`, `sha256`,
    `by`."""
    found = []
    for index in breaches["policy"].drop_nulls().unique():
        rows = _about(world.records["agreement"], world.policies[index]).filter(pl.col("act").is_in(["propose", "answer"]))
        found.append(at_begin(breaches.filter(pl.col("policy") == index), rows))
    rows = pl.concat(found).sort("entry").unique(["row", "id"], keep="last", maintain_order=True)
    return rows.select("row", "id", "entry", "sha256", "by").sort("row", "entry")


def kept_by(world: World, met: pl.DataFrame) -> pl.DataFrame:
    """Return the signatures that count when a stretch in which it is met (`row`, `code`, `policy`, `begin`) begins: `row`, `id`, `entry`, `sha256`, `by`."""
    found = [
        pl.DataFrame(schema={"row": met.schema["row"], "id": pl.String, "entry": pl.Int64, "sha256": pl.String, "by": pl.String})
    ]
    for index in met["policy"].drop_nulls().unique():
        policy = world.policies[index]
        rows = at_begin(met.filter(pl.col("policy") == index), _signatures(_about(world.records["agreement"], policy), policy))
        found.append(rows.select(found[0].columns))
    return pl.concat(found).sort("entry").unique(["row", "id"], keep="last", maintain_order=True).sort("row", "entry")


def _said(world: World, layer: Layer, policy: PolicyVersion) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return when the unit's signature on the version counts, and when it should and does not, as islands on the world's line."""
    if not recorded(world, "agreement"):
        return empty(), empty()
    rows = _about(speaking(world, "agreement", layer), policy)
    # Once the time to answer has run, and once the unit has answered in whatever way, the register says that there is a signature, or that there is none.
    proposed = rows.filter(pl.col("act") == "propose").with_columns(begin=pl.max_horizontal("begin", pl.col("due").cast(INT)))
    owed = world.on_line(pl.concat([proposed, rows.filter(pl.col("act") == "answer")]))
    signed = world.on_line(_signatures(rows, policy))
    return signed, subtract(owed, signed)


def _signatures(rows: pl.DataFrame, policy: PolicyVersion) -> pl.DataFrame:
    """Return the signatures, each until it is too old, and until the unit refuses the same version, be it put to it once more."""
    rows = rows.with_columns(pl.col("at").cast(INT))
    signs = rows.filter(pl.col("act") == "sign").with_row_index("sign")
    refusals = rows.filter(pl.col("act") == "refuse").select("code", refused="at").unique()
    later = signs.join(refusals, on="code").filter(pl.col("refused") > pl.col("at"))
    signs = signs.join(later.group_by("sign").agg(pl.col("refused").min()), on="sign", how="left")
    term = plus(signs["at"], policy.objectives["review"].signed, policy.timezone)
    return signs.with_columns(end=pl.min_horizontal("end", "refused", term))


def _about(rows: pl.DataFrame, policy: PolicyVersion) -> pl.DataFrame:
    """Return the rows about a policy version, of the text that is in force."""
    same = (pl.col("policy") == policy.name) & (pl.col("version") == policy.version)
    return rows.filter(same & (pl.col("text") == policy.sha256))
