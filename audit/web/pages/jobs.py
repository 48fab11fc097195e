"""Jobs: what runs by itself, when it ran and how it ended; run now."""

from __future__ import annotations

import polars as pl
from flask import Blueprint, current_app, flash, g, redirect, request, url_for
from werkzeug.wrappers import Response

from audit.errors import UsageError
from audit.register.job_runs import RUNNING, job_runs
from audit.steps.accounts import Role
from audit.web._answers import answer, list_of
from audit.web._guard import needs
from audit.web._lists import Column
from audit.web._site import site
from audit.web._words import say_plain, words

BLUEPRINT = Blueprint("jobs", __name__)
NAV = (90, "jobs.jobs")


@BLUEPRINT.get("/jobs")
@needs(Role.AUDITOR)
def jobs() -> str | Response:
    """List the runs, the newest first, and the times of the next."""
    there = current_app.extensions["jobs"]

    def word(group: str, value: str) -> str:
        return words().plain(f"{group}.{value}") if f"{group}.{value}" in words() else value

    columns = (
        Column("number", "jobs.number", "ordinal"),
        Column("job", "jobs.job", "text", choose=True, word=lambda value: word("jobs.names", value)),
        Column("outcome", "jobs.outcome", "text", choose=True, word=lambda value: word("jobs.outcomes", value)),
        Column("started_at", "jobs.started", "instant"),
        Column("finished_at", "jobs.finished", "instant"),
        Column("by", "jobs.by", choose=True),
        Column("message", "jobs.message", search=True),
    )
    runs = job_runs(site().store.journal.engine)
    shown = list_of("jobs", runs, columns, sort="-number")
    next_times = there.next_times() if there else {}
    return answer(
        "jobs.html.j2",
        shown,
        next=[(name, next_times.get(name)) for name in (there.names if there else ())],
        may_run=there is not None and g.account.role.includes(Role.OPERATOR),
        running=not runs.filter(pl.col("outcome") == RUNNING).is_empty(),
    )


@BLUEPRINT.post("/jobs")
@needs(Role.OPERATOR)
def start() -> Response:
    """Run a job now."""
    there = current_app.extensions["jobs"]
    if there is None:
        raise UsageError("no scheduler runs beside this site")
    there.run(request.form.get("job", ""), g.account.name)
    flash(say_plain("jobs.started-now"))
    return redirect(url_for("jobs.jobs"))
