"""Subjects: names that tools use; whose each is, and the best guesses for those that are nobody's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from flask import Blueprint, url_for
from werkzeug.wrappers import Response

from audit.steps.accounts import Role
from audit.steps.subjects import subjects as found_subjects
from audit.web._answers import answer, list_of
from audit.web._guard import needs
from audit.web._lists import Column
from audit.web._site import site
from audit.web._words import words

BLUEPRINT = Blueprint("subjects", __name__)
NAV = (70, "subjects.subjects")


@BLUEPRINT.get("/subjects")
@needs(Role.AUDITOR)
def subjects() -> str | Response:
    """List every subject; by choice only those without an asset."""
    frame = site().at_head("subjects", lambda: _with_state(found_subjects(site().store)))

    def asset(row: Mapping[str, Any]) -> str | None:
        return url_for("assets.asset", name=row["asset"]) if row["asset"] else None

    columns = (
        Column("source", "labels.source", choose=True),
        Column("subject", "labels.subject", search=True),
        Column("state", "subjects.state", "text", choose=True, word=lambda value: words().plain(f"subjects.states.{value}")),
        Column("asset", "labels.asset", search=True, link=asset),
        Column("part", "labels.part-title"),
        Column("suggestions", "subjects.suggestions"),
    )
    return answer("list.page.html.j2", list_of("subjects", frame, columns, sort="state"), page="subjects")


def _with_state(frame: pl.DataFrame) -> pl.DataFrame:
    state = pl.when(pl.col("asset").is_null()).then(pl.lit("nobody")).otherwise(pl.lit("owned"))
    return frame.with_columns(state=state)
