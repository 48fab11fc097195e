"""Why: the points around a breach, and what would settle what is unproven. Asked after the controls, and only of what they found."""

from __future__ import annotations

import polars as pl

from audit.model.intervals import INT, islands, subtract
from audit.model.lives import Lives, cut
from audit.model.terms import FOR_EVER
from audit.model.world import World, live_stretches

EXACT_EXPOSURES = 10
"""Of so many breaches of a group, the longest, the exposure at the end is worked out."""

DOUBTS = ("presence", "job-only", "integrity", "chain")
"""Why a point may be live and is not surely: in the order of the numbers in the column `doubt` of points."""


def points_around(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return, for breaches (`row`, `code`, `begin`, `end`), the rows of the points around each: `row`, `before` (the newest one begun by then) and `after` (the
    first to begin at or after its end); null where there is none."""
    lives = next(iter(world.lives.values())).scalars
    known = (
        world.points.select("code", "restorable", "pair", "id")
        .with_columns(lives["begin"], possible=lives["possible_end"], gapped=lives["gapped"])
        .with_row_index("point")
    )
    known = known.filter(pl.col("code").is_in(breaches["code"].unique().implode()) & pl.col("restorable").is_not_null())
    known = known.filter((pl.col("begin") < pl.col("possible")) | pl.col("gapped")).sort("begin", "restorable", "pair", "id")
    newest = known.filter(pl.col("restorable") >= pl.col("restorable").cum_max().over("code"))
    before = breaches.select("row", "code", "begin").sort("begin").join_asof(
        newest.select("code", "begin", before="point"), on="begin", by="code", check_sortedness=False
    )  # fmt: skip
    after = breaches.select("row", "code", "end").sort("end").join_asof(
        known.select("code", end="begin", after="point"), on="end", by="code", strategy="forward", check_sortedness=False
    )  # fmt: skip
    return before.select("row", "before").join(after.select("row", "after"), on="row").sort("row")


def exposures(world: World, breaches: pl.DataFrame, policies_accept: bool) -> pl.DataFrame:
    """Return `row`, `exposure` (microseconds): how old the newest point live at the end of a breach was there; of the longest breaches of each group."""
    lives = world.lives[policies_accept]
    ranked = breaches.with_columns(rank=(pl.col("begin") - pl.col("end")).rank("ordinal").over("code"))
    found = []
    for rank in range(1, EXACT_EXPOSURES + 1):
        asked = ranked.filter(pl.col("rank") == rank)
        if asked.is_empty():
            break
        table = pl.repeat(None, world.groups.height, dtype=INT, eager=True).scatter(asked["code"], asked["end"] - 1)
        at = table.gather(world.points["code"])
        plain = lives.scalars.with_columns(at=at, code=world.points["code"], restorable=world.points["restorable"])
        live = plain.filter(~pl.col("gapped") & (pl.col("begin") <= pl.col("at")) & (pl.col("at") < pl.col("possible_end"))).select(
            "code", "restorable"
        )
        rows = lives.possible
        of_gapped = pl.DataFrame(
            {"code": world.points["code"].gather(rows["point"]), "restorable": world.points["restorable"].gather(rows["point"])}
        )
        inside = (rows["begin"] <= at.gather(rows["point"])) & (at.gather(rows["point"]) < rows["end"])
        live = pl.concat([live, of_gapped.filter(inside.fill_null(value=False))]).group_by("code").agg(pl.col("restorable").max())
        found.append(asked.join(live, on="code").select("row", exposure=pl.col("end") - pl.col("restorable")))
    return pl.concat(found) if found else pl.DataFrame(schema={"row": pl.UInt32, "exposure": INT})


def doubtful(world: World, accepts: bool, *, each: bool) -> pl.DataFrame:
    """Return when a point may live and does not surely: `code`, `pair`, `repository`, `doubt`, `begin`, `end`.

    each: of every point, as where each has to be kept; else only where no other point of its repository surely lives, as where one is enough.
    """
    lives, points, line = world.lives[accepts], world.points, world.line
    places = points.select("pair", "repository").unique("pair")
    count, kinds = int(places["pair"].max() or 0) + 1, len(DOUBTS)  # type: ignore[arg-type]
    group = (points["code"].cast(INT) * count + points["pair"]) * kinds + points["doubt"]
    if each:
        rows = _exceeding(lives)
        rows = rows.with_columns(group=group.gather(rows["point"])).drop_nulls("group")
        stretches = islands(rows.select(*line.put(pl.col("group"), pl.col("begin"), pl.col("end"))))
    else:
        always = pl.repeat(FOR_EVER, points.height, dtype=INT, eager=True)
        sure, possible = live_stretches(lives, line, group, -always, always)
        stretches = subtract(possible, sure)
    rows = line.get(stretches)
    place = pl.col("group") // kinds
    named = rows.select(
        code=place // count, pair=(place % count).cast(pl.Int32), doubt=pl.col("group") % kinds, begin="begin", end="end"
    )
    return named.join(places, on="pair", how="left").select("code", "pair", "repository", "doubt", "begin", "end")


def _exceeding(lives: Lives) -> pl.DataFrame:
    """Return when each point possibly lives and not surely: `point`, `begin`, `end`."""
    plain = lives.scalars.with_row_index("point").filter(~pl.col("gapped"))
    plain = plain.select("point", begin=pl.max_horizontal("begin", "sure_end"), end="possible_end").filter(
        pl.col("begin") < pl.col("end")
    )
    possible = lives.possible.with_row_index("row")
    numbered = possible.select("begin", "end", gapped=pl.lit(value=True))
    sure = (
        possible.select(pl.col("row").cast(pl.UInt32), "point")
        .join(lives.sure, on="point")
        .select(point="row", begin="begin", end="end")
    )
    holes = cut(numbered, "end", sure)
    return pl.concat([plain, holes.with_columns(point=possible["point"].gather(holes["point"]))])


def reasons(world: World, unproven: pl.DataFrame, doubts: pl.DataFrame, *, unseen: bool = True) -> pl.DataFrame:
    """Return, for unproven stretches (`row`, `code`, `begin`, `reach`: how old a point may be and still count, null: any age), `row`, `reason` (a message
    key) and the `repositories` and `pairs` whose evidence would settle it.

    Looked at where the stretch begins: what is in doubt there is what makes it unproven. unseen: whether points that nobody saw count for the control.
    """
    asked = unproven.select("row", pl.col("code").cast(INT), "reach", at="begin")
    hidden = world.unseen.select(pl.col("code").cast(INT), "pair", "repository", "begin", "end", "gone")
    maybe = _covering(asked if unseen else asked.clear(), hidden.with_columns(until="gone"), ["pair", "repository"])
    maybe = maybe.filter(pl.col("at") < pl.col("end").clip(upper_bound=FOR_EVER) + pl.col("reach").fill_null(FOR_EVER))
    last = pl.col("gone") >= FOR_EVER
    maybe = maybe.select(
        "row",
        "repository",
        "pair",
        key=pl.when(last & (pl.col("end") >= FOR_EVER)).then(pl.lit("no-listing-after")).otherwise(pl.lit("unseen")),
    )
    names = pl.Series(DOUBTS)
    doubted = _covering(asked, doubts.with_columns(until="end"), ["pair", "doubt"])
    doubted = doubted.select("row", "repository", "pair", key=names.gather(doubted["doubt"]))
    rows = pl.concat([maybe, doubted])
    grouped = rows.group_by("row").agg(
        pl.col("key").unique().sort(),
        pl.col("repository").unique().drop_nulls().sort(),
        pl.col("pair").unique().drop_nulls().sort(),
    )
    reason = pl.when(pl.col("key").list.len() == 1).then(pl.col("key").list.first()).otherwise(pl.lit("mixed"))
    return grouped.select("row", reason=reason, repositories="repository", pairs="pair", keys="key")


def _covering(asked: pl.DataFrame, stretches: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Return asked rows with those stretches [begin, until) of the same code that hold them; of each `by` group the latest to begin."""
    if asked.is_empty() or stretches.is_empty():
        return pl.concat([asked.clear(), stretches.clear().drop("code")], how="horizontal")
    kinds = stretches.select("code", *by).unique()
    every = asked.join(kinds, on="code").sort("at")
    found = every.join_asof(
        stretches.sort("begin"), left_on="at", right_on="begin", by=["code", *by], check_sortedness=False, allow_exact_matches=True
    )
    return found.filter(pl.col("begin").is_not_null() & (pl.col("at") < pl.col("until")))
