"""Reports: those that were built, to read and to take away; and a form to build another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from flask import Blueprint, Response, abort, current_app, flash, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from audit.errors import BackupAuditError, UsageError
from audit.model.facts import INSTANT
from audit.model.terms import local
from audit.policy.frameworks import names, read_framework
from audit.policy.suggest import unknown
from audit.reporting.compose import Definition
from audit.reporting.formats import LOCALES
from audit.reporting.words import plain
from audit.schedule import says
from audit.steps.accounts import Role
from audit.steps.assess import EARLIEST, LATEST
from audit.steps.built import build, built, built_named
from audit.steps.report import agreeing, formats
from audit.web._answers import answer, list_of
from audit.web._cells import size
from audit.web._guard import needs
from audit.web._lists import Column
from audit.web._site import site
from audit.web._stretches import unit_word
from audit.web._words import say_plain, words

BLUEPRINT = Blueprint("reports", __name__)
NAV = (58, "reports.reports")

BUILT = {
    "id": pl.String(), "report": pl.String(), "from": INSTANT, "to": INSTANT, "unit": pl.String(), "language": pl.String(),
    "format": pl.String(), "as_known_at": pl.Int64(), "made_at": INSTANT, "by": pl.String(), "bytes": pl.Int64(), "sha256": pl.String(),
}  # fmt: skip
OWN_NAMES = {"en": "English", "zh": "中文"}
READ_HERE = "html"
"""The format that is read in the browser; others are saved."""
TYPES = {"html": "text/html; charset=utf-8", "json": "application/json", "pdf": "application/pdf",
         "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}  # fmt: skip


@BLUEPRINT.get("/reports")
@needs(Role.AUDITOR)
def reports() -> str | AnyResponse:
    """List the reports that were built, and offer to build one."""
    rows = []
    for one in built(site().store):
        times = {key: datetime.fromisoformat(one.about[key]) for key in ("from", "to", "made_at")}
        rows.append({**one.about, **times, "id": one.id, "report": _asked(one.about["report"], one.about.get("framework"))})
    frame = pl.DataFrame(rows, schema=BUILT)

    def read(row: Mapping[str, Any]) -> str:
        return url_for("reports.one", name=row["id"])

    def save(row: Mapping[str, Any]) -> str:
        return url_for("reports.one", name=row["id"], save=1)

    titles = _titles()
    columns = (
        Column("report", "reports.report", "text", choose=True, link=read, word=lambda name: titles.get(name, name)),
        Column("from", "labels.from", "instant"),
        Column("to", "labels.to", "instant"),
        Column(
            "unit",
            "labels.unit",
            "text",
            choose=True,
            word=lambda unit: unit_word(unit) if unit and unit != "-" else say_plain("labels.all-units"),
        ),
        Column("language", "reports.language", "text", choose=True, word=lambda language: OWN_NAMES.get(language, language)),
        Column("format", "reports.format", choose=True),
        Column("as_known_at", "cover.as-known-at", "ordinal"),
        Column("made_at", "reports.made", "instant"),
        Column("by", "reports.by", choose=True),
        Column("id", "labels.file", search=True),
        Column("bytes", "reports.save", "bytes", link=save, word=lambda count: say_plain("reports.download", size=size(count))),
    )
    zone = site().estate().timezone
    last_year = datetime.now(UTC).year - 1
    return answer(
        "reports.html.j2",
        list_of("reports", frame, columns, sort="-made_at"),
        names=titles,
        formats_there=formats(),
        languages_there=sorted(LOCALES),
        units=[(name, unit_word(name)) for name in sorted(site().estate().units)],
        since=f"{last_year}-01-01",
        until=f"{last_year}-12-31",
        zone=zone,
        may_build=current_app.extensions["jobs"] is not None and g.account.role.includes(Role.OPERATOR),
    )


def _asked(report: str, framework: str | None) -> str:
    """Return a report, and the framework that it answers where it answers one, as one word of the form."""
    return report if framework is None else f"{report}/{framework}"


def _titles() -> dict[str, str]:
    """Return the title of each report that can be built, by its word of the form; one that answers a framework stands there once for each."""
    content, found = site().content, {}
    for name in content.names("reports", ".yaml"):
        definition = Definition.load(content, name)
        if definition.about is not None:
            continue  # it is built for one record, not for a period
        title = plain(words().translated(definition.title, name))
        if not definition.needs_framework:
            found[name] = title
            continue
        for framework in names(content):
            try:
                told = words().translated(read_framework(content, framework).title, framework)
            except BackupAuditError:
                # A faulty file is named by `backup-audit frameworks`, and must not take the other reports away.
                continue
            found[_asked(name, framework)] = say_plain("labels.of", what=title, detail=plain(told))
    return found


@BLUEPRINT.post("/reports")
@needs(Role.OPERATOR)
def start() -> AnyResponse:
    """Build a report in the background."""
    form, jobs, here = request.form, current_app.extensions["jobs"], site()
    if jobs is None:
        raise UsageError("no scheduler runs beside this site, so nothing can be built")
    since, until = _day(form.get("since")), _day(form.get("until"), last=True)
    name, fmt, language, unit = form.get("report", ""), form.get("format", ""), form.get("language", ""), form.get("unit") or None
    if fmt not in formats() or language not in LOCALES:
        raise UsageError("this format or language is not one that reports are written in")
    name, _, framework = name.partition("/")
    agreeing(Definition.load(here.content, name), framework or None, here.content)
    if since >= until:
        raise UsageError("the period ends before it begins")
    if unit is not None and unit not in here.estate().units:
        raise UsageError(unknown("unit", unit, here.estate().units))
    by = g.account.name

    def work() -> str:
        done = build(
            here.store,
            here.content,
            name,
            since,
            until,
            language,
            fmt,
            unit,
            framework=framework or None,
            now=datetime.now(UTC),
            by=by,
        )
        return says("report", file=done.id)

    jobs.start_run("report", by, work)
    flash(say_plain("reports.started"))
    return redirect(url_for("jobs.jobs"))


def _day(text: str | None, *, last: bool = False) -> datetime:
    """Return the beginning of a day in the programme's zone; of the last day of a period the beginning of the next."""
    try:
        day = datetime.strptime(text or "", "%Y-%m-%d")  # noqa: DTZ007 - a day of the zone it is put into below
    except ValueError as error:
        raise UsageError(f"{text!r} is not a day; write it as 2026-01-31") from error
    if not EARLIEST.year <= day.year < LATEST.year:
        raise UsageError(f"{text} is outside of {EARLIEST:%Y} to {LATEST.year - 1}")
    return local(day + timedelta(days=1 if last else 0), site().estate().timezone)


@BLUEPRINT.get("/reports/<name>")
@needs(Role.AUDITOR)
def one(name: str) -> AnyResponse:
    """Show a report written for browsers (alone, without scripts), or hand out any other, or any with `save`."""
    try:
        found = built_named(site().store, name)
    except UsageError:
        abort(404)
    kind = str(found.about["format"])
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-same-origin"}
    if kind != READ_HERE or "save" in request.args:
        headers["Content-Disposition"] = f'attachment; filename="{found.id}"'
    return Response(found.path.read_bytes(), content_type=TYPES.get(kind, "application/octet-stream"), headers=headers)
