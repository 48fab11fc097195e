"""What pages share: the assessment that is shown, and lists as a page or as CSV."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl
from flask import Response, abort, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from audit.evaluation.kept import KeptAssessment
from audit.web._lists import Column, Listed, csv_of, listed
from audit.web._site import site

ASSESSMENT = "assessment"
"""The key of the query that names the kept assessment; absent: the newest."""


def chosen() -> KeptAssessment | None:
    """Return the assessment that the request names, or the newest; null: there is none yet. An unknown name is an error 404."""
    name = request.args.get(ASSESSMENT)
    found = site().assessment(name)
    if found is None and name:
        abort(404)
    return found


def needed() -> KeptAssessment:
    """Return the assessment that the request names, or the newest; an error 404 when there is none."""
    found = chosen()
    return found if found is not None else abort(404)


def list_of(name: str, frame: pl.DataFrame, columns: Iterable[Column], *, sort: str = "", fixed: Iterable[str] = ()) -> Listed:
    """Return the list that the request asks for. `fixed`: keys of the query that are not the list's, beside the assessment's."""
    return listed(name, frame, columns, request.args.to_dict(flat=False), sort=sort, fixed=[ASSESSMENT, *fixed])


def answer(template: str, shown: Listed, **values: Any) -> str | AnyResponse:
    """Return a page with one list; with `format=csv` in the query, all that the list's filters leave as a CSV file."""
    if request.args.get("format") == "csv":
        kept = values.get("kept")
        # Of which assessment it is, so that a saved file can be told from another.
        name = f"{shown.id}-{kept.id}" if isinstance(kept, KeptAssessment) else shown.id
        headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
        # The byte order mark tells spreadsheets that it is UTF-8.
        return Response("\ufeff" + csv_of(shown), mimetype="text/csv", headers=headers)
    return render_template(template, list=shown, **values)
