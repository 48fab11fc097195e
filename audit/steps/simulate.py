"""simulate: a simulated year into a folder of its own."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from audit.content import Content
from audit.errors import UsageError
from audit.simulation.calendar import DAY, Calendar, local
from audit.simulation.files import SIDECAR
from audit.simulation.year import YEARS, head, year
from audit.steps._open import Progress, quietly

PROGRAMME = "policies/enterprise-im"
ENDINGS = (("", ".yaml"), ("schemas/", ".schema.json"))
TRUTH = "truth.yaml"


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a folder holds: `payloads` without their envelopes; `new` false: the folder had it already, and was left alone."""

    folder: Path
    payloads: int
    new: bool


def simulate(folder: Path, content: Content, number: int, seed: int, *, now: datetime, progress: Progress = quietly) -> Simulated:
    """Write a simulated year. A folder that has the same one already stays as it is.

    It is written beside the folder first and then moved, so that a folder is never half a year. now: what lies behind can be simulated, no
    future. Raises `UsageError` for a year that cannot be simulated, a folder with other things in it, or one that cannot be written.
    """
    if number not in YEARS:
        raise UsageError(f"the year must lie between {YEARS.start} and {YEARS.stop - 1}")
    calendar = Calendar(number, seed)
    if local(calendar.last + DAY) > now:
        raise UsageError(f"evidence of {number} goes on until {calendar.last}, which is not over yet: choose an earlier year")
    if _is(folder, calendar):
        return Simulated(folder, _payloads(folder), new=False)
    draft = folder.absolute().parent / f".{folder.absolute().name}.part"
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(f"{folder} holds something else: name a new or an empty folder")
        if draft.exists():
            shutil.rmtree(draft)
        texts: dict[str, str] = {}
        for below, ending in ENDINGS:
            place = f"{PROGRAMME}/{below}".rstrip("/")
            texts |= {f"{below}{name}{ending}": content.text(f"{place}/{name}{ending}") for name in content.names(place, ending)}
        for written, (path, text) in enumerate(year(texts, number, seed), 1):
            file = draft / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
            progress("writing", written, 0)
        draft.replace(folder.absolute())
    except OSError as error:
        raise UsageError(f"cannot write to {error.filename or folder}: {error.strerror or error}") from error
    return Simulated(folder, _payloads(folder), new=True)


def _is(folder: Path, calendar: Calendar) -> bool:
    """Return whether a folder has this very year."""
    try:
        told = YAML(typ="safe").load((folder / TRUTH).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError):
        return False
    return isinstance(told, dict) and {key: told.get(key) for key in head(calendar)} == head(calendar)


def _payloads(folder: Path) -> int:
    return sum(1 for path in (folder / "evidence").rglob("*.*") if path.is_file() and not path.name.endswith(SIDECAR))
