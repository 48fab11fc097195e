"""Samples and what they must yield, side by side: shared by the tests of adapters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from audit.adapters import _registry
from audit.errors import InputError
from audit.model.envelope import Envelope, time_text
from audit.model.facts import Facts

DATA = Path(__file__).resolve().parents[1] / "data"
_BESIDE = (".envelope.json", ".expected.json")
_TEXTS = {"README.md", "COMMANDS.tsv"}


def adapters() -> list[str]:
    return [tool for tool in _registry.tools() if (DATA / tool).is_dir()]


def samples() -> list[Path]:
    """Every sample of every adapter."""
    found = [path for tool in adapters() for path in sorted((DATA / tool).iterdir())]
    return [path for path in found if not path.name.endswith(_BESIDE) and path.name not in _TEXTS]


def envelope(path: Path) -> Envelope:
    """The sidecar of a sample, with the tool of its folder."""
    sidecar = path.with_name(path.name + ".envelope.json")
    values = json.loads(sidecar.read_text(encoding="utf-8")) if sidecar.exists() else {}
    return Envelope.from_json({"tool": path.parent.name, "name": path.name, **values})


def facts_of(path: Path) -> Facts:
    return _registry.read(path.parent.name, path.read_bytes(), envelope(path))


def golden(path: Path) -> dict[str, Any]:
    """What a sample yields: rows with their known fields, in a fixed order, and faults; or the reason for which all of it is
    refused.
    """
    try:
        facts = facts_of(path)
    except InputError as error:
        return {"refused": [str(fault) for fault in error.faults]}
    found: dict[str, Any] = {
        kind: sorted((_known(row) for row in frame.to_dicts()), key=str) for kind, frame in facts.by_kind().items()
    }
    found["faults"] = sorted(f"{fault.level}: {fault}" for fault in facts.faults)
    return {kind: rows for kind, rows in found.items() if rows}


def _known(row: dict[str, Any]) -> dict[str, Any]:
    return {key: _plain(value) for key, value in row.items() if value is not None and (key, value) != ("ambiguous", False)}


def _plain(value: Any) -> Any:
    return time_text(value) if hasattr(value, "tzinfo") else value
