"""Upload: evidence by drag and drop, with what must be known of it asked in plain words."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, g, render_template, request
from werkzeug.datastructures import FileStorage

from audit.errors import BackupAuditError, Fault, UsageError
from audit.model.document import Name
from audit.model.terms import local
from audit.steps._payloads import Gathered, Payload, shown
from audit.steps.accounts import Role
from audit.steps.ingest import Ingested, ingest
from audit.web._guard import needs
from audit.web._site import site
from audit.web._words import say_plain

BLUEPRINT = Blueprint("upload", __name__)
NAV = (55, "upload.upload")

FIELDS = ("source", "repository", "observed_at", "complete", "scope", "command")
SAYS_COMPLETE: dict[str, bool | None] = {"all": True, "part": False, "unknown": None}


@BLUEPRINT.get("/upload")
@needs(Role.OPERATOR)
def upload() -> str:
    """Ask for files and what is known of them."""
    return _page(None)


@BLUEPRINT.post("/upload")
@needs(Role.OPERATOR)
def receive() -> str | tuple[str, int]:
    """Take in what was sent."""
    files = [file for file in request.files.getlist("files") if file.filename]
    if not files:
        return _page(None, said=say_plain("upload.no-file")), 400
    try:
        done = _taken(files, _given())
    except BackupAuditError as error:
        return _page(None, said=str(error), faults=error.faults), 400
    return _page(done)


def _taken(files: list[FileStorage], given: dict[str, Any]) -> Ingested:
    with tempfile.TemporaryDirectory(prefix="upload-") as folder:
        found = Gathered([_payload(file, Path(folder) / str(number)) for number, file in enumerate(files)], 0, [])
        return ingest(site().store, found, given, now=datetime.now(UTC), by=g.account.name)


def _payload(file: FileStorage, path: Path) -> Payload:
    with path.open("wb") as target:
        shutil.copyfileobj(file.stream, target)
    return Payload(shown(str(file.filename).replace("\\", "/").rsplit("/", 1)[-1]), path.read_bytes)


def _given() -> dict[str, Any]:
    """Return what the form says as fields of the envelope. Raises `UsageError` for a time that is none."""
    form = request.form
    zone = site().estate().timezone
    observed = form.get("observed_at", "").strip()
    try:
        when = datetime.fromisoformat(observed) if observed else None
    except ValueError as error:
        raise UsageError(f"{observed!r} is not a time; write it as 2026-11-23T06:00") from error
    if when is not None and when.tzinfo is None:
        when = local(when, zone)
    words = {key: form.get(key, "").strip() or None for key in ("source", "repository", "scope", "command")}
    return words | {"observed_at": when, "complete": SAYS_COMPLETE.get(form.get("complete", "unknown"))}


def _page(done: Ingested | None, said: str = "", faults: Sequence[Fault] = ()) -> str:
    """Return the page; after a refusal (`said`, `faults`) with what was filled in before."""
    estate = site().estate()
    return render_template(
        "upload.html.j2",
        sources=[(name, source.tool) for name, source in sorted(estate.sources.items())],
        repositories=sorted(set(estate.repositories["repository"])),
        zone=Name(estate.timezone),
        says=list(SAYS_COMPLETE),
        done=done,
        said=said,
        faults=faults,
        filled={key: request.form.get(key, "") if said else "" for key in FIELDS},
    )
