r"""Synology Hyper Backup: the log of its tasks, in English.

Formats read: `synobackup.log`, tab-separated: level, local time, user, message. Messages in other languages of DSM are not understood, and each is a fault:
set the log's language to English.

Point: none is listed; a task that finished makes one of basis `job`. subject = the task's name; the repository is the envelope's. Versions, their kind and
their retention are not in the log.

Time semantics: local times of the NAS without a zone, which the source has to declare. started_at = the last start of the task in the log before its end;
without it, it is not known.

Proof of deletion: none; that a rotation of versions began does not say what it removed.

Success: `Backup task finished successfully` with nothing behind it but counts of files (in other words the message is not known, and a fault); partially
completed is a warning and partial; `Failed to run backup task` failed, with the exception that follows it. An integrity check that found no error is a
verification of what the task keeps. A start without an end is a run that is still open.

What Synology Hyper Backup cannot show: versions, retention, encryption, immutability, and which job of the day a message is of (there are no ids).

Tested against: the documented schema only; no output of a real system was seen. The messages are those of the vendor's knowledge base; other releases word
them differently.
"""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from audit.adapters import _records, _text
from audit.adapters._listing import job_log
from audit.adapters._typed import shown, typed
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "schema"

MESSAGES: tuple[tuple[str, str], ...] = (
    ("Backup task started", "backup started"),
    ("Backup task finished successfully", "backup success"),
    ("Backup task was partially completed", "backup warning"),
    ("Failed to run backup task", "backup failed"),
    ("Exception occurred while backing up data", "reason"),
    ("Trigger version rotation", "nothing"),
    ("Backup integrity check has started", "verify started"),
    ("Backup integrity check is finished. No error was found", "verify success"),
)
"""How messages begin, and what each says."""

_REST = re.compile(r"\.?(?: ?\[[0-9]+ (?:files? scanned|new files?|files? modified|files? unchanged|files? deleted)\])*\.?")
"""All that may follow where a message tells of a success: what else stands there may take it back."""

_LINE = re.compile(r"(info|warning|warn|err|error)\t([0-9]{4})/([0-9]{2})/([0-9]{2}) ([0-9]{2}:[0-9]{2}:[0-9]{2})\t([^\t]*)\t(.*)")
_TASK = re.compile(r"(?:\[[^\[\]]*\])?\[([^\[\]]+)\]\s*(.*)")
_HEAD = re.compile(
    rb"^(?:info|warning|warn|err|error)\t[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:]{8}\t[^\t\n]*:\t(?:\[[^\]\n]*\])*\[[^\]\n]+\]",
    re.MULTILINE,
)


def _meaning(message: str) -> str | None:
    """Return what a message says. A success is one only where every word of it is known."""
    message = message.strip()
    for beginning, what in MESSAGES:
        if message.startswith(beginning) and (not what.endswith("success") or _REST.fullmatch(message[len(beginning) :])):
            return what
    return None


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """Tab-separated lines whose message begins with a task in brackets."""
    return bool(_HEAD.match(head.removeprefix(b"\xef\xbb\xbf").lstrip()))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read one log. Raises `InputError` when it is no text at all."""
    where = envelope.name or envelope.tool
    faults: list[Fault] = []
    rows: list[dict[str, Any]] = []
    open_: dict[tuple[str, str], dict[str, Any]] = {}
    last: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(_text.decode(where, payload).split("\n"), 1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.rstrip("\r"))
        task = _TASK.fullmatch(match[7]) if match else None
        meaning = _meaning(task[2]) if task else None
        if match is None or task is None or meaning is None:
            what = f"this message is not known: {shown(match[7])}" if match else "this is no line of a log of Hyper Backup"
            faults.append(
                Fault(where, what, "set the language of the log to English; report messages that are new", f"line {number}")
            )
            continue
        name, at = task[1], f"{match[2]}-{match[3]}-{match[4]}T{match[5]}"
        if meaning == "reason":
            if name in last and last[name]["outcome"] == "failed":
                last[name]["message"] = task[2]
            continue
        if meaning == "nothing":
            continue
        kind, outcome = meaning.split(" ")
        run = open_.pop((name, kind), None) if outcome != "started" else None
        if run is None:
            run = {"id": f"{kind}:{name}:{at}", "kind": kind, "subject": name, "outcome": "running", "locator": f"line {number}"}
            rows.append(run)
        if outcome == "started":
            run["started_at"] = at
            open_[name, kind] = run
            continue
        run |= {"outcome": outcome, "finished_at": at, "coverage": "partial" if outcome == "warning" else None}
        run["message"] = None if outcome == "success" else task[2]
        last[name] = run
    columns = ("id", "kind", "subject", "outcome", "started_at", "finished_at", "coverage", "message", "locator")
    raw = pl.DataFrame({name: pl.Series([row.get(name) for row in rows], dtype=pl.String) for name in columns})
    read_ = typed("run", raw, envelope)
    return _records.assembled(envelope, [*faults, *read_.faults], runs=read_.frame, listings=job_log(read_.frame, envelope))
