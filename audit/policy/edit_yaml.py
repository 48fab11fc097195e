"""Edits of a YAML list of assets as insertions into its text: parsing says where each thing stands, and nothing else is written anew."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any

from audit.errors import InputError
from audit.policy.yaml_nodes import compose

_PLAIN = re.compile(r"[^\W\d_][\w./@+-]*(?: [\w./@+(-][\w./@+)-]*)*|\d{4}-\d{2}-\d{2}")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "nan", "inf"}
_BREAK = re.compile(r"\r\n|\n|\r")
Span = tuple[int, int, str]
"""Begin, end, and what stands there instead."""


def scalar(text: str) -> str:
    """Return a text as YAML of one line: plain where no reader could take it for something else."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)


def flow(value: Any) -> str:
    """Return plain data as YAML of one line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{scalar(str(key))}: {flow(inner)}" for key, inner in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(flow, value)) + "]"
        case _:
            return scalar(str(value))


class YamlEdits:
    """Collects edits of one text, all of them by where things stand in it as it was."""

    def __init__(self, text: str) -> None:
        """`text` is a file that can be read, or empty."""
        self._text = text
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._starts = [0, *(match.end() for match in _BREAK.finditer(text))]
        self._spans: list[Span] = []
        self._new: list[Mapping[str, Any]] = []
        self._keys: dict[tuple[int, int | None], dict[str, list[Any]]] = {}
        root = compose(text) if text.strip() else None
        self._list: Any = self._value(root, "assets")[1] if root is not None and not isinstance(root.value, str) else None
        self._items = [] if self._list is None or isinstance(self._list.value, str) else list(self._list.value)

    def append(self, index: int, part: int | None, key: str, items: Sequence[Any]) -> None:
        """Add items to a list."""
        node = self._items[index]
        if part is not None:
            node = self._value(node, "parts")[1].value[part]
        _, value = self._value(node, key)
        if value is None:
            self._keys.setdefault((index, part), {}).setdefault(key, []).extend(items)
            return
        if isinstance(value.value, str):  # nothing, or null
            self._replace(value, flow(list(items)))
        elif _is_flow(value):
            told = ", ".join(map(flow, items))
            at = self._end(value.value[-1]) if value.value else self._at(value.start_mark) + 1
            self._insert(at, f", {told}" if value.value else told)
        else:
            indent = " " * value.start_mark.column
            self._below(value, [f"{indent}- {flow(item)}" for item in items])

    def fill(self, index: int, key: str, text: str) -> None:
        """Say a key that is not there, or says nothing."""
        _, value = self._value(self._items[index], key)
        if value is None:
            self._keys.setdefault((index, None), {})[key] = [text, None]
        else:
            self._replace(value, scalar(text))

    def replace(self, index: int, key: str, text: str) -> None:
        """Say something else for a key."""
        self._replace(self._value(self._items[index], key)[1], scalar(text))

    def add(self, item: Mapping[str, Any]) -> None:
        """Add an item at the end."""
        self._new.append(item)

    def text(self) -> str:
        """Return the text with all edits."""
        for (index, part), keys in self._keys.items():
            self._add_keys(index, part, keys)
        self._keys = {}
        self._add_items()
        text = self._text
        # Insertions at one place stay in their order.
        for _, (begin, end, told) in sorted(enumerate(self._spans), key=lambda one: (one[1][0], one[0]), reverse=True):
            text = text[:begin] + told + text[end:]
        return text

    def _add_keys(self, index: int, part: int | None, keys: Mapping[str, list[Any]]) -> None:
        node = self._items[index] if part is None else self._value(self._items[index], "parts")[1].value[part]
        told = {key: scalar(value[0]) if value[1:] == [None] else flow(value) for key, value in keys.items()}
        if _is_flow(node):
            self._insert(self._end(node.value[-1][1]), "".join(f", {key}: {value}" for key, value in told.items()))
            return
        indent = " " * node.value[0][0].start_mark.column
        self._below(node, [f"{indent}{key}: {value}" for key, value in told.items()])

    def _add_items(self) -> None:
        if not self._new:
            return
        if self._items and _is_flow(self._list):
            self._insert(self._end(self._items[-1]), "".join(f", {flow(item)}" for item in self._new))
        elif self._items:
            self._below(self._list, [line for item in self._new for line in _block(item, self._list.start_mark.column)])
        else:
            lines = self._newline.join(line for item in self._new for line in _block(item, 2))
            if self._list is None:
                head = self._text + (self._newline if self._text and not self._text.endswith(("\n", "\r")) else "")
                self._spans.append((0, len(self._text), f"{head}assets:{self._newline}{lines}{self._newline}"))
            else:
                begin, end = self._at(self._list.start_mark), self._at(self._list.end_mark)
                self._spans.append((begin, end, f"{self._newline}{lines}"))
        self._new = []

    def _at(self, mark: Any) -> int:
        if mark.line >= len(self._starts):
            return len(self._text)
        return int(self._starts[mark.line] + mark.column)

    def _end(self, node: Any) -> int:
        """Return where a node ends: of a block its last line, not the comments and blank lines behind it."""
        if isinstance(node.value, str) or _is_flow(node) or not node.value:
            return self._at(node.end_mark)
        last = node.value[-1]
        if isinstance(last, tuple):
            return max(self._end(last[0]), self._end(last[1]))
        return self._end(last)

    def _insert(self, at: int, told: str) -> None:
        self._spans.append((at, at, told))

    def _replace(self, node: Any, told: str) -> None:
        begin, end = self._at(node.start_mark), self._at(node.end_mark)
        if node.style in ("|", ">"):
            raise InputError(f"line {node.start_mark.line + 1} is a text of several lines: change it by hand")
        self._spans.append((begin, end, f" {told}" if self._text[begin - 1 : begin] == ":" else told))

    def _below(self, node: Any, lines: Sequence[str]) -> None:
        """Insert whole lines below a block."""
        end = self._end(node)
        place = bisect_left(self._starts, end)
        # A block of text ends at the beginning of the line behind it.
        at = (
            end
            if place < len(self._starts) and self._starts[place] == end
            else self._starts[place]
            if place < len(self._starts)
            else len(self._text)
        )
        told = "".join(f"{line}{self._newline}" for line in lines)
        if at == len(self._text) and not self._text.endswith(("\n", "\r")):
            told = self._newline + told.removesuffix(self._newline)
        self._insert(at, told)

    @staticmethod
    def _value(node: Any, key: str) -> tuple[Any, Any]:
        """Return the nodes of a key and of its value."""
        return next(((one, value) for one, value in node.value if one.value == key), (None, None))


def _is_flow(node: Any) -> bool:
    return bool(getattr(node, "flow_style", False))


def _block(item: Mapping[str, Any], column: int) -> list[str]:
    """Return an item of a list as lines, the dash in a column."""
    lines = []
    for key, value in item.items():
        if isinstance(value, list | tuple) and len(value) > 1:
            lines += [f"{key}:", *(f"  - {flow(one)}" for one in value)]
        else:
            lines.append(f"{key}: {flow(value)}")
    indent = " " * column
    return [f"{indent}{'  ' if number else '- '}{line}" for number, line in enumerate(lines)]
