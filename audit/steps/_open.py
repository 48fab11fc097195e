"""Opening a data folder: the stores that every step works on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from audit.catalog.catalog import Catalog
from audit.errors import DataFolderError
from audit.evidence.chain import BEGINNING, faults_of
from audit.evidence.keys import private_key
from audit.evidence.vault import Vault
from audit.model.estate import Estate
from audit.policy.estate import AppliedProgramme, estate_at
from audit.policy.force import Signature
from audit.register.acts import KIND as ACT
from audit.register.acts import frames, records, signatures
from audit.register.checkpoints import Kept, make_checkpoint
from audit.register.dialect import address, connect
from audit.register.journal import Journal
from audit.register.schema import ensure_newest, revision
from audit.settings import CONFIG, DataFolder
from audit.steps._kept_estates import by_signature, estate_of

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
    proving: bool = False
    """What was declared is read from journal and vault only, not from what was kept of it."""
    _declared: dict[tuple[int, tuple[Signature, ...]], Estate] = field(default_factory=dict, repr=False)
    _estates: dict[tuple[int, int], Estate] = field(default_factory=dict, repr=False)
    _newest: dict[int, tuple[int, int]] = field(default_factory=dict, repr=False)
    """The last programme and the last act up to an entry: what stands in the journal stays."""
    _followed: tuple[int, str] = field(default=(0, BEGINNING), repr=False)
    """Up to which entry the chain was found unbroken, and that entry's hash."""

    def head(self) -> int:
        """Return the number of the journal's last entry; 0 for an empty journal."""
        return self.journal.last_number()

    def intact(self, known_at: int) -> bool:
        """Say whether the journal is an unbroken chain up to an entry. What was followed once is not followed again."""
        number, previous = self._followed
        for stored in self.journal.links(after=number, up_to=known_at):
            if any(faults_of(stored, number + 1, previous)):
                return False
            number, previous = stored.number, stored.hash
            self._followed = (number, previous)
        return number >= known_at

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
        """Return the estate as known at an entry of the journal, with what the register's records say."""
        if known_at not in self._newest:
            programme, act = (self.journal.last_number(known_at, kind) for kind in ("programme", ACT))
            self._newest[known_at] = (programme, act)
        programme, act = newest = self._newest[known_at]
        if newest not in self._estates:
            known = records(self.journal, self.vault, act) if act else {}
            self._estates[newest] = replace(self._as_signed(programme, signatures(known)), records=frames(known) if act else {})
        return self._estates[newest]

    def _as_signed(self, programme: int, signed: tuple[Signature, ...]) -> Estate:
        """Return what was declared up to a programme's entry, with the signatures that its policies take force by. Where none does, it is one for all of them."""
        for key in ((programme, signed), (programme, ())):
            found = self._declared.get(key)
            if found is not None and (key[1] == signed or not by_signature(found)):
                return found
        made = self._resolved(programme, signed)
        self._declared[programme, signed if by_signature(made) else ()] = made
        return made

    def _resolved(self, programme: int, signed: tuple[Signature, ...]) -> Estate:
        entries = list(self.journal.entries(up_to=programme, kind="programme"))
        if self.proving or not all(self.vault.has(entry.body["sha256"]) for entry in entries):
            return estate_at(self.programmes(programme), signed)
        return estate_of(self.folder.estates_path, entries, lambda: self.programmes(programme), signed)

    def proven(self) -> Store:
        """Return the same data folder with nothing read yet: what it says was declared, journal and vault say now."""
        return Store(self.folder, self.journal, self.vault, self.catalog, proving=True)

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
    if folder.register is None and not folder.register_path.exists():
        raise DataFolderError(f"the register {folder.register_path} is missing: bring it back from the backup of the data folder")
    if folder.register is not None:
        try:
            address(folder.register)
        except DataFolderError as error:
            raise DataFolderError(f"{data / CONFIG}, register: {error}") from error
    engine = connect(folder.register_url)
    if folder.register is not None and revision(engine) is None:
        raise DataFolderError(f"the register in {folder.register} is missing: bring it back from the backup of the database")
    ensure_newest(engine)
    try:
        catalog = Catalog(folder.catalog_path, folder.catalog)
    except DataFolderError as error:
        raise DataFolderError(f"{data / CONFIG}, catalog: {error}") from error
    return Store(folder, Journal(engine), Vault(folder.vault_path), catalog)
