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


def test_what_the_policies_agreed_is_compared_with_the_number_of_the_clause(session: Session) -> None:
    """The levels ask for an RPO of 7 days, 1 day, 30 minutes and none; the example's policies agreed to 3 days, 24 hours and 1 more, and 1 hour and 10 minutes."""
    done = session("assess", *PERIOD, "--framework", "gbt-20988-2007", "--format", "json").json
    levels = {
        one["requirement"]: {control["control"]: control for control in one["controls"]}["recovery-point"]
        for one in done["requirements"]
    }
    less = {level: {(one["asset"], one["stated"]) for one in control["agreed_less"]} for level, control in levels.items()}
    longer = {("db-02-configuration", "24h + 1h"), ("fileserver-finance", "24h + 1h"), ("fileserver-exchange", "3d")}
    assert less["Level 1"] == less["Level 2"] == set()
    assert less["Level 3"] == less["Level 4"] == longer
    assert less["Level 5"] == less["Level 6"] == longer | {("im-messages-db", "1h + 10m")}
    assert {level: control["assets"]["agreed-less"] for level, control in levels.items()} == {
        f"Level {level}": number for level, number in zip(range(1, 7), (0, 0, 3, 3, 4, 4), strict=True)
    }
    assert levels["Level 5"]["answer"] == "does-not-support"
    assert levels["Level 5"]["named"] == ["db-02-configuration", "fileserver-exchange", "fileserver-finance", "im-messages-db"]
    (third,) = [one for one in done["requirements"] if one["requirement"] == "Level 3"]
    assert (third["at_least"], third["compares"]) == ({"schedule": {"full": "day"}, "rpo": "1d"}, "part")


def test_a_statement_has_to_be_read_beside_the_number(session: Session, tmp_path: Path) -> None:
    """That people stated that logs are kept does not say for how long."""
    (tmp_path / "policies" / "frameworks").mkdir(parents=True)
    logs = ONE_CONTROL.replace("automated", "manual").replace("retention-minimum", "log-retention")
    logs = logs.replace("confidence: A", "confidence: A, states: {en: 90 days, zh: 90天}")
    (tmp_path / "policies" / "frameworks" / "logs.yaml").write_text(logs, encoding="utf-8")
    with_own = ("assess", *PERIOD, "--framework", "logs", "--content", str(tmp_path))
    (found,) = session(*with_own, "--format", "json").json["requirements"]
    assert found["read_beside"] == ["log-retention"]
    assert "people have to read beside what the clause states: Log retention" in " ".join(session(*with_own).out.split())
    assert "须由人员对照条款规定阅读：日志留存" in session(*with_own, "--lang", "zh").out


def test_the_table_says_what_the_framework_is_and_how_each_requirement_is_assessed(session: Session) -> None:
    lines = session("assess", *PERIOD, "--framework", "gbt-20988-2007").out.splitlines()
    assert lines[0] == (
        "GB/T 20988-2007, levels of disaster recovery (informative annex C); edition: 2007 (superseded); superseded by gbt-20988-2025; as known on 2026-11-23"
    )
    assert lines[2].split()[-2:] == ["Assessed", "Confidence"]
    (third,) = [line for line in lines if line.startswith("Level 3  ")]
    assert third.split()[-3:] == ["in", "part", "C"]
    assert "Level 3, Recovery point (RPO): rpo: agreed 3d, the clause asks 1d. Assets: fileserver-exchange." in lines
    assert lines[-2].startswith("Source: From general knowledge")
    assert lines[-1].startswith("Engineering input, not legal advice.")
    assert any("itself states: full backup at least weekly; RTO above 2 days" in line for line in lines)
    assert "proposed" in session("assess", *PERIOD, "--framework", "hipaa-proposed-2025").out.splitlines()[0]


def test_the_chinese_table_names_controls_by_their_titles(session: Session) -> None:
    shown = session("assess", *PERIOD, "--framework", "gbt-20988-2007", "--lang", "zh").out
    assert shown.startswith(
        "GB/T 20988-2007 信息系统灾难恢复等级（资料性附录C）；版本：2007（已被替代）；已由gbt-20988-2025替代；资料截至2026-11-23\n"
    )
    assert "Level 3，恢复点目标（RPO）：rpo：约定为3d，条款要求1d。资产：fileserver-exchange。" in shown
    assert "不支持6项" in shown
    assert "部分自动" in shown
    assert "出处：" in shown
    assert "recovery-point" not in shown
    assert "schedule" not in shown


def test_answers_as_csv(session: Session) -> None:
    def rows(framework: str, language: str) -> list[dict[str, str]]:
        said = session("assess", *PERIOD, "--framework", framework, "--format", "csv", "--lang", language).out
        return list(csv.DictReader(io.StringIO(said)))

    english, chinese = rows("gbt-20988-2007", "en"), rows("gbt-20988-2007", "zh")
    (row,) = [one for one in english if (one["requirement"], one["control"]) == ("Level 3", "recovery-point")]
    about = {name: row[name] for name in ("assessed", "confidence", "at least", "status", "superseded by", "edition", "as of")}
    assert about == {
        "assessed": "partial", "confidence": "C", "at least": "rpo: 1d", "status": "superseded", "superseded by": "gbt-20988-2025", "edition": "2007", "as of": "2026-11-23",
    }  # fmt: skip
    assert row["states"].startswith("full backup at least daily")
    assert row["source"].startswith("From general knowledge")
    assert row["disclaimer"].startswith("Engineering input")
    assert (row["agreed-less"], row["control answer"]) == ("3", "does-not-support")
    assert row["agreed less"] == "rpo: 24h + 1h < 1d (db-02-configuration fileserver-finance); rpo: 3d < 1d (fileserver-exchange)"
    (row,) = [one for one in chinese if (one["requirement"], one["control"]) == ("Level 3", "recovery-point")]
    assert row["states"].startswith("至少每天一次完全备份")
    assert (row["title"], row["status"]) == ("电子传输和部分设备支持", "superseded")


def test_answers_as_a_workbook(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "answers.xlsx"
    session("assess", *PERIOD, "--framework", "gbt-20988-2007", "--format", "xlsx", "-o", str(path))
    book = openpyxl.load_workbook(path)
    assert {f"Level {level}" for level in range(1, 7)} <= {str(cell.value) for cell in book["Requirements"]["A"]}
    told = {str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row}
    assert {
        "Agreed for less than a requirement states",
        "rpo: agreed 3d, the clause asks 1d",
        "Recovery point (RPO) (at least rpo: 1d)",
    } <= told


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
