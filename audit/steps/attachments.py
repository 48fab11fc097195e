"""attachments: files that were handed over with acts, out of the vault again, hashed anew."""

from __future__ import annotations

from pathlib import Path

from audit.errors import DataFolderError, UsageError
from audit.policy.suggest import one_of, unknown
from audit.register.acts import kinds
from audit.register.records._record import Attached, Done, document_key
from audit.steps._open import Store
from audit.steps.act import one_record


def attachment(store: Store, kind: str, identity: str, which: str | None = None) -> tuple[Attached, bytes]:
    """Return a file that was handed over with an act of a record, by its name or SHA-256 (null: the only one), and its bytes.

    Raises `UsageError` when there is none, or several are meant; `BrokenPayloadError` when the vault lost it.
    """
    record = one_record(store, kind, identity)
    every = [(done, one) for done in record.done for one in done.attached]
    if not every:
        raise UsageError(f"no file was handed over with {identity}")
    found = [(done, one) for done, one in every if which is None or which == one.name or which.lower() == one.sha256]
    if not found:
        names = dict.fromkeys(one.name for _, one in every)
        raise UsageError(f"{unknown('attachment', str(which), names)} ({one_of(names)})")
    if len({one.sha256 for _, one in found}) > 1:
        told = "; ".join(f"{one.sha256} {one.name}, entry {done.number} by {done.by}" for done, one in found)
        raise UsageError(f"{identity} has several{f' of the name {which}' if which else ''}: say which by its SHA-256 ({told})")
    return found[0][1], store.vault.get(found[0][1].sha256)


def document(store: Store, kind: str, identity: str, version: str | None = None) -> tuple[Done, Attached, bytes]:
    """Return the act that published a version of a record's document (null: the newest), the document's file and its bytes.

    Raises `UsageError` when there is no such version, or its document is kept elsewhere.
    """
    record, acts = one_record(store, kind, identity), kinds()[kind].ACTS
    keys = {name: key for name, one in acts.items() if (key := document_key(one.values))}
    published = [done for done in record.done if done.act in keys]
    found = [done for done in published if version in (None, done.values.get("version"))]
    if not found:
        versions = [str(done.values.get("version")) for done in published]
        raise UsageError(f"{unknown('version', str(version), versions)} ({one_of(versions)})")
    done = found[-1]
    sha256 = done.values[keys[done.act]]
    told = next((one for one in done.attached if one.sha256 == sha256), None)
    if told is None:
        where = f" ({done.values['kept']})" if done.values.get("kept") else ""
        raise UsageError(
            f"the document of version {done.values.get('version')} of {identity} is not in the vault, but kept elsewhere{where}; its SHA-256 is {sha256}"
        )
    return done, told, store.vault.get(sha256)


def write_new(path: Path, data: bytes) -> None:
    """Write a file that is not there yet, whole or not at all."""
    try:
        with path.open("xb") as file:
            try:
                file.write(data)
                file.flush()
            except OSError:
                path.unlink()
                raise
    except FileExistsError as error:
        raise UsageError(f"{path} is there already: name a file that is not") from error
    except OSError as error:
        raise DataFolderError(f"cannot write {path}: {error.strerror or error}") from error
