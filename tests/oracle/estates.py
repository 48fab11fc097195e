"""Random cases: a programme, a hidden world, and what evidence tells of it - late, shuffled, incomplete, contradicting itself."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from tests.oracle.case import Case, Told
from tests.oracle.cases_of_findings import random_findings
from tests.oracle.cases_of_governed import random_governed
from tests.oracle.cases_of_holds import random_holds
from tests.oracle.cases_of_sizes import random_confirmations
from tests.oracle.cases_of_stated import random_statements
from tests.oracle.cases_of_waivers import random_waivers
from tests.oracle.claiming import with_claims
from tests.oracle.delivering import with_deliveries
from tests.oracle.denying import with_denials
from tests.oracle.drilling import random_drills
from tests.oracle.instants import DAY, HOUR
from tests.oracle.more import logged_runs, more_checks, open_runs, with_locks
from tests.oracle.programmes import Plan, Size, plan
from tests.oracle.serving import repart, serve_again
from tests.oracle.worlds import Habit, Real, world

Record = dict[str, Any]


def random_case(seed: int, size: Size | None = None) -> Case:
    """Return the case of a seed: the same for the same seed and size, for ever."""
    made = plan(seed, size or Size())
    points, habits = world(made)
    told = [
        *_listings(made, points, habits),
        *_job_logs(made, points, habits),
        *_verify_runs(made, points),
        *_corrections(made, points),
    ]
    told = _arrived(made, told)
    known = made.random.randint(0, len(told)) if made.chance(0.25) else None
    for one in more_checks(made, points):
        told.insert(made.more.randint(0, len(told)), one)
    for one in open_runs(made, habits):
        told.insert(made.making.randint(0, len(told)), one)
    told += logged_runs(seed, made, habits)
    told = with_claims(seed, made, points, with_locks(made, told))
    stated = random_statements(seed, made) if known is None or known else ()
    held = random_holds(seed, made) if known is None or known else ()
    acted = [
        *random_governed(seed, made),
        *random_waivers(seed, made),
        *random_findings(seed, made),
        *random_confirmations(seed, made, points),
    ]
    acted = acted if known is None or known else []
    drilled, restores = random_drills(seed, made, points)
    told, drilled = [*told, *restores], drilled if known is None or known else []
    told = with_denials(seed, made, points, told)
    told = with_scoped_logs(random.Random(f"scopes {seed}"), told)
    told, read_on = with_deliveries(seed, made, told)
    serve_again(random.Random(f"service {seed}"), made)
    repart(random.Random(f"parts {seed}"), made)
    return Case(f"seed {seed}", made.programme, told, made.since, made.until, known, stated, held, acted, read_on, drilled)


def with_scoped_logs(rng: random.Random, told: list[Told]) -> list[Told]:
    """Let some job logs be of a scope only."""
    found = []
    for one in told:
        log = any(row.get("covers_from") is not None and row.get("scope") is None for row in one.records)
        if log and rng.random() < 0.2:
            scope = rng.choice(("g1", "g2"))
            of_scope = [{**row, "scope": scope} if row.get("covers_from") is not None else row for row in one.records]
            one = replace(one, records=of_scope)
        found.append(one)
    return found


def cases() -> st.SearchStrategy[Case]:
    """Cases for Hypothesis: it shrinks to small estates, and within a size to small seeds."""
    sizes = st.builds(
        Size, assets=st.integers(1, 5), repositories=st.integers(1, 4), sources=st.integers(1, 3), points=st.integers(1, 14),
        listings=st.integers(0, 12), days=st.integers(2, 30),
    )  # fmt: skip
    return st.builds(lambda size, seed: random_case(seed, size), sizes, st.integers(0, 2**32 - 1))


# Listings


def _listings(made: Plan, points: list[Real], habits: list[Habit]) -> list[Told]:
    """Return what each source's listings of each repository told."""
    hidden = {(habit.source, habit.subject) for habit in habits if not habit.listed}
    shown = [point for point in points if (point.source, point.subject) not in hidden]
    places = {(point.source, point.repository) for point in shown if made.chance(0.95)}
    if made.chance(0.4):
        places.add((made.random.choice(made.sources), made.random.choice(made.repositories)))
    found: list[Told] = []
    for source, repository in sorted(places):
        here = [point for point in shown if (point.source, point.repository) == (source, repository)]
        found += _listings_of_place(made, source, repository, here)
    return found


