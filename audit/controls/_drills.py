"""Results of drills and real incidents, as the controls that rest on them see them (docs/definitions.md, section 26).

A pass is *proven* when somebody who did not run the drill signed it off and a restore run within it is told. What is only stated is possible. A failure needs no signer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from audit.model.intervals import INT
from audit.model.terms import FOR_EVER, Term
from audit.model.world import World

RESULT = {
    "code": pl.UInt32, "entry": pl.Int64, "id": pl.String, "sha256": pl.String, "by": pl.String, "asset": pl.String, "drill": pl.String, "outcome": pl.String,
    "depth": pl.Int64, "coverage": pl.String, "point": pl.String, "repository": pl.String, "keys": pl.String,
    "declared": INT, "started": INT, "ended": INT, "signed": pl.Boolean, "given_up": pl.Boolean,
    "begin": INT, "end": INT,
    "entered": INT,
}  # fmt: skip
OPEN, UNPROVEN, STALE, EXPIRED, NONE = "drill-open", "drill-unproven", "needs-verification", "drill-expired", "no-drill"
"""Why it is unproven: a recovery that has no result yet; a pass that nobody else signed off, or without a restore run; one before a change; an old one; none."""
ATTRIBUTES = ("policy", "city", "medium", "failure_domain", "tier", "data_class")
"""What of an asset, when it changes, leaves earlier tests without proof."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a promise asks of drills, for their calendar: something is to be tried with an asset again and again.

    every: how often, a term from one try to the next, or the period of the calendar (`week`, `month`, `quarter`, `year`) in each of which one is made. A try is a recovery that
    passed, at least so deep and, where `whole`, of all of the asset; shared: also of another asset that a drill names with it. exercises: the kinds of drills that are a try
    instead, whatever came of their recoveries; null: recoveries are. keys: what the result has to say of keys; null: nothing.
    """

    leg: str | None
    every: Term | str
    depth: int = 0
    whole: bool = False
    shared: bool = False
    exercises: tuple[str, ...] | None = None
    keys: str | None = None


def results(world: World) -> pl.DataFrame:
    """Return the results of drills for groups (RESULT) with `proven` and `changed` (when a later change leaves it without proof). outcome null: there is none yet, and it is
    awaited in [begin, end)."""
    rows = _every(world)
    return rows.filter(~pl.col("code").is_in(world.beside.implode()))


def of_others(world: World) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what drills that name a group (`of`) say of other assets in them: their passes, as `results`, `changed` also when the group did; and their failures, each in [begin, end)
    until a proven pass of the same asset made it good."""
    every = _every(world)
    drills = world.records.get("drill")
    if drills is None:
        return tuple(every.clear().with_columns(of=pl.col("code")) for _ in range(2))  # type: ignore[return-value]
    named = drills.filter(pl.col("held").is_not_null()).select("id", of="code", named="asset").unique()
    failed = every.filter(pl.col("outcome") == "failed").with_columns(begin="ended")
    failed = failed.with_columns(end=cured(failed, every.filter("proven")))
    told = [rows.join(named, on="id").filter(pl.col("asset") != pl.col("named")) for rows in (passes(every), failed)]
    changed = _changed(world, told[0].with_columns(code="of"))
    return told[0].with_columns(changed=pl.min_horizontal("changed", changed)), told[1]


def _every(world: World) -> pl.DataFrame:
    """Return the results of all groups, those beside as well."""
    rows = world.records.get("drill")
    if rows is None or rows.is_empty():
        return pl.DataFrame(schema={**RESULT, "proven": pl.Boolean, "changed": INT})
    rows = rows.filter(pl.col("held").is_null()).select(pl.col(name).cast(kind) for name, kind in RESULT.items())
    # A record speaks of an asset segment by segment; a result is one.
    ends = rows.group_by("code", "entry").agg(pl.col("begin").min(), pl.col("end").max())
    rows = rows.unique(["code", "entry"]).drop("begin", "end").join(ends, on=["code", "entry"]).sort("code", "entry")
    proven = (rows["outcome"] == "passed") & rows["signed"] & _restored(world, rows)
    return rows.with_columns(proven=proven.fill_null(value=False), changed=_changed(world, rows))


def passes(known: pl.DataFrame) -> pl.DataFrame:
    """Return the results that passed, of drills that were carried through: what was given up proves, cures and tests nothing."""
    return known.filter((pl.col("outcome") == "passed") & ~pl.col("given_up"))


def _restored(world: World, rows: pl.DataFrame) -> pl.Series:
    """Say for each result whether a restore run shows it."""
    found = proofs(world, rows)["row"]
    return pl.select(pl.int_range(rows.height, dtype=pl.UInt32).is_in(found.implode())).to_series()


