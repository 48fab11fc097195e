"""What a repository shows each time it is listed, as files: a payload and the envelope beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from audit.model.envelope import time_text
from audit.simulation.calendar import day_of

SIDECAR = ".envelope.json"
File = tuple[str, str]
"""Path below the simulation's folder, with `/`, and text."""

Writer = Callable[[pl.DataFrame], str]
"""Makes a payload of the rows (`POINT` and `text`) that are there when a repository is listed."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A repository as one source lists it: its points, each with its line of text, and the instants of its listings.

    command: what is run to list it; it is in the envelope. ending: of the files' names. told: the tool says when a backup was finished; else
    only the first listing that shows it does.
    """

    source: str
    repository: str
    points: pl.DataFrame
    listings: Sequence[datetime]
    write: Writer
    ending: str
    command: str | None = None
    told: bool = True

    def shown(self, at: datetime) -> pl.DataFrame:
        """Return the points that a listing at an instant shows."""
        there = (pl.col("available") <= at) & (pl.col("gone").is_null() | (pl.col("gone") > at))
        return self.points.filter(there)

    def files(self) -> Iterator[File]:
        """Yield a payload and its envelope for each listing."""
        for at in self.listings:
            path = f"evidence/{self.source}/{self.repository}/{day_of(at)}.{self.ending}"
            more = {"command": self.command, "exit_code": 0} if self.command else {}
            yield from payload(
                path, self.write(self.shown(at)), self.source, repository=self.repository, observed_at=at, complete=True, **more
            )


def payload(path: str, text: str, source: str, **told: Any) -> Iterator[File]:
    """Yield a payload and its envelope, which says that it is simulated. Times of the envelope are instants."""
    yield path, text
    yield path + SIDECAR, envelope({"source": source, **told})


def envelope(told: Mapping[str, Any]) -> str:
    """Return a sidecar's text."""
    values = {key: time_text(value) if isinstance(value, datetime) else value for key, value in told.items()}
    return json.dumps({**values, "simulated": True}, ensure_ascii=False) + "\n"


def compact(value: Any) -> str:
    """Return JSON without blanks, as tools write it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
