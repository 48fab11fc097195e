"""A folder is its own registry: every module in it that has no leading underscore is found, its id is its file name."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


@cache
def modules(package: str) -> dict[str, ModuleType]:
    """Return the plug-ins of a package by id, sorted. `copy_age.py` has the id `copy-age`."""
    return {name: import_module(path) for name, path in _paths(package).items()}


def modules_named(package: str, names: Collection[str]) -> dict[str, ModuleType]:
    """Return those plug-ins of a package that have one of these ids; no other is loaded."""
    return {name: import_module(path) for name, path in _paths(package).items() if name in names}


@cache
def _paths(package: str) -> dict[str, str]:
    names = sorted(info.name for info in iter_modules(import_module(package).__path__) if not info.name.startswith("_"))
    return {name.replace("_", "-"): f"{package}.{name}" for name in names}
