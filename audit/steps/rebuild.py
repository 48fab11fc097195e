"""rebuild: catalog and register's tables are dropped and made again from vault and journal."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from audit.steps._open import Progress, Store, quietly
from audit.steps.catch_up import CaughtUp, catch_up


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was made again: rows of the register's tables, and what went into the catalog."""

    rows: int
    caught_up: CaughtUp


def rebuild(store: Store, progress: Progress = quietly) -> Rebuilt:
    """Make again all that can be made again.

    Journal, checkpoints and vault stay untouched. Stopped halfway, it can be run again.
    """
    store.folder.must_be_writable()
    shutil.rmtree(store.folder.estates_path, ignore_errors=True)
    store = store.proven()
    rows = store.journal.rebuild_projections()
    store.catalog.drop()
    return Rebuilt(rows, catch_up(store, progress))
