"""The documents of the interchange format and of adapters: their examples run, and they name every field and word."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from audit.adapters import _registry
from audit.adapters._rules import checked
from audit.adapters._typed import LATEST, MADE_HERE
from audit.model.envelope import Envelope
from audit.model.facts import SCHEMAS, WORDS

DOCS = Path(__file__).resolve().parents[2] / "docs"
FORMAT = (DOCS / "interchange.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"<!-- ingest: (\{.*?\}) -->\n```(?:ndjson|csv)\n(.*?)```", FORMAT, re.DOTALL)


def test_every_example_is_tested() -> None:
    assert len(EXAMPLES) == len(re.findall(r"```(?:ndjson|csv)", FORMAT)) == 4


@pytest.mark.parametrize(("told", "text"), EXAMPLES)
def test_an_example_is_recognised_and_read(told: str, text: str) -> None:
    expected = json.loads(told)
    payload = text.encode()
    tool = _registry.recognise("example", payload)
    facts = _registry.read(tool, payload, Envelope.from_json({"tool": tool, **expected.get("envelope", {})}))
    assert (facts.points.height, facts.runs.height, facts.listings.height) == (
        expected["points"],
        expected["runs"],
        expected["listings"],
    )
    assert facts.faults == ()


@pytest.mark.parametrize("kind", sorted(SCHEMAS))
def test_every_field_and_word_is_documented(kind: str) -> None:
    section = FORMAT.split(f"\n## {kind}\n")[1].split("\n## ")[0]
    for name in set(SCHEMAS[kind]) - MADE_HERE:
        assert f"`{name}`" in section, name
    everywhere = FORMAT.split("\n## recovery_point\n")[1]
    for words in WORDS[kind].values():
        for word in words:
            assert f"`{word}`" in everywhere, word


def test_the_times_that_take_the_later_reading_are_named() -> None:
    sentence = re.search(r"of its two readings\n(.*?) take the later", FORMAT)
    assert sentence is not None
    assert set(re.findall(r"`(\w+)`", sentence[1])) == LATEST


def test_the_smallest_adapter_works() -> None:
    text = (DOCS / "adapters.md").read_text(encoding="utf-8")
    source = re.findall(r"<!-- adapter -->\n```python\n(.*?)```", text, re.DOTALL)
    adapter = ModuleType("example")
    exec(compile(source[0], "docs/adapters.md", "exec"), adapter.__dict__)
    payload = b"2026-01-31T22:15:00Z OK vm-7 52428800\n2026-01-30T22:15:00Z PART vm-7 99\n"
    assert adapter.identify("", payload)
    assert not adapter.identify("", b"id,subject,captured_at\n")
    envelope = Envelope.from_json(
        {"tool": "example", "source": "s", "repository": "r", "observed_at": "2026-02-01T00:00:00Z", "complete": True}
    )
    facts = checked(adapter.read(payload, envelope), envelope)
    assert facts.points.select("subject", "bytes", "completeness", "basis", "locator").rows() == [
        ("vm-7", 52428800, "complete", "catalog", "line 1"),
        ("vm-7", 99, "partial", "catalog", "line 2"),
    ]
    assert facts.listings["complete"].to_list() == [True]
    assert facts.faults == ()


def test_every_helper_and_adapter_that_is_named_is_there() -> None:
    text = (DOCS / "adapters.md").read_text(encoding="utf-8")
    folder = DOCS.parent / "audit" / "adapters"
    for module, name in re.findall(r"`(_\w+)\.(\w+)`", text):
        if name != "py":
            assert re.search(rf"^def {name}\(", (folder / f"{module}.py").read_text(encoding="utf-8"), re.MULTILINE), (
                f"{module}.{name}"
            )


@pytest.mark.parametrize("tool", sorted(_registry.tools()))
def test_every_adapter_says_what_it_reads(tool: str) -> None:
    said = (_registry.tools()[tool].__doc__ or "").lower()
    for words in ("formats read", "time semantics", "proof of deletion"):
        assert words in said, words
    assert "point: " in said or "chain" in said, "what a point is, and what it needs to be restored"
