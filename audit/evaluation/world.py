"""The world of one assessment: groups, segments, whose point is whose, and what nobody observed (docs/definitions.md, sections 4 to 6)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import polars as pl

from audit.evaluation.facts import Facts
from audit.evaluation.records import placed_records
from audit.model.captures import strengths
from audit.model.estate import Estate, Source
from audit.model.intervals import INT, Line
from audit.model.parts import THERE, cut_to_parts, there
from audit.model.runs import named_points
from audit.model.terms import FOR_EVER, Term, micros
from audit.model.unlogged import KINDS, unlogged
from audit.model.unseen import unseen
from audit.model.world import FEED, World, minus

NONE = -1
"""The pair of a repository that an asset declares and none of its sources ever listed."""


def build_world(estate: Estate, facts: Facts, since: int, until: int) -> World:
    """Put together what the controls judge: the period [since, until) in microseconds."""
    aliases = _aliases(estate)
    groups = _groups(estate, aliases)
    segments = segments_of(estate, groups)
    aliases = aliases.join(groups.select("code", "asset", "part"), on=["asset", "part"], nulls_equal=True)
    repositories = _repositories(estate, facts)
    numbers = repositories.select("repository", "name").unique()
    of_pair = facts.names.pairs.join(numbers, left_on="repository", right_on="name", how="left").select(
        "pair", "source", number="repository_right"
    )
    points = _points(facts, aliases, of_pair)
    views = _views(estate, facts, aliases, groups, numbers, of_pair)
    hidden, spoken = _unseen(estate, facts, views, aliases, segments)
    # Declared repositories alone are no evidence: what nobody ever listed or told of is unproven, also where unseen points do not count.
    told = pl.concat([views.filter(pl.col("pair") != NONE)["code"], points["code"].drop_nulls()])
    seen = views["code"].filter(views["code"].is_in(told.implode())).unique()
    blind = groups["code"].filter(~groups["code"].is_in(seen.implode()))
    bounded = _bounded(estate.sources, aliases)
    runs = _runs(facts, bounded, of_pair)

    @cache
    def hidden_runs() -> pl.DataFrame:
        return _unlogged(facts, bounded, points, runs, of_pair)

    return World(
        Line(since, until), groups, segments, estate.policies, points, facts.lives, facts.standing, facts.readings,
        runs, hidden_runs, facts.presence, hidden, blind, repositories, placed_records(estate, groups), estate.demands,
        groups["code"].filter(groups["asset"].is_in(list(estate.beside))), aliases.select(FEED.keys()).unique(), estate.sources, facts.deliveries, estate.known,
        estate.timezone, facts.observations, _naming(facts), _prunes(facts), spoken, estate.keeps_at_least,
    )  # fmt: skip


def _micros(name: str, unknown: int) -> pl.Expr:
    return pl.col(name).cast(INT).fill_null(unknown).alias(name)


def _aliases(estate: Estate) -> pl.DataFrame:
    """Aliases with instants: `asset`, `part`, `source`, `subject`, `begin`, `end`."""
    return estate.aliases.select(
        "asset", "part", "source", "subject", begin=_micros("from", -FOR_EVER), end=_micros("to", FOR_EVER)
    )


def _groups(estate: Estate, aliases: pl.DataFrame) -> pl.DataFrame:
    """Number the groups: each asset, or each of its parts. An asset without subjects is one group all the same."""
    assets = estate.segments.group_by("asset").agg(pl.col("unit").last()).sort("asset")
    parts = aliases.select("asset", "part").unique()
    rows = assets.join(parts, on="asset", how="left").sort("asset", "part", nulls_last=False).with_row_index("code")
    return rows.select("code", "asset", "part", "unit")


def group_segments(estate: Estate) -> pl.DataFrame:
    """Return the segments of every asset and part, as `World.segments` says, with `asset` and `part`."""
    groups = _groups(estate, _aliases(estate))
    return segments_of(estate, groups).join(groups.select("code", "asset", "part"), on="code", maintain_order="left")


def segments_of(estate: Estate, groups: pl.DataFrame) -> pl.DataFrame:
    """Return the segments of groups (`code`, `asset`), as `World.segments` says."""
    rows = estate.segments.join(groups.select("code", "asset"), on="asset")
    rows = rows.select(
        "code",
        begin=_micros("from", -FOR_EVER),
        end=_micros("to", FOR_EVER),
        policy="policy",
        in_service=_micros("in_service", -FOR_EVER),
        retired=pl.col("retired").cast(INT),
        city="city",
        medium="medium",
        failure_domain="failure_domain",
        tier="tier",
        data_class="data_class",
    ).sort("code", "begin")
    # A later date of service, or a return after retirement, is no second start: the time for a first point, and the grace, would begin anew with every edit.
    served = pl.max_horizontal("begin", "in_service") < pl.min_horizontal("end", pl.col("retired").fill_null(FOR_EVER))
    start = pl.col("in_service").filter(served).first().over("code")
    rows = rows.with_columns(started=pl.coalesce(start, "in_service"))
    spans = there(groups, _aliases(estate)) if "part" in groups.columns else pl.DataFrame(schema=THERE)
    fresh = spans.filter("fresh").select("code", came="begin")
    rows = rows.join(fresh, on="code", how="left", maintain_order="left")
    return cut_to_parts(rows.with_columns(started=pl.max_horizontal("started", "came")).drop("came"), spans)


def _repositories(estate: Estate, facts: Facts) -> pl.DataFrame:
    """Repositories by stretches of time, declared or only seen; of the latter nothing is known."""
    declared = estate.repositories.select(
        "repository",
        begin=_micros("from", -FOR_EVER),
        end=_micros("to", FOR_EVER),
        medium="medium",
        city="city",
        country="country",
        failure_domain="failure_domain",
        offline="offline",
        mirror=pl.col("mirror_of").is_not_null(),
        provider="provider",
    )
    names = (
        pl.concat([facts.names.pairs["repository"], estate.asset_repositories["repository"], declared["repository"]])
        .unique()
        .sort()
    )
    numbers = pl.DataFrame({"name": names}).with_row_index("number")
    rows = numbers.join(declared, left_on="name", right_on="repository", how="left")
    return rows.select(
        repository=pl.col("number").cast(pl.Int32),
        begin=pl.col("begin").fill_null(-FOR_EVER),
        end=pl.col("end").fill_null(FOR_EVER),
        name="name",
        medium="medium",
        city="city",
        country="country",
        failure_domain="failure_domain",
        offline="offline",
        mirror=pl.col("mirror"),
        provider="provider",
    )


def _points(facts: Facts, aliases: pl.DataFrame, of_pair: pl.DataFrame) -> pl.DataFrame:
    """Say whose each point is: of the group whose alias held at its capture time; where nobody told that, when it became available: it was captured by then."""
    points = facts.points.with_row_index("point")
    of_point = points.select(
        "point", "pair", "subject", at=pl.coalesce("captured", pl.min_horizontal("captured_until", "available"))
    ).join(of_pair, on="pair", how="left", maintain_order="left")
    mine = of_point.join(aliases.select("source", "subject", "code", "begin", "end"), on=["source", "subject"])
    mine = mine.filter((pl.col("at") >= pl.col("begin")) & (pl.col("at") < pl.col("end"))).unique("point", keep="first")
    code = pl.repeat(None, points.height, dtype=pl.UInt32, eager=True)
    code = code.scatter(mine["point"], mine["code"]) if mine.height else code
    return facts.points.select(
        "pair", "id", "captured", "available", "first_sighting", "catalog", "subject", "entry", "locator", "ended_entry", "ended_locator", "doubt",
        "partial", "method", "bytes", "deleted",
        code=code,
        repository=of_point["number"],
        restorable=pl.coalesce("captured_until", "captured"),
        immutable="immutable",
        locked="locked",
        encrypted="encrypted",
        expires="expires",
        **strengths(facts.points).to_dict(),
        retold="retold",
        base="base_row",
    )  # fmt: skip


def _told_runs(facts: Facts) -> pl.DataFrame:
    return facts.runs.select(
        "source", "subject", "pair", "id", "kind", "method", "outcome", "entry", "locator", "recovery_point", "bytes",
        started=pl.col("started_at").cast(INT), finished=pl.col("finished_at").cast(INT), partial=(pl.col("coverage") == "partial").fill_null(value=False),
        whole=(pl.col("coverage") == "full").fill_null(value=False),
    )  # fmt: skip


def _runs(facts: Facts, aliases: pl.DataFrame, of_pair: pl.DataFrame) -> pl.DataFrame:
    """Say whose each run is: of the group whose alias held when it started. Runs of nobody are left out."""
    runs = _told_runs(facts).drop_nulls(["subject", "started"]).with_row_index("run")
    mine = runs.join(aliases.select("source", "subject", "code", "begin", "end", until="high"), on=["source", "subject"])
    mine = mine.filter((pl.col("started") >= pl.col("begin")) & (pl.col("started") < pl.col("end"))).unique("run", keep="first")
    mine = mine.join(of_pair.select("pair", repository="number"), on="pair", how="left").sort("run")
    # The point that a restore says it restored: the id of a known one, else whatever it says.
    restores = mine.filter(pl.col("kind") == "restore").select("run", "pair", "recovery_point").drop_nulls()
    ids = facts.points.with_row_index("point").select("pair", "point", recovery_point="id")
    named = named_points(restores, ids).drop_nulls("point")
    named = named.select("run", named=facts.points["id"].gather(named["point"]))
    mine = mine.join(named, on="run", how="left", maintain_order="left").with_columns(pl.coalesce("named", "recovery_point"))
    return mine.with_columns(until=pl.min_horizontal("end", "until")).drop("run", "begin", "end", "recovery_point")


def _unlogged(facts: Facts, aliases: pl.DataFrame, points: pl.DataFrame, runs: pl.DataFrame, of_pair: pl.DataFrame) -> pl.DataFrame:
    """Return when runs of a group may have started that no job log shows, by what is told of its sources and of where its copies went."""
    names = aliases.select(
        "code", "source", "subject", begin=pl.max_horizontal("begin", "low"), end=pl.min_horizontal("end", "high")
    )
    logs = facts.names.logs.join(of_pair.select("pair", "source"), on="pair")
    # A log of a scope holds the runs of the subjects that were ever listed in it.
    scoped = logs.filter(~pl.col("whole")).join(facts.listed_scopes, on="chain")
    told = ("source", "pair", "subject", "begin", "end")
    logs = pl.concat([logs.filter("whole").with_columns(subject=pl.lit(None, pl.String)).select(told), scoped.select(told)])
    # What was captured at an unknown instant may have been there from the beginning.
    held = (
        points.select("code", "pair", "subject", at=pl.col("captured").fill_null(-FOR_EVER))
        .drop_nulls()
        .join(of_pair.select("pair", "source"), on="pair")
    )
    made = runs.filter(pl.col("kind").is_in(KINDS)).select("code", "source", "subject", "pair", at="started").drop_nulls()
    traces = pl.concat([made, held.select(made.columns)])
    half = _told_runs(facts).filter(pl.col("kind").is_in(KINDS) & (pl.col("subject").is_null() | pl.col("started").is_null()))
    half = half.select("source", "subject", "pair", "kind", "outcome", at=pl.coalesce("started", "finished")).drop_nulls("at")
    return unlogged(names, logs, traces, half)


def _naming(facts: Facts) -> pl.DataFrame:
    """Return the runs that name a known point of their own subject, or say no subject, each with the point."""
    ids = facts.points.with_row_index("point").select("pair", "point", recovery_point="id")
    named = named_points(facts.runs.drop_nulls(["pair", "recovery_point"]), ids).drop_nulls("point")
    mine = facts.points["subject"].gather(named["point"])
    named = named.filter(pl.col("subject").is_null() | (pl.col("subject") == mine))
    return named.select(
        "point",
        "kind",
        "outcome",
        "entry",
        "locator",
        started=pl.col("started_at").cast(INT),
        finished=pl.col("finished_at").cast(INT),
    )


def _prunes(facts: Facts) -> pl.DataFrame:
    """Return when prune runs ended well: what they removed did not vanish."""
    well = (pl.col("kind") == "prune") & pl.col("outcome").is_in(["success", "warning"])
    rows = facts.runs.filter(well).select("pair", "subject", at=pl.col("finished_at").cast(INT)).drop_nulls(["pair", "at"])
    return rows.unique().sort("at", "pair", "subject")


def _views(
    estate: Estate, facts: Facts, aliases: pl.DataFrame, groups: pl.DataFrame, numbers: pl.DataFrame, of_pair: pl.DataFrame
) -> pl.DataFrame:
    """Return what each group can know of: `code`, `pair`, `repository`; the repositories that its sources ever listed, and those it declares."""
    listed = of_pair.filter(pl.col("pair").is_in(facts.names.listed.implode()))
    by_source = aliases.select("code", "source").unique().join(listed, on="source").select("code", "pair", repository="number")
    declared = estate.asset_repositories.join(groups.select("code", "asset"), on="asset")
    declared = declared.join(numbers, left_on="repository", right_on="name").select("code", repository="repository_right").unique()
    declared = declared.join(by_source, on=["code", "repository"], how="anti").select(
        "code", pair=pl.lit(NONE, pl.Int32), repository="repository"
    )
    return pl.concat([by_source, declared])


def _unseen(
    estate: Estate, facts: Facts, views: pl.DataFrame, aliases: pl.DataFrame, segments: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the unseen stretches of each group and pair, and the first and last complete listing that speaks of each group.

    A listing, or a job log, of a scope speaks for the subjects that were ever listed in it, and for no other of the group. Groups and subjects that know the same of a pair share the
    arithmetic."""
    names = facts.names
    known = views.join(names.pairs.select("pair", source="source", name="repository"), on="pair", how="left")
    known = known.join(aliases.select("code", "source", "subject").unique(), on=["code", "source"], how="left")
    scoped = facts.listed_scopes.join(names.scopes.filter(pl.col("scope").is_not_null()), on="chain")
    scoped = scoped.select("pair", "subject", "chain").unique()
    own = scoped.sort("chain").group_by("pair", "subject").agg(scopes=pl.col("chain").cast(pl.String).str.join(","))
    windows = _windows(_bounded(estate.sources, aliases))
    timeline = segments.group_by("code", maintain_order=True).agg(
        timeline=pl.format("{}:{}", "begin", pl.col("policy").fill_null(-1)).str.join(",")
    )
    of_alias = ["code", "source", "subject"]
    known = known.join(own, on=["pair", "subject"], how="left").join(
        windows.group_by(of_alias).agg(window=pl.format("{}:{}", "begin", "end").str.join(",")), on=of_alias, how="left"
    )
    known = known.join(timeline, on="code", how="left").with_columns(
        timeline=pl.when(~pl.col("name").is_in(list(estate.keeps_at_least))).then("timeline")
    )
    known = known.sort("code", "pair", "repository", "subject")
    classes = known.select("pair", "scopes", "window", "timeline").unique(maintain_order=True).with_row_index("view")
    known = known.join(classes, on=["pair", "scopes", "window", "timeline"], nulls_equal=True)
    speakers = known.group_by("view").agg(pl.col(*of_alias, "pair", "name").first())
    here = speakers.select("view", "pair", "subject")
    chains = pl.concat([
        here.join(scoped, on=["pair", "subject"]).select("view", "chain"),
        here.join(names.chains.chains.filter("whole"), on="pair").select("view", "chain"),
    ])  # fmt: skip
    complete = chains.join(names.chains.listed, on="chain").select("view", "at").unique()
    spans = speakers.join(windows, on=of_alias, how="left").select(
        "view", begin=pl.col("begin").fill_null(-FOR_EVER), end=pl.col("end").fill_null(FOR_EVER)
    )
    logs = pl.concat([
        here.join(names.logs.filter("whole"), on="pair").select("view", "begin", "end"),
        here.join(scoped, on=["pair", "subject"]).join(names.logs.filter(~pl.col("whole")), on="chain").select("view", "begin", "end"),
    ])  # fmt: skip
    pieces = unseen(spans, pl.concat([_observed(estate, speakers, complete, segments), logs]), complete)
    spoken = (
        known.select("code", "view")
        .join(complete, on="view")
        .group_by("code")
        .agg(first=pl.col("at").min(), last=pl.col("at").max())
    )
    return known.select("code", "pair", "repository", "view").unique(maintain_order=True).join(pieces, on="view").drop(
        "view"
    ), spoken


