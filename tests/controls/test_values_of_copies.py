"""What a leg of copies counts: each value once, and in one stretch for as long as it is there."""

from __future__ import annotations

import polars as pl
import pytest

from audit.controls.copies import Copies, _values
from audit.model.world import Layer

TERMS = Copies.model_validate({"max_age": "any", "production": False})
LAYER = Layer(
    pl.DataFrame({"code": [0], "begin": [0], "end": [100], "city": ["A"], "medium": ["disk"], "failure_domain": ["own"]}), 1
)


def held(rows: list[tuple[int, int, str, str]]) -> pl.DataFrame:
    """Return what repositories hold: begin, end, name and the failure domain at the time."""
    return pl.DataFrame(
        [(0, begin, end, name, domain, "disk", "B", "A", True, False) for begin, end, name, domain in rows],
        schema=["code", "begin", "end", "name", "failure_domain", "medium", "city", "city_of", "offline", "mirror"],
        orient="row",
    )


@pytest.mark.parametrize("leg", ["offsite", "immutable", "offline"])
def test_a_repository_whose_attributes_change_is_one_stretch(leg: str) -> None:
    rows = held([(10, 40, "r", "d1"), (40, 90, "r", "d2"), (20, 50, "s", "d1")])
    found = _values(LAYER, rows, leg, TERMS, sure=True).collect()
    assert sorted(found.select("code", "begin", "end").rows()) == [(0, 10, 90), (0, 20, 50)]


def test_repositories_of_one_failure_domain_count_once() -> None:
    rows = held([(10, 40, "r", "d1"), (20, 50, "s", "d1"), (60, 70, "s", "d1"), (15, 30, "t", "d2")])
    found = _values(LAYER, rows, "count", TERMS, sure=True).collect()
    assert sorted(found.select("code", "begin", "end").rows()) == [(0, 10, 50), (0, 15, 30), (0, 60, 70)]
