"""What keep rules oblige, and where it fails: shared by retention-minimum and retention-maximum (docs/definitions.md, section 9).

An *object* is a point, or a calendar bucket of a group with all points captured in it. A version of the policy makes of each object one stretch in which
it has to be live: from `since` to `until`, which depends on the world: where the object is not live when the version ends, the obligation goes on.
All instants are Int64 microseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from audit.controls._buckets import Bucketed, borders, bucket_objects
from audit.controls._monthly import unreached
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT, empty, islands, search
from audit.model.lives import Lives, cut
from audit.model.terms import FOR_EVER
from audit.model.world import Layer, World, plus

WORLDS = ("sure", "possible")
FAILURE = {
    "code": pl.UInt32, "point": pl.UInt32, "every": pl.String, "zone": pl.String,
    "opens": INT, "closes": INT, "deadline": INT, "begin": INT, "end": INT,
}  # fmt: skip


def keeps(policy: PolicyVersion) -> bool:
    """Say whether a policy version has keep rules."""
    return "keep" in policy.objectives


def obligations(world: World) -> dict[str, pl.DataFrame]:
    """Return where the obligations of all versions fail: by world (`sure`, `possible`), islands on the world's line."""
    failing: dict[str, list[pl.DataFrame]] = {name: [] for name in WORLDS}
    for whole in world.layers(keeps):
        for kept, layer in _of_versions(world, whole):
            bound = bound_objects(kept, layer)
            for name in WORLDS[:1] if kept.only_sure else WORLDS:
                failing[name].append(_failing(world, kept, bound, name))
    return {name: islands(pl.concat(parts)) if parts else empty() for name, parts in failing.items()}


