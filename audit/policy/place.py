"""Places: where in a programme's files something was written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from audit.errors import Fault

Key = str | int
Marks = Mapping[tuple[Key, ...], str]
"""Locators (`line 12`) of the keys and items of a file, by their paths in its data."""


@dataclass(frozen=True, slots=True)
class Place:
    """A path into the data of a file, and the locators of that file."""

    file: str
    marks: Marks = field(default_factory=dict, repr=False, compare=False)
    path: tuple[Key, ...] = ()

    def at(self, *keys: Key) -> Place:
        """Return the place of a key further down."""
        return Place(self.file, self.marks, self.path + keys)

    @property
    def locator(self) -> str:
        """The locator of the path, or of the nearest thing around it that has one."""
        for length in range(len(self.path), -1, -1):
            if mark := self.marks.get(self.path[:length]):
                return mark
        return ""

    @property
    def key(self) -> str:
        """The path as people write it: `assets[3].subjects[0].source`."""
        return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path).removeprefix(".")

    def fault(self, what: str, remedy: str = "", level: str = "error") -> Fault:
        """Return a fault at this place."""
        return Fault(where=self.file, what=what, remedy=remedy, locator=self.locator, key=self.key, level=level)

    def __str__(self) -> str:
        return ", ".join(part for part in (self.file, self.locator) if part)


def in_order(faults: Iterable[Fault]) -> list[Fault]:
    """Return faults as a reader goes through the files: by file and line."""
    return sorted(faults, key=lambda fault: (fault.where, _line(fault)))


def _line(fault: Fault) -> int:
    number = re.match(r"line (\d+)", fault.locator)
    return int(number[1]) if number else 0
