"""Listings: `snapshots --json`, plain or grouped, and what `forget --json` kept and removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from audit.adapters._console import STOPS
from audit.adapters._lost import ANYTHING, without
from audit.adapters._typed import shown, typed
from audit.adapters.restic._payload import EXIT_CODES, ID, Payload, sane
from audit.adapters.restic._runs import run
from audit.model.envelope import time_text
from audit.model.facts import Facts, frame


def listed(given: Payload, document: list[Any]) -> Facts:
    """Read a JSON array: snapshots, snapshots in groups, groups of forget, or the findings of a search."""
    keys = set().union(*(value for value in document if isinstance(value, dict)))
    if keys & {"keep", "remove", "reasons"}:
        return _forgotten(given, document)
    if keys & {"matches", "hits", "userName", "object_type"}:
        return Facts()
    if not document and not (given.verb == "snapshots" or (given.command is None and given.envelope.complete)):
        return Facts()
    if "group_key" in keys:
        snapshots = [each for index, group in enumerate(document) for each in _members(group, "snapshots", f"/{index}")]
    else:
        snapshots = [(f"/{index}", snapshot) for index, snapshot in enumerate(document)]
    return _catalogued(given, list(_rows(given, snapshots)), complete=_whole(given))


def _whole(given: Payload) -> bool:
    """Tell whether a listing shows everything in its scope: the envelope says so, and the command does not contradict it."""
    if not given.envelope.complete:
        return False
    part = given.command is not None and (given.command.has("--latest", "--last") or len(given.command.arguments) > 1)
    filtered = given.command is not None and given.command.has("-H", "--host", "--tag", "--path") and given.envelope.scope is None
    if part or filtered or given.envelope.exit_code not in (None, 0):
        why = "the command failed" if given.envelope.exit_code else "the command lists only a part of the repository"
        given.warn(
            f"this listing is taken as incomplete: {why}", "list without filters, or name the part with --scope", "", "complete"
        )
        return False
    return True


def _members(group: Any, key: str, pointer: str) -> Iterator[tuple[str, Any]]:
    members = group.get(key) if isinstance(group, dict) else None
    for index, member in enumerate(members if isinstance(members, list) else ()):
        yield f"{pointer}/{key}/{index}", member


def _rows(given: Payload, snapshots: Sequence[tuple[str, Any]], **more: str | None) -> Iterator[dict[str, str | None]]:
    """Turn snapshots into rows of text, with `more` fields; a snapshot that cannot be one is a fault."""
    for locator, snapshot in snapshots:
        problem = _problem(snapshot)
        if problem:
            given.warn(f"this snapshot was not read: {problem}", "list the snapshots again with --json", locator, level="error")
            continue
        summary = snapshot.get("summary") if isinstance(snapshot.get("summary"), dict) else {}
        original = snapshot.get("original")
        size = summary.get("total_bytes_processed")
        yield {
            "id": snapshot["id"],
            "subject": f"{snapshot.get('hostname') or ''}:{','.join(sorted(snapshot['paths']))}",
            "captured_at": sane(summary.get("backup_start")) or snapshot["time"],
            "available_at": None if original else sane(summary.get("backup_end")),
            "bytes": str(size) if isinstance(size, int) and size >= 0 else None,
            "copy_of_id": original if isinstance(original, str) else None,
            "locator": locator,
            **more,
        }


def _problem(snapshot: Any) -> str | None:
    if not isinstance(snapshot, dict):
        return "it is not a JSON object"
    if not (isinstance(snapshot.get("id"), str) and ID.fullmatch(snapshot["id"])):
        return f"its id {shown(snapshot.get('id'))} is not 64 hexadecimal digits"
    if not isinstance(snapshot.get("time"), str):
        return "it has no time"
    paths = snapshot.get("paths")
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        return "its paths are no list of names"
    return None


def _catalogued(given: Payload, rows: list[dict[str, str | None]], *, complete: bool) -> Facts:
    """Make points of rows, and a listing that holds them."""
    at = given.envelope.observed_at or given.envelope.finished_at
    schema = dict.fromkeys(
        ("id", "subject", "captured_at", "available_at", "bytes", "copy_of_id", "deleted_at", "locator"), pl.String()
    )
    unread = any(fault.level == "error" for fault in given.faults)
    result = typed("recovery_point", pl.DataFrame(rows, schema=schema, orient="row"), given.envelope)
    given.faults += result.faults
    points = result.frame.with_columns(
        # A clock set back during the backup makes it end before it began: then the end is not known.
        available_at=pl.when(pl.col("available_at") >= pl.col("captured_at")).then("available_at"),
        method=pl.lit("snapshot"),
        self_contained=pl.lit(value=True),
        encrypted=pl.lit("yes"),
        basis=pl.lit("catalog"),
    )
    envelope = given.envelope
    listing = {
        "source": envelope.source,
        "repository": envelope.repository,
        "scope": envelope.scope,
        "listed_at": at,
        "complete": complete,
        "locator": "envelope",
    }
    facts = Facts(points, listings=frame("listing", [listing]))
    told = without(facts, ANYTHING if unread or result.unread.height else ANYTHING.clear(), given.where)
    given.faults += told.faults
    return told


def _forgotten(given: Payload, groups: list[Any]) -> Facts:
    """Read what forget kept and removed. Only a real run that succeeded removed anything."""
    kept, removed = (
        [each for index, group in enumerate(groups) for each in _members(group, key, f"/{index}")] for key in ("keep", "remove")
    )
    envelope = given.envelope
    at = envelope.finished_at or envelope.observed_at
    real = given.verb == "forget" and not given.dry
    if given.dry:
        rows = list(_rows(given, [*kept, *removed]))  # a dry run shows what is there
    elif real and envelope.exit_code == 0 and at:
        rows = [*_rows(given, kept), *_rows(given, removed, deleted_at=time_text(at))]
    else:
        rows = list(_rows(given, kept))
        if removed:
            why = (
                "nothing says that this was not a dry run"
                if not real
                else "it did not succeed"
                if envelope.exit_code
                else "its exit code or its time is not known"
            )
            given.warn(
                f"{len(removed)} snapshots are told as removed, but {why}: they are not taken as deleted",
                "give the command, its exit code and its times in the envelope",
                "",
                "deleted_at",
            )
    facts = _catalogued(given, rows, complete=False)
    if not real:
        return facts
    outcome = EXIT_CODES.get(envelope.exit_code, "failed") if envelope.exit_code is not None else "warning"
    done = f"{len(removed)} snapshots removed, {len(kept)} kept"
    # The list is whole; what prune prints behind it ends in a word of its own.
    if outcome != "failed" and given.lines and (given.cut or given.lines[-1][1] != "done"):
        outcome, done = "running", STOPS
    return replace(facts, runs=run(given, "forget", outcome=outcome, message=done))
