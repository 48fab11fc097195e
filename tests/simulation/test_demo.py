"""The demo as it is shown to newcomers: `make demo`."""

from __future__ import annotations

import json
import re

import pytest

from audit.steps.report import formats
from tests.simulation.conftest import Demo

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]


def test_the_demo_tells_what_is_true_and_run_again_changes_nothing(demo: Demo) -> None:
    def files() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (demo.data / "reports").iterdir() if path.is_file()}

    made = files()
    wanted = {"annual-review": formats(), "drills": ["html", "pdf"]}
    names = [f"{report}-{language}.{fmt}" for report in wanted for language in ("en", "zh") for fmt in wanted[report]]
    assert sorted(made) == sorted([*names, "assessment.json"])
    assert json.loads(made["assessment.json"])["as_known_at"] == 3754
    assert (
        "462 verdicts, one for each promise (and each leg of it) on each asset: 269 met, 20 breached, 173 unproven.\n" in demo.said
    )
    found = re.findall(r"^ +([a-z ]+): (\d+) of (\d+) verdicts are what the truth says, to the second\.$", demo.said, re.MULTILINE)
    assert len(found) == 12
    assert all(told == of for _, told, of in found), demo.said
    assert "Nothing was new" not in demo.said
    again = demo.run()
    assert "3753 file(s): 0 new, 3753 already known\n" in again
    assert "Nothing was new: the journal still ends with entry 3754" in again
    assert files() == made
