"""Evidence: one piece as received, with the line that a verdict rests on marked; and its bytes to take away."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime

from flask import Blueprint, Response, abort, render_template, request
from werkzeug.utils import secure_filename

from audit.errors import UsageError
from audit.steps.accounts import Role
from audit.steps.evidence import evidence, payload_of
from audit.web._guard import needs
from audit.web._site import site

BLUEPRINT = Blueprint("evidence", __name__)


@BLUEPRINT.get("/evidence/<int(max=999999999999):number>")
@needs(Role.AUDITOR)
def one(number: int) -> str:
    """Show a piece of evidence around the place that `at` names."""
    locator = request.args.get("at", "")
    try:
        seen = evidence(site().store, number, locator)
    except UsageError:
        abort(404)
    told = [(field.name, getattr(seen.envelope, field.name)) for field in fields(seen.envelope)]
    return render_template(
        "evidence.html.j2",
        seen=seen,
        locator=locator,
        told=[(name, _kind(value), _text(value)) for name, value in told if value not in (None, "")],
    )


def _kind(value: object) -> str:
    return "instant" if isinstance(value, datetime) else "yes" if isinstance(value, bool) else "name"


def _text(value: object) -> object:
    """Return a mapping as the JSON that the journal has; anything else as it is."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


@BLUEPRINT.get("/evidence/<int(max=999999999999):number>/raw")
@needs(Role.AUDITOR)
def raw(number: int) -> Response:
    """Hand out the bytes as they were received: always to be saved, never to be shown by the browser."""
    try:
        name, payload = payload_of(site().store, number)
    except UsageError:
        abort(404)
    safe = secure_filename(name.rsplit("/", 1)[-1]) or f"entry-{number}"
    headers = {"Content-Disposition": f'attachment; filename="{safe}"', "Content-Security-Policy": "sandbox"}
    return Response(payload, mimetype="application/octet-stream", headers=headers)
