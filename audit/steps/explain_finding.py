"""Explain a finding of the register: what it is and what was done about it, and the breach that it follows with its points and evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl

import audit.controls
from audit.discovery import modules
from audit.errors import UsageError
from audit.evaluation.over_time import OverTime
from audit.evaluation.why import Why
from audit.model.assessment import Results
from audit.model.envelope import time_text
from audit.model.verdicts import Breach, Result
from audit.policy.suggest import one_of, unknown
from audit.register.records._record import Record
from audit.register.records.finding import shown
from audit.reporting.context import Context
from audit.steps._open import Store
from audit.steps.act import list_records, record_json
from audit.steps.explain import Explained, explain, explained_json
from audit.steps.findings import findings


@dataclass(frozen=True, slots=True)
class ExplainedFinding:
    """A finding: its record, how it stands (as `findings` says), and of one that follows a breach what explains that; null: it follows none."""

    record: Record
    stands: Mapping[str, Any]
    breach: Explained | None


def explain_finding(
    store: Store, identity: str, now: datetime, since: datetime | None = None, until: datetime | None = None, known_at: int | None = None
) -> ExplainedFinding:  # fmt: skip
    """Explain a finding. since, until, known_at: where its breach is looked for; null: where the assessment looked that last spoke of it. Raises `UsageError` when
    there is no such finding."""
    records = {record.id: record for record in list_records(store, "finding", known_at)}
    if identity not in records:
        raise UsageError(_no_such(store, identity, records))
    record = records[identity]
    stands = findings(store, now, known_at).row(by_predicate=pl.col("id") == identity, named=True)
    last = shown(record)
    if not last:
        return ExplainedFinding(record, stands, None)
    begin, end = (datetime.fromisoformat(text) for text in last["assessed"])
    found = explain(
        store, last["asset"], last["control"], since or begin, until or end, last["as_known_at"] if known_at is None else known_at
    )
    return ExplainedFinding(record, stands, _of_breach(found, last))


def _no_such(store: Store, name: str, known: Mapping[str, Record]) -> str:
    """Return what to say where a name alone is no finding."""
    assets = set(store.estate(store.head()).segments["asset"])
    if name in assets:
        return f"say which control of {name} is to be explained ({one_of(modules(audit.controls.__name__))})"
    if name.startswith("finding"):
        return f"{unknown('finding', name, known)} (backup-audit findings)"
    return f"{unknown('asset or finding', name, {*assets, *known})} ({one_of(assets)})"


def _of_breach(found: Explained, breach: Mapping[str, Any]) -> Explained:
    """Return of an explanation only the result and the stretches of a breach."""
    since, until = (datetime.fromisoformat(breach[key]) for key in ("since", "until"))

    def touches(one: Breach) -> bool:
        return one.since < until and one.until > since

    def narrowed(result: Result) -> Result:
        breaches, waived = tuple(filter(touches, result.breaches)), tuple(filter(touches, result.waived))
        return replace(result, breaches=breaches, waived=waived, unproven=())

    same = ("part", "leg", "policy")
    results = tuple(narrowed(one) for one in found.assessment.results if all(getattr(one, key) == breach.get(key) for key in same))
    results = tuple(one for one in results if one.breaches or one.waived)
    refs = set().union(*(one.references for one in results))
    evidence = {ref: text for ref, text in found.evidence.items() if ref in refs}
    return Explained(replace(found.assessment, results=Results(results)), evidence, OverTime(), Why({}, {}))


def explained_finding_json(found: ExplainedFinding, context: Context) -> dict[str, Any]:
    """Return the JSON form: how the finding stands with all acts, and of one that follows a breach what `explained_json` says of that."""
    stands = {key: time_text(value) if isinstance(value, datetime) else value for key, value in found.stands.items()}
    told = {"finding": {**stands, "acts": record_json(found.record)["acts"]}}
    return told if found.breach is None else {**told, **explained_json(found.breach, context)}
