"""Subjects: what tools say they back up, whose it is, and the best guesses for what is nobody's."""

from __future__ import annotations

from difflib import SequenceMatcher
from heapq import nlargest

import polars as pl

from audit.steps._open import Store
from audit.steps.assess import subjects_of
from audit.steps.catch_up import catch_up

ALIKE = 0.5
"""How alike (0 to 1) a subject and an asset's name or subject have to be for a suggestion."""

SUBJECT = {"source": pl.String, "subject": pl.String, "asset": pl.String, "part": pl.String, "suggestions": pl.List(pl.String)}


def subjects(store: Store) -> pl.DataFrame:
    """Return every subject of evidence (`source`, `subject`) with its `asset` and `part` now, or `suggestions`: up to three assets with names alike."""
    catch_up(store)
    known = store.head()
    estate = store.estate(known)
    newest = estate.aliases.filter(pl.col("to").is_null()).select("source", "subject", "asset", "part")
    found = subjects_of(store.catalog, known).join(newest, on=["source", "subject"], how="left").sort("source", "subject")
    names: dict[str, set[str]] = {asset: {asset} for asset in estate.segments["asset"].unique()}
    for asset, subject in estate.aliases.select("asset", "subject").iter_rows():
        names.setdefault(asset, set()).add(subject)
    guesses = [
        [] if asset is not None else _alike(subject, names) for subject, asset in found.select("subject", "asset").iter_rows()
    ]
    return found.with_columns(suggestions=pl.Series(guesses, dtype=pl.List(pl.String))).select(SUBJECT.keys())


def _alike(subject: str, names: dict[str, set[str]]) -> list[str]:
    """Return up to three assets whose name or subjects are most like a subject."""
    scores = {
        asset: max(SequenceMatcher(None, subject.lower(), name.lower()).ratio() for name in known) for asset, known in names.items()
    }
    return [asset for asset in nlargest(3, scores, key=lambda asset: (scores[asset], asset)) if scores[asset] >= ALIKE]
