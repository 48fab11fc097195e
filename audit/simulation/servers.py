"""Files (restic) and hosts (borg): configuration and logs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

import polars as pl

from audit.simulation import borg, restic
from audit.simulation.accidents import Accidents
from audit.simulation.calendar import MINUTE, SUNDAY, Calendar, without
from audit.simulation.files import Shelf
from audit.simulation.points import archives, copied, daily, snapshots
from audit.simulation.restic import Host

SHANGHAI = (("fs-sh-01", "/srv/im/files"), ("fs-sh-02", "/srv/im/stickers"))
HANGZHOU = ("fs-hz-01", "/srv/im/files")
HOSTS = ("gateway-01", "registry-01", "push-01", "console-01", "monitor-01", "audit-log", "access-log")
BORG = {"borg-sh1": 1, "borg-hz1": 2}
"""The local hour at which the hosts are backed up to each repository."""
LISTED_LOCAL, LISTED_CLOUD = (8, 0), (9, 0)
LISTED_BORG = (3, 30)


def shelves(calendar: Calendar, accidents: Accidents) -> Iterator[Shelf]:
    """Yield what restic and borg list."""
    yield from _shanghai(calendar, accidents)
    yield from _hangzhou(calendar, accidents)
    for repository, hour in BORG.items():
        yield _hosts(calendar, repository, hour)


def _shanghai(calendar: Calendar, accidents: Accidents) -> Iterator[Shelf]:
    """Snapshots, and the copy of each midnight's in the cloud. A copy does not say when it was made."""
    near, far = [], []
    for name, path in SHANGHAI:
        host, away = Host(name, path, "restic-sh1"), Host(name, path, "restic-cloud-sh")
        points = snapshots(host.subject, calendar).with_columns(ended="available")
        near.append(restic.rows(points, host))
        copies = copied(daily(points), calendar, f"{host.subject}/cloud", (600, 3_000))
        if name == "fs-sh-01":
            since, until = accidents.no_copies
            copies = copies.filter(~pl.col("captured").is_between(since, until, closed="left"))
        far.append(restic.rows(copies, away, host))
    yield _restic("restic-sh", "restic-sh1", near, calendar.daily(*LISTED_LOCAL))
    yield _restic("restic-sh", "restic-cloud-sh", far, calendar.daily(*LISTED_CLOUD), told=False)


def _hangzhou(calendar: Calendar, accidents: Accidents) -> Iterator[Shelf]:
    """Snapshots, and one a day straight to the cloud. The source is silent for some days, and comes back."""
    host, cloud = Host(*HANGZHOU, "restic-hz1"), Host(*HANGZHOU, "restic-cloud-hz")
    points = snapshots(host.subject, calendar).with_columns(ended="available")
    later = timedelta(minutes=30)
    straight = daily(points).with_columns(pl.col("captured", "available", "ended") + later)
    heard = partial(without, since=accidents.away[0], until=accidents.away[1])
    yield _restic("restic-hz", "restic-hz1", [restic.rows(points, host)], heard(calendar.daily(*LISTED_LOCAL)))
    yield _restic("restic-hz", "restic-cloud-hz", [restic.rows(straight, cloud)], heard(calendar.weekly(*LISTED_CLOUD, on=SUNDAY)))


def _restic(
    source: str, repository: str, rows: Sequence[pl.DataFrame], listings: Sequence[datetime], *, told: bool = True
) -> Shelf:
    points = pl.concat(rows).sort("captured", "subject")
    command = f"restic -r /backup/{repository} snapshots --json"
    return Shelf(source, repository, points, listings, restic.listing, "json", command, told)


def _hosts(calendar: Calendar, repository: str, hour: int) -> Shelf:
    points = pl.concat([archives(name, calendar, hour) for name in HOSTS]).sort("captured", "subject")
    listings = calendar.daily(*LISTED_BORG)

    def written(shown: pl.DataFrame) -> str:
        newest = shown["available"].max()
        return borg.listing(shown, repository, newest if isinstance(newest, datetime) else listings[0] - MINUTE)

    command = f"borg list --json --format '{{end}}{{hostname}}' /backup/{repository}"
    return Shelf("borg-hosts", repository, borg.rows(points, repository), listings, written, "json", command, told=False)
