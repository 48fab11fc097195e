"""Pull: fetch the evidence of sources that say how they are fetched, and take it in as it was received."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from audit.connectors._fetching import Asking, Fetched
from audit.connectors._registry import connectors, settings_of
from audit.connectors._secret import without, without_bytes
from audit.errors import BackupAuditError, UsageError
from audit.model.deliveries import zone_of
from audit.model.estate import Source
from audit.policy.suggest import one_of, unknown
from audit.steps._open import Progress, Store, quietly
from audit.steps._payloads import SIDECAR, FetchedSidecar, Gathered, Payload
from audit.steps.catch_up import catch_up
from audit.steps.ingest import Ingested, ingest

AT_A_TIME = 20
"""Payloads that are taken in together, at the most."""
BYTES_AT_A_TIME = 64 * 1024 * 1024
"""Bytes of payloads after which those fetched so far are taken in."""
LONGEST_RUN = timedelta(days=30)
"""A run that was under way so long ago is not asked about again: its log has forgotten it."""


@dataclass(slots=True)
class Pulled:
    """What a pull of one source did. `failed`: why it could not be finished; what had been fetched whole was taken in all the same."""

    source: str
    payloads: int = 0
    new: int = 0
    points: int = 0
    runs: int = 0
    listings: int = 0
    quarantined: int = 0
    failed: str | None = None
    warnings: list[str] = field(default_factory=list)

    def add(self, done: Ingested) -> None:
        """Count what was taken in."""
        self.payloads += done.files
        for name in ("new", "points", "runs", "listings", "quarantined"):
            setattr(self, name, getattr(self, name) + getattr(done, name))
        self.warnings += [*done.warnings, *map(str, [*done.refused, *done.unrecognised, *done.unread])]


def fetched_sources(store: Store, names: Collection[str] = ()) -> list[Source]:
    """Return the sources that say how they are fetched, or those named. Raises `UsageError` for a name that is none of them."""
    declared = store.estate(store.head()).sources
    there = {name: source for name, source in declared.items() if source.fetch is not None}
    for name in names:
        if name in declared and name not in there:
            raise UsageError(
                f"the source {name} does not say how it is fetched: add `fetch:` to it in sources.yaml (docs/connectors.md)"
            )
        if name not in there:
            raise UsageError(
                f"{unknown('source', name, there)} ({one_of(there)})"
                if there
                else f"no source {name!r} is declared that says how it is fetched"
            )
    return [there[name] for name in sorted(names or there)]


def due(store: Store, now: datetime, tried: Mapping[str, datetime]) -> list[str]:
    """Return the sources whose time has come: `every` after the last try, or after the last payload that a pull brought. tried: the last try of each (UTC)."""
    estate = store.estate(store.head())
    asked = {name: settings_of(source.fetch) for name, source in estate.sources.items() if source.fetch is not None}
    every = {name: settings.every for name, settings in asked.items() if settings.every is not None}
    if not every:
        return []
    catch_up(store)
    pulled = store.catalog.payloads(store.head()).filter(method="pull").group_by("source").agg(pl.col("received_at").max())
    last = {**dict(pulled.iter_rows()), **tried}
    zones = {name: zone_of(estate.sources[name], estate.timezone) for name in every}
    return [name for name, term in sorted(every.items()) if name not in last or term.after(last[name], zones[name]) <= now]


def pull(
    store: Store, sources: Collection[Source], *, clock: Callable[[], datetime], by: str, progress: Progress = quietly
) -> list[Pulled]:
    """Fetch sources one after the other, and take in what they give. One that fails does not stop the others. clock: tells the time (UTC); by: who asked."""
    store.folder.must_be_writable()
    done = []
    for number, source in enumerate(sources, 1):
        done.append(_pull(store, source, clock, by))
        progress("pull", number, len(sources))
    return done


def _pull(store: Store, source: Source, clock: Callable[[], datetime], by: str) -> Pulled:
    assert source.fetch is not None
    pulled = Pulled(source.name)
    settings = settings_of(source.fetch)
    secrets: list[str] = []
    try:
        secrets += [secret.read() for secret in settings.secrets()]
        found = connectors()[settings.connector].fetch(settings, _asking(store, source.name, clock, pulled.warnings.append))
        for some in _portions(found):
            pulled.add(_take(store, source, settings.repository, some, secrets, pulled, clock(), by))
    except BackupAuditError as error:
        pulled.failed = without("; ".join([str(error), *map(str, error.faults[:10])]), secrets)
    pulled.warnings = list(dict.fromkeys(without(warning, secrets) for warning in pulled.warnings))
    return pulled


def _portions(found: Iterator[Fetched]) -> Iterator[list[Fetched]]:
    """Yield what is fetched in portions that fit into memory. What was fetched before a failure is yielded before it is raised."""
    some: list[Fetched] = []
    failed: BackupAuditError | None = None
    while failed is None:
        try:
            some.append(next(found))
        except StopIteration:
            break
        except BackupAuditError as error:
            failed = error
        if len(some) == AT_A_TIME or sum(len(one.payload) for one in some) >= BYTES_AT_A_TIME:
            yield some
            some = []
    if some:
        yield some
    if failed is not None:
        raise failed


def _take(
    store: Store,
    source: Source,
    repository: str | None,
    some: list[Fetched],
    secrets: list[str],
    pulled: Pulled,
    now: datetime,
    by: str,
) -> Ingested:
    known = {"tool": source.tool, "repository": repository}
    found = Gathered(list(_payloads(some, known, secrets, pulled)), 0, [])
    return ingest(store, found, {"source": source.name}, now=now, by=by, method="pull")


def _payloads(some: Iterable[Fetched], known: Mapping[str, Any], secrets: list[str], pulled: Pulled) -> Iterator[Payload]:
    for one in some:
        payload, had = without_bytes(one.payload, secrets)
        if had:
            pulled.warnings.append(f"{one.name} held a secret of this source: *** stands for it in what is kept")
        told = {**known, **{key: value for key, value in one.told.items() if value is not None}}
        told = {key: without(value, secrets) if isinstance(value, str) else value for key, value in told.items()}
        name = without(one.name, secrets)
        sidecar = None
        if one.sidecar is not None:
            sidecar = FetchedSidecar(name.rpartition("/")[2] + SIDECAR, without_bytes(one.sidecar, secrets)[0])
            told = {key: value for key, value in told.items() if key not in _said(one.sidecar)}
        yield Payload(name, lambda payload=payload: payload, sidecar, told)  # type: ignore[misc]


def _said(sidecar: bytes) -> set[str]:
    """Return the keys that a sidecar tells; what is wrong with it is told when it is read."""
    try:
        values = json.loads(sidecar)
    except ValueError:
        return set()
    return {key for key, value in values.items() if value is not None} if isinstance(values, dict) else set()


def _asking(store: Store, source: str, clock: Callable[[], datetime], warn: Callable[[str], None]) -> Asking:
    """Say what is known of earlier fetches: the journal tells it, so that nothing else has to be kept."""
    catch_up(store)
    known = store.head()
    mine = store.catalog.payloads(known).filter(source=source, method="pull")
    last = dict(mine.group_by("name").agg(pl.col("received_at").max()).iter_rows())
    runs = store.catalog.runs(known).filter(pl.col("source") == source).select("id", "outcome", "started_at", "entry").collect()
    newest = runs.sort("entry").group_by("id", maintain_order=True).last()
    under_way = newest.filter((pl.col("outcome") == "running") & (pl.col("started_at") > clock() - LONGEST_RUN))
    unfinished = under_way["started_at"].min()
    return Asking(clock, last.get, unfinished if isinstance(unfinished, datetime) else None, warn)
