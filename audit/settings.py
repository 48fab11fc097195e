"""The data folder: where one organisation's evidence, journal and catalog live, and its `config.yaml`.

config.yaml        format of the folder, organisation, name of the log in checkpoints; how reminders are mailed
keys/              the key that signs checkpoints
register.sqlite    the journal, and what is small and changes (or a PostgreSQL database that `config.yaml` names: `register`)
vault/             every payload as received
catalog/           facts made of the evidence; `rebuild` makes it again (or an address in an object store: `catalog`)
assessments/       kept assessments, for pages and comparisons; may be deleted
points/            recovery points as known at the newest kept assessments, for pages; may be deleted
worlds/            what the newest what-ifs were judged on; may be deleted
estates/           what large programmes declare, as it was resolved; may be deleted
reports/           reports built from the site; may be deleted
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from audit import __version__
from audit.errors import DataFolderError

FORMAT = 1
"""The format of data folders that this program writes. It reads this one and older ones."""

CONFIG = "config.yaml"


@dataclass(frozen=True, slots=True)
class DataFolder:
    """A data folder.

    `organisation` is its owner's name as people write it; `origin` names its log in checkpoints, without spaces or `+`.
    """

    path: Path
    organisation: str
    origin: str
    format: int = FORMAT
    register: str | None = None
    """The address of a PostgreSQL database that holds the register, without password; None: the file in the folder."""
    catalog: str | None = None
    """The address in an object store of the catalog's tables; None: the folder in the folder."""
    mail: Mapping[str, Any] | None = None
    """How reminders are mailed, as `audit.connectors._mail.Mail` reads it; None: they are not."""

    @property
    def vault_path(self) -> Path:
        """The folder of payloads."""
        return self.path / "vault"

    @property
    def catalog_path(self) -> Path:
        """The folder of the catalog's tables."""
        return self.path / "catalog"

    @property
    def assessments_path(self) -> Path:
        """The folder of kept assessments."""
        return self.path / "assessments"

    @property
    def points_path(self) -> Path:
        """The folder of recovery points by asset."""
        return self.path / "points"

    @property
    def worlds_path(self) -> Path:
        """The folder of what what-ifs are judged on."""
        return self.path / "worlds"

    @property
    def estates_path(self) -> Path:
        """The folder of estates that were resolved once."""
        return self.path / "estates"

    @property
    def reports_path(self) -> Path:
        """The folder of reports built from the site."""
        return self.path / "reports"

    @property
    def register_path(self) -> Path:
        """The file of the register."""
        return self.path / "register.sqlite"

    @property
    def register_url(self) -> str:
        """The register as a database URL."""
        return self.register or f"sqlite:///{self.register_path.absolute()}"

    @property
    def key_path(self) -> Path:
        """The folder of the signing key."""
        return self.path / "keys"

    def writable(self) -> bool:
        """Return whether this user can write all parts of the folder."""
        parts = (self.path, self.register_path, self.vault_path, self.catalog_path)
        return all(os.access(part, os.W_OK) for part in parts if part.exists())

    def must_be_writable(self) -> None:
        """Raise `DataFolderError` when this user cannot write in the folder."""
        if not self.writable():
            raise DataFolderError(f"the data folder {self.path} cannot be written by this user")

    @classmethod
    def create(cls, path: Path, organisation: str = "", register: str | None = None, catalog: str | None = None) -> DataFolder:
        """Write the configuration of a new data folder. Call it last: a folder without it is not taken for a data folder."""
        organisation = organisation.strip() or path.absolute().name
        folder = cls(path, organisation, origin_of(organisation), register=register, catalog=catalog)
        yaml = YAML()
        aside = path / f"{CONFIG}.new"
        with aside.open("w", encoding="utf-8") as file:
            file.write("# A data folder of backup-audit. Do not change the format by hand.\n")
            told = {"format": folder.format, "organisation": folder.organisation, "origin": folder.origin}
            elsewhere = {"register": folder.register, "catalog": folder.catalog}
            yaml.dump(told | {name: address for name, address in elsewhere.items() if address}, file)
            file.flush()
            os.fsync(file.fileno())
        aside.rename(path / CONFIG)
        return folder

    @staticmethod
    def place(path: Path) -> None:
        """Raise `DataFolderError` for a place that a database's address cannot name."""
        odd = [character for character in "%?" if character in str(path.absolute())]
        if odd:
            raise DataFolderError(
                f"a data folder cannot lie in {path.absolute()}: its path holds {' and '.join(odd)}; choose another place"
            )

    @classmethod
    def open(cls, path: Path) -> DataFolder:
        """Read the configuration. Raises `DataFolderError` for a missing folder, another folder, or one of a newer format."""
        cls.place(path)
        if not path.exists():
            raise DataFolderError(f"there is no data folder {path}: make one with `backup-audit init`, or name another with --data")
        try:
            text = (path / CONFIG).read_text(encoding="utf-8")
            values: Any = YAML(typ="safe").load(text)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise DataFolderError(
                f"{path} is not a data folder (it has no {CONFIG}): make one with `backup-audit init`, or name another with --data"
            ) from error
        except (YAMLError, UnicodeDecodeError) as error:
            raise DataFolderError(f"{path / CONFIG} cannot be read: {error}") from error
        if not isinstance(values, dict) or not isinstance(values.get("format"), int):
            raise DataFolderError(f"{path / CONFIG} does not say `format: <number>`: it is not the configuration of a data folder")
        if values["format"] > FORMAT:
            raise DataFolderError(
                f"{path} is a data folder of format {values['format']}; backup-audit {__version__} knows formats up to {FORMAT}: "
                "use the version of backup-audit that wrote it, or a newer one"
            )
        organisation, origin = values.get("organisation"), values.get("origin")
        if not isinstance(organisation, str) or not isinstance(origin, str) or not re.fullmatch(r"[^\s+]+", origin):
            raise DataFolderError(f"{path / CONFIG} must say `organisation` and `origin` (a name without spaces and `+`)")
        for name, what in (("register", "a database"), ("catalog", "a place in an object store")):
            if not isinstance(values.get(name), str | None):
                raise DataFolderError(f"{path / CONFIG}, {name}: must be the address of {what}")
        if not isinstance(values.get("mail"), dict | None):
            raise DataFolderError(
                f"{path / CONFIG}, mail: must be a mapping, such as {{host: smtp.example.com, from: ..., to: ...}}"
            )
        return cls(path, organisation, origin, values["format"], values.get("register"), values.get("catalog"), values.get("mail"))


def origin_of(organisation: str) -> str:
    """Return the name of an organisation's log in checkpoints: `backup-audit/` and the organisation in lower case with dashes."""
    return "backup-audit/" + (re.sub(r"[^\w.]+", "-", organisation.lower()).strip("-_.") or "log")
