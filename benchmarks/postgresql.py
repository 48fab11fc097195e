"""The rules of recovery-point and copies beside the same rules as SQL in PostgreSQL 15: 2,000 assets x 3 repositories, as in `benchmarks.engine`.

Both answer the same questions: on both bounds, how long the newest state was too old, and how long each leg of 3-2-1 (copies, media, off-site, immutable) was short; what they
answer is held against one another, to the microsecond. The rival starts where most of our work is already done: its table holds lives that were resolved, for one policy. It has a
covering index in the order of each question, which it reads once for both bounds, statistics, memory for its sorts, and both processors. `python -m benchmarks.postgresql [POINTS]`.
"""

from __future__ import annotations

import io
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import psycopg

from audit.controls import copies, recovery_point
from audit.evaluation.assess import build_world, resolve_facts
from audit.evaluation.chunks import WORKERS, chunks_of, fetch
from audit.model.terms import FOR_EVER
from audit.model.world import Outcome, World
from benchmarks.engine import DAY, DAYS, PER_ASSET, REPOSITORIES, START, cpu, estate, made_elsewhere, timed
from tests.postgresql import serving

SINCE, UNTIL = START + 60 * DAY, START + DAYS * DAY
SETTINGS = {
    "shared_buffers": "2GB", "work_mem": "1GB", "maintenance_work_mem": "1GB", "effective_cache_size": "8GB", "max_wal_size": "8GB", "jit": "on",
    "max_parallel_workers_per_gather": 2, "random_page_cost": 1.1,
}  # fmt: skip
TABLES = """
    create unlogged table life (asset int, place smallint, captured bigint, begins bigint, sure_ends bigint, possible_ends bigint, locked_until bigint);
    create table unseen (asset int, place smallint, begins bigint, ends bigint, gone bigint);
    create table place (place smallint, failure_domain text, medium text, city text);
    create table asset (asset int, medium text, city text);
"""
INDEXES = """
    create index by_asset on life (asset, begins) include (captured, sure_ends, possible_ends);
    create index by_place on life (asset, place, begins) include (captured, sure_ends, possible_ends);
"""
LOCKS_OUTLAST = "select not exists (select from life where locked_until is null or locked_until < captured + %(age)s)"
"""Whether every lock outlasts the time for which its copy counts: then what is worked out for all copies is true of the locked ones. Our own rule looks first as well."""
HELD = """
    select asset, place, begins,
      case when sure_ends > begins and captured + %(age)s > begins then least(sure_ends, captured + %(age)s) end as sure,
      case when possible_ends > begins and captured + %(age)s > begins then least(possible_ends, captured + %(age)s) end as possible
    from life
    union all
    select asset, place, begins, null, case when coalesce(gone > begins, true) then least(ends + %(age)s, gone) end from unseen
"""
"""Each life up to when it counts, surely and possibly, and what nobody saw."""
RECOVERY_POINT = f"""
    with held as ({HELD}), swept as (
      select asset, begins, sure, possible, max(sure) over before as sure_before, max(possible) over before as possible_before
      from held window before as (partition by asset order by begins rows between unbounded preceding and 1 preceding)
    ), gaps as (
      select asset, max(sure) as last_sure, max(possible) as last_possible,
        sum(greatest(least(begins, %(until)s) - greatest(sure_before, %(since)s), 0)) filter (where sure is not null) as sure,
        sum(greatest(least(begins, %(until)s) - greatest(possible_before, %(since)s), 0)) filter (where possible is not null) as possible
      from swept group by asset
    )
    select bound, null as leg, sum(missing)::bigint from asset left join gaps using (asset), lateral (values
      ('sure', coalesce(sure, 0) + greatest(%(until)s - greatest(last_sure, %(since)s), 0)),
      ('possible', coalesce(possible, 0) + greatest(%(until)s - greatest(last_possible, %(since)s), 0))
    ) as found (bound, missing) group by bound
"""
"""Microseconds that no life covers which is young enough: the gaps before each life, and the one after the last."""
COPIES = f"""
    with held as ({HELD}), swept as (
      select asset, place, begins, sure, possible, max(sure) over before as sure_before, max(possible) over before as possible_before,
        lead(begins) over by_place is null as last
      from held window by_place as (partition by asset, place order by begins), before as (by_place rows between unbounded preceding and 1 preceding)
    ), borders as materialized (
      select * from swept where last or (sure is not null and (sure_before is null or begins > sure_before))
        or (possible is not null and (possible_before is null or begins > possible_before))
    ), bordered as (
      select 'sure' as bound, asset, place, begins, sure as ends, sure_before as before from borders
      union all
      select 'possible', asset, place, begins, possible, possible_before from borders
    ), reached as (
      select *, max(greatest(ends, before)) over (partition by bound, asset, place) as reached from bordered
    ), islands as (
      select bound, asset, place, greatest(begins, %(since)s) as begins,
        least(lead(before, 1, reached) over (partition by bound, asset, place order by begins), %(until)s) as ends
      from reached where ends is not null and (before is null or begins > before)
    ), asked (leg, needed) as (values ('count', %(count)s), ('media', %(media)s), ('offsite', %(offsite)s), ('immutable', %(immutable)s)
    ), bound (bound) as (values ('sure'), ('possible')
    ), told as (
      select bound, leg, islands.asset, begins, ends,
        case leg when 'count' then failure_domain when 'media' then place.medium else place.place::text end as value
      from islands join place using (place) join asset on asset.asset = islands.asset cross join asked
      where begins < ends and (leg <> 'offsite' or place.city <> asset.city)
      union all
      select bound, leg, asset, %(since)s, %(until)s, case leg when 'count' then 'production' else asset.medium end
      from asset, bound, asked where leg in ('count', 'media')
    ), before as (
      select *, max(ends) over (partition by bound, leg, asset, value order by begins rows between unbounded preceding and 1 preceding) as reached from told
    ), numbered as (
      select *, count(*) filter (where reached is null or begins > reached)
        over (partition by bound, leg, asset, value order by begins rows unbounded preceding) as island from before
    ), merged as (
      select bound, leg, asset, min(begins) as begins, max(ends) as ends from numbered group by bound, leg, asset, value, island
    ), steps as (
      select bound, leg, asset, begins as at, 1 as step from merged
      union all
      select bound, leg, asset, ends, -1 from merged
      union all
      select bound, leg, asset, at, 0 from asset, bound, asked, (values (%(since)s), (%(until)s)) as border (at)
    ), counted as (
      select bound, leg, asset, at, sum(sum(step)) over sweep as copies, lead(at) over sweep as next
      from steps group by bound, leg, asset, at window sweep as (partition by bound, leg, asset order by at)
    )
    select bound, leg, coalesce(sum(next - at) filter (where copies < needed), 0)::bigint from counted join asked using (leg) group by bound, leg
"""
"""Microseconds with too few different values of what each leg counts. Only borders of the islands of each repository leave the one pass over all lives."""


