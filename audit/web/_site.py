"""What pages work on: the open data folder, content, kept assessments and what follows from the journal's head, each read once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, cast

from flask import current_app

from audit.content import Content
from audit.evaluation.kept import KeptAssessment, kept
from audit.model.estate import Estate
from audit.steps._open import Store

Value = TypeVar("Value")
LOADED = 4
"""Kept assessments that stay in memory at a time."""


class Site:
    """One data folder, shared by all threads of the server."""

    def __init__(self, store: Store, content: Content) -> None:
        self.store = store
        self.content = content
        self._lock = Lock()
        self._assessments: OrderedDict[Path, tuple[int, KeptAssessment]] = OrderedDict()
        self._at_head: dict[str, tuple[int, Any]] = {}

    def assessments(self) -> list[KeptAssessment]:
        """Return the kept assessments, the newest first. Their frames are not read yet."""
        return kept(self.store.folder.assessments_path)

    def assessment(self, name: str | None) -> KeptAssessment | None:
        """Return a kept assessment by id, or the newest; null: there is none (of that name)."""
        found = next((one for one in self.assessments() if name in (None, "", one.id)), None)
        return None if found is None else self._loaded(found)

    def _loaded(self, found: KeptAssessment) -> KeptAssessment:
        """Return the same assessment as it is in memory, so that its frames are read once."""
        stamp = (found.path / "assessment.json").stat().st_mtime_ns
        with self._lock:
            stored = self._assessments.get(found.path)
            if stored is None or stored[0] != stamp:
                stored = self._assessments[found.path] = (stamp, found)
            self._assessments.move_to_end(found.path)
            while len(self._assessments) > LOADED:
                self._assessments.popitem(last=False)
        return stored[1]

    def estate(self, known_at: int | None = None) -> Estate:
        """Return the estate as known at a journal entry; null: the newest."""
        return self.store.estate(self.store.head() if known_at is None else known_at)

    def at_head(self, name: str, make: Callable[[], Value]) -> Value:
        """Return what `make` gives, made again only when the journal has grown. `name` names it."""
        head = self.store.head()
        stored = self._at_head.get(name)
        if stored is None or stored[0] != head:
            stored = self._at_head[name] = (head, make())
        return cast("Value", stored[1])


def site() -> Site:
    """Return the site of the application that handles the request."""
    return cast("Site", current_app.extensions["backup-audit"])
