"""Frameworks: every file can be used, refers to controls that exist, and says no more than its controls can."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.content import Content
from audit.controls._weaker import written as as_written
from audit.errors import InputError, UsageError
from audit.policy.frameworks import Kind, least, names, read_beside, read_framework, split, vocabulary

GOOD = """\
title: {en: A standard, zh: 某标准}
edition: "1"
as_of: 2026-11-23
status: in-force
jurisdiction: [international]
source: {en: Own reading., zh: 自行阅读。}
disclaimer: {en: No legal advice., zh: 不构成法律意见。}
requirements:
  - {id: "1.1", title: {en: Copies, zh: 副本}, assessed: automated, controls: [copies, copies.offsite], confidence: A}
  - {id: "1.2", title: {en: People, zh: 人员}, assessed: manual, controls: [training], confidence: C, states: {en: yearly, zh: 每年}}
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "policies" / "frameworks").mkdir(parents=True)
    return tmp_path


def written(own: Path, text: str) -> Content:
    (own / "policies" / "frameworks" / "mine.yaml").write_text(text, encoding="utf-8")
    return Content(own)


@pytest.mark.parametrize("name", names(Content()))
def test_every_framework_can_be_used(name: str) -> None:
    content = Content()
    framework, known = read_framework(content, name), vocabulary(content)
    assert {split(control)[0] for requirement in framework.requirements for control in requirement.controls} <= set(known)
    for texts in (framework.title, framework.source, framework.disclaimer):
        assert set(texts) == {"en", "zh"}
    if framework.superseded_by in names(content):
        assert read_framework(content, str(framework.superseded_by)).status != "superseded"


def test_every_word_of_the_vocabulary_is_asked_for_by_some_framework_or_judged() -> None:
    content = Content()
    asked = {
        split(control)[0] for name in names(content) for requirement in read_framework(content, name).requirements for control in requirement.controls
    }  # fmt: skip
    unasked = set(vocabulary(content)) - asked
    assert all((Path("audit") / "controls" / f"{control.replace('-', '_')}.py").exists() for control in unasked), unasked


def test_a_good_framework_is_read(own: Path) -> None:
    framework = read_framework(written(own, GOOD), "mine")
    assert [requirement.id for requirement in framework.requirements] == ["1.1", "1.2"]
    assert framework.requirements[1].states == {"en": "yearly", "zh": "每年"}


@pytest.mark.parametrize(
    ("old", "new", "said", "line"),
    [
        ("copies.offsite", "copies.ofsite", "did you mean `offsite`", "line 9"),
        ("[training]", "[trainings]", "did you mean `training`", "line 10"),
        ("assessed: manual", "assessed: automated", "but its controls are attested", "line 10"),
        ("[copies, copies.offsite]", "[copies, copies]", "stands there twice", "line 9"),
        ("zh: 副本}", "zh: ''}", "empty", "line 9"),
        (", zh: 副本}", "}", "there is no text in zh", "line 9"),
        ('"1.2"', '"1.1"', "there are two requirements 1.1", "line 10"),
        ("status: in-force", "status: superseded", "does not say by what", "line 4"),
        ("confidence: C", "confidence: D", "unknown word `D`", "line 10"),
        ("en: Copies", f"en: {'x' * 201}", "201 characters", "line 9"),
        ("title: {en: A standard, zh: 某标准}", "title: A standard", "write it in each language", "line 1"),
        ("edition:", "editoin:", "did you mean `edition`", "line 2"),
        ("jurisdiction: [international]\n", "", "docs/frameworks.md says what it means", "line 1"),
        ("每年}}", "每年}, at_least: {people: two}}", "found `two` where a whole number", "line 10"),
        ("每年}}", "每年}, at_least: {}}", "it is empty", "line 10"),
        (
            "每年}}",
            "每年}, at_least: {rpo: 1d}}",
            "`rpo` is an objective of recovery-point, which is not among its controls",
            "line 10",
        ),
        ("每年}}", "每年}, at_least: {peopel: 2}}", "did you mean `people`", "line 10"),
        (
            "confidence: A}",
            "confidence: A, at_least: {copies: {offsite: 1, max_age: any}}}",
            "does not say in words what it states",
            "line 9",
        ),
        ("每年}}", "每年}, compares: part}", "there is no `at_least` that it says something of", "line 10"),
        ("每年}}", "每年}, at_least: {people: 2}, compares: half}", "unknown word `half`", "line 10"),
    ],
)
def test_a_wrong_framework_is_refused_at_its_line(own: Path, old: str, new: str, said: str, line: str) -> None:
    assert old in GOOD
    with pytest.raises(InputError) as caught:
        read_framework(written(own, GOOD.replace(old, new, 1)), "mine")
    told = "\n".join(str(fault) for fault in caught.value.faults)
    assert said in told
    assert line in told