def _listings_of_place(made: Plan, source: str, repository: str, here: list[Real]) -> list[Told]:
    rng = made.random
    style = rng.choice(("whole", "whole", "whole", "scoped", "mixed"))
    groups = {subject: rng.choice(("g1", "g2")) for subject in sorted({point.subject for point in here})}
    # A source may be silent at first, or from some day on, or all the time.
    start = made.begin if made.chance(0.6) else made.between(made.begin, made.until)
    end = max(made.end, made.since) if made.chance(0.7) else made.between(made.begin, made.until)
    step = rng.choice((6 * HOUR, DAY, DAY, 2 * DAY, 5 * DAY))
    if made.chance(0.8):
        step = max(step, (end - start) // max(made.size.listings, 1))
    found = []
    for number in range(rng.randint(0, made.size.listings)):
        instant = made.between(start + number * step, start + number * step + step // 3)
        if instant > end or made.chance(0.08):
            continue
        scope = None if style == "whole" or (style == "mixed" and made.chance(0.5)) else rng.choice(("g1", "g2"))
        there = [
            point
            for point in here
            if (point.is_there(instant) or made.chance(0.01)) and (scope is None or groups[point.subject] == scope)
        ]
        found.append(_listing(made, source, repository, scope, instant, there))
        if made.chance(0.07):
            # Another listing of the same instant that does not agree.
            found.append(_listing(made, source, repository, scope, instant, [point for point in there if made.chance(0.7)]))
    return found


def _listing(made: Plan, source: str, repository: str, scope: str | None, instant: int, there: list[Real]) -> Told:
    complete = made.chance(0.85)
    if not complete:
        there = [point for point in there if made.chance(0.6)]
    row: Record = {"record": "listing", "repository": repository, "scope": scope, "complete": complete}
    observed: int | None = instant
    match made.random.randrange(20):
        case 0:
            row["complete"], observed = False, None  # nobody knows when
        case 1:
            row["listed_at"], observed = instant, None
        case 2 | 3 | 4:
            row["listed_at"], observed = instant, made.between(instant, instant + 2 * DAY)
        case 5 | 6 | 7 | 8 | 9:
            row["listed_at"] = instant
    return Told(source, observed, [row, *(_row(made, point, instant) for point in there)])


def _row(made: Plan, point: Real, t: int) -> Record:
    """Return how a listing at t tells of a point; sometimes otherwise than another did."""
    row: Record = {
        "record": "recovery_point",
        "repository": point.repository,
        "id": point.id,
        "subject": point.subject,
        "method": point.method if point.tells_method else None,
        "captured_at": (point.told_captured or point.captured) if point.tells_captured else None,
        "captured_until": point.captured_until if point.tells_captured else None,
        "available_at": point.available if point.tells_available else None,
        "base": point.base,
        "bytes": point.bytes,
        "self_contained": point.self_contained,
        "immutable_until": point.immutable,
        "expires_at": point.expires,
        "completeness": "partial" if point.partial and made.chance(0.7) else made.random.choice((None, "complete")),
        **_copy_of(point),
    }
    known = [check for check in point.checks if check[0] <= t]
    if known and made.chance(0.8):
        when, word = made.random.choice(known)
        row |= {"integrity": word, "checked_at": when if made.chance(0.9) else None}
    if row["immutable_until"] is not None and made.chance(0.1):
        row["immutable_until"] += made.between(0, 4 * DAY)  # prolonged
    if made.chance(0.06):
        _otherwise(made, row)
    return row


def _copy_of(point: Real) -> Record:
    original = point.original
    if original is None:
        return {}
    return {
        "copy_of_source": None if original.source == point.source else original.source,
        "copy_of_repository": original.repository if point.names_repository else None,
        "copy_of_id": original.id,
    }


def _otherwise(made: Plan, row: Record) -> None:
    """Tell one field of a row otherwise, in an order of times that adapters accept."""
    captured, available = row["captured_at"], row["available_at"]
    match made.random.choice(("available", "captured", "immutable", "expires", "contained", "unknown")):
        case "available" if available is not None:
            row["available_at"] = made.between(available, available + 2 * DAY)
        case "captured" if captured is not None and row["captured_until"] is None:
            row["captured_at"] = made.between(captured - DAY, captured)
        case "immutable":
            row["immutable_until"] = made.between(made.since, made.until)
        case "expires":
            row["expires_at"] = made.between(made.since, made.until)
        case "contained":
            row["self_contained"] = made.chance(0.5)
        case "unknown":
            row["available_at"] = None


# Job logs


def _job_logs(made: Plan, points: list[Real], habits: list[Habit]) -> list[Told]:
    """Return what job logs told: runs, some of them twice, and which stretch a log covers."""
    found: list[Told] = []
    for habit in habits:
        mine = [
            point for point in points if point.original is None and (point.source, point.subject) == (habit.source, habit.subject)
        ]
        if habit.by_jobs and mine:
            found += _logs_of(made, habit, mine)
    return found


def _logs_of(made: Plan, habit: Habit, points: list[Real]) -> list[Told]:
    runs = [_run(made, point) for point in points if made.chance(0.9)]
    names_rows = made.chance(0.15)
    found = []
    start = made.begin
    step = made.random.choice((5 * DAY, 10 * DAY, 40 * DAY))
    while start < made.end:
        end = made.between(start + step, start + step)
        overlap = made.between(start - made.random.choice((0, 0, DAY)), start)
        inside = [run for run in runs if overlap <= run["started_at"] < end and run["finished_at"] <= end + DAY]
        records: list[Record] = [_as_known(run, end) for run in inside]
        if made.chance(0.6):
            log: Record = {
                "record": "listing",
                "repository": habit.repository,
                "complete": False,
                "covers_from": overlap,
                "covers_to": end,
            }
            records.append(log)
        elif names_rows:
            records += [
                {**_row(made, point, end), "basis": "job"} for point in points if start <= point.captured < end and made.chance(0.3)
            ]
        if records and made.chance(0.93):
            observed = made.between(end, end + DAY) if made.chance(0.93) else None
            found.append(Told(habit.source, observed, records))
        start = end
    return found


def _run(made: Plan, point: Real) -> Record:
    rng = made.random
    named = rng.choice((point.id, point.id, point.id[:8], point.id[:7], None, None))
    outcome = rng.choice(("success",) * 7 + ("warning", "failed", "cancelled"))
    return {
        "record": "run",
        "id": f"run-{point.id}",
        "subject": point.subject,
        "kind": "backup" if made.chance(0.95) else "copy",
        "method": point.method if made.chance(0.9) else None,
        "started_at": point.captured,
        "finished_at": made.between(point.available, point.available + rng.choice((0, HOUR))),
        "outcome": outcome,
        "repository": point.repository,
        "recovery_point": named,
        "bytes": point.bytes,
        "coverage": "partial" if point.partial and made.chance(0.5) else None,
    }


def _as_known(run: Record, t: int) -> Record:
    """A log written before a run ended shows it as running."""
    if run["finished_at"] <= t:
        return run
    return {**run, "outcome": "running", "finished_at": None, "recovery_point": None, "coverage": None}


def _verify_runs(made: Plan, points: list[Real]) -> list[Told]:
    """Return verify runs of whole repositories: failed, passed in full or in part."""
    found = []
    for source, repository in sorted({(point.source, point.repository) for point in points}):
        if made.chance(0.2):
            instants = sorted({made.between(made.begin, made.until) for _ in range(made.random.randint(1, 4))})
            runs = [_verify_run(made, repository, f"verify-{repository}-{number}", x) for number, x in enumerate(instants)]
            found.append(Told(source, max(instants), runs))
    return found


def _verify_run(made: Plan, repository: str, name: str, finished: int) -> Record:
    rng = made.random
    return {
        "record": "run", "id": name, "kind": "verify", "started_at": finished, "finished_at": finished, "repository": repository,
        "outcome": rng.choice(("failed", "failed", "success", "success", "warning")), "coverage": rng.choice(("full", "full", "partial", None)),
        "subject": "x1" if made.chance(0.1) else None,
    }  # fmt: skip


def _corrections(made: Plan, points: list[Real]) -> list[Told]:
    """Return payloads without a listing: deletions that a log tells, and rows of which nobody says when they were true."""
    found = []
    for source in made.sources:
        gone = [point for point in points if point.source == source and point.end < made.end and made.chance(0.12)]
        if gone:
            rows = [{**_bare(point), "deleted_at": point.end, "basis": "job"} for point in gone]
            found.append(Told(source, made.end if made.chance(0.5) else None, rows))
        odd = [point for point in points if point.source == source and made.chance(0.02)]
        if odd:
            found.append(
                Told(source, None, [{**_row(made, point, made.end), "integrity": None, "basis": "catalog"} for point in odd])
            )
    return found


def _bare(point: Real) -> Record:
    return {"record": "recovery_point", "repository": point.repository, "id": point.id, "subject": point.subject, **_copy_of(point)}


def _arrived(made: Plan, told: list[Told]) -> list[Told]:
    """Return the payloads in order of arrival: as they were observed, some of them late, or in any order."""
    told = sorted(told, key=lambda one: made.begin if one.observed_at is None else one.observed_at)
    style = made.random.choice(("in order", "in order", "late", "shuffled"))
    if style == "shuffled":
        made.random.shuffle(told)
    elif style == "late" and told:
        for _ in range(1 + len(told) // 6):
            told.append(told.pop(made.random.randrange(len(told))))
    return told
