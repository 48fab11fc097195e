"""The application: `create_app` is a few named steps. Importing this opens nothing."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from types import ModuleType
from typing import Any

from flask import Flask, Response, abort, current_app, g, redirect, render_template, request, url_for
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFError, CSRFProtect
from jinja2 import FunctionLoader, StrictUndefined
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

import audit.web.pages
from audit import __version__
from audit.content import Content, ContentError
from audit.discovery import modules
from audit.errors import BackupAuditError
from audit.model.document import Name
from audit.reporting.formats import LOCALES
from audit.reporting.words import plain
from audit.steps._open import Store
from audit.web import _cells, _guard, _words
from audit.web._guard import IDLE, local_path, open_to_all
from audit.web._site import Site, site
from audit.web._turns import in_turn

FOLDER = "templates/web"
STATIC_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
THEMES = ("light", "dark")
MAX_UPLOAD = 1024 * 1024 * 1024
"""Bytes of one request: an upload of evidence."""


def create_app(store: Store, content: Content, *, secure: bool = True, jobs: Any = None) -> Flask:
    """Return the application over an open data folder.

    secure: whether the site is reached over HTTPS, so that cookies are never sent otherwise. jobs: the scheduler (`audit.schedule.Jobs`); null: the site
    shows earlier runs and starts none.
    """
    app = Flask(__name__, static_folder=None, template_folder=None)
    _configure(app, store, secure=secure)
    app.extensions["backup-audit"] = Site(store, content)
    app.extensions["jobs"] = jobs
    _set_up_templates(app, content)
    _guard.set_up(app)
    CSRFProtect(app)
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://", headers_enabled=False)
    app.extensions["limiter-of-logins"] = limiter
    app.add_url_rule("/static/<name>", "static", _static)
    app.add_url_rule("/choose", "choose", _choose, methods=["POST"])
    for module in modules(audit.web.pages.__name__).values():
        app.register_blueprint(module.BLUEPRINT)
    guarded: Any = limiter.limit("10 per minute", methods=["POST"])(app.view_functions["login.login"])
    app.view_functions["login.login"] = guarded
    _set_up_errors(app)
    _guard.check_views(app)
    app.wsgi_app = in_turn(app.wsgi_app)  # type: ignore[method-assign, assignment]
    return app


def _configure(app: Flask, store: Store, *, secure: bool) -> None:
    app.config.update(
        SECRET_KEY=session_key(store.folder.key_path),
        SESSION_COOKIE_NAME="backup-audit",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        PERMANENT_SESSION_LIFETIME=IDLE,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
        MAX_CONTENT_LENGTH=MAX_UPLOAD,
        MAX_FORM_PARTS=2_000,
    )


def session_key(folder: Path) -> bytes:
    """Return the key that signs sessions, made when there is none yet; only its owner can read it."""
    path = folder / "session.key"
    if not path.exists():
        aside = folder / f".session.key.{secrets.token_hex(4)}"
        with os.fdopen(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
        aside.rename(path)
    return path.read_bytes()


def _set_up_templates(app: Flask, content: Content) -> None:
    app.jinja_loader = FunctionLoader(lambda name: content.text(f"{FOLDER}/{name}"))
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.autoescape = True  # Flask's own rule looks at the file's ending, and would leave `.html.j2` open
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals |= {
        "w": _words.say,
        "w_text": lambda key: _words.words()(key),
        "wp": _words.say_plain,
        "cell": _cells.cell,
        "words_unit": _cells.unit,
        "words_here": _words.words,
        "name": Name,
        "place": _words.placed,
        "static": lambda name: url_for("static", name=name, v=_digest(content, name)),
        "symbols": lambda: Markup(content.text("templates/report/symbols.svg")),  # noqa: S704 - our own content, no value of a user
    }
    app.jinja_env.filters |= {"text": _words.markup, "plain": plain}
    app.context_processor(_around)


def _around() -> dict[str, Any]:
    """Return what every page has around it."""
    here = site()
    pages = modules(audit.web.pages.__name__)
    return {
        "organisation": here.store.folder.organisation,
        "version": __version__,
        "language": _words.language(),
        "languages": sorted(LOCALES),
        "theme": request.cookies.get("theme") if request.cookies.get("theme") in THEMES else "",
        "themes": THEMES,
        "formats": _words.words().formats,
        "account": g.get("account"),
        "nav": _navigation(pages) if g.get("account") else [],
        "here": request.full_path.rstrip("?"),
    }


def _navigation(pages: dict[str, ModuleType]) -> list[tuple[str, str, bool]]:
    """Return the navigation: key of the wording, address, and whether we are there."""
    found = sorted((*module.NAV, name) for name, module in pages.items() if hasattr(module, "NAV") and _may_see(module.NAV[1]))
    return [(f"nav.{name}", url_for(endpoint), request.blueprint == endpoint.partition(".")[0]) for _, endpoint, name in found]


def _may_see(endpoint: str) -> bool:
    role = getattr(current_app.view_functions[endpoint], "role", None)
    return role is None or bool(g.account.role.includes(role))


def _digest(content: Content, name: str) -> str:
    return hashlib.sha256(content.text(f"{FOLDER}/static/{name}").encode()).hexdigest()[:12]


@open_to_all
def _static(name: str) -> AnyResponse:
    """Return a style or script. They are content; their address changes with them."""
    kind = STATIC_TYPES.get(name.rpartition(".")[2])
    try:
        text = site().content.text(f"{FOLDER}/static/{name}") if kind else None
    except ContentError:
        text = None
    if text is None:
        abort(404)
    return Response(text, mimetype=kind, headers={"Cache-Control": "public, max-age=31536000, immutable"})


@open_to_all
def _choose() -> AnyResponse:
    """Keep the language or theme that was chosen, and go back."""
    answer = redirect(local_path(request.form.get("back")))
    for name, allowed in ((_words.COOKIE, list(LOCALES)), ("theme", ["", *THEMES])):
        if request.form.get(name) in allowed:
            answer.set_cookie(
                name, request.form[name], max_age=31536000, samesite="Lax", httponly=True, secure=bool(request.is_secure)
            )
    return answer


def _set_up_errors(app: Flask) -> None:
    @app.errorhandler(CSRFError)
    def csrf(error: CSRFError) -> tuple[str, int]:  # noqa: ARG001 - Flask passes it
        return render_template("error.html.j2", code=400, key="errors.csrf", said=""), 400

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> tuple[str, int]:
        code = error.code or 500
        key = f"errors.{code}" if f"errors.{code}" in _words.words() else "errors.other"
        return render_template("error.html.j2", code=code, key=key, said=""), code

    @app.errorhandler(BackupAuditError)
    def ours(error: BackupAuditError) -> tuple[str, int]:
        return render_template("error.html.j2", code=400, key="errors.said", said=str(error), faults=error.faults), 400

    @app.errorhandler(Exception)
    def bug(error: Exception) -> tuple[str, int]:
        app.logger.error("%s %s failed", request.method, request.path, exc_info=error)
        return render_template("error.html.j2", code=500, key="errors.500", said=""), 500
