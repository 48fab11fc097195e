"""The rules of recovery-point and copies beside the same rules as SQL in PostgreSQL 15: 2,000 assets x 3 repositories, as in `benchmarks.engine`.

The rival starts where most of our work is already done: its table holds lives that were resolved, and it answers on one bound only, for one policy.
It has a covering index in the order of each of its two questions, statistics, memory for its sorts, and both processors. What it answers is held against ours, to the microsecond.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

import polars as pl
import psycopg

from audit.controls import copies, recovery_point
from audit.evaluation.assess import build_world, resolve_facts
from audit.evaluation.chunks import chunks_of, fetch
from audit.model.world import Outcome, World
from benchmarks.engine import DAY, DAYS, PER_ASSET, REPOSITORIES, START, cpu, estate, made_elsewhere, timed
from tests.postgresql import serving

SINCE, UNTIL = START + 60 * DAY, START + DAYS * DAY
SETTINGS = {
    "shared_buffers": "2GB", "work_mem": "1GB", "maintenance_work_mem": "1GB", "effective_cache_size": "8GB", "max_wal_size": "8GB", "jit": "on",
    "max_parallel_workers_per_gather": 2, "random_page_cost": 1.1,
}  # fmt: skip
TABLE = """
    create unlogged table life (asset int, place smallint, captured bigint, begins bigint, ends bigint);
"""
INDEXES = """
    create index by_asset on life (asset, begins) include (captured, ends);
    create index by_place on life (asset, place, begins) include (captured, ends);
"""
RECOVERY_POINT = """
    with covered as (
      select asset, greatest(begins, %(since)s) as begins, least(ends, captured + %(allowed)s, %(until)s) as until
      from life where begins < %(until)s and least(ends, captured + %(allowed)s) > greatest(begins, %(since)s)
    ), before as (
      select asset, begins, until, max(until) over (partition by asset order by begins rows between unbounded preceding and 1 preceding) as reached
      from covered
    )
    select coalesce(sum(gap), 0)::bigint from (
      select greatest(begins - coalesce(reached, %(since)s), 0) as gap from before
      union all
      select %(until)s - max(until) from covered group by asset
    ) as gaps
"""
"""Microseconds that no life covers which is young enough, of assets that have any: the gaps before each life, and the one after the last."""
COPIES = """
    with held as (
      select asset, place, greatest(begins, %(since)s) as begins, least(ends, captured + %(age)s, %(until)s) as until
      from life where begins < %(until)s and least(ends, captured + %(age)s) > greatest(begins, %(since)s)
    ), before as (
      select asset, place, begins, until,
        max(until) over (partition by asset, place order by begins rows between unbounded preceding and 1 preceding) as reached
      from held
    ), numbered as (
      select asset, place, begins, until, count(*) filter (where reached is null or begins > reached)
        over (partition by asset, place order by begins rows unbounded preceding) as island
      from before
    ), islands as (
      select asset, min(begins) as begins, max(until) as until from numbered group by asset, place, island
    ), steps as (
      select asset, begins as at, 1 as step from islands union all select asset, until, -1 from islands
      union all select distinct asset, %(since)s::bigint, 0 from life union all select distinct asset, %(until)s::bigint, 0 from life
    ), counted as (
      select asset, at, sum(sum(step)) over (partition by asset order by at) as copies,
        lead(at) over (partition by asset order by at) as next
      from steps group by asset, at
    )
    select coalesce(sum(next - at), 0)::bigint from counted where copies < %(needed)s and next is not null
