"""What jobs said: backups of the colder classes with their mode, monthly checks and restore tests, quarterly drills, and the damage found in June."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from audit.simulation import borg, restic
from audit.simulation.accidents import Accidents
from audit.simulation.calendar import HOUR, MINUTE, Calendar, day_of, local
from audit.simulation.files import File, Shelf, payload
from audit.simulation.interchange import records
from audit.simulation.points import within
from audit.simulation.servers import BORG, HANGZHOU, SHANGHAI

TEST_DAY, DRILL_DAY = 12, 19
"""The days of a month on which restores are tested, and (each quarter's second month) a whole service is recovered."""
MODES = {"db-backup": ("pg/contract-talk", "cold"), "call-export": (None, "warm"), "conference-export": (None, "warm")}
"""Whose jobs are logged, and how they run: the archive is closed meanwhile, call records are readable. Subject null: all."""
DRILLED = {"db-backup": ("pg/identity", "mysql/messages-1", "pg/organisation"), "call-export": ("cdr",)}

Shelves = Mapping[tuple[str, str], Shelf]


def files(calendar: Calendar, accidents: Accidents, shelves: Shelves) -> Iterator[File]:
    """Yield the logs of every month, and the two checks of the damaged point."""
    months = [day for day in calendar.days() if day.day == 1 and calendar.since <= day < calendar.until]
    for month in months:
        for source in MODES:
            rows = list(_month(calendar, accidents, shelves[source, "nas-sh1"], month))
            if rows:
                at = local(_next(month))
                yield from payload(f"evidence/{source}/jobs/{month:%Y-%m}.ndjson", records(rows), source, observed_at=at)
        yield from _of_files(calendar, accidents, shelves, month)
        yield from _of_hosts(shelves, month)
    yield from _damage(accidents)


def _next(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def _month(calendar: Calendar, accidents: Accidents, shelf: Shelf, month: date) -> Iterator[dict[str, Any]]:
    """Yield a month's runs of one source: backups of the cold and warm classes, and the tests of restoring."""
    if shelf.source == "conference-export" and local(_next(month)) > accidents.silent_from:
        return
    subject, mode = MODES[shelf.source]
    shown = shelf.points.filter(pl.col("captured").is_between(local(month), local(_next(month)), closed="left"))
    for row in (shown if subject is None else shown.filter(pl.col("subject") == subject)).iter_rows(named=True):
        told = {"started_at": row["captured"], "finished_at": row["available"], "outcome": "success", "bytes": row["bytes"]}
        yield {**_run(f"backup-{row['id']}", row, "backup", shelf), "method": row["method"], "mode": mode, **told}
    tested = shelf.points["subject"].unique().sort()
    for name in tested:
        yield _test(calendar, shelf, month, name, "partial", TEST_DAY)
    if month.month % 3 == 2:
        for name in DRILLED.get(shelf.source, ()):
            yield _test(calendar, shelf, month, name, "full", DRILL_DAY)


def _test(calendar: Calendar, shelf: Shelf, month: date, subject: str, coverage: str, day: int) -> dict[str, Any]:
    """Return the restore of a subject's newest self-contained point."""
    chance = calendar.chance(f"{subject}/{coverage}/{month}")
    begun = local(month.replace(day=day), 14) + chance.randint(0, 59) * MINUTE
    point = _newest(shelf.shown(begun).filter(pl.col("subject") == subject, pl.col("base").is_null()))
    length = timedelta(minutes=chance.randint(20, 50) if coverage == "partial" else chance.randint(95, 170))
    told = {"started_at": begun, "finished_at": begun + length, "outcome": "success", "coverage": coverage}
    message = (
        "a table restored beside production, rows compared"
        if coverage == "partial"
        else "drill: whole service recovered and validated"
    )
    return {**_run(f"restore-{coverage}-{subject}-{month:%y%m}", point, "restore", shelf), **told, "message": message}


def _newest(points: pl.DataFrame) -> dict[str, Any]:
    return points.sort("captured").row(-1, named=True)


def _run(ident: str, point: Mapping[str, Any], kind: str, shelf: Shelf) -> dict[str, Any]:
    told = {"record": "run", "id": ident, "subject": point["subject"], "kind": kind}
    return {**told, "repository": shelf.repository, "recovery_point": point["id"]}


def _of_files(calendar: Calendar, accidents: Accidents, shelves: Shelves, month: date) -> Iterator[File]:
    """Yield restic's monthly check of all data, and its restore of a few files with comparison, in each city."""
    for source, repository, (name, path) in (("restic-sh", "restic-sh1", SHANGHAI[0]), ("restic-hz", "restic-hz1", HANGZHOU)):
        shelf = shelves[source, repository]
        for verb, day in (("check", 5), ("restore", TEST_DAY)):
            begun = local(month.replace(day=day), 11)
            if source == "restic-hz" and within(begun, (accidents.away,)):
                begun = accidents.away[1] + 11 * HOUR
            point = _newest(shelf.shown(begun).filter(pl.col("subject") == f"{name}:{path}"))
            host = restic.Host(name, path, repository)
            count = calendar.chance(f"{source}/{verb}/{month}").randint(400, 900)
            text = restic.check(shelf.shown(begun).height) if verb == "check" else restic.restore(point, host, count)
            more = (
                "--read-data"
                if verb == "check"
                else f"{host.id(point['id'])[:8]} --verify --target /srv/restore-test --host {name}"
            )
            told = {"command": f"restic -r /backup/{repository} {verb} {more}", "exit_code": 0, "repository": repository}
            where = f"evidence/{source}/{repository}/{verb}-{month:%Y-%m}.log"
            yield from _log(where, text, source, begun, 3 * HOUR, told)


def _of_hosts(shelves: Shelves, month: date) -> Iterator[File]:
    """Yield borg's monthly check of all data, in each repository."""
    for repository in BORG:
        begun = local(month.replace(day=6), 12)
        text = borg.check(shelves["borg-hosts", repository].shown(begun).height)
        told = {"command": f"borg check --verify-data --show-rc /backup/{repository}", "exit_code": 0, "repository": repository}
        yield from _log(f"evidence/borg-hosts/{repository}/check-{month:%Y-%m}.log", text, "borg-hosts", begun, 2 * HOUR, told)


def _log(path: str, text: str, source: str, begun: datetime, length: timedelta, told: Mapping[str, Any]) -> Iterator[File]:
    times = {"started_at": begun, "finished_at": begun + length, "observed_at": begun + length}
    return payload(path, text, source, **told, **times)


def _damage(accidents: Accidents) -> Iterator[File]:
    """Yield the check that found the damaged full backup, and the one that found its copy good."""
    full = f"permissions-f-{local(accidents.damaged, 0, 30):%y%m%d%H%M}"
    for repository, integrity, at in (
        ("nas-sh1", "corrupt", accidents.damage_found),
        ("vault-hz1", "verified", accidents.copy_verified),
    ):
        told = {"record": "recovery_point", "id": full, "subject": "pg/permissions", "integrity": integrity, "checked_at": at}
        path = f"evidence/db-backup/{repository}/read-{day_of(at)}.ndjson"
        yield from payload(path, records([told]), "db-backup", repository=repository, observed_at=at)
