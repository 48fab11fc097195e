"""Borg's output, as borg 1.2 writes it: `list --json` with more fields than the plain one, and the log of `check --verify-data`.

Its times carry no offset: they are the machine's local times.
"""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from audit.simulation.calendar import ZONE


def _time(instant: datetime) -> str:
    return f"{instant.astimezone(ZoneInfo(ZONE)):%Y-%m-%dT%H:%M:%S.000000}"


def digest(*parts: str) -> str:
    """Return 64 hexadecimal digits that stand for what the parts name."""
    return sha256("/".join(parts).encode()).hexdigest()


def rows(points: pl.DataFrame, repository: str) -> pl.DataFrame:
    """Return archives with `text`, a JSON object each. An archive is named after its subject and its local time."""
    texts = [_archive(point, repository) for point in points.iter_rows(named=True)]
    return points.with_columns(text=pl.Series(texts, dtype=pl.String))


def _archive(point: dict[str, Any], repository: str) -> str:
    begun, ended = _time(point["captured"]), _time(point["available"])
    name = f"{point['subject']}-{begun[:19]}"
    told = {
        "archive": name,
        "barchive": name,
        "end": ended,
        "hostname": point["subject"],
        "id": digest(repository, name),
        "name": name,
        "start": begun,
        "time": begun,
    }
    return json.dumps(told)


def listing(shown: pl.DataFrame, repository: str, at: datetime) -> str:
    """Return what `list --json` prints."""
    about = {"id": digest(repository), "last_modified": _time(at), "location": f"/backup/{repository}"}
    encryption = '"encryption": {"mode": "repokey-blake2"}'
    return f'{{"archives": [{", ".join(shown["text"])}], {encryption}, "repository": {json.dumps(about)}}}\n'


def check(names: int) -> str:
    """Return the log of `check --verify-data --show-rc` when all is well."""
    lines = [
        "Starting repository check",
        "finished segment check at segment 6120",
        "Starting repository index check",
        "Index object count match.",
        "Finished full repository check, no problems found.",
        "Starting archive consistency check...",
        "Starting cryptographic data integrity verification...",
        f"Finished cryptographic data integrity verification, verified {names * 380} chunks with 0 integrity errors.",
        "Archive consistency check complete, no problems found.",
        "terminating with success status, rc 0",
    ]
    return "\n".join(lines) + "\n"
