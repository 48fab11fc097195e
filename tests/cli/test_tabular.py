"""A console's CSV from its export to a verdict: the worked example of docs/tabular.md, as a user goes it; and what becomes of it when its mapping changes."""

from __future__ import annotations

import csv
import re
import shlex
from datetime import datetime
from pathlib import Path

import pytest

from audit.steps._open import open_store
from tests.adapters.workbooks import workbook
from tests.cli.session import ROOT, Session
from tests.policy.programmes import BASE

DOCUMENT = (ROOT / "docs" / "tabular.md").read_text(encoding="utf-8").split("## From an export to a verdict\n")[1].split("\n## ")[0]
(TABLE,) = re.findall(r"<!-- table -->\n```csv\n(.*?)```", DOCUMENT, re.DOTALL)
(SOURCES,) = re.findall(r"<!-- mapping -->\n```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
SESSIONS = dict(re.findall(r"<!-- session: (\w+) -->\n```\n(.*?)```", DOCUMENT, re.DOTALL))
CORRECTED = SOURCES.replace("失败: failed}", "失败: failed, 部分成功: failed}")
TAKEN = ("--source", "oa-console", "--complete", "--observed-at", "2026-11-06T00:00:00+08:00")
WHEN = ("--from", "2026-11-02", "--to", "2026-11-06")
PROGRAMME = BASE | {
    "assets.yaml": BASE["assets.yaml"].replace("{source: tool, subject: vm/1}", "{source: oa-console, subject: OA服务器}"),
    "policy-core.yaml": BASE["policy-core.yaml"].replace("rpo: 1h", "rpo: 26h").replace("UTC", "Asia/Shanghai"),
}


def declare(folder: Path, sources: str) -> Path:
    """Write the programme with these sources."""
    folder.mkdir(exist_ok=True)
    for name, text in {**PROGRAMME, "sources.yaml": sources}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def follow(session: Session, told: str, folder: Path) -> None:
    """Type each command of a session of the document, and find each line that stands below it in what is printed, in order."""
    printed: list[str] = []
    for line in told.splitlines():
        if line.startswith("$ "):
            words = shlex.split(line)[2:]
            if words[0] == "apply":
                declare(folder / "programme", CORRECTED)
            places = {"programme": folder / "programme", "history.csv": folder / "history.csv"}
            done = session(*(places.get(word, word) for word in words))
            assert done.code == 0, done
            printed = (done.out + done.err).splitlines()
        else:
            at = next((at for at, one in enumerate(printed) if line.strip() in one), None)
            assert at is not None, (line, printed)
            printed = printed[at + 1 :]


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A data folder with the programme applied; the table lies beside it, saved in GB18030."""
    (tmp_path / "history.csv").write_bytes(TABLE.encode("gb18030"))
    session = Session(tmp_path / "data")
    session.fine("init", "--organisation", "Yunhe Messaging")
    session.fine("apply", declare(tmp_path / "programme", SOURCES), "--by", "olivia")
    return session


def test_from_an_export_to_a_verdict(session: Session, tmp_path: Path) -> None:
    follow(session, SESSIONS["first"], tmp_path)
    (unread,) = [row for row in session.fine("quarantine", "--format", "ndjson").rows if row["level"] == "error"]
    assert (unread["where"], unread["locator"], unread["key"]) == ("history.csv", "line 5", "状态")
    follow(session, SESSIONS["second"], tmp_path)
    result = session.assess(*WHEN, "--control", "recovery-point")["results"][0]
    assert result["verdict"] == "breached"
    # 3 November 03:00 to 5 November 02:08, Shanghai, of four days.
    assert result["shares"]["breached"] == pytest.approx((47 * 60 + 8) / (96 * 60))
    assert {one["locator"] for one in result["breaches"][0]["evidence"]} == {"line 3", "line 6"}
    runs = session.fine("facts", "--kind", "run", "--format", "ndjson").rows
    # 1,204.5 GB of a console that counts in powers of 1024; 01:00 in Shanghai.
    assert (runs[0]["id"], runs[0]["bytes"], runs[0]["started_at"]) == ("J-1001", 1_293_322_027_008, "2026-10-31T17:00:00Z")
    assert [run["outcome"] for run in runs] == ["success", "warning", "failed", "failed", "success"]


def test_evidence_keeps_the_mapping_it_was_taken_with(session: Session, tmp_path: Path) -> None:
    session.fine("ingest", *TAKEN, tmp_path / "history.csv")
    before = session.fine("facts", "--kind", "run", "--format", "ndjson").out
    assert session.fine("ingest", *TAKEN, tmp_path / "history.csv").out.startswith("1 file(s): 0 new, 1 already known")
    # 部分成功 is understood now, and the failures of the past are called warnings.
    changed = CORRECTED.replace("失败: failed,", "失败: warning,")
    applied = session.fine("apply", declare(tmp_path / "programme", changed), "--by", "olivia").out
    assert "mapping.words.outcome.失败: failed -> warning" in applied
    assert session.fine("facts", "--kind", "run", "--format", "ndjson").out == before
    session.fine("rebuild")
    assert session.fine("facts", "--kind", "run", "--format", "ndjson").out == before
    assert len(session.fine("quarantine", "--format", "ndjson").rows) == 2
    assert session.fine("ingest", *TAKEN, tmp_path / "history.csv").out.startswith("1 file(s): 1 new, 0 already known")
    store = open_store(session.data)
    words = [entry.body["envelope"]["mapping"]["words"]["outcome"] for entry in store.journal.entries(kind="evidence")]
    programmes = [entry.body["by"] for entry in store.journal.entries(kind="programme")]
    store.close()
    assert [one["失败"] for one in words] == ["failed", "warning"]
    assert ["部分成功" in one for one in words] == [False, True]
    assert programmes == ["olivia", "olivia"]


def test_faults_of_a_mapping_are_told_by_apply_and_nothing_is_stored(session: Session, tmp_path: Path) -> None:
    wrong = SOURCES.replace("subject: 客户端", "subjct: 客户端").replace("Asia/Shanghai", "Asia/Shanghi")
    done = session("apply", declare(tmp_path / "programme", wrong), "--by", "olivia")
    assert done.code == 2
    assert (
        "sources.yaml, line 4, sources[0].timezone: 'Asia/Shanghi' is not an IANA time zone, did you mean Asia/Shanghai?"
        in done.err
    )
    done = session("apply", declare(tmp_path / "programme", SOURCES.replace("started_at", "startedat")), "--by", "olivia")
    assert done.code == 2
    assert (
        "sources.yaml, line 13, sources[0].mapping.columns.startedat: `startedat` is not a field of a run, did you mean `started_at`?"
        in done.err
    )
    session.fine("ingest", *TAKEN, tmp_path / "history.csv")
    assert len(session.fine("facts", "--kind", "run", "--format", "ndjson").rows) == 4


def test_a_table_without_the_columns_is_refused_and_kept(session: Session, tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_bytes(TABLE.replace("状态,", "执行状态,").encode("gb18030"))
    done = session("ingest", *TAKEN, tmp_path / "history.csv")
    assert "history.csv, line 1, 状态: the table has no column '状态'" in done.out + done.err
    assert session.fine("facts", "--kind", "run", "--format", "ndjson").out == ""
    (unread,) = session.fine("quarantine", "--format", "ndjson").rows
    assert (unread["where"], unread["key"]) == ("history.csv", "状态")


def test_a_workbook_gives_the_same_verdict_and_its_rows_are_shown_as_text(session: Session, tmp_path: Path) -> None:
    header, *rows = csv.reader(TABLE.splitlines())
    typed = [[datetime.strptime(one, "%Y/%m/%d %H:%M") if at in (3, 4) else one for at, one in enumerate(row)] for row in rows]
    (tmp_path / "history.xlsx").write_bytes(workbook([["作业历史"], [], header, *typed], merged=["A1:H1"]))
    sources = re.sub(r"times: .*", "times: rfc3339", CORRECTED).replace(
        "encoding: gb18030", "format: xlsx\n      skip: {before: 2}"
    )
    session.fine("apply", declare(tmp_path / "programme", sources), "--by", "olivia")
    taken = session.fine("ingest", *TAKEN, tmp_path / "history.xlsx").out
    assert "0 recovery point(s), 5 run(s), 1 listing(s)" in taken
    shown = session.fine("explain", "db", "recovery-point", *WHEN).out
    assert "met 50.9028%, breached 49.0972%" in shown
    assert "row 5, of history.xlsx" in shown
    assert "J-1002\tOA服务器\t全量备份\t2026-11-02T01:00:00\t2026-11-02T02:12:00\t完成但有警告\t1,204.8 GB\t一号存储" in shown
