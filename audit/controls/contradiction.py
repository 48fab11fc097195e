"""Contradiction: pieces of evidence that cannot both be true (design 5, "contradiction").

A tool that is broken, a clock that is wrong, or somebody who changes what tools say shows first where one record denies another. Each leg is one kind of denial. A
contradiction stands from the later of the pieces until evidence agrees again. No waiver covers it. Instants are Int64 microseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
from pydantic import Field

from audit.controls._each import versions
from audit.controls._objectives import Objective, Share
from audit.controls._weaker import Shortfall, weaker
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT, empty, islands, subtract, union
from audit.model.terms import FOR_EVER
from audit.model.world import Layer, Outcome, World, plus


class Agreeing(Objective):
    """`contradiction: true`, or `contradiction: {lost: 50%}`."""

    AS_TRUE = "contradiction"

    lost: Share = Field(
        0.5,
        description="the share of an asset's points that may be gone from one complete listing to the next without anything that explains it",
    )

    def weaker_than(self, least: Agreeing, zone: str) -> Iterator[Shortfall]:  # noqa: ARG002 - the same at any date
        """Yield in what it lets more be lost at once."""
        yield from weaker("lost", f"{self.lost:.4g}", f"{least.lost:.4g}", self.lost > least.lost)


OBJECTIVES = {"contradiction": Agreeing}
NEVER_WAIVED = True
FAILED, DELETED, RETURNED, UNLISTED, SHRUNK, DISPUTED = LEGS = ("failed", "deleted", "returned", "unlisted", "shrunk", "disputed")
DENIED = {"code": pl.UInt32, "point": pl.UInt32, "begin": INT, "end": INT, "entry": INT, "locator": pl.String}
"""A point, when what is said of it cannot be, and the evidence that denies it (null: the complete listing of the beginning)."""
BOTH = {**DENIED, "against": INT, "against_at": pl.String}
"""The same with what the evidence denies, where that is not what first told of the point."""
ENDED_WELL = ("success", "warning")


def _applies(policy: PolicyVersion) -> bool:
    return "contradiction" in policy.objectives


def evaluate(world: World) -> list[Outcome]:
    """Judge every group whose policy asks for evidence that agrees, leg by leg; unproven before and after all complete listings that speak of it."""
    outcomes: list[Outcome] = []
    if not any(map(_applies, world.policies)):
        return outcomes
    same = {leg: _denied(world, leg) for leg in LEGS if leg != SHRUNK}
    counts = _counts(world)
    for whole in world.layers(_applies):
        judged, grace = world.judged(whole)
        spoken = islands(world.spoken.select(*world.line.put(pl.col("code"), pl.col("first"), pl.col("last"))))
        for leg in LEGS:
            breached = empty()
            for layer, policy in versions(world, whole):
                rows = same[leg] if leg in same else _shrunk(counts, policy)
                breached = union(breached, _within(world, layer, rows))
            outcomes.append(world.outcome(whole, leg, judged, grace, breached, subtract(judged, union(spoken, breached))))
    return outcomes


def doubts(world: World, names: tuple[str, ...]) -> pl.DataFrame:  # noqa: ARG001 - whether a point lives is not asked
    """Return why it is unproven, and when: `code`, `pair` (none), `repository` (none), `key`, `begin`, `end`."""
    rows = world.groups.select(pl.col("code").cast(pl.UInt32)).join(world.spoken, on="code", how="left")
    rows = rows.with_columns(pl.col("first", "last").fill_null(FOR_EVER))
    before = rows.select("code", key=pl.lit("no-listing-before"), begin=pl.lit(-FOR_EVER, INT), end="first")
    after = rows.select("code", key=pl.lit("no-listing-after"), begin="last", end=pl.lit(FOR_EVER, INT))
    nobody = {"pair": pl.lit(-1, pl.Int32), "repository": pl.lit(None, pl.Int32)}
    return pl.concat([before, after]).with_columns(**nobody).select("code", "pair", "repository", "key", "begin", "end")


def involved(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the points of which cannot be what is said of them during a breach (`row`, `code`, `policy`, `leg`, `begin`, `end`): `row`, `role`, `point`, `entry`, `locator`,
    and the evidence against that (`against`, `against_at`; null: none but what told of the point)."""
    evidence = {name: BOTH[name] for name in ("point", "entry", "locator", "against", "against_at")}
    found = [pl.DataFrame(schema={"row": breaches.schema["row"], "role": pl.String, **evidence})]
    counts = _counts(world) if (breaches["leg"] == SHRUNK).any() else None
    for (leg, index), asked in breaches.group_by("leg", "policy", maintain_order=True):
        rows = _denied(world, str(leg)) if counts is None or leg != SHRUNK else _shrunk(counts, world.policies[index])
        rows = asked.select("row", "code", since="begin", until="end").join(rows, on="code")
        rows = rows.filter((pl.col("begin") < pl.col("until")) & (pl.col("since") < pl.col("end"))).sort("row", "point", "begin")
        rows = rows.unique(["row", "point"], keep="first", maintain_order=True).with_columns(role=pl.lit(f"denied-{leg}"))
        found.append(rows.select(found[0].columns))
    return pl.concat(found)


