"""Log in and out."""

from __future__ import annotations

from flask import Blueprint, current_app, g, redirect, render_template, request, session
from werkzeug.wrappers import Response

from audit.steps import accounts
from audit.steps.accounts import Role
from audit.web._guard import local_path, log_in, needs, open_to_all
from audit.web._site import site

BLUEPRINT = Blueprint("login", __name__)


@BLUEPRINT.route("/login", methods=["GET", "POST"])
@open_to_all
def login() -> str | Response | tuple[str, int]:
    """Ask for name and password; with the right ones, begin a session."""
    target = local_path(request.values.get("next"))
    if request.method == "GET":
        return redirect(target) if g.account else render_template("login.html.j2", target=target, failed=False, name="")
    name = request.form.get("name", "")
    found = accounts.check_password(site().store, name, request.form.get("password", ""))
    if found is None:
        current_app.logger.warning("a login failed for an account")
        return render_template("login.html.j2", target=target, failed=True, name=name), 401
    log_in(found)
    return redirect(target)


@BLUEPRINT.route("/logout", methods=["POST"])
@needs(Role.AUDITOR)
def logout() -> Response:
    """End the session."""
    session.clear()
    return redirect("/login")
