"""Sizes as tables write them, `1,234.5 MB` or `12,5` in a column of GB, into whole bytes; whole columns at once."""

from __future__ import annotations

from typing import Literal

import polars as pl

_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
Unit = Literal["B", "kB", "MB", "GB", "TB", "PB", "KiB", "MiB", "GiB", "TiB", "PiB"]
"""The units that a mapping may declare. In a cell, case does not matter, and K, M, G, T, P and `bytes` are units too."""

_UNIT = "(?i:bytes?|b|[kmgtp](?:i?b)?)"
_GROUPS = {" ": "[ \u00a0\u202f]", ".": "[.]", ",": "[,]", "'": "['\u2019]"}
_EXACT = "[0-9]{1,18}"


def factor(unit: str, kilo: int) -> int:
    """Return how many bytes a unit is; `kilo` is 1000 or 1024, for units that do not say."""
    letter = unit[0].lower()
    if letter == "b":
        return 1
    return int((1024 if unit[1:2].lower() == "i" else kilo) ** _POWERS[letter])


def read(texts: pl.Series, unit: str | None, decimal: str, thousands: str | None, kilo: int) -> pl.Series:
    """Return a String column as text of whole bytes, null where it is no size. Null stays null; a number without a unit is in `unit` (bytes when null)."""
    group = _GROUPS[thousands] if thousands else ""
    grouped = rf"[0-9]{{1,3}}(?:{group}[0-9]{{3}})+|" if thousands else ""
    pattern = rf"^((?:{grouped}[0-9]+)(?:[{decimal}][0-9]+)?)[ \u00a0]*({_UNIT})?$"
    parts = texts.to_frame("text").select(
        number=pl.col("text").str.extract(pattern, 1), unit=pl.col("text").str.extract(pattern, 2).str.to_lowercase()
    )
    if thousands:
        parts = parts.with_columns(pl.col("number").str.replace_all(group, ""))
    if decimal != ".":
        parts = parts.with_columns(pl.col("number").str.replace(decimal, ".", literal=True))
    known = {one: factor(one, kilo) for one in parts["unit"].drop_nulls().unique()}
    factors = (
        pl.col("unit").replace_strict(known, return_dtype=pl.Int64).fill_null(factor(unit or "B", kilo))
        if known
        else pl.lit(factor(unit or "B", kilo))
    )
    whole = pl.col("number").str.contains(rf"^{_EXACT}$") & (factors == 1)
    exact = pl.when(whole).then(pl.col("number").cast(pl.Int64, strict=False))
    scaled = (pl.col("number").cast(pl.Float64, strict=False) * factors).round()
    rounded = pl.when(scaled < 2.0**63).then(scaled).cast(pl.Int64, strict=False)
    return parts.select(pl.coalesce(exact, rounded).cast(pl.String).alias(texts.name or "bytes")).to_series()
