"""Who signed the policy versions of a review, as it stood when each was last in force in the period."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from audit.model.estate import AWAITING, Estate
from audit.register.acts import frames
from audit.register.records._record import Done, records_of
from audit.register.records.agreement import ACTS
from audit.reporting.words import plain

TEXT = "a" * 64
NAMED = {"customer-operations": "Wang Wei", "platform": "Zhang Min", "people": "Li Na"}


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def with_acts(estate: Estate, *acts: tuple[str, str, dict[str, Any], str]) -> Estate:
    """Return an estate in which version 3 of the policy was put to the units, and acts (day, name, values, id) were done."""
    proposed = {"policy": "core-messages", "version": 3, "until": "2026-07-01T00:00:00Z", "text": TEXT}
    names = list(dict.fromkeys(one[3] for one in acts))
    told = [
        (name, Done(number, day("2026-05-21"), "propose", "officer", "0" * 64, proposed)) for number, name in enumerate(names, 1)
    ]
    for number, (when, act, values, name) in enumerate(acts, len(told) + 1):
        told.append((name, Done(number, day(when), act, NAMED.get(values.get("unit", ""), "officer"), "0" * 64, values)))
    policies = tuple(replace(one, sha256=TEXT if one.version == 3 else "b" * 64) for one in estate.policies)
    return replace(estate, policies=policies, records=frames({"agreement": records_of(ACTS, told)}))


def signed(review: Any, estate: Estate, language: str = "en") -> list[str]:
    """Return what the review says of each version's signatures."""
    document = review(language, estate=estate)
    (table,) = [block for part in document.sections for block in part.blocks if block.kind == "table" and block.id == "policies"]
    place = [column.key for column in table.columns].index("signed")
    return [plain(row[place].value) for row in table.rows]


def sign(unit: str, when: str, name: str = "agreement-1") -> tuple[str, str, dict[str, Any], str]:
    return when, "sign", {"unit": unit, "capacity": "head", "text": TEXT}, name


def refuse(unit: str, when: str, name: str = "agreement-1") -> tuple[str, str, dict[str, Any], str]:
    return when, "refuse", {"unit": unit, "reason": "No.", "text": TEXT}, name


NOBODY = "Customer Operations: none on record; People: none on record; Platform: none on record"


def test_who_signed_and_who_did_not(review: Any, estate: Estate) -> None:
    told = with_acts(estate, sign("customer-operations", "2026-05-28"), sign("people", "2026-06-02"))
    assert signed(review, told) == [
        NOBODY,  # version 2 was put to nobody
        "Customer Operations: Wang Wei, 28 May 2026; People: Li Na, 2 June 2026; Platform: none on record",
    ]
    assert signed(review, told, "zh")[1] == "客户运营部：Wang Wei，2026年5月28日；人事部：Li Na，2026年6月2日；平台部：无签署记录"


@pytest.mark.parametrize(
    "after",
    [
        (refuse("people", "2026-09-01"),),
        (("2026-09-01", "withdraw", {"reason": "A slip."}, "agreement-1"),),
        (refuse("people", "2026-09-01", "agreement-2"),),
    ],
)
def test_what_ended_before_the_period_did_is_not_listed(review: Any, estate: Estate, after: Any) -> None:
    told = with_acts(estate, sign("people", "2026-06-02"), *after)
    assert "People: none on record" in signed(review, told)[1]


def test_the_newest_signature_that_stands_is_listed(review: Any, estate: Estate) -> None:
    renewed = with_acts(estate, sign("people", "2026-06-02"), refuse("people", "2026-07-01"), sign("people", "2026-08-01"))
    assert "People: Li Na, 1 August 2026" in signed(review, renewed)[1]
    # What came after the period is not of it.
    later = with_acts(estate, sign("people", "2026-06-02"), refuse("people", "2027-03-01"))
    assert "People: Li Na, 2 June 2026" in signed(review, later)[1]


def test_what_waits_for_signatures_is_said(review: Any, estate: Estate) -> None:
    waits = replace(estate.policies[1], version=4, in_force=None, by_signature=True)
    row = {"policy": 2, "asset": "im-files", "unit": "customer-operations", "data_class": "files", "tier": "core"}
    told = replace(estate, policies=(*estate.policies, waits), awaiting=pl.DataFrame([row], schema=AWAITING))
    for language, said in (
        ("en", "core-messages 4 was applied and takes force once it is signed"),
        ("zh", "core-messages 4已提交，尚待签署后生效"),
    ):
        document = review(language, estate=told)
        notes = [plain(block.text) for part in document.sections for block in part.blocks if block.kind == "note"]
        assert any(note.startswith(said) for note in notes)
