"""One id told more than once in one payload: identical rows count once, complementary rows all stay, contradicting ones do not.

Two rows complement each other when no field is known in both with different values. Checks (`integrity`, `checked_at`) are a
history: they never contradict. Of contradicting rows the first stays, and each later one is left out with a fault that names both
places.
"""

from __future__ import annotations

import polars as pl

from audit.adapters._typed import shown
from audit.errors import Fault

_IDENTITY: dict[str, tuple[str, ...]] = {"recovery_point": ("source", "repository", "id"), "run": ("source", "id")}
_FREE = frozenset({"locator", "ambiguous", "basis", "integrity", "checked_at", "message"})
_UNFINISHED = "running"


def resolved(kind: str, frame: pl.DataFrame, where: str) -> tuple[pl.DataFrame, list[Fault]]:
    """Return the rows that stand, in their order, and the faults of those that contradict an earlier one."""
    if frame.height < 2:
        return frame, []
    identity = _IDENTITY.get(kind)
    told = [name for name in frame.columns if name not in ("locator", "ambiguous")]
    if identity is None:
        return frame.unique(told, keep="first", maintain_order=True), []
    doubled = frame.select(identity).is_duplicated()
    if not doubled.any():
        return frame, []
    rows = frame.with_row_index("row").filter(doubled).unique(told, keep="first", maintain_order=True)
    if kind == "run":
        rows = _finished(rows)
    compared = [name for name in told if name not in identity and name not in _FREE]
    contradicting = rows.filter(pl.any_horizontal((pl.col(name).drop_nulls().n_unique() > 1).over(identity) for name in compared))
    dropped, faults = _later(kind, contradicting, identity, compared, where)
    keep = rows.filter(~pl.col("row").is_in(dropped))["row"]
    standing = frame.with_row_index("row").filter(~doubled | pl.col("row").is_in(keep.implode())).drop("row")
    return standing, faults


def _finished(rows: pl.DataFrame) -> pl.DataFrame:
    """A run told as running and later as finished is finished: the earlier word was true when it was written."""
    ended = (pl.col("outcome") != _UNFINISHED).any().over("source", "id")
    return rows.filter(~((pl.col("outcome") == _UNFINISHED) & ended))


def _later(
    kind: str, rows: pl.DataFrame, identity: tuple[str, ...], compared: list[str], where: str
) -> tuple[list[int], list[Fault]]:
    """Go through the contradicting rows in order, field by field (they are few)."""
    known: dict[tuple[object, ...], dict[str, tuple[object, str]]] = {}
    dropped: list[int] = []
    faults: list[Fault] = []
    for row in rows.sort("row").iter_rows(named=True):
        told = known.setdefault(tuple(row[name] for name in identity), {})
        clash = next((name for name in compared if row[name] is not None and name in told and told[name][0] != row[name]), None)
        if clash is None:
            told.update({name: (row[name], row["locator"]) for name in compared if row[name] is not None and name not in told})
            continue
        dropped.append(row["row"])
        value, place = told[clash]
        noun = kind.replace("_", " ")
        both = f"{value} at {place}, {row[clash]} at {row['locator']}"
        what = f"{noun} {shown(row['id'])} is told twice with different {clash}: {both}; the first was kept"
        faults.append(
            Fault(
                where,
                what,
                f"give each {noun} an id of its own; send a correction as a payload of its own",
                row["locator"] or "",
                clash,
            )
        )
    return dropped, faults
