"""Both parsers read alike what the fast one is let near."""

from __future__ import annotations

import contextlib
from pathlib import Path
from unittest.mock import patch

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from audit.policy import yaml_nodes
from audit.policy.yaml_reader import read_yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path for folder in ("policies", "reports", "tests/data") for path in (ROOT / folder).rglob("*.yaml"))
PIECES = ("a", "b: ", "- ", "? ", ": ", "\n", "\n  ", "\n    ", "[", "]", "{", "}", ", ", "'", '"', "#", " # ", "&x ", "*x", "!!str ", "|", ">", "|-", "NO", "~", "1_0", "0x1F", "12:30",
          "2026-01-01", "é", "中", "\t", "<<: ", "\\n", "%", "@", "---\n", "...\n", " ", "''", "!t ")  # fmt: skip


def slowly(text: str):
    with patch.object(yaml_nodes, "_shallow", return_value=False):
        return read_yaml("f.yaml", text)


def same(text: str) -> None:
    fast, slow = read_yaml("f.yaml", text), slowly(text)
    assert (fast.data, fast.marks, fast.faults) == (slow.data, slow.marks, slow.faults)
    assert repr(fast.data) == repr(slow.data)  # 1 is not 1.0, nor true


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_of_the_repository(path: Path) -> None:
    same(path.read_text(encoding="utf-8"))


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=18).map("".join))
@example("a: &x 1\nb: &x 2\nc: *x\n")
@example("a: b\u2028c: d\n")
@example("a: 'x\n\n  y'\nb: |\n  z\n\nc: >-\n  u\n  v\n")
@example("? a\n: b\n")
@example("{a: 1, b: [x, {c: 2}]}")
@example("a: [1, 2\n")
@example("a: 1\na: 2\n")
@example("%YAML 1.1\n---\na: NO\n")
def test_whatever_is_written(text: str) -> None:
    same(text)


def test_deep_texts_never_reach_the_parser_that_would_fall_over_them() -> None:
    deep = [
        "- " * 5_000 + "x",
        "[" * 500 + "]" * 500,
        "\n".join(" " * level + "a:" for level in range(400)),
        "? " * 3_000,
        "[\n" * 700,
    ]
    with patch.object(yaml, "compose", side_effect=AssertionError("must not be asked")):
        for text in deep:
            with contextlib.suppress(RecursionError):
                read_yaml("f.yaml", text)


def test_the_fast_one_is_used_for_what_people_write() -> None:
    text = (ROOT / "policies/enterprise-im/assets.yaml").read_text(encoding="utf-8")
    with patch.object(yaml_nodes, "YAML", side_effect=AssertionError("the slow one was asked")):
        assert len(read_yaml("assets.yaml", text).data["assets"]) > 10
