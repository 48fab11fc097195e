"""Promises: every result, one row a promise to an asset under one policy version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, url_for
from werkzeug.wrappers import Response

from audit.steps.accounts import Role
from audit.web._answers import answer, list_of, needed
from audit.web._guard import needs
from audit.web._lists import Column
from audit.web._site import site
from audit.web._stretches import control_word, leg_column, unit_word, with_leg

BLUEPRINT = Blueprint("promises", __name__)
NAV = (30, "promises.promises")


@BLUEPRINT.get("/promises")
@needs(Role.AUDITOR)
def promises() -> str | Response:
    """List every promise to every asset."""
    kept = needed()

    def asset(row: Mapping[str, Any]) -> str:
        return url_for("assets.asset", name=row["asset"], assessment=kept.id)

    columns = (
        Column("asset", "labels.asset", search=True, link=asset),
        Column("unit", "labels.unit", "text", choose=True, word=unit_word),
        Column("control", "labels.control", "text", choose=True, word=control_word),
        leg_column(),
        Column("part", "labels.part-title", search=True),
        Column("policy", "labels.policy", choose=True),
        Column("version", "labels.version-title", "ordinal"),
        Column("verdict", "labels.verdict", "verdict", choose=True),
        Column("met", "shares.met", "share"),
        Column("breached", "shares.breached", "share"),
        Column("unproven", "shares.unproven", "share"),
        Column("breaches", "labels.breaches", "number"),
    )
    shown = list_of("promises", site().of(kept, "results", lambda: with_leg(kept.results)), columns, sort="asset")
    return answer("promises.html.j2", shown, kept=kept)
