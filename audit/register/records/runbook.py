"""A runbook: how to recover some assets, step by step; which text of it is in use, where that is kept, and when it was reviewed.

The register holds the SHA-256 of each version's document, and the vault the document itself where it was handed over. A version is reviewed by somebody else than who
wrote it, and until a new one is reviewed the one before it stands. It takes the review of the newest version to make the runbook count as reviewed again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

import polars as pl
from pydantic import Field

from audit.model.estate import Estate
from audit.model.facts import INSTANT
from audit.register.records._record import (
    NEW,
    Act,
    Document,
    Due,
    Moment,
    Reason,
    Record,
    RefusedError,
    Said,
    Scoped,
    Sha256,
    Values,
)

SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class Version(Values):
    """One version of the document."""

    version: Said = Field(description="how the document numbers itself", examples=["3"])
    sha256: Annotated[Sha256, Document()] = Field(
        description="the SHA-256 of a document that is not handed over, as sha256sum prints it", examples=[SHA256]
    )
    kept: Said = Field(description="where the document is kept", examples=["the wiki, page Restore messages"])
    elsewhere: Said = Field(
        description="where else it is kept, away from the systems it describes", examples=["printed, in the safe of dc2"]
    )
    on: Moment = Field(description="when this version was published", examples=["2026-01-15"])


class Published(Version, Scoped):
    """A new runbook, with its first version."""

    name: Said = Field(description="what it is called", examples=["restore-messages"])
    owner: Said = Field(description="who answers for it", examples=["Chen Jie"])


class Reviewed(Values):
    """A review of the newest version."""

    on: Moment = Field(description="when it was reviewed", examples=["2026-02-01"])
    found: Said = Field(description="what the review found", examples=["Every step can be followed; contacts brought up to date."])


_LIVING = ("awaiting review", "reviewed")
ACTS = {
    "publish": Act("publish a runbook; somebody else reviews it", Published, (NEW,), "awaiting review", attachments=True),
    "revise": Act(
        "publish a new version of its document; the reviewed one stands until this one is reviewed",
        Version,
        _LIVING,
        "awaiting review",
        attachments=True,
    ),
    "review": Act(
        "state that the newest version was reviewed and can be followed, as somebody else wrote it",
        Reviewed,
        _LIVING,
        "reviewed",
        not_by_last=("publish", "revise"),
        attachments=True,
    ),
    "retire": Act("take a runbook out of use, from now on", Reason, _LIVING, "retired"),
}


def check(record: Record | None, act: str, told: Mapping[str, Any], by: str, now: datetime) -> None:  # noqa: ARG001 - as every kind's
    """Raise `RefusedError` when a review is said to be of a day before that version was published."""
    if record is None or act != "review":
        return
    published = next(one for one in reversed(record.done) if one.act in ("publish", "revise"))
    if min(datetime.fromisoformat(told["on"]), now) < published.on:
        raise RefusedError(
            f"review on {told['on']} is of a day before the newest version of {record.id} was published, {published.values['on']}"
        )


COLUMNS: dict[str, pl.DataType] = {"act": pl.String(), "on": INSTANT}


def rows(record: Record) -> Iterator[dict[str, Any]]:
    """Yield its first publication and each review, in use until it was retired (`on`: when it was done), and each new version published in that time; and from then on that
    it was retired."""
    retired = record.last("retire")
    end = retired.at if retired else None
    first = min(done.on for done in record.done if done.act in ("publish", "review"))
    for done in record.done:
        # A version that is said to be older than all that is recorded of the runbook changed nothing that was in use.
        if done.act in ("publish", "review") or (done.act == "revise" and done.on >= first):
            yield {"begin": done.on, "end": end, "act": done.act, "on": done.on, **done.origin(), **record.scope()}
    if retired:
        yield {"begin": end, "end": None, "act": "retire", "on": end, **retired.origin(), **record.scope()}


def due(record: Record, estate: Estate) -> Iterator[Due]:  # noqa: ARG001 - the shape of every kind
    """Yield that the newest version waits for a review by somebody else."""
    if record.state == "awaiting review":
        published = next(one for one in reversed(record.done) if one.act in ("publish", "revise"))
        yield Due("review", published.at)
