"""Random histories of evidence, what is true of them by the plainest reading, and the same read back from the catalog's rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import polars as pl
from hypothesis import strategies as st

from audit.catalog.batch import Applied, Batch, Held
from audit.catalog.layout import is_held
from audit.catalog.schemas import POINT_CONTENT, TABLES
from audit.errors import Fault
from audit.model.facts import Facts, frame

START = datetime(2026, 1, 1, tzinfo=UTC)


def hour(number: int) -> datetime:
    return START + timedelta(hours=number)


@dataclass(frozen=True)
class Told:
    """A point as one payload tells it."""

    id: str
    subject: str = "vm/1"
    bytes: int | None = 1
    expires: int | None = None

    def row(self, source: str, repository: str, locator: str, basis: str) -> dict[str, object]:
        return {
            "source": source,
            "repository": repository,
            "id": self.id,
            "subject": self.subject,
            "bytes": self.bytes,
            "expires_at": None if self.expires is None else hour(self.expires),
            "captured_at": hour(int(self.id[1:])),
            "basis": basis,
            "locator": locator,
        }


@dataclass(frozen=True)
class Payload:
    """One payload: a listing (`at` null: without instant) of a chain, or points without one (`listed` false)."""

    source: str
    repository: str
    scope: str | None
    at: int | None
    complete: bool
    listed: bool
    points: tuple[Told, ...]
    salt: int = 0


def applied(number: int, payload: Payload) -> Applied:
    """The payload as a journal entry. Its hash is that of its content, so equal payloads are told apart by their salt."""
    basis = "catalog" if payload.listed else "job"
    rows = [told.row(payload.source, payload.repository, f"line {line}", basis) for line, told in enumerate(payload.points)]
    listing = {
        "source": payload.source,
        "repository": payload.repository,
        "scope": payload.scope,
        "listed_at": None if payload.at is None else hour(payload.at),
        "complete": payload.complete and payload.at is not None,
    }
    runs = [
        {"source": payload.source, "id": f"run {told.id}", "kind": "backup", "outcome": "success", "bytes": told.bytes}
        for told in payload.points
    ]
    facts = Facts(
        frame("recovery_point", rows),
        frame("run", [] if payload.listed else runs),
        frame("listing", [listing] if payload.listed else []),
        (Fault("x.json", "what", "remedy", "line 3"),) if not payload.points else (),
    )
    observed_at = None if payload.listed or payload.at is None else hour(payload.at)
    return Applied(
        number, hash_of(payload), observed_at, facts, {"source": payload.source, "tool": "interchange", "name": "x.json"}
    )


def hash_of(payload: Payload) -> str:
    return sha256(repr(payload).encode()).hexdigest()


CHAINS = [("nas", "disk", None), ("nas", "disk", "team-a"), ("nas", "tape", None)]

tolds = st.builds(
    Told,
    id=st.sampled_from(["p1", "p2", "p3"]),
    subject=st.sampled_from(["vm/1", "vm/1", "vm/2"]),
    bytes=st.sampled_from([1, 1, 2, None]),
    expires=st.sampled_from([None, None, 9]),
)
contents = st.lists(tolds, max_size=4)
plain = st.sets(st.sampled_from(["p1", "p2", "p3", "p4"])).map(lambda ids: [Told(each) for each in sorted(ids)])


@st.composite
def payloads(draw: st.DrawFn) -> Payload:
    source, repository, scope = draw(st.sampled_from([CHAINS[0], CHAINS[0], CHAINS[0], CHAINS[1], CHAINS[2]]))
    kind = draw(st.sampled_from(["complete"] * 6 + ["incomplete", "incomplete", "job"]))
    at = draw(st.one_of(st.integers(0, 4), st.none() if kind != "complete" else st.integers(0, 4)))
    points = tuple(draw(st.one_of(plain, plain, contents)))
    return Payload(source, repository, scope, at, kind == "complete", kind != "job", points, draw(st.integers(0, 3)))


histories = st.lists(payloads(), min_size=1, max_size=12)
"""Payloads in the order of their arrival: instants are drawn freely, so arrival is in any order."""


class Memory:
    """The tables of a catalog as frames in memory, with their marks: what `Catalog` does, without Delta."""

    def __init__(self) -> None:
        self.tables = {name: pl.DataFrame(schema=schema) for name, schema in TABLES.items()}
        self.marks = dict.fromkeys(TABLES, 0)
        self.held, self.held_mark = self.tables["recovery_points"], 0

    def apply(self, entries: Sequence[Applied], up_to: int, *, tables: Collection[str] = tuple(TABLES)) -> None:
        """Apply entries; only to some tables, as if killed between two commits."""
        entries = [entry for entry in entries if entry.number > min(self.marks.values())]
        inbox = self.tables["recovery_points"].filter(pl.col("entry") > self.held_mark)
        held = Held(pl.concat([self.held, inbox]).lazy(), self.held_mark)
        batch = Batch(entries, {name: rows.lazy() for name, rows in self.tables.items()}, self.marks, held)
        for name in tables:
            if self.marks[name] < up_to:
                made = [part.collect() for part in batch.parts(name)]
                assert all(part.schema == TABLES[name] for part in made)
                self.tables[name] = pl.concat([self.tables[name], *made])
                self.marks = {**self.marks, name: up_to}

    def compact(self) -> None:
        """Lay out what the newest listings hold, each subject by itself, as the buckets may part them."""
        points = self.tables["recovery_points"].partition_by("subject")
        self.held = pl.concat([self.held.clear(), *(part.filter(is_held()) for part in points)])
        self.held_mark = self.marks["recovery_points"]


Content = tuple[object, ...]
State = dict[str, dict[Content, str]]
"""Of each point present: its contents, and of each the smallest hash of the payloads that tell it."""


def content_of(row: dict[str, object]) -> Content:
    return tuple(row[name] for name in POINT_CONTENT)


def truth(entries: Sequence[Applied]) -> dict[tuple[str, str, str | None], dict[datetime, State]]:
    """The state of each chain at each of its complete listings: the union of what the listings of that instant show."""
    found: dict[tuple[str, str, str | None], dict[datetime, State]] = {}
    for entry in entries:
        for listing in entry.facts.listings.filter("complete").iter_rows(named=True):
            chain = (listing["source"], listing["repository"], listing["scope"])
            state = found.setdefault(chain, {}).setdefault(listing["listed_at"], {})
            for row in entry.facts.points.iter_rows(named=True):
                hashes = state.setdefault(row["id"], {})
                hashes[content_of(row)] = min(entry.sha256, hashes.get(content_of(row), entry.sha256))
    return found


def reconstructed(
    rows: pl.DataFrame, listings: pl.DataFrame, hashes: dict[int, str]
) -> dict[tuple[str, str, str | None], dict[datetime, State]]:
    """The same from the catalog's rows, by the rules that `membership.py` writes down."""
    found: dict[tuple[str, str, str | None], dict[datetime, State]] = {}
    chain = ("source", "repository", "scope")
    for key, times in listings.filter("complete").group_by(chain):
        own = rows.filter(
            "from_complete", *(pl.col(name).eq_missing(pl.lit(value, pl.String)) for name, value in zip(chain, key, strict=True))
        )
        standing = own.sort("listed_at").rows(named=True)
        for at in times["listed_at"].unique():
            everyone = min(hashes[entry] for entry in times.filter(pl.col("listed_at") == at)["entry"])
            state = found.setdefault(key, {}).setdefault(at, {})
            for point in {row["id"] for row in standing}:
                before = [row for row in standing if row["id"] == point and row["listed_at"] <= at]
                last = [row for row in before if row["listed_at"] == before[-1]["listed_at"] and row["present"]]
                told = [row for row in last if row["told_entry"] is not None and row["listed_at"] == at]
                for row in told or last:
                    teller = hashes[row["told_entry"]] if told else everyone
                    contents = state.setdefault(point, {})
                    contents[content_of(row)] = min(teller, contents.get(content_of(row), teller))
    return found