def lives_of(world: World) -> pl.DataFrame:
    """Return the rival's rows: `asset`, `place`, `captured`, `begins`, `sure_ends`, `possible_ends`, `locked_until`; of a life with gaps one for each stretch, on one bound."""
    lives = world.lives[False]
    told = world.points.select("code", "repository", "captured", "immutable")
    columns = ("code", "repository", "captured", "begin", "sure", "possible", "immutable")
    plain = told.hstack(lives.scalars).filter(~pl.col("gapped")).rename({"sure_end": "sure", "possible_end": "possible"})
    parts = [plain.select(columns)]
    for bound, other in (("sure", "possible"), ("possible", "sure")):
        rows = getattr(lives, bound)
        some = told[rows["point"]].with_columns(rows["begin"], rows["end"].alias(bound), pl.lit(None, pl.Int64).alias(other))
        parts.append(some.select(columns))
    return pl.concat(parts).drop_nulls(["code", "captured"])


def unseen_of(world: World) -> pl.DataFrame:
    """Return when points may exist that nobody saw: `asset`, `place`, `begins`, `ends`, `gone`."""
    return world.unseen.select("code", "repository", "begin", pl.col("end").clip(upper_bound=FOR_EVER), "gone")


def answers(outcomes: list[Outcome]) -> dict[tuple[str, str | None], int]:
    """Return the microseconds by bound and leg that are not surely, and those that are not even possibly met."""
    found: dict[tuple[str, str | None], int] = {}
    for one in outcomes:
        breached, unproven = (int((rows["end"] - rows["begin"]).sum()) for rows in (one.breached, one.unproven))
        for bound, missing in (("possible", breached), ("sure", breached + unproven)):
            found[bound, one.leg] = found.get((bound, one.leg), 0) + missing
    return found


