"""The header of a table whose columns are known by name, looked at before its rows are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from audit.adapters import _table
from audit.errors import Fault, InputError

_ODD = re.compile(r"^\*$|^\^.*\$$")
"""Names that mean several columns to Polars."""


def named(
    text: str, needed: Collection[str], where: str, remedy: str, separator: str = ",", case: Callable[[str], str] = str
) -> list[str]:
    """Return the names of a table's columns, in the case that `case` gives them. Raises `InputError` when one that is needed is missing, and when one has no
    name of its own.
    """
    names = [case(name) for name in _table.header(text, separator)]
    missing = [name for name in needed if name not in names]
    if missing:
        what = f"columns are missing: {', '.join(missing)}"
    elif len(set(names)) < len(names) or any(name in ("", "line", "locator") or _ODD.match(name) for name in names):
        what = "the header does not give each column a name of its own"
    else:
        return names
    fault = Fault(where, what, remedy, "line 1")
    raise InputError(str(fault), [fault])
