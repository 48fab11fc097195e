"""The whole path on a simulated year: what the program finds is exactly what is true, and nothing else.

Each accident's control, leg, verdict and stretches, to the microsecond; every other result must be met.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pytest
from ruamel.yaml import YAML

from audit.content import Content
from audit.model.assessment import Assessment
from audit.model.envelope import time_text
from audit.model.terms import micros
from audit.model.verdicts import Result
from audit.reporting.compose import Definition
from audit.steps._open import Store, open_store
from audit.steps.assess import assess
from audit.steps.report import report
from tests.simulation.conftest import Demo

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]

BREACHES = 16
"""How many results of the year are breached."""
Key = tuple[str, str | None, str, str | None, str, int]


@pytest.fixture(scope="module")
def truth(demo: Demo) -> dict[str, Any]:
    told = YAML(typ="safe").load((demo.data / "simulated" / "truth.yaml").read_text(encoding="utf-8"))
    assert isinstance(told, dict)
    return told


@pytest.fixture(scope="module")
def store(demo: Demo) -> Store:
    return open_store(demo.data)


@pytest.fixture(scope="module")
def assessment(store: Store, truth: Mapping[str, Any]) -> Assessment:
    since, until = (datetime.fromisoformat(truth["period"][key]) for key in ("from", "to"))
    return assess(store, since, until)


def key(result: Result) -> Key:
    assert result.policy is not None
    assert result.version is not None
    return result.asset, result.part, result.control, result.leg, result.policy, result.version


def finds(truth: Mapping[str, Any]) -> dict[Key, dict[str, Any]]:
    named: dict[Key, dict[str, Any]] = {}
    for accident in truth["accidents"]:
        for find in accident["finds"]:
            name = tuple(find[field] for field in ("asset", "part", "control", "leg", "policy", "version"))
            assert name not in named, f"{name} is named by two accidents"
            named[name] = find
    return named


def wanted(find: Mapping[str, Any], what: str) -> list[tuple[int, int]]:
    return [(micros(datetime.fromisoformat(row["from"])), micros(datetime.fromisoformat(row["to"]))) for row in find.get(what, [])]


def joined(stretches: Iterable[Any]) -> list[tuple[int, int]]:
    """Return stretches with neighbours made one: a breach may be told in pieces."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted((micros(each.since), micros(each.until)) for each in stretches):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def test_all_evidence_is_understood(store: Store, demo: Demo) -> None:
    known = store.head()
    files = sum(
        path.is_file() and not path.name.endswith(".envelope.json") for path in (demo.data / "simulated/evidence").rglob("*")
    )
    assert store.catalog.payloads(known).height == files == known - 1 > 3_000
    assert store.catalog.quarantine(known).is_empty()
    assert f"{files} file(s): {files} new, 0 already known\n" in demo.said
    (told,) = re.findall(r"(\d+) recovery point\(s\), (\d+) run\(s\), (\d+) listing\(s\)", demo.said)
    assert all(int(count) > least for count, least in zip(told, (500_000, 3_000, 3_000), strict=True))
    assert not re.search("quarantined|doubtful|unread|unrecognised|Warning", re.split("==> [45]", demo.said)[1])


def test_every_accident_is_found_as_it_is_and_nothing_else_is(assessment: Assessment, truth: Mapping[str, Any]) -> None:
    named = finds(truth)
    judged = [result for result in assessment.results if result.control in truth["controls"]]
    assert {result.control for result in judged} == set(truth["controls"])
    assert named.keys() <= {key(result) for result in judged}
    for result in judged:
        find = named.get(key(result), {"verdict": "met"})
        assert str(result.verdict) == find["verdict"], key(result)
        assert joined(result.breaches) == wanted(find, "breached"), key(result)
        assert joined(result.unproven) == wanted(find, "unproven"), key(result)
        assert [(micros(since), micros(until)) for since, until in result.grace] == wanted(find, "grace"), key(result)
    assert sum(result.verdict == "breached" for result in judged) == BREACHES
    assert sum(result.verdict == "met" for result in judged) > 100
    assert assessment.faults == ()


def test_the_worst_instant_of_every_breach_is_known(assessment: Assessment, truth: Mapping[str, Any]) -> None:
    named = {name: find for name, find in finds(truth).items() if find["control"] == "recovery-point" and find.get("breached")}
    results = {key(result): result for result in assessment.results}
    for name, find in named.items():
        told = {time_text(breach.since): breach.detail["exposure_seconds"] for breach in results[name].breaches}
        assert told == {row["from"]: row["exposure_seconds"] for row in find["breached"]}, name
        assert results[name].detail["worst_exposure_seconds"] == max(told.values())
    assert {name[:2]: max(row["exposure_seconds"] for row in find["breached"]) for name, find in named.items()} == {
        # The increments of 9 March were pruned on the 11th: what was left was the full backup of half past midnight.
        ("messages-db", "shard-2"): 698_419.0,
        ("identity-db", None): 53_755.0,
        ("call-records-db", None): 88_765.0,
    }
    assert all("exposure_seconds" not in row for find in finds(truth).values() for row in find.get("unproven", []))


def test_every_breach_names_its_evidence(assessment: Assessment) -> None:
    for result in assessment.results:
        for breach in result.breaches:
            assert breach.evidence, (key(result), breach.since)


def test_at_the_end_all_but_the_silent_source_is_protected(assessment: Assessment) -> None:
    told = assessment.coverage
    assert (told.in_service, told.assigned, told.protected, told.protected_up_to) == (20, 20, 19, 20)
    assert list(told.remainder["protected"]) == ["conference-records"]


@pytest.mark.parametrize(("language", "says"), [("en", "simulated evidence"), ("zh", "模拟证据")])
def test_reports_say_that_it_is_simulated(store: Store, assessment: Assessment, language: str, says: str) -> None:
    content = Content()
    seen = assessment.as_known_at
    definition = Definition.load(content, "annual-review")
    for fmt in ("html", "json"):
        written = report(
            assessment, store.estate(seen), definition, language, fmt, content=content, payloads=store.catalog.payloads(seen)
        )
        assert says in (written.decode() if fmt == "html" else json.dumps(json.loads(written), ensure_ascii=False))
