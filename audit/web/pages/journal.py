"""Journal: every entry, with its hash; one entry as it is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl
from flask import Blueprint, abort, render_template, url_for
from werkzeug.wrappers import Response

from audit.errors import UsageError
from audit.model.facts import INSTANT
from audit.steps.accounts import Role
from audit.steps.evidence import entry_of
from audit.web._answers import answer, list_of
from audit.web._guard import needs
from audit.web._lists import Column
from audit.web._site import site
from audit.web._words import words

BLUEPRINT = Blueprint("journal", __name__)
NAV = (80, "journal.journal")

ENTRY = {"number": pl.Int64(), "at": INSTANT, "kind": pl.String(), "about": pl.String(), "by": pl.String(), "hash": pl.String()}


@BLUEPRINT.get("/journal")
@needs(Role.AUDITOR)
def journal() -> str | Response:
    """List every entry, the newest first."""
    frame = site().at_head("journal", _entries)

    def entry(row: Mapping[str, Any]) -> str:
        return url_for("journal.one", number=row["number"])

    columns = (
        Column("number", "labels.entry", "ordinal", link=entry),
        Column("at", "journal.at", "instant"),
        Column(
            "kind",
            "journal.kind",
            "text",
            choose=True,
            word=lambda kind: words().plain(f"journal.kinds.{kind}") if f"journal.kinds.{kind}" in words() else kind,
        ),
        Column("about", "journal.about", search=True),
        Column("by", "journal.by", choose=True),
        Column("hash", "journal.hash", "hash", search=True),
    )
    return answer("list.page.html.j2", list_of("journal", frame, columns, sort="-number"), page="journal")


def _entries() -> pl.DataFrame:
    rows = []
    for entry in site().store.journal.entries():
        envelope = entry.body.get("envelope") or {}
        about = envelope.get("name") or entry.body.get("name") or entry.body.get("folder") or ""
        rows.append(
            (entry.number, entry.at, entry.kind, str(about), str(envelope.get("by") or entry.body.get("by") or ""), entry.hash)
        )
    return pl.DataFrame(rows, schema=ENTRY, orient="row")


@BLUEPRINT.get("/journal/<int(max=999999999999):number>")
@needs(Role.AUDITOR)
def one(number: int) -> str:
    """Show an entry as it is written, and the hashes that chain it."""
    try:
        entry = entry_of(site().store, number)
    except UsageError:
        abort(404)
    body = json.dumps(entry.body, ensure_ascii=False, indent=2, sort_keys=True)
    return render_template("entry.html.j2", entry=entry, body=body, last=site().store.head())
