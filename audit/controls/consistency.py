"""Consistency: what belongs together can be restored to one moment (design 5, "consistency").

The assets of one promise are a *team*, its groups the *members*. Each member has *items*: states that can be restored, of the instants `low` to `high`, while they
live. A team can be restored at t when one window as long as the skew meets an item of every member. A window that does can be moved back until it ends at the
latest `low` of its items; so it is enough to look at windows that end at the `low` of some item, the *anchors*, and each item lies in the windows of a range of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
from pydantic import Field, field_validator

from audit.controls._each import versions
from audit.controls._objectives import Assets, Length, LengthOrAny, Objective
from audit.controls._weaker import Shortfall, shorter, weaker
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT, Line, at_least, empty, highest, intersect, islands, subtract, union
from audit.model.terms import FOR_EVER, Term
from audit.model.world import Layer, Outcome, World, plus


class RecoverWith(Objective):
    """`recover_with: {assets: [im-permissions], skew: 15m, max_age: any}`."""

    assets: Assets
    skew: Length = Field(description="how far the states restored may lie apart at the most")
    max_age: LengthOrAny = Field(None, description="how old a state may be and still count; `any`, or nothing, for no limit")

    @field_validator("skew")
    @classmethod
    def _exact(cls, term: Term) -> Term:
        if term.months:
            raise ValueError(f"a skew is an exact length, such as 15m, 24h or 30d, not {term}")
        return term

    def weaker_than(self, least: RecoverWith, zone: str) -> Iterator[Shortfall]:
        """Yield in what it names fewer assets, or lets their states lie further apart or be older."""
        yield from weaker("assets", self.assets, least.assets, not set(least.assets) <= set(self.assets))
        yield from weaker("skew", self.skew, least.skew, shorter([least.skew], [self.skew], zone))
        if least.max_age is not None:
            answer = True if self.max_age is None else shorter([least.max_age], [self.max_age], zone)
            yield from weaker("max_age", self.max_age, least.max_age, answer)


OBJECTIVES = {"recover_with": RecoverWith}
ASKS_WHEN_CAPTURED = True
UNKNOWN = "companion-unknown"
"""Why it is unproven while of one of the members there is no evidence at all."""
NOTHING = -1
"""The pair and the repository of what hangs on none."""
ROWS = 500_000
"""How many rows (an item in the window of an anchor) are laid out at a time."""
AT_A_TIME = 1000
"""How many teams are worked on at a time."""
ITEM = {
    "team": INT,
    "code": INT,
    "low": INT,
    "high": INT,
    "begin": INT,
    "end": INT,
    "hidden": pl.Boolean,
    "pair": pl.Int32,
    "repository": pl.Int32,
    "key": pl.String,
}

STRETCHES = {"team": INT, "pair": pl.Int32, "repository": pl.Int32, "key": pl.String, "begin": INT, "end": INT}


def _applies(policy: PolicyVersion) -> bool:
    return "recover_with" in policy.objectives


def evaluate(world: World) -> list[Outcome]:
    """Judge every group whose policy names others: breached while no set of states that may exist, one of each member, lies within the skew."""
    outcomes = []
    for whole in world.layers(_applies):
        judged, grace = world.judged(whole)
        sure, possible = empty(), empty()
        for layer, policy in versions(world, whole):
            for teams in Teams.of(world, layer, policy):
                sure = union(sure, teams.by_code(world, _together(world, teams, teams.items(world, ("sure",)))))
                possible = union(
                    possible, teams.by_code(world, _together(world, teams, teams.items(world, ("possible", "unseen"))))
                )
                # Of an asset without any evidence nothing is known, not even that nothing is there.
                possible = union(possible, teams.by_code(world, teams.dark(world)))
        breached = subtract(judged, possible)
        outcomes.append(world.outcome(whole, None, judged, grace, breached, subtract(subtract(judged, sure), breached)))
    return outcomes


@dataclass(frozen=True, slots=True)
class Teams:
    """Some of the teams of a layer under one policy version, by number (`team`).

    judged: `team`, `code`, `low`, `high`: the groups judged, with the segment. members: `team`, `code`, `low`, `high`. needed: `team`, `need`, `dark` (Boolean: of some
    member there is no evidence).
    """

    policy: PolicyVersion
    judged: pl.DataFrame
    members: pl.DataFrame
    needed: pl.DataFrame

    @classmethod
    def of(cls, world: World, layer: Layer, policy: PolicyVersion) -> Iterator[Teams]:
        """Yield the teams of a layer, some at a time."""
        groups = world.groups.select(pl.col("code").cast(INT), "asset")
        mine = layer.frame.select(pl.col("code").cast(INT), since="begin", until="end").join(groups, on="code")
        named = groups.filter(pl.col("asset").is_in(policy.objectives["recover_with"].assets))
        absent = len(set(policy.objectives["recover_with"].assets) - set(named["asset"])) > 0
        there = world.segments.filter("there").select(pl.col("code").cast(INT), "begin", "end")
        for some in _pieces(world, mine, named).iter_slices(AT_A_TIME):
            judged = mine.join(some, on=["asset", "since", "until"]).select("team", "code", "low", "high")
            spans = some.select("team", "asset", "low", "high")
            every = [spans.join(groups, on="asset"), spans.join(named.select("code"), how="cross")]
            members = pl.concat([rows.select(judged.columns) for rows in every]).unique(["team", "code"])
            # A part that is not declared then is no member.
            members = members.join(there, on="code").filter((pl.col("begin") <= pl.col("low")) & (pl.col("low") < pl.col("end")))
            members = members.select(judged.columns).sort("team", "code")
            dark = pl.col("code").is_in(world.blind.cast(INT).implode()).any() | absent
            yield cls(policy, judged, members, members.group_by("team").agg(need=pl.len(), dark=dark).sort("team"))

    def by_code(self, world: World, rows: pl.DataFrame) -> pl.DataFrame:
        """Return what holds for teams (`team`, `begin`, `end`) as islands of the groups judged."""
        rows = rows.join(self.judged.select("team", "code"), on="team")
        return world.on_line(rows)

    def dark(self, world: World) -> pl.DataFrame:
        """Return the whole time of teams that have a member of which there is no evidence: `team`, `begin`, `end`."""
        spans = self.judged.select(
            "team", begin=pl.col("low").clip(world.line.start), end=pl.col("high").clip(upper_bound=world.line.stop)
        )
        return spans.unique("team").join(self.needed.filter("dark"), on="team", how="semi")

    def items(self, world: World, kinds: tuple[str, ...]) -> pl.DataFrame:
        """Return what the members can be restored from (ITEM), by `sure` and `possible` points and `unseen` ones. `key`: why it is not sure that it is there."""
        found = [pl.DataFrame(schema=ITEM)]
        found += [self._unseen(world) if kind == "unseen" else self._points(world, kind) for kind in kinds]
        rows = pl.concat([frame.select(pl.col(name).cast(kind) for name, kind in ITEM.items()) for frame in found])
        rows = rows.join(self.members, on=["team", "code"], suffix="_of")
        limits = [rows["end"], rows["high_of"]]
        if (age := self.policy.objectives["recover_with"].max_age) is not None:
            limits.append(plus(rows["high"] + rows["hidden"].cast(INT), age, self.policy.timezone))
        rows = rows.with_columns(begin=pl.max_horizontal("begin", "low_of"), end=pl.min_horizontal(limits))
        inside = (pl.col("begin") < pl.col("end")) & (pl.col("begin") < world.line.stop) & (pl.col("end") > world.line.start)
        return rows.filter(inside).select(ITEM.keys())

    def _points(self, world: World, kind: str) -> pl.DataFrame:
        """A continuous backup restores its first and its last instant for sure, and possibly each between."""
        points = world.points.select(
            pl.col("code").cast(INT),
            "pair",
            "repository",
            # At any instant by then, where nobody told when it was captured.
            low=pl.col("captured") if world.dated else pl.when("undated").then(pl.lit(-FOR_EVER, INT)).otherwise("captured"),
            high=pl.max_horizontal("captured", "restorable"),
            hidden=pl.lit(value=False),
        )
        mine = points["code"].is_in(self.members["code"].unique().implode()).fill_null(value=False)
        lives = world.lives_of(self.policy).rows(kind)
        lives = lives.filter(mine.gather(lives["point"]))
        rows = pl.concat([points[lives["point"]], lives.select("begin", "end")], how="horizontal")
        rows = rows.with_columns(
            key=pl.lit(None, pl.String) if kind == "sure" else world.points["doubt"].gather(lives["point"]).cast(pl.String)
        )
        if kind == "sure":
            long = rows.filter(pl.col("low") < pl.col("high"))
            rows = pl.concat([rows.with_columns(high="low"), long.with_columns(low="high")])
        return rows.join(self.members.select("team", "code"), on="code")

    def _unseen(self, world: World) -> pl.DataFrame:
        rows = world.unseen.select(
            pl.col("code").cast(INT), "pair", "repository", "begin", low="begin", high=pl.col("end") - 1, end="gone", hidden=pl.lit(value=True),
            key=pl.when(pl.col("gone") >= FOR_EVER).then(pl.lit("no-listing-after")).otherwise(pl.lit("unseen")),
        )  # fmt: skip
        return rows.join(self.members.select("team", "code"), on="code")


def _pieces(world: World, mine: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """Return the stretches of the assets judged in which their members stay the same: `team` (their number), `asset`, `since`, `until` (of the segment), `low`, `high`.

    mine: `code`, `asset`, `since`, `until`. named: `code`, `asset` of the others."""
    spans = mine.select("asset", "since", "until").unique().with_columns(low="since")
    comes = pl.col("there") != pl.col("there").shift(1).over("code")
    changes = world.segments.filter(comes.fill_null(value=False)).select(pl.col("code").cast(INT), at="begin")
    own = changes.join(mine.select("code", "asset").unique(), on="code").select("asset", "at")
    others = changes.join(named.select("code"), on="code", how="semi").select("at").join(mine.select("asset").unique(), how="cross")
    borders = pl.concat([own, others.select("asset", "at")]).unique()
    inner = spans.join(borders, on="asset").filter((pl.col("at") > pl.col("since")) & (pl.col("at") < pl.col("until")))
    rows = pl.concat([spans, inner.select("asset", "since", "until", low="at")]).sort("asset", "since", "low")
    rows = rows.with_columns(high=pl.coalesce(pl.col("low").shift(-1).over("asset", "since", "until"), "until"))
    return rows.with_row_index("team").with_columns(pl.col("team").cast(INT))


@dataclass(frozen=True, slots=True)
class Laid:
    """Items laid out by the anchors in whose windows they lie. anchors: the `team` and the members it needs (`need`) of each, in order of number. rows: as ITEM, with
    `anchor` (number) and `member` (number); line: of the anchors times the members."""

    anchors: pl.DataFrame
    rows: pl.DataFrame
    members: int
    line: Line

    def available(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return when a member can be restored to an anchor's window, as islands of anchors and members."""
        group = pl.col("anchor") * self.members + pl.col("member")
        return islands(rows.select(*self.line.put(group, pl.col("begin"), pl.col("end"))))

    def together(self) -> pl.DataFrame:
        """Return when all members can be, as islands of anchors."""
        each = self.line.get(self.available(self.rows)).with_columns(anchor=pl.col("group") // self.members)
        each = each.select("anchor", *self.line.put(pl.col("anchor"), pl.col("begin"), pl.col("end")))
        return at_least(each.select("begin", "end", need=self.anchors["need"].gather(each["anchor"])))

    def doubtful(self) -> pl.DataFrame:
        """Return when, in windows in which a set may exist, a member has only what is not sure (STRETCHES). rows: the sure items too."""
        sure, perhaps = self.rows.filter(pl.col("key").is_null()), self.rows.filter(pl.col("key").is_not_null())
        sets = self.line.get(Laid(self.anchors, perhaps, self.members, self.line).together(), "anchor")
        by = ["anchor", "member", "pair", "repository", "key"]
        found = [pl.DataFrame(schema=STRETCHES)]
        kinds = perhaps.join(sets.select("anchor").unique(), on="anchor", how="semi").select(by).unique().sort(by)
        for some in kinds.iter_slices(self.line.capacity):
            numbered = some.with_row_index("kind")

            def on_line(rows: pl.DataFrame, keys: list[str], numbered: pl.DataFrame = numbered) -> pl.DataFrame:
                rows = numbered.join(rows.select(*keys, "begin", "end"), on=keys)
                return islands(rows.select(*self.line.put(pl.col("kind"), pl.col("begin"), pl.col("end"))))

            left = subtract(on_line(perhaps, by), on_line(sure, ["anchor", "member"]))
            left = self.line.get(intersect(left, on_line(sets, ["anchor"])), "kind")
            named = some[left["kind"]].with_columns(left["begin"], left["end"])
            found.append(named.select(self.anchors["team"].gather(named["anchor"]), *list(STRETCHES)[1:]))
        return pl.concat(found)


def _together(world: World, teams: Teams, items: pl.DataFrame) -> pl.DataFrame:
    """Return when each team can be restored from items: `team`, `begin`, `end`."""
    found = [pl.DataFrame(schema={"team": INT, "begin": INT, "end": INT})]
    for laid in _laid_out(world, teams, items):
        rows = laid.line.get(laid.together(), "anchor")
        found.append(rows.select(team=laid.anchors["team"].gather(rows["anchor"]), begin="begin", end="end"))
    return pl.concat(found)


def _laid_out(world: World, teams: Teams, items: pl.DataFrame) -> Iterator[Laid]:
    """Yield items with the anchors of their windows, some anchors at a time."""
    skew, time = teams.policy.objectives["recover_with"].skew.microseconds, Line(-FOR_EVER, FOR_EVER)
    anchors = items.select("team", at="low").unique().sort("team", "at").join(teams.needed.select("team", "need"), on="team")

    def place(team: pl.Expr, at: pl.Expr) -> pl.Expr:
        return time.put(team, at, at)[0].alias("place")

    anchors = anchors.sort("team", "at")
    places = anchors.select(place(pl.col("team"), pl.col("at")))["place"]
    first = places.search_sorted(items.select(place(pl.col("team"), pl.col("low")))["place"], side="left").cast(INT)
    after = places.search_sorted(items.select(place(pl.col("team"), pl.col("high") + skew))["place"], side="right").cast(INT)
    slots = teams.members.select("team", "code", member=(pl.int_range(pl.len()).over("team")).cast(INT))
    most = int(teams.needed["need"].max() or 0)  # type: ignore[arg-type]
    line = Line(world.line.start, world.line.stop)
    at_once = line.capacity // max(most, 1)
    if at_once < 1:
        raise ValueError(f"{most} groups that are to be recovered together are too many for a period of this length")
    items = items.with_columns(first=first, after=after).join(slots, on=["team", "code"])
    for low, high in _slices(items, anchors.height, at_once):
        mine = items.filter((pl.col("first") < high) & (pl.col("after") > low))
        span = pl.int_ranges(pl.max_horizontal("first", pl.lit(low)), pl.min_horizontal("after", pl.lit(high)))
        rows = mine.with_columns(anchor=span).drop("first", "after").explode("anchor")
        # What was captured unseen is in the window from when it can have been captured there.
        opens = anchors["at"].gather(rows["anchor"]) - skew
        rows = rows.with_columns(
            begin=pl.when("hidden").then(pl.max_horizontal("begin", opens)).otherwise("begin"), anchor=pl.col("anchor") - low
        )
        yield Laid(anchors.slice(low, high - low), rows.filter(pl.col("begin") < pl.col("end")), most, line)


def _slices(items: pl.DataFrame, anchors: int, at_once: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of anchors, each with about ROWS rows at the most."""
    steps = pl.concat([items.select(anchor="first", step=pl.lit(1, INT)), items.select(anchor="after", step=pl.lit(-1, INT))])
    steps = steps.group_by("anchor").agg(pl.col("step").sum())
    rows = pl.DataFrame({"anchor": pl.int_range(anchors, dtype=INT, eager=True)}).join(
        steps, on="anchor", how="left", maintain_order="left"
    )
    load = rows["step"].fill_null(0).cum_sum().cum_sum()
    for _, some in rows.select("anchor", slice=load // ROWS).group_by("slice", maintain_order=True):
        for part in some["anchor"].to_frame().iter_slices(at_once):
            yield int(part["anchor"][0]), int(part["anchor"][-1]) + 1


def doubts(world: World, names: tuple[str, ...]) -> pl.DataFrame:
    """Return what makes the control unproven, and when; see `_each.doubts`."""
    found = [pl.DataFrame(schema={"code": INT, **dict(list(STRETCHES.items())[1:])})]
    for whole in world.layers(_applies):
        for layer, policy in versions(world, whole):
            for teams in Teams.of(world, layer, policy):
                items = teams.items(world, ("sure", "possible", "unseen"))
                hanging = [laid.doubtful() for laid in _laid_out(world, teams, items)]
                nothing = pl.lit(NOTHING, pl.Int32)
                dark = teams.dark(world).with_columns(pair=nothing, repository=pl.lit(None, pl.Int32), key=pl.lit(UNKNOWN))
                told = pl.concat([*hanging, dark.select(STRETCHES.keys())]).join(teams.judged.select("team", "code"), on="team")
                found.append(told.select(found[0].columns))
    every = pl.concat(found)
    by = ["code", "pair", "repository", "key"]
    kinds = every.select(by).unique().sort(by)
    line, made = Line(world.line.start, world.line.stop), [found[0]]
    for some in kinds.iter_slices(line.capacity):
        rows = some.with_row_index("kind").join(every, on=by, nulls_equal=True)
        joined = line.get(islands(rows.select(*line.put(pl.col("kind"), pl.col("begin"), pl.col("end")))), "kind")
        made.append(some[joined["kind"]].with_columns(joined["begin"], joined["end"]).select(found[0].columns))
    words = {str(number): name for number, name in enumerate(names)}
    return pl.concat(made).with_columns(pl.col("key").replace(words))


def members(world: World, stretches: pl.DataFrame) -> pl.DataFrame:
    """Return the groups that have to be recovered together in stretches (`row`, `code`, `policy`): `row`, `code`."""
    assets = world.groups.select("code", "asset")
    own = stretches.select("row", "code").join(assets, on="code").join(assets.rename({"code": "member"}), on="asset")
    found = [own.select("row", code="member")]
    for index in stretches["policy"].drop_nulls().unique():
        named = assets.filter(pl.col("asset").is_in(world.policies[index].objectives["recover_with"].assets)).select("code")
        found.append(stretches.filter(pl.col("policy") == index).select("row").join(named, how="cross"))
    return pl.concat(found).unique().sort("row", "code")


def involved(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the newest point of each member that may be live when a breach (`row`, `code`, `policy`, `begin`) begins: `row`, `role`, `point`."""
    found = [pl.DataFrame(schema={"row": breaches.schema["row"], "point": pl.UInt32})]
    points = world.points.select("code", "captured", "pair", "id").with_row_index("point")
    order = points.sort("captured", "pair", "id", nulls_last=False)["point"]
    ranks = pl.repeat(0, points.height, dtype=INT, eager=True).scatter(order, pl.int_range(len(order), dtype=INT, eager=True))
    every = members(world, breaches).join(breaches.select("row", "policy", at="begin"), on="row")
    for index in breaches["policy"].drop_nulls().unique():
        asked = every.filter(pl.col("policy") == index)
        asked = asked.select("row", *world.line.put(pl.col("code"), pl.col("at"), pl.col("at"))).sort("begin")
        lives = world.lives_of(world.policies[index]).rows("possible")
        rows = lives.select("begin", "end", code=points["code"].gather(lives["point"]), rank=ranks.gather(lives["point"]))
        placed = rows.drop_nulls("code").select(*world.line.put(pl.col("code"), pl.col("begin"), pl.col("end")), "rank")
        newest = highest(placed.filter(pl.col("begin") < pl.col("end")), asked["begin"], "rank")
        found.append(asked.select("row", point=order.gather(newest)).drop_nulls())
    return pl.concat(found).select("row", "point", role=pl.lit("together"))
