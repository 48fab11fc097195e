"""Unproven: every stretch that evidence does not settle, and what would settle it; one of them with the points around it."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from audit.steps.accounts import Role
from audit.web._answers import answer, list_of, needed
from audit.web._around import stretch_page, stretch_picture
from audit.web._guard import needs
from audit.web._stretches import numbered, stretch_columns
from audit.web.pages.assets import point_columns

BLUEPRINT = Blueprint("unproven", __name__)
NAV = (50, "unproven.unproven")


@BLUEPRINT.get("/unproven")
@needs(Role.AUDITOR)
def unproven() -> str | Response:
    """List every unproven stretch, the longest first."""
    kept = needed()
    shown = list_of("unproven", numbered(kept, "unproven"), stretch_columns(kept, "unproven"), sort="-seconds")
    return answer("stretches.html.j2", shown, kept=kept, kind="unproven")


@BLUEPRINT.get("/unproven/<int(max=999999999999):number>")
@needs(Role.AUDITOR)
def one(number: int) -> str:
    """Show one unproven stretch, with the points around it and the evidence one click away."""
    return stretch_page("unproven", number, point_columns())


@BLUEPRINT.get("/unproven/<int(max=999999999999):number>/over-time.svg")
@needs(Role.AUDITOR)
def over_time(number: int) -> Response:
    """Draw how exposure, or each kind of copy, ran around it."""
    return stretch_picture("unproven", number)
