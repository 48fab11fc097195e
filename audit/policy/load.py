"""A folder's files to a programme, with all faults of the whole folder at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from audit.discovery import modules
from audit.errors import Fault, InputError
from audit.policy.csv_reader import read_csv
from audit.policy.in_one_go import in_one_go
from audit.policy.kinds.policy import Policy
from audit.policy.objectives import promise
from audit.policy.place import Place
from audit.policy.programme import Declared, Programme
from audit.policy.suggest import nearest, unknown
from audit.policy.text import decode
from audit.policy.validate import validate
from audit.policy.words import Item
from audit.policy.yaml_reader import Read, read_yaml

NAMES = "programme, units, sites, repositories, sources, assets*, policy-*, baseline, runbooks, people, vendors (.yaml)"
SUFFIXES = (".yaml", ".yml", ".csv")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The declarations of one file that could be read, and its faults."""

    model: type[Item]
    declared: tuple[Declared[Any], ...]
    faults: tuple[Fault, ...]
    drafts: frozenset[str] = frozenset()
    unread: bool = False


def read_folder(folder: Path) -> dict[str, bytes]:
    """Return the files of a programme folder by name: those that end in .yaml, .yml or .csv. Raises `InputError` when it is not a
    folder or has none.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder: name the folder of a programme, such as policies/example")
    try:
        paths = sorted(
            path
            for path in folder.iterdir()
            if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
        )
        files = {path.name: path.read_bytes() for path in paths}
    except OSError as error:
        raise InputError(f"cannot read {error.filename or folder}: {error.strerror or error}") from error
    if not files:
        raise InputError(f"{folder} holds no file of a programme; their names are {NAMES}")
    return files


def texts(files: Mapping[str, bytes]) -> tuple[dict[str, str], list[Fault]]:
    """Return the text of each file that is text, and the faults of the others."""
    decoded = {name: decode(name, raw) for name, raw in files.items()}
    faults = [fault for _, wrong in decoded.values() for fault in wrong]
    return {name: text for name, (text, wrong) in decoded.items() if not wrong}, faults


@in_one_go()
def load(files: Mapping[str, str], undecoded: Iterable[str] = ()) -> tuple[Programme, list[Fault]]:
    """Read a programme from its files' texts. Checks each file by itself; `checks.py` checks them against one another.

    `undecoded` are the names of files that are there and are no text.
    """
    faults: list[Fault] = []
    declared: dict[type[Item], tuple[Declared[Any], ...]] = {}
    drafts: dict[type[Item], frozenset[str]] = {}
    unread = {kinds()[kind].ITEM for name in undecoded if (kind := kind_of(name))}
    for name in sorted(files):
        kind = kind_of(name)
        if kind is None:
            faults.append(_stranger(name))
            continue
        loaded = _load(kind, name, files[name])
        declared[loaded.model] = declared.get(loaded.model, ()) + loaded.declared
        drafts[loaded.model] = drafts.get(loaded.model, frozenset()) | loaded.drafts
        unread |= {loaded.model} if loaded.unread else set()
        faults += loaded.faults
    return Programme(declared, {model: names for model, names in drafts.items() if names}, frozenset(unread)), faults


def kinds() -> dict[str, ModuleType]:
    """Return the kinds of files by id."""
    return modules("audit.policy.kinds")


def kind_of(name: str) -> str | None:
    """Return the kind of a file by its name, or None."""
    stem, _, suffix = name.rpartition(".")
    for kind, module in kinds().items():
        pattern = getattr(module, "FILES", re.escape(kind))
        if re.fullmatch(pattern, stem, re.IGNORECASE) and (suffix.lower() != "csv" or hasattr(module, "CELLS")):
            return kind
    return None


def _stranger(name: str) -> Fault:
    stem, _, suffix = name.rpartition(".")
    match = nearest(stem.split("-")[0], kinds())
    hint = f", did you mean `{match}{stem[len(stem.split('-')[0]) :]}.{suffix}`?" if match and kind_of(f"{match}.{suffix}") else ""
    return Fault(
        name, f"no file of a programme has this name{hint}", f"rename it, or move it to another folder; the names are {NAMES}"
    )


# One file's text reads the same for ever, and a history repeats most files from one programme to the next.
@lru_cache(maxsize=256)
def _load(kind: str, name: str, text: str) -> Loaded:
    module = kinds()[kind]
    model: type[Item] = module.ITEM
    read = read_csv(name, text, kind, module.CELLS) if name.lower().endswith(".csv") else read_yaml(name, text)
    place = Place(name, read.marks)
    faults = list(read.faults)
    items, shape = _whole(read, place, model) if getattr(module, "WHOLE", False) else _listed(read, place, kind)
    faults += shape
    declared, drafts = [], set()
    for written, here in items:
        item, wrong = validate(model, written, here)
        faults += wrong
        if issubclass(model, Policy):
            faults += promise(item or _draft(written), here)[1]
        if item is None:
            drafts.add(str(written.get("name", "")) if isinstance(written, dict) else "")
        else:
            declared.append(Declared(item, here, written))
    return Loaded(model, tuple(declared), tuple(faults), frozenset(drafts), unread=read.data is None or bool(shape))


Items = tuple[list[tuple[Any, Place]], list[Fault]]


def _whole(read: Read, place: Place, model: type[Item]) -> Items:
    """Return the one item of a file that is one."""
    if isinstance(read.data, dict):
        return [(read.data, place)], []
    if read.data is None:
        return [], []
    return [], [
        place.fault(
            f"the file is not a mapping at its top level; a {model.NOUN} is", "write `key: value` lines, see docs/programme.md"
        )
    ]


def _listed(read: Read, place: Place, kind: str) -> Items:
    """Return the items of a file that is a list under one key."""
    if read.data is None:
        return [], []
    if not isinstance(read.data, dict) or kind not in read.data:
        strange = [key for key in read.data if nearest(key, [kind])] if isinstance(read.data, dict) else []
        hint = f", but `{strange[0]}`" if strange else ""
        return [], [
            place.fault(f"the file does not have the key `{kind}` at its top level{hint}", f"write `{kind}:` and below it the list")
        ]
    faults = [
        place.at(key).fault(unknown("key", key, [kind]), f"this file holds only `{kind}`") for key in read.data if key != kind
    ]
    items = read.data[kind]
    if items is not None and not isinstance(items, list):
        return [], [*faults, place.at(kind).fault(f"`{kind}` is not a list", "start each of its items with `- `")]
    return [(item, place.at(kind, index)) for index, item in enumerate(items or ())], faults


def _draft(written: Any) -> Policy:
    """Return a policy that is not valid with its objectives, so that one apply shows the faults of both."""
    objectives = written.get("objectives") if isinstance(written, dict) else None
    return Policy.model_construct(
        objectives=objectives if isinstance(objectives, dict) else None, accept_partial=None, new_asset_grace=None
    )
