"""The page about programmes, the JSON Schemas and the example are those of the code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from audit.policy.checks import check
from audit.policy.kinds.assets import Part, Retirement, Subject
from audit.policy.kinds.baseline import Required
from audit.policy.kinds.policy import Scope
from audit.policy.load import kind_of, kinds, load, read_folder, texts
from audit.policy.objectives import GENERAL, judged
from audit.policy.validate import known_keys
from audit.steps.schema import schemas, write_schemas

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "programme.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "policies" / "example"


def section(title: str) -> str:
    """Return the text of the section whose heading holds a title, up to the next heading of its level."""
    found = re.search(rf"^(##+) [^\n]*{re.escape(title)}[^\n]*\n(.*?)(?=^##? |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"no section on {title}"
    return found[2]


def keys(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_every_key_of_every_file_is_documented(kind: str) -> None:
    text = section("policy-*.yaml" if kind == "policy" else f"{kind}.yaml")
    missing = {key for key in keys(kinds()[kind].ITEM) if f"`{key}`" not in text}
    assert missing == set()


def test_the_tables_document_no_key_that_does_not_exist() -> None:
    known = set().union(*(keys(module.ITEM) for module in kinds().values()), keys(Required), judged(), GENERAL)
    documented = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    assert documented - known == set()
    assert len(documented) > 40


def test_the_keys_within_keys_are_documented() -> None:
    for model, title in (
        (Subject, "assets.yaml"),
        (Part, "assets.yaml"),
        (Retirement, "assets.yaml"),
        (Scope, "policy-*.yaml"),
        (Required, "baseline.yaml"),
    ):
        text = section(title)
        assert {key for key in keys(model) if not re.search(rf"\b{key}\b", text)} == set()


def test_every_objective_is_documented() -> None:
    text = PAGE[PAGE.index("### Objectives") : PAGE.index("## baseline.yaml")]
    assert {key for key in {*judged(), *GENERAL} if f"`{key}`" not in text} == set()
    for key, kind in judged().items():
        assert {inner for inner in known_keys(kind, ()) if inner not in text} == set(), key


def test_each_kind_has_a_schema_of_its_keys() -> None:
    made = schemas()
    assert sorted(made) == sorted(kinds())
    asset = made["assets"]["properties"]["assets"]["items"]
    assert asset["additionalProperties"] is False
    assert set(asset["properties"]) == keys(kinds()["assets"].ITEM)
    objectives = made["policy"]["properties"]["objectives"]
    assert set(objectives["properties"]) == {*judged(), *GENERAL}
    assert objectives["properties"]["rpo"]["anyOf"][0] == {"type": "string"}
    assert objectives["properties"]["copies"]["required"] == ["max_age"]
    assert made["assets"]["$defs"]["Retirement"]["anyOf"][0] == {"type": "string"}


def test_every_reference_within_a_schema_leads_somewhere() -> None:
    for kind, schema in schemas().items():
        for reference in re.findall(r'"\$ref": "#/\$defs/([^"]+)"', json.dumps(schema)):
            assert reference in schema["$defs"], (kind, reference)


def test_the_example_has_the_schemas_of_this_code(tmp_path: Path) -> None:
    written = write_schemas(tmp_path / "new" / "folder")
    assert sorted(path.name for path in written) == sorted(path.name for path in (EXAMPLE / "schemas").iterdir())
    for path in written:
        assert (EXAMPLE / "schemas" / path.name).read_text(encoding="utf-8") == path.read_text(encoding="utf-8"), (
            "make them again with backup-audit schema -o"
        )


def test_the_example_is_without_fault_and_names_its_schemas() -> None:
    raw = read_folder(EXAMPLE)
    files, faults = texts(raw)
    programme, wrong = load(files)
    assert [*faults, *wrong, *check(programme)] == []
    for name, text in files.items():
        named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
        assert named, name
        assert named[1] == f"schemas/{kind_of(name)}.schema.json"
        assert (EXAMPLE / named[1]).is_file()
