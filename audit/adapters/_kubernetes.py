"""Objects of Kubernetes as `kubectl get ... -o json` prints them: a list, one object, or a bare array; or as an array of the pages of lists, as its API gives them."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, TypeGuard

from audit.adapters import _records
from audit.adapters._records import Object
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope

Found = dict[str, list[Object]]
"""Objects by their kind."""


def claims(head: bytes, groups: str) -> bool:
    """Tell whether JSON has objects of an API group (a regular expression), in its first bytes."""
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"{", b"["):
        return False
    return bool(re.search(rf'"apiVersion"\s*:\s*"(?:{groups})/'.encode(), head))


def objects(payload: bytes, envelope: Envelope) -> tuple[Found, bool, list[Fault]]:
    """Return the objects by kind (of a list without kinds: under the list's kind, else under nothing), whether no page is missing, and faults."""
    where = envelope.name or envelope.tool
    value = _records.document(payload, envelope)
    if isinstance(value, dict) and "items" not in value and "metadata" in value:
        return {str(value.get("kind") or ""): [("", value)]}, False, []  # one object by itself is no list
    found: Found = {}
    faults: list[Fault] = []
    if _are_lists(value):
        unfinished: dict[str, bool] = {}
        for number, each in enumerate(value):
            kind = str(each.get("kind") or "").removesuffix("List")
            unfinished[kind] = _goes_on(each)  # the last page of each list counts
            found.setdefault(kind, [])
            faults += _into(found, each["items"], f"/{number}/items", kind, where)
        return found, not any(unfinished.values()), faults
    if isinstance(value, dict):
        kind = str(value.get("kind") or "").removesuffix("List")
        if kind:
            found[kind] = []  # a list of none of a kind says nothing of other kinds
        return found, not _goes_on(value), _into(found, value.get("items"), "/items", kind, where)
    return found, True, _into(found, value, "", "", where)


def _are_lists(value: Any) -> TypeGuard[list[dict[str, Any]]]:
    """Tell whether a value is an array of lists: of the pages of one, or of several."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(each, dict) and isinstance(each.get("items"), list) for each in value)
    )


def _goes_on(value: dict[str, Any]) -> bool:
    """Tell whether a list says that there is more of it."""
    meta = value.get("metadata")
    return isinstance(meta, dict) and bool(meta.get("continue") or meta.get("remainingItemCount"))


def _into(found: Found, listed: Any, below: str, kind: str, where: str) -> list[Fault]:
    """Put the objects of a list under their kinds; return a fault for each element that is none."""
    records, faults = _records.objects(listed, below, where)
    for place, each in records:
        own = each.get("kind")
        found.setdefault(own if isinstance(own, str) else kind, []).append((place, each))
    return faults


def strangers(found: Found, known: Collection[str], where: str, system: str) -> list[Fault]:
    """Return a fault for each object of a kind that is not known."""
    return [
        Fault(
            where,
            f"this object ({kind or 'without a kind'}) is none of {system} that is known: it was not used",
            "leave it out",
            place or "/",
        )
        for kind, each in found.items()
        if kind not in known
        for place, _ in each
    ]


def refuse_nothing(found: Found, faults: Collection[Fault], envelope: Envelope) -> None:
    """Raise `InputError` for a list of nothing, unless its envelope says by `complete` that it is a listing of nothing."""
    if not any(found.values()) and not faults and not envelope.complete:
        fault = Fault(
            envelope.name or envelope.tool, "holds no objects", "an empty list says nothing unless it is declared complete"
        )
        raise InputError(str(fault), [fault])


def names(value: Any) -> list[str]:
    """Return a list of names, sorted, without the word for all of them."""
    return sorted(each for each in value if isinstance(each, str) and each != "*") if isinstance(value, list) else []
