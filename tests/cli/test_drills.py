"""Drills from the command line: planned, drawn, stamped from restore runs, reported in every format and language; their calendar; restores that nobody recorded."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

from audit.content import Content
from audit.register.records import drill
from tests.cli.session import Session, promising

ASSET = "im-messages-db"
SOURCE = "messages-db"
SUBJECT = "im-messages"
REPOSITORY = "nas-dc1"


def run(name: str, started: str, finished: str, **more: str) -> dict[str, Any]:
    """Return a restore run as the interchange format tells it."""
    fields = {"kind": "restore", "subject": SUBJECT, "repository": REPOSITORY, "outcome": "success", "coverage": "full", **more}
    return {"record": "run", "source": SOURCE, "id": name, "started_at": started, "finished_at": finished, **fields}


def point(name: str, captured: str) -> dict[str, Any]:
    return {
        "record": "recovery_point", "source": SOURCE, "repository": REPOSITORY, "id": name, "subject": SUBJECT, "method": "full", "captured_at": captured,
        "available_at": captured, "self_contained": True,
    }  # fmt: skip


@pytest.fixture
def session(tmp_path: Path) -> Session:
    session = promising(tmp_path, "rto: 4h", "restore_test: {partial: monthly, full: quarterly}", "exercise: {full: 6 months}")
    facts = [
        point("p1", "2026-11-07T00:30:00Z"),
        run("r1", "2026-11-07T01:20:00Z", "2026-11-07T03:00:00Z", recovery_point="p1"),
        run("r2", "2026-11-09T01:00:00Z", "2026-11-09T01:30:00Z"),
    ]
    file = tmp_path / "evidence.ndjson"
    file.write_text("".join(json.dumps(one) + "\n" for one in facts), encoding="utf-8")
    session.fine("ingest", "--source", SOURCE, "--observed-at", "2026-11-10T00:00:00Z", file)
    return session


def drilled(session: Session, *, signed: bool = True, **more: str) -> str:
    """Plan a drill of the message database on 7 November, run it, and return its id."""
    plan = {
        "title": "Autumn drill",
        "kind": "full",
        "asset": ASSET,
        "scenario": "The disks of dc1 are gone.",
        "participant": "Chen Jie",
        **more,
    }
    done = session.fine(
        "drill", "plan", *(part for key, value in plan.items() for part in (f"--{key}", value)), "--by", "Zhang Min"
    )
    (name,) = re.findall(r"^(drill-\d+) is planned", done.out)
    by = ("--by", "Li Na")
    session.fine("drill", "declare", name, "--at", "2026-11-07T01:00:00Z", *by)
    session.fine("drill", "restore-started", name, "--asset", ASSET, "--run", "r1", *by)
    session.fine("drill", "restored", name, "--asset", ASSET, "--run", f"{SOURCE}/r1", *by)
    session.fine("drill", "validated", name, "--asset", ASSET, "--at", "2026-11-07T04:00:00Z", *by)
    session.fine(
        "drill", "result", name, "--asset", ASSET, "--outcome", "passed", "--depth", "4", "--coverage", "full", "--point", "p1", "--repository", REPOSITORY,
        "--checks", "Rows counted.", "--problems", "A password was looked for.", *by,
    )  # fmt: skip
    if signed:
        session.fine(
            "drill",
            "sign-off",
            name,
            "--statement",
            "I saw it.",
            "--lessons",
            "Keep the password in the safe.",
            "--by",
            "Wang Fang",
        )
    return str(name)


def reported(session: Session, folder: Path, *arguments: str) -> Any:
    file = folder / "report.json"
    session.fine("report", *arguments, "--format", "json", "-o", file)
    return json.loads(file.read_text(encoding="utf-8"))


def blocks(document: Mapping[str, Any], section: str, kind: str) -> list[Any]:
    return [block for one in document["sections"] if one["id"] == section for block in one["blocks"] if block["block"] == kind]


def test_a_drill_report_tells_the_clock_beside_what_was_agreed(session: Session, tmp_path: Path) -> None:
    name = drilled(session)
    session.fine(
        "finding", "open", "--title", "The password was not in the safe.", "--source", "drill", "--severity", "high", "--owner", "Chen Jie", "--drill", name,
        "--due", "2026-12-01", "--by", "Li Na",
    )  # fmt: skip
    document = reported(session, tmp_path, "drill", "--record", name)
    (clock,) = blocks(document, "drill-clock", "clock")
    (line,) = clock["lines"]
    # Declared at 1:00; the point is of 0:30; RPO 1 h and 10 minutes, RTO 4 h.
    assert (line["label"], line["lost"], line["rpo"], line["rto"], line["passed"]) == (ASSET, 1800.0, 4200.0, 14400.0, True)
    assert line["steps"] == [["restore began", 1200.0], ["data restored", 7200.0], ["service validated", 10800.0]]
    (table,) = blocks(document, "recoveries", "table")
    (row,) = table["rows"]
    assert {key: row[key] for key in ("asset", "tier", "outcome", "rto", "taken", "rpo", "lost", "depth", "coverage", "checks")} == {
        "asset": ASSET, "tier": "core", "outcome": "met", "rto": 14400.0, "taken": 10800.0, "rpo": 4200.0, "lost": 1800.0, "depth": 4, "coverage": "all of it",
        "checks": "Rows counted.",
    }  # fmt: skip
    assert row["shown"] == f"proven: {SOURCE}/r1"
    assert row["point"].startswith(f"p1 in {REPOSITORY}, captured ")
    problems, findings = blocks(document, "drill-actions", "table")
    assert problems["rows"] == [{"asset": ASSET, "problems": "A password was looked for.", "actions": ""}]
    assert [(one["owner"], one["state"], one["due"]) for one in findings["rows"]] == [("Chen Jie", "open", "2026-11-30T16:00:00Z")]
    assert "Wang Fang" in json.dumps(blocks(document, "drill-sign-off", "paragraph"))
    assert [row["step"] for row in blocks(document, "drill-clock", "table")[0]["rows"]] == [
        "disaster declared", "restore began", "data restored", "service validated", "planned", "result told", "signed off",
    ]  # fmt: skip
    # Every entry that the report refers to stands in its index of evidence.
    index = {row["entry"] for block in blocks(document, "evidence", "table") for row in block["rows"]}
    assert {ref["entry"] for ref in row["evidence"]} <= index
    assert document["facts"]["from"] == "2026-11-07T01:00:00Z"


def test_a_drill_report_in_every_format_and_language(session: Session, tmp_path: Path) -> None:
    name = drilled(session, signed=False)
    formats = [part for fmt in ("html", "pdf", "xlsx", "json") for part in ("--format", fmt)]
    session.fine("report", "drill", "--record", name, "--lang", "en", "--lang", "zh", *formats, "-o", tmp_path / "out")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == sorted(
        f"{name}-{language}.{fmt}" for language in ("en", "zh") for fmt in ("html", "pdf", "xlsx", "json")
    )
    html = (tmp_path / "out" / f"{name}-zh.html").read_text(encoding="utf-8")
    assert "恢复时间线" in html
    assert "尚无未参与者签字确认" in html
    book = openpyxl.load_workbook(tmp_path / "out" / f"{name}-en.xlsx")
    assert {"Recoveries", "Actions"} <= set(book.sheetnames)
    # Nobody signed it off: what is stated is not proven.
    document = json.loads((tmp_path / "out" / f"{name}-en.json").read_text(encoding="utf-8"))
    (row,) = blocks(document, "recoveries", "table")[0]["rows"]
    assert (row["outcome"], row["shown"]) == ("unproven", f"restore runs told within it: {SOURCE}/r1 (ended well); not proven")
    assert blocks(document, "drill-sign-off", "signatures")


def test_what_took_too_long_or_lost_too_much_is_breached(session: Session, tmp_path: Path) -> None:
    done = session.fine(
        "drill", "report-incident", "--title", "Storage failure", "--asset", ASSET, "--at", "2026-11-07T01:45:00Z", "--by", "Li Na"
    )
    (name,) = re.findall(r"^(drill-\d+) is running", done.out)
    by = ("--asset", ASSET, "--by", "Li Na")
    session.fine("drill", "validated", name, "--at", "2026-11-07T06:00:00Z", *by)
    session.fine(
        "drill",
        "result",
        name,
        "--outcome",
        "passed",
        "--depth",
        "4",
        "--coverage",
        "full",
        "--point",
        "p1",
        "--repository",
        REPOSITORY,
        *by,
    )
    document = reported(session, tmp_path, "drill", "--record", name)
    (row,) = blocks(document, "recoveries", "table")[0]["rows"]
    assert (row["outcome"], row["taken"], row["lost"]) == ("breached", 15300.0, 4500.0)
    assert row["said"] == "passed; took longer than the RTO; the restored state was older than the RPO allows"
    figures = {one["label"]: (one["value"], one["of"]) for one in blocks(document, "drill", "figures")[0]["figures"]}
    assert (figures["within the agreed RTO"], figures["within the agreed RPO"]) == ((0, 1), (0, 1))


def test_what_is_not_the_full_service_shows_no_rto(session: Session, tmp_path: Path) -> None:
    name = drilled(session, signed=False)
    by = ("--asset", ASSET, "--by", "Li Na")
    told = ("--point", "p1", "--repository", REPOSITORY)
    session.fine("drill", "result", name, "--outcome", "passed", "--depth", "3", "--coverage", "full", *told, *by)
    session.fine("drill", "sign-off", name, "--statement", "I saw it.", "--by", "Wang Fang")
    document = reported(session, tmp_path, "drill", "--record", name)
    rows = blocks(document, "recoveries", "table")[0]["rows"]
    assert [(row["depth"], row["outcome"], row["shown"][:6]) for row in rows] == [(4, "met", "proven"), (3, "unproven", "proven")]
    figures = {
        one["label"]: (one["value"], one["of"], one["verdict"]) for one in blocks(document, "drill", "figures")[0]["figures"]
    }
    assert figures["within the agreed RTO"] == (1, 2, "unproven")


def test_the_report_of_a_period_and_what_nobody_recorded(session: Session, tmp_path: Path) -> None:
    name = drilled(session)
    document = reported(session, tmp_path, "drills", "--from", "2026-11-01", "--to", "2026-12-01")
    (by_tier, drills) = blocks(document, "drills", "table")
    assert [(one["drill"], one["passed"], one["failed"], one["signed-by"]) for one in drills["rows"]] == [(name, 1, 0, "Wang Fang")]
    assert {one["promise"]: (one["assets"], one["done"]) for one in by_tier["rows"] if one["tier"] == "core"}["Recovery time"] == (
        1,
        1,
    )
    (unrecorded,) = blocks(document, "unrecorded-restores", "table")
    assert [one["run"] for one in unrecorded["rows"]] == [f"{SOURCE}/r2"]
    found = session.fine("drills", "--candidates", "--from", "2026-11-01", "--to", "2026-12-01", "--format", "ndjson").rows
    assert [(one["asset"], one["run"], one["coverage"], one["started"]) for one in found] == [
        (ASSET, "r2", "full", "2026-11-09T01:00:00Z")
    ]
    with_unit = reported(session, tmp_path, "drills", "--from", "2026-11-01", "--to", "2026-12-01", "--unit", "finance")
    assert blocks(with_unit, "drills", "table")[1]["rows"] == []


def test_the_calendar_tells_what_was_tried(session: Session) -> None:
    def calendar() -> dict[tuple[str, str | None], tuple[str, str | None]]:
        rows = session.fine("drills", "--asset", ASSET, "--format", "ndjson").rows
        return {(one["control"], one["leg"]): (one["state"], one["drill"]) for one in rows}

    assert set(calendar()) == {("restore-test", "partial"), ("restore-test", "full"), ("recovery-time", None), ("exercise", "full")}
    assert {drill for _, drill in calendar().values()} == {None}
    name = drilled(session)
    told = calendar()
    # The programme was applied now, after the drill: what was tried before the policy came into force needs to be tried again, but an exercise was held.
    assert told["exercise", "full"] == ("done", name)
    assert told["recovery-time", None][1] == name


def test_assets_are_drawn_so_that_anybody_can_draw_them_again(session: Session) -> None:
    draw = ("drill", "draw", "--title", "Sample", "--kind", "file", "--tier", "standard", "--by", "Li Na")
    (name,) = re.findall(r"^(drill-\d+) is planned", session.fine(*draw, "--count", "2", "--seed", "7").out)
    told = session.fine("drill", "show", name).json
    assert (told["seed"], told["count"], len(told["assets"])) == (7, 2, 2)
    declared = yaml.safe_load((session.data.parent / "programme" / "assets.yaml").read_text(encoding="utf-8"))["assets"]
    estate = [one["name"] for one in declared if one["tier"] == "standard"]
    ranked = sorted(estate, key=lambda asset: hashlib.sha256(f"7/{asset}".encode()).hexdigest())
    assert (told["assets"], told["population"]) == (sorted(ranked[:2]), len(estate))
    # Without a seed it is any, and kept.
    (other,) = re.findall(r"^(drill-\d+) is planned", session.fine(*draw, "--count", "1").out)
    kept = session.fine("drill", "show", other).json
    first = sorted(estate, key=lambda asset: hashlib.sha256(f"{kept['seed']}/{asset}".encode()).hexdigest())[0]
    assert kept["assets"] == [first]
    refused = session(*draw, "--count", "99")
    assert (refused.code, f"99 assets cannot be drawn: {len(estate)} in service are such" in refused.err) == (2, True), refused
    assert "--population" not in session.fine("drill", "draw", "--help").out


def test_a_stamp_is_taken_from_a_run_that_is_told(session: Session) -> None:
    done = session.fine("drill", "plan", "--title", "Sample", "--kind", "full", "--asset", ASSET, "--by", "Zhang Min")
    (name,) = re.findall(r"^(drill-\d+) is planned", done.out)
    session.fine("drill", "declare", name, "--at", "2026-11-07T01:00:00Z", "--by", "Li Na")
    stamp = ("drill", "restore-started", name, "--asset", ASSET, "--by", "Li Na")
    unknown = session(*stamp, "--run", "r9")
    assert (unknown.code, f"unknown restore run of {ASSET} `r9` (known: {SOURCE}/r1, {SOURCE}/r2)" in unknown.err) == (2, True), (
        unknown
    )
    both = session(*stamp, "--run", "r1", "--at", "2026-11-07T02:00:00Z")
    assert (both.code, "give --at or --run, not both" in both.err) == (2, True)
    session.fine(*stamp, "--run", "r1")
    (told,) = [one for one in session.fine("drill", "show", name).json["acts"] if one["act"] == "restore-started"]
    assert (told["values"]["at"], told["values"]["run"]) == ("2026-11-07T01:20:00Z", f"{SOURCE}/r1")


def test_what_a_drill_report_needs_is_said(session: Session, tmp_path: Path) -> None:
    for arguments, says in (
        (("drill",), "`backup-audit report drill --record ID` writes it"),
        (("drill", "--record", "drill-1", "--year", "2026"), "leave --from, --to, --year and --unit out"),
        (("drills", "--record", "drill-1", "--year", "2026"), "the report drills is about a period"),
        (("drill", "--record", "drill-99"), "unknown drill `drill-99`"),
    ):
        refused = session("report", *arguments, "-o", tmp_path / "x.html")
        assert (refused.code, says in refused.err) == (2, True), refused
    packed = session("export", "--year", "2026", "--report", "drill", "-o", tmp_path / "x.zip")
    assert (packed.code, "the report drill is about one drill" in packed.err) == (2, True)


def test_drills_in_an_evidence_package(session: Session, tmp_path: Path) -> None:
    drilled(session)
    package = tmp_path / "november.zip"
    session.fine("export", "--from", "2026-11-01", "--to", "2026-12-01", "--report", "drills", "--format", "json", "-o", package)
    assert "nothing is broken" in session.fine("verify", package).out
    with zipfile.ZipFile(package) as there:
        (name,) = [one for one in there.namelist() if one.endswith("drills-en.json")]
        document = json.loads(there.read(name))
    assert [one["drill"] for one in blocks(document, "drills", "table")[1]["rows"]] != []


def test_a_planned_and_a_cancelled_drill_are_reported(session: Session, tmp_path: Path) -> None:
    plan = (
        "drill",
        "plan",
        "--title",
        "Next year",
        "--kind",
        "table-top",
        "--asset",
        ASSET,
        "--planned-for",
        "2027-03-01",
        "--by",
        "Li Na",
    )
    (name,) = re.findall(r"^(drill-\d+)", session.fine(*plan).out)
    document = reported(session, tmp_path, "drill", "--record", name)
    assert "has not begun" in json.dumps(blocks(document, "drill", "note"))
    assert document["facts"]["from"] == "2027-02-28T16:00:00Z"
    session.fine("drill", "cancel", name, "--reason", "The room was lost.", "--by", "Li Na")
    document = reported(session, tmp_path, "drill", "--record", name)
    assert "given up (reason: The room was lost.)" in json.dumps(blocks(document, "drill", "note"))
    # The same record as known at the same entry is the same file.
    again = reported(session, tmp_path, "drill", "--record", name)
    assert again == document


def test_a_restore_into_production_that_nobody_recorded_is_a_finding(session: Session) -> None:
    programme = session.data.parent / "programme"
    sources = programme / "sources.yaml"
    text = sources.read_text(encoding="utf-8")
    sources.write_text(
        text.replace("  - name: messages-db\n", "  - name: messages-db\n    restores_into: production\n"), encoding="utf-8"
    )
    period = ("--from", "2026-11-01", "--to", "2026-11-20")
    assert "without a record" not in session.fine("follow", *period).out + session.fine("findings", "--format", "csv").out
    session.fine("apply", programme, "--by", "Li Na", "--confirmed-by", "Wang Fang")
    drilled(session)
    assert "1 finding opened of restores into production that nobody recorded." in session.fine("follow", *period).out
    (found,) = [one for one in session.fine("findings", "--format", "ndjson").rows if one["title"]]
    assert (found["title"], found["asset"], found["severity"], found["state"]) == (
        f"Restore into production without a record: {SOURCE}/r2", ASSET, "high", "open",
    )  # fmt: skip
    # It is told once, and closes with the record of what happened.
    assert "nobody recorded" not in session.fine("follow", *period).out
    done = session.fine(
        "drill",
        "report-incident",
        "--title",
        "A table was dropped",
        "--asset",
        ASSET,
        "--at",
        "2026-11-09T00:50:00Z",
        "--by",
        "Li Na",
    )
    (incident,) = re.findall(r"^(drill-\d+)", done.out)
    session.fine("finding", "close", found["id"], "--reason", "Recorded as an incident.", "--proof", incident, "--by", "Wang Fang")
    assert "nobody recorded" not in session.fine("follow", *period).out
    assert session.fine("drills", "--candidates", *period).out.startswith("0 restores without a record")


def test_a_finding_of_an_unrecorded_restore_that_is_closed_all_the_same_is_opened_again(session: Session) -> None:
    programme = session.data.parent / "programme"
    sources = programme / "sources.yaml"
    text = sources.read_text(encoding="utf-8")
    sources.write_text(
        text.replace("  - name: messages-db\n", "  - name: messages-db\n    restores_into: production\n"), encoding="utf-8"
    )
    session.fine("apply", programme, "--by", "Li Na", "--confirmed-by", "Wang Fang")
    period = ("--from", "2026-11-09", "--to", "2026-11-20")
    session.fine("follow", *period)
    (found,) = [one for one in session.fine("findings", "--format", "ndjson").rows if one["title"]]
    assert found["unit"] == "customer-operations"
    session.fine("finding", "close", found["id"], "--reason", "It was nothing.", "--proof", "none", "--by", "Wang Fang")
    assert "1 finding reopened, as still nobody recorded the restore into production." in session.fine("follow", *period).out
    (again,) = [one for one in session.fine("findings", "--format", "ndjson").rows if one["title"]]
    assert (again["id"], again["state"], again["reopened"]) == (found["id"], "reopened", 1)


def test_a_talk_at_a_table_tells_of_no_restore(session: Session) -> None:
    def unrecorded() -> list[str]:
        rows = session.fine("drills", "--candidates", "--from", "2026-11-01", "--to", "2026-12-01", "--format", "ndjson").rows
        return [one["run"] for one in rows]

    plan = ("drill", "plan", "--title", "Talk", "--asset", ASSET, "--by", "Zhang Min", "--kind")
    (name,) = re.findall(r"^(drill-\d+)", session.fine(*plan, "table-top").out)
    session.fine("drill", "declare", name, "--at", "2026-11-05T01:00:00Z", "--by", "Li Na")
    assert unrecorded() == ["r1", "r2"]
    session.fine("drill", "sign-off", name, "--statement", "I listened.", "--by", "Wang Fang")
    assert unrecorded() == ["r1", "r2"]
    # One that restores something, and that nobody signed off yet, may tell of all up to what was last said of it.
    (other,) = re.findall(r"^(drill-\d+)", session.fine(*plan, "full").out)
    session.fine("drill", "declare", other, "--at", "2026-11-08T01:00:00Z", "--by", "Li Na")
    assert unrecorded() == ["r1"]
    session.fine("drill", "cancel", other, "--reason", "Forgotten.", "--by", "Li Na")
    assert unrecorded() == ["r1", "r2"]


def test_a_second_attempt_needs_a_result_before_the_sign_off(session: Session, tmp_path: Path) -> None:
    name = drilled(session, signed=False)
    session.fine("drill", "restore-started", name, "--asset", ASSET, "--at", "2026-11-08T01:00:00Z", "--by", "Li Na")
    refused = session("drill", "sign-off", name, "--statement", "I saw it.", "--by", "Wang Fang")
    assert (refused.code, f"says nothing yet of how the recovery of {ASSET} ended" in refused.err) == (2, True), refused
    document = reported(session, tmp_path, "drill", "--record", name)
    first, second = blocks(document, "drill-clock", "clock")[0]["lines"]
    assert ([word for word, _ in first["steps"]], [word for word, _ in second["steps"]]) == (
        ["restore began", "data restored", "service validated"], ["restore began"],
    )  # fmt: skip
    session.fine(
        "drill", "result", name, "--asset", ASSET, "--outcome", "failed", "--depth", "1", "--coverage", "full", "--by", "Li Na"
    )
    session.fine("drill", "sign-off", name, "--statement", "I saw it.", "--by", "Wang Fang")


def test_only_what_shows_a_recovery_is_named_as_its_proof(session: Session, tmp_path: Path) -> None:
    more = [
        run("r3", "2026-11-07T01:30:00Z", "2026-11-07T01:40:00Z", outcome="failed"),
        run("r4", "2026-11-07T01:30:00Z", "2026-11-07T02:40:00Z", recovery_point="p0"),
        run("r5", "2026-11-07T01:30:00Z", "2026-11-07T02:40:00Z", coverage="partial"),
    ]
    file = tmp_path / "more.ndjson"
    file.write_text("".join(json.dumps(one) + "\n" for one in more), encoding="utf-8")
    session.fine("ingest", "--source", SOURCE, "--observed-at", "2026-11-10T00:00:00Z", file)
    name = drilled(session)
    (row,) = blocks(reported(session, tmp_path, "drill", "--record", name), "recoveries", "table")[0]["rows"]
    assert row["shown"] == f"proven: {SOURCE}/r1"
    (other,) = re.findall(
        r"^(drill-\d+)",
        session.fine("drill", "plan", "--title", "Other", "--kind", "full", "--asset", ASSET, "--by", "Zhang Min").out,
    )
    session.fine("drill", "declare", other, "--at", "2026-11-07T01:25:00Z", "--by", "Li Na")
    failed = session("drill", "restored", other, "--asset", ASSET, "--run", "r3", "--by", "Li Na")
    assert (failed.code, "brought no data back: it is told as failed" in failed.err) == (2, True), failed


def test_a_drawn_drill_with_files_is_reported(session: Session, tmp_path: Path) -> None:
    log = tmp_path / "restore.log"
    log.write_text("all rows counted\n", encoding="utf-8")
    done = session.fine(
        "drill", "draw", "--title", "Sample", "--kind", "file", "--count", "1", "--tier", "core", "--by", "Zhang Min"
    )
    (name,) = re.findall(r"^(drill-\d+)", done.out)
    session.fine("drill", "declare", name, "--at", "2026-11-07T01:00:00Z", "--by", "Li Na")
    session.fine(
        "drill",
        "result",
        name,
        "--asset",
        ASSET,
        "--outcome",
        "failed",
        "--depth",
        "1",
        "--coverage",
        "partial",
        "--attach",
        log,
        "--by",
        "Li Na",
    )
    for language, word in (("en", "planned with assets that were drawn"), ("zh", "计划（抽取资产）")):
        document = reported(session, tmp_path, "drill", "--record", name, "--lang", language)
        rows = blocks(document, "drill-clock", "table")[0]["rows"]
        assert word in [row["step"] for row in rows]
        assert [row["files"] for row in rows if row["files"]] == ["restore.log"]


def test_every_act_of_a_drill_has_a_word_in_each_language() -> None:
    for language in ("en", "zh"):
        words = Content().yaml(f"reports/wording/{language}.yaml")["drill"]["acts"]
        assert set(drill.ACTS) <= set(words)