def proofs(world: World, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the restore runs that show results (RESULT): `row` (place of the result), `source`, `id`. They are within it, of all data where all are said to have been restored, and
    of no other repository or recovery point than the result names. rows: all results of their groups, as what a run has shown once it does not show again."""
    well = (pl.col("kind") == "restore") & pl.col("outcome").is_in(["success", "warning"])
    runs = world.runs.filter(well).select("code", "source", "id", "started", "finished", "whole", "named", of="repository")
    numbers = world.repositories.select("name", number="repository").unique()
    told = ("code", "declared", "ended", "coverage", "point", "repository", "depth", "outcome", "signed")
    asked = rows.with_row_index("row").select("row", *told)
    every = asked.join(numbers, left_on="repository", right_on="name", how="left").join(runs, on="code")
    # What only one of them names does not part them.
    every = every.filter(
        pl.any_horizontal(pl.col("of").is_null(), pl.col("repository").is_null(), pl.col("of").eq_missing(pl.col("number")))
        & pl.any_horizontal(pl.col("named").is_null(), pl.col("point").is_null(), pl.col("named") == pl.col("point"))
    )
    inside = (pl.col("started") >= pl.col("declared")) & (pl.col("finished") <= pl.col("ended"))
    fitting = every.filter(inside & (pl.col("whole") | (pl.col("coverage") == "partial")))
    passed = fitting.filter(pl.col("outcome") == "passed").select(
        "row", *_RUN, "ended", "depth", wide=pl.col("coverage") == "full", signed="signed"
    )
    both = passed.join(passed.filter("signed"), on=_RUN, suffix="_before").filter(pl.col("ended_before") < pl.col("ended"))
    again = both.filter((pl.col("depth_before") >= pl.col("depth")) & (pl.col("wide_before") | ~pl.col("wide")))
    return fitting.join(again, on=["row", *_RUN], how="anti", maintain_order="left").select("row", "source", "id")


_RUN = ["code", "source", "id"]


def _changed(world: World, rows: pl.DataFrame) -> pl.Series:
    """Return for each result the first change of the asset, of its policy version, or of the text of a runbook for it after it ended; for ever where there is none."""
    changes = changes_of(world.segments, world.records)
    asked = rows.select("code", at="ended").with_row_index("row").drop_nulls("at").sort("at")
    found = asked.join_asof(
        changes.sort("changed"), left_on="at", right_on="changed", by="code", strategy="forward", allow_exact_matches=False, check_sortedness=False
    )  # fmt: skip
    ends = pl.repeat(FOR_EVER, rows.height, dtype=INT, eager=True)
    return ends.scatter(found["row"], found["changed"].fill_null(FOR_EVER)) if found.height else ends


def changes_of(segments: pl.DataFrame, records: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return when something of a group changed that leaves what was tried before without proof: `code`, `changed`. segments, records: as those of a world."""
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in ATTRIBUTES)
    changes = segments.filter((pl.col("code") == pl.col("code").shift(1)) & ~same).select("code", changed="begin")
    if (books := records.get("runbook")) is None:
        return changes
    # Of an asset that comes into the scope of a runbook later the row begins later: it was not its text that changed.
    revised = books.filter((pl.col("act") == "revise") & (pl.col("begin") == pl.col("on").cast(INT)))
    return pl.concat([changes, revised.select("code", changed="begin")])


def young(world: World, rows: pl.DataFrame, allowed: pl.Series) -> pl.Series:
    """Say for each result whether the recovery point that it names was captured by when the restore began, and no longer ago than allowed; null where no such point of the
    group is known, or the points of that name do not agree."""
    names = world.repositories.select("repository", name="name").unique()
    points = world.points.select("code", "repository", "captured", "restorable", point="id").drop_nulls(["code", "repository"])
    asked = rows.with_row_index("row").select(
        "row", "code", "point", "repository", at=pl.coalesce("started", "declared"), allowed=allowed
    )
    found = asked.join(names, left_on="repository", right_on="name").drop("repository").rename({"repository_right": "repository"})
    found = found.join(points, on=["code", "repository", "point"])
    inside = (pl.col("captured") <= pl.col("at")) & (pl.col("at") < pl.col("restorable") + pl.col("allowed"))
    # Of one of which nobody told when it was captured it is neither.
    both = found.with_columns(every=inside.fill_null(value=False), some=inside.fill_null(value=True))
    told = both.group_by("row").agg(pl.col("every").all(), pl.col("some").any())
    told = told.filter(pl.col("every") == pl.col("some"))
    answers = pl.repeat(None, rows.height, dtype=pl.Boolean, eager=True)
    return answers.scatter(told["row"], told["every"]) if told.height else answers


def cured(failures: pl.DataFrame, passes: pl.DataFrame) -> pl.Series:
    """Return for each failure when the first later pass of the same group, at least as deep and as wide, ended; for ever where there is none."""
    numbered = failures.select("code", "ended", "depth", "coverage").with_row_index("row")
    later = numbered.join(passes.select("code", at="ended", deep="depth", wide=pl.col("coverage") == "full"), on="code")
    later = later.filter((pl.col("at") > pl.col("ended")) & (pl.col("deep") >= pl.col("depth")))
    # A part that can be restored says nothing of the rest. Of a failure of a part nobody says which part it was: any pass of a part may show it again.
    later = later.filter(pl.col("wide") | (pl.col("coverage") == "partial")).group_by("row").agg(pl.col("at").min())
    ends = pl.repeat(FOR_EVER, failures.height, dtype=INT, eager=True)
    return ends.scatter(later["row"], later["at"]) if later.height else ends
