"""What becomes known of the period of a closed review: listed, and followed in findings; the review stays as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.session import DEMO, Session, promising
from tests.cli.test_records_of_reviews import HEADS, day

NOVEMBER = ("--from", "2026-11-01", "--to", "2026-11-24")


@pytest.fixture
def session(tmp_path: Path) -> Session:
    session = promising(tmp_path)
    session.fine("ingest", "--source", "messages-db", "--repository", "nas-dc1", DEMO / "nas-dc1")
    return session


def close(session: Session) -> str:
    told = ("--title", "November", "--since", "2026-11-01", "--until", "2026-11-24", "--due", day(20))
    name = session.fine("review", "open", *told, "--by", "Li Na").out.split()[0]
    for unit in session.fine("review", "show", name).json["units"]:
        session.fine("review", "sign", name, "--unit", unit, "--capacity", "head", "--by", HEADS[unit])
    session.fine("review", "close", name, "--next", day(300), "--statement", "All is well.", "--by", "Li Na")
    return name


def test_what_becomes_known_later_is_listed_and_followed(session: Session) -> None:
    assert session.fine("reconsider").out == "No review is closed.\n"
    name = close(session)
    assert "nothing became known that could change it" in session.fine("reconsider").out
    before = session.fine("review", "show", name).json
    reviewed = session.assess(*NOVEMBER)
    session.fine("ingest", "--source", "messages-db", "--repository", "vault-hz", DEMO / "vault-hz")
    now = session.assess(*NOVEMBER)

    done = session("reconsider", "--format", "json")
    assert done.code == 1, done.err
    (told,) = json.loads(done.out)
    assert (told["review"], told["reviewed_at_entry"], told["assets"]) == (name, before["as_known_at"], ["im-messages-db"])
    # The same as comparing the two assessments of everything.
    verdicts = [
        {(one["asset"], one["control"], one["leg"]): one["verdict"] for one in assessment["results"]}
        for assessment in (reviewed, now)
    ]
    moved = {key: (verdicts[0][key], verdicts[1][key]) for key in verdicts[1] if verdicts[0][key] != verdicts[1][key]}
    listed = {
        (one["asset"], one["control"], one["leg"]): (one["verdict_before"], one["verdict_after"])
        for one in told["comparison"]["promises"]
    }
    assert moved
    assert {key: listed[key] for key in moved} == moved
    breached = [key for key, (_, after) in moved.items() if after == "breached"]
    followed = session.fine("findings", "--format", "ndjson").rows
    assert told["findings"]["follow"] == len(followed)
    assert set(breached) <= {(one["asset"], one["control"], one["leg"]) for one in followed}
    assert session.fine("review", "show", name).json == before

    text = session("reconsider", name)
    assert (text.code, "as known at entry" in text.out, "Nothing new: findings say" in text.out) == (1, True, True), text.out
    other = session("reconsider", "review-1")
    assert (other.code, "review-1" in other.err) == (2, True), other.err
