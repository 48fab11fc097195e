"""Runs of the scheduler's jobs: when each ran, who started it, and how it ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Engine, insert, select, update

from audit.model.facts import INSTANT
from audit.register.dialect import reading, writing
from audit.register.tables import job_run

WAITING, RUNNING, SUCCESS, FAILED = "waiting", "running", "success", "failed"
JOB_RUN: dict[str, pl.DataType] = {
    "number": pl.Int64(),
    "job": pl.String(),
    "by": pl.String(),
    "started_at": INSTANT,
    "finished_at": INSTANT,
    "outcome": pl.String(),  # waiting (behind another), running, success, failed
    "message": pl.String(),
}


def begin_run(engine: Engine, job: str, by: str, now: datetime) -> int:
    """Note that a job is to run; return the number of the run. It waits until `run_begins`."""
    with writing(engine) as connection:
        row = {"job": job, "by": by, "started_at": now, "finished_at": None, "outcome": WAITING, "message": ""}
        key = connection.execute(insert(job_run).values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def run_begins(engine: Engine, number: int, now: datetime) -> None:
    """Note that a run is under way."""
    with writing(engine) as connection:
        connection.execute(update(job_run).where(job_run.c.number == number).values(outcome=RUNNING, started_at=now))


def end_run(engine: Engine, number: int, outcome: str, message: str, now: datetime) -> None:
    """Note how a run ended."""
    with writing(engine) as connection:
        connection.execute(
            update(job_run).where(job_run.c.number == number).values(outcome=outcome, message=message, finished_at=now)
        )


def abandon_runs(engine: Engine, now: datetime) -> int:
    """Note as failed what waited or was under way when the program stopped. Only the one scheduler of a data folder may call it."""
    with writing(engine) as connection:
        values: dict[str, Any] = {"outcome": FAILED, "message": "the program stopped while it ran", "finished_at": now}
        return connection.execute(update(job_run).where(job_run.c.outcome.in_((WAITING, RUNNING))).values(values)).rowcount


def messages_of(engine: Engine, job: str, since: datetime) -> list[tuple[datetime, str]]:
    """Return when each run of a job began since an instant, and what it said, the newest first."""
    wanted = select(job_run.c.started_at, job_run.c.message).where(job_run.c.job == job, job_run.c.started_at >= since)
    with reading(engine) as connection:
        return [(row.started_at, row.message) for row in connection.execute(wanted.order_by(job_run.c.number.desc()))]


def job_runs(engine: Engine, limit: int = 1000) -> pl.DataFrame:
    """Return the newest runs first (JOB_RUN)."""
    with reading(engine) as connection:
        rows = connection.execute(select(job_run).order_by(job_run.c.number.desc()).limit(limit)).mappings().all()
    return pl.DataFrame([dict(row) for row in rows], schema=JOB_RUN)
