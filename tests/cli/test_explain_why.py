"""explain says why, as it is typed: the points in doubt and what says so, what bounds what is met, reasons in words of both languages, and the envelope where that is the place."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.cli.session import PERIOD, Session, told


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return told(tmp_path_factory.mktemp("explain") / "data")


@pytest.fixture(scope="module")
def copies(session: Session) -> Any:
    return session.fine("explain", "im-messages-db", "copies", *PERIOD, "--format", "json").json


def references(value: Any) -> set[tuple[int, str, str]]:
    if isinstance(value, dict):
        mine = {(ref["entry"], ref["sha256"], ref["locator"]) for ref in value.get("evidence", ())}
        return mine.union(*(references(one) for key, one in value.items() if key != "evidence"))
    return set().union(*(references(one) for one in value)) if isinstance(value, list) else set()


def test_every_place_that_is_named_is_shown(copies: Any) -> None:
    shown = {(one["entry"], one["sha256"], one["locator"]) for one in copies["evidence"]}
    assert references(copies["results"]) == shown
    assert all(one["excerpt"] for one in copies["evidence"])


def test_unproven_stretches_say_why_in_words_beside_the_key(session: Session, copies: Any) -> None:
    stretches = [one for result in copies["results"] for one in result["unproven"]]
    went = [one for one in stretches if "presence" in (one["reason"], *one["detail"].get("reasons", ()))]
    assert went
    assert all("A recovery point may have gone between two listings." in one["text"] for one in went)
    doubts = [doubt for one in stretches for point in one.get("points", {}).get("points", ()) for doubt in point["doubts"]]
    assert doubts
    assert all(re.fullmatch(r"The listing of \S+Z is the last .*\.", one["text"]) for one in doubts if one["reason"] == "presence")
    chinese = session.fine("explain", "im-messages-db", "copies", *PERIOD, "--format", "json", "--lang", "zh").json
    texts = [one["text"] for result in chinese["results"] for one in result["unproven"]]
    assert len([text for text in texts if "恢复点可能在两次清单之间消失。" in text]) == len(went)
    assert [one["reason"] for result in chinese["results"] for one in result["unproven"]] == [one["reason"] for one in stretches]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            ["unproven 2026-", "A recovery point may have gone between two listings. (source messages-db", "In doubt there: ", "The last complete listing of "],
        ),
        (
            "zh",
            [
                "未证实：2026-", "恢复点可能在两次清单之间消失。（来源：messages-db", "此处存疑的恢复点共", "截至当时nas-dc1最近一份完整清单（messages-db）取得于",
                "证据：存证第",
            ],
        ),
    ],
)  # fmt: skip
def test_it_is_told_in_the_language_asked_for(session: Session, language: str, said: list[str]) -> None:
    shown = session.fine("explain", "im-messages-db", "copies", *PERIOD, "--lang", language).out
    assert [text for text in said if text not in shown] == []
    assert not re.search(r"Z: (presence|mixed|chain|unseen)", shown)


def test_the_envelope_is_shown_and_not_the_payload(session: Session, copies: Any) -> None:
    envelopes = [one for one in copies["evidence"] if one["locator"] == "envelope"]
    for one in envelopes:
        assert '"tool": ' in one["excerpt"]
    lines = session.fine("explain", "fileserver-finance", "recovery-point", *PERIOD, "--format", "json").json["evidence"]
    (first, *_) = [one["excerpt"] for one in (*envelopes, *lines) if one["locator"] == "envelope"]
    assert first.startswith("{")
    assert first.endswith("}")


def test_a_met_control_names_what_bounds_its_judged_time(session: Session) -> None:
    period = ("--from", "2026-11-05", "--to", "2026-11-08T12:00:00+08:00")
    found = session.fine("explain", "im-messages-db", "recovery-point", *period, "--format", "json").json
    (result,) = found["results"]
    assert result["verdict"] == "met"
    first, last = result["bounds"]
    assert (first["at"], last["at"]) == ("2026-11-04T16:00:00Z", "2026-11-08T03:59:59.999999Z")
    assert all(point["evidence"] for bound in (first, last) for point in bound["points"]["points"])
    shown = session.fine("explain", "im-messages-db", "recovery-point", *period).out
    assert "  At 2026-11-04T16:00:00Z there surely lived, the newest of each repository: im-2026" in shown
    assert "    evidence: journal entry " in shown
