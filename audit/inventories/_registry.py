"""The formats of inventories by id, and which of them a payload has."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from audit.adapters import _text
from audit.discovery import modules
from audit.errors import Fault, InputError
from audit.inventories import _sheets
from audit.inventories._inventory import Inventory
from audit.inventories._mapping import TableMapping


def formats() -> dict[str, ModuleType]:
    """Return the formats by id."""
    return modules("audit.inventories")


def recognise(name: str, payload: bytes) -> str:
    """Return the id of the format that claims a payload. A workbook is judged whole, a text by its first 64 KiB. Raises `InputError` with one fault."""
    where = name or "payload"
    head = payload if _sheets.is_workbook(payload) else payload[: _text.HEAD]
    claims = [one for one, module in formats().items() if module.identify(name, head)]
    if len(claims) == 1:
        return claims[0]
    if claims:
        fault = Fault(where, f"could be of several formats: {', '.join(claims)}", "say which it is: `format:` in the mapping")
    else:
        fault = (None if _sheets.is_workbook(payload) else _text.unreadable(name, payload)) or Fault(
            where,
            "is of no format of inventories that is known",
            f"say which columns it has: `table:` in the mapping; known are {', '.join(formats())} (docs/inventories.md)",
        )
    raise InputError(str(fault), [fault])


def read(payload: bytes, name: str, format_: str | None = None, table: TableMapping | None = None) -> Inventory:
    """Read a payload; with `table` as a table that is declared so. Raises `InputError` when it cannot be used as a whole."""
    if table is not None:
        chosen = next(module for module in formats().values() if hasattr(module, "MAPPING"))
        found: Inventory = chosen.read(payload, name, table)
        return found
    known: Any = formats().get(format_ or recognise(name, payload))
    if known is None or hasattr(known, "MAPPING"):
        fault = Fault(
            name, f"there is no format {format_!r} of inventories that needs no `table:`", f"known are {', '.join(formats())}"
        )
        raise InputError(str(fault), [fault])
    told: Inventory = known.read(payload, name)
    return told
