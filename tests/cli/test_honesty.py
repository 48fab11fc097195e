"""What must never pass for proof, or for a promise kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.session import PROGRAMME, Session


@pytest.fixture
def session(tmp_path: Path) -> Session:
    made = Session(tmp_path / "data")
    made.fine("init")
    return made


def point(name: str, captured: str) -> str:
    row = {
        "record": "recovery_point",
        "source": "messages-db",
        "repository": "nas-dc1",
        "id": name,
        "subject": "im-messages",
        "method": "full",
    }
    return json.dumps({**row, "captured_at": captured, "available_at": captured})


def listing(at: str) -> str:
    return json.dumps({"record": "listing", "source": "messages-db", "repository": "nas-dc1", "listed_at": at, "complete": True})


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_two_listings_in_one_file_prove_nothing(session: Session, tmp_path: Path) -> None:
    """Else the second listing would seem to have what only the first had, and a lost point would be kept."""
    session.fine("apply", PROGRAMME)
    file = write(
        tmp_path / "cat.ndjson",
        listing("2026-11-03T06:00:00Z"),
        point("p1", "2026-11-03T00:00:00Z"),
        listing("2026-11-05T06:00:00Z"),
    )
    done = session("ingest", file)
    assert "holds several listings of 'nas-dc1' (line 1, line 3)" in done.out + done.err
    found = session(
        "assess",
        "--from",
        "2026-11-03",
        "--to",
        "2026-11-06",
        "--asset",
        "im-messages-db",
        "--control",
        "retention-minimum",
        "--format",
        "json",
    )
    assert {result["verdict"] for result in found.json["results"]} == {"unproven"}


def test_evidence_from_the_future_is_a_notice_of_every_assessment(session: Session, tmp_path: Path) -> None:
    session.fine("apply", PROGRAMME)
    session("ingest", write(tmp_path / "future.ndjson", listing("2088-01-01T00:00:00Z"), point("p1", "2026-11-03T00:00:00Z")))
    found = session("assess", "--from", "2026-11-03", "--to", "2026-11-04", "--format", "json")
    (notice,) = [notice for notice in found.json["notices"] if notice["key"] == "evidence-from-the-future"]
    assert notice == {"key": "evidence-from-the-future", "count": 1, "sources": ["messages-db"]}


def test_points_told_with_two_contents_are_named(session: Session, tmp_path: Path) -> None:
    session.fine("apply", PROGRAMME)
    session("ingest", write(tmp_path / "one.ndjson", listing("2026-11-04T00:00:00Z"), point("p1", "2026-11-03T00:00:00Z")))
    session("ingest", write(tmp_path / "two.ndjson", listing("2026-11-05T00:00:00Z"), point("p1", "2026-11-02T00:00:00Z")))
    found = session("assess", "--from", "2026-11-03", "--to", "2026-11-04", "--format", "json")
    (notice,) = [notice for notice in found.json["notices"] if notice["key"] == "conflicting-points"]
    assert notice == {"key": "conflicting-points", "count": 1, "points": ["messages-db / nas-dc1 / p1"]}


def test_without_a_programme_nothing_is_judged(session: Session) -> None:
    done = session("assess", "--from", "2026-11-01", "--to", "2026-11-02")
    assert done.code == 2
    assert "no programme is applied, so nothing is promised and there is nothing to judge" in done.err


@pytest.mark.parametrize(
    ("since", "until", "message"),
    [
        ("2026-11-02", "2026-11-01", "ends before it begins"),
        ("2026-11-02", "2026-11-02", "is empty"),
        ("1900-01-01", "2026-01-01", "periods lie between"),
    ],
)
def test_periods_that_cannot_be(session: Session, since: str, until: str, message: str) -> None:
    session.fine("apply", PROGRAMME)
    done = session("assess", "--from", since, "--to", until)
    assert (done.code, message in done.err) == (2, True)


def test_a_share_of_nothing_is_no_promise(session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "programme"
    folder.mkdir()
    for file in PROGRAMME.glob("*.yaml"):
        (folder / file.name).write_bytes(file.read_bytes())
    text = (folder / "policy-core.yaml").read_text(encoding="utf-8")
    rpo = next(line for line in text.splitlines() if line.strip().startswith("rpo:"))
    (folder / "policy-core.yaml").write_text(text.replace(rpo, "  rpo: {target: 1h, at_least: 0%}"), encoding="utf-8")
    done = session("apply", folder)
    assert done.code == 2
    assert "0% is not a share that can be asked for" in done.err


def test_names_with_brackets_are_printed_as_they_are(session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "programme"
    folder.mkdir()
    for file in PROGRAMME.glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        (folder / file.name).write_text(text.replace("im-messages-db", "'[/x] [red]a'"), encoding="utf-8")
    session.fine("apply", folder)
    assert "[/x] [red]a" in session("assess", "--from", "2026-11-03", "--to", "2026-11-04").out


def test_points_that_do_not_say_when_they_were_captured_are_counted(session: Session, tmp_path: Path) -> None:
    session.fine("apply", PROGRAMME)
    undated = json.dumps(json.loads(point("p2", "2026-11-03T00:00:00Z")) | {"captured_at": None})
    session("ingest", write(tmp_path / "one.ndjson", listing("2026-11-04T00:00:00Z"), point("p1", "2026-11-03T00:00:00Z"), undated))
    found = session("assess", "--from", "2026-11-03", "--to", "2026-11-04", "--format", "json")
    (notice,) = [notice for notice in found.json["notices"] if notice["key"] == "no-capture-time"]
    assert notice == {"key": "no-capture-time", "count": 1, "sources": ["messages-db"]}
