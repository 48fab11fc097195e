"""Not written yet."""

from flask import Blueprint

from audit.steps.accounts import Role
from audit.web._guard import needs

BLUEPRINT = Blueprint("unproven", __name__)


@BLUEPRINT.get("/unproven")
@needs(Role.AUDITOR)
def unproven() -> str:
    """List them."""
    return ""
