"""Lines of `explain`: what is told of a point whose repository or capture time nobody told."""

from __future__ import annotations

import pytest

from audit.content import Content
from audit.reporting.explained import Telling, exact_context
from tests.oracle.build import PROGRAMME, policy
from tests.oracle.programme import estate_of


@pytest.mark.parametrize(
    ("language", "captured", "repository", "line"),
    [
        ("en", None, None, "x, captured nobody knows when"),
        ("en", None, "nas", "x in nas, captured nobody knows when"),
        ("zh", None, "nas", "x（位于nas，捕获时间不明）"),
        ("en", "2026-01-01T00:00:00Z", "nas", "x in nas, captured 2026-01-01T00:00:00Z"),
        ("zh", "2026-01-01T00:00:00Z", None, "x（捕获于2026-01-01T00:00:00Z）"),
    ],
)
def test_a_point_is_told_with_what_is_known_of_it(language: str, captured: str | None, repository: str | None, line: str) -> None:
    context = exact_context(Content(None), language, estate_of({**PROGRAMME, "policies": [policy({"rpo": "1d"})]}))
    point = {"id": "x", "captured_at": captured, "repository": repository, "evidence": [], "doubts": []}
    assert list(Telling(context, {}, None, 1).point(point, "  ")) == [f"  {line}"]  # type: ignore[arg-type]
