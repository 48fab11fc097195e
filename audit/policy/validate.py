"""Data against a pydantic model, with every fault in the reader's words and at its line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from audit.errors import Fault
from audit.policy.place import Key, Place
from audit.policy.suggest import unknown

_SHAPES = {
    "model_type": "a mapping (`key: value` lines)",
    "model_attributes_type": "a mapping (`key: value` lines)",
    "dict_type": "a mapping (`key: value` lines)",
    "mapping_type": "a mapping (`key: value` lines)",
    "list_type": "a list (`- item` lines)",
    "tuple_type": "a list (`- item` lines)",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
}


def validate(model: Any, data: Any, place: Place, document: str = "docs/programme.md") -> tuple[Any, list[Fault]]:
    """Return the validated value (None when it is not valid) and all its faults. `model` is any type that pydantic knows; document: what says what its keys mean."""
    try:
        return _adapter(model).validate_python(data), []
    except ValidationError as error:
        errors = error.errors(include_url=False)
    return None, list(dict.fromkeys(_fault(model, data, item, place, document) for item in errors))


@cache
def _adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def _fault(model: Any, data: Any, error: Mapping[str, Any], place: Place, document: str) -> Fault:
    written, missing = _written(data, error["loc"])
    here = place.at(*written)
    match error["type"]:
        case "extra_forbidden":
            known = known_keys(model, written[:-1])
            return here.fault(unknown("key", str(written[-1]), known), f"write one of: {', '.join(sorted(known))}; or remove it")
        case "missing":
            return here.fault(f"missing key `{missing}`", f"add it; {document} says what it means")
        case "string_type":
            value = error["input"]
            if isinstance(value, bool | int | float):
                return here.fault(f"found the number or truth value {value!r} where text is needed", "write it in quotes")
            return here.fault(f"found {_shape(value)} where text is needed", "write one word or text")
        case "string_too_short" | "too_short":
            return here.fault("it is empty", "write at least one")
        case "literal_error":
            words = _literals(error)
            return here.fault(unknown("word", str(error["input"]), words), f"write one of: {', '.join(words)}")
        case "value_error":
            return here.fault(str(error["ctx"]["error"]))
        case "model_type" if error.get("ctx", {}).get("class_name") == "Secret":
            # Whoever wrote a secret here does not want to read it again in a terminal or a log.
            return here.fault(
                "found something else where it is said where a secret is read",
                "write {env: NAME}, {file: PATH} or {keyring: SERVICE/USER}",
            )
        case shape if shape in _SHAPES:
            return here.fault(f"found {_shape(error['input'])} where {_SHAPES[shape]} is needed", "write it so")
        case _:
            return here.fault(f"{error['msg'][0].lower()}{error['msg'][1:]}: found {_shape(error['input'])}")


def _written(data: Any, location: Iterable[Key]) -> tuple[tuple[Key, ...], str]:
    """Return the part of a location that exists in the data, and the first key that does not.

    A location may also name branches of a union and the value of a mapping's key; those are not in the data and are passed over.
    """
    path: list[Key] = []
    missing = ""
    for key in location:
        there = key in data if isinstance(data, Mapping) else isinstance(data, list) and isinstance(key, int) and key < len(data)
        if there:
            data = data[key]
            path.append(key)
        else:
            missing = str(key)
    return tuple(path), missing


def _shape(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case list() | tuple():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return f"`{value}`"


def _literals(error: Mapping[str, Any]) -> list[str]:
    # pydantic gives the words only as text: 'disk', 'flash' or 'tape'.
    return [word for index, word in enumerate(str(error["ctx"]["expected"]).split("'")) if index % 2]


def known_keys(model: Any, path: tuple[Key, ...]) -> set[str]:
    """Return the keys that may stand in the mapping at a path of a model."""
    schema = _schema(model)
    nodes = [schema]
    for key in path:
        nodes = [inner for node in nodes for inner in _inner(schema, node, key)]
    return {name for node in nodes for branch in _branches(schema, node) for name in branch.get("properties", {})}


@cache
def _schema(model: Any) -> dict[str, Any]:
    return _adapter(model).json_schema(by_alias=True)


def _branches(schema: dict[str, Any], node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a schema node, or what it refers to, or what it is any of."""
    if "$ref" in node:
        yield from _branches(schema, schema["$defs"][node["$ref"].rsplit("/", 1)[-1]])
    elif several := node.get("anyOf") or node.get("oneOf"):
        for branch in several:
            yield from _branches(schema, branch)
    else:
        yield node


def _inner(schema: dict[str, Any], node: dict[str, Any], key: Key) -> Iterator[dict[str, Any]]:
    for branch in _branches(schema, node):
        if isinstance(key, int) and "items" in branch:
            yield branch["items"]
        elif key in branch.get("properties", {}):
            yield branch["properties"][key]
