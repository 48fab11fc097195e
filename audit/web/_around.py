"""What stands around a breach or an unproven stretch: its facts, the points near it, and a timeline of it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import polars as pl
from flask import abort, render_template
from markupsafe import Markup

from audit.evaluation.kept import KeptAssessment, breach_of, unproven_of
from audit.model.verdicts import Breach, Unproven
from audit.reporting.causes import sentences
from audit.steps.points import points
from audit.web._answers import needed
from audit.web._site import site
from audit.web._stretches import axis, lines_of, numbered, strips, told, window_of
from audit.web._words import context, markup

BEFORE, WITHIN, AFTER = 6, 40, 6
"""How many points are shown before, in and after a stretch."""


def stretch_page(kind: str, number: int, point_columns: tuple[Any, ...]) -> str:
    """Return the page of one breach or unproven stretch (`kind`); an error 404 when the assessment has none of that number."""
    kept = needed()
    frame = numbered(kept, kind)
    if number >= frame.height:
        abort(404)
    row = frame.row(number, named=True)
    stretch = breach_of(row) if kind == "breaches" else unproven_of(row)
    estate = site().estate(kept.as_known_at)
    promise = (row["control"], row["leg"], row["part"])
    lines = [line for line in lines_of(kept, row["asset"]) if (line.control, line.leg, line.part) == promise]
    margin = max((stretch.until - stretch.since) / 2, timedelta(hours=6))
    window = window_of({}, max(kept.since, stretch.since - margin), min(kept.until, stretch.until + margin), estate.timezone)
    near, more = _near(points(site().store, row["asset"], kept.as_known_at), row)
    return render_template(
        "stretch.html.j2",
        kept=kept,
        kind=kind,
        row=row,
        promise=context().promise(*promise),
        said=_said(kept, row, stretch),
        evidence=json.loads(row["evidence"]) if kind == "breaches" else [],
        reasons=_reasons(row) if kind == "unproven" else [],
        strips=strips(lines, window),
        window=window,
        ticks=axis(window),
        points=near,
        more=more,
        point_columns=point_columns,
    )


def _said(kept: KeptAssessment, row: dict[str, Any], stretch: Breach | Unproven) -> list[Markup]:
    """Return in sentences what happened in a breach; of an unproven stretch, whose evidence would settle it."""
    if isinstance(stretch, Unproven):
        return [told(stretch.detail)] if stretch.detail else []
    same = ("part", "control", "leg", "policy", "version")
    results = kept.assessment([row["asset"]]).results
    mine = next(result for result in results if all(getattr(result, name) == row[name] for name in same))
    return [markup(sentence) for sentence in sentences(mine, stretch, context())]


def _near(found: pl.DataFrame, row: dict[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """Return the points around a stretch, and how many within it are left out."""
    mine = found if row["part"] is None else found.filter(pl.col("part") == row["part"])
    mine = mine.filter(pl.col("captured_at").is_not_null())
    before = mine.filter(pl.col("captured_at") < row["from"]).tail(BEFORE)
    within = mine.filter((pl.col("captured_at") >= row["from"]) & (pl.col("captured_at") < row["to"]))
    after = mine.filter(pl.col("captured_at") >= row["to"]).head(AFTER)
    shown = pl.concat(
        [
            before.with_columns(when=pl.lit("before")),
            within.head(WITHIN).with_columns(when=pl.lit("within")),
            after.with_columns(when=pl.lit("after")),
        ]
    )
    return shown.to_dicts(), max(within.height - WITHIN, 0)


def _reasons(row: dict[str, Any]) -> list[str]:
    reasons = json.loads(row["detail"]).get("reasons")
    return list(reasons) if reasons else [row["reason"]]
