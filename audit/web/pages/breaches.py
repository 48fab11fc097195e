"""Breaches: every stretch in which a promise was broken; one of them with the points around it."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from audit.steps.accounts import Role
from audit.web._answers import answer, list_of, needed
from audit.web._around import stretch_page, stretch_picture
from audit.web._guard import needs
from audit.web._stretches import numbered, stretch_columns
from audit.web.pages.assets import point_columns

BLUEPRINT = Blueprint("breaches", __name__)
NAV = (40, "breaches.breaches")


@BLUEPRINT.get("/breaches")
@needs(Role.AUDITOR)
def breaches() -> str | Response:
    """List every breach, the longest first."""
    kept = needed()
    shown = list_of("breaches", numbered(kept, "breaches"), stretch_columns(kept, "breaches"), sort="-seconds")
    return answer("stretches.html.j2", shown, kept=kept, kind="breaches")


@BLUEPRINT.get("/breaches/<int(max=999999999999):number>")
@needs(Role.AUDITOR)
def one(number: int) -> str:
    """Show one breach, with the points around it and the evidence one click away."""
    return stretch_page("breaches", number, point_columns())


@BLUEPRINT.get("/breaches/<int(max=999999999999):number>/over-time.svg")
@needs(Role.AUDITOR)
def over_time(number: int) -> Response:
    """Draw how exposure, or each kind of copy, ran around it."""
    return stretch_picture("breaches", number)
