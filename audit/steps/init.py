"""init: an empty data folder."""

from __future__ import annotations

from pathlib import Path

from audit.catalog.place import Prefix, checked
from audit.errors import DataFolderError
from audit.evidence.keys import make_keys
from audit.evidence.vault import Vault
from audit.register.dialect import address, connect
from audit.register.journal import Journal
from audit.register.schema import migrate, revision
from audit.settings import CONFIG, DataFolder

PARTS = frozenset({"keys", "register.sqlite", "register.sqlite-wal", "register.sqlite-shm", "vault", "catalog", f"{CONFIG}.new"})
"""What an `init` that was killed may have left; the next one goes on from there."""


def init(data: Path, organisation: str = "", register: str | None = None, catalog: str | None = None) -> tuple[DataFolder, bool]:
    """Make a data folder and say whether it is new.

    One that is there already stays as it is; another folder with files in it is refused. `register`: the address of an empty PostgreSQL
    database for its register, in place of a file in the folder. `catalog`: the address of an empty place in an object store for its catalog's tables.
    """
    if (data / CONFIG).exists():
        folder = DataFolder.open(data)
        if organisation and organisation.strip() != folder.organisation:
            raise DataFolderError(f"{data} is the data folder of {folder.organisation!r} already")
        if register and register != folder.register:
            raise DataFolderError(
                f"{data} is a data folder already, and its register lies in {folder.register or folder.register_path}"
            )
        if catalog and catalog.rstrip("/") != folder.catalog:
            raise DataFolderError(
                f"{data} is a data folder already, and its catalog lies in {folder.catalog or folder.catalog_path}"
            )
        return folder, False
    DataFolder.place(data)
    if data.exists() and not data.is_dir():
        raise DataFolderError(f"{data} is a file, not a folder")
    register, place = chosen(register), _reached(catalog)
    strangers = sorted(path.name for path in data.iterdir() if path.name not in PARTS) if data.exists() else []
    if strangers:
        raise DataFolderError(f"{data} holds other files ({', '.join(strangers[:3])}): name an empty or a new folder")
    try:
        data.mkdir(parents=True, exist_ok=True)
        draft = DataFolder(data, organisation, origin="", register=register)
        draft.catalog_path.mkdir(exist_ok=True)
        Vault(draft.vault_path).create()
        make_keys(draft.key_path)
        engine = connect(draft.register_url)
        if register is not None and revision(engine) is not None and Journal(engine).head() is not None:
            raise DataFolderError(f"{register} holds the register of another data folder: name an empty database")
        migrate(engine)
        engine.dispose()
        if place is not None and (held := place.claim(organisation.strip() or data.absolute().name)) is not None:
            raise DataFolderError(f"--catalog: {place} holds other objects ({held}): name an empty prefix")
        return DataFolder.create(data, organisation, register, None if place is None else place.address), True
    except OSError as error:
        raise DataFolderError(f"cannot make {error.filename or data}: {error.strerror or error}") from error


def chosen(register: str | None) -> str | None:
    """Return the address of the database that was chosen for a new register, if one was. Raises `DataFolderError` for one that cannot hold it."""
    if register is None:
        return None
    try:
        return address(register)
    except DataFolderError as error:
        raise DataFolderError(f"--register: {error}") from error


def _reached(catalog: str | None) -> Prefix | None:
    """Return the place that was chosen for a new catalog, if one was. Raises `DataFolderError` for one that cannot be reached."""
    if catalog is None:
        return None
    try:
        place = Prefix(checked(catalog))
        place.objects()
    except DataFolderError as error:
        raise DataFolderError(f"--catalog: {error}") from error
    except OSError as error:
        raise DataFolderError(f"--catalog: {catalog} cannot be reached with the credentials in the environment: {error}") from error
    return place
