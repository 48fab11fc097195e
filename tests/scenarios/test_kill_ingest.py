"""A few kills of the campaign in kill_ingest.py; `make fuzz` runs it whole."""

from __future__ import annotations

import importlib.util
import random
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("kill_ingest.py")


@pytest.mark.slow
def test_three_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("kill_ingest", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    sys.modules["kill_ingest"] = script
    spec.loader.exec_module(script)
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    report = script.campaign(3, seed, tmp_path)
    assert report.kills == 3
    assert sum(report.where.values()) == 3
