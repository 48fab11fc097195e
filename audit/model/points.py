"""Points: from what evidence told, row by row, to one row for each point with its presence (docs/definitions.md, sections 1 and 2).

Instants are Int64 microseconds. `pair` numbers (source, repository), `chain` (source, repository, scope).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from audit.model.presence import GAP, Presence, presence_of, presence_of_runs_in_one_chain
from audit.model.terms import FOR_EVER

INT = pl.Int64

TELLING: dict[str, pl.DataType | type[pl.DataType]] = {
    "pair": pl.Int32,
    "id": pl.String,
    "subject": pl.String,
    "method": pl.String,
    "captured": INT,
    "captured_until": INT,
    "available": INT,
    "base": pl.String,
    "self_contained": pl.Boolean,
    "copy_of_source": pl.String,
    "copy_of_repository": pl.String,
    "copy_of_id": pl.String,
    "expires": INT,
    "deleted": INT,
    "immutable": INT,
    "bytes": INT,
    "integrity": pl.String,
    "checked": INT,
    "encrypted": pl.Boolean,
    "partial": pl.Boolean,  # completeness is partial
    "catalog": pl.Boolean,  # basis is catalog
    "observed": INT,  # the instant of the listing, else of the payload
    "listed": INT,  # the instant of the listing
    "chain": pl.Int32,  # of the listing, complete or not; null: told by no listing
    "complete": pl.Boolean,  # told by the chain of complete listings: the row holds until the point's next row there
    "payload": pl.Int32,  # rank of the payload by SHA-256
    "named": pl.Boolean,  # the payload is the very teller; else, in a chain, any listing of the instant tells it
    "entry": INT,
    "locator": pl.String,
}
GONE = {"pair": pl.Int32, "id": pl.String, "chain": pl.Int32, "complete": pl.Boolean, "listed": INT}
FIELDS = ("subject", "method", "captured", "captured_until", "available", "base", "self_contained", "copy_of_source", "copy_of_repository",
          "copy_of_id", "expires", "deleted", "immutable", "bytes")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chains:
    """Complete listings. `listed`: `chain`, `at`, sorted and distinct, and `payload` (the smallest rank of
    those of the instant). `chains`: `chain`, `pair`, `whole` (Boolean: of the whole repository)."""

    listed: pl.DataFrame
    chains: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Merged:
    """`held`: the tellings that hold a point, with its number (`point`, UInt32). `states`: `point`, `pair`, `chain`, `complete`, `present`, `listed` of all
    tellings. `points`: one row a point, in order of number: `pair`, `id`, the merged FIELDS, `locked` (up to when its lock surely holds), `encrypted` (null: not told,
    or told both ways), `partial`, `catalog`, `first_sighting`, `entry`, `locator`, `ended` (`deleted`,
    where that was told no earlier), and `ended_entry`, `ended_locator`: where its deletion is told.
    `checks`: `point`, `at` (null: `verified` without an instant), `corrupt`, `entry`, `locator`.
    `conflicts`: `pair`, `id` of the points told with two different capture times or subjects."""

    held: pl.DataFrame
    states: pl.DataFrame
    points: pl.DataFrame
    checks: pl.DataFrame
    conflicts: pl.DataFrame


def key_of(identity: str, seed: int = 0) -> pl.Expr:
    """Return a 64-bit hash of (pair, id): fast to join by. Two ids may share one, so what is joined by it compares the ids as well."""
    return pl.struct("pair", pl.col(identity).alias("id")).hash(seed).alias("key")


def number_points(tellings: pl.DataFrame, gone: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Number the points in the order in which they are first told. Return the tellings with `point`, and the states of points in both frames.

    What is only known to be gone is not a point.
    """
    for seed in range(8):
        held = tellings.with_columns(key_of("id", seed))
        twice = held.select("key", "pair", "id").filter(pl.col("key").is_duplicated()).unique()
        if twice["key"].is_duplicated().any():
            continue  # two ids share a hash: take another hash
        if twice.is_empty():
            held = held.with_row_index("point")
        else:
            first = held.select("key").unique(maintain_order=True, keep="first").with_row_index("point")
            held = held.join(first, on="key", how="left", maintain_order="left")
        known = (
            held.select("key", "point", known_id="id")
            if twice.is_empty()
            else held.select("key", "point", known_id="id").unique("key")
        )
        lost = gone.with_columns(key_of("id", seed)).join(known, on="key", how="inner").filter(pl.col("id") == pl.col("known_id"))
        columns = ("point", "pair", "chain", "complete", "listed")
        states = [held.select(*columns, present=pl.lit(value=True)), lost.select(*columns, present=pl.lit(value=False))]
        return held.drop("key"), pl.concat(states)
    raise AssertionError("eight hash functions in a row took two ids for one")


