"""A legal hold: from a day on, no recovery point of the assets in its scope may go until it is released, whatever the policy says.

Whoever asks for the release cannot release it: that takes two people. Until it is released the hold stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

import polars as pl
from pydantic import Field

from audit.model.estate import Estate
from audit.register.records._record import NEW, Act, Due, Moment, Reason, Record, Said, Scoped


class Held(Scoped):
    """What is held, and why."""

    matter: Said = Field(description="the matter it is for", examples=["case 2026-17"])
    custodian: Said = Field(description="who answers for what is held", examples=["Wang Fang"])
    since: Moment = Field(description="from when nothing may go", examples=["2026-01-01"])
    preserve: Literal["all", "month"] = Field(
        "all",
        description="of the points that come while it stands: all of them, or the last one captured in each month; what is there when it begins stays in any case",
    )


ACTS = {
    "place": Act("hold what there is of some assets", Held, (NEW,), "placed", attachments=True),
    "ask-release": Act(
        "ask for the release of a hold; it stands until somebody else releases it",
        Reason,
        ("placed",),
        "release asked",
        attachments=True,
    ),
    "refuse-release": Act("refuse the release that was asked for", Reason, ("release asked",), "placed"),
    "release": Act(
        "release a hold, as somebody else asked", Reason, ("release asked",), "released", not_by=("ask-release",), attachments=True
    ),
}
COLUMNS: dict[str, pl.DataType] = {"preserve": pl.String()}


def rows(record: Record) -> Iterator[dict[str, Any]]:
    """Yield the hold, from its `since` to the instant at which it was released; who placed it answers for it, whoever acted on it later."""
    placed = record.done[0]
    by = {"by": placed.by, "at": placed.at, "entry": placed.number, "sha256": placed.sha256}
    released = record.last("release") if record.state == "released" else None
    yield {
        "begin": datetime.fromisoformat(record.values["since"]),
        "end": released.at if released else None,
        "preserve": placed.values.get("preserve", "all"),  # what was placed before one could say so holds everything
        **by,
        **record.scope(),
    }


def due(record: Record, estate: Estate) -> Iterator[Due]:  # noqa: ARG001 - the shape of every kind
    """Yield that a release which was asked for waits for somebody else's decision."""
    if record.state == "release asked":
        yield Due("decide", record.done[-1].at)
