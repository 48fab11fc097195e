"""A case: a programme, evidence in order of arrival, a period. It becomes objects for the oracle, and files for the program."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.oracle.governed import Kept
from tests.oracle.instants import DAY, text_of
from tests.oracle.oracle import OracleResult, judge
from tests.oracle.programme import estate_of
from tests.oracle.records import Payload

TIMES = frozenset({
    "captured_at", "captured_until", "available_at", "expires_at", "deleted_at", "immutable_until", "checked_at", "started_at", "finished_at", "listed_at",
    "covers_from", "covers_to",
})  # fmt: skip
TIMES_OF_ACTS = frozenset({"on", "since", "until", "due"})
"""What is told with an act and is an instant."""
KINDS = {"recovery_point": "points", "run": "runs", "listing": "listings"}
Record = Mapping[str, Any]
"""One record of the interchange format: `record` and fields by the names of audit/model/facts.py; times in microseconds."""


@dataclass(frozen=True)
class Told:
    """One payload: source and instant of its envelope, and its records."""

    source: str
    observed_at: int | None
    records: Sequence[Record]
    garbled: int = 0
    """Lines after the records that nobody can read."""
    nameless: bool = False
    """The envelope names no source; the rows do."""


@dataclass(frozen=True)
class Case:
    """One whole case. `known`: how many payloads are known, all when None."""

    name: str
    programme: Mapping[str, Any]
    told: Sequence[Told]
    since: int
    until: int
    known: int | None = None
    stated: Sequence[Mapping[str, Any]] = ()
    """Statements in the order in which they were signed: control, holds, at, since, until, and a scope's keys; instants in microseconds."""
    held: Sequence[Mapping[str, Any]] = ()
    """Legal holds in the order in which they were placed: at, since, until (when released; None: not), and a scope's keys."""
    acted: Sequence[Kept] = ()
    """Other records of the register, in the order in which they were made, each with all its acts."""
    read_on: int | None = None
    """When all of it was received; null: after everything that happened."""
    drilled: Sequence[Mapping[str, Any]] = ()
    """Drills, as tests/oracle/drilling.py says."""

    @cached_property
    def payloads(self) -> list[Payload]:
        """The evidence as the oracle reads it."""
        return [payload_of(number, told, self.now) for number, told in enumerate(self.told, 1)]

    @property
    def known_on(self) -> int:
        """The instant of the journal's newest entry of those that are known: statements and other records come before evidence."""
        if self.told or self.drilled or self.known is not None:
            return self.now
        if self.acted:
            return self.acted[-1].acts[-1].at
        return self.stated[-1]["at"] if self.stated and not self.held else self.now

    @property
    def now(self) -> int:
        """When all of it was received."""
        if self.read_on is not None:
            return self.read_on
        instants = [one.observed_at for one in self.told if one.observed_at is not None]
        instants += [
            row[key]
            for one in self.told
            for row in one.records
            for key in TIMES - {"expires_at", "immutable_until"}
            if row.get(key)
        ]
        return max([self.until, *instants]) + DAY

    def judge(self) -> OracleResult:
        """Ask the oracle."""
        return judge(
            estate_of(self.programme),
            self.payloads,
            self.since,
            self.until,
            self.known,
            self.stated,
            self.held,
            self.known_on,
            self.acted,
            self.drilled,
        )

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write a programme folder and a folder of evidence whose order of names is the order of arrival; return both."""
        programme, evidence = folder / "programme", folder / "evidence"
        programme.mkdir(parents=True)
        evidence.mkdir()
        for name, text in programme_files(self.programme).items():
            (programme / name).write_text(text, encoding="utf-8")
        for number, told in enumerate(self.told, 1):
            file = evidence / f"{number:04}.ndjson"
            file.write_bytes(payload_bytes(told))
            file.with_name(file.name + ".envelope.json").write_text(json.dumps(_envelope(number, told)), encoding="utf-8")
        return programme, evidence


def payload_of(number: int, told: Told, received: int = 0) -> Payload:
    """Return a payload as facts: what a listing leaves out, listed_at, is the envelope's observed_at (a mere job log lists nothing, and has none)."""
    rows: dict[str, list[dict[str, Any]]] = {"points": [], "runs": [], "listings": []}
    for record in told.records:
        row = {"source": told.source, **{key: value for key, value in record.items() if key != "record"}}
        if record["record"] == "listing" and row.get("listed_at") is None and row.get("covers_from") is None:
            row["listed_at"] = told.observed_at
        rows[KINDS[record["record"]]].append(row)
    of = None if told.nameless else told.source
    return Payload(
        number,
        hashlib.sha256(payload_bytes(told)).hexdigest(),
        told.observed_at,
        **rows,
        source=of,
        received_at=received,
        unread=told.garbled,
    )


def payload_bytes(told: Told) -> bytes:
    """Return a payload as the interchange format writes it: NDJSON."""
    written = [json.dumps(_written(record, told), ensure_ascii=False) for record in told.records]
    return "".join(f"{line}\n" for line in [*written, *['{"record": "run", "id": '] * told.garbled]).encode()


def _written(record: Record, told: Told) -> dict[str, Any]:
    row = {"record": record["record"], "source": told.source}
    original = {
        key.removeprefix("copy_of_"): value for key, value in record.items() if key.startswith("copy_of_") and value is not None
    }
    row |= {
        key: text_of(value) if key in TIMES else value
        for key, value in record.items()
        if value is not None and not key.startswith("copy_of_")
    }
    return row | ({"copy_of": original} if original else {})


def _envelope(number: int, told: Told) -> dict[str, Any]:
    """Return a sidecar. The command makes each payload evidence of its own, also when another has the same bytes."""
    observed = {} if told.observed_at is None else {"observed_at": text_of(told.observed_at)}
    named = {} if told.nameless else {"source": told.source}
    return {**named, "tool": "interchange", "command": f"export {number}", **observed}


def programme_files(programme: Mapping[str, Any]) -> dict[str, str]:
    """Return the files of a programme folder. JSON is YAML, and has no words that YAML would take for something else."""
    files = {
        f"{stem}.yaml": _yaml({stem: programme[stem]})
        for stem in ("units", "sites", "repositories", "sources", "assets", "baseline")
        if programme.get(stem)
    }
    if "timezone" in programme:
        files["programme.yaml"] = _yaml({"timezone": programme["timezone"]})
    for policy in programme["policies"]:
        files[f"policy-{policy['policy']}-{policy['version']}.yaml"] = _yaml(policy)
    return files


def _yaml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


@dataclass(frozen=True)
class Expected:
    """What a control must say of an asset's part: stretches, and the length of T where a case is about it, in microseconds."""

    breached: Sequence[tuple[int, int]] = ()
    unproven: Sequence[tuple[int, int]] = ()
    waived: Sequence[tuple[int, int]] = ()
    asset: str = "a"
    part: str | None = None
    judged: int | None = None


@dataclass(frozen=True)
class HandMade:
    """A case with its truth, computed by hand. `expected`: by asset, part, control and leg; `protected`, `restorable`: of asset a at the period's end."""

    section: str
    case: Case
    expected: Mapping[tuple[str, str | None, str, str | None], Expected] = field(default_factory=dict)
    protected: str | None = None
    restorable: str | None = None
