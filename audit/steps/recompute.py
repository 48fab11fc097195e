"""verify --recompute: the verdicts of a package judged again, from nothing but the payloads, envelopes and programmes in it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from audit import __version__
from audit.errors import BackupAuditError
from audit.evidence import package
from audit.evidence.verify_evidence import NOT_RECOMPUTED, Package, Result, results_of
from audit.steps._open import Progress, Store, open_store, quietly
from audit.steps.assess import assess
from audit.steps.init import init

MOST = 20
"""Differences that are named at the most."""
_ABSENT = "is not there"


def recompute(files: Any, result: Result, progress: Progress = quietly) -> None:
    """Judge a package again in a data folder that is made for it and removed, and add what differs from data/assessment.json to `result.broken`.

    files: a package that `verify` found whole; one that is broken is not judged. Memory and disk: as for an ingest of its payloads.
    """
    if result.broken:
        result.unchecked.append("the verdicts were not judged again, because the package is broken")
        return
    result.unchecked.remove(NOT_RECOMPUTED)
    with tempfile.TemporaryDirectory(prefix="backup-audit-") as folder:
        try:
            init(Path(folder) / "data", "recomputed")
            store = open_store(Path(folder) / "data")
            try:
                for what in _differences(store, Package(files, progress), result, progress):
                    result.broken.append(("recompute", package.ASSESSMENT, what))
            finally:
                store.close()
        except BackupAuditError as error:
            result.broken.append(("recompute", "", f"it cannot be judged again: {error}"))


def _differences(store: Store, bag: Package, result: Result, progress: Progress) -> Iterator[str]:
    numbers = _enter(store, bag, progress)
    scope = json.loads(result.info["Scope"])
    since, until = (datetime.fromisoformat(scope[name]) for name in ("from", "to"))
    again = assess(store, since, until, controls=scope["controls"], assets=scope["assets"], progress=progress)
    made = {_key(one): one for one in (_renumbered(one.to_json(), numbers) for one in again.results)}
    ours = {_key(one): one for one in results_of(bag)}
    by = f"this is backup-audit {__version__}, the package is of {result.info.get('Bag-Software-Agent', 'an unknown version')}"
    wrong = 0
    for key in sorted({*made, *ours}, key=str):
        here, there = made.get(key), ours.get(key)
        if here == there:
            continue
        wrong += 1
        if wrong <= MOST:
            told = [name for name in here or {} if there and there.get(name) != here[name]] if here and there else []
            verdicts = (
                f"{there['verdict'] if there else _ABSENT} in the package, {here['verdict'] if here else _ABSENT} when judged again"
            )
            yield f"{' '.join(str(part) for part in key if part is not None)}: {verdicts}{'; differs in ' + ', '.join(told) if told else ''} ({by})"
    if wrong > MOST:
        yield f"{wrong - MOST} more results differ"
    result.counts["recomputed"] = len(made)


def _enter(store: Store, bag: Package, progress: Progress) -> dict[int, int]:
    """Enter the package's entries into a new journal, in their order and at their times; return their numbers by those in the new one."""
    files = {line["entry"]: line["file"] for _, line in bag.values(package.PROVENANCE)}
    numbers: dict[int, int] = {}
    put: set[str] = set()
    for _, entry in bag.values(package.ENTRIES):
        file = files.get(entry["number"])
        if file is not None and file not in put:
            with bag.files.open(file) as payload:
                store.vault.put(payload.read())
            put.add(file)
        numbers[store.journal.append(entry["kind"], entry["body"], datetime.fromisoformat(entry["at"])).number] = entry["number"]
        progress("enter", len(numbers), 0)
    return numbers


def _key(result: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(result[name] for name in ("control", "asset", "part", "leg", "policy", "version"))


def _renumbered(result: dict[str, Any], numbers: dict[int, int]) -> dict[str, Any]:
    for breach in result["breaches"]:
        for cited in breach["evidence"]:
            cited["entry"] = numbers[cited["entry"]]
    whole: dict[str, Any] = json.loads(json.dumps(result))
    return whole
