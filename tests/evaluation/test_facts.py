"""From rows to points: what is told of a point more than once."""

from __future__ import annotations

from audit.evaluation.facts import resolve_facts
from audit.steps.facts import points_of
from tests.oracle.build import day, listing, p, programme, rows, run
from tests.oracle.case import Case
from tests.oracle.direct import rows_of_case


def test_encryption_counts_where_all_tell_the_same() -> None:
    words = {"yes": ("yes", None), "no": ("no", "no"), "both": ("no", "yes"), "silent": ("unknown", None)}
    first, second = ([p(name, 1, encrypted=told[turn]) for name, told in words.items()] for turn in (0, 1))
    told = [listing(5, *first), listing(6, *second), rows(9, p("both", 1, encrypted="yes"), run("r", 7, 8))]
    facts = resolve_facts(rows_of_case(Case("told", programme(), told, day(0), day(10))), {}, {False})
    shown = dict(points_of(facts).select("id", "encrypted").iter_rows())
    assert shown == {"yes": "yes", "no": "no", "both": None, "silent": None, "run:r": None}


def test_a_run_made_the_copy_that_has_its_capture_time_from_its_original() -> None:
    copy = p("c", None, "r2", copy_of_repository="r1", copy_of_id="o")
    told = [listing(5, p("o", 1)), listing(6, copy, repository="r2"), rows(9, run("r", 1, 2, repository="r2"))]
    facts = resolve_facts(rows_of_case(Case("told", programme(), told, day(0), day(10))), {}, {False})
    shown = points_of(facts).select("id", "captured_at", "available_at").rows()
    # Else the run would be a second point beside the copy that it made.
    assert {(name, captured.day, available.day) for name, captured, available in shown} == {("o", 2, 2), ("c", 2, 3)}