def test_an_unknown_framework_is_said_to_be_unknown() -> None:
    with pytest.raises(UsageError, match=r"did you mean `cis-8\.1`"):
        read_framework(Content(), "cis-8")


def test_a_control_without_a_kind_is_refused(own: Path) -> None:
    (own / "policies" / "controls").mkdir()
    (own / "policies" / "controls" / "copies.yaml").write_text("title: {en: Copies, zh: 副本}\n", encoding="utf-8")
    with pytest.raises(InputError, match="`kind` is None; write one of: computed, hybrid, attested"):
        vocabulary(Content(own))
    assert vocabulary(Content())["training"].kind is Kind.ATTESTED


def test_a_number_is_read_as_objectives(own: Path) -> None:
    text = GOOD.replace(
        "confidence: A}", "confidence: A, states: {en: one, zh: 一}, at_least: {copies: {offsite: 1, max_age: any}}}"
    )
    first, second = read_framework(written(own, text), "mine").requirements
    assert (least(first)["copies"]["copies"].offsite, least(second)) == (1, {})
    known = vocabulary(Content())
    assert (read_beside(first, known), read_beside(second, known)) == ((), ("training",))


NUMBERS = {
    ("cis-8.1", "11.2"): {"schedule": {"schedule": "{incremental: week}"}},
    ("cis-8.1", "11.5"): {"restore-test": {"restore_test": "{partial: quarterly, per: scope}"}},
    ("sec-17a-4", "17a-4(b)(4)"): {"retention-minimum": {"keep": "[{every: point, for: 3y}]"}},
    ("hipaa", "164.316(b)(2)(i)"): {"retention-minimum": {"keep": "[{every: point, for: 6y}]"}},
    ("mas-trm", "Notice, critical systems"): {"recovery-time": {"rto": "{target: 4h, every: 12 months}"}},
    ("gbt-20988-2007", "Level 1"): {"schedule": {"schedule": "{full: week}"}, "recovery-point": {"rpo": "7d"}},
    ("gbt-20988-2007", "Level 3"): {"schedule": {"schedule": "{full: day}"}, "recovery-point": {"rpo": "1d"}},
    ("gbt-20988-2007", "Level 6"): {"schedule": {"schedule": "{full: day}"}, "recovery-point": {"rpo": "0s"}},
}


@pytest.mark.parametrize(("name", "clause"), NUMBERS)
def test_the_numbers_that_clauses_state(name: str, clause: str) -> None:
    (requirement,) = [one for one in read_framework(Content(), name).requirements if one.id == clause]
    found = {control: {key: as_written(value) for key, value in asked.items()} for control, asked in least(requirement).items()}
    assert found == NUMBERS[name, clause]


@pytest.mark.parametrize("name", names(Content()))
def test_a_number_that_statements_alone_settle_is_for_people_to_read(name: str) -> None:
    """No statement's text can be compared: a requirement that states a number and rests on one is never wholly supported."""
    known = vocabulary(Content())
    for requirement in read_framework(Content(), name).requirements:
        beside = read_beside(requirement, known)
        assert bool(beside) <= (requirement.states is not None)
        if requirement.states is not None and (
            requirement.at_least is None or requirement.compares == "part" or "log-retention" in requirement.controls
        ):
            assert beside, requirement.id
