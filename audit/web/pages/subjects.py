"""Subjects: names that tools use; whose each is, and the best guesses for those that are nobody's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl
from flask import Blueprint, url_for
from werkzeug.wrappers import Response

from audit.reporting.formats import ABSENT
from audit.steps.accounts import Role
from audit.steps.subjects import MAPPED, ORPHAN, UNPROTECTED, gathered, in_service
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
    """List every subject, and the assets that nothing protects; by choice only those without an asset."""
    frame = _with_state(in_service(site().at_head("subjects", lambda: gathered(site().store)), datetime.now(UTC)))

    def asset(row: Mapping[str, Any]) -> str | None:
        return url_for("assets.asset", name=row["asset"]) if row["asset"] else None

    columns = (
        Column("source", "labels.source", choose=True),
        Column("subject", "labels.subject", search=True),
        Column("state", "subjects.state", "text", choose=True, word=lambda value: words().plain(f"subjects.states.{value}")),
        Column("asset", "labels.asset", search=True, link=asset),
        Column("part", "labels.part-title"),
        Column("suggestions", "subjects.suggestions"),
        Column("matches", "subjects.matches", shown=_matches),
    )
    return answer("list.page.html.j2", list_of("subjects", frame, columns, sort="state"), page="subjects")


_STATES = {ORPHAN: "nobody", MAPPED: "owned", UNPROTECTED: "unprotected"}


def _with_state(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(state=pl.col("status").replace_strict(_STATES, return_dtype=pl.String))


def _matches(row: Mapping[str, Any]) -> str:
    """Say how each suggestion matches, and that a rule cannot tell which of them it is."""
    if not row["matches"]:
        return ABSENT
    told = []
    for one in row["matches"]:
        how, _, score = one.partition(" ")
        told.append(
            words().plain(f"subjects.how.{how}") + (f"\N{NO-BREAK SPACE}{words().formats.share(float(score))}" if score else "")
        )
    if row["ambiguous"]:
        told.append(words().plain("subjects.ambiguous"))
    return words().plain("subjects.between").join(dict.fromkeys(told))
