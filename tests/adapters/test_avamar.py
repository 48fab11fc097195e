"""Avamar: what its sample says as values, and the traps of its format."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.errors import InputError
from audit.model.envelope import Envelope, time_text
from audit.model.facts import Facts
from tests.adapters import golden

TOOL = "avamar"
FILE = golden.DATA / TOOL / "activities.xml"
TEXT = FILE.read_text()


def read(payload: str, **fields: Any) -> Facts:
    given = {
        "source": "a",
        "repository": "g",
        "timezone": "Europe/Berlin",
        "observed_at": datetime(2026, 11, 22, tzinfo=UTC),
        "complete": True,
    } | fields
    return _registry.read(TOOL, payload.encode(), Envelope(tool=TOOL, **given))


def test_activities() -> None:
    facts = golden.facts_of(FILE)
    assert facts.runs["outcome"].to_list() == ["success", "warning", "failed", "cancelled", "running", "success", "failed"]
    assert facts.runs["kind"].to_list() == ["backup"] * 5 + ["restore", "backup"]
    assert facts.runs["subject"].to_list()[:3] == [
        "/clients/sql01:Windows SQL",
        "/clients/files01:Linux File System",
        "/vc01/VirtualMachines/web02:Linux VMware Image",
    ]
    assert time_text(facts.runs["started_at"][0]) == "2026-11-20T20:00:00Z"
    assert not facts.faults


def test_completed_with_an_error_code_is_no_success() -> None:
    assert read(TEXT.replace("<ErrorCode>0<", "<ErrorCode>10020<", 1)).runs["outcome"][0] == "warning"
    assert read(TEXT.replace("<ErrorCode>0<", "<ErrorCode>30000<", 1)).runs["outcome"][0] == "success"


def test_local_times_need_a_zone_and_those_in_utc_do_not() -> None:
    assert read(TEXT, timezone=None).runs.is_empty()
    assert time_text(read(TEXT.replace(" CET", " UTC"), timezone=None).runs["started_at"][0]) == "2026-11-20T21:00:00Z"


@pytest.mark.parametrize(
    ("old", "new"), [("<Status>Completed<", "<Status>Perfect<"), ("<Type>Scheduled Backup<", "<Type>Juggling<")]
)
def test_unknown_words_are_quarantined(old: str, new: str) -> None:
    facts = read(TEXT.replace(old, new, 1))
    assert facts.runs.height == 6
    assert len([fault for fault in facts.faults if fault.level == "error"]) == 1
    assert facts.listings.is_empty()


def test_a_command_that_failed_or_was_cut_off() -> None:
    assert [fault.key for fault in read(TEXT.replace("<ReturnCode>0<", "<ReturnCode>1<")).faults if fault.level == "error"] == [
        "ReturnCode"
    ]
    with pytest.raises(InputError, match="no XML that is whole"):
        read(TEXT[:1500])
