"""Cells that are made once: most cells of a long table stand in many of its rows, and a writer writes each that it meets again as before."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Made = TypeVar("Made")


def once(make: Callable[Given, Made]) -> Callable[Given, Made]:
    """Return a function that returns for the same values the same object as before. 1 and 1.0 are told apart, for they are written apart."""
    return lru_cache(maxsize=None, typed=True)(make)  # type: ignore[return-value]
