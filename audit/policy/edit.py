"""Edits of a programme's files of assets that leave every other line as people wrote it: `edit_yaml.py` and `edit_csv.py`, chosen by the file's name.

What an edit makes is read again, and has to be what was there with what was asked for and nothing else; where it is not, the file is left to a person.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from audit.errors import Fault, InputError
from audit.policy.csv_reader import read_csv
from audit.policy.edit_csv import CsvEdits
from audit.policy.edit_yaml import YamlEdits
from audit.policy.kinds.assets import CELLS, FILES
from audit.policy.yaml_reader import Read, read_yaml

KEY = "assets"


class _Edits(Protocol):
    def append(self, index: int, part: int | None, key: str, items: Sequence[Any]) -> None: ...
    def fill(self, index: int, key: str, text: str) -> None: ...
    def replace(self, index: int, key: str, text: str) -> None: ...
    def add(self, item: Mapping[str, Any]) -> None: ...
    def text(self) -> str: ...


class AssetsFile:
    """A file of assets that is being edited: `text` gives what becomes of it."""

    def __init__(self, name: str, text: str) -> None:
        """`text` may be empty: a new file. Raises `InputError` when the file cannot be read as it is."""
        if not re.fullmatch(FILES + r"\.(yaml|yml|csv)", name, re.IGNORECASE):
            what = "is no name of a file of assets"
            raise InputError(
                f"{name} {what}", [Fault(name, what, "call it assets.yaml, assets.csv, assets-vcenter.yaml or the like")]
            )
        self.name, self._before = name, text
        self._table = name.lower().endswith(".csv")
        read = self._read(text) if text.strip() else Read(data={KEY: []})
        if read.faults or not isinstance(read.data, dict) or not isinstance(read.data.get(KEY) or [], list):
            raise InputError(f"{name} cannot be read as it is: correct it first (backup-audit apply --dry-run)", read.faults)
        self._data = copy.deepcopy(read.data)
        self._data[KEY] = self._data.get(KEY) or []
        self._edits: _Edits = CsvEdits(text) if self._table else YamlEdits(text)
        self.changed = False

    def _read(self, text: str) -> Read:
        return read_csv(self.name, text, KEY, CELLS) if self._table else read_yaml(self.name, text)

    def append(self, index: int, key: str, items: Sequence[Any], part: int | None = None) -> None:
        """Add items to a list of an asset (or of a part of it)."""
        target = self._data[KEY][index] if part is None else self._data[KEY][index]["parts"][part]
        target[key] = [*(target.get(key) or []), *items]
        self._edits.append(index, part, key, items)
        self.changed = True

    def fill(self, index: int, key: str, text: str) -> None:
        """Say a key that an asset does not have yet."""
        self._data[KEY][index][key] = text
        self._edits.fill(index, key, text)
        self.changed = True

    def replace(self, index: int, key: str, text: str) -> None:
        """Say something else for a key."""
        self._data[KEY][index][key] = text
        self._edits.replace(index, key, text)
        self.changed = True

    def add(self, item: Mapping[str, Any]) -> None:
        """Add an asset at the end."""
        self._data[KEY].append(dict(item))
        self._edits.add(item)
        self.changed = True

    def text(self) -> str:
        """Return the file with all edits. Raises `InputError` when it would not say exactly what was asked for."""
        if not self.changed:
            return self._before
        made = self._edits.text()
        read = self._read(made)
        if read.faults or read.data != self._data:
            what = "is written in a way that cannot be edited line by line"
            remedy = "write the change by hand, or one asset as `- name: ...` with its keys on lines of their own"
            raise InputError(f"{self.name} {what}: nothing was changed", [Fault(self.name, what, remedy)])
        return made
