"""YAML text to nodes, quickly: libyaml composes what both parsers read alike, ruamel.yaml all else, and it alone says what is wrong.

A programme of thousands of assets is read by every command. libyaml takes a tenth of the time, but knows YAML 1.1: it takes further characters for ends of
lines, forbids an anchor that is used again, and goes down into nested collections without a limit. Such texts are left to ruamel.yaml. What differs between the
versions in the meaning of words does not matter here: `yaml_reader` reads words itself.
"""

from __future__ import annotations

import re
import warnings
from itertools import accumulate
from typing import Any

import yaml
from ruamel.yaml import YAML

MAX_FAST_DEPTH = 200
"""How deeply nested a text may be for libyaml, counted generously."""

_ODD = re.compile("[\\x00-\\x09\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ufeff\\ufffe\\uffff]|^%|[|>][-+0-9]*#", re.MULTILINE)
"""Ends of lines of YAML 1.1, characters that one of the two refuses, directives, and a comment that touches the sign of a block."""
_INDENT = re.compile(r"(?:[ ]|- |\? )*")


class _Loader(yaml.CSafeLoader):
    """Leaves all plain words alike: which of them are numbers and which are text, `yaml_reader` says. So nothing is looked up for a node: that took half the time."""

    def resolve(self, kind: type[yaml.Node], _value: Any, implicit: Any) -> str:
        """Return the tag of a node that has none."""
        return _PLAIN_WORD if kind is yaml.ScalarNode and implicit[0] else _TAGS[kind]

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        """No tag depends on where a node is."""

    def ascend_resolver(self) -> None:
        """No tag depends on where a node is."""


_PLAIN_WORD = "tag:yaml.org,2002:value"
_TAGS = {
    yaml.ScalarNode: "tag:yaml.org,2002:str",
    yaml.SequenceNode: "tag:yaml.org,2002:seq",
    yaml.MappingNode: "tag:yaml.org,2002:map",
}


def compose(text: str) -> Any:
    """Return the root node of the one document of a text; null when there is none. Nodes have `tag`, `value`, `start_mark.line`, and scalars `style` (null or
    empty when plain). Raises `ruamel.yaml.error.YAMLError`, or `RecursionError`."""
    if not _ODD.search(text) and _shallow(text):
        try:
            node = yaml.compose(text, Loader=_Loader)
        except yaml.YAMLError:
            node = None  # what is wrong is said below, in the words of the other
        if isinstance(node, yaml.CollectionNode):
            return node
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an anchor used again is allowed in YAML 1.2
        return YAML(typ="safe", pure=True).compose(text)


def _shallow(text: str) -> bool:
    """Say whether a text cannot be nested deeply: no line begins far to the right, and not many brackets are open at once, quotes not looked at."""
    begins = max((match.end() for match in map(_INDENT.match, text.splitlines()) if match), default=0)
    brackets = max(accumulate(1 if character in "[{" else -1 for character in text if character in "[]{}"), default=0)
    return begins + brackets < MAX_FAST_DEPTH
