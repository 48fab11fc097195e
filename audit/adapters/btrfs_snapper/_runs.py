"""Runs: scrubs, snapshots, sends and deletions."""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from audit.adapters import _console, _formats, _records, _text
from audit.adapters._typed import shown
from audit.model.envelope import Envelope
from audit.model.facts import Facts

SCRUBS = {"finished": "finished", "running": "running", "aborted": "cancelled", "interrupted": "cancelled"}
"""Every status of a scrub that btrfs documents."""

_BEGINNING = re.compile(
    rb"UUID: +[0-9a-f-]{36}\r?\n(?:[^\r\n]*\r?\n){0,2}Scrub (?:started|resumed): |\s*(?:Create a (?:readonly )?snapshot of '"
    rb"|Delete subvolume(?: \d+)? \([a-z-]+\): '|ERROR: (?:subvolume .* is not read-only|empty stream is not)"
    rb"|# *\| Type +\| Pre # +\| Date |Config '[^'\r\n]*' not found\.)"
)
_LINES = _text.LineStarts(rb"scrub (?:done|status|started|canceled) for [0-9a-f-]{36}", rb"At (?:subvol|snapshot) \S")

_TAKEN = re.compile(r"Create a (?:readonly )?snapshot of '(.*)' in '.*'$")
_DELETED = re.compile(r"Delete subvolume(?: \d+)? \([a-z-]+\): '(.*)'$")
_SENT = re.compile(r"At (subvol|snapshot) (\S.*)")
_TRANSFER = re.compile(r"\bbtrfs (?:send|receive)\b([^|;&']*)")
_SUMMARY = re.compile(r"Error summary: +(.*)")
_COUNT = re.compile(r"(Corrected|Uncorrectable|Unverified): +(\d+)")
_STARTED = re.compile(r"Scrub (?:started|resumed): +(.*)")
_STATUS = re.compile(r"Status: +(\w+)")


def printed(head: bytes) -> bool:
    """Tell whether btrfs or snapper printed this: by how it begins, or by a line."""
    return bool(_BEGINNING.match(head) or _LINES.search(head))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read what one command printed."""
    console = _console.read(payload, envelope)
    texts = [text.strip() for _, text in console.lines]
    errors = [text.removeprefix("ERROR: ") for text in texts if text.startswith("ERROR: ")]
    runs: pl.DataFrame | None = None
    if any(_STATUS.match(text) for text in texts):
        runs = _scrubbed(console, texts)
    elif taken := next((match for text in texts if (match := _TAKEN.match(text))), None):
        runs = _run(console, "snapshot", "backup", errors, subject=taken[1], method="snapshot", mode="hot")
    elif sent := next((match for text in texts if (match := _SENT.match(text))), None):
        said = False if sum(bool(_SENT.match(text)) for text in texts) < _ends(envelope.command or "") else None
        runs = _run(console, "send", "copy", errors, said=said, subject=sent[2] if sent[1] == "subvol" else None)
    elif any(_DELETED.match(text) for text in texts):
        runs = _run(console, "delete", "prune", errors)
    elif texts[0].startswith("#") and "Pre #" in texts[0]:
        console.fault("snapper's list as text is not read: its dates are written in a language", "use snapper --jsonout list", 1)
    elif errors and re.search(r"\bbtrfs (?:send|receive)\b", envelope.command or ""):
        runs = _run(console, "send", "copy", errors)
    elif errors and re.search(r"\bsubvolume snapshot\b", envelope.command or ""):
        runs = _run(console, "snapshot", "backup", errors, method="snapshot", mode="hot")
    elif texts[0].startswith("Config '"):
        console.fault(texts[0].lower().rstrip("."), "name a config that there is", 1)
    else:
        console.fault(
            "this is no output of btrfs or snapper that is known", "ingest snapper --jsonout list, or btrfs subvolume list", 1
        )
    return _records.assembled(envelope, console.faults, runs=runs)


def _ends(command: str) -> int:
    """Count the ends of a transfer that say where they are: of send and receive each says a line when it begins, unless it was told to be quiet."""
    return sum(not re.search(r"\s(?:-q|--quiet)\b", options) for options in _TRANSFER.findall(command))


def _run(
    console: _console.Console, verb: str, kind: str, errors: list[str], *, said: bool | None = None, **fields: Any
) -> pl.DataFrame:
    fields |= console.ended(errors, said=said, silent="no exit code: it prints the same before it fails")
    return console.run(verb, kind, **fields)


def _scrubbed(console: _console.Console, texts: list[str]) -> pl.DataFrame | None:
    """A scrub reads all data of the file system and compares checksums."""
    status = next(match[1] for text in texts if (match := _STATUS.match(text)))
    if status not in SCRUBS:
        console.fault(
            f"{shown(status)} is no status of a scrub that is known", "report it, with the version of btrfs-progs", 1, "Status"
        )
        return None
    summary = next((match[1] for text in texts if (match := _SUMMARY.match(text))), None)
    counts = {match[1]: int(match[2]) for text in texts if (match := _COUNT.match(text))}
    outcome, message = SCRUBS[status], summary
    if outcome == "finished":
        if summary == "no errors found" and not console.code:
            outcome = "success"
        elif counts.get("Corrected") and not counts.get("Uncorrectable") and not counts.get("Unverified"):
            outcome = "warning"
        else:
            outcome, message = "failed", summary or "it does not tell whether there were errors"
    run = console.run("scrub", "verify", outcome=outcome, coverage="full", message=message)
    written = pl.Series("started", [next((match[1] for text in texts if (match := _STARTED.match(text))), None)], dtype=pl.String)
    local = _formats.normal(written, ("%a %b %e %H:%M:%S %Y",), day_end=False).item()
    if console.envelope.started_at is None and local:
        times = console.typed("run", [{"started_at": local, "locator": "line 1"}])
        if times.height:
            run = run.with_columns(times["started_at"], times["ambiguous"])
    return run
