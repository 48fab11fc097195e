"""Kept assessments: an assessment as columns on disk, so that pages and comparisons need not judge again.

A kept assessment is a folder: `assessment.json` (period, journal entry, coverage, notices, counts) and Parquet files: one row for each result, breach, waived and unproven
stretch, and what the notices count. It proves nothing and may be deleted: the same period as known at the same entry gives it again.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from audit.errors import DataFolderError, UsageError
from audit.evaluation.program import fingerprint
from audit.model.envelope import time_text
from audit.model.estate import Known
from audit.model.facts import INSTANT
from audit.model.verdicts import SHARES, Assessment, Breach, Coverage, EvidenceRef, Result, Unproven, Verdict, Waived

FORMAT = 3
"""The format of kept assessments that this program writes. Others are not listed: they can be made again."""

RESULT: dict[str, pl.DataType] = {
    "result": pl.Int64(),  # the number of the result in the assessment
    "asset": pl.String(),
    "unit": pl.String(),
    "policy": pl.String(),
    "version": pl.Int64(),
    "part": pl.String(),
    "control": pl.String(),
    "leg": pl.String(),
    "verdict": pl.String(),
    **dict.fromkeys(SHARES, pl.Float64()),  # of the judged time; null: nothing was judged
    "judged_seconds": pl.Float64(),
    "breaches": pl.Int64(),
    "unproven_stretches": pl.Int64(),
    "detail": pl.String(),  # JSON
    "provenance": pl.String(),
    "judged": pl.String(),  # JSON: stretches
    "in_grace": pl.String(),  # JSON: stretches
}
STRETCH: dict[str, pl.DataType] = {
    "result": pl.Int64(),
    "asset": pl.String(),
    "unit": pl.String(),
    "control": pl.String(),
    "leg": pl.String(),
    "part": pl.String(),
    "policy": pl.String(),
    "version": pl.Int64(),
    "from": INSTANT,
    "to": INSTANT,
    "seconds": pl.Float64(),
    "detail": pl.String(),  # JSON
}
BREACH = {**STRETCH, "verdict": pl.String(), "evidence": pl.String()}
"""`verdict` is that of the whole result: a policy may tolerate a breach. `evidence`: JSON."""
WAIVED = {**BREACH, "waiver": pl.String()}
UNPROVEN = {**STRETCH, "reason": pl.String()}


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

    def assessment(self, assets: Collection[str]) -> Assessment:
        """Return the assessment with the results of some assets only, as it was judged."""
        chosen = self.results.filter(pl.col("asset").is_in(list(assets)))
        numbers = chosen["result"].implode()
        breaches = _by_result(self.breaches.filter(pl.col("result").is_in(numbers)), breach_of)
        waived = _by_result(self.waived.filter(pl.col("result").is_in(numbers)), waived_of)
        unproven = _by_result(self.unproven.filter(pl.col("result").is_in(numbers)), unproven_of)
        results = tuple(
            _result(row, *(tuple(stretches.get(row[0], ())) for stretches in (breaches, unproven, waived)))
            for row in chosen.select(list(_TOLD)).iter_rows()
        )
        return Assessment(
            since=self.since,
            until=self.until,
            as_known_at=self.as_known_at,
            journal_head=str(self.about["journal_head"]),
            results=results,
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
        for name, frame in frames_of(assessment).items():
            frame.write_parquet(aside / f"{name}.parquet")
        about = {key: value for key, value in replace(assessment, results=()).to_json().items() if key != "results"}
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


def frames_of(assessment: Assessment) -> dict[str, pl.DataFrame]:
    """Return an assessment as frames: `results` (RESULT), `breaches` (BREACH), `waived` (WAIVED) and `unproven` (UNPROVEN)."""
    results: list[dict[str, Any]] = []
    breaches: list[dict[str, Any]] = []
    waived: list[dict[str, Any]] = []
    unproven: list[dict[str, Any]] = []
    for number, result in enumerate(assessment.results):
        shares = dict.fromkeys(SHARES) if result.shares is None else {name: result.shares.get(name, 0.0) for name in SHARES}
        common = {name: getattr(result, name) for name in ("asset", "unit", "control", "leg", "part", "policy", "version")}
        results.append(
            {
                **common,
                "result": number,
                "verdict": str(result.verdict),
                **shares,
                "judged_seconds": result.judged_seconds,
                "breaches": len(result.breaches),
                "unproven_stretches": len(result.unproven),
                "detail": _json(result.detail),
                "provenance": result.provenance,
                "judged": _stretches_text(result.judged),
                "in_grace": _stretches_text(result.grace),
            }
        )
        for stretches, rows in ((result.breaches, breaches), (result.waived, waived), (result.unproven, unproven)):
            for stretch in stretches:
                rows.append(
                    {
                        **common,
                        "result": number,
                        "from": stretch.since,
                        "to": stretch.until,
                        "seconds": (stretch.until - stretch.since).total_seconds(),
                        "detail": _json(stretch.detail),
                        **_more(stretch, result),
                    }
                )
    return {
        "results": pl.DataFrame(results, schema=RESULT),
        "breaches": pl.DataFrame(breaches, schema=BREACH),
        "waived": pl.DataFrame(waived, schema=WAIVED),
        "unproven": pl.DataFrame(unproven, schema=UNPROVEN),
    }


def _more(stretch: Breach | Unproven, result: Result) -> dict[str, Any]:
    """Return the columns that a stretch of its kind has beside those of all."""
    if isinstance(stretch, Unproven):
        return {"reason": stretch.reason}
    told = {"evidence": _json([ref.to_json() for ref in stretch.evidence]), "verdict": str(result.verdict)}
    return told | ({"waiver": stretch.waiver} if isinstance(stretch, Waived) else {})


def _json(value: Any) -> str:
    return (
        "{}"
        if not value and isinstance(value, Mapping)
        else json.dumps(value, ensure_ascii=False, default=lambda odd: dict(odd) if isinstance(odd, Mapping) else str(odd))
    )


def _by_result(rows: pl.DataFrame, make: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows.iter_rows(named=True):
        found.setdefault(row["result"], []).append(make(row))
    return found


def breach_of(row: Mapping[str, Any]) -> Breach:
    """Return the breach that a row of `breaches` tells of."""
    refs = tuple(EvidenceRef(**ref) for ref in json.loads(row["evidence"]))
    return Breach(row["from"], row["to"], json.loads(row["detail"]), refs)


def waived_of(row: Mapping[str, Any]) -> Waived:
    """Return the stretch that a row of `waived` tells of."""
    breach = breach_of(row)
    return Waived(breach.since, breach.until, breach.detail, breach.evidence, row["waiver"])


def unproven_of(row: Mapping[str, Any]) -> Unproven:
    """Return the stretch that a row of `unproven` tells of."""
    return Unproven(row["from"], row["to"], row["reason"], json.loads(row["detail"]))


_TOLD = (
    "result", "asset", "unit", "policy", "version", "part", "control", "leg", "verdict", "judged_seconds", "detail", "provenance",
    "judged", "in_grace", *SHARES,
)  # fmt: skip


def _result(
    row: tuple[Any, ...], breaches: tuple[Breach, ...], unproven: tuple[Unproven, ...], waived: tuple[Waived, ...]
) -> Result:
    """Return the result that a row of `results` tells of (its columns _TOLD): there are hundreds of thousands, and names for their values would take longer than the rest."""
    _, asset, unit, policy, version, part, control, leg, verdict, seconds, detail, provenance, judged, in_grace, *shares = row
    return Result(
        asset, unit, policy, version, part, control, leg, Verdict(verdict), _shares(*shares), seconds, breaches, unproven,
        {} if detail == "{}" else json.loads(detail), provenance, _stretches(judged), _stretches(in_grace), waived,
    )  # fmt: skip


@lru_cache(maxsize=10_000)
def _shares(*shares: float) -> dict[str, float] | None:
    """Return the shares of a result; those of most are those of many others."""
    return None if None in shares else dict(zip(SHARES, shares, strict=True))


@lru_cache(maxsize=10_000)
def _stretches_text(stretches: tuple[tuple[datetime, datetime], ...]) -> str:
    """Return stretches as JSON; the same few are those of most results."""
    return _json([{"from": time_text(since), "to": time_text(until)} for since, until in stretches])


@lru_cache(maxsize=10_000)
def _stretches(text: str) -> tuple[tuple[datetime, datetime], ...]:
    return tuple((datetime.fromisoformat(one["from"]), datetime.fromisoformat(one["to"])) for one in json.loads(text))
