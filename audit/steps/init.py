"""init: an empty data folder."""

from __future__ import annotations

from pathlib import Path

from audit.errors import DataFolderError
from audit.evidence.keys import make_keys
from audit.evidence.vault import Vault
from audit.register.dialect import connect
from audit.register.schema import migrate
from audit.settings import CONFIG, DataFolder

PARTS = frozenset({"keys", "register.sqlite", "register.sqlite-wal", "register.sqlite-shm", "vault", "catalog", f"{CONFIG}.new"})
"""What an `init` that was killed may have left; the next one goes on from there."""


def init(data: Path, organisation: str = "") -> tuple[DataFolder, bool]:
    """Make a data folder and say whether it is new.

    One that is there already stays as it is; another folder with files in it is refused.
    """
    if (data / CONFIG).exists():
        folder = DataFolder.open(data)
        if organisation and organisation.strip() != folder.organisation:
            raise DataFolderError(f"{data} is the data folder of {folder.organisation!r} already")
        return folder, False
    DataFolder.place(data)
    if data.exists() and not data.is_dir():
        raise DataFolderError(f"{data} is a file, not a folder")
    strangers = sorted(path.name for path in data.iterdir() if path.name not in PARTS) if data.exists() else []
    if strangers:
        raise DataFolderError(f"{data} holds other files ({', '.join(strangers[:3])}): name an empty or a new folder")
    try:
        data.mkdir(parents=True, exist_ok=True)
        draft = DataFolder(data, organisation, origin="")
        draft.catalog_path.mkdir(exist_ok=True)
        Vault(draft.vault_path).create()
        make_keys(draft.key_path)
        engine = connect(draft.register_url)
        migrate(engine)
        engine.dispose()
        return DataFolder.create(data, organisation), True
    except OSError as error:
        raise DataFolderError(f"cannot make {error.filename or data}: {error.strerror or error}") from error
