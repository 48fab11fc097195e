"""Why what people record is unproven, and which records a breach names."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle.cases_of_findings import CASES_OF_FINDINGS
from tests.oracle.cases_of_governed import CASES_OF_GOVERNED
from tests.oracle.direct import assess_directly


def judged(name: str) -> dict[str, Any]:
    """Return what the program says of the hand-made case of a name, by the control that it is about."""
    (case,) = [one for one in [*CASES_OF_GOVERNED, *CASES_OF_FINDINGS] if one.case.name == name]
    ((_, _, control, _),) = case.expected
    found = [one for one in assess_directly(case.case)["results"] if one["control"] == control]
    return {
        "reasons": [stretch["reason"] for one in found for stretch in one["unproven"]],
        "records": [[told["record"] for told in breach["detail"]["records"]] for one in found for breach in one["breaches"]],
    }


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("a runbook: no runbook was ever recorded", ["no-runbook"]),
        ("a runbook: published and never reviewed: it is due within the term", ["no-runbook"]),
        ("a runbook: one that awaits its first review", ["runbook-not-reviewed"]),
        ("a runbook: of what lies after the newest entry nothing is known to be overdue", ["not-yet-known"]),
        ("training: a runbook for which nobody was ever trained", ["no-training"]),
        ("training: what nobody confirmed may be so", ["training-not-confirmed"]),
        ("an agreement: nobody ever proposed it", ["not-proposed"]),
        ("an agreement: the unit has time to answer", ["not-proposed"]),
        ("an agreement: a unit that takes the asset over has not signed", ["not-signed-yet"]),
        ("a provider: nobody ever assessed it", ["vendor-not-assessed"]),
        ("a provider: nobody has decided on it", ["vendor-not-assessed"]),
        ("a provider: a repository that nobody declared may be a provider's", ["mixed"]),
        ("a provider: in use until the last copy has gone", ["presence"]),
        ("a finding: without a statement nothing is met", ["no-statement", "no-statement"]),
        ("a finding: once the statement has run out", ["statement-expired"]),
        ("a finding: no statement tells what nobody knows yet", ["not-yet-known"]),
    ],
)
def test_why_it_is_unproven(name: str, reasons: list[str]) -> None:
    assert judged(name)["reasons"] == reasons


@pytest.mark.parametrize(
    ("name", "records"),
    [
        ("a runbook: each runbook has to be reviewed", [["runbook-2"]]),
        ("a runbook: retired, and none is left", [["runbook-1"]]),
        ("training: two are trained, until the training of one expires", [["training-2", "training-3"]]),
        ("training: for each runbook", [["training-5"], ["training-2", "training-3"]]),
        ("a provider: renewed too late", [["vendor-1"]]),
        ("a provider: it lapsed", [["vendor-1"]]),
        ("an agreement: put to it once more, and refused", [["agreement-1", "agreement-2"]]),
        ("an agreement: withdrawn, and with it the signature", [["agreement-1"]]),
        ("a finding: overdue from its due date on, whatever is stated", [["finding-1"]]),
        ("a finding: two that overlap", [["finding-1", "finding-2"]]),
        ("a finding: more time that comes too late cures nothing", [["finding-1"], ["finding-1"]]),
        ("a finding: a statement that it does not hold, beside", [["finding-1", "attestation-2"]]),
        ("a finding: a statement that it does not hold stands", [["attestation-1"]]),
    ],
)
def test_which_records_a_breach_names(name: str, records: list[list[str]]) -> None:
    assert judged(name)["records"] == records
