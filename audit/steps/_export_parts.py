"""What goes into a package, file by file, each written aside first: a zip's entry wants its size before its bytes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import polars as pl

from audit.errors import CheckFailedError
from audit.evidence import package
from audit.evidence.checkpoint import Checkpoint
from audit.evidence.cover import Cover, Part
from audit.evidence.merkle import leaf_hash
from audit.evidence.package import PackageWriter, safe_name
from audit.model.assessment import Assessment
from audit.model.envelope import time_text
from audit.register.acts import KIND as ACT
from audit.register.entry import Entry
from audit.steps._open import Progress, Store
from audit.steps._scope import Chosen, Scope
from audit.steps.assess import notices_of
from audit.steps.evidence import envelope_of
from audit.steps.facts import with_times_as_text

ROWS = 20_000
"""Rows of facts that are made text at a time."""
FACT_KINDS = ("recovery_point", "run", "listing", "quarantine")


class Aside:
    """Files without a name beside the package; they are gone when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, IO[bytes]] = {}

    def to(self, path: str) -> IO[bytes]:
        """Return the file in which what will be `path` of the package is collected."""
        if path not in self._files:
            self._files[path] = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed by `into`, or with the process
        return self._files[path]

    def into(self, writer: PackageWriter, path: str) -> None:
        """Move a collected file into the package."""
        with self._files.pop(path) as file:
            size = file.tell()
            file.seek(0)
            writer.add(path, iter(lambda: file.read(package.PIECE), b""), size)

    def take(self, path: str) -> IO[bytes]:
        """Return a collected file for reading from its beginning."""
        file = self._files.pop(path)
        file.seek(0)
        return file

    def close(self) -> None:
        """Give up what was collected."""
        for file in self._files.values():
            file.close()


@dataclass(slots=True)
class Counts:
    """Rows of facts by kind, entries by kind in and out, payload files and their bytes."""

    facts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FACT_KINDS, 0))
    entries: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    files: int = 0
    bytes: int = 0


def write_facts(aside: Aside, parts: Iterable[tuple[str, pl.DataFrame]], counts: Counts) -> None:
    """Collect the rows of facts as NDJSON, a file a kind."""
    for kind in FACT_KINDS:
        aside.to(f"{package.FACTS}/{kind}.ndjson")
    for kind, rows in parts:
        file = aside.to(f"{package.FACTS}/{kind}.ndjson")
        counts.facts[kind] += rows.height
        for start in range(0, rows.height, ROWS):
            told = with_times_as_text(rows.slice(start, ROWS))
            file.write(told.select(pl.lit(kind).alias("record"), pl.all()).write_ndjson().encode())


@dataclass(frozen=True, slots=True)
class Source:
    """Where the bytes of one exported payload come from, and where in the package they go."""

    sha256: str
    size: int
    path: str


def write_journal(
    aside: Aside, store: Store, scope: Scope, entries: Collection[int], checkpoint: Checkpoint, counts: Counts, progress: Progress
) -> list[Source]:
    """Collect the chosen entries as they are stored, one a line, and the proof that they are in the checkpoint's tree; return the payloads they name.

    Raises `CheckFailedError` when the journal is not the one that was signed: nothing may be exported from it.
    """
    lines, proof, provenance = (aside.to(path) for path in (package.ENTRIES, package.PROOF, package.PROVENANCE))
    cover, sources = Cover(), dict[str, Source]()
    for link in store.journal.links(up_to=checkpoint.size):
        chosen = link.number in entries or (link.kind == "programme" and link.number <= scope.known_at)
        tally = counts.entries if chosen else counts.left_out
        tally[link.kind] = tally.get(link.kind, 0) + 1
        text = link.text.encode()
        _write(proof, map(_part, cover.add(leaf_hash(text), chosen=chosen)))
        if chosen:
            lines.write(text + b"\n")
            entry = Entry.of(link)
            source = sources.setdefault(entry.body["sha256"], _source(store, entry))
            attached = [sources.setdefault(one.sha256, one) for one in _attached(entry)]
            _write(provenance, [_provenance(entry, source, attached)])
        progress("journal", link.number, checkpoint.size)
    root, last = cover.finish()
    _write(proof, map(_part, last))
    if (root, cover.size) != (checkpoint.root, checkpoint.size):
        raise CheckFailedError("the journal is not the one that its checkpoint signed: run `backup-audit verify`")
    return list(sources.values())


