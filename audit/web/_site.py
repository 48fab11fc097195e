"""What pages work on: the open data folder, content, kept assessments and what follows from the journal's head, each read once."""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar, cast

from flask import current_app

from audit.content import Content
from audit.evaluation.kept import KeptAssessment, kept
from audit.model.estate import Estate
from audit.steps._open import Store

Value = TypeVar("Value")
LOADED = 2
"""Kept assessments that stay in memory at a time."""


@dataclass
class Loaded:
    """A kept assessment in memory, with what pages made of its frames. It is let go as a whole."""

    kept: KeptAssessment
    made: dict[str, Any] = field(default_factory=dict)


class Site:
    """One data folder, shared by all threads of the server."""

    def __init__(self, store: Store, content: Content) -> None:
        self.store = store
        self.content = content
        self.words: dict[tuple[str, str], Any] = {}
        """The wordings by language and time zone (`_words.words`)."""
        self._lock = Lock()
        self._there: frozenset[tuple[str, int]] = frozenset()
        self._kept: list[KeptAssessment] = []
        self._loaded: OrderedDict[str, Loaded] = OrderedDict()
        self._at_head: dict[str, tuple[int, Any]] = {}

    def assessments(self) -> list[KeptAssessment]:
        """Return the kept assessments, the newest first. They are read again when one was made, made anew or taken away."""
        folder = self.store.folder.assessments_path
        there = frozenset((file.parent.name, file.stat().st_mtime_ns) for file in folder.glob("*/assessment.json"))
        with self._lock:
            if there != self._there:
                self._kept, self._there = kept(folder), there
                self._loaded.clear()
            return self._kept

    def assessment(self, name: str | None) -> KeptAssessment | None:
        """Return a kept assessment by id, or the newest; null: there is none (of that name). Its frames are read once while it is among the LOADED last."""
        found = next((one for one in self.assessments() if name in (None, "", one.id)), None)
        return None if found is None else self._load(found).kept

    def of(self, one: KeptAssessment, name: str, make: Callable[[], Value]) -> Value:
        """Return what `make` gives of a kept assessment, made once while it is in memory. `name` names it."""
        made = self._load(one).made
        if name not in made:
            made[name] = make()
        return cast("Value", made[name])

    def _load(self, one: KeptAssessment) -> Loaded:
        with self._lock:
            if one.id not in self._loaded:
                # A copy: what is let go of takes its frames with it.
                self._loaded[one.id] = Loaded(KeptAssessment(one.path, one.about))
            self._loaded.move_to_end(one.id)
            while len(self._loaded) > LOADED:
                self._loaded.popitem(last=False)
            return self._loaded[one.id]

    def warm(self) -> None:
        """Read what the first page would have to wait for, and tell the collector of garbage that it stays: looking through all of it stops every page."""
        self.estate()
        self.assessment(None)
        gc.collect()
        gc.freeze()

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