def _within(world: World, layer: Layer, rows: pl.DataFrame) -> pl.DataFrame:
    """Return, as islands, when contradictions stand in the segments of a layer."""
    rows = rows.join(layer.frame.select("code", low="begin", high="end"), on="code")
    return islands(
        rows.select(*world.line.put(pl.col("code"), pl.max_horizontal("begin", "low"), pl.min_horizontal("end", "high")))
    )


def _denied(world: World, leg: str) -> pl.DataFrame:
    """Return the contradictions of a leg that does not depend on the policy (BOTH)."""
    rows = {FAILED: _failed, DELETED: _deleted, RETURNED: _returned, UNLISTED: _unlisted, DISPUTED: _disputed}[leg](world)
    rows = rows.with_columns(code=world.points["code"].gather(rows["point"]))
    for name in ("entry", "locator", "against", "against_at"):
        if name not in rows.columns:
            rows = rows.with_columns(pl.lit(None).alias(name))
    rows = rows.select(pl.col(name).cast(kind) for name, kind in BOTH.items())
    return rows.filter(pl.col("code").is_not_null() & (pl.col("begin") < pl.col("end")))


def _failed(world: World) -> pl.DataFrame:
    """Runs that failed, and of which a listing shows the point: until it is gone again."""
    made = world.naming.filter(pl.col("kind") == "backup")
    well = made.filter(pl.col("outcome").is_in(ENDED_WELL))["point"].unique()
    rows = made.filter(pl.col("outcome").is_in(["failed", "cancelled"]) & ~pl.col("point").is_in(well.implode())).drop_nulls(
        "finished"
    )
    points = world.points.select("first_sighting", "catalog", "partial", gone=world.presence.ends["possible_end"])[rows["point"]]
    rows = pl.concat([rows.select("point", "finished", "entry", "locator"), points], how="horizontal")
    rows = rows.filter(pl.col("catalog") & ~pl.col("partial")).drop_nulls("first_sighting")
    return rows.select("point", "entry", "locator", begin=pl.max_horizontal("finished", "first_sighting"), end="gone")


