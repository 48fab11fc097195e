"""What there is, is documented, and what is documented is there: commands, adapters, controls, keys of programmes, settings, words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from audit.adapters._registry import tools
from audit.cli._main import group
from audit.discovery import modules
from audit.model.facts import SCHEMAS
from audit.steps.schema import schemas

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
LANGUAGES = ("en", "zh")
CONTENT = sorted(path for folder in ("policies", "reports", "templates") for path in (ROOT / folder).rglob("*.yaml"))


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def load(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(read(path))


def rows(text: str) -> Iterator[list[str]]:
    """Yield the words in backticks in the first cell of each row of the tables of a document."""
    for line in text.splitlines():
        if line.startswith("| `"):
            yield re.findall(r"`([^`]+)`", line.split(" | ")[0])


def section(text: str, heading: str) -> str:
    """Return what stands under a heading, up to the next one of the same or a higher level."""
    level = heading.split(" ")[0]
    begin = text.index(f"{heading}\n") + len(heading)
    following = re.search(rf"^#{{1,{len(level)}}} ", text[begin:], re.MULTILINE)
    return text[begin : begin + following.start()] if following else text[begin:]


# --- commands and settings --------------------------------------------------------------------------------------------------------


def test_every_command_is_documented_and_none_that_is_not_there() -> None:
    table = read(DOCS / "commands.md").split("## ")[0]
    documented = [words[0].split(" ")[0] for words in rows(table)]
    assert sorted(documented) == group.list_commands(None)  # type: ignore[arg-type]


def test_every_environment_variable_and_key_of_the_configuration_is_documented() -> None:
    code = "".join(read(path) for path in (ROOT / "audit").rglob("*.py"))
    variables = set(re.findall(r"\bBACKUP_AUDIT_[A-Z]+\b", code))
    assert variables
    keys = set(re.findall(r'"(\w+)": folder\.\w+', read(ROOT / "audit" / "settings.py")))
    assert keys == {"catalog", "format", "organisation", "origin", "register"}
    settings = section(read(DOCS / "commands.md"), "## Settings")
    documented = {word for words in rows(settings) for word in words}
    assert variables | keys | {"config.yaml", "mail", "--data DIR", "--content DIR"} == documented


def test_every_command_that_is_shown_is_one() -> None:
    commands = set(group.list_commands(None))  # type: ignore[arg-type]
    for path in [ROOT / "README.md", *DOCS.glob("*.md"), *(ROOT / "tests" / "data").rglob("README.md")]:
        for shown in re.findall(r"^\s+(?:\$ |.*\| )?backup-audit (?:--data \S+ )?([a-z]+)\b", read(path), re.MULTILINE):
            assert shown in commands, f"{path.name}: backup-audit {shown}"


# --- adapters, controls, facts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tool", tools())
def test_every_adapter_says_what_it_reads_and_has_samples(tool: str) -> None:
    said = tools()[tool].__doc__ or ""
    assert "Time semantics" in said
    assert f"\n## {tool}\n" in read(DOCS / "tools.md")
    assert list((ROOT / "tests" / "data" / tool).glob("*.expected.json")), f"{tool} has no golden samples"


def test_every_control_is_documented_with_its_objectives() -> None:
    controls = modules("audit.controls")
    lines = {
        words[0]: line
        for line in read(DOCS / "controls.md").splitlines()
        if (words := re.findall(r"`([^`]+)`", line)) and line.startswith("| `")
    }
    assert set(lines) == set(controls)
    objectives = section(read(DOCS / "programme.md"), "### Objectives")
    for name, module in controls.items():
        text = read(DOCS / "definitions.md")
        assert f". {name}\n" in text or f"`{name}`" in section(text, "## 20. attested controls"), f"{name} is not in definitions.md"
        for key in module.OBJECTIVES:
            assert f"`{key}`" in lines[name]
            assert f"| `{key}` |" in objectives


@pytest.mark.parametrize("control", modules("audit.controls"))
def test_every_control_is_explained_in_every_language(control: str) -> None:
    said = load(ROOT / "policies" / "controls" / f"{control}.yaml")
    assert set(said) <= {"title", "means", "rationale", "remedy", "breached", "consequence", "legs", "limits", "kind"}
    for key in ("title", "means", "rationale", "remedy", "consequence"):
        for language in LANGUAGES:
            assert said[key][language].strip(), f"{key} in {language}"
    for leg, titles in said.get("legs", {}).items():
        assert set(titles) == set(LANGUAGES), leg
    breached = [said["breached"][leg] for leg in said["legs"]] if "legs" in said else [said["breached"]]
    for texts in breached:
        assert set(texts) == set(LANGUAGES)


def test_every_section_of_reports_is_documented() -> None:
    text = read(DOCS / "reports.md")
    assert [name for name in load(ROOT / "reports" / "annual-review.yaml")["sections"] if f"| `{name}` |" not in text] == []


def test_words_for_a_control_that_is_not_there_say_so() -> None:
    """Frameworks refer to controls that no module judges yet; their files say no more than what the control is."""
    there = set(modules("audit.controls"))
    for path in (ROOT / "policies" / "controls").glob("*.yaml"):
        if path.stem not in there:
            assert set(load(path)) == {"title", "kind", "means"}, path.name
            assert "no control of this version judges it yet" in read(path), path.name
    assert there <= {path.stem for path in (ROOT / "policies" / "controls").glob("*.yaml")}


@pytest.mark.parametrize("kind", SCHEMAS)
def test_every_field_of_the_interchange_format_is_documented(kind: str) -> None:
    documented = {word for words in rows(section(read(DOCS / "interchange.md"), f"## {kind}")) for word in words}
    ours = {"locator", "ambiguous"}  # found by the program, not given
    fields = {"copy_of" if name.startswith("copy_of_") else name for name in SCHEMAS[kind]} - ours
    assert fields <= documented


# --- programmes -------------------------------------------------------------------------------------------------------------------


def keys_of(schema: Mapping[str, Any]) -> set[str]:
    """Return the keys that a file of a programme may have: of the mapping, or of the items of its one list."""
    properties = schema.get("properties", {})
    lists = [value["items"] for value in properties.values() if value.get("type") == "array" and "items" in value]
    if len(properties) == 1 and lists:
        item = lists[0]
        if "$ref" in item:
            item = schema["$defs"][item["$ref"].rsplit("/", 1)[1]]
        return set(item["properties"])
    return set(properties)


@pytest.mark.parametrize("kind", schemas())
def test_every_key_of_a_programme_is_documented(kind: str) -> None:
    text = read(DOCS / "programme.md")
    keys = keys_of(schemas()[kind])
    assert keys
    missing = {key for key in keys if f"`{key}`" not in text}
    assert not missing


@pytest.mark.parametrize("kind", ["units", "sites", "repositories", "sources"])
def test_no_key_of_a_programme_is_documented_that_is_not_there(kind: str) -> None:
    documented = {word for words in rows(section(read(DOCS / "programme.md"), f"## {kind}.yaml")) for word in words}
    assert documented == keys_of(schemas()[kind])


# --- content ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", CONTENT, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_yaml_file_of_content_loads(path: Path) -> None:
    assert isinstance(load(path), dict)


def test_the_committed_schemas_are_those_of_the_code() -> None:
    import json

    for kind, schema in schemas().items():
        assert json.loads(read(ROOT / "policies" / "example" / "schemas" / f"{kind}.schema.json")) == schema, kind


def leaves(value: Any, prefix: str = "") -> set[str]:
    """Return the dotted keys of a wording; plural forms are one."""
    if not isinstance(value, Mapping) or "other" in value:
        return {prefix}
    return {leaf for key, below in value.items() for leaf in leaves(below, f"{prefix}.{key}" if prefix else str(key))}


def test_both_wordings_have_the_same_keys() -> None:
    english, chinese = (leaves(load(ROOT / "reports" / "wording" / f"{language}.yaml")) for language in LANGUAGES)
    assert english == chinese


def used_keys() -> Iterator[tuple[str, str]]:
    """Yield the message keys that code asks wordings for: the first argument of `words(...)`, `words.plain(...)`, `words.each(...)`."""
    for path in (ROOT / "audit" / "reporting").rglob("*.py"):
        for node in ast.walk(ast.parse(read(path))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            asked = ast.unparse(node.func).removesuffix(".plain").removesuffix(".each")
            first = node.args[0]
            if asked.split(".")[-1] == "words" and isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield path.name, first.value


def test_every_message_that_code_asks_for_is_worded() -> None:
    used = set(used_keys())
    assert len(used) > 50
    worded = leaves(load(ROOT / "reports" / "wording" / "en.yaml"))
    missing = {(file, key) for file, key in used if not any(leaf == key or leaf.startswith(f"{key}.") for leaf in worded)}
    assert not missing


def test_every_reason_and_notice_that_the_engine_gives_is_worded() -> None:
    """Message keys that evaluation hands to reports: reasons of unproven stretches, notices of assessments."""
    worded = leaves(load(ROOT / "reports" / "wording" / "en.yaml"))
    notices = set(re.findall(r'"key": "([a-z-]+)"', read(ROOT / "audit" / "steps" / "assess.py")))
    assert notices
    assert {key for key in notices if not any(leaf.startswith(f"notices.{key}") for leaf in worded)} == set()


# --- documents --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", read(path)):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target


def test_every_document_is_in_the_index() -> None:
    index = read(DOCS / "index.md")
    assert {path.name for path in DOCS.glob("*.md")} - {"index.md"} == set(re.findall(r"\]\((\w[\w-]+\.md)\)", index))


def test_the_demo_is_what_its_script_makes(tmp_path: Path) -> None:
    """tests/data/demo holds exactly what make.py writes."""
    import shutil
    import subprocess
    import sys

    committed = ROOT / "tests" / "data" / "demo"
    shutil.copy(committed / "make.py", tmp_path)
    subprocess.run([sys.executable, str(tmp_path / "make.py")], check=True)
    made = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*.ndjson")}
    assert len(made) == 40
    assert made == {str(path.relative_to(committed)): path.read_bytes() for path in committed.rglob("*.ndjson")}
