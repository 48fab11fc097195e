"""Kept assessments: an assessment as columns on disk, so that pages and comparisons need not judge again.

A kept assessment is a folder: `assessment.json` (period, journal entry, coverage, notices, counts) and Parquet files: one row for each result, breach, waived and unproven
stretch (`audit.model.columns`), and what the notices count. It proves nothing and may be deleted: the same period as known at the same entry gives it again.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from audit.errors import DataFolderError, UsageError
from audit.evaluation.program import fingerprint
from audit.model.assessment import Assessment, Coverage, Results
from audit.model.columns import Columns
from audit.model.envelope import time_text
from audit.model.estate import Known

FORMAT = 4
"""The format of kept assessments that this program writes. Others are not listed: they can be made again."""


@dataclass(frozen=True, slots=True)
class Making:
    """How an assessment was made: how far the journal was known then, and the points and runs that its notices count (`audit.evaluation.assess`: CONFLICT, UNPLACED, UNDATED)."""

    known: Known | None
    conflicts: pl.DataFrame
    unplaced: pl.DataFrame
    undated: pl.DataFrame


@dataclass(frozen=True)
class KeptAssessment:
    """A kept assessment. Frames are read when they are first asked for, and stay in memory as long as it does."""

    path: Path
    about: Mapping[str, Any] = field(repr=False)

    @property
    def id(self) -> str:
        """The name of its folder: period and journal entry."""
        return self.path.name

    @property
    def since(self) -> datetime:
        """The beginning of the period (UTC)."""
        return datetime.fromisoformat(self.about["period"]["from"])

    @property
    def until(self) -> datetime:
        """The end of the period (UTC), not in it."""
        return datetime.fromisoformat(self.about["period"]["to"])

    @property
    def as_known_at(self) -> int:
        """The journal entry up to which evidence was known."""
        return int(self.about["as_known_at"])

    @property
    def made_at(self) -> datetime:
        """When it was made (UTC)."""
        return datetime.fromisoformat(self.about["made_at"])

    @property
    def known(self) -> Known | None:
        """How far the journal was known when it was made."""
        told = self.about["known"]
        return None if told is None else Known(datetime.fromisoformat(told["at"]), told["intact"])

    @property
    def conflicts(self) -> pl.DataFrame:
        """The points told with contradicting content."""
        return self._read("conflicts")

    @property
    def unplaced(self) -> pl.DataFrame:
        """The successful runs that name no repository."""
        return self._read("unplaced")

    @property
    def undated(self) -> pl.DataFrame:
        """How many points of a subject restore an unknown instant."""
        return self._read("undated")

    @cached_property
    def results(self) -> pl.DataFrame:
        """One row a result (RESULT)."""
        return self._read("results")

    @cached_property
    def breaches(self) -> pl.DataFrame:
        """One row a breach (BREACH)."""
        return self._read("breaches")

    @cached_property
    def waived(self) -> pl.DataFrame:
        """One row a waived stretch (WAIVED)."""
        return self._read("waived")

    @cached_property
    def unproven(self) -> pl.DataFrame:
        """One row an unproven stretch (UNPROVEN)."""
        return self._read("unproven")

    def _read(self, name: str) -> pl.DataFrame:
        try:
            return pl.read_parquet(self.path / f"{name}.parquet")
        except (OSError, pl.exceptions.PolarsError) as error:
            raise DataFolderError(
                f"the kept assessment {self.path} cannot be read ({error}): delete it; the same command makes it again"
            ) from error

    def assessment(self, assets: Collection[str] | None = None) -> Assessment:
        """Return the assessment with the results of some assets only (null: of all), as it was judged."""
        columns = Columns(self.results, self.breaches, self.waived, self.unproven)
        if assets is not None:
            columns = columns.of_rows(self.results["asset"].is_in(list(assets)))
        return Assessment(
            since=self.since,
            until=self.until,
            as_known_at=self.as_known_at,
            journal_head=str(self.about["journal_head"]),
            results=Results(columns),
            quarantined=int(self.about["quarantined"]),
            coverage=self.coverage,
            faults=tuple(self.about["faults"]),
            notices=tuple(self.about["notices"]),
        )

    @property
    def coverage(self) -> Coverage:
        """The three numbers at the period's end."""
        told = dict(self.about["coverage"])
        told["remainder"] = {name: tuple(assets) for name, assets in told["remainder"].items()}
        told["orphans"] = tuple(told["orphans"])
        return Coverage(**told)