def _deleted(world: World) -> pl.DataFrame:
    """Points that are told to be deleted, and are listed or restored from after that: until a complete listing lacks them."""
    deleted = (
        world.points.select("deleted", "code", entry="ended_entry", locator="ended_locator")
        .with_row_index("point")
        .drop_nulls(["deleted", "code"])
    )
    seen, lacking = _observed(world, deleted["point"])
    used = world.naming.filter((pl.col("kind") == "restore") & pl.col("outcome").is_in(ENDED_WELL))
    used = used.select("point", at=pl.coalesce("started", "finished"), by="entry", where="locator").drop_nulls("at")
    seen = seen.with_columns(by=pl.lit(None, INT), where=pl.lit(None, pl.String))
    after = pl.concat(
        [rows.select(pl.col("point").cast(pl.UInt32), "at", pl.col("by").cast(INT), "where") for rows in (seen, used)]
    )
    after = after.join(deleted, on="point").filter(pl.col("at") > pl.col("deleted"))
    nexts = lacking.select(pl.col("point").cast(pl.UInt32), next="at").sort("next")
    after = after.sort("at").join_asof(
        nexts, left_on="at", right_on="next", by="point", strategy="forward", allow_exact_matches=False, check_sortedness=False
    )
    # A restore says more than the deletion that it denies; of a listing the result names the instant itself.
    return after.select(
        "point",
        entry=pl.coalesce("by", "entry"),
        locator=pl.coalesce("where", "locator"),
        begin="at",
        end=pl.col("next").fill_null(FOR_EVER),
    )