def merge_tellings(tellings: pl.DataFrame, gone: pl.DataFrame, chains: Chains) -> Merged:
    """Merge tellings (columns TELLING; those that say a point is gone: GONE) into points, field by field. Instants that stay unknown are null."""
    held, states = number_points(tellings, gone)
    held = _nothing_of_the_future(_last_told(states, held, chains))
    merged, conflicts = _merge(held)
    first = held.lazy().filter(pl.col("chain").is_not_null()).group_by("point").agg(first_sighting=pl.col("listed").min()).collect()
    sighting = pl.repeat(None, merged.height, dtype=INT, eager=True).scatter(first["point"], first["first_sighting"])
    merged = merged.with_columns(first_sighting=sighting)
    found = pl.coalesce("checked", pl.when(pl.col("integrity") == "corrupt").then(pl.coalesce("observed", "available", "captured")))
    checks = held.filter(pl.col("integrity").is_not_null()).select(
        "point", at=found, corrupt=pl.col("integrity") == "corrupt", entry="entry", locator="locator"
    )
    checks = checks.filter(pl.col("at").is_not_null() | ~pl.col("corrupt"))
    return Merged(held, states, merged.drop("point"), checks, conflicts)


def _last_told(states: pl.DataFrame, held: pl.DataFrame, chains: Chains) -> pl.DataFrame:
    """Add `told`: when a telling was last observed, and make `payload` the teller of that observation. A row of a complete chain holds up to the listing
    before the point's next row there."""
    later = [pl.col(name) > pl.col("observed") for name in ("captured_until", "deleted")]
    again = held.filter(pl.any_horizontal(pl.col("point").is_duplicated(), *later))
    if again.is_empty():
        return held.with_columns(told=pl.col("observed"))
    runs = _runs(states.filter(pl.col("complete") & pl.col("point").is_in(again["point"].unique().implode())), chains)
    ends = runs.group_by("point", "chain", "listed").agg(last=pl.col("last").max()).with_columns(complete=pl.lit(value=True))
    held = held.join(ends, on=["point", "chain", "listed", "complete"], how="left", maintain_order="left")
    tellers = chains.listed.select("chain", last="at", teller="payload")
    held = held.join(tellers, on=["chain", "last"], how="left", maintain_order="left")
    # Where listings of one instant tell a point differently, rows name their tellers. The row written before the second of them came stands there as
    # well; it is not the word of whichever has the smallest hash, and a row that names its teller repeats it.
    disputed = held.filter("named", "complete").select("point", "chain", "listed", disputed=pl.lit(value=True)).unique()
    held = (
        held.join(disputed, on=["point", "chain", "listed"], how="left", maintain_order="left")
        if disputed.height
        else held.with_columns(disputed=pl.lit(value=False))
    )
    there = pl.col("last") == pl.col("listed")
    payload = (
        pl.when(pl.col("named") & there)
        .then("payload")
        .when(pl.col("disputed") & pl.col("complete") & there)
        .then(None)
        .otherwise(pl.coalesce("teller", "payload"))
    )
    return held.with_columns(told=pl.coalesce("last", "observed"), payload=payload).drop("last", "teller", "disputed")


def _nothing_of_the_future(held: pl.DataFrame) -> pl.DataFrame:
    """Let what is told to be captured until after it was observed (`told`) count up to then: nobody can have captured the future."""
    if held["captured_until"].null_count() == held.height:
        return held
    seen = pl.coalesce("told", "available", "captured")
    return held.with_columns(captured_until=pl.when(pl.col("captured_until") > seen).then(seen).otherwise("captured_until"))


