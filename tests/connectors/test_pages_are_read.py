"""What connectors keep of an answer in several pages is read as if it had come in one: the same facts, and each record's own place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from audit.adapters import _registry
from audit.connectors._http import joined
from audit.evidence.places import text_of
from audit.model.facts import Facts
from audit.steps.explain import excerpt
from tests.adapters import golden

SAMPLES = [
    ("veeam-vbr", ("data",)),
    ("veritas-netbackup", ("data",)),
    ("commvault", ("jobs",)),
    ("cohesity", ("runs",)),
    ("rubrik", ("data", "activitySeriesConnection", "nodes")),
    ("rubrik", ("data", "snapshotsListConnection", "nodes")),
    ("aws-backup", ("RecoveryPoints",)),
    ("aws-backup", ("BackupJobs",)),
    ("azure-backup", ("value",)),
]


def at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def with_records(page: Any, path: tuple[str, ...], records: list[Any]) -> Any:
    key, *rest = path
    return {**page, key: with_records(page[key], tuple(rest), records) if rest else records}


def sample_of(tool: str, path: tuple[str, ...]) -> tuple[Path, Any, Facts]:
    """Return a sample that has at least two records at a path, and the facts that it gives."""
    for file in golden.samples():
        if file.parent.name == tool and file.suffix == ".json":
            value = json.loads(file.read_bytes())
            edges = at(value, (*path[:-1], "edges"))
            if isinstance(edges, list):  # what the connector asks for has nodes in their place
                value = with_records(value, path, [edge["node"] for edge in edges])
            if isinstance(at(value, path), list) and len(at(value, path)) > 1:
                facts = _registry.read(tool, json.dumps(value).encode(), golden.envelope(file))
                if sum(map(len, without_places(facts))) > 1:
                    return file, value, facts
    raise AssertionError(f"no sample of {tool} has several {path}")


def without_places(facts: Facts) -> list[Any]:
    return [frame.drop("locator").rows() for frame in facts.by_kind().values()]


@pytest.mark.parametrize(("tool", "path"), SAMPLES)
def test_pages_are_read_as_one_answer(tool: str, path: tuple[str, ...]) -> None:
    file, value, whole = sample_of(tool, path)
    records = at(value, path)
    pages = joined([json.dumps(with_records(value, path, [record])).encode() for record in records])
    paged = _registry.read(tool, pages, golden.envelope(file))
    assert without_places(paged) == without_places(whole)
    for kind, frame in paged.by_kind().items():
        if kind != "listing":
            for locator in frame["locator"]:
                assert locator.startswith("/"), locator
                assert excerpt(pages, locator) not in ("", "null"), locator
    assert text_of(pages, "utf-8").startswith("[")
