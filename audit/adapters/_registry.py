"""The adapters of this folder by id, which of them a payload belongs to, and the reading that every payload goes through."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from types import ModuleType
from typing import Any

from audit.adapters import _rules, _text, _whole
from audit.discovery import modules
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts

_COMMON = frozenset(
    {"backup", "cloud", "data", "em", "hyper", "lock", "object", "one", "interchange", "server", "storage", "tabular", "tar"}
)
"""Parts of tools' names that say nothing of a tool by themselves, as do such words of a text."""
_NEAREST = 3
_NAMED_IN = 4096
"""Tools are looked for in so many bytes of a payload."""


def tools() -> dict[str, ModuleType]:
    """Return the adapters by id."""
    return modules("audit.adapters")


def mapping_of(tool: str) -> Any:
    """Return the model of the mapping that a tool's adapter needs to be told (with `problems()` and `stored()`), or `None`."""
    return getattr(tools().get(tool), "MAPPING", None)


def fits(tool: str, payload: bytes, mapping: Mapping[str, Any]) -> bool:
    """Return whether a payload is a table that a mapping of this tool can read."""
    return bool(tools()[tool].fits(payload, mapping))


def encoding_of(envelope: Envelope) -> str:
    """Return the codec (of Python) by which a payload is shown to people, unless it begins with a byte order mark: the declared one, else UTF-8."""
    if envelope.mapping is None or mapping_of(envelope.tool) is None:
        return "utf-8"
    return str(tools()[envelope.tool].encoding(envelope.mapping))


def text_form(payload: bytes, envelope: Envelope) -> tuple[bytes, str]:
    """Return a payload as people are shown it, in which locators name places, and the codec (of Python) of that text: itself, unless it is no text and
    its adapter makes one of it.
    """
    if envelope.mapping is not None and mapping_of(envelope.tool) is not None:
        made = tools()[envelope.tool].shown_as(payload, envelope.mapping)
        if made is not None:
            return made, "utf-8"
    return payload, encoding_of(envelope)


def claims(tool: str, name: str, payload: bytes) -> bool:
    """Tell whether an adapter claims a payload, by its first 64 KiB; the name is only a hint. A tool that there is not claims nothing."""
    module = tools().get(tool)
    return module is not None and bool(module.identify(name, payload[: _text.HEAD]))


def recognise(name: str, payload: bytes) -> str:
    """Return the id of the adapter that claims a payload, by its first 64 KiB; the name is only a hint.

    Raises `InputError` with one fault: none claims it (and what it looks like), or several do.
    """
    where = name or "payload"
    head = payload[: _text.HEAD]
    claiming = [tool for tool, module in tools().items() if module.identify(name, head)]
    if len(claiming) == 1:
        return claiming[0]
    if claiming:
        fault = Fault(
            where,
            f"could be of several tools: {', '.join(claiming)}",
            "say which it is with --tool, or of which source with --source",
        )
    else:
        fault = (
            _text.unreadable(name, payload)
            or _text.nul(name, payload)
            or Fault(where, "is of no format that is known", _what_to_do(name, head))
        )
    raise InputError(str(fault), [fault])


def _what_to_do(name: str, head: bytes) -> str:
    """Return what to do about a payload that no adapter claims, with the nearest tools: those whose names stand in its own, or in its first lines."""
    words = set(re.findall(r"[a-z0-9]+", f"{name} {head[:_NAMED_IN].decode('utf-8', 'replace')}".lower())) - _COMMON
    near = {tool: sum(_named(part, words) for part in tool.split("-")) for tool in tools()}
    nearest = sorted((tool for tool, count in near.items() if count), key=lambda tool: -near[tool])[:_NEAREST]
    *others, last = nearest or [""]
    hint = f"it may be of {' or '.join(filter(None, [', '.join(others), last]))}: " if last else ""
    return (
        f"{hint}say which tool it is of with --tool (docs/tools.md lists what is read of each); for a table, `backup-audit tabular suggest {name or 'FILE'}` proposes a "
        "mapping; anything else can be brought into the interchange format (docs/interchange.md)"
    )


def _named(part: str, words: Collection[str]) -> bool:
    """Tell whether a part of a tool's name is among these words, or begins with one that is long enough."""
    return part in words or any(len(word) > 3 and part.startswith(word) for word in words)


def read(tool: str, payload: bytes, envelope: Envelope) -> Facts:
    """Read a payload with one adapter and check what holds for all of them. Raises `InputError` when the payload cannot be used as
    a whole.
    """
    module = tools().get(tool)
    if module is None:
        raise InputError(f"there is no adapter {tool!r}; the adapters are {', '.join(tools())}")
    rest, cut = _whole.kept(module, payload, envelope)
    facts: Facts = module.read(rest, envelope)
    return _rules.checked(_whole.of_all(facts, module, envelope), envelope, cut=cut)
