"""A case through the program's arithmetic alone: no disk, no catalog. Rows are laid out as the catalog would keep them, only without leaving anything out."""

from __future__ import annotations

from typing import Any

import polars as pl

from audit.evaluation.assess import coverage_of, judge
from audit.evaluation.chunks import rows_of
from audit.evaluation.rows import Rows
from audit.evaluation.what_if import WhatIf, what_if
from audit.model.facts import INSTANT, LISTING, RECOVERY_POINT, RUN
from audit.model.terms import instant
from audit.model.verdicts import Assessment
from audit.policy.estate import AppliedProgramme, estate_at
from tests.oracle.case import Case, programme_files

EXTRA = {
    "entry": pl.Int64(),
    "shown_entry": pl.Int64(),
    "told_entry": pl.Int64(),
    "observed_at": INSTANT,
    "listed_at": INSTANT,
    "scope": pl.String(),
    "from_complete": pl.Boolean(),
    "present": pl.Boolean(),
}


def assess_directly(case: Case, instead: WhatIf | None = None) -> dict[str, Any]:
    """Return the assessment of a case in its JSON form; as if other values had been agreed, where asked."""
    return assessment_of(case, instead).to_json()


def assessment_of(case: Case, instead: WhatIf | None = None) -> Assessment:
    """Return the assessment of a case."""
    estate = estate_at([AppliedProgramme(0, instant(case.now), programme_files(case.programme), "test", None)])
    estate = what_if(estate, instead) if instead else estate
    judged = judge(estate, rows_of_case(case), case.since, case.until)
    assert not judged.faults, judged.faults
    return Assessment(instant(case.since), instant(case.until), 0, "", judged.results, 0, coverage_of(judged.results, []))


def rows_of_case(case: Case) -> Rows:
    """Return the rows of a case's evidence: a telling for each point of each listing, and one for each point that a complete listing lacks and its chain had."""
    payloads = case.payloads[: case.known]
    tellings: list[dict[str, Any]] = []
    listings: list[dict[str, Any]] = []
    chains: dict[tuple[str, str, str | None], dict[int, set[str]]] = {}
    runs = [{**run, "entry": one.number, "observed_at": one.observed_at} for one in payloads for run in one.runs]
    for one in payloads:
        for listing in one.listings:
            complete = bool(listing.get("complete")) and listing.get("listed_at") is not None
            listings.append({**listing, "complete": complete, "entry": one.number, "locator": "line 1"})
            if complete:
                key = (listing["source"], listing["repository"], listing.get("scope"))
                members = {point["id"] for point in one.points if (point["source"], point["repository"]) == key[:2]}
                chains.setdefault(key, {}).setdefault(listing["listed_at"], set()).update(members)
        for number, point in enumerate(one.points):
            tellings += _told(point, one, f"line {number}")
    for (source, repository, scope), states in chains.items():
        known: set[str] = set()
        for at in sorted(states):
            for identity in sorted(known - states[at]):
                row = {
                    "source": source,
                    "repository": repository,
                    "scope": scope,
                    "id": identity,
                    "listed_at": at,
                    "from_complete": True,
                    "present": False,
                }
                tellings.append(row | {"entry": 1, "shown_entry": 1})
            known |= states[at]
    hashes = pl.DataFrame(
        [(one.number, one.sha256, "upload", "test") for one in payloads],
        schema={"entry": pl.Int64, "sha256": pl.String, "method": pl.String, "by": pl.String},
        orient="row",
    )
    schema = {**RECOVERY_POINT, **EXTRA}
    return rows_of(
        _frame(tellings, schema).lazy(),
        _frame(runs, {**RUN, "entry": pl.Int64(), "observed_at": INSTANT}).lazy(),
        _frame(listings, {**LISTING, "entry": pl.Int64()}),
        hashes,
    )


def _told(point: dict[str, Any], one: Any, locator: str) -> list[dict[str, Any]]:
    """Return a row for each listing of the payload that has the point; one without a listing when there is none."""
    row = {
        **point,
        "entry": one.number,
        "shown_entry": one.number,
        "told_entry": one.number,
        "observed_at": one.observed_at,
        "present": True,
        "locator": locator,
    }
    mine = [
        listing for listing in one.listings
        if (listing["source"], listing["repository"]) == (point["source"], point["repository"]) and (listing.get("covers_from") is None or listing.get("listed_at") is not None)
    ]  # fmt: skip
    if not mine:
        return [{**row, "basis": point.get("basis") or "job", "from_complete": False}]
    return [
        {**row, "basis": "catalog", "scope": listing.get("scope"), "listed_at": listing.get("listed_at"),
         "from_complete": bool(listing.get("complete")) and listing.get("listed_at") is not None}
        for listing in mine
    ]  # fmt: skip


def _frame(rows: list[dict[str, Any]], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    plain = {name: pl.Int64() if isinstance(kind, pl.Datetime) else kind for name, kind in schema.items()}
    cleaned = [{name: None if row.get(name) == "unknown" else row.get(name) for name in schema} for row in rows]
    frame = pl.DataFrame(cleaned, schema=plain, orient="row")
    return frame.with_columns(pl.col(name).cast(kind) for name, kind in schema.items() if isinstance(kind, pl.Datetime))
