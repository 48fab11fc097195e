"""Overview: how things stand, by unit and control; where each number leads to what is behind it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
from flask import Blueprint, render_template, url_for

from audit.evaluation.kept import KeptAssessment
from audit.model.verdicts import Verdict
from audit.steps.accounts import Role
from audit.steps.sources import heard
from audit.web._answers import chosen
from audit.web._guard import needs
from audit.web._site import site
from audit.web._words import context

BLUEPRINT = Blueprint("overview", __name__)
NAV = (10, "overview.overview")

SILENT = timedelta(days=7)

_WORST_FIRST = [str(verdict) for verdict in Verdict]


@BLUEPRINT.get("/")
@needs(Role.AUDITOR)
def overview() -> str:
    """Show the newest assessment (or the one asked for) at a glance."""
    kept = chosen()
    if kept is None:
        return render_template("overview.html.j2", kept=None)
    per_asset = site().of(kept, "worst by asset", lambda: worst_of(kept.results, ["asset"]))
    coverage = kept.coverage
    tested = coverage.in_service if coverage.restorable_up_to is None else coverage.restorable_up_to
    counts = dict(per_asset.group_by("verdict").len().iter_rows())
    return render_template(
        "overview.html.j2",
        kept=kept,
        assessments=site().assessments(),
        assets=per_asset.height,
        counts={str(verdict): counts.get(str(verdict), 0) for verdict in Verdict},
        coverage=coverage,
        neither={
            "protected": (coverage.protected_up_to or 0) - (coverage.protected or 0),
            "restorable": (tested or 0) - (coverage.restorable or 0),
        },
        silent_since=_silent_since(kept),
        matrix=matrix(kept),
        breaches=kept.breaches.height,
        unproven=kept.unproven.height,
    )


def _silent_since(kept: KeptAssessment) -> datetime | None:
    """Return when any source was last heard, where that is so long before the period's end that the assessment says more of the silence than of the backups."""
    last = site().at_head("sources", lambda: heard(site().store))["last_evidence"].max()
    assert last is None or isinstance(last, datetime)
    return last if last is not None and last < kept.until - SILENT else None


def worst_of(results: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Return the worst verdict of results by some columns: `by`, `verdict`. What was judged comes before what was not."""
    order = pl.col("verdict").replace_strict(_WORST_FIRST, range(len(_WORST_FIRST)), return_dtype=pl.Int8)
    worst = results.group_by(by).agg(order.min().alias("order")).sort(by, nulls_last=True)
    return worst.with_columns(
        verdict=pl.col("order").replace_strict(range(len(_WORST_FIRST)), _WORST_FIRST, return_dtype=pl.String)
    ).drop("order")


def matrix(kept: KeptAssessment) -> dict[str, Any]:
    """Return unit x control: titles, and for each pair the worst verdict, how many assets were judged, how many are not met, and where the list is."""
    cells = site().of(kept, "worst by unit and control", lambda: _cells(kept))
    here = context()
    controls = sorted({control for _, control in cells})
    units = sorted({unit for unit, _ in cells})
    return {
        "controls": [(control, here.control(control)) for control in controls],
        "rows": [
            (here.unit_title(unit), [_with_address(cells.get((unit, control)), kept) for control in controls]) for unit in units
        ],
    }


def _cells(kept: KeptAssessment) -> dict[tuple[str, str], dict[str, Any]]:
    per_asset = worst_of(kept.results, ["unit", "control", "asset"])
    judged = per_asset.filter(pl.col("verdict") != str(Verdict.NOT_APPLICABLE))
    counts = judged.group_by("unit", "control").agg(
        assets=pl.len(),
        breached=(pl.col("verdict") == str(Verdict.BREACHED)).sum(),
        unproven=(pl.col("verdict") == str(Verdict.UNPROVEN)).sum(),
    )
    worst = worst_of(judged, ["unit", "control"]).join(counts, on=["unit", "control"])
    return {(row["unit"], row["control"]): row for row in worst.iter_rows(named=True)}


def _with_address(cell: dict[str, Any] | None, kept: KeptAssessment) -> dict[str, Any] | None:
    if cell is None:
        return None
    address = url_for("promises.promises", assessment=kept.id, unit=cell["unit"], control=cell["control"], sort="verdict")
    return {**cell, "url": address}
