"""Sources: where evidence comes from, and whether it still comes; payloads as received; what could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl
from flask import Blueprint, url_for
from werkzeug.wrappers import Response

from audit.reporting.formats import ABSENT
from audit.steps.accounts import Role
from audit.steps.sources import heard, with_health
from audit.web._answers import answer, list_of
from audit.web._guard import needs
from audit.web._lists import Column
from audit.web._site import site
from audit.web._stretches import with_titles
from audit.web._words import placed, words

BLUEPRINT = Blueprint("sources", __name__)
NAV = (60, "sources.sources")


@BLUEPRINT.get("/sources")
@needs(Role.AUDITOR)
def sources() -> str | Response:
    """List the health of every source."""
    # What is late depends on the clock as well as on the journal.
    frame = with_health(site().at_head("sources", lambda: heard(site().store)), datetime.now(UTC))

    def payloads(row: Mapping[str, Any]) -> str:
        return url_for("sources.received", source=row["source"])

    def quarantined(row: Mapping[str, Any]) -> str | None:
        return url_for("sources.quarantine", source=row["source"]) if row["quarantined"] else None

    columns = (
        Column("source", "labels.source", search=True, link=payloads),
        Column("title", "assets.title", "text"),
        Column("tool", "labels.tool", choose=True),
        Column(
            "health", "sources.health", "text", choose=True, word=lambda value: words().plain(f"health.{value}") if value else ""
        ),
        Column("last_evidence", "sources.last", "instant"),
        Column("next_expected", "sources.next", "instant"),
        Column("payloads", "sources.payloads", "number"),
        Column("rows", "sources.rows", "number"),
        Column("quarantined", "sources.quarantined", "number", link=quarantined),
    )
    return answer("list.page.html.j2", list_of("sources", with_titles(frame, "source"), columns, sort="source"), page="sources")


@BLUEPRINT.get("/received")
@needs(Role.AUDITOR)
def received() -> str | Response:
    """List every payload, the newest first."""
    store = site().store
    frame = site().at_head("payloads", lambda: store.catalog.payloads(store.head()))

    def seen(row: Mapping[str, Any]) -> str:
        return url_for("evidence.one", number=row["entry"])

    columns = (
        Column("entry", "labels.entry", "ordinal", link=seen),
        Column("source", "labels.source", choose=True),
        Column("tool", "labels.tool", choose=True),
        Column("name", "labels.file", search=True, link=seen),
        Column("observed_at", "labels.observed", "instant"),
        Column("received_at", "labels.received", "instant"),
        Column("points", "received.points", "number"),
        Column("runs", "received.runs", "number"),
        Column("listings", "received.listings", "number"),
        Column("quarantined", "sources.quarantined", "number"),
        Column("method", "labels.came", "text", choose=True, word=lambda value: words().plain(f"methods.{value}") if value else ""),
        Column("by", "envelope.by", search=True),
    )
    return answer("list.page.html.j2", list_of("received", frame, columns, sort="-entry"), page="received")


@BLUEPRINT.get("/quarantine")
@needs(Role.AUDITOR)
def quarantine() -> str | Response:
    """List what could not be read, or was read with a doubt."""
    store = site().store
    frame = site().at_head(
        "quarantine", lambda: _quarantine(store.catalog.quarantine(store.head()), store.catalog.payloads(store.head()))
    )

    def seen(row: Mapping[str, Any]) -> str:
        return url_for("evidence.one", number=row["entry"], at=row["locator"] or None)

    columns = (
        Column("entry", "labels.entry", "ordinal", link=seen),
        Column("source", "labels.source", choose=True),
        Column("where", "labels.file", search=True),
        Column("locator", "data.locator", link=seen, word=lambda locator: placed(locator) or ABSENT),
        Column("key", "quarantine.key", choose=True),
        Column("what", "data.what", search=True),
        Column("remedy", "data.remedy"),
        Column(
            "level", "quarantine.level", "text", choose=True, word=lambda value: words().plain(f"levels.{value}") if value else ""
        ),
    )
    return answer("list.page.html.j2", list_of("quarantine", frame, columns, sort="-entry"), page="quarantine")


def _quarantine(faults: pl.DataFrame, payloads: pl.DataFrame) -> pl.DataFrame:
    return faults.join(payloads.select("entry", "source"), on="entry", how="left")
