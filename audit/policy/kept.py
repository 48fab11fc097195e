"""Kept estates: a resolved estate as bytes, so that the next process need not read and fold every programme again.

The bytes are the SHA-256 of all that follows, and a zip of `about.json` (plain values) and a frame each as Arrow IPC. Objectives are in it as they are written in
policies and baselines, and are validated anew: nothing in it is run when it is read. It proves nothing: journal and vault give the same estate again.
"""

from __future__ import annotations

import json
import zipfile
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from audit.model.estate import ALIAS, ASSET_REPOSITORY, AWAITING, PRICE, REPOSITORY, SEGMENT, Estate, PolicyVersion, Source
from audit.model.terms import Term
from audit.policy.baseline import Applied, demands_of
from audit.policy.estate import Read
from audit.policy.kinds.baseline import Baseline
from audit.policy.kinds.policy import Policy
from audit.policy.objectives import promise
from audit.policy.place import Place
from audit.policy.programme import Declared, Programme

FORMAT = 1
"""What this program writes. Estates kept in another format are not read."""

FRAMES: dict[str, dict[str, pl.DataType]] = {
    "segments": SEGMENT,
    "aliases": ALIAS,
    "repositories": REPOSITORY,
    "asset_repositories": ASSET_REPOSITORY,
    "prices": PRICE,
    "awaiting": AWAITING,
}
PLAIN = ("units", "timezone", "titles")
"""What is the same in JSON."""
SUM_BYTES = 64
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, OSError, EOFError, RuntimeError, zipfile.BadZipFile, pl.exceptions.PolarsError)  # fmt: skip


def packed(key: str, history: Sequence[Read], estate: Estate) -> bytes | None:
    """Return an estate that was resolved from a history as bytes, under a key; null when they would not give the same estate again."""
    written = {
        (one.item.policy, one.item.version): one.item.objectives or {}
        for read in reversed(history)  # what a version promises, its first programme says
        for one in read.programme.of(Policy)
    }
    baselines = [json.dumps([one.item.baseline for one in read.programme.of(Baseline)], default=_text) for read in history]
    different = list(dict.fromkeys(baselines))
    about = {
        "key": key,
        "zones": {
            zone: _rules(zone) for zone in sorted({*(read.zone for read in history), *(one.timezone for one in estate.policies)})
        },
        "policies": [asdict(replace(one, objectives=written[one.name, one.version])) for one in estate.policies],
        "sources": {name: asdict(source) for name, source in estate.sources.items()},
        "keeps_at_least": {name: asdict(term) for name, term in estate.keeps_at_least.items()},
        "representatives": estate.representatives,
        "baselines": different,  # many programmes in a row have the same one
        "history": [(read.at, read.zone, different.index(one)) for read, one in zip(history, baselines, strict=True)],
        **{name: getattr(estate, name) for name in PLAIN},
    }
    body = BytesIO()
    with zipfile.ZipFile(body, "w") as bag:
        bag.writestr(zipfile.ZipInfo("about.json"), json.dumps(about, default=_text))
        for name in FRAMES:
            frame = BytesIO()
            getattr(estate, name).write_ipc(frame)
            bag.writestr(zipfile.ZipInfo(f"{name}.arrow"), frame.getvalue())
    data = sha256(body.getvalue()).hexdigest().encode() + body.getvalue()
    again = unpacked(key, data)
    return data if again is not None and same(again, estate) else None


def unpacked(key: str, data: bytes) -> Estate | None:
    """Return the estate that was kept under a key; null for bytes that are damaged, of another key, or were made under other rules of time zones."""
    if sha256(data[SUM_BYTES:]).hexdigest().encode() != data[:SUM_BYTES]:
        return None
    try:
        with zipfile.ZipFile(BytesIO(data[SUM_BYTES:])) as bag:
            about = json.loads(bag.read("about.json"))
            if about["key"] != key or any(_rules(zone) != rules for zone, rules in about["zones"].items()):
                return None
            frames: dict[str, Any] = {name: pl.read_ipc(BytesIO(bag.read(f"{name}.arrow"))) for name in FRAMES}
        if any(frames[name].schema != schema for name, schema in FRAMES.items()):
            return None
        demanding = [_programme(json.loads(told)) for told in about["baselines"]]
        return Estate(
            **frames,
            sources={name: Source(**_read(told)) for name, told in about["sources"].items()},
            policies=tuple(
                PolicyVersion(**{**_read(told), "objectives": _objectives(told["objectives"])}) for told in about["policies"]
            ),
            keeps_at_least={name: Term(**told) for name, told in about["keeps_at_least"].items()},
            representatives={name: tuple(names) for name, names in about["representatives"].items()},
            demands=demands_of([Applied(demanding[place], at, zone) for at, zone, place in about["history"]]),
            **{name: about[name] for name in PLAIN},
        )
    except UNREADABLE:
        return None


def same(one: Estate, other: Estate) -> bool:
    """Say whether two estates, as they are resolved from programmes, are equal in all that they hold, rows in order."""
    pairs = [(getattr(one, field.name), getattr(other, field.name)) for field in fields(Estate)]
    return all(
        mine.schema == yours.schema and mine.equals(yours) if isinstance(mine, pl.DataFrame) else mine == yours
        for mine, yours in pairs
    )


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} cannot be kept")


def _read(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a source or policy version, its terms and instants read."""
    terms = ("expected_every", "trust_jobs_for", "runs_up_to", "new_asset_grace")
    instants = ("since", "until", "effective", "applied", "in_force")
    given = {name: value for name, value in told.items() if value is not None}
    return (
        dict(told)
        | {name: Term(**given[name]) for name in terms if name in given}
        | {name: datetime.fromisoformat(given[name]) for name in instants if name in given}
    )


def _objectives(written: Mapping[str, Any]) -> Mapping[str, Any]:
    return promise(Policy.model_construct(objectives=written, accept_partial=None, new_asset_grace=None), Place(""))[0].objectives


def _programme(baselines: Sequence[Any]) -> Programme:
    """Return a programme that declares nothing but baselines."""
    return Programme({Baseline: tuple(Declared(Baseline.model_construct(baseline=one), Place(""), {}) for one in baselines)})


def _rules(zone: str) -> str:
    """Return the SHA-256 of a zone's rules on this machine: governments change them, and with them what bare dates mean."""
    system = (Path(folder, zone) for folder in zoneinfo.TZPATH)
    file = next((path for path in system if path.is_file()), None) or files("tzdata").joinpath("zoneinfo", *zone.split("/"))
    return sha256(file.read_bytes()).hexdigest()
