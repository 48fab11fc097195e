"""Samples that are others' text: they lie beside the repository where there are any, and never in it."""

from __future__ import annotations

from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples"


def sample(tool: str, name: str) -> bytes:
    """Return the bytes of a sample of a tool; the test is skipped where there is none."""
    path = SAMPLES / tool / name
    if not path.is_file():
        pytest.skip(f"the sample {tool}/{name} is not here")
    return path.read_bytes()
