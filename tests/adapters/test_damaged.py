"""Damaged payloads: no exception but `InputError`, whatever the bytes. The full campaign is `make fuzz`; its seeds begin where these end."""

from __future__ import annotations

import os
from collections.abc import Callable
from multiprocessing.connection import Connection

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.adapters import _registry
from audit.errors import InputError
from audit.model.envelope import Envelope
from tests.adapters import fuzz

QUICK, MANY = 24, 300
"""Of each adapter: in the quick tests, and 2 % of a campaign in all of them."""
FINE = {"clean", "with faults", "refused"}


def told(tool: str, seeds: range) -> dict[str, tuple[str, str]]:
    """Return the attempts that ended as none may."""
    ended = {f"{tool}:{seed}": fuzz.guarded(tool, seed) for seed in seeds}
    return {at: how for at, how in ended.items() if how[0] not in FINE}


@pytest.mark.parametrize("tool", sorted(_registry.tools()))
def test_damaged_samples(tool: str) -> None:
    assert not told(tool, range(QUICK))


@pytest.mark.slow
@pytest.mark.parametrize("tool", sorted(_registry.tools()))
def test_many_damaged_samples(tool: str) -> None:
    assert not told(tool, range(QUICK, MANY))


def test_attempts_end_in_every_way_and_the_same_way_each_time() -> None:
    ended = [fuzz.attempt("restic", seed) for seed in range(60)]
    assert set(ended) == FINE
    assert ended[:20] == [fuzz.attempt("restic", seed) for seed in range(20)]


def _hang(*_: object) -> None:
    while True:
        pass


def _eat(*_: object) -> None:
    assert b"x" * 10 * fuzz.FLOOR


def _raise(*_: object) -> None:
    raise KeyError("name")


@pytest.mark.parametrize(("does", "ends"), [(_hang, "HUNG"), (_eat, "GREEDY"), (_raise, "RAISED")])
def test_what_breaks_a_limit_is_told(monkeypatch: pytest.MonkeyPatch, does: Callable[..., None], ends: str) -> None:
    monkeypatch.setattr(fuzz, "SECONDS", 0.5)
    monkeypatch.setattr(fuzz, "_read", does)
    assert fuzz.guarded("restic", 1)[0] == ends


def _die(jobs: list[fuzz.Job], pipe: Connection) -> None:
    for _, seed in jobs:
        if seed == 2:
            os._exit(3)
        pipe.send(("clean", ""))


def test_a_process_that_dies_is_told_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "_worker", _die)
    ended = {seed: how for (_, seed), how, _ in fuzz.results(fuzz.jobs_of(6, 0, ["restic"], each=True))}
    assert ended == {0: "clean", 1: "clean", 2: "DIED", 3: "clean", 4: "clean", 5: "clean"}


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


@pytest.mark.parametrize("payload", [b"\x0b", b"\x1c\n\x0c", "\u2028\n".encode(), "\ufeff\x85".encode()])
def test_nothing_but_blanks_of_any_kind_is_empty(payload: bytes) -> None:
    for tool in _registry.tools():
        with pytest.raises(InputError, match=r"is empty|is no table|mapping"):
            _registry.read(tool, payload, Envelope(tool=tool, source="s", repository="r"))
