"""YAML 1.2 text to plain data with the line of every key, and all that is refused on the way.

The file is composed to nodes (`yaml_nodes`) and built into data here, not by a constructor: so every value has its line, repeated
keys are found, no tag can make an object, aliases cannot grow without limit, and only the words of YAML 1.2's core schema are not
text (`NO` is a country). Dates stay text: whoever reads them knows their zone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from ruamel.yaml.error import MarkedYAMLError, YAMLError

from audit.errors import Fault
from audit.policy.place import Key
from audit.policy.yaml_nodes import compose

MAX_ALIASED = 100_000
"""How many values a file's aliases may make: far more than a person needs, far less than an alias bomb makes."""

MAX_DEPTH = 1_000
"""How many brackets and braces of one line may be open at once."""

TOO_DEEP = "the file is nested too deeply"

_TAG = "tag:yaml.org,2002:"
_PLAIN_TAGS = {_TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp", "seq", "map", "value", "merge")}
_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?\d{1,300}")
_OTHER_BASE = re.compile(r"0o[0-7]{1,100}|0x[0-9a-fA-F]{1,100}")
_FLOAT = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d{1,3})?")


@dataclass(slots=True)
class Read:
    """A file as data: `marks` are locators by path, `data` is None when the file could not be read at all."""

    data: Any = None
    marks: dict[tuple[Key, ...], str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read_yaml(name: str, text: str) -> Read:
    """Read one YAML document. Never raises: everything wrong is a fault with its line."""
    read = Read()
    if deep := next((number for number, line in enumerate(text.splitlines(), 1) if _depth(line) > MAX_DEPTH), None):
        # Seen before parsing: the parser's time grows with the square of the nesting.
        read.faults.append(Fault(name, TOO_DEEP, "write it as docs/programme.md shows", f"line {deep}"))
        return read
    try:
        node = compose(text)
        if node is None:
            read.faults.append(Fault(name, "the file is empty", "write its declarations, or delete it"))
        else:
            read.data = _Builder(name, read).build(node, ())
    except MarkedYAMLError as error:
        read.faults.append(_syntax(name, text, error))
    except YAMLError as error:
        read.faults.append(Fault(name, f"the file is not YAML: {' '.join(str(error).split())[:200]}", "remove what is not text"))
    except RecursionError:
        read.faults.append(Fault(name, TOO_DEEP, "write it as docs/programme.md shows"))
    return read


def _depth(line: str) -> int:
    """Return how many brackets and braces are open at once, at the most. Quotes are not looked at: the limit is far above what text has."""
    if line.count("[") + line.count("{") <= MAX_DEPTH:
        return 0
    return max(accumulate(1 if character in "[{" else -1 for character in line if character in "[]{}"))


def _syntax(name: str, text: str, error: MarkedYAMLError) -> Fault:
    mark = error.problem_mark or error.context_mark
    lines = text.splitlines()
    number = min(mark.line if mark else 0, max(len(lines) - 1, 0))
    # The parser notices a tab on its line or, after a block, on the line before.
    for near in (number, number - 1):
        indent = re.match(r"[ \t]*", lines[near]) if 0 <= near < len(lines) else None
        if indent and "\t" in indent[0]:
            return Fault(name, "a tab indents this line; YAML allows only spaces", "replace the tab by spaces", f"line {near + 1}")
    problem = error.problem or error.context or "it cannot be parsed"
    if "expected a single document" in f"{error.context} {problem}":
        problem = "the file holds more than one document (`---`)"
    return Fault(
        name, f"the file is not YAML: {problem}", "mind the indentation, colons and quotes around this line", f"line {number + 1}"
    )


class _Builder:
    """Builds data of nodes, filling `read.marks` and `read.faults`."""

    def __init__(self, name: str, read: Read) -> None:
        self.name, self.read = name, read
        self.seen: set[int] = set()
        self.open: set[int] = set()
        self.aliased = 0
        self.stopped = False

    def fault(self, node: Any, what: str, remedy: str) -> None:
        self.read.faults.append(Fault(self.name, what, remedy, f"line {node.start_mark.line + 1}"))

    def build(self, node: Any, path: tuple[Key, ...]) -> Any:
        self.read.marks.setdefault(path, f"line {node.start_mark.line + 1}")
        if self.stopped or not self.admit(node):
            return None
        if isinstance(node.value, str):
            return _scalar(node)
        self.open.add(id(node))
        data = self.mapping(node, path) if _is_mapping(node) else self.sequence(node, path)
        self.open.discard(id(node))
        return data

    def admit(self, node: Any) -> bool:
        """Whether a node may be built: a plain tag, not within itself, and not one alias too many."""
        if str(node.tag) not in _PLAIN_TAGS:
            self.fault(
                node,
                f"the tag `{str(node.tag).replace(_TAG, '!!')}` is not allowed",
                "write the plain value; only plain YAML is read",
            )
            return False
        if id(node) in self.open:
            self.fault(node, "an alias refers to a value that contains it", "write the value out")
            return False
        # What an alias stands for has been built before; so has everything in it.
        self.aliased += id(node) in self.seen
        self.seen.add(id(node))
        if self.aliased > MAX_ALIASED:
            self.fault(node, f"aliases make more than {MAX_ALIASED} values", "write the values out")
            self.stopped = True
        return not self.stopped

    def mapping(self, node: Any, path: tuple[Key, ...]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node.value, str):
                self.fault(key_node, "a key must be a word, not a list or mapping", "write `key: value`")
                continue
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in lines:
                self.fault(key_node, f"repeated key `{key}`, first on line {lines[key]}", "keep one of the two")
                continue
            lines[key] = line
            self.read.marks[(*path, key)] = f"line {line}"
            data[key] = self.build(value_node, (*path, key))
        return data

    def sequence(self, node: Any, path: tuple[Key, ...]) -> list[Any]:
        return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]


def _is_mapping(node: Any) -> bool:
    return type(node).__name__ == "MappingNode"  # of either parser


def _scalar(node: Any) -> Any:
    text = str(node.value)
    if node.style or str(node.tag) == _TAG + "str":
        return text
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        return int(text)
    if _OTHER_BASE.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text
