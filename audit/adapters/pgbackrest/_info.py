"""The catalog: `info --output=json`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import polars as pl

from audit.adapters import _formats, _records
from audit.adapters._typed import shown, typed
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import Facts, frame

TYPES = {"full": "full", "diff": "differential", "incr": "incremental"}
"""Every backup type that pgBackRest documents."""

CIPHERS: dict[str, str | None] = {"none": "no", "aes-256-cbc": "yes"}
"""Every cipher of a repository that pgBackRest documents. Across repositories it is "mixed", which says nothing of one of them."""

STATUS_CODES = {0: True, 1: False, 2: True, 3: False, 4: False, 5: False, 6: False, 99: False}
"""Status codes, and whether a list of backups with that code is all there is: ok, missing stanza path (perhaps only not mounted), no valid backups, missing stanza data,
different across repositories, database mismatch, requested backup not found, other.
"""

FIELDS = {
    "id": "label",
    "type": "type",
    "base": "prior",
    "captured_at": ("timestamp", "start"),
    "available_at": ("timestamp", "stop"),
    "bytes": ("info", "size"),
    "error": "error",
    "key": ("database", "repo-key"),
}
_ONE_BACKUP = frozenset({"database-ref", "link", "tablespace", "error-list"})
"""Keys that only `info --set` writes."""


def repository(envelope: Envelope, key: str | None, keys: Collection[str]) -> str:
    """Name the repository with a key, of those that the payload knows."""
    if envelope.repository and len(keys) <= 1:
        return envelope.repository
    return f"{envelope.repository}/repo{key or '1'}" if envelope.repository else f"repo{key or '1'}"


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read all stanzas. Raises `InputError` when the payload is no JSON."""
    where = envelope.name or envelope.tool
    stanzas, faults = _records.objects(_records.document(payload, envelope), "", where)
    keys = {str(_records.at(repo, "key")) for _, stanza in stanzas for repo in _repos(stanza)} - {"None"}
    rows: list[pl.DataFrame] = []
    for pointer, stanza in stanzas:
        name = stanza.get("name")
        if not isinstance(name, str) or not name:
            faults.append(Fault(where, "this stanza has no name: it was not used", "fetch it again", pointer, "name"))
            continue
        records, found = _records.objects(stanza.get("backup", []), f"{pointer}/backup", where)
        picked = _records.pick(records, FIELDS, where)
        kinds = _records.told(picked.rows, "type", TYPES, where, into="method")
        faults += [*found, *picked.faults, *kinds.faults]
        ciphers = {str(_records.at(repo, "key")): str(repo.get("cipher")) for repo in _repos(stanza)}
        ciphers = ciphers or {"1": str(stanza.get("cipher"))}
        names = {key: repository(envelope, key, keys) for key in {*ciphers, *kinds.rows["key"].drop_nulls()}}
        key = pl.col("key").fill_null(next(iter(ciphers)) if len(ciphers) == 1 else pl.lit(None))
        rows.append(
            kinds.rows.with_columns(
                subject=pl.lit(name),
                repository=key.replace_strict(names, default=None, return_dtype=pl.String),
                encrypted=key.replace_strict(
                    {one: CIPHERS.get(cipher) for one, cipher in ciphers.items()}, default=None, return_dtype=pl.String
                ),
            )
        )
    table = pl.concat(rows) if rows else pl.DataFrame(schema=dict.fromkeys(("locator", "subject", *FIELDS, "method"), pl.String()))
    faults += [
        Fault(where, f"the prior of {shown(label)} is missing: what it needs is not known", "fetch it again", locator or "", "prior", "warning")
        for label, locator in table.filter((pl.col("method") != "full") & pl.col("base").is_null()).select("id", "locator").iter_rows()
    ]  # fmt: skip
    table = _records.times(table, ["captured_at", "available_at"], (_formats.SECONDS,))
    damaged = pl.col("error") == "true"
    table = table.with_columns(
        self_contained=pl.when(pl.col("method") == "full").then(pl.lit("true")).otherwise(pl.lit("false")),
        integrity=pl.when(damaged).then(pl.lit("corrupt")),
        checked_at=pl.when(damaged).then("available_at"),
    )
    result = typed("recovery_point", table, envelope)
    points = result.frame.with_columns(basis=pl.lit("catalog"))
    listings, told = _listings(stanzas, envelope, keys, where)
    return _records.assembled(envelope, [*faults, *result.faults, *told], points, None, listings)


def _repos(stanza: dict[str, Any]) -> list[dict[str, Any]]:
    repos = stanza.get("repo")
    return [repo for repo in repos if isinstance(repo, dict)] if isinstance(repos, list) else []


def _listings(
    stanzas: list[_records.Object], envelope: Envelope, keys: Collection[str], where: str
) -> tuple[pl.DataFrame, list[Fault]]:
    """Return one listing a repository: of the one stanza that was asked for, or of all."""
    faults: list[Fault] = []
    whole: dict[str, bool] = {}
    for pointer, stanza in stanzas:
        backups = stanza.get("backup")
        single = isinstance(backups, list) and any(isinstance(each, dict) and _ONE_BACKUP & set(each) for each in backups)
        for repo in _repos(stanza) or [{"key": None, "status": stanza.get("status")}]:
            code = _records.at(repo, ("status", "code"))
            if not isinstance(code, int) or code not in STATUS_CODES:
                faults.append(
                    Fault(
                        where,
                        f"{shown(code)} is no status code that is documented: this is not taken as all there is",
                        "look up what it means, and tell the makers of this program",
                        pointer,
                        "status",
                    )
                )
            told = isinstance(code, int) and STATUS_CODES.get(code, False) and not single
            key = repo.get("key")
            name = repository(envelope, None if key is None else str(key), keys)
            whole[name] = whole.get(name, True) and told and isinstance(backups, list)
            if envelope.complete and not told:
                message = "it shows one backup alone" if single else str(_records.at(repo, ("status", "message")))
                faults.append(
                    Fault(
                        where,
                        f"this listing of {shown(stanza.get('name'))} in {shown(name)} is taken as incomplete: {message}",
                        "see whether the repository is reachable, and list all backups of the stanza",
                        pointer,
                        "status",
                        "warning",
                    )
                )
    scope = envelope.scope or (str(stanzas[0][1].get("name") or "") or None if len(stanzas) == 1 else None)
    listed = {"source": envelope.source, "scope": scope, "listed_at": envelope.observed_at}
    return frame(
        "listing",
        [
            {**listed, "repository": name, "complete": bool(envelope.complete) and all_, "locator": "envelope"}
            for name, all_ in whole.items()
        ],
    ), faults
