"""Every sample yields what stands beside it.

`pytest tests/adapters/test_golden.py --rewrite-golden` writes it anew: read the difference before you keep it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.adapters import _registry
from audit.errors import InputError
from tests.adapters import golden

SAMPLES = golden.samples()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_sample_yields_what_stands_beside_it(path: Path, request: pytest.FixtureRequest) -> None:
    beside = path.with_name(path.name + ".expected.json")
    found = golden.golden(path)
    if request.config.getoption("--rewrite-golden"):
        beside.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(beside.read_text(encoding="utf-8"))


CLAIMED = [path for path in SAMPLES if _registry.mapping_of(path.parent.name) is None]
MAPPED = [path for path in SAMPLES if path not in CLAIMED]


@pytest.mark.parametrize("path", MAPPED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_table_that_needs_a_mapping_is_claimed_by_nobody(path: Path) -> None:
    with pytest.raises(InputError):
        _registry.recognise(path.name, path.read_bytes())


@pytest.mark.parametrize("path", CLAIMED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_sample_is_recognised_by_its_content_alone(path: Path) -> None:
    assert _registry.recognise("", path.read_bytes()) == path.parent.name
    assert _registry.recognise("misleading.csv.gz", path.read_bytes()) == path.parent.name


def test_nothing_expected_lies_about_without_its_sample() -> None:
    for tool in golden.adapters():
        for beside in (golden.DATA / tool).glob("*.*.json"):
            if beside.name.endswith((".expected.json", ".envelope.json")):
                assert beside.with_name(beside.name.rsplit(".", 2)[0]).is_file(), beside


def test_every_adapter_has_samples() -> None:
    assert {path.parent.name for path in SAMPLES} == set(_registry.tools())