"""
"""Microseconds with too few copies. Each repository is a failure domain of its own here; production is one more."""


def lives_of(world: World) -> pl.DataFrame:
    """Return what the rival is given: `asset`, `place`, `captured`, `begins`, `ends` of every surely live stretch."""
    rows = world.lives[False].rows("sure")
    points = world.points.select("code", "repository", "captured")[rows["point"]]
    return points.hstack(rows.select("begin", "end")).drop_nulls()


def not_surely(outcomes: list[Outcome], leg: str | None) -> int:
    """Return the microseconds that a leg is not surely met."""
    found = 0
    for one in outcomes:
        if one.leg == leg:
            found += sum(int((rows["end"] - rows["begin"]).sum()) for rows in (one.breached, one.unproven))
    return found


def run(points: int) -> dict[str, float]:
    """Measure, print and return the figures; ours and the rival's answers have to be the same."""
    figures: dict[str, float] = {"points": points}
    told = {"recovery_point_s": 0, "copies_s": 0}
    with tempfile.TemporaryDirectory() as name, serving(SETTINGS) as server:
        folder = Path(name)
        catalog = made_elsewhere(folder, points)
        promised = estate(points // PER_ASSET, DAYS * 24 / (PER_ASSET // REPOSITORIES))
        address = server.database().replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(TABLE)
            names = ("read_s", "resolve_s", "recovery_point_s", "copies_s")
            figures |= dict.fromkeys((*names, "cpu_s", "rival_load_s"), 0.0)
            ours = dict.fromkeys(told, 0)
            first = 0
            for chunk in chunks_of(catalog, 0, promised):  # type: ignore[arg-type]
                began = cpu()
                read_s, rows = timed(lambda chunk=chunk: fetch(catalog, 0, chunk))  # type: ignore[misc]
                resolve_s, world = timed(
                    lambda chunk=chunk, rows=rows: build_world(  # type: ignore[misc]
                        chunk.estate, resolve_facts(rows, chunk.estate.sources, {False}), SINCE, UNTIL
                    )
                )
                rpo_s, rpo = timed(lambda world=world: recovery_point.evaluate(world))  # type: ignore[misc]
                copies_s, held = timed(lambda world=world: copies.evaluate(world))  # type: ignore[misc]
                figures["cpu_s"] += cpu() - began
                for key, value in zip(names, (read_s, resolve_s, rpo_s, copies_s), strict=True):
                    figures[key] += value
                ours["recovery_point_s"] += not_surely(rpo, None)
                ours["copies_s"] += not_surely(held, "count")
                lives = lives_of(world).with_columns(pl.col("code") + first)
                first += world.groups.height
                load_s, _ = timed(lambda lives=lives: _load(connection, lives))  # type: ignore[misc]
                figures["rival_load_s"] += load_s
            figures["rival_index_s"], _ = timed(lambda: [connection.execute(one) for one in (INDEXES, "vacuum analyze life")])
            terms = promised.policies[0].objectives
            values = {
                "since": SINCE,
                "until": UNTIL,
                "allowed": terms["rpo"].target.microseconds,
                "age": terms["copies"].max_age.microseconds,
            }
            values["needed"] = terms["copies"].count - 1
            for key, query in (("recovery_point_s", RECOVERY_POINT), ("copies_s", COPIES)):
                seconds, answer = timed(lambda query=query: connection.execute(query, values).fetchone())  # type: ignore[misc]
                figures[f"rival_{key}"] = seconds
                assert answer == (ours[key],), (key, answer, ours[key])
    whole = sum(figures[key] for key in names)
    rival = sum(figures[f"rival_{key}"] for key in told)
    figures |= {
        "all_s": whole, "rival_s": rival, "ratio_with_reading_and_resolving": rival / whole,
        "ratio_of_the_rules": rival / sum(figures[key] for key in told),
    }  # fmt: skip
    print(" ".join(f"{key}={value:,.2f}" if isinstance(value, float) else f"{key}={value:,}" for key, value in figures.items()))
    return figures


def _load(connection: psycopg.Connection, lives: pl.DataFrame) -> None:
    written = io.BytesIO()
    lives.write_csv(written, include_header=False)
    with connection.cursor().copy("copy life from stdin (format csv)") as copy:
        copy.write(written.getvalue())


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)
