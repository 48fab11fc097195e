"""Register records as controls see them: what people declared, signed or tried, and of which assets and for which time it speaks.

A record counts in [begin, end) (`Datetime("us", "UTC")`; null: without a bound) for the assets of its scope: those that have one of the named values for every key
that names any. No key: all assets. Each kind of record adds columns of its own (`audit/register/records/`).
"""

from __future__ import annotations

import polars as pl

from audit.model.facts import INSTANT

SCOPE = {"assets": "asset", "units": "unit", "tiers": "tier", "data_classes": "data_class"}
"""The keys of a scope, and the attribute of an asset's segments that each one names values of."""

RECORD: dict[str, pl.DataType] = {
    "id": pl.String(),
    "entry": pl.Int64(),  # the journal entry of the act that says so
    "sha256": pl.String(),  # of that act's payload
    "by": pl.String(),
    "at": INSTANT,  # when the act was entered
    "begin": INSTANT,
    "end": INSTANT,
    **dict.fromkeys(SCOPE, pl.List(pl.String())),
}
