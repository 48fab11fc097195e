"""Garbage is looked for again after work in one go, whatever happens in it."""

from __future__ import annotations

import gc
import threading

import pytest

from audit.policy.in_one_go import in_one_go


def test_it_is_stopped_within_and_goes_on_after() -> None:
    with in_one_go():
        assert not gc.isenabled()
        with in_one_go():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="x"), in_one_go():
        raise ValueError("x")
    assert gc.isenabled()


def test_who_had_stopped_it_before_finds_it_stopped() -> None:
    gc.disable()
    try:
        with in_one_go():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_threads_that_overlap_leave_it_on() -> None:
    within, go_on = threading.Event(), threading.Event()

    @in_one_go()
    def long() -> None:
        within.set()
        go_on.wait(10)

    thread = threading.Thread(target=long)
    thread.start()
    within.wait(10)
    with in_one_go():
        go_on.set()
        thread.join(10)
    assert gc.isenabled()
