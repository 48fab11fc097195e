"""Opening a data folder: the stores that every step works on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from audit.catalog.catalog import Catalog
from audit.errors import DataFolderError
from audit.evidence.keys import private_key
from audit.evidence.vault import Vault
from audit.model.estate import Estate
from audit.policy.estate import AppliedProgramme, estate_at
from audit.register.checkpoints import Kept, make_checkpoint
from audit.register.dialect import connect
from audit.register.journal import Journal
from audit.register.schema import ensure_newest
from audit.settings import DataFolder

Progress = Callable[[str, int, int], None]
"""Told of progress: what is being done, how much is done, how much there is in all (0: not known)."""


def quietly(what: str, done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class Store:
    """An open data folder."""

    folder: DataFolder
    journal: Journal
    vault: Vault
    catalog: Catalog
    _estates: dict[int, Estate] = field(default_factory=dict, repr=False)
    _newest: dict[int, int] = field(default_factory=dict, repr=False)
    """The last programme up to an entry: what stands in the journal stays."""

    def head(self) -> int:
        """Return the number of the journal's last entry; 0 for an empty journal."""
        return self.journal.last_number()

    def programmes(self, known_at: int) -> list[AppliedProgramme]:
        """Return every programme applied up to an entry of the journal, oldest first."""
        return [
            AppliedProgramme(
                number=entry.number,
                applied_at=entry.at,
                files=json.loads(self.vault.get(entry.body["sha256"])),
                by=entry.body["by"],
                confirmed_by=entry.body.get("confirmed_by"),
            )
            for entry in self.journal.entries(up_to=known_at, kind="programme")
        ]

    def estate(self, known_at: int) -> Estate:
        """Return the estate as known at an entry of the journal."""
        if known_at not in self._newest:
            self._newest[known_at] = self.journal.last_number(known_at, "programme")
        newest = self._newest[known_at]
        if newest not in self._estates:
            self._estates[newest] = estate_at(self.programmes(newest))
        return self._estates[newest]

    def checkpoint(self) -> Kept | None:
        """Sign the journal as it is.

        Every step that added entries ends with this; None when nothing is new since the last checkpoint.
        """
        return make_checkpoint(self.journal, self.folder.origin, private_key(self.folder.key_path))

    def close(self) -> None:
        """Close the register's connections. A store that is left to the end of the process needs no closing."""
        self.journal.engine.dispose()


def open_store(data: Path) -> Store:
    """Open a data folder. Raises `DataFolderError` when it is missing, of a newer version, or has lost its register."""
    folder = DataFolder.open(data)
    if not folder.register_path.exists():
        raise DataFolderError(f"the register {folder.register_path} is missing: bring it back from the backup of the data folder")
    engine = connect(folder.register_url)
    ensure_newest(engine)
    return Store(folder, Journal(engine), Vault(folder.vault_path), Catalog(folder.catalog_path))