_known_to_end = pl.when(pl.col("deleted") <= pl.col("told")).then("deleted")
"""What is told in advance may not come."""


def _merge(held: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Merge the tellings of each point, field by field. Most points are told once, and cost nothing."""
    columns = [
        "point",
        "pair",
        "id",
        *FIELDS,
        "locked",
        "encrypted",
        "partial",
        "catalog",
        "entry",
        "locator",
        "ended",
        "ended_entry",
        "ended_locator",
    ]
    several = held["point"].is_duplicated()
    ended = pl.col("deleted").is_not_null()
    once = (
        held.filter(~several)
        .with_columns(
            locked="immutable",
            ended=_known_to_end,
            ended_entry=pl.when(ended).then("entry"),
            ended_locator=pl.when(ended).then("locator"),
        )
        .select(columns)
        .with_columns(pl.col("partial", "catalog").fill_null(value=False))
    )
    if not several.any():
        return once, once.select("pair", "id").clear()  # numbered in this very order
    ranked = held.filter(several).sort(
        ["point", "catalog", "told", "payload", "entry", "locator"],
        descending=[False, True, True, False, False, False],
        nulls_last=True,
    )
    many = ranked.group_by("point", maintain_order=True).agg(
        pl.col("pair", "id").first(),
        *(pl.col(name).drop_nulls().first() for name in FIELDS),
        pl.col("partial").fill_null(value=False).any(),
        pl.col("catalog").any(),
        # The evidence named is that of the first observation: the same whatever arrived first.
        pl.col("entry", "locator").sort_by("observed", "payload", "locator", nulls_last=True).first(),
        ended=_known_to_end.filter(ended).first(),
        ended_entry=pl.col("entry").filter(ended).first(),
        ended_locator=pl.col("locator").filter(ended).first(),
        # No telling outweighs another here: of two that disagree one is wrong, and nobody knows which.
        encrypted=pl.when(pl.col("encrypted").min() == pl.col("encrypted").max()).then(pl.col("encrypted").min()),
        differ=(pl.col("captured").drop_nulls().n_unique() > 1) | (pl.col("subject").n_unique() > 1),
    )
    many = many.join(_lapses(ranked), on="point", how="left", maintain_order="left")
    many = many.with_columns(locked=pl.min_horizontal("immutable", "lapse"))
    return pl.concat([once, many.select(columns)]).sort("point"), many.filter("differ").select("pair", "id")


def _lapses(held: pl.DataFrame) -> pl.DataFrame:
    """Return the points whose lock may have lapsed before it was told to be longer (`point`, `lapse`: when): a longer one counts as if it always had been only where it was first told
    after the shorter one, and by the time that one ended. Nobody locks the past."""
    told = held.lazy().filter(pl.col("immutable").is_not_null())
    told = told.filter(pl.col("catalog").fill_null(value=False) == pl.col("catalog").fill_null(value=False).any().over("point"))
    first = pl.when(pl.col("observed").null_count() == 0).then(
        pl.col("observed").min()
    )  # null: there is one of which nobody knows when it was made
    locks = told.group_by("point", "immutable").agg(first=first).sort("point", "immutable")
    longer = pl.col("first").shift(-1).over("point", order_by="immutable")
    in_time = (longer >= pl.col("first")) & (longer <= pl.col("immutable"))
    last = pl.col("immutable") == pl.col("immutable").max().over("point")
    lapsed = locks.filter(~last & ~in_time.fill_null(value=False))
    return lapsed.group_by("point").agg(lapse=pl.col("immutable").min()).collect()


def _positions(rows: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """Add `place`: where in `listed` (sorted by chain and instant) each row's (chain, listed) stands."""
    places = listed.with_row_index("place").select("chain", pl.col("at").alias("listed"), pl.col("place").cast(INT))
    return rows.join(places, on=["chain", "listed"], how="left", maintain_order="left")


def _runs(rows: pl.DataFrame, chains: Chains) -> pl.DataFrame:
    """From rows of complete chains to runs of listings that have a point: `point`, `chain`, `listed`, `place`, `stop` (places [place, stop) of
    `chains.listed`), `last` (the instant of the last listing of the run). At one instant having wins over lacking."""
    sizes = chains.listed.group_by("chain").len("size").sort("chain")
    bounds = sizes.select("chain", bound=pl.col("size").cum_sum().cast(INT))
    state = rows.group_by("point", "chain", "listed").agg(pl.col("present").any()).sort("point", "chain", "listed")
    state = _positions(state, chains.listed).join(bounds, on="chain", how="left", maintain_order="left")
    following = (pl.col("point") == pl.col("point").shift(-1)) & (pl.col("chain") == pl.col("chain").shift(-1))
    state = state.with_columns(stop=pl.when(following.fill_null(value=False)).then(pl.col("place").shift(-1)).otherwise("bound"))
    runs = state.filter(pl.col("present"))
    return runs.select("point", "chain", "listed", "place", "stop").with_columns(last=chains.listed["at"].gather(runs["stop"] - 1))


def presence_in_catalog(states: pl.DataFrame, points: pl.DataFrame, chains: Chains) -> Presence:
    """Presence of the points of basis catalog; the others are never present here.

    states: as in `Merged`. points: one row a point: `available`, `deleted`, `ended`, `catalog`; more points than rows speak of are fine.
    """
    merged = points.select("available", "deleted", "ended", "catalog").with_row_index("point")
    common = _common(states, merged, chains)
    simple = merged.select("point", "available", "deleted", "ended").join(common, on="point", how="inner", maintain_order="left")
    fast = presence_of_runs_in_one_chain(simple, chains.listed)
    rest = (
        merged.filter(pl.col("catalog"))
        .select("point", "available", "deleted", "ended")
        .join(common.select("point"), on="point", how="anti", maintain_order="left")
    )
    sightings, complete = lay_out(states.join(rest.select("point"), on="point", how="semi"), chains)
    place = rest.select("point").with_row_index("row")

    def local(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.join(place, on="point").select(point="row", at="at")

    slow = presence_of(rest.drop("point"), local(sightings), local(complete))

    def spread(part: pl.DataFrame, of: pl.DataFrame) -> pl.DataFrame:
        return part.with_columns(point=of["point"].gather(part["point"])) if part.height else pl.DataFrame(schema=GAP)

    def ends_of(name: str) -> pl.Series:
        ends = pl.repeat(-FOR_EVER, merged.height, dtype=INT, eager=True)  # scatter works in place: a new series each time
        return ends.scatter(simple["point"], fast.ends[name]).scatter(rest["point"], slow.ends[name])

    ends = pl.DataFrame({name: ends_of(name) for name in ("sure_end", "possible_end")})
    sure = pl.concat([spread(fast.sure_gaps, simple), spread(slow.sure_gaps, rest)])
    possible = pl.concat([spread(fast.possible_gaps, simple), spread(slow.possible_gaps, rest)])
    return Presence(ends, sure, possible)


def sightings_of(states: pl.DataFrame, points: pl.Series, chains: Chains) -> pl.DataFrame:
    """Lay out every sighting (`point`, `at`) of some points."""
    return lay_out(states.filter(pl.col("point").is_in(points.implode())), chains)[0]


def _common(states: pl.DataFrame, merged: pl.DataFrame, chains: Chains) -> pl.DataFrame:
    """Find the points of the common kind: told by one chain of complete listings, the only one of its repository, and in one unbroken run.
    Return `point`, `chain`, `first`, `last`."""
    lone = chains.chains.filter(pl.len().over("pair") == 1)["chain"]
    usual = pl.col("complete") & pl.col("listed").is_not_null() & pl.col("chain").is_in(lone.implode())
    told = _seen_and_gone(states, usual)
    told = told.filter(pl.col("point") < merged.height).sort("point")
    final = chains.listed.group_by("chain").agg(final=pl.col("at").max())
    told = told.join(final, on="chain", how="left", maintain_order="left")
    gone = _positions(told.select("chain", listed="gone"), chains.listed)["place"]
    before = chains.listed["at"].gather((gone - 1).clip(0)) if chains.listed.height else pl.Series([], dtype=INT)
    return told.with_columns(before=before).select(
        "point", "chain", "first", last=pl.when(pl.col("gone").is_null()).then("final").otherwise("before")
    )


def _seen_and_gone(states: pl.DataFrame, usual: pl.Expr) -> pl.DataFrame:
    """Return `point`, `chain`, `first`, `gone` (null: never) of the points with one row that holds them and at most one later row that says they are gone."""
    held, lost = states.filter("present"), states.filter(~pl.col("present"))
    columns = {"point": pl.UInt32, "chain": pl.Int32, "first": INT, "gone": INT}
    if held.is_empty():
        return pl.DataFrame(schema=columns)
    size = int(held["point"].max()) + 1  # type: ignore[arg-type]
    times = pl.repeat(0, size, dtype=pl.UInt32, eager=True)
    for part in (held, lost):
        if part["point"].n_unique() != part.height:  # some are told more often: count them
            counts = part.group_by("point").len()
            times = times.scatter(counts.filter(pl.col("len") > 1)["point"], 2)
    odd = states.filter(~usual.fill_null(value=False))["point"].unique()
    times = times.scatter(odd, 2) if len(odd) else times
    gone = pl.repeat(None, size, dtype=INT, eager=True)
    gone = gone.scatter(lost["point"], lost["listed"]) if lost.height else gone
    rows = held.filter(times.gather(held["point"]) == 0).select("point", "chain", first="listed")
    rows = rows.with_columns(gone=gone.gather(rows["point"]))
    return rows.filter(pl.col("gone").is_null() | (pl.col("gone") > pl.col("first"))).select(columns.keys())


def lay_out(rows: pl.DataFrame, chains: Chains) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Lay out, for the points of the uncommon kind, every sighting and every complete listing that speaks of them (`point`, `at`)."""
    none = pl.DataFrame(schema={"point": pl.UInt32, "at": INT})
    if rows.is_empty():
        return none, none
    runs = _runs(rows.filter(pl.col("complete") & pl.col("listed").is_not_null()), chains)
    spans = runs.select("point", where=pl.int_ranges("place", "stop")).explode("where").drop_nulls()
    at = chains.listed["at"]
    seen = pl.concat([
        spans.select("point", at=at.gather(spans["where"])),
        rows.filter(pl.col("present") & pl.col("chain").is_not_null()).select("point", at="listed").drop_nulls("at"),
    ]).unique()  # fmt: skip
    mine = rows.filter(pl.col("present") & pl.col("chain").is_not_null()).select("point", "chain").unique()
    whole = chains.chains.filter("whole").select("pair", "chain")
    mine = pl.concat([mine, rows.select("point", "pair").unique().join(whole, on="pair").select("point", "chain")]).unique()
    return seen, mine.join(chains.listed, on="chain").select("point", "at")


def stays(states: pl.DataFrame, chains: Chains) -> pl.DataFrame:
    """Return the unbroken rows of complete listings that have a point; see `audit.model.observations`."""
    runs = _runs(states.filter(pl.col("complete") & pl.col("listed").is_not_null()), chains).sort("point", "chain", "place")
    # A row that only tells the point otherwise goes on where the one before it stops.
    on = (
        (pl.col("point") == pl.col("point").shift(1))
        & (pl.col("chain") == pl.col("chain").shift(1))
        & (pl.col("place") == pl.col("stop").shift(1))
    )
    runs = (
        runs.with_columns(stay=(~on).fill_null(value=True).cum_sum())
        .group_by("stay", maintain_order=True)
        .agg(pl.col("point", "chain", "listed", "place").first(), pl.col("stop", "last").last())
    )
    listed = chains.listed.with_row_index("stop").select(pl.col("stop").cast(INT), "chain", gone="at")
    runs = runs.join(listed, on=["stop", "chain"], how="left", maintain_order="left")
    runs = runs.join(chains.chains.select("chain", "pair"), on="chain", how="left", maintain_order="left")
    return runs.select("point", "chain", "pair", "place", "stop", "gone", since="listed", before="last")
