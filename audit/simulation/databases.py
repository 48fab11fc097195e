"""Databases: chains of full, differential and incremental backups, exports, and their copies; listed as interchange CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

import polars as pl

from audit.simulation import interchange
from audit.simulation.accidents import Accidents
from audit.simulation.calendar import DAY, HOUR, MINUTE, Calendar, local, without
from audit.simulation.files import Shelf
from audit.simulation.points import Chain, bases_of, chain, copied, daily, exports, kept, lost, on_days, unencrypted

QUARTER = 15 * MINUTE
LISTED = {"nas-sh1": 6, "vault-hz1": 7, "cloud-lock": 8, "tape-hz1": 15}
"""The local hour at which each repository is listed."""
COPIED_AFTER = {"vault-hz1": (600, 3_600), "cloud-lock": (1_800, 7_200), "tape-hz1": (118_000, 122_000)}
"""Seconds between the end of a backup and that of its copy. Tapes are written in the morning of the next day."""


def chains(accidents: Accidents) -> tuple[Chain, ...]:
    """Return the core databases, each with its accidents."""
    shards = {number: Chain(f"mysql/messages-{number}", f"messages{number}", QUARTER) for number in (1, 2, 3)}
    shards[2] = Chain("mysql/messages-2", "messages2", QUARTER, (accidents.no_backups,), (accidents.first_backup_after,))
    return (
        Chain("pg/identity", "identity", QUARTER, missing=(accidents.missing_increment,)),
        Chain("pg/permissions", "permissions", HOUR),
        *shards.values(),
        Chain("pg/organisation", "organisation", HOUR),
        Chain("pg/groups", "groups", HOUR),
    )


def shelves(calendar: Calendar, accidents: Accidents) -> Iterator[Shelf]:
    """Yield what every source of databases lists."""
    yield from _core(calendar, accidents)
    yield from _calls(calendar, accidents)
    yield from _conferences(calendar, accidents)


def _core(calendar: Calendar, accidents: Accidents) -> Iterator[Shelf]:
    made = pl.concat([chain(plan, calendar) for plan in chains(accidents)])
    talk = exports("pg/contract-talk", calendar, hour=1, monthly_stays=True)
    bases = pl.concat([bases_of(made), talk]).sort("captured", "subject")
    # The tape has a copy of each month's last day. Before the year begins a second one of December: the first could not be known to be there.
    spare = local(calendar.first + 14 * DAY)
    taped = talk.filter(pl.col("gone").is_null() | (pl.col("captured").is_between(spare, spare + DAY))).with_columns(
        gone=pl.lit(None, pl.Datetime("us", "UTC"))
    )
    days, weeks = calendar.daily, calendar.weekly
    yield _shelf("db-backup", "nas-sh1", pl.concat([made, talk]).sort("captured", "subject"), days(LISTED["nas-sh1"]))
    plain = pl.col("subject").eq("pg/organisation") & on_days(*accidents.unencrypted)
    far = lost(unencrypted(_copies("db-backup", "vault-hz1", bases, calendar), plain), plain, accidents.unencrypted_until)
    yield _shelf("db-backup", "vault-hz1", far, days(LISTED["vault-hz1"]), "nas-sh1")
    for repository, originals, listings in (
        ("cloud-lock", bases, weeks(LISTED["cloud-lock"])),
        # The first finds the tape empty, so that nobody need think of older copies on it.
        ("tape-hz1", taped, calendar.monthly(1, LISTED["tape-hz1"])),
    ):
        yield _shelf("db-backup", repository, _copies("db-backup", repository, originals, calendar), listings, "nas-sh1")


def _calls(calendar: Calendar, accidents: Accidents) -> Iterator[Shelf]:
    """Exports of call records: six-hourly from the day before they are promised, but those of `cdr` only from when it was done."""
    in_time = accidents.promised - DAY
    quality = exports("quality", calendar, six_hourly_from=in_time)
    pruned = pl.col("subject").eq("quality") & on_days(*accidents.pruned)
    made = pl.concat(
        [
            exports("cdr", calendar, six_hourly_from=accidents.late_by),
            quality,
            exports("meetings", calendar, six_hourly_from=in_time),
        ]
    ).sort("captured", "subject")
    copies = copied(daily(made), calendar, "call-export/vault-hz1", COPIED_AFTER["vault-hz1"])
    meetings = pl.col("subject") == "meetings"
    copies = pl.concat([copies.filter(~meetings), kept(copies.filter(meetings), *accidents.kept_too_long)]).sort(
        "captured", "subject"
    )
    yield _shelf("call-export", "nas-sh1", lost(made, pruned, accidents.pruned_at), calendar.daily(LISTED["nas-sh1"]))
    copies = lost(copies, pruned, accidents.pruned_at)
    yield _shelf("call-export", "vault-hz1", copies, calendar.weekly(LISTED["vault-hz1"]), "nas-sh1")


def _conferences(calendar: Calendar, accidents: Accidents) -> Iterator[Shelf]:
    """Exports that are listed once a week, so that all of them stay longer than a week; from some day on nothing more is heard."""
    made = exports("conferences", calendar, six_hourly_from=accidents.promised - DAY, others_for=9, daily_for=40)
    heard = partial(without, since=accidents.silent_from, until=None)
    yield _shelf("conference-export", "nas-sh1", made, heard(calendar.weekly(LISTED["nas-sh1"])))
    copies = copied(daily(made), calendar, "conference-export/vault-hz1", COPIED_AFTER["vault-hz1"])
    yield _shelf("conference-export", "vault-hz1", copies, heard(calendar.weekly(LISTED["vault-hz1"])), "nas-sh1")


def _copies(source: str, repository: str, originals: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    return copied(originals, calendar, f"{source}/{repository}", COPIED_AFTER[repository], locked=repository == "cloud-lock")


def _shelf(
    source: str, repository: str, points: pl.DataFrame, listings: Sequence[datetime], original_in: str | None = None
) -> Shelf:
    rows = interchange.csv_rows(points, original_in)
    header = rows["header"][0]
    return Shelf(source, repository, rows.drop("header"), listings, partial(interchange.csv, header=header), "csv")
