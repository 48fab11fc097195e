"""confirm: a person says whose a subject is, and the programme's file of assets says it from then on. The journal changes when the folder is applied."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.errors import Fault, InputError, UsageError
from audit.policy.aliases import named_subjects
from audit.policy.edit import AssetsFile
from audit.policy.kinds.assets import Asset
from audit.policy.kinds.sources import Origin
from audit.policy.load import load, read_folder, texts
from audit.policy.programme import Declared, Programme
from audit.policy.suggest import nearest
from audit.steps._open import Store
from audit.steps.assess import subjects_of
from audit.steps.catch_up import catch_up


@dataclass(frozen=True, slots=True)
class Wanted:
    """A subject of a source, and the asset (or part of one) that it is."""

    source: str
    subject: str
    asset: str
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What was written: `files` are the names of those that changed; `known`: subjects that were the assets' own already."""

    written: tuple[Wanted, ...]
    known: tuple[Wanted, ...]
    files: tuple[str, ...]


def confirm(store: Store, folder: Path, wanted: Sequence[Wanted], *, unseen: bool = False) -> Confirmed:
    """Write subjects into the files of assets of a programme's folder: all of them, or none.

    Raises `InputError` with everything that is wrong. `unseen`: also names that no evidence has yet.
    """
    files, programme = read_programme(folder)
    catch_up(store)
    seen = set(subjects_of(store.catalog, store.head()).iter_rows())
    owners = {
        (subject.source, subject.subject): (one.item.name, part)
        for one in programme.of(Asset)
        for subject, part in named_subjects(one.item)
    }
    faults: list[Fault] = []
    new: list[Wanted] = []
    known: list[Wanted] = []
    for one in wanted:
        owner = owners.get((one.source, one.subject))
        if owner == (one.asset, one.part):
            known.append(one)
        elif wrong := _wrong(one, programme, owner, None if unseen else seen):
            faults.append(wrong)
        else:
            owners[one.source, one.subject] = (one.asset, one.part)
            new.append(one)
    if faults:
        raise InputError(f"nothing was written: {len(faults)} of {len(wanted)} cannot be confirmed", faults)
    changed = _edited(files, programme, new)
    write(folder, changed)
    return Confirmed(tuple(new), tuple(known), tuple(changed))


def read_programme(folder: Path) -> tuple[dict[str, str], Programme]:
    """Return the files and declarations of a folder. Raises `InputError` when something in it cannot be read: what is edited has to be understood."""
    raw = read_folder(folder)
    files, undecoded = texts(raw)
    programme, faults = load(files, raw.keys() - files.keys())
    errors = [fault for fault in (*undecoded, *faults) if fault.level == "error"]
    if errors:
        raise InputError(f"{folder} has faults: correct them first (backup-audit apply {folder} --dry-run)", errors)
    return files, programme


def _wrong(
    one: Wanted, programme: Programme, owner: tuple[str, str | None] | None, seen: set[tuple[str, str]] | None
) -> Fault | None:
    place = f"{one.source} {one.subject}"
    sources, assets = programme.named(Origin), programme.named(Asset)
    if one.source not in sources:
        near = nearest(one.source, sources)
        return Fault(
            place, f"the source `{one.source}` is not declared", f"did you mean `{near}`?" if near else "declare it in sources.yaml"
        )
    if one.asset not in assets:
        near = nearest(one.asset, assets)
        return Fault(
            place, f"the asset `{one.asset}` is not declared", f"did you mean `{near}`?" if near else "declare it in assets.yaml"
        )
    if owner is not None:
        told = f"`{owner[0]}`" + (f" (part `{owner[1]}`)" if owner[1] else "")
        return Fault(
            place, f"it is declared as a subject of {told}", "if it moved, change both by hand, with `since` (docs/programme.md)"
        )
    parts = {part.name for declared in assets[one.asset] for part in declared.item.parts}
    if one.part is None and parts:
        return Fault(place, f"`{one.asset}` has parts", f"say which with --part: {', '.join(sorted(parts))}")
    if one.part is not None and one.part not in parts:
        return Fault(place, f"`{one.asset}` has no part `{one.part}`", f"its parts are: {', '.join(sorted(parts)) or 'none'}")
    if seen is not None and (one.source, one.subject) not in seen:
        near = nearest(one.subject, [subject for source, subject in seen if source == one.source])
        remedy = f"did you mean `{near}`?" if near else "write it letter by letter as `backup-audit subjects` shows it"
        return Fault(place, "no evidence of this source has this subject", f"{remedy}; or say --unseen")
    return None


def _edited(files: Mapping[str, str], programme: Programme, wanted: Iterable[Wanted]) -> dict[str, str]:
    """Return the files that change with their new texts. Every declaration of an asset gets the subject: it is its own at all times."""
    editing: dict[str, AssetsFile] = {}
    together: dict[tuple[str, int, int | None], list[dict[str, str]]] = {}
    declared = programme.named(Asset)
    for one in wanted:
        for declaration in declared[one.asset]:
            for place in _places(declaration, one.part):
                together.setdefault(place, []).append({"source": one.source, "subject": one.subject})
    for (name, index, part), items in together.items():
        file = editing.setdefault(name, AssetsFile(name, files[name])) if name not in editing else editing[name]
        file.append(index, "subjects", items, part)
    return {name: file.text() for name, file in editing.items()}


def _places(declaration: Declared[Asset], part: str | None) -> list[tuple[str, int, int | None]]:
    name, index = declaration.place.file, int(declaration.place.path[1])
    if part is None:
        return [] if declaration.item.parts else [(name, index, None)]
    return [(name, index, number) for number, one in enumerate(declaration.item.parts) if one.name == part]


def write(folder: Path, changed: Mapping[str, str]) -> None:
    """Write files so that each is either as it was or as it becomes, also when the machine stops in between."""
    for name, text in changed.items():
        path = folder / name
        beside = path.with_name(f".{name}.new")
        try:
            with beside.open("w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                beside.chmod(path.stat().st_mode & 0o777)
            beside.replace(path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
