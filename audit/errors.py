"""Faults and errors: what is wrong, where, and what to do about it.

A `Fault` is a value: it is collected beside good rows, stored, counted and shown. A `BackupAuditError` ends a command; it
carries the faults that made it, and the command line prints them without a traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command."""

    FINE = 0
    FAILED = 1
    """A breach, or a check that failed, where the command checks."""
    USAGE = 2
    """Wrong usage or unusable input."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in what we were given.

    `where` is the file or payload; `locator` the place inside it (`line 12`, a JSON pointer such as `/0/time`, `cell B7`);
    `key` the field; `what` the fault in one sentence; `remedy` what the reader can do. `level` is `error` (the row or file was not
    used) or `warning` (it was used, and this should be known).
    """

    where: str
    what: str
    remedy: str = ""
    locator: str = ""
    key: str = ""
    level: str = "error"

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.where, self.locator, self.key) if part)
        return f"{place}: {self.what}" + (f" ({self.remedy})" if self.remedy else "")


class BackupAuditError(Exception):
    """Ends a command with a message; `faults` are all the reasons, not only the first."""

    exit_code: Exit = Exit.USAGE

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class UsageError(BackupAuditError):
    """The command was called with arguments that cannot be right."""


class InputError(BackupAuditError):
    """What was given to read cannot be used as a whole."""


class DataFolderError(BackupAuditError):
    """The data folder is missing, of another version, or not readable."""


class CheckFailedError(BackupAuditError):
    """A check that the command makes has failed."""

    exit_code = Exit.FAILED
