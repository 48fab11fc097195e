"""Unlogged instants: when runs may have started that no job log shows (docs/definitions.md, section 16). All instants are Int64 microseconds."""

from __future__ import annotations

import polars as pl

from audit.model.intervals import INT
from audit.model.terms import FOR_EVER
from audit.model.unseen import unseen

KINDS = ("backup", "copy")
"""The kinds of runs of which job logs are asked for."""
WELL, BADLY = ("success", "warning"), ("failed", "cancelled")
UNLOGGED = {
    "code": pl.UInt32,
    "source": pl.String,
    "subject": pl.String,
    "pair": pl.Int32,
    "kind": pl.String,
    "begin": INT,
    "end": INT,
    "until": INT,
    "well": pl.Boolean,
    "bad": pl.Boolean,
}
"""pair: null: of the source as a whole. until: when the alias or the source ends. well, bad: whether what may have started there may have ended well, or badly.
A run that did not tell its start or its subject is a stretch of no length, and of its `kind`."""


def unlogged(names: pl.DataFrame, logs: pl.DataFrame, traces: pl.DataFrame, half: pl.DataFrame) -> pl.DataFrame:
    """Return UNLOGGED.

    names: `code`, `source`, `subject`, `begin`, `end`: aliases while their source is in use. logs: `source`, `pair`, `subject` (null: of all), `begin`, `end`: stretches that
    job logs cover.
    traces: `code`, `source`, `subject`, `pair`, `at`: what shows that a subject's runs went to a pair. half: `source`, `subject`, `pair`, `kind`, `outcome`, `at`: runs that
    did not tell their subject or their start.
    """
    by = ["code", "source", "subject"]
    first = traces.group_by(*by, "pair").agg(first=pl.col("at").min())
    whole = names.select(*by, "begin", "end", pair=pl.lit(None, pl.Int32))
    placed = names.join(first, on=by).with_columns(begin=pl.max_horizontal("begin", "first"))
    spans = pl.concat([whole, placed.select(whole.columns)]).filter(pl.col("begin") < pl.col("end"))
    # Most groups share their sources and repositories: what is dark is worked out once for each, and for each subject that has logs of its own.
    alone = logs.drop_nulls("subject").select("source", "subject", of="subject").unique()
    spans = spans.join(alone, on=["source", "subject"], how="left", maintain_order="left")
    keys = spans.select("source", "pair", "of").unique(maintain_order=True).with_row_index("view")
    mine = pl.col("subject").is_null() | (pl.col("subject") == pl.col("of"))
    covered = pl.concat([
        keys.filter(pl.col("pair").is_null()).drop("pair").join(logs, on="source").filter(mine).select("view", "begin", "end"),
        keys.join(logs, on=["source", "pair"]).filter(mine).select("view", "begin", "end"),
    ])  # fmt: skip
    always = keys.select("view", begin=pl.lit(-FOR_EVER, INT), end=pl.lit(FOR_EVER, INT))
    dark = unseen(always, covered, pl.DataFrame(schema={"view": pl.UInt32, "at": INT}))
    gaps = spans.join(keys, on=["source", "pair", "of"], nulls_equal=True).join(
        dark.select("view", low="begin", high="end"), on="view"
    )
    gaps = gaps.with_columns(
        begin=pl.max_horizontal("begin", "low"),
        end=pl.min_horizontal("end", "high"),
        until="end",
        kind=pl.lit(None),
        well=pl.lit(True),
        bad=pl.lit(True),
    ).filter(pl.col("begin") < pl.col("end"))
    rows = pl.concat([_shaped(gaps), _of_half(half, names, spans)])
    return rows.sort(*by, "pair", "begin", "end")


def _of_half(half: pl.DataFrame, names: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """Return the instants of runs that may be of a group. One that did not tell its repository may have gone to each to which those of the subject go."""
    told = half.filter(pl.col("pair").is_not_null()).join(names, on="source", suffix="_of")
    untold = half.filter(pl.col("pair").is_null()).drop("pair").join(spans, on="source", suffix="_of")
    rows = pl.concat([frame.select(*told.columns) for frame in (told, untold)])
    mine = (pl.col("subject").is_null() | (pl.col("subject") == pl.col("subject_of"))) & pl.col("at").is_between(
        "begin", "end", closed="left"
    )
    return _shaped(
        rows.filter(mine).with_columns(
            subject="subject_of",
            until="end",
            begin="at",
            end="at",
            well=~pl.col("outcome").is_in(BADLY),
            bad=~pl.col("outcome").is_in(WELL),
        )
    )


def _shaped(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(pl.col(name).cast(kind) for name, kind in UNLOGGED.items())
