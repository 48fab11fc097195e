"""schema: JSON Schemas of a programme's files, made of the models that read them, so that editors complete and check what people
write.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from audit.errors import UsageError
from audit.policy.load import kinds
from audit.policy.objectives import GENERAL, judged

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of each kind of file, by kind."""
    made = {}
    for kind, module in kinds().items():
        item = TypeAdapter(module.ITEM).json_schema(by_alias=True)
        if "objectives" in item.get("properties", {}):
            item = _with_objectives(item)
        whole = getattr(module, "WHOLE", False)
        made[kind] = {"$schema": DIALECT, **_without_terms(item if whole else _listed(kind, item))}
    return made


def write_schemas(folder: Path) -> list[Path]:
    """Write each kind's schema to `KIND.schema.json` in a folder, which is made when it is not there. Returns the files."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_write(folder / f"{kind}.schema.json", schema) for kind, schema in schemas().items()]
    except OSError as error:
        raise UsageError(f"cannot write to {error.filename or folder}: {error.strerror or error}") from error


def _write(path: Path, schema: dict[str, Any]) -> Path:
    path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _without_terms(node: Any) -> Any:
    """Leave out defaults that are lengths of time: as JSON they are not what people write."""
    if isinstance(node, list):
        return [_without_terms(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    return {key: _without_terms(inner) for key, inner in node.items() if not (key == "default" and isinstance(inner, dict))}


def _listed(kind: str, item: dict[str, Any]) -> dict[str, Any]:
    definitions = item.pop("$defs", {})
    return {
        "type": "object",
        "properties": {kind: {"type": "array", "items": item}},
        "required": [kind],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _with_objectives(item: dict[str, Any]) -> dict[str, Any]:
    """Put the objectives of all controls, and the general keys, in place of "any mapping"."""
    properties: dict[str, Any] = {}
    definitions = dict(item.get("$defs", {}))
    for key, kind in sorted({**judged(), **GENERAL}.items()):
        schema = TypeAdapter(kind).json_schema(by_alias=True, ref_template=f"#/$defs/{key}.{{model}}")
        definitions.update((f"{key}.{name}", inner) for name, inner in schema.pop("$defs", {}).items())
        short = _short_forms(kind)
        properties[key] = {"anyOf": [*short, schema]} if short else schema
    objectives = {"type": "object", "properties": properties, "additionalProperties": False, "minProperties": 1}
    return {**item, "$defs": definitions, "properties": {**item["properties"], "objectives": objectives}}


def _short_forms(kind: Any) -> list[dict[str, Any]]:
    """Return how else an objective may be written than as a mapping: as one word (`rpo: 15m`), or as `true`. Only its reader knows, so it is asked."""
    if TypeAdapter(kind).json_schema().get("type") != "object":
        return []
    return [schema for value, schema in (("1h", {"type": "string"}), (True, {"const": True})) if _reads(kind, value)]


def _reads(kind: Any, value: Any) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True
