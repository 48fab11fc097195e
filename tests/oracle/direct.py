"""A case through the program's arithmetic alone: no disk, no catalog. Rows are laid out as the catalog would keep them, only without leaving anything out."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import polars as pl

from audit.evaluation.assess import coverage_of, judge
from audit.evaluation.chunks import rows_of
from audit.evaluation.rows import Rows
from audit.evaluation.what_if import WhatIf, what_if
from audit.model.assessment import Assessment, Results
from audit.model.estate import Estate, Known
from audit.model.facts import INSTANT, LISTING, RECOVERY_POINT, RUN
from audit.model.terms import instant
from audit.policy.estate import AppliedProgramme, estate_at
from audit.register.acts import frames, kinds
from audit.register.records._questions import answered
from audit.register.records._record import Done, Record, records_of
from audit.register.records.drill import ACTS
from tests.oracle.case import TIMES_OF_ACTS, Case, programme_files
from tests.oracle.drilling import acts_of

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
    estate = estate_of_case(case)
    estate = what_if(estate, instead) if instead else estate
    judged = judge(estate, rows_of_case(case), case.since, case.until)
    assert not judged.faults, judged.faults
    return Assessment(instant(case.since), instant(case.until), 0, "", judged.results, 0, coverage_of(Results(judged.results), []))


def estate_of_case(case: Case) -> Estate:
    """Return the estate of a case, with its records."""
    estate = estate_at([AppliedProgramme(0, instant(case.now), programme_files(case.programme), "test", None)])
    estate = replace(
        estate,
        records=frames(
            {
                "attestation": attestations_of(case),
                "hold": holds_of(case),
                "drill": drills_of(case),
                **acted_of(case, estate),
            }
        ),
    )
    return replace(estate, known=Known(instant(case.known_on), intact=True))


def attestations_of(case: Case) -> dict[str, Record]:
    """Return a case's statements as records of the register."""
    scope = ("assets", "units", "tiers", "data_classes")
    found = {}
    for number, one in enumerate(case.stated, 1):
        told = {"control": one["control"], "holds": one["holds"], **{key: one.get(key, []) for key in scope}}
        told |= {key: instant(one[key]).isoformat() for key in ("since", "until")}
        name = f"attestation-{number}"
        found[name] = Record(name, "signed", (Done(number, instant(one["at"]), "sign", "somebody", f"{number:064x}", told),))
    return found


def holds_of(case: Case) -> dict[str, Record]:
    """Return a case's legal holds as records of the register."""
    found = {}
    for number, one in enumerate(case.held, 1):
        told = {key: one.get(key, []) for key in ("assets", "units", "tiers", "data_classes")} | {
            "since": instant(one["since"]).isoformat()
        }
        told |= {"preserve": one["preserve"]} if "preserve" in one else {}
        done = [Done(number, instant(one["at"]), "place", "somebody", f"{number:064x}", told)]
        if one["until"] is not None:
            done.append(Done(number, instant(one["until"]), "release", "another", f"{number:064x}", {"reason": "it is over"}))
        name = f"hold-{number}"
        found[name] = Record(name, "placed" if one["until"] is None else "released", tuple(done))
    return found


def acted_of(case: Case, estate: Estate) -> dict[str, dict[str, Record]]:
    """Return a case's other records."""
    names = [f"{one.kind}-{number}" for number, one in enumerate(case.acted, 1)]
    told: dict[str, list[tuple[str, Done]]] = {}
    for number, (name, one) in enumerate(zip(names, case.acted, strict=True), 1):
        for place, each in enumerate(one.acts):
            values = {
                key: instant(value).isoformat() if key in TIMES_OF_ACTS else names[value] if key == "runbook" else value
                for key, value in each.told.items()
            }
            if "answers" in values:
                values["answers"] = [one.model_dump() for one in answered(values["answers"], SimpleNamespace(context=None))]
            if each.act == "propose":
                values["text"] = next(
                    (one.sha256 for one in estate.policies if (one.name, one.version) == (values["policy"], values["version"])),
                    None,
                )
            done = Done(100 * number + place, instant(each.at), each.act, each.by, f"{number:064x}", values)
            told.setdefault(one.kind, []).append((name, done))
    return {kind: records_of(kinds()[kind].ACTS, mine) for kind, mine in told.items()}


def drills_of(case: Case) -> dict[str, Record]:
    """Return a case's drills as records of the register."""
    found, number = {}, 0
    for place, one in enumerate(case.drilled, 1):
        done = []
        for name, told, by, at in acts_of(one):
            number += 1
            said = {key: value if key != "at" else instant(value).isoformat() for key, value in told.items()}
            done.append(Done(number, instant(at), name, by, f"{number:064x}", said))
        found[f"drill-{place}"] = Record(f"drill-{place}", ACTS[done[-1].act].after, tuple(done))
    return found


def rows_of_case(case: Case) -> Rows:
    """Return the rows of a case's evidence: a telling for each point of each listing, and one for each point that a complete listing lacks and its chain had."""
    payloads = case.payloads[: case.known]
    tellings: list[dict[str, Any]] = []
    listings: list[dict[str, Any]] = []
    chains: dict[tuple[str, str, str | None], dict[int, set[str]]] = {}
    runs = [
        {**run, "entry": one.number, "observed_at": one.observed_at, "locator": f"run {number}"}
        for one in payloads
        for number, run in enumerate(one.runs)
    ]
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
        [
            (one.number, one.sha256, "upload", "test", one.source, one.observed_at, one.received_at, len(one.points), len(one.runs), len(one.listings), one.unread)
            for one in payloads
        ],
        schema={
            **dict.fromkeys(("entry",), pl.Int64), **dict.fromkeys(("sha256", "method", "by", "source"), pl.String),
            **dict.fromkeys(("observed_at", "received_at", "points", "runs", "listings", "quarantined"), pl.Int64),
        },
        orient="row",
    ).with_columns(pl.col("observed_at", "received_at").cast(INSTANT))  # fmt: skip
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
