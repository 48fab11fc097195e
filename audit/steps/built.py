"""Reports built from the site: files in the data folder, each with what it says of itself beside it. They may be deleted: the same report can be built again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from audit.content import Content
from audit.errors import UsageError
from audit.model.envelope import time_text
from audit.reporting.compose import Definition
from audit.steps._open import Store
from audit.steps.assess import assess
from audit.steps.report import agreeing, of_a_period, report_of

ABOUT = ".about.json"


@dataclass(frozen=True, slots=True)
class Built:
    """A report that was built: its file, and what it is: `report`, `framework` (null: none), `language`, `format`, `unit`, `from`, `to`, `as_known_at`, `made_at`,
    `by`, `bytes`, `sha256`."""

    path: Path
    about: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The name of the file."""
        return self.path.name


def build(
    store: Store, content: Content, name: str, since: datetime, until: datetime, language: str, fmt: str, unit: str | None = None,
    *, framework: str | None = None, now: datetime, by: str,
) -> Built:  # fmt: skip
    """Assess a period and write the report, answering a framework where one is named. Raises as `assess` and `report_of` do."""
    store.folder.must_be_writable()
    definition = Definition.load(content, name)
    agreeing(definition, framework, content)
    of_a_period(definition)
    assessment = assess(store, since, until, controls=definition.controls)
    seen = assessment.as_known_at
    written = report_of(store, assessment, definition, language, fmt, unit, content=content, framework=framework)
    folder = store.folder.reports_path
    folder.mkdir(exist_ok=True)
    zone = ZoneInfo(store.estate(seen).timezone)
    first, last = since.astimezone(zone), (until - timedelta(microseconds=1)).astimezone(zone)
    named = name if framework is None else f"{name}-{framework}"
    path = folder / f"{named}-{first:%Y%m%d}-{last:%Y%m%d}{'-' + unit if unit else ''}-{language}-{seen}.{fmt}"
    about = {
        "report": name, "framework": framework, "language": language, "format": fmt, "unit": unit, "from": time_text(since), "to": time_text(until),
        "as_known_at": seen, "made_at": time_text(now), "by": by, "bytes": len(written), "sha256": hashlib.sha256(written).hexdigest(),
    }  # fmt: skip
    for target, data in ((path, written), (path.with_name(path.name + ABOUT), json.dumps(about).encode())):
        aside = target.with_name(f".{target.name}.new")
        aside.write_bytes(data)
        aside.rename(target)
    return Built(path, about)


def built(store: Store) -> list[Built]:
    """Return the reports that were built, the newest first."""
    found = []
    for file in store.folder.reports_path.glob(f"*{ABOUT}"):
        path = file.with_name(file.name.removesuffix(ABOUT))
        try:
            about = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if path.is_file():
            found.append(Built(path, about))
    return sorted(found, key=lambda one: (one.about["made_at"], one.id), reverse=True)


def built_named(store: Store, name: str) -> Built:
    """Return one built report by its file's name. Raises `UsageError` when there is none."""
    found = next((one for one in built(store) if one.id == name), None)
    if found is None:
        raise UsageError(f"there is no built report {name!r}")
    return found
