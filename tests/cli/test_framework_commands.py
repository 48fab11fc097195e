"""assess --framework, report framework and frameworks, as they are typed."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import openpyxl
import pytest

from tests.cli.session import PERIOD, Session, told


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return told(tmp_path_factory.mktemp("framework") / "data")


def test_frameworks_are_listed_and_one_is_shown(session: Session) -> None:
    listed = session.fine("frameworks").out
    for name in ("iso-27001-2022", "gbt-22239-2019", "nis2", "sec-17a-4"):
        assert name in listed
    shown = session.fine("frameworks", "cis-8.1", "--lang", "zh").out
    assert "11.5" in shown
    assert "restore-test" in shown
    one = json.loads(session.fine("frameworks", "cis-8.1", "--format", "json").out)
    assert one["status"] == "in-force"


def test_requirements_are_answered_by_the_controls(session: Session) -> None:
    assessment = session.assess()
    done = session("assess", *PERIOD, "--framework", "iso-27001-2022", "--format", "json")
    answered = json.loads(done.out)
    assert answered["counts"]["does-not-support"] > 0
    assert done.code == 1
    (backup,) = [one for one in answered["requirements"] if one["requirement"] == "A.8.13"]
    assert backup["answer"] == "does-not-support"
    by_name = {(one["control"], one["leg"]): one for one in backup["controls"]}
    breached = {
        one["asset"] for one in assessment["results"] if one["control"] == "recovery-point" and one["verdict"] == "breached"
    }
    assert by_name["recovery-point", None]["assets"]["breached"] == len(breached) > 0
    assert breached <= set(by_name["recovery-point", None]["named"])
    assert by_name["runbook", None]["answer"] == "not-judged"
    assert sum(answered["counts"].values()) == len(answered["requirements"])


def test_an_asset_that_the_framework_s_controls_do_not_judge_still_counts(session: Session, tmp_path: Path) -> None:
    """A framework of one control, that few assets are promised: of all others it must say that they are not judged, and never "supports"."""
    (tmp_path / "policies" / "frameworks").mkdir(parents=True)
    (tmp_path / "policies" / "frameworks" / "mine.yaml").write_text(ONE_CONTROL, encoding="utf-8")
    with_own = ("--framework", "mine", "--content", str(tmp_path))
    found = json.loads(session("assess", *PERIOD, *with_own, "--format", "json").out)
    ((control,),) = [one["controls"] for one in found["requirements"]]
    assessment = session.assess()
    served = {one["asset"] for one in assessment["results"] if one["verdict"] != "not-applicable"}
    promised = {
        one["asset"]
        for one in assessment["results"]
        if one["control"] == "retention-minimum" and one["verdict"] != "not-applicable"
    }
    assert promised < served, "the case needs assets to which it is not promised"
    assert sum(control["assets"].values()) == len(served)
    assert control["assets"]["not-judged"] == len(served - promised)
    assert found["requirements"][0]["answer"] != "supports"
    path = tmp_path / "report.json"
    session.fine("report", "framework", *with_own, *PERIOD, "--format", "json", "-o", str(path))
    assert f'"value": {len(served - promised)}' in path.read_text(encoding="utf-8")


ONE_CONTROL = """\
title: {en: Mine, zh: 自用}
edition: "1"
as_of: 2026-11-26
status: in-force
jurisdiction: [international]
source: {en: Own., zh: 自拟。}
disclaimer: {en: No legal advice., zh: 不构成法律意见。}
requirements:
  - {id: "1", title: {en: Keep, zh: 留存}, assessed: automated, controls: [retention-minimum], confidence: A}
"""


def test_answers_as_csv_table_and_workbook(session: Session, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(session("assess", *PERIOD, "--framework", "cis-8.1", "--format", "csv").out)))
    assert {row["requirement"] for row in rows} >= {"11.1", "11.2", "11.5"}
    shown = session("assess", *PERIOD, "--framework", "cis-8.1", "--lang", "zh").out
    assert "不支持" in shown
    path = tmp_path / "answers.xlsx"
    session("assess", *PERIOD, "--framework", "cis-8.1", "--format", "xlsx", "-o", str(path))
    book = openpyxl.load_workbook(path)
    cells = {str(cell.value) for cell in book["Requirements"]["A"]}
    assert {"11.1", "11.2", "11.5"} <= cells


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_report_answers_a_framework(session: Session, tmp_path: Path, language: str) -> None:
    path = tmp_path / "report.json"
    session.fine("report", "framework", "--framework", "gdpr", *PERIOD, "--lang", language, "--format", "json", "-o", str(path))
    document = json.loads(path.read_text(encoding="utf-8"))
    (section,) = [one for one in document["sections"] if one["id"] == "framework"]
    (table,) = [block for block in section["blocks"] if block.get("id") == "requirements"]
    assert len(table["rows"]) == len(json.loads(session.fine("frameworks", "gdpr", "--format", "json").out)["requirements"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("report", "framework", *PERIOD, "-o", "x.html"), "answers a framework: name one of"),
        (("report", "framework", *PERIOD, "--framework", "iso", "-o", "x.html"), "unknown framework `iso`"),
        (("report", "annual-review", *PERIOD, "--framework", "hipaa", "-o", "x.html"), "answers no framework"),
        (("export", *PERIOD, "--report", "framework", "-o", "x.zip"), "answers a framework"),
        (("assess", *PERIOD, "--framework", "hipa"), "did you mean `hipaa`?"),
        (("assess", *PERIOD, "--framework", "hipaa", "--control", "copies"), "leave out"),
    ],
)
def test_what_cannot_be_answered_is_refused(session: Session, arguments: tuple[str, ...], said: str) -> None:
    done = session(*arguments)
    assert done.code == 2
    assert said in done.err
