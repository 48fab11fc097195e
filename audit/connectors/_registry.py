"""The connectors of this folder by id, and their settings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_
from types import ModuleType
from typing import Any

from audit.connectors._fetching import Fetch
from audit.discovery import modules


def connectors() -> dict[str, ModuleType]:
    """Return the connectors by id: each has `Settings` (a `Fetch`) and `fetch(settings, asking)`, which yields `Fetched`."""
    return modules(__package__)


def settings_of_all() -> Any:
    """Return the union of the settings of all connectors."""
    return reduce(or_, (module.Settings for module in connectors().values()))


def settings_of(told: Mapping[str, Any]) -> Fetch:
    """Return the settings that a source declared, read again from their JSON."""
    settings: Fetch = connectors()[told["connector"]].Settings.model_validate(told)
    return settings
