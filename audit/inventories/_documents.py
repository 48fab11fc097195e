"""JSON documents of platforms: one value a payload, read strictly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audit.adapters import _json, _text
from audit.errors import Fault, InputError


def document(payload: bytes, where: str) -> Any:
    """Return the JSON value of a payload. Raises `InputError` when it is none."""
    try:
        return _json.loads(_text.decode(where, payload))
    except ValueError as error:
        raise refused(where, str(error), "export it again, whole") from None


def refused(where: str, what: str, remedy: str, locator: str = "") -> InputError:
    """Return the error of a payload that cannot be used as a whole."""
    fault = Fault(where, what, remedy, locator)
    return InputError(str(fault), [fault])


def objects(items: Any, where: str, pointer: str, faults: list[Fault]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield place and value of each item that is an object; one that is not is a fault."""
    if not isinstance(items, list):
        raise refused(where, "holds no list where the items should be", "export it again, whole", pointer)
    for number, item in enumerate(items):
        if isinstance(item, dict):
            yield f"{pointer}/{number}", item
        else:
            faults.append(Fault(where, "is no object", "export it again, whole", f"{pointer}/{number}"))


def text(value: Any) -> str:
    """Return a text, number or truth value as trimmed text; anything else as nothing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip() if isinstance(value, str | int | float) else ""