def _observed(world: World, points: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return when some points were sighted, and when complete listings lacked them (`point`, `at`)."""
    assert world.observations is not None
    if points.is_empty():
        none = pl.DataFrame(schema={"point": pl.UInt32, "at": INT})
        return none, none
    return world.observations.of(points)[0], world.observations.lacking(points)


def _returned(world: World) -> pl.DataFrame:
    """Points that a listing had, a complete one lacked, and another had again: from the first that had them again until they are gone for good."""
    seen, lacking = _observed(world, world.presence.sure_gaps["point"].unique())  # what comes back was not surely there between
    first = seen.group_by("point").agg(first=pl.col("at").min())
    lacked = lacking.join(first, on="point")
    lacked = lacked.with_columns(available=world.points["available"].gather(lacked["point"]))
    # Where no listing had it before, it only turned up late.
    lacked = lacked.filter((pl.col("at") > pl.col("first")) & (pl.col("at") >= pl.col("available")))
    back = seen.join(lacked.group_by("point").agg(lacked=pl.col("at").min()), on="point").filter(pl.col("at") > pl.col("lacked"))
    back = back.group_by("point").agg(begin=pl.col("at").min())
    told = world.points.select("catalog", end=world.presence.ends["possible_end"])[back["point"]]
    return pl.concat([back, told], how="horizontal").filter("catalog").select("point", "begin", "end").sort("point")


def _unlisted(world: World) -> pl.DataFrame:
    """Points that only jobs tell of, which the first complete listing of the repository lacks while they had to be there: until they no longer had to."""
    points = world.points.select(
        "captured", "expires", "deleted", "entry", "locator", "repository", "catalog", lacked=world.presence.ends["possible_end"]
    )
    rows = points.with_row_index("point").filter(~pl.col("catalog")).drop_nulls("captured")
    told = pl.min_horizontal(pl.col("expires").fill_null(FOR_EVER), pl.col("deleted").fill_null(FOR_EVER))
    rows = rows.filter((pl.col("lacked") < told) & (pl.col("lacked") > -FOR_EVER))
    kept = pl.repeat(None, rows.height, dtype=INT, eager=True)
    for name, term in world.keeps.items():
        numbers = world.repositories.filter(pl.col("name") == name)["repository"].unique()
        mine = rows["repository"].is_in(numbers.implode()).fill_null(value=False)
        kept = kept.zip_with(~mine, plus(rows["captured"], term, world.zone))
    return rows.select("point", "entry", "locator", begin="lacked", end=pl.coalesce("expires", kept)).drop_nulls("end")


def _disputed(world: World) -> pl.DataFrame:
    """Points that one complete listing has and another of the same instant lacks: until a complete listing of another instant speaks."""
    assert world.observations is not None
    names = {"entry": "lacks", "locator": "lacks_at", "against": "has", "against_at": "has_at"}
    return world.observations.disputed.select("point", "begin", "end", **names)


@dataclass(frozen=True, slots=True)
class _Counts:
    """How many points of a group complete listings have. events: `code`, `chain`, `at` (the listing's place), `instant`, `before` and `count` (before it and in it), `came`, `went`,
    `excused` (of those that went): only where any came or went. lost: `code`, `chain`, `point`, `at` of what went without a reason."""

    events: pl.DataFrame
    lost: pl.DataFrame


def _counts(world: World) -> _Counts:
    """Count once for all policies."""
    assert world.observations is not None
    stays = world.observations.stays()
    of_points = world.points.select("code", "subject", "expires", "deleted")[stays["point"]]
    rows = pl.concat([stays, of_points], how="horizontal").drop_nulls("code")
    gone = rows.drop_nulls("gone")
    known = ((pl.col("expires") <= pl.col("gone")) | (pl.col("deleted") <= pl.col("gone"))).fill_null(value=False)
    gone = gone.with_columns(explained=known | _pruned(world, gone))
    nothing = pl.lit(0, INT)
    events = pl.concat([
        rows.select("code", "chain", at="place", came=pl.lit(1, INT), went=nothing, excused=nothing, instant="since"),
        gone.select("code", "chain", at="stop", came=nothing, went=pl.lit(1, INT), excused=pl.col("explained").cast(INT), instant="gone"),
    ])  # fmt: skip
    events = events.group_by("code", "chain", "at").agg(pl.col("came", "went", "excused").sum(), pl.col("instant").first())
    events = events.sort("code", "chain", "at").with_columns(
        count=(pl.col("came") - pl.col("went")).cum_sum().over("code", "chain")
    )
    events = events.with_columns(before=pl.col("count") - pl.col("came") + pl.col("went"))
    return _Counts(events, gone.filter(~pl.col("explained")).select("code", "chain", "point", at="stop"))


def _shrunk(counts: _Counts, policy: PolicyVersion) -> pl.DataFrame:
    """Complete listings with much fewer points of a group than the one before: until there are as many again."""
    # Rounded: of 10 points, 3 are not fewer than 1 - 0.7 of them.
    least, events = ((1 - policy.objectives["contradiction"].lost) * pl.col("before")).round(6), counts.events
    losses = events.filter((pl.col("went") > 0) & (pl.col("count") + pl.col("excused") < least))
    if losses.is_empty():
        return pl.DataFrame(schema=BOTH)
    # Losses are few: each is held against all that came later in its chain.
    again = losses.select("code", "chain", "before", loss="at").join(
        events.select("code", "chain", "at", "count", "instant"), on=["code", "chain"]
    )
    again = again.filter((pl.col("at") > pl.col("loss")) & (pl.col("count") >= least))
    ends = again.group_by("code", "chain", "loss").agg(end=pl.col("instant").min())
    losses = losses.join(ends, left_on=["code", "chain", "at"], right_on=["code", "chain", "loss"], how="left")
    named = losses.join(counts.lost, on=["code", "chain", "at"])
    named = named.with_columns(begin="instant", end=pl.col("end").fill_null(FOR_EVER), entry=pl.lit(None), locator=pl.lit(None))
    return named.select((pl.col(name) if name in DENIED else pl.lit(None)).cast(kind).alias(name) for name, kind in BOTH.items())


def _pruned(world: World, gone: pl.DataFrame) -> pl.Series:
    """Say of points that went from one listing to the next (`pair`, `subject`, `before`, `gone`) whether a prune run ended well between the two."""
    asked = gone.select("pair", "subject", "before", "gone").with_row_index("row").sort("gone")
    found = []
    for by, prunes in (
        (["pair"], world.prunes.filter(pl.col("subject").is_null())),
        (["pair", "subject"], world.prunes.drop_nulls("subject")),
    ):
        last = asked.join_asof(prunes.select(*by, pruned="at"), left_on="gone", right_on="pruned", by=by, check_sortedness=False)
        found.append(last.filter(pl.col("pruned") > pl.col("before"))["row"])
    return pl.int_range(gone.height, eager=True).is_in(pl.concat(found).implode())
