"""Bad input through the command line: each is survived with a message that names the file, the place, what is wrong and what to do."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest

from tests.cli.session import PERIOD, PROGRAMME, RESTIC, Done, Session, started

POINT = {
    "record": "recovery_point", "source": "messages-db", "repository": "nas-dc1", "id": "a", "subject": "im-messages", "method": "full",
    "captured_at": "2026-11-20T00:00:00Z", "available_at": "2026-11-20T00:10:00Z",
}  # fmt: skip
SNAPSHOTS = (RESTIC / "snapshots-before-forget.json").read_bytes()


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return started(tmp_path / "data")


def lines(*changes: dict[str, object]) -> bytes:
    """Return points as NDJSON, each the usual one with changes."""
    return "".join(json.dumps({**POINT, **change}) + "\n" for change in changes).encode()


def ingest(session: Session, name: str, payload: bytes, *options: str) -> Done:
    path = session.data.parent / name
    path.write_bytes(payload)
    return session("ingest", *options, path)


def quarantined(session: Session) -> list[dict[str, object]]:
    return session.fine("quarantine", "--format", "ndjson").rows


# --- payloads that cannot be read as a whole --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "payload", "what", "remedy"),
    [
        ("empty.json", b"", "is empty", "check that the command that wrote it succeeded"),
        ("given.json.gz", gzip.compress(SNAPSHOTS, mtime=0), "gzip", "gunzip"),
        (
            "nul.json",
            SNAPSHOTS[:200] + b"\x00\x00" + SNAPSHOTS[200:],
            "it contains NUL bytes, the first at character 201",
            "copy the whole output and ingest it again",
        ),
        ("utf16.json", SNAPSHOTS.decode().encode("utf-16"), "UTF-16", "iconv"),
        ("gbk.ndjson", json.dumps({**POINT, "subject": "消息数据库"}, ensure_ascii=False).encode("gbk"), "GBK", "iconv"),
        ("cut.json", SNAPSHOTS[:700], "it is cut off in the middle of a JSON value", "copy the whole output and ingest it again"),
    ],
)
def test_a_payload_that_cannot_be_read_is_kept_and_its_reason_said(
    session: Session, name: str, payload: bytes, what: str, remedy: str
) -> None:
    done = ingest(session, name, payload, "--repository", "restic-main")
    said = done.out + done.err
    assert name in said
    assert what in said
    assert remedy in said
    # Kept as evidence, and no row of it was used.
    assert session.fine("verify").out.startswith("2 journal entries")
    assert session.fine("facts", "--kind", "recovery_point", "--format", "ndjson").out == ""
    faults = quarantined(session)
    assert {(fault["where"], fault["entry"], fault["level"]) for fault in faults} == {(name, 2, "error")}
    assert any(what in str(fault["what"]) for fault in faults)
    # Every question can still be asked.
    assert session("assess", *PERIOD).code == 0


def test_a_tool_that_was_given_does_not_hide_what_a_payload_is(session: Session) -> None:
    done = ingest(session, "given.json", gzip.compress(SNAPSHOTS, mtime=0), "--source", "restic-fileserver", "--tool", "restic")
    assert "gzip" in done.out + done.err
    assert [row["level"] for row in quarantined(session)] == ["error"]


# --- rows that cannot be true -----------------------------------------------------------------------------------------------------


def test_captured_after_available_is_quarantined_with_its_line(session: Session) -> None:
    done = ingest(session, "order.ndjson", lines({}, {"id": "b", "captured_at": "2026-11-20T02:00:00Z"}))
    assert done.code == 0
    (fault,) = quarantined(session)
    assert (fault["where"], fault["locator"]) == ("order.ndjson", "line 2")
    assert "available_at" in str(fault["what"]) + str(fault["key"])
    assert "order.ndjson, line 2" in done.out
    assert [row["id"] for row in session.fine("facts", "--kind", "recovery_point", "--format", "ndjson").rows] == ["a"]


def test_a_log_from_the_future_is_used_and_marked(session: Session) -> None:
    done = ingest(session, "future.ndjson", lines({}), "--observed-at", "2026-11-01T00:00:00Z")
    assert "a log from the future" in done.out
    faults = quarantined(session)
    assert {fault["level"] for fault in faults} == {"warning"}
    (future,) = [fault for fault in faults if "future" in str(fault["what"])]
    assert (future["where"], future["locator"]) == ("future.ndjson", "line 1")
    assert "check the clock and the time zone of the source" in str(future["remedy"])


def test_one_id_with_different_content_is_said(session: Session) -> None:
    done = ingest(session, "twice.ndjson", lines({}, {"captured_at": "2026-11-19T00:00:00Z"}))
    assert "twice.ndjson" in done.out
    (fault,) = quarantined(session)
    assert (fault["locator"], "twice" in str(fault["what"]) or "different" in str(fault["what"])) == ("line 2", True), fault


def test_a_cycle_of_bases_is_never_live(session: Session) -> None:
    cycle = lines({"id": "a", "base": "b", "method": "incremental"}, {"id": "b", "base": "a", "method": "incremental"})
    listing = {
        "record": "listing",
        "source": "messages-db",
        "repository": "nas-dc1",
        "listed_at": "2026-11-20T06:00:00Z",
        "complete": True,
    }
    done = ingest(session, "cycle.ndjson", cycle + json.dumps(listing).encode() + b"\n")
    assert done.code == 0
    faults = quarantined(session)
    assert faults
    assert all(fault["where"] == "cycle.ndjson" and "base" in f"{fault['what']} {fault['key']}" for fault in faults)
    assert session("recoverable", "im-messages-db", "--at", "2026-11-20T12:00:00+08:00").code == 1


# --- names that nobody declared ---------------------------------------------------------------------------------------------------


def test_a_source_that_nobody_declared_is_refused_on_the_command_line(session: Session) -> None:
    done = ingest(session, "a.ndjson", lines({}), "--source", "mesages-db")
    assert done.code == 2
    assert "there is no source 'mesages-db' (did you mean messages-db?)" in done.err
    assert session.fine("verify").out.startswith("1 journal entries")


def test_a_source_that_nobody_declared_in_a_row_is_kept_and_named(session: Session) -> None:
    done = ingest(session, "a.ndjson", lines({"source": "old-tool", "subject": "im-messages-old"}))
    assert "source 'old-tool' is not declared in the programme" in done.out
    assert [row["source"] for row in session.fine("subjects", "--orphans", "--format", "ndjson").rows] == ["old-tool"]
    sources = {row["source"]: row["health"] for row in session.fine("sources", "--format", "ndjson").rows}
    assert sources["old-tool"] == "undeclared"
    assert {"key": "undeclared-sources", "sources": ["old-tool"]} in session.assess()["notices"]


def test_a_listing_of_an_undeclared_repository_leaves_its_legs_unproven(session: Session) -> None:
    listing = {
        "record": "listing",
        "source": "messages-db",
        "repository": "nas-dc9",
        "listed_at": "2026-11-20T06:00:00Z",
        "complete": True,
    }
    payload = lines({"repository": "nas-dc9"}) + json.dumps(listing).encode() + b"\n"
    done = ingest(session, "nine.ndjson", payload)
    assert "repository 'nas-dc9' is not declared in the programme" in done.out
    assessment = session.assess("--asset", "im-messages-db", "--control", "copies")
    assert {result["verdict"] for result in assessment["results"]} == {"unproven"}
    assert {"key": "undeclared-repositories", "repositories": ["nas-dc9"]} in assessment["notices"]


# --- programmes -------------------------------------------------------------------------------------------------------------------


def edited(session: Session, name: str, old: str, new: str) -> Done:
    """Apply the example programme with one edit, on a folder to which it was applied before; nothing may be stored."""
    folder = session.data.parent / "programme"
    shutil.copytree(PROGRAMME, folder, dirs_exist_ok=True)
    path = folder / name
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    assert old in text
    path.write_text(text.replace(old, new, 1) if old else text + new, encoding="utf-8")
    done = session("apply", folder, "--by", "olivia")
    if done.code:
        assert done.out == ""
        assert session.fine("verify").out.startswith("1 journal entries")
    return done


SECOND = "policy: second\nversion: 1\neffective: 2026-11-01\ntimezone: Asia/Shanghai\napplies_to: {SCOPE}\nobjectives: {rpo: 1h}\n"


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("units.yaml", "    title: {en: Finance", "\ttitle: {en: Finance", ["units.yaml, line 7", "tab", "spaces"]),
        (
            "units.yaml",
            "    representatives: [Li Na]",
            "    title: again\n    representatives: [Li Na]",
            ["units.yaml, line 8", "repeated key `title`, first on line 7 (keep one of the two)"],
        ),
        (
            "policy-core.yaml",
            "rpo: {target",
            "rpoo: {target",
            ["policy-core.yaml, line 18", "unknown key `rpoo`, did you mean `rpo`?"],
        ),
        (
            "policy-second.yaml",
            "",
            SECOND.replace("SCOPE", "tier: golden"),
            ["policy-second.yaml, line 5", "second", "matches no asset"],
        ),
        ("policy-second.yaml", "", SECOND.replace("SCOPE", "asset: im-messages-db"), ["im-messages-db", "core", "second"]),
        ("policy-core.yaml", "target: 1h", "target: 2h", ["policy-core.yaml", "version"]),
    ],
    ids=["tab", "repeated key", "unknown key", "scope that matches nothing", "two policies on one asset", "change without version"],
)
def test_a_fault_of_the_programme_names_file_line_and_what(
    session: Session, name: str, old: str, new: str, said: list[str]
) -> None:
    done = edited(session, name, old, new)
    assert done.code == 2
    for words in said:
        assert words in done.err, done.err


def test_all_faults_of_a_programme_are_shown_at_once(session: Session) -> None:
    folder = session.data.parent / "programme"
    shutil.copytree(PROGRAMME, folder)
    for name, old, new in (
        ("sites.yaml", "country: CN", "country: China"),
        ("assets.yaml", "unit: finance", "unit: finanze"),
        ("policy-basic.yaml", "rpo: 3d", "rpo: 3x"),
    ):
        path = folder / name
        path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    done = session("apply", folder)
    assert done.code == 2
    assert all(name in done.err for name in ("sites.yaml, line", "assets.yaml, line", "policy-basic.yaml, line"))
    assert "`finance`" in done.err


# --- data folders -----------------------------------------------------------------------------------------------------------------


def test_a_data_folder_of_a_newer_version_is_refused_by_every_command(session: Session) -> None:
    config = session.data / "config.yaml"
    config.write_text(config.read_text(encoding="utf-8").replace("format: 1", "format: 2"), encoding="utf-8")
    for command in (
        ["assess", *PERIOD],
        ["ingest", "x"],
        ["apply", str(PROGRAMME)],
        ["sources"],
        ["facts", "--kind", "run"],
        ["init"],
    ):
        done = session(*command)
        assert (done.code, done.out) == (2, ""), command
        assert (
            "is a data folder of format 2; backup-audit 0.1.0 knows formats up to 1: use the version of backup-audit that wrote it, or a newer one"
            in done.err
        )
