"""Places in evidence, in the words of a report: the one place where a locator is worded."""

from __future__ import annotations

import re

from audit.model.document import Name, Text
from audit.reporting.words import Words

_LINE = re.compile(r"line (\d+)")
_ROW = re.compile(r"row (\d+)")
_ITEM = re.compile(r"/(\d+)(?:/.*)?", re.DOTALL)


def place(locator: str, words: Words) -> Text:
    """Return a locator in words: a line, a row of a sheet, an item of a JSON list with its pointer, the envelope. Any other (a pointer that begins with a
    key) is a name and stays as it is.
    """
    if line := _LINE.fullmatch(locator):
        return words("labels.locator-line", line=line[1])
    if row := _ROW.fullmatch(locator):
        return words("labels.locator-row", row=row[1])
    if item := _ITEM.fullmatch(locator):
        # A pointer counts from 0 (RFC 6901); people count from 1.
        return words("labels.locator-item", item=str(int(item[1]) + 1), pointer=Name(locator))
    if locator == "envelope":
        return words("labels.locator-envelope")
    return (Name(locator),) if locator else ()
