"""What the program said beside what the oracle says: differences in words, exact to the microsecond."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from audit.model.terms import micros
from tests.oracle.each import OF_EACH
from tests.oracle.governed import GOVERNED
from tests.oracle.instants import Stretch, length, merged, text_of
from tests.oracle.oracle import Judged, Name, OracleResult
from tests.oracle.stated import STATED

CONTROLS = (
    "recovery-point", "copies", "retention-minimum", "retention-maximum", *OF_EACH, "schedule", "job-success", *STATED, "consistency", "baseline",
    "hold", "evidence", "contradiction", "recovery-time", "restore-test", "exercise", *GOVERNED,
)  # fmt: skip
NOTHING = Judged()
TOLERANCE = 1e-6
"""Shares are floating-point numbers; stretches are compared exactly."""


def compare(assessment: Mapping[str, Any], oracle: OracleResult) -> list[str]:
    """Return the differences between an assessment (its JSON form, audit/model/verdicts.py) and the oracle; none when they agree."""
    by_name: dict[Name, list[Mapping[str, Any]]] = {}
    for result in assessment["results"]:
        if result["control"] in CONTROLS:
            by_name.setdefault((result["asset"], result["part"], result["control"], result["leg"]), []).append(result)
    found = [f"the program has a fault: {fault}" for fault in assessment["faults"]]
    for name in sorted({*by_name, *oracle.results}, key=lambda name: tuple(part or "" for part in name)):
        found += _compare_stretches(name, by_name.get(name, []), oracle)
        found += _compare_versions(name, by_name.get(name, []), oracle)
    return found + _compare_protection(assessment, oracle)


def _compare_stretches(name: Name, results: Iterable[Mapping[str, Any]], oracle: OracleResult) -> list[str]:
    """Compare breached, waived and unproven stretches, united over versions."""
    truth = oracle.united(name)
    found = []
    for word, key, expected in (
        ("breached", "breaches", truth.breached),
        ("waived", "waived", truth.waived),
        ("unproven", "unproven", truth.unproven),
    ):
        said = merged((_micros(one["from"]), _micros(one["to"])) for result in results for one in result[key])
        if said != expected:
            found.append(f"{_label(name)}: {word}: {_differences(said, expected)}")
    return found


def _compare_versions(name: Name, results: Iterable[Mapping[str, Any]], oracle: OracleResult) -> list[str]:
    """Compare verdict, judged time and grace of each policy version. A result of nothing judged may be there or not."""
    said: dict[tuple[str, int], Mapping[str, Any]] = {}
    found = []
    for result in results:
        version = (result["policy"], result["version"])
        if version in said:
            found.append(f"{_label(name)}, {version[0]} version {version[1]}: more than one result for one version")
        said[version] = _joined(said[version], result) if version in said else result
    truths = oracle.results.get(name, {})
    for version in sorted({*said, *truths}, key=str):
        truth, result = truths.get(version, NOTHING), said.get(version)
        label = f"{_label(name)}, {version[0]} version {version[1]}"
        if result is None:
            if truth.judged and not truth.asks_nothing:
                found.append(f"{label}: no result, the oracle judges {_days(truth.judged)} ({truth.verdict})")
            continue
        if result["verdict"] != truth.verdict:
            found.append(f"{label}: verdict {result['verdict']}, the oracle says {truth.verdict}")
        if abs(result["judged_seconds"] - truth.judged / 1e6) > TOLERANCE * max(1, truth.judged / 1e6):
            found.append(f"{label}: T is {_days(result['judged_seconds'] * 1e6)}, the oracle says {_days(truth.judged)}")
        elif result["shares"] is not None and truth.judged:
            shares = {
                "breached": length(truth.breached) / truth.judged,
                "unproven": length(truth.unproven) / truth.judged,
                "waived": length(truth.waived) / truth.judged,
                "grace": truth.grace / truth.judged,
            }
            found += [
                f"{label}: share {key} {result['shares'][key]:.6f}, the oracle says {share:.6f}"
                for key, share in shares.items()
                if abs(result["shares"][key] - share) > TOLERANCE
            ]
    return found


def _joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return two results of one version as one."""
    judged = one["judged_seconds"] + other["judged_seconds"]
    shares = None
    if one["shares"] is not None and other["shares"] is not None:
        weights = (one["judged_seconds"] / judged, other["judged_seconds"] / judged)
        shares = {key: one["shares"][key] * weights[0] + other["shares"][key] * weights[1] for key in one["shares"]}
    verdict = min(one["verdict"], other["verdict"], key=("breached", "unproven", "waived", "met", "not-applicable").index)
    return {**one, "judged_seconds": judged, "shares": shares, "verdict": verdict}


def _compare_protection(assessment: Mapping[str, Any], oracle: OracleResult) -> list[str]:
    """Compare the three numbers of section 11, and the verdicts of each asset where they are told as results."""
    coverage, truth = assessment["coverage"], oracle.protection.values()
    expected = {
        "in_service": len(truth),
        "assigned": sum(one.assigned == "met" for one in truth),
        "protected": sum(one.protected == "met" for one in truth),
        "protected_up_to": sum(one.protected != "breached" for one in truth),
        "restorable": sum(one.restorable == "met" for one in truth),
        "restorable_up_to": sum(one.restorable != "breached" for one in truth),
    }
    found = [
        f"protection: {key} {coverage[key]}, the oracle says {value}" for key, value in expected.items() if coverage[key] != value
    ]
    for result in assessment["results"]:
        if result["control"] == "protection" and result["leg"] in ("assigned", "protected", "restorable"):
            said, known = result["verdict"], oracle.protection.get(result["asset"])
            value = "not-applicable" if known is None else getattr(known, result["leg"])
            if known is not None and result["leg"] != "assigned" and result["part"] is not None:
                parts = known.parts if result["leg"] == "protected" else known.tested
                value = parts.get(result["part"], value)
            if said != value:
                found.append(f"{result['asset']} protection {result['leg']}: {said}, the oracle says {value}")
    return found


def _differences(said: list[Stretch], expected: list[Stretch]) -> str:
    more, less = _less(said, expected), _less(expected, said)
    words = []
    if more:
        words.append(f"the program has {_told(more)} too much")
    if less:
        words.append(f"the program lacks {_told(less)}")
    return "; ".join(words) or f"other borders: {_told(said)} against {_told(expected)}"


def _less(many: list[Stretch], others: list[Stretch]) -> list[Stretch]:
    """Return what is in `many` and not in `others`."""
    found = []
    for start, end in many:
        for first, last in others:
            if last <= start or first >= end:
                continue
            if first > start:
                found.append((start, first))
            start = last
        if start < end:
            found.append((start, end))
    return found


def _told(many: list[Stretch]) -> str:
    shown = ", ".join(f"[{text_of(start)}, {text_of(end)})" for start, end in many[:4])
    return shown + (f" and {len(many) - 4} more" if len(many) > 4 else "")


def _label(name: Name) -> str:
    asset, part, control, leg = name
    return asset + (f"/{part}" if part else "") + f" {control}" + (f" {leg}" if leg else "")


def _days(microseconds: float) -> str:
    return f"{microseconds / 86_400_000_000:.6f} d"


def _micros(text: str) -> int:
    return micros(datetime.fromisoformat(text))
