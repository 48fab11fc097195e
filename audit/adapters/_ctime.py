"""Times as C's `ctime` writes them (`Mon Nov  2 15:33:20 2026`): naive, and always in English."""

from __future__ import annotations

import re

PATTERN = r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d \d{4}"
"""What such a time looks like."""

_PARTS = re.compile(r"[A-Z][a-z]{2} +([A-Z][a-z]{2}) +(\d{1,2}) (\d\d:\d\d:\d\d) (\d{4})")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def rfc3339(text: str) -> str:
    """Return the time as RFC 3339 text without offset; what is no such time comes back as it is."""
    found = _PARTS.fullmatch(text.strip())
    if not found or found[1] not in _MONTHS:
        return text
    return f"{found[4]}-{_MONTHS.index(found[1]) + 1:02}-{int(found[2]):02}T{found[3]}"
