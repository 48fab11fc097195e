"""Listings of databases as interchange CSV and NDJSON (docs/interchange.md). Rows are made as columns: a big estate has millions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import polars as pl

from audit.model.envelope import time_text
from audit.simulation.files import compact

RFC3339 = "%Y-%m-%dT%H:%M:%SZ"


def _fields(points: pl.DataFrame, original_in: str | None) -> dict[str, pl.Expr]:
    fields = {
        "id": pl.col("id"),
        "subject": pl.col("subject"),
        "method": pl.col("method"),
        "captured_at": pl.col("captured").dt.strftime(RFC3339),
        "available_at": pl.col("available").dt.strftime(RFC3339),
        "base": pl.col("base"),
        "bytes": pl.col("bytes").cast(pl.String),
        "encrypted": pl.when("plain").then(pl.lit("no")).otherwise(pl.lit("yes")),
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


def records(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return records as NDJSON; instants among their values as RFC 3339."""
    return "".join(compact({key: _told(value) for key, value in row.items()}) + "\n" for row in rows)


def _told(value: Any) -> Any:
    return time_text(value) if isinstance(value, datetime) else value