def failures(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return what was not even possibly there during which breach (`row`, `code`, `begin`, `end`; of one code disjoint): `row` and the columns of `FAILURE`.

    point: of a rule for every point the one that was lost; else null, and `every`, `zone`, `opens`, `closes` say which calendar bucket had none. begin,
    end: when it was missing, also before and after the breach.
    """
    codes = breaches["code"].unique().implode()
    found = [pl.DataFrame(schema=FAILURE)]
    for whole in world.layers(keeps):
        part = Layer(whole.frame.filter(pl.col("code").is_in(codes)), whole.size)
        for kept, layer in _of_versions(world, part):
            if kept.only_sure:
                continue
            missing = when_missing(world, kept, bound_objects(kept, layer), "possible")
            about = kept.objects[missing["object"]].select("point", "opens", closes="since")
            named = about.with_columns(missing, every=pl.lit(kept.every, pl.String), zone=pl.lit(kept.zone, pl.String))
            found.append(named.select(pl.col(name).cast(kind) for name, kind in FAILURE.items()))
    failing, line = pl.concat(found), world.line
    asked = breaches.select("row", *line.put(pl.col("code"), pl.col("begin"), pl.col("end"))).sort("begin")
    placed = failing.select(*line.put(pl.col("code"), pl.col("begin"), pl.col("end")))
    first = search(asked["end"], placed["begin"], "right")
    last = search(asked["begin"], placed["end"], "left")
    inside = failing.with_columns(which=pl.int_ranges(first, last)).filter(pl.col("which").list.len() > 0).explode("which")
    return inside.select(*FAILURE, row=asked["row"].gather(inside["which"])).unique()


def outlives(world: World) -> tuple[pl.Series | None, pl.Series | None]:
    """Return, for each code, up to when obligations run on after retirement, and after a part went: while a copy may be left, or a deadline lies ahead. Null when nothing retired."""
    retired = world.segments.filter(pl.col("retired").is_not_null())["code"].unique()
    if retired.is_empty():
        return None, None
    ends = world.groups.select("asset", end=pl.max_horizontal(world.left_until(), _last_deadlines(world, retired)))
    # A retired asset is judged as long as anything of it is left, in any part; a part that went, as long as anything of that is.
    return ends.select(pl.col("end").max().over("asset"))["end"], ends["end"]


def _last_deadlines(world: World, codes: pl.Series) -> pl.Series:
    """Return, for each code, the last deadline of all obligations of some codes, also of those that begin after the period (null: none).

    Left out are buckets whose deadlines lie before the period, and those kept through all of it: there a copy is left.
    """
    last = pl.repeat(None, world.groups.height, dtype=INT, eager=True)
    mine = pl.col("code").is_in(codes.implode())
    # An asset may come back into service after the period: whole buckets of that time count as well, and the first is enough.
    serving = world.segments.filter(mine).select(pl.max_horizontal("begin", "in_service")).to_series().max()
    ahead = (world.points.filter(mine)["captured"].max(), serving)
    horizon = max(world.line.stop, *(instant for instant in ahead if isinstance(instant, int)))
    for whole in world.layers(keeps):
        for kept, layer in _of_versions(world, Layer(whole.frame.filter(mine), whole.size), horizon):
            latest = bound_objects(kept, layer).group_by("code").agg(pl.col("deadline").max())
            if latest.height:
                known = last.gather(latest["code"])
                last = last.scatter(latest["code"], pl.select(pl.max_horizontal(known, latest["deadline"])).to_series())
    return last


def _of_versions(world: World, whole: Layer, horizon: int | None = None) -> Iterator[tuple[Bucketed, Layer]]:
    """Yield the objects of each rule of each version in a layer, with the layer of that version alone. horizon: as in `bucket_objects`."""
    for part, lives in world.by_acceptance(whole):
        for index in part.policies():
            layer = part.only(index)
            for kept in _objects(world, layer, lives, world.policies[index], horizon):
                yield kept, layer


def _objects(world: World, layer: Layer, lives: Lives, policy: PolicyVersion, horizon: int | None) -> Iterator[Bucketed]:
    """Yield the objects of each rule of a version: all `every: point` rules as one, with the latest deadline."""
    rules = policy.objectives["keep"].root
    terms = [rule.term for rule in rules if rule.every == "point"]
    if terms:
        ends = [plus(world.points["captured"], term, policy.timezone) for term in terms]
        yield of_points(world, layer, lives, policy, ends, world.points["captured"].is_not_null())
    undated, may_live = world.undated(), None
    if undated.any():
        # Each may be of any bucket that opens by the latest instant at which it can have been captured, and all alone in it: then it has to stay.
        latest = world.latest()
        ends = [plus(_closed(latest.filter(undated), rule.every, policy.timezone), rule.term, policy.timezone) for rule in rules]
        nobody = pl.repeat(None, len(latest), dtype=INT, eager=True)
        spread = [nobody.clone().scatter(undated.arg_true(), end) for end in ends]
        yield replace(of_points(world, layer, lives, policy, spread, undated), only_sure=True)
        rows = lives.rows("possible", undated)
        may_live = rows.select("begin", "end", code=world.points["code"].gather(rows["point"]), latest=latest.gather(rows["point"]))
    for rule in rules:
        if rule.every != "point":
            yield replace(bucket_objects(world, layer, lives, policy, rule.every, rule.term, horizon), undated=may_live)


def of_points(world: World, layer: Layer, lives: Lives, policy: PolicyVersion, ends: list[pl.Series], some: pl.Series) -> Bucketed:
    """Return points that each have to stay by themselves, up to the latest of several ends. some: Boolean for each point; only these."""
    points, begin = world.points, lives.scalars["begin"]
    since = pl.when(points["catalog"]).then(pl.max_horizontal(points["first_sighting"], begin)).otherwise(begin)
    mine = layer.of(points["code"], "policy").is_not_null() & some & (begin < FOR_EVER)
    ever = (lives.scalars["begin"] < lives.scalars["possible_end"]) & ~lives.scalars["gapped"]
    ever = ever.scatter(lives.possible["point"].unique(), values=True) if lives.possible.height else ever
    objects = pl.DataFrame({"code": points["code"], "exists": mine & ever, "ever": ever}).with_columns(
        since=since, deadline=pl.max_horizontal(ends), point=pl.int_range(pl.len(), dtype=pl.UInt32), opens=pl.lit(None, INT)
    )
    return Bucketed(objects, lives, lives.possible, None, policy.timezone)


def _closed(captured: pl.Series, every: str, zone: str) -> pl.Series:
    """Return when the buckets end in which points were captured; of `point` their own instants."""
    if every == "point" or captured.null_count() == len(captured):
        return captured
    edges = pl.Series(borders(every, zone, int(captured.min()), int(captured.max())), dtype=INT)  # type: ignore[arg-type]
    return edges.gather(edges.search_sorted(captured, side="right").clip(0, len(edges) - 1))


def bound_objects(kept: Bucketed, layer: Layer) -> pl.DataFrame:
    """Return the objects that a version binds: `object`, `code`, `since` (of the obligation), `stop` (the version's end), `deadline`."""
    frame = kept.objects.with_row_index("object").with_columns(
        start=layer.of(kept.objects["code"], "begin"), stop=layer.of(kept.objects["code"], "end")
    )
    frame = frame.filter("exists")
    old = frame["since"] < frame["start"]
    if old.any():
        alive = live_at(kept.seen, frame.select("object", at="start"), "possible")
        frame = frame.filter(~old | alive)
    frame = frame.filter(pl.col("since") < pl.col("stop"))
    return frame.select("object", "code", "stop", "deadline", since=pl.max_horizontal("since", "start"))


def _failing(world: World, kept: Bucketed, bound: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return, as islands on the world's line, where bound objects fail in a world."""
    stretches = when_missing(world, kept, bound, name)
    if name == "sure" or kept.undated is None or stretches.is_empty():
        return world.on_line(stretches)
    # What opened last of all that is missing is missed all the same, unless a point of unknown capture time lives that may have been captured by then or later.
    come = stretches.select(
        pl.col("code").cast(INT).alias("group"), "begin", "end", order=kept.objects["opens"].gather(stretches["object"])
    )
    there = kept.undated.select(pl.col("code").cast(INT).alias("group"), "begin", "end", order="latest")
    return world.on_line(unreached(world, come, there, world.groups.height).rename({"group": "code"}))


def when_missing(world: World, kept: Bucketed, bound: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return when bound objects are not live in a world and should be, from `since` to the deadline, or to the end of the version's hold on them: `object`,
    `code`, `deadline`, `begin`, `end`."""
    lives = kept.seen if name == "sure" else Lives(kept.seen.scalars, kept.seen.sure, kept.possible)
    needed = bound.with_columns(until=_until(world, kept, lives, bound, name)).filter(
        (pl.col("since") < pl.col("until")) & (pl.col("since") < world.line.stop) & (pl.col("until") > world.line.start)
    )
    told = ("object", "code", "deadline")
    life = lives.scalars[needed["object"]]
    frame = needed.with_columns(begin=life["begin"], end=life[f"{name}_end"], gapped=life["gapped"])
    plain = frame.filter(~pl.col("gapped"))
    early = plain.select(*told, begin="since", end=pl.min_horizontal("until", "begin"))
    late = plain.select(*told, begin=pl.max_horizontal("since", "end"), end="until")
    gapped = frame.filter("gapped")
    numbered = gapped.select(begin="since", end="until", gapped=pl.lit(value=True))
    rows = lives.sure if name == "sure" else kept.possible
    local = gapped.select("object", point=pl.int_range(pl.len(), dtype=pl.UInt32))
    holes = cut(numbered, "end", rows.rename({"point": "object"}).join(local, on="object").select("point", "begin", "end"))
    holes = gapped.select(told)[holes["point"]].with_columns(holes.select("begin", "end"))
    return pl.concat([early, late, holes]).filter(pl.col("begin") < pl.col("end"))


def _until(world: World, kept: Bucketed, lives: Lives, bound: pl.DataFrame, name: str) -> pl.Series:
    """Return when an obligation ends: at the deadline; or at the version's end if the object is live there; else at the start of the next version at which it is."""
    ends = pl.select(pl.min_horizontal(bound["stop"], bound["deadline"])).to_series()
    open_ended = (bound["stop"] < bound["deadline"]) & (bound["stop"] < world.line.stop)
    if not open_ended.any():
        return ends
    some = bound.with_columns(row=pl.int_range(pl.len(), dtype=pl.UInt32)).filter(open_ended)
    held = _stands(kept, lives, some.select("object", "code", at="stop"), name)
    some = some.filter(~held).with_columns(until="deadline")
    starts = _version_starts(world)
    later = (
        some.select("row", "object", "code", "stop", "deadline")
        .join(starts, on="code")
        .filter((pl.col("start") > pl.col("stop")) & (pl.col("start") < pl.col("deadline")))
    )
    back = (
        later.filter(_stands(kept, lives, later.select("object", "code", at="start"), name))
        .group_by("row")
        .agg(pl.col("start").min())
    )
    some = some.join(back, on="row", how="left", maintain_order="left")
    return ends.scatter(some["row"], some.select(pl.coalesce("start", "deadline")).to_series()) if some.height else ends


def _stands(kept: Bucketed, lives: Lives, asked: pl.DataFrame, name: str) -> pl.Series:
    """Say for each row of asked (`object`, `code`, `at`) whether the object is live at that instant in a world; in the possible one also by a point of unknown capture time."""
    held = live_at(lives, asked.select("object", "at"), name)
    if name == "sure" or kept.undated is None or asked.is_empty():
        return held
    there = asked.select("code", "at").unique().join(kept.undated, on="code")
    there = there.filter((pl.col("begin") <= pl.col("at")) & (pl.col("at") < pl.col("end")))
    newest = asked.join(
        there.group_by("code", "at").agg(pl.col("latest").max()), on=["code", "at"], how="left", maintain_order="left"
    )
    return held | (newest["latest"] >= kept.objects["opens"].gather(asked["object"])).fill_null(value=False)


def _version_starts(world: World) -> pl.DataFrame:
    """Return `code`, `start`: when each policy version takes force for each group."""
    rows = world.segments.filter(pl.col("policy").is_not_null())
    fresh = (
        (pl.col("code") != pl.col("code").shift(1))
        | (pl.col("policy") != pl.col("policy").shift(1))
        | (pl.col("begin") != pl.col("end").shift(1))
    )
    return rows.filter(fresh.fill_null(value=True)).select("code", start="begin")


def live_at(lives: Lives, asked: pl.DataFrame, name: str) -> pl.Series:
    """Say for each row of asked (`object`, `at`) whether the object is live at that instant in a world."""
    life = lives.scalars[asked["object"]]
    plain = (
        pl.select(~life["gapped"] & (life["begin"] <= asked["at"]) & (asked["at"] < life[f"{name}_end"]))
        .to_series()
        .fill_null(value=False)
    )
    rows = (lives.sure if name == "sure" else lives.possible).rename({"point": "object"})
    if rows.is_empty() or not life["gapped"].any():
        return plain
    numbered = asked.with_row_index("row").filter(life["gapped"])
    hit = (
        numbered.join(rows, on="object").filter((pl.col("begin") <= pl.col("at")) & (pl.col("at") < pl.col("end")))["row"].unique()
    )
    return plain.scatter(hit, values=True) if len(hit) else plain
