"""Not written yet."""

from flask import Blueprint

from audit.steps.accounts import Role
from audit.web._guard import needs

BLUEPRINT = Blueprint("breaches", __name__)


@BLUEPRINT.get("/breaches")
@needs(Role.AUDITOR)
def breaches() -> str:
    """List them."""
    return ""