def run(points: int) -> dict[str, float]:
    """Measure, print and return the figures; ours and the rival's answers have to be the same."""
    figures: dict[str, float] = {"points": points}
    with tempfile.TemporaryDirectory() as name, serving(SETTINGS) as server:
        folder = Path(name)
        catalog = made_elsewhere(folder, points)
        promised = estate(points // PER_ASSET, DAYS * 24 / (PER_ASSET // REPOSITORIES))
        address = server.database().replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(TABLES)
            figures |= dict.fromkeys(("read_s", "resolve_s", "rival_load_s"), 0.0)
            worlds: list[World] = []
            first = 0
            for chunk in chunks_of(catalog, 0, promised):  # type: ignore[arg-type]
                read_s, rows = timed(lambda chunk=chunk: fetch(catalog, 0, chunk))  # type: ignore[misc]
                resolve_s, world = timed(
                    lambda chunk=chunk, rows=rows: build_world(  # type: ignore[misc]
                        chunk.estate, resolve_facts(rows, chunk.estate.sources, {False}), SINCE, UNTIL
                    )
                )
                worlds.append(world)
                load_s, _ = timed(lambda world=world, first=first: _load(connection, world, first))  # type: ignore[misc]
                first += world.groups.height
                for key, value in (("read_s", read_s), ("resolve_s", resolve_s), ("rival_load_s", load_s)):
                    figures[key] += value
            places = worlds[0].repositories.select("repository", "failure_domain", "medium", "city")
            _copy(connection, "place", places)
            figures["rival_index_s"], _ = timed(lambda: [connection.execute(one) for one in (INDEXES, "vacuum analyze")])
            terms = promised.policies[0].objectives
            rules: dict[str, Any] = {"recovery_point_s": recovery_point, "copies_s": copies}
            ours, used = {}, cpu()
            for key, rule in rules.items():
                # Two at a time, as an assessment judges its chunks.
                with ThreadPoolExecutor(WORKERS) as pool:
                    figures[key], found = timed(lambda rule=rule, pool=pool: list(pool.map(rule.evaluate, worlds)))  # type: ignore[misc]
                ours[key] = answers([one for some in found for one in some])
            figures["rules_cpu_s"] = cpu() - used
            values = {leg: getattr(terms["copies"], leg) for leg in ("count", "media", "offsite", "immutable")} | {
                "since": SINCE,
                "until": UNTIL,
            }
            ages = {"recovery_point_s": terms["rpo"].target.microseconds, "copies_s": terms["copies"].max_age.microseconds}
            for key, query in (("recovery_point_s", RECOVERY_POINT), ("copies_s", COPIES)):
                given = values | {"age": ages[key]}
                looked_s = 0.0
                if key == "copies_s":
                    looked_s, outlast = timed(lambda given=given: connection.execute(LOCKS_OUTLAST, given).fetchone())  # type: ignore[misc]
                    assert outlast == (True,), "the rival's query takes locked copies for all copies"
                seconds, told = timed(lambda query=query, given=given: connection.execute(query, given).fetchall())  # type: ignore[misc]
                figures[f"rival_{key}"] = looked_s + seconds
                assert {(bound, leg): missing for bound, leg, missing in told} == ours[key], (key, told, ours[key])
    rival = sum(figures[f"rival_{key}"] for key in rules)
    own = sum(figures[key] for key in rules)
    figures |= {"rival_s": rival, "rules_s": own, "ratio_of_the_rules": rival / own}
    figures["ratio_with_reading_and_resolving"] = rival / (own + figures["read_s"] + figures["resolve_s"])
    print(" ".join(f"{key}={value:,.2f}" if isinstance(value, float) else f"{key}={value:,}" for key, value in figures.items()))
    return figures


def _load(connection: psycopg.Connection, world: World, first: int) -> None:
    """Load a world's rows; its groups are numbered from `first`."""
    assets = world.segments.select("code", "medium", "city")
    for table, rows in (("life", lives_of(world)), ("unseen", unseen_of(world)), ("asset", assets)):
        _copy(connection, table, rows.with_columns(pl.col("code") + first))


def _copy(connection: psycopg.Connection, table: str, rows: pl.DataFrame) -> None:
    written = io.BytesIO()
    rows.write_csv(written, include_header=False)
    with connection.cursor().copy(f"copy {table} from stdin (format csv)") as copy:
        copy.write(written.getvalue())


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)
