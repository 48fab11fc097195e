"""Listings of databases as interchange CSV and NDJSON (docs/interchange.md). Rows are made as columns: a big estate has millions."""

from __future__ import annotations

import polars as pl

RFC3339 = "%Y-%m-%dT%H:%M:%SZ"
COLUMNS = ("id", "subject", "method", "captured_at", "available_at", "base", "bytes", "encrypted")
LOCKED = ("immutable_until",)
COPIED = ("copy_of.repository", "copy_of.id")


def _fields(points: pl.DataFrame, original_in: str | None) -> dict[str, pl.Expr]:
    fields = {
        "id": pl.col("id"),
        "subject": pl.col("subject"),
        "method": pl.col("method"),
        "captured_at": pl.col("captured").dt.strftime(RFC3339),
        "available_at": pl.col("available").dt.strftime(RFC3339),
        "base": pl.col("base"),
        "bytes": pl.col("bytes").cast(pl.String),
        "encrypted": pl.lit("yes"),
    }
    if points["locked_until"].null_count() < points.height:
        fields["immutable_until"] = pl.col("locked_until").dt.strftime(RFC3339)
    if original_in is not None:
        fields |= {"copy_of.repository": pl.lit(original_in), "copy_of.id": pl.col("original")}
    return fields


def csv_rows(points: pl.DataFrame, original_in: str | None = None) -> pl.DataFrame:
    """Return points with `text`, a line of CSV each, and `header`. original_in: the repository that holds their originals."""
    fields = _fields(points, original_in)
    line = pl.concat_str([value.fill_null("") for value in fields.values()], separator=",")
    return points.with_columns(text=line, header=pl.lit(",".join(fields)))


def csv(shown: pl.DataFrame, header: str) -> str:
    """Return a listing as CSV."""
    return "\n".join([header, *shown["text"]]) + "\n"


def ndjson_rows(points: pl.DataFrame, original_in: str | None = None) -> pl.DataFrame:
    """Return points with `text`, a line of NDJSON each. No value needs escaping."""
    parts: list[pl.Expr] = [pl.lit('{"record":"recovery_point"')]
    for name, value in _fields(points, None).items():
        quote = "" if name == "bytes" else '"'
        told = pl.format(f',"{name}":{quote}{{}}{quote}', value)
        parts.append(pl.when(value.is_null()).then(pl.lit("")).otherwise(told))
    if original_in is not None:
        parts.append(pl.format(',"copy_of":{"repository":"' + original_in + '","id":"{}"}', "original"))
    return points.with_columns(text=pl.concat_str([*parts, pl.lit("}")]))


def ndjson(shown: pl.DataFrame) -> str:
    """Return a listing as NDJSON: a line that says it is one, and the points."""
    return "\n".join(['{"record":"listing","complete":true}', *shown["text"]]) + "\n"
