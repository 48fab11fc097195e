"""Not written yet."""

from flask import Blueprint

from audit.steps.accounts import Role
from audit.web._guard import needs

BLUEPRINT = Blueprint("assets", __name__)


@BLUEPRINT.get("/assets")
@needs(Role.AUDITOR)
def assets() -> str:
    """List them."""
    return ""


@BLUEPRINT.get("/assets/<path:name>")
@needs(Role.AUDITOR)
def asset(name: str) -> str:
    """Show one."""
    return name
