"""What a programme changes of the one before it, thing by thing and key by key. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit.policy.kinds.policy import Policy
from audit.policy.programme import Declared, Programme


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was added, changed or removed.

    `keys`: for each key that differs its path, the old and the new value (None: absent).
    """

    noun: str
    name: str
    what: str
    keys: tuple[tuple[str, Any, Any], ...] = ()


def changes(old: Programme, new: Programme) -> list[Change]:
    """Return the changes, in the order of the models' files and of names."""
    found: list[Change] = []
    for model in sorted({*old.declared, *new.declared}, key=lambda one: one.NOUN):
        before, after = old.named(model), new.named(model)
        for name in sorted({*before, *after}):
            keys = differences(_together(before.get(name, [])), _together(after.get(name, [])))
            if name not in before:
                found.append(Change(model.NOUN, name, "added", keys))
            elif name not in after and model is not Policy:
                found.append(Change(model.NOUN, name, "removed"))
            elif name in after and keys:
                found.append(Change(model.NOUN, name, "changed", keys))
    return found


def standing(history: Sequence[Programme]) -> Programme:
    """Return what stands after programmes were applied: the last one, and the policy versions that earlier ones declared, because a
    promise does not end when its file is gone.
    """
    if not history:
        return Programme({})
    versions = {one.item.label: one for programme in history for one in programme.of(Policy)}
    return Programme({**history[-1].declared, Policy: tuple(versions.values())})


def counted(found: Sequence[Change]) -> dict[str, dict[str, int]]:
    """Return how many things were added, changed and removed, by kind."""
    counts: dict[str, Counter[str]] = {}
    for change in found:
        counts.setdefault(change.noun, Counter())[change.what] += 1
    return {noun: dict(sorted(counter.items())) for noun, counter in sorted(counts.items())}


def differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[tuple[str, Any, Any], ...]:
    """Return the paths at which two pieces of plain data differ, with the old and the new value (None: absent). The order of named
    items is no difference.
    """
    old, new = dict(_paths(was, "")), dict(_paths(now, ""))
    return tuple((path, old.get(path), new.get(path)) for path in sorted({*old, *new}) if old.get(path) != new.get(path))


def _together(declarations: Sequence[Declared[Any]]) -> dict[str, Any]:
    """Return what is written of one thing. Of several declarations each stands under its `since`."""
    said = [{key: value for key, value in one.written.items() if key not in ("name", "policy")} for one in declarations]
    if len(said) <= 1:
        return said[0] if said else {}
    return {f"[since {one.get('since', 'the beginning')}]": one for one in said}


def _paths(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the leaves of plain data.

    A list of words, or of subjects, is one leaf; items of another list are told by what names them, else by number.
    """
    if isinstance(value, Mapping):
        if not value and path:
            yield path, {}
        for key, inner in value.items():
            yield from _paths(inner, f"{path}.{key}" if path else str(key))
    elif (
        isinstance(value, list)
        and value
        and all(isinstance(item, Mapping) and item.keys() == {"source", "subject"} for item in value)
    ):
        yield path, sorted(f"{item['source']}={item['subject']}" for item in value)
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        used: Counter[str] = Counter()
        for number, item in enumerate(value, start=1):
            label = _label(item) or str(number)
            used[label] += 1
            again = f" #{used[label]}" if used[label] > 1 else ""
            yield from _paths(item, f"{path}[{label}{again}]")
    else:
        yield path, value


def _label(item: Any) -> str | None:
    label = item.get("name") or item.get("every") if isinstance(item, Mapping) else None
    return None if label is None else str(label)
