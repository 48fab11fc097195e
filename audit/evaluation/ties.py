"""Ties between subjects: where evidence under one says something of what is told under another, both are read together, or a verdict would hang on who is judged with whom.

Subjects of a source are tied where one point (source, repository, id) or one run (source, id) is told under both, and where a run under one names a point under the other: by
its id, or by a beginning that points of several subjects share. Bases and originals are no ties: they come along point by point (`audit.evaluation.chunks`).
"""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakKeyDictionary

import polars as pl

from audit.catalog.catalog import Catalog
from audit.model.runs import SHORTEST_BEGINNING

TIE = {"source": pl.String, "subject": pl.String, "tie": pl.UInt32}
"""Subjects with one number in `tie` belong together, directly or through others."""
AT_A_TIME = 20_000_000
"""Rows whose ids are looked at in one pass: about 1.5 GB."""
_POINT, _RUN = ("source", "repository", "id"), ("source", "id")
_NAMES = pl.col("recovery_point").is_not_null() & pl.col("repository").is_not_null()
_known: WeakKeyDictionary[Catalog, tuple[int, pl.DataFrame]] = WeakKeyDictionary()


def ties_of(catalog: Catalog, known: int) -> pl.DataFrame:
    """Return the subjects that are tied to others by what is known at a journal entry (TIE). What was found last is remembered as long as the catalog is open."""
    if catalog not in _known or _known[catalog][0] != known:
        _known[catalog] = (known, _joined(pl.concat([pl.DataFrame(schema=_PAIR), *_pairs(catalog, known)]).unique()))
    return _known[catalog][1]


def with_tied(subjects: pl.DataFrame, ties: pl.DataFrame) -> pl.DataFrame:
    """Return subjects (`source`, `subject`, each once) with all that are tied to them (TIE)."""
    both = ["source", "subject"]
    touched = ties.join(subjects, on=both, how="semi").select("tie").unique()
    return pl.concat([subjects, ties.join(touched, on="tie", how="semi").select(both)]).unique()


_PAIR = {"source": pl.String, "first": pl.String, "subject": pl.String}


def _pairs(catalog: Catalog, known: int) -> Iterator[pl.DataFrame]:
    points = catalog.tellings(known, columns=[*_POINT, "subject"]).select(*_POINT, "subject")
    runs = catalog.runs(known, columns=[*_POINT, "subject", "recovery_point"])
    naming = runs.filter(_NAMES).select("source", "repository", pl.col("recovery_point").alias("id"), "subject")
    yield _under_several([points, naming], _POINT)
    yield _under_several([runs.select(*_RUN, "subject")], _RUN)
    short = naming.filter(pl.col("id").str.len_chars() >= SHORTEST_BEGINNING).unique().collect()
    if short.is_empty():
        return
    longest = points.group_by("source").agg(longest=pl.col("id").str.len_chars().max()).collect()
    short = short.join(longest, on="source").with_columns(length=pl.col("id").str.len_chars())
    for (length,), some in short.filter(pl.col("length") < pl.col("longest")).group_by("length"):
        named = some.select(*_POINT).unique()
        beginnings = points.with_columns(pl.col("id").str.slice(0, length))
        found = beginnings.join(named.lazy(), on=_POINT, how="semi").unique().collect()
        yield _paired(pl.concat([found, some.select(found.columns)]), _POINT)


def _under_several(frames: list[pl.LazyFrame], key: tuple[str, ...]) -> pl.DataFrame:
    """Return the pairs of subjects under which one thing is told. First by hash, in passes that bound memory; then what has several is looked at by name."""
    every = pl.concat(frames).filter(pl.col("subject").is_not_null())
    hashed = every.select(key=pl.struct(key).hash(), subject=pl.col("subject").hash())
    passes = 1 + int(every.select(pl.len()).collect().item()) // AT_A_TIME
    found = []
    for number in range(passes):
        some = hashed.filter(pl.col("key") % passes == number) if passes > 1 else hashed
        ends = some.group_by("key").agg(low=pl.col("subject").min(), high=pl.col("subject").max())
        found.append(ends.filter(pl.col("low") != pl.col("high")).select("key").collect())
    keys = pl.concat(found)["key"]
    if keys.is_empty():
        return pl.DataFrame(schema=_PAIR)
    return _paired(every.filter(pl.struct(key).hash().is_in(keys.implode())).unique().collect(), key)


def _paired(rows: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    """Return each subject with the first one of what it shares."""
    rows = rows.drop_nulls("subject").with_columns(first=pl.col("subject").min().over(key))
    return rows.filter(pl.col("first") != pl.col("subject")).select(_PAIR.keys()).unique()


def _joined(pairs: pl.DataFrame) -> pl.DataFrame:
    """Number what hangs together: each subject takes the smallest number of those it is tied to, until none has a smaller one."""
    nodes = (
        pl.concat([pairs.select("source", subject="first"), pairs.select("source", "subject")]).unique().sort("source", "subject")
    )
    nodes = nodes.with_row_index("tie")
    ends = pairs.join(nodes, on=["source", "subject"]).rename({"tie": "other"})
    ends = ends.join(nodes, left_on=["source", "first"], right_on=["source", "subject"]).select("tie", "other")
    number = nodes["tie"]
    while True:
        here, there = number.gather(ends["tie"]), number.gather(ends["other"])
        both = pl.DataFrame({"node": pl.concat([ends["tie"], ends["other"]]), "least": pl.concat([there, here])})
        least = both.group_by("node").agg(pl.col("least").min())
        smaller = pl.DataFrame({"node": nodes["tie"], "number": number}).join(least, on="node", how="left", maintain_order="left")
        after = smaller.select(pl.min_horizontal("number", pl.col("least").fill_null(pl.col("number")))).to_series()
        if after.equals(number):
            return nodes.select("source", "subject", tie=number)
        number = after
