"""verify --recompute: the verdicts of a package judged again, from nothing but the payloads, envelopes and programmes in it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

import polars as pl

from audit import __version__
from audit.errors import BackupAuditError
from audit.evidence import package
from audit.evidence.verify_evidence import NOT_RECOMPUTED, UNREADABLE, Package, Result, results_of
from audit.steps._export_parts import FACT_KINDS, Aside, Counts, narrowed, write_facts
from audit.steps._open import Progress, Store, open_store, quietly
from audit.steps._populations import assets_in, subjects_in
from audit.steps._scope import Chosen, Scope, choose
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
                result.broken += [("recompute", *what) for what in _differences(store, Package(files, progress), result, progress)]
            finally:
                store.close()
        except BackupAuditError as error:
            result.broken.append(("recompute", "", f"it cannot be judged again: {error}"))
        except (
            UNREADABLE
        ) as error:  # the package was whole by its hashes, but whoever wrote it left something out of the JSON in it
            result.broken.append(("recompute", "", f"it cannot be judged again: {type(error).__name__}: {error}"))


def _differences(store: Store, bag: Package, result: Result, progress: Progress) -> Iterator[tuple[str, str]]:
    numbers = _enter(store, bag, progress)
    told = json.loads(result.info["Scope"])
    since, until = (datetime.fromisoformat(told[name]) for name in ("from", "to"))
    assets, controls = (None if told[name] is None else tuple(told[name]) for name in ("assets", "controls"))
    scope = Scope(since, until, store.head(), told["unit"], assets, controls)
    # The entries here are those of the scope: when the journal was last written to, they do not say.
    read_on = datetime.fromisoformat(result.info["Journal-Known-On"]) if "Journal-Known-On" in result.info else None
    again = assess(store, since, until, controls=controls, assets=assets, read_on=read_on, progress=progress)
    chosen, facts = choose(store, scope, again)
    with tempfile.TemporaryDirectory(prefix="backup-audit-") as folder:
        aside = Aside(Path(folder))
        write_facts(aside, (_with_numbers(rows, kind, numbers) for kind, rows in facts), Counts())
        for kind in FACT_KINDS:
            yield from _facts(bag, f"{package.FACTS}/{kind}.ndjson", aside)
        aside.close()
    head: list[str] = []
    ours = {_key(one): one for one in results_of(bag, head)}
    yield from _results({_key(one): one for one in (_renumbered(one.to_json(), numbers) for one in again.results)}, ours, result)
    whole, rest = json.loads("".join(head)), narrowed(again, scope, chosen).to_json()
    for name in ("quarantined", "coverage", "faults", "notices"):
        if json.loads(json.dumps(rest[name])) != whole[name]:
            yield (
                package.ASSESSMENT,
                f"{name}: {json.dumps(whole[name])[:200]} in the package, {json.dumps(rest[name])[:200]} when judged again",
            )
    yield from _items(bag, chosen)


def _results(made: dict[Any, dict[str, Any]], ours: dict[Any, dict[str, Any]], result: Result) -> Iterator[tuple[str, str]]:
    """Yield which results differ, and in what."""
    by = f"this is backup-audit {__version__}, the package is of {result.info.get('Bag-Software-Agent', 'an unknown version')}"
    wrong = [key for key in sorted({*made, *ours}, key=str) if made.get(key) != ours.get(key)]
    for key in wrong[:MOST]:
        here, there = made.get(key), ours.get(key)
        names = [name for name in here if here[name] != there.get(name)] if here and there else []
        verdicts = (
            f"{there.get('verdict') if there else _ABSENT} in the package, {here['verdict'] if here else _ABSENT} when judged again"
        )
        what = f"{' '.join(str(part) for part in key if part is not None)}: {verdicts}{'; differs in ' + ', '.join(names) if names else ''}"
        yield package.ASSESSMENT, f"{what} ({by})"
    if len(wrong) > MOST:
        yield package.ASSESSMENT, f"{len(wrong) - MOST} more results differ"
    result.counts["recomputed"] = len(made)


def _facts(bag: Package, name: str, aside: Aside) -> Iterator[tuple[str, str]]:
    """Yield the first fact that differs from those read again, and how many do."""
    with aside.take(name) as file:
        wrong = [
            number
            for number, (ours, made) in enumerate(zip_longest(bag.lines(name), file), 1)
            if ours is None or made is None or (ours != made.rstrip() and json.loads(ours) != json.loads(made))
        ]
    if wrong:
        yield (
            name,
            f"line {wrong[0]} is not what is read from the payloads again; {len(wrong)} line(s) differ, are missing or too many",
        )


def _items(bag: Package, chosen: Chosen) -> Iterator[tuple[str, str]]:
    """Yield which lists of populations.json name others than those that the programmes declare."""
    with bag.open(package.POPULATIONS) as file:
        told = {one["list"]: one.get("items") for one in json.load(file)["populations"]}
    for name, items in (("#/assets", assets_in(chosen.estate)), ("#/subjects", subjects_in(chosen.estate))):
        if told.get(name) != json.loads(json.dumps(items)):
            yield package.POPULATIONS, f"{name} does not name those that the programmes declare"


def _with_numbers(rows: pl.DataFrame, kind: str, numbers: dict[int, int]) -> tuple[str, pl.DataFrame]:
    return kind, rows.with_columns(pl.col("entry").replace_strict(numbers, return_dtype=pl.Int64))


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
    for breach in (*result["breaches"], *result["waived"]):
        for cited in breach["evidence"]:
            cited["entry"] = numbers[cited["entry"]]
    whole: dict[str, Any] = json.loads(json.dumps(result))
    return whole
