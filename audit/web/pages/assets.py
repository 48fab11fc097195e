"""Assets: each with its worst verdict; one asset with its timelines, its verdicts, breaches and points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from flask import Blueprint, abort, render_template, request, url_for
from werkzeug.wrappers import Response

from audit.evaluation.kept import KeptAssessment
from audit.model.verdicts import Verdict
from audit.steps.accounts import Role
from audit.steps.points import points
from audit.web._answers import answer, list_of, needed
from audit.web._guard import needs
from audit.web._lists import Column
from audit.web._site import site
from audit.web._stretches import (
    axis,
    control_word,
    lasting,
    leg_column,
    lines_of,
    numbered,
    stretch_columns,
    strips,
    title,
    unit_word,
    window_of,
    with_leg,
    with_titles,
)
from audit.web._words import words

BLUEPRINT = Blueprint("assets", __name__)
NAV = (20, "assets.assets")

SHOWN = ("data_class", "tier", "site", "medium", "in_service", "retired")
SHORT = 25
"""Rows of a list that is only the beginning of one."""


@BLUEPRINT.get("/assets")
@needs(Role.AUDITOR)
def assets() -> str | Response:
    """List every asset that was judged."""
    kept = needed()

    def asset_page(row: Mapping[str, Any]) -> str:
        return url_for("assets.asset", name=row["asset"], assessment=kept.id)

    columns = (
        Column("asset", "labels.asset", search=True, link=asset_page),
        Column("title", "assets.title", "text"),
        Column("unit", "labels.unit", "text", choose=True, word=unit_word),
        Column("data_class", "assets.data-class", choose=True),
        Column("tier", "assets.tier", choose=True),
        Column("site", "assets.site", choose=True),
        Column("verdict", "labels.verdict", "verdict", choose=True),
        Column("breaches", "labels.breaches", "number"),
        Column("breached_seconds", "assets.breached-time", "duration"),
        Column("unproven_seconds", "assets.unproven-time", "duration"),
    )
    return answer(
        "assets.html.j2",
        list_of(
            "assets",
            with_titles(site().of(kept, "by asset", lambda: by_asset(kept)), "asset", kept.as_known_at),
            columns,
            sort="asset",
        ),
        kept=kept,
    )


def by_asset(kept: KeptAssessment) -> pl.DataFrame:
    """Return one row an asset: attributes at the period's end, worst verdict, and how many breaches, how long breached and unproven (over all promises)."""
    order = {str(verdict): number for number, verdict in enumerate(Verdict)}
    worst = kept.results.group_by("asset").agg(
        pl.col("unit").last(),
        verdict=pl.col("verdict").sort_by(pl.col("verdict").replace_strict(order, return_dtype=pl.Int8)).first(),
        breaches=pl.col("breaches").sum(),
    )
    lost = {
        f"{name}_seconds": lasting(getattr(kept, frame)).group_by("asset").agg(pl.col("seconds").sum().alias(f"{name}_seconds"))
        for name, frame in (("breached", "breaches"), ("unproven", "unproven"))
    }
    for frame in lost.values():
        worst = worst.join(frame, on="asset", how="left")
    return worst.join(attributes(kept), on="asset", how="left")


def attributes(kept: KeptAssessment) -> pl.DataFrame:
    """Return what was declared of each asset at the end of the period."""
    return site().of(kept, "attributes", lambda: _attributes(kept))


def _attributes(kept: KeptAssessment) -> pl.DataFrame:
    segments = site().estate(kept.as_known_at).segments
    begun = segments.filter(pl.col("from").is_null() | (pl.col("from") < kept.until))
    return begun.sort("asset", "from", nulls_last=False).group_by("asset").agg(pl.col(*SHOWN).last())


@BLUEPRINT.get("/assets/<path:name>/points")
@needs(Role.AUDITOR)
def asset_points(name: str) -> str | Response:
    """List the recovery points of an asset."""
    kept = needed()
    _declared(kept, name)
    frame = points(site().store, name, kept.as_known_at)
    shown = list_of("points", frame, point_columns(), sort="-captured_at")
    return answer("points.html.j2", shown, kept=kept, asset=name)


def point_columns() -> tuple[Column, ...]:
    """Return the columns of a list of recovery points; the capture time leads to its evidence."""

    def proof(row: Mapping[str, Any]) -> str:
        return url_for("evidence.one", number=row["entry"], at=row["locator"])

    def word(group: str) -> Any:
        return lambda value: words().plain(f"{group}.{value}") if value and f"{group}.{value}" in words() else value or "–"

    return (
        Column("captured_at", "points.captured", "instant", link=proof),
        Column("id", "points.id", search=True),
        Column("part", "labels.part-title", choose=True),
        Column("repository", "labels.repository", choose=True),
        Column("method", "points.method", "text", choose=True, word=word("methods-of-backup")),
        Column("available_at", "points.available", "instant"),
        Column("surely_until", "points.surely-until", "instant"),
        Column("possibly_until", "points.possibly-until", "instant"),
        Column("bytes", "points.bytes", "bytes"),
        Column("integrity", "points.integrity", "text", choose=True, word=word("integrity")),
        Column("basis", "points.basis", "text", choose=True, word=word("basis")),
    )


@BLUEPRINT.get("/assets/<path:name>")
@needs(Role.AUDITOR)
def asset(name: str) -> str:
    """Show one asset: timelines that can be zoomed, verdicts, the longest breaches and unproven stretches."""
    kept = needed()
    _declared(kept, name)
    estate = site().estate(kept.as_known_at)
    lines = lines_of(kept, name)
    window = window_of(request.args, kept.since, kept.until, estate.timezone)
    results = with_leg(kept.results.filter(pl.col("asset") == name))
    result_columns = (
        Column("control", "labels.control", "text", word=control_word),
        leg_column(),
        Column("part", "labels.part-title"),
        Column("policy", "labels.policy"),
        Column("version", "labels.version-title", "ordinal"),
        Column("verdict", "labels.verdict", "verdict"),
        Column("met", "shares.met", "share"),
        Column("breached", "shares.breached", "share"),
        Column("unproven", "shares.unproven", "share"),
        Column("judged_seconds", "shares.judged", "duration"),
    )
    lists = {}
    for kind in ("breaches", "unproven"):
        mine = numbered(kept, kind).filter(pl.col("asset") == name)
        seen = mine.filter((pl.col("from") < window.until) & (pl.col("to") > window.since))
        lists[kind] = {
            "columns": stretch_columns(kept, kind, of_one_asset=True),
            "rows": seen.sort("seconds", descending=True, nulls_last=True).head(SHORT).to_dicts(),
            "count": seen.height,
            "all": url_for(f"{kind}.{kind}", asset=name, assessment=kept.id),
        }
    return render_template(
        "asset.html.j2",
        kept=kept,
        asset=name,
        attributes=next(iter(attributes(kept).filter(pl.col("asset") == name).to_dicts()), {}),
        title=title("asset", name, kept.as_known_at),
        unit=lines[0].unit if lines else None,
        strips=strips(lines, window),
        window=window,
        ticks=axis(window),
        result_columns=result_columns,
        results=results.to_dicts(),
        lists=lists,
    )


def _declared(kept: KeptAssessment, name: str) -> None:
    """End with an error 404 when the assessment's programme has no such asset."""
    if site().estate(kept.as_known_at).segments.filter(pl.col("asset") == name).is_empty():
        abort(404)
