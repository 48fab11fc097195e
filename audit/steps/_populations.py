"""populations.json: what each list of a package is, how it was chosen and counted, and how much was left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.evidence import package
from audit.model.assessment import Assessment
from audit.model.estate import Estate
from audit.steps._export_parts import FACT_KINDS, Counts
from audit.steps._open import Store
from audit.steps._scope import Chosen, Scope

FORMAT = "backup-audit/populations/1"


def populations(
    store: Store, scope: Scope, chosen: Chosen, assessment: Assessment, counts: Counts, words: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the populations of a package. `list` is the file, the folder, or the place in a file whose items
    are counted; where it begins with `#`, they stand here as `items`."""
    whole = store.estate(scope.known_at)
    listings = store.catalog.listings(scope.known_at).height
    payloads = store.catalog.payloads(scope.known_at).height
    known = {"entries_up_to": scope.known_at}
    mine = {**known, "unit": scope.unit, "assets": None if scope.assets is None else list(scope.assets)}
    judged = {**mine, "controls": None if scope.controls is None else list(scope.controls), **_period(scope)}
    assets, subjects = assets_in(chosen.estate), subjects_in(chosen.estate)
    told = assessment.results.columns
    results = f"{package.ASSESSMENT}#/results"
    found = [
        _items(words, "assets", mine, assets, whole.segments["asset"].n_unique() - len(assets)),
        _items(words, "subjects", mine, subjects, len(subjects_in(whole)) - len(subjects)),
        _one(words, "results", results, judged, len(assessment.results)),
        _one(words, "breaches", f"{results}/*/breaches", judged, told.breaches.height),
        _one(words, "waived", f"{results}/*/waived", judged, told.waived.height),
        _one(words, "unproven", f"{results}/*/unproven", judged, told.unproven.height),
        _one(words, "entries", package.ENTRIES, mine, sum(counts.entries.values()), dict(sorted(counts.left_out.items()))),
        _one(words, "provenance", package.PROVENANCE, mine, sum(counts.entries.values())),
        _one(words, "payloads", f"{package.RAW}/", mine, counts.files, payloads - chosen.payloads.height),
        _one(words, "programme", f"{package.PROGRAMME}/", known, sum(len(one.files) for one in store.programmes(scope.known_at))),
    ]
    left = {"listing": listings - chosen.listed.height}
    found += [_one(words, kind, f"{package.FACTS}/{kind}.ndjson", mine, counts.facts[kind], left.get(kind)) for kind in FACT_KINDS]
    points = next(one for one in found if one["list"] == f"{package.FACTS}/recovery_point.ndjson")
    points["of_other_subjects"] = chosen.strangers
    return {"format": FORMAT, "scope": scope.to_json(), "populations": found}


def _one(
    words: Mapping[str, Any], key: str, where: str, chosen_by: Mapping[str, Any], count: int, left_out: Any = None
) -> dict[str, Any]:
    told = words[key]
    one = {"list": where, "what": told["what"], "filter": dict(chosen_by), "count": count, "counted": told["counted"]}
    return one if left_out is None else {**one, "left_out": {"count": left_out, "which": told["left_out"]}}


def _period(scope: Scope) -> dict[str, Any]:
    told = scope.to_json()
    return {"from": told["from"], "to": told["to"]}


def _items(words: Mapping[str, Any], key: str, chosen_by: Mapping[str, Any], items: list[Any], left_out: int) -> dict[str, Any]:
    """Return a population whose members stand here and in no other file."""
    return {**_one(words, key, f"#/{key}", chosen_by, len(items), left_out), "items": items}


def assets_in(estate: Estate) -> list[str]:
    """Return the assets of an estate."""
    return sorted(set(estate.segments["asset"]))


def subjects_in(estate: Estate) -> list[tuple[str, str]]:
    """Return (source, subject) of every name of its assets."""
    return list(estate.aliases.select("source", "subject").unique().sort("source", "subject").iter_rows())
