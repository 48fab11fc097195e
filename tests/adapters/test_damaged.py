"""Damaged payloads: no exception but `InputError`, whatever the bytes. The full campaign is `python -m tests.adapters.fuzz COUNT`."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.adapters import _registry
from audit.errors import InputError
from audit.model.envelope import Envelope
from tests.adapters import fuzz


@pytest.mark.parametrize("block", range(6))
def test_damaged_samples(block: int) -> None:
    ended = {fuzz.attempt(seed) for seed in range(block * 50, block * 50 + 50)}
    assert ended == {"clean", "with faults", "refused"}


@pytest.mark.parametrize("tool", sorted(_registry.tools()))
@given(payload=st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_bytes(tool: str, payload: bytes) -> None:
    points = faults = None
    try:
        points = _registry.read(tool, payload, Envelope(tool=tool, source="s", repository="r")).points
    except InputError as error:
        faults = error.faults
    assert faults if points is None else points.is_empty()
