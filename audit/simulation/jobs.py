"""What jobs said: backups of the colder classes with their mode, monthly checks of all data, restore tests, quarterly drills, and the damage found in June."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from audit.simulation import borg, restic
from audit.simulation.accidents import Accidents, Stretch
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
    yield from _checks(accidents, shelves)
    for month in (day for day in calendar.days() if day.day == 1 and calendar.since <= day < calendar.until):
        for source in MODES:
            rows = list(_month(calendar, accidents, shelves[source, "nas-sh1"], month))
            if rows:
                at = local(_next(month))
                yield from payload(f"evidence/{source}/jobs/{month:%Y-%m}.ndjson", records(rows), source, observed_at=at)
        yield from _of_files(calendar, accidents, shelves, month)
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
    """Yield restic's monthly restore of a few files with comparison, in each city."""
    for source, repository, (name, path) in (("restic-sh", "restic-sh1", SHANGHAI[0]), ("restic-hz", "restic-hz1", HANGZHOU)):
        shelf = shelves[source, repository]
        begun = local(month.replace(day=TEST_DAY), 11)
        if source == "restic-hz" and within(begun, (accidents.away,)):
            begun = accidents.away[1] + 11 * HOUR
        point = _newest(shelf.shown(begun).filter(pl.col("subject") == f"{name}:{path}"))
        host = restic.Host(name, path, repository)
        count = calendar.chance(f"{source}/restore/{month}").randint(400, 900)
        more = f"{host.id(point['id'])[:8]} --verify --target /srv/restore-test --host {name}"
        told = {"command": f"restic -r /backup/{repository} restore {more}", "exit_code": 0, "repository": repository}
        where = f"evidence/{source}/{repository}/restore-{month:%Y-%m}.log"
        yield from _log(where, restic.restore(point, host, count), source, begun, 3 * HOUR, told)


CHECKED = {
    ("restic-sh", "restic-sh1"): (5, 3), ("restic-hz", "restic-hz1"): (5, 3), ("restic-sh", "restic-cloud-sh"): (7, 5), ("restic-hz", "restic-cloud-hz"): (7, 5),
    **{("borg-hosts", repository): (6, 2) for repository in BORG},
}  # fmt: skip
"""The day of each month on which a repository is read in full, and for how many hours."""


def checks(accidents: Accidents, source: str, repository: str) -> Iterator[Stretch]:
    """Yield the checks of a repository that read all its data: when each began, and when it was done."""
    calendar, (day, hours) = accidents.calendar, CHECKED[source, repository]
    for month in (each for each in calendar.days() if each.day == 1 and each < calendar.until):
        begun = local(month.replace(day=day), 11 if source != "borg-hosts" else 12)
        if repository != "restic-cloud-sh" or not within(begun, (accidents.no_checks,)):
            yield begun, begun + hours * HOUR


def _checks(accidents: Accidents, shelves: Shelves) -> Iterator[File]:
    """Yield the logs of all checks. A source that is silent sends its own when it is back."""
    for source, repository in CHECKED:
        shelf = shelves[source, repository]
        by_borg = source == "borg-hosts"
        command = (
            f"borg check --verify-data --show-rc /backup/{repository}"
            if by_borg
            else f"restic -r /backup/{repository} check --read-data"
        )
        for begun, done in checks(accidents, source, repository):
            late = source == "restic-hz" and within(done, (accidents.away,))
            text = (borg if by_borg else restic).check(shelf.shown(begun).height)
            told = {"command": command, "exit_code": 0, "repository": repository, "started_at": begun, "finished_at": done}
            told["observed_at"] = accidents.away[1] + 11 * HOUR if late else done
            yield from payload(f"evidence/{source}/{repository}/check-{day_of(begun):%Y-%m}.log", text, source, **told)


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
