"""Veeam ONE: the report of protected machines, and the traps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.errors import InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden

TOOL = "veeam-one"
AT = datetime(2026, 11, 22, 8, tzinfo=UTC)


def read(payload: bytes, **known: Any) -> Facts:
    told = {"source": "one", "observed_at": AT, "complete": True, "timezone": "Europe/Berlin", **known}
    return _registry.read(TOOL, payload, Envelope(tool=TOOL, **told))


def own(name: str) -> bytes:
    return (golden.DATA / TOOL / name).read_bytes()


def test_the_report() -> None:
    facts = read(own("protected_vms.csv"))
    assert dict(facts.runs.select("subject", "outcome").iter_rows()) == {"sql01": "success", "files01": "warning"}
    assert facts.runs["finished_at"].to_list()[0] == datetime(2026, 11, 20, 20, 31, 11, tzinfo=UTC)
    assert facts.runs["started_at"].null_count() == 2
    assert facts.points.is_empty()
    assert facts.listings.is_empty()


def test_titles_groups_and_bad_rows() -> None:
    facts = read(own("with-titles.csv"))
    assert dict(facts.runs.select("subject", "outcome").iter_rows()) == {"sql01": "success", "app01": "failed"}
    assert [fault.locator for fault in facts.faults] == ["line 9", "line 7"]


def test_a_zone_is_needed_and_days_must_be_told_from_months() -> None:
    assert read(own("protected_vms.csv"), timezone=None).runs.is_empty()
    ambiguous = own("protected_vms.csv").replace(b"11/20/2026", b"11/2/2026").replace(b"11/21/2026", b"11/3/2026")
    with pytest.raises(InputError, match="two ways"):
        read(ambiguous)


def test_another_table_is_refused() -> None:
    with pytest.raises(InputError, match="declare a mapping"):
        read(b"a,b\n1,2\n")
