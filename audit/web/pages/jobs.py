"""Jobs: what runs by itself, when it ran and how it ended; run now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl
from flask import Blueprint, current_app, flash, g, redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from audit.errors import UsageError
from audit.model.document import Name
from audit.register.job_runs import RUNNING, WAITING, job_runs
from audit.steps.accounts import Role
from audit.web._answers import answer, list_of
from audit.web._guard import needs
from audit.web._lists import Column
from audit.web._site import site
from audit.web._words import say, say_plain, words

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
        Column("by", "jobs.by", "text", choose=True, word=lambda value: word("jobs.started-by", value)),
        Column("message", "jobs.message", "text", search=True, shown=_said, link=_leads_to),
    )
    runs = job_runs(site().store.journal.engine)
    shown = list_of("jobs", runs, columns, sort="-number")
    next_times = there.next_times() if there else {}
    return answer(
        "jobs.html.j2",
        shown,
        next=[(name, next_times.get(name)) for name in (there.names if there else ())],
        may_run=there is not None and g.account.role.includes(Role.OPERATOR),
        running=not runs.filter(pl.col("outcome").is_in([WAITING, RUNNING])).is_empty(),
    )


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run says as a key and values; nothing where it is a message as the program wrote it."""
    try:
        told = json.loads(row["message"])
    except ValueError:
        return {}
    return told if isinstance(told, dict) and f"jobs.says.{told.get('key')}" in words() else {}


def _said(row: Mapping[str, Any]) -> Markup:
    told = _told(row)
    values = {name: Name(value) if isinstance(value, str) else value for name, value in told.items() if name != "key"}
    return say(f"jobs.says.{told['key']}", **values) if told else Markup.escape(row["message"])


def _leads_to(row: Mapping[str, Any]) -> str | None:
    told = _told(row)
    if "file" in told:
        return url_for("reports.one", name=told["file"])
    return url_for("overview.overview", assessment=told["assessment"]) if "assessment" in told else None


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