def keep(
    folder: Path,
    assessment: Assessment,
    made_at: datetime,
    beside: Callable[[Path], None] | None = None,
    making: Making | None = None,
) -> KeptAssessment:
    """Write an assessment into `folder` (made when missing) and return it. One of the same period and entry is replaced. beside: writes more into its own folder. making: how it
    was made; null: nothing goes on from it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{assessment.since:%Y%m%dT%H%M%S}-{assessment.until:%Y%m%dT%H%M%S}-{assessment.as_known_at}"
    aside = Path(tempfile.mkdtemp(prefix=".new-", dir=folder))
    try:
        for frame in fields(columns := assessment.results.columns):
            getattr(columns, frame.name).write_parquet(aside / f"{frame.name}.parquet")
        about = {key: value for key, value in assessment.about().items() if key != "results"}
        about |= {"format": FORMAT, "made_at": time_text(made_at.replace(microsecond=0)), "results": len(assessment.results)}
        if making is not None:
            known = making.known and {"at": making.known.at.isoformat(), "intact": making.known.intact}
            about |= {"program": fingerprint(), "known": known}
            making.conflicts.write_parquet(aside / "conflicts.parquet")
            making.unplaced.write_parquet(aside / "unplaced.parquet")
            making.undated.write_parquet(aside / "undated.parquet")
        (aside / "assessment.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
        if beside is not None:
            beside(aside)
        aside.chmod(0o755)
        if path.exists():
            shutil.rmtree(path)
        aside.rename(path)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return KeptAssessment(path, about)


def kept_again(one: KeptAssessment, made_at: datetime) -> KeptAssessment:
    """Return a kept assessment that was made again, and is the same: its folder says when it was made last."""
    about = {**one.about, "made_at": time_text(made_at.replace(microsecond=0))}
    aside = one.path / ".assessment.json"
    aside.write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
    aside.replace(one.path / "assessment.json")
    return KeptAssessment(one.path, about)


def kept(folder: Path) -> list[KeptAssessment]:
    """Return the assessments kept in a folder, the one made last first."""
    found = []
    for file in folder.glob("*/assessment.json"):
        try:
            about = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # one that is being replaced just now, or was cut off: it can be made again
        if isinstance(about, dict) and about.get("format") == FORMAT and not file.parent.name.startswith("."):
            found.append(KeptAssessment(file.parent, about))
    return sorted(found, key=lambda one: (one.made_at, one.id), reverse=True)


def to_go_on_from(folder: Path, since: datetime, until: datetime, known: int) -> KeptAssessment | None:
    """Return of the kept assessments of a period the one from which one as known at an entry goes on: made by this very program, without faults, as known at that entry or the
    last before it. Null where there is none."""
    mine = [one for one in kept(folder) if (one.since, one.until) == (since, until) and one.as_known_at <= known]
    mine = [one for one in mine if "program" in one.about and not one.about["faults"]]
    mine = mine and [one for one in mine if one.about["program"] == fingerprint()]
    return max(mine, key=lambda one: one.as_known_at, default=None)


def kept_named(folder: Path, name: str) -> KeptAssessment:
    """Return one kept assessment by its id. Raises `UsageError` when there is none of that name."""
    found = next((one for one in kept(folder) if one.id == name), None)
    if found is None:
        raise UsageError(f"there is no kept assessment {name!r}")
    return found
