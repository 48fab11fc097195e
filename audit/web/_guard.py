"""Who may come in: sessions, roles on every route, and the headers of every answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

from flask import Flask, Response, abort, current_app, g, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from audit.steps import accounts
from audit.steps.accounts import Account, Role
from audit.web._site import site

View = TypeVar("View", bound=Callable[..., Any])
IDLE = timedelta(hours=8)
"""A session ends when nothing was asked for so long."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def needs(role: Role) -> Callable[[View], View]:
    """Say which role a view needs. Every view has to say it; `check_views` sees to that."""

    def mark(view: View) -> View:
        view.role = role  # type: ignore[attr-defined]
        return view

    return mark


def open_to_all(view: View) -> View:
    """Say that a view needs no login: the login itself, and the style."""
    view.role = None  # type: ignore[attr-defined]
    return view


def check_views(app: Flask) -> None:
    """Raise when a view does not say who may see it: what is forgotten must not be open."""
    silent = [name for name, view in app.view_functions.items() if not hasattr(view, "role")]
    if silent:
        raise RuntimeError(f"these views say neither `needs` nor `open_to_all`: {', '.join(sorted(silent))}")


def set_up(app: Flask) -> None:
    """Guard every request of an application, and set the headers of every answer."""
    app.before_request(_let_in)
    app.after_request(_headers)


def _let_in() -> AnyResponse | None:
    """Let a request in when its session is alive and its role suffices."""
    g.account = _account()
    if request.endpoint is None:  # no such page: whoever is not logged in is not told so
        return None if g.account else _to_login()
    role = cast("Any", current_app.view_functions[request.endpoint]).role
    if role is None:
        return None
    if g.account is None:
        return _to_login()
    if not g.account.role.includes(role):
        abort(403)
    return None


def _account() -> Account | None:
    """Return who is logged in: an account that is still there, open, and whose sessions were not ended since."""
    name, number, seen = session.get("account"), session.get("session"), session.get("seen")
    if not isinstance(name, str) or not isinstance(seen, int):
        return None
    now = datetime.now(UTC)
    if now - datetime.fromtimestamp(seen, UTC) > IDLE:
        session.clear()
        return None
    found = accounts.account(site().store, name)
    if found is None or found.disabled_at is not None or found.session != number:
        session.clear()
        return None
    if now.timestamp() - seen > 60:  # a new cookie a minute is enough
        session["seen"] = int(now.timestamp())
    return found


def log_in(account: Account) -> None:
    """Begin a session, with nothing of an earlier one in it."""
    session.clear()
    session.permanent = True
    session["account"] = account.name
    session["session"] = account.session
    session["seen"] = int(datetime.now(UTC).timestamp())


def _to_login() -> AnyResponse:
    if request.method not in ("GET", "HEAD"):
        abort(401)
    here = request.full_path.rstrip("?") if request.path != "/" or request.query_string else None
    return redirect(url_for("login.login", next=here))


def _headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def local_path(path: str | None) -> str:
    """Return a path of this site, whatever was asked for: nobody is sent elsewhere."""
    fine = path and path.startswith("/") and not path.startswith(("//", "/\\")) and "\\" not in path and path.isprintable()
    return path if fine and path else "/"
