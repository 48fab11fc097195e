"""compare and assess --what-if, as they are typed."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest

from tests.cli.session import PERIOD, Session, told


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return told(tmp_path_factory.mktemp("compare") / "data")


def test_what_was_known_earlier_is_compared_with_what_is_known_now(session: Session) -> None:
    found = session.fine("compare", *PERIOD, "--before-known-at", "1", "--format", "json").json
    assert found["before"]["as_known_at"] == 1
    assert found["after"]["as_known_at"] > 1
    (rpo,) = [row for row in found["promises"] if (row["asset"], row["control"]) == ("im-messages-db", "recovery-point")]
    assert (rpo["verdict_before"], rpo["verdict_after"]) == ("unproven", "breached")
    assert found["counts"]["new"] > 0
    assert found["counts"]["gone"] == 0


def test_two_periods_are_compared_as_a_table_and_as_csv(session: Session) -> None:
    halves = ("--from", "2026-11-12", "--to", "2026-11-24", "--before-from", "2026-11-01", "--before-to", "2026-11-12")
    shown = session.fine("compare", *halves).out
    assert "promises differ" in shown
    assert "im-messages-db" in shown
    rows = list(csv.DictReader(io.StringIO(session.fine("compare", *halves, "--format", "csv").out)))
    assert {"asset", "verdict_before", "verdict_after", "breached_seconds_after"} <= set(rows[0])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "nothing to compare with"),
        (("--before-from", "2025-01-01"), "--before-from and --before-to go together"),
        (("--before-known-at", "9999"), "the journal has no entry 9999"),
        (("--before-known-at", "1", "--control", "copys"), "did you mean `copies`?"),
    ],
)
def test_a_comparison_with_nothing_is_refused(session: Session, arguments: tuple[str, ...], said: str) -> None:
    done = session("compare", *PERIOD, *arguments)
    assert done.code == 2
    assert said in done.err


def test_what_if_shows_who_would_breach_beside_what_was_agreed(session: Session) -> None:
    done = session("assess", *PERIOD, "--asset", "im-messages-db", "--what-if", "rpo=30d")
    assert done.code == 0  # nothing would be breached
    assert "verdict: agreed" in done.out
    assert "1 promises differ" in done.out
    told = session.assess("--asset", "im-messages-db", "--what-if", "rpo={target: 10m}", "--scope", "tier=core")
    assert told["what_if"] == {"values": {"rpo": {"target": "10m"}}, "scope": {"tier": ["core"]}}
    assert {one["control"] for one in told["results"]} == {"recovery-point"}
    agreed, other = told["agreed"]["results"][0], told["results"][0]
    assert agreed["shares"]["breached"] < other["shares"]["breached"]
    assert told["comparison"]["counts"]["new"] > 0


def test_what_was_not_judged_is_not_said_to_be_the_same_nor_none(session: Session) -> None:
    rpo = ("--what-if", "rpo=10m")
    assert "Coverage: not judged" in session("assess", *PERIOD, *rpo).out
    told = session.assess(*rpo)
    assert told["coverage"]["in_service"] is None
    assert told["agreed"]["coverage"]["protected"] is None
    assert told["comparison"]["coverage"]["protected"] == {"before": None, "after": None}
    asked = ("--control", "recovery-point", "--control", "protection")
    moved = session.assess(*rpo, *asked)["comparison"]["coverage"]
    assert moved["in_service"]["before"] == moved["in_service"]["after"] > 0
    assert any(one["before"] > one["after"] for one in moved.values())
    assert "Coverage: protected" in session("assess", *PERIOD, *rpo, *asked).out
    assert "Coverage: not judged" in session.fine("compare", *PERIOD, "--before-known-at", "1", "--control", "copies").out
    assert "How many assets are protected was not judged" in session("assess", *PERIOD, "--control", "copies").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rpo=3d", "scope:policy=basic"), "that is what was agreed already"),
        (("copies.offsitee=2",), "did you mean `offsite`?"),
        (("copies.offsite=1h",), "where a whole number is needed"),
        (("rpo=1h", "rpo=2h"), "--what-if rpo is given twice"),
        (("rpo=3M",), "may be minutes or months"),
    ],
)
def test_a_what_if_that_cannot_be_is_refused_in_words(session: Session, arguments: tuple[str, ...], said: str) -> None:
    done = session("assess", *PERIOD, *_options(arguments))
    assert done.code == 2
    assert said in done.err


def _options(arguments: tuple[str, ...]) -> list[str]:
    told = [("--scope", one.removeprefix("scope:")) if one.startswith("scope:") else ("--what-if", one) for one in arguments]
    return [part for pair in told for part in pair]


def test_a_what_if_of_everything_is_kept_and_says_the_same_without_what_was_kept(session: Session) -> None:
    asked = ("--what-if", "rpo=2h", "--what-if", "copies.offsite=2", "--unit", "customer-operations")
    kept = session.data / "worlds"
    shutil.rmtree(kept, ignore_errors=True)
    first = session.assess(*asked)
    (place,) = kept.iterdir()
    written = (place / "00000" / "points.arrow").stat()
    assert session.assess(*asked) == first
    assert (place / "00000" / "points.arrow").stat() == written  # read, not written again
    assert (
        {one["unit"] for one in first["results"]} == {one["unit"] for one in first["agreed"]["results"]} == {"customer-operations"}
    )
    (place / "00000" / "points.arrow").write_bytes(b"damaged")
    assert session.assess(*asked) == first
    assert list(kept.iterdir()) == []
    kept.rmdir()
    kept.write_text("nothing can be written here")
    assert session.assess(*asked) == first
    kept.unlink()
    of_one = session.assess(*asked[:-2], "--asset", "im-messages-db")
    mine = [one for one in first["results"] if one["asset"] == "im-messages-db"]
    assert mine
    assert of_one["results"] == mine
    assert not kept.exists()


def test_what_was_kept_of_older_periods_makes_room(session: Session) -> None:
    ends = ("2026-11-20", "2026-11-22", "2026-11-24")
    names = set()
    for end in ends:
        session("assess", "--from", "2026-11-01", "--to", end, "--what-if", "rpo=2h")
        names.add(max((session.data / "worlds").iterdir(), key=lambda each: each.stat().st_mtime).name)
    assert len(names) == 3
    assert len(list((session.data / "worlds").iterdir())) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--what-if", "rpo"), "write KEY=VALUE, such as rpo=1h"),
        (("--what-if", "rpo="), "write KEY=VALUE"),
        (("--what-if", "rpo={"), "cannot be read as YAML"),
        (("--what-if", "rpoo=1h"), "did you mean `rpo`?"),
        (("--scope", "tier=core"), "give --what-if KEY=VALUE too"),
        (("--what-if", "rpo=1h", "--scope", "tier=cor"), "did you mean `core`?"),
        (("--what-if", "rpo=1h", "--keep"), "is not kept"),
        (("--what-if", "rpo=1h", "--format", "xlsx", "-o", "x.xlsx"), "--format table, json or csv"),
    ],
)
def test_what_cannot_be_asked_is_said(session: Session, arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = session("assess", *PERIOD, *arguments)
    assert done.code == 2
    assert said in done.err


def test_advice_is_what_was_kept(session: Session) -> None:
    shown = session.fine("advise", *PERIOD).out
    for title in ("RPO agreed", "RTO agreed", "one a month 99 %", "rests on", "-: at some time nothing surely lived"):
        assert title in shown
    rows = {row["asset"]: row for row in session.fine("advise", *PERIOD, "--format", "ndjson").rows}
    database = rows["im-messages-db"]
    assert database["rpo_agreed_seconds"] == 4200
    assert database["rpo_kept_seconds"] is None  # after the last listing nothing is sure
    assert database["rpo_at_best_seconds"] > database["rpo_at_best_99_seconds"] > database["rpo_typical_seconds"] > 3600
    judged = session.assess("--asset", "im-messages-db", "--what-if", f"rpo={int(database['rpo_at_best_seconds']) + 1}s")
    assert judged["results"][0]["shares"]["breached"] == 0
    assert session("advise", *PERIOD, "--asset", "im-mesages-db").code == 2
