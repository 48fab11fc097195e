"""Text in spreadsheets: what a spreadsheet would take for a formula is kept from being one."""

from __future__ import annotations

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Beginnings that a spreadsheet may take for a formula, in their wide forms as well (OWASP, CSV injection)."""


def harmless(value: object) -> object:
    """Return a cell of a CSV file: a text that begins like a formula with an apostrophe before it, anything else as it is."""
    return f"'{value}" if isinstance(value, str) and value.startswith(STARTS) else value
