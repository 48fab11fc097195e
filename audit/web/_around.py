"""What stands around a breach or an unproven stretch: its facts, the points near it, and a timeline of it."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

import polars as pl
from flask import Response, abort, render_template
from markupsafe import Markup

from audit.evaluation.kept import KeptAssessment
from audit.evaluation.over_time import OverTime, runs_over_time
from audit.model.columns import breach_of, unproven_of
from audit.model.verdicts import Breach, Unproven
from audit.reporting.causes import sentences
from audit.steps.explain import picture_of
from audit.steps.over_time import over_time_kept
from audit.steps.points import points
from audit.web._answers import needed
from audit.web._site import site
from audit.web._stretches import Window, axis, lines_of, numbered, strips, told, window_of
from audit.web._words import context, markup, words

BEFORE, WITHIN, AFTER = 6, 40, 6
"""How many points are shown before, in and after a stretch."""
READ, DRAWN = 16, 256
"""Of how many assets and controls, and of how many stretches, what was read and drawn over time is remembered."""


def stretch_page(kind: str, number: int, point_columns: tuple[Any, ...]) -> str:
    """Return the page of one breach or unproven stretch (`kind`); an error 404 when the assessment has none of that number."""
    kept = needed()
    row = _row(kept, kind, number)
    stretch = breach_of(row) if kind == "breaches" else unproven_of(row)
    promise = (row["control"], row["leg"], row["part"])
    lines = [line for line in lines_of(kept, row["asset"]) if (line.control, line.leg, line.part) == promise]
    window = _window(kept, row)
    said = _said(kept, row, stretch)
    reasons = _reasons(row) if kind == "unproven" else []
    near, more = _near(points(site().store, row["asset"], kept.as_known_at), row)
    return render_template(
        "stretch.html.j2",
        kept=kept,
        kind=kind,
        row=row,
        promise=context().promise(*promise),
        said=said,
        evidence=json.loads(row["evidence"]) if kind == "breaches" else [],
        reasons=reasons,
        picture=_in_words(row, window, said, reasons) if _is_drawn(row) else None,
        strips=strips(lines, window),
        window=window,
        ticks=axis(window),
        points=near,
        more=more,
        point_columns=point_columns,
    )


def stretch_picture(kind: str, number: int) -> Response:
    """Return as SVG how exposure, or each kind of copy, ran around a stretch; an error 404 where that is not drawn. Made once for an assessment."""
    kept = needed()
    row = _row(kept, kind, number)
    if not _is_drawn(row):
        abort(404)
    here = site()

    def read(asset: str, control: str) -> OverTime:
        return over_time_kept(here.store, kept, asset, control)

    # All of the period is read once for every stretch of an asset, and forgotten with the assessment, or when others are looked at.
    ran = here.of(kept, "over time", lambda: lru_cache(maxsize=READ)(read))
    pictures: OrderedDict[Any, str | None] = here.of(kept, "pictures over time", OrderedDict)
    key = (kind, number, context().words.formats.language)
    if key not in pictures:
        mine = [line for line in lines_of(kept, row["asset"]) if (line.control, line.part) == (row["control"], row["part"])]
        window = _window(kept, row)
        pictures[key] = picture_of(ran(row["asset"], row["control"]), mine, window.since, window.until, context())
        while len(pictures) > DRAWN:
            pictures.popitem(last=False)
    svg = pictures.get(key)
    if svg is None:
        abort(404)
    return Response(svg, mimetype="image/svg+xml")


def _row(kept: KeptAssessment, kind: str, number: int) -> dict[str, Any]:
    frame = numbered(kept, kind)
    if number >= frame.height:
        abort(404)
    return frame.row(number, named=True)


def _is_drawn(row: Mapping[str, Any]) -> bool:
    """Say whether there is a picture of a stretch: it has a length, and its control runs over time."""
    return row["seconds"] is not None and row["control"] in runs_over_time()


def _window(kept: KeptAssessment, row: Mapping[str, Any]) -> Window:
    """Return a stretch with as much again around it, kept inside the period."""
    margin = max((row["to"] - row["from"]) / 2, timedelta(hours=6))
    zone = site().estate(kept.as_known_at).timezone
    return window_of({}, max(kept.since, row["from"] - margin), min(kept.until, row["to"] + margin), zone)


def _in_words(row: Mapping[str, Any], window: Window, said: Sequence[Markup], reasons: Sequence[str]) -> str:
    """Return what stands for the picture of a stretch where it is not seen: what it is of, and what it shows of the stretch."""
    here = words()
    name = row["asset"] if row["part"] is None else f"{row['asset']} / {row['part']}"
    told = [sentence.striptags() for sentence in said] + [here.plain(f"reasons.{reason}.text") for reason in reasons]
    period = here.formats.period(window.since, window.until)
    what = context().promise(row["control"], row["leg"], None)
    return here.plain(
        "stretches.picture", what=what, asset=name, period=period, said=("" if here.formats.language == "zh" else " ").join(told)
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