def _bounded(sources: Mapping[str, Source], aliases: pl.DataFrame) -> pl.DataFrame:
    """Return aliases with when their source is in use: `low`, `high`."""
    bounds = pl.DataFrame(
        [(name, _bound(source, -1), _bound(source, 1)) for name, source in sources.items()],
        schema={"source": pl.String, "low": INT, "high": INT},
        orient="row",
    )
    return aliases.join(bounds, on="source", how="left").with_columns(
        pl.col("low").fill_null(-FOR_EVER), pl.col("high").fill_null(FOR_EVER)
    )


def _windows(bounded: pl.DataFrame) -> pl.DataFrame:
    """Return when a subject's points could have been captured for a group at all: while its alias held, and the source was in use."""
    rows = bounded.select(
        "code", "source", "subject", begin=pl.max_horizontal("begin", "low"), end=pl.min_horizontal("end", "high")
    )
    return rows.unique().sort("code", "source", "subject", "begin", "end")


def _bound(source: Source, side: int) -> int:
    at = source.since if side < 0 else source.until
    return side * FOR_EVER if at is None else micros(at)


def _observed(estate: Estate, speakers: pl.DataFrame, complete: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """Return the capture instants (l - k, l - d] that each complete listing at l observed, as `view`, `begin`, `end`."""
    rows = complete.join(speakers.select("view", "code", "source", "name"), on="view")
    lag = {name: source.runs_up_to.microseconds for name, source in estate.sources.items() if source.runs_up_to}
    rows = rows.with_columns(end=pl.col("at") - pl.col("source").replace_strict(lag, default=0, return_dtype=INT))
    parts = []
    for name, term in estate.keeps_at_least.items():
        mine = rows.filter(pl.col("name") == name)
        parts.append(mine.with_columns(begin=minus(mine["at"], term, estate.timezone)))
    rest = rows.filter(~pl.col("name").is_in(list(estate.keeps_at_least))).sort("at")
    rest = rest.join_asof(
        segments.select("code", "policy", start="begin").sort("start"),
        left_on="at",
        right_on="start",
        by="code",
        check_sortedness=False,
    )
    for index, policy in enumerate(estate.policies):
        keep = policy.objectives.get("keep")
        mine = rest.filter(pl.col("policy") == index)
        if keep is None or mine.is_empty():
            continue
        terms: list[Term] = [rule.term for rule in keep.root]
        # The shortest term is the one that reaches back the least.
        begins = pl.select(pl.max_horizontal([minus(mine["at"], term, policy.timezone) for term in terms])).to_series()
        parts.append(mine.with_columns(begin=begins))
    return (
        pl.concat([part.select("view", "begin", "end") for part in parts])
        if parts
        else pl.DataFrame(schema={"view": pl.UInt32, "begin": INT, "end": INT})
    )
