"""Why: the points around a breach, and what would settle what is unproven. Asked after the controls, and only of what they found."""

from __future__ import annotations

import polars as pl

from audit.model.intervals import AFTER_ALL, BEFORE_ALL, INT, highest, islands, search, subtract
from audit.model.lives import Lives, cut
from audit.model.terms import FOR_EVER
from audit.model.world import World, live_stretches

DOUBTS = ("presence", "job-only", "integrity", "chain", "capture-unknown")
"""Why a point may be live and is not surely: in the order of the numbers in the column `doubt` of points. The last one only in the world of `World.at_latest`."""


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
    """Return `row`, `exposure` (microseconds) of breaches (`row`, `code`, `begin`, `end`): the most work that a failure in it would have lost, t less the
    newest capture that may have been live at t, over all t of the breach. A breach in which nothing was live for a while has no such number, and no row.

    Between two instants at which a point becomes live the exposure only grows: it is largest just before one of them, or at the end.
    """
    line = world.line
    live = _possibly_live(world, breaches["code"].unique(), policies_accept)
    asked = breaches.select("row", "code", *line.put(pl.col("code"), pl.col("begin"), pl.col("end")), until="end")
    # Of each life, the last breach that begins by its own begin, and the next one: most lives hold no instant of a breach.
    breached = islands(asked.select("begin", "end"))
    place = search(breached["begin"], live["begin"], "right")
    last_end = pl.concat([pl.Series([BEFORE_ALL], dtype=INT), breached["end"]]).gather(place)
    next_begin = pl.concat([breached["begin"], pl.Series([AFTER_ALL], dtype=INT)]).gather(place)
    starts = live["begin"].filter(live["begin"] < last_end)
    live = live.filter((live["begin"] < last_end) | (live["end"] > next_begin))
    starts = starts.unique().sort()
    first = search(starts, asked["begin"], "right")
    last = search(starts, asked["end"], "left")
    inside = asked.with_columns(start=pl.int_ranges(first, last)).filter(first < last).explode("start")
    inside = inside.with_columns(at=starts.gather(inside["start"]))
    # Positions run with the instants of one code: how far before the end a position is, is how long before `until` it is.
    tops = pl.concat([
        inside.select("row", position=pl.col("at") - 1, instant=pl.col("until") - pl.col("end") + pl.col("at")),
        asked.select("row", position=pl.col("end") - 1, instant="until"),
    ]).sort("position")  # fmt: skip
    # Laid end to end like the positions, captures too grow along the line.
    since, apart = _apart(live)
    laid = live.select("begin", "end", captured=pl.col("restorable") - since + pl.col("code") * apart)
    newest = highest(laid, tops["position"], "captured")
    lost = tops.select("row", exposure=pl.col("instant") - since - newest + pl.col("position") // line.pitch * apart)
    if inside.is_empty():
        return lost.drop_nulls()
    several = lost.join(inside, on="row", how="semi").group_by("row")
    worst = several.agg(pl.col("exposure").max(), endless=pl.col("exposure").null_count() > 0)
    once = lost.join(inside, on="row", how="anti").drop_nulls()
    return pl.concat([once, worst.filter(~pl.col("endless")).select("row", "exposure")])


def _possibly_live(world: World, codes: pl.Series, policies_accept: bool) -> pl.DataFrame:
    """Return when points of some groups may have been live, and no newer one of the group that was there as long: `begin`, `end` (on the line), `code`, `restorable`."""
    lives = world.lives[policies_accept]
    points = world.points.select(pl.col("code").cast(INT), "restorable")
    plain = pl.concat([lives.scalars, points], how="horizontal").lazy().filter(~pl.col("gapped"))
    gapped = pl.concat(
        [lives.possible.select("begin", possible_end="end"), points[lives.possible["point"]]], how="horizontal"
    ).lazy()
    placed = [*world.line.put(pl.col("code"), pl.col("begin"), pl.col("possible_end")), "code", "restorable"]
    asked = pl.col("code").is_in(codes.cast(INT).implode()) & pl.col("restorable").is_not_null()
    not_empty = pl.col("begin") < pl.col("end")
    rows = pl.concat([rows.filter(asked).select(placed).filter(not_empty) for rows in (plain, gapped)])
    # What the next row outlives and is not newer than is looked at no more once that is there.
    next_row = {name: pl.col(name).shift(-1) for name in ("begin", "end", "restorable")}
    outlived = (next_row["end"] >= pl.col("end")) & (next_row["restorable"] >= pl.col("restorable"))
    shown = pl.when(outlived).then(pl.min_horizontal("end", next_row["begin"])).otherwise("end")
    return rows.with_columns(end=shown).filter(not_empty).collect()


def _apart(live: pl.DataFrame) -> tuple[int, int]:
    """Return the first capture, and how far apart the first of two neighbouring codes can be laid: beyond all captures of one, where 64 bits have room for that, else at one place."""
    if live.is_empty():
        return 0, 0
    since, last, code = live.select(pl.col("restorable").min(), last=pl.col("restorable").max(), code=pl.col("code").max()).row(0)
    apart = last - since + 1
    return since, apart if apart * (code + 1) < AFTER_ALL else 0


def doubtful(world: World, accepts: bool, *, each: bool, reach: int | None = None) -> pl.DataFrame:
    """Return when a point may live and does not surely: `code`, `pair`, `repository`, `doubt`, `begin`, `end`.

    each: of every point, as where each has to be kept; else only where no other point of its repository surely lives, as where one is enough. reach: how old
    a point may be and still count, in microseconds (null: any age); an older one is in nobody's way.
    """
    lives, points, line = world.lives[accepts], world.points, world.line
    places = points.select("pair", "repository").unique("pair")
    count, kinds = int(places["pair"].max() or 0) + 1, len(DOUBTS)  # type: ignore[arg-type]
    group = (points["code"].cast(INT) * count + points["pair"]) * kinds + points["doubt"]
    if each:
        rows = exceeding(lives)
        rows = rows.with_columns(group=group.gather(rows["point"])).drop_nulls("group")
        stretches = islands(rows.select(*line.put(pl.col("group"), pl.col("begin"), pl.col("end"))))
    else:
        always = pl.repeat(FOR_EVER, points.height, dtype=INT, eager=True)
        until = always if reach is None else points["captured"] + reach
        sure, possible = live_stretches(lives, line, group, -always, until)
        stretches = subtract(possible, sure)
    rows = line.get(stretches)
    place = pl.col("group") // kinds
    named = rows.select(
        code=place // count, pair=(place % count).cast(pl.Int32), doubt=pl.col("group") % kinds, begin="begin", end="end"
    )
    return named.join(places, on="pair", how="left").select("code", "pair", "repository", "doubt", "begin", "end")


def exceeding(lives: Lives) -> pl.DataFrame:
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
    key), the `repositories` and `pairs` whose evidence would settle it, and all `keys`. doubts: as `doubtful` says, with the `reach` each was asked for.

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
    doubted = [
        _covering(asked.filter(pl.col("reach").eq_missing(reach)), rows.drop("reach").with_columns(until="end"), ["pair", "doubt"])
        for (reach,), rows in doubts.group_by("reach")
    ]
    told = [rows.select("row", "repository", "pair", key=names.gather(rows["doubt"])) for rows in doubted]
    return _grouped(pl.concat([maybe, *told]))


def reasons_told(unproven: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Return the same for a control that itself says what is in doubt, and when (told: `code`, `pair`, `repository`, `key`, `begin`, `end`)."""
    asked = unproven.select("row", pl.col("code").cast(INT), at="begin")
    told = told.with_columns(pl.col("code").cast(INT), until="end")
    found = _covering(asked, told, ["pair", "key"])
    return _grouped(found.select("row", "repository", "pair", "key"))


def _grouped(rows: pl.DataFrame) -> pl.DataFrame:
    """Make one reason of all that is in doubt in each row."""
    grouped = rows.group_by("row").agg(
        pl.col("key").unique().sort(),
        pl.col("repository").unique().drop_nulls().sort(),
        pl.col("pair").unique().drop_nulls().sort(),
    )  # fmt: skip
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
