"""Subjects: what tools say they back up, whose it is, the best guesses for what is nobody's, and the assets of which nothing was ever seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import polars as pl

from audit.model.estate import Estate
from audit.model.facts import INSTANT
from audit.policy.kinds.assets import Asset
from audit.policy.load import load
from audit.policy.matching import Names
from audit.steps._open import Store
from audit.steps.assess import subjects_of
from audit.steps.catch_up import catch_up

MAPPED, ORPHAN, UNPROTECTED = "mapped", "orphan", "unprotected"

SUBJECT: dict[str, Any] = {
    "source": pl.String,
    "subject": pl.String,
    "asset": pl.String,
    "part": pl.String,
    "suggestions": pl.List(pl.String),
    "status": pl.String,
    "matches": pl.List(pl.String),
    "ambiguous": pl.Boolean,
}
"""`status`: `mapped`, the evidence knows it and it is an asset's; `orphan`, the evidence knows it and it is nobody's; `unprotected`, an asset in service (or a part)
of which no subject was ever seen: each of its subjects, or none. `matches`: how each suggestion matches. `ambiguous`: a rule finds several."""
_SERVICE: dict[str, Any] = {"in_service": INSTANT, "retired": INSTANT}


def subjects(store: Store, now: datetime) -> pl.DataFrame:
    """Return every subject of evidence with its asset and part now, or guesses; and the assets in service at `now` that are not protected."""
    return in_service(gathered(store), now)


def in_service(frame: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Return what `gathered` found, of unprotected assets only those in service at an instant."""
    there = (pl.col("in_service") <= now) & (pl.col("retired").is_null() | (pl.col("retired") > now))
    return frame.filter((pl.col("status") != UNPROTECTED) | there).select(SUBJECT.keys())


def gathered(store: Store) -> pl.DataFrame:
    """Return the rows of `subjects` for any time, with when an unprotected asset is in service."""
    catch_up(store)
    known = store.head()
    estate = store.estate(known)
    newest = estate.aliases.filter(pl.col("to").is_null()).select("source", "subject", "asset", "part")
    found = subjects_of(store.catalog, known).join(newest, on=["source", "subject"], how="left").sort("source", "subject")
    names = Names(
        names_of(store, known),
        list(estate.aliases.select("source", "subject", "asset").unique().sort("source", "subject", "asset").iter_rows()),
    )
    rows = [_row(row, names) for row in found.select("source", "subject", "asset", "part").iter_rows()]
    rows += _unprotected(estate, newest, found)
    return pl.DataFrame(rows, schema={**SUBJECT, **_SERVICE}, orient="row")


def names_of(store: Store, known: int) -> dict[str, list[str]]:
    """Return the assets of the programme with the names that they are known as, and their identities in inventories."""
    history = store.programmes(known)
    programme, _ = load(history[-1].files) if history else (None, [])
    told: dict[str, list[str]] = {}
    for declared in programme.of(Asset) if programme else ():
        names = [*declared.item.known_as, *(entry.key for entry in declared.item.inventories)]
        told.setdefault(declared.item.name, []).extend(names)
    return told


def _row(told: tuple[Any, ...], names: Names) -> tuple[Any, ...]:
    source, subject, asset, part = told
    if asset is not None:
        return (source, subject, asset, part, [], MAPPED, [], False, None, None)
    guesses, ambiguous = names.guesses(source, subject)
    return (
        source,
        subject,
        None,
        None,
        [one.asset for one in guesses],
        ORPHAN,
        [str(one) for one in guesses],
        ambiguous,
        None,
        None,
    )


def _unprotected(estate: Estate, newest: pl.DataFrame, found: pl.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Yield a row for each declared subject of an asset or part of which none was ever seen, and one for each asset without subjects."""
    seen = set(found.drop_nulls("asset").select("asset", "part").iter_rows())
    declared: dict[tuple[str, str | None], list[tuple[str | None, str | None]]] = {}
    for source, subject, asset, part in newest.sort("asset", "part", "source", "subject").iter_rows():
        declared.setdefault((asset, part), []).append((source, subject))
    named = {asset for asset, _ in declared}
    last: Mapping[str, tuple[Any, Any]] = {
        asset: (begin, end)
        for asset, begin, end in estate.segments.filter(pl.col("to").is_null()).select("asset", "in_service", "retired").iter_rows()
    }
    owners: list[tuple[str, str | None]] = [*declared, *((asset, None) for asset in last if asset not in named)]
    for owner in sorted(owners, key=lambda one: (one[0], one[1] or "")):
        if owner in seen or owner[0] not in last:
            continue
        for pair in declared.get(owner) or [(None, None)]:
            yield (*pair, *owner, [], UNPROTECTED, [], False, *last[owner[0]])
