"""A seeded few of the estates that `python -m tests.oracle.metamorphic` tries; and each law can be broken."""

from __future__ import annotations

import pytest

from tests.oracle import metamorphic
from tests.oracle.metamorphic import LAWS, broken, within


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 104))
def test_no_law_between_assessments_is_broken(seed: int) -> None:
    assert broken(seed) == []


@pytest.mark.slow
def test_laws_can_be_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assessments that say something else each time they are asked break every law."""
    honest, asked = metamorphic.assess_directly, []

    def shifting(*given: object) -> object:
        found = honest(*given)  # type: ignore[arg-type]
        asked.append(found)
        day = len(asked) % 20 + 1
        for result in found["results"]:
            result["breaches"] = [{"from": f"1990-01-{day:02}T00:00:00Z", "to": f"1990-01-{day + 1:02}T00:00:00Z"}]
            result["unproven"] = []
        return found

    monkeypatch.setattr(metamorphic, "assess_directly", shifting)
    said = {law.__name__: [one for seed in range(1, 4) for one in law(seed)] for law in LAWS}
    assert {name: bool(found) for name, found in said.items()} == dict.fromkeys(said, True)
    assert within([(1, 2)], [(0, 3)])
    assert not within([(1, 4)], [(0, 3)])