def _source(store: Store, entry: Entry) -> Source:
    """Choose the place of a payload: named after the first entry that brought it, for people; the hash of the file is what counts."""
    sha256, envelope = entry.body["sha256"], entry.body.get("envelope", {})
    if entry.kind == "programme":
        folder, name = entry.kind, "programme.json"
        size = sum(map(len, store.vault.pieces(sha256)))
    elif entry.kind == ACT:
        folder, name, size = entry.kind, envelope_of(entry).name, entry.body["size"]
    else:
        folder, name, size = envelope.get("source") or "no-source", envelope.get("name") or "payload", entry.body["size"]
    return Source(sha256, size, f"{package.RAW}/{safe_name(folder.replace('/', '_'), 40)}/{entry.number:08d}-{safe_name(name)}")


def _attached(entry: Entry) -> list[Source]:
    """Return the places of the files that were handed over with an act, in their order."""
    return [
        Source(one["sha256"], one["size"], f"{package.RAW}/attachment/{entry.number:08d}-{place}-{safe_name(one['name'])}")
        for place, one in enumerate(entry.body.get("attachments", ()), 1)
    ]


def _provenance(entry: Entry, source: Source, attached: Sequence[Source]) -> dict[str, Any]:
    envelope, files = entry.body.get("envelope", {}), entry.body.get("attachments", ())
    told: dict[str, Any] = {
        name: envelope[name] for name in ("source", "repository", "tool", "name", "observed_at") if name in envelope
    }
    return {
        "entry": entry.number,
        "kind": entry.kind,
        "sha256": source.sha256,
        "size": source.size,
        "file": source.path,
        **told,
        "received_at": time_text(entry.at),
        **({"attachments": [{**one, "file": put.path} for one, put in zip(files, attached, strict=True)]} if files else {}),
    }


def _part(part: Part) -> dict[str, Any]:
    """Return a part of the proof: the entries it covers, first and last, and the root of the subtree over them."""
    return {"first": part.begin + 1, "last": part.end, "hash": part.hash.hex()}


def _write(file: IO[bytes], values: Iterable[Mapping[str, Any]]) -> None:
    for value in values:
        file.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")


def write_payloads(writer: PackageWriter, store: Store, sources: list[Source], counts: Counts, progress: Progress) -> None:
    """Write every payload once, streamed out of the vault."""
    for number, source in enumerate(sources, 1):
        writer.add(source.path, store.vault.pieces(source.sha256), source.size)
        counts.files += 1
        counts.bytes += source.size
        progress("payloads", number, len(sources))


def write_programmes(writer: PackageWriter, store: Store, known_at: int) -> None:
    """Write the files of each programme beside the payload that holds them all, so that people can read them."""
    for programme in store.programmes(known_at):
        names: set[str] = set()
        for number, (name, text) in enumerate(sorted(programme.files.items()), 1):
            safe = safe_name(name)
            safe = f"{number}-{safe}" if safe.lower() in names else safe
            names.add(safe.lower())
            writer.add_bytes(f"{package.PROGRAMME}/{programme.number:08d}/{safe}", text.encode())


def narrowed(assessment: Assessment, scope: Scope, chosen: Chosen) -> Assessment:
    """Return an assessment that says of what lies outside of the scope nothing at all: neither in counts nor in notices."""
    if scope.assets is None:
        return assessment
    ours = notices_of(chosen.estate, chosen.listed, chosen.payloads, [], 0, [], pl.DataFrame())
    counted = ("conflicting-points", "runs-without-repository", "no-capture-time")
    kept = [notice for notice in assessment.notices if notice["key"] in counted]
    unread = chosen.quarantine.filter(pl.col("level") == "error").height
    return replace(assessment, notices=(*ours, *kept), quarantined=unread)
