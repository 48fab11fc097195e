"""A confirmation: two people looked into a recovery point that is empty, or much smaller than those before it, and say that it is right that it is.

It is about one point of one asset, by its id in its repository, and counts from when somebody else than who asked for it confirmed it; it never reaches back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
from pydantic import Field

from audit.model.estate import Estate
from audit.model.facts import INSTANT
from audit.model.records import SCOPE
from audit.register.records._record import NEW, Act, Due, Reason, Record, Said, Values


class Looked(Values):
    """Which point is as large as it should be, and why."""

    asset: Said = Field(description="the asset it is a copy of", examples=["im-messages-db"])
    point: Said = Field(description="the id of the recovery point", examples=["20261107-120000F"])
    repository: Said = Field(description="the repository that it is in", examples=["nas-dc1"])
    reason: Said = Field(
        description="why it is as small as it is, and how that was found",
        examples=["Old messages were archived; the rows were counted."],
    )


_STANDING = ("requested", "confirmed")
ACTS = {
    "request": Act("say why a recovery point is small, and ask somebody else to confirm it", Looked, (NEW,), "requested", attachments=True),
    "confirm": Act(
        "confirm what somebody else found; it counts from this instant on", Reason, ("requested",), "confirmed", not_by=("request",), attachments=True
    ),
    "refuse": Act("refuse what somebody else found", Reason, ("requested",), "refused", not_by=("request",)),
    "withdraw": Act("take it back: it then counts for nothing, from its beginning", Reason, _STANDING, "withdrawn"),
}  # fmt: skip
COLUMNS: dict[str, pl.DataType] = {
    "point": pl.String(),
    "repository": pl.String(),
    "looked": INSTANT,
}  # looked: when it was said what was found


def rows(record: Record) -> Iterator[dict[str, Any]]:
    """Yield the confirmation, from when somebody else gave it: what only one person says cures nothing."""
    confirmed = record.last("confirm")
    if confirmed is None or record.state != "confirmed":
        return
    told = record.done[0].values
    scope = {**{key: [] for key in SCOPE}, "assets": [told["asset"]]}
    named = {"point": told["point"], "repository": told["repository"], "looked": record.done[0].at}
    yield {"begin": confirmed.at, "end": None, **named, **confirmed.origin(), **scope}


def due(record: Record, estate: Estate) -> Iterator[Due]:  # noqa: ARG001 - the shape of every kind
    """Yield that it waits for somebody else to confirm it."""
    if record.state == "requested":
        yield Due("confirm", record.done[0].at)
