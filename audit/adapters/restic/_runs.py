"""Runs: `backup`, `check`, `restore`, `copy`, and the commands that failed."""

from __future__ import annotations

import re
from datetime import datetime
from posixpath import normpath
from typing import Any

import polars as pl

from audit.adapters import _command, _text, _time
from audit.adapters._console import STOPS
from audit.adapters._typed import shown
from audit.adapters.restic._payload import EXIT_CODES, ID, MESSAGE_TYPES, VERBS, Payload, sane
from audit.model.facts import Facts, frame

SENTENCE = _text.LineStarts(
    rb"restic \d+\.\d+|created restic repository|repository [0-9a-f]{8,64} opened|using temporary cache in .*restic|Fatal: "
    rb"|check snapshots, trees and blobs|no errors were found|pack [0-9a-f]{64}: |restoring (?:<S|s)napshot |Applying Policy: "
    rb"|skipping source snapshot|snapshot [0-9a-f]{8,64} (?:of \[|saved)|Warning: at least one source file|Flag --repo2 has"
)
"""What restic writes at the beginning of a line of text."""


def ran(given: Payload) -> Facts:
    """Read messages and text of one command as a run."""
    for locator, message in given.messages:
        kind = message.get("message_type", message.get("struct_type"))
        if not isinstance(kind, str) or kind not in MESSAGE_TYPES:
            given.warn(
                f"{shown(kind)} is no message_type that is known",
                "report it, with the version of restic",
                locator,
                "message_type",
                level="error",
            )
    verb = _verb(given)
    if verb not in _READERS:
        if any(_fatal(given)) and not given.command:
            given.warn(
                "a command of restic failed, but nothing says which",
                "give the command in the envelope",
                given.lines[0][0] if given.lines else "",
                level="error",
            )
        elif not verb and not given.messages and not SENTENCE.search(given.raw):
            given.warn(
                "this is no output of restic that is known",
                "ingest the output of snapshots, backup, check, restore, copy or forget",
                level="error",
            )
        return Facts()
    if given.dry:
        given.warn("a dry run: it made and removed nothing", "", "", "command")
        return Facts()
    return _READERS[verb](given)


def _verb(given: Payload) -> str:
    """Tell which command printed this: by what was printed, else by the envelope."""
    for _, message in given.messages:
        if message.get("message_type") == "summary":
            return (
                "backup"
                if "files_new" in message or "snapshot_id" in message
                else "check"
                if "num_errors" in message
                else "restore"
                if "total_files" in message
                else ""
            )
        if message.get("message_type") == "error" and message.get("during") in ("archival", "scan", "restore"):
            return "restore" if message["during"] == "restore" else "backup"
    for _, text in given.lines:
        for verb, sentence in _SENTENCES.items():
            if sentence.match(text):
                return verb
    return given.verb


_SENTENCES = {
    "check": re.compile(r"check snapshots, trees and blobs|no errors were found|check all packs|Fatal: repository contains errors"),
    "restore": re.compile(r"restoring (?:<S|s)napshot |finished verifying "),
    "copy": re.compile(r"skipping source snapshot |snapshot [0-9a-f]{8,64} of \[|\s*copy started"),
    "backup": re.compile(r"processed \d+ files|Warning: at least one source file"),
}


_BACKING_UP = (
    r"open repository|lock repository|repository [0-9a-f]+ opened|using parent snapshot|no parent snapshot|load(?:ing)? index|start scan on|start backup on|scan finished"
    r"|(?:Files|Dirs): |Added to the repo|processed \d"
)
_CHECKING = "using temporary cache|create exclusive lock|load(?:ing)? index|check all packs|check snapshots|read "
"""How lines begin that a backup and a check print before their ends."""
_VERIFIED = r"finished verifying \d+ files in "
_DAMAGE = re.compile(r"(?i)error\b|pack [0-9a-f]{64}:|pack ID does not match|tree [0-9a-f]{64}: ")


def _fatal(given: Payload) -> list[str]:
    """Return the reasons for which the command failed, as it told them."""
    texts = [text.removeprefix("Fatal: ") for _, text in given.lines if text.startswith("Fatal: ")]
    return texts + [str(message.get("message", "")) for _, message in given.messages if message.get("message_type") == "exit_error"]


def _code(given: Payload) -> int | None:
    """Return the exit code: the envelope's, else the one in an exit_error message, else 1 for a command that said `Fatal:`. A 0 beside one of these is that of a pipe."""
    if given.envelope.exit_code:
        return given.envelope.exit_code
    for _, message in given.messages:
        code: object = message.get("code")
        if message.get("message_type") == "exit_error" and isinstance(code, int):
            return code
    return 1 if _fatal(given) else given.envelope.exit_code


def _errors(given: Payload) -> int:
    """Count the things that could not be read or restored."""
    told = [locator for locator, message in given.messages if message.get("message_type") == "error"]
    # A source that is not there is left out with this line, and exit code 0 (seen with restic 0.14).
    return len(told) + sum(
        text.startswith("Warning: at least one") or text.endswith(" does not exist, skipping") for _, text in given.lines
    )


def _summary(given: Payload) -> tuple[str, dict[str, Any]]:
    found = [(locator, message) for locator, message in given.messages if message.get("message_type") == "summary"]
    return found[-1] if found else ("", {})


def run(given: Payload, verb: str, point: str | None = None, **fields: Any) -> pl.DataFrame:
    """Make the one run of a payload; times are the envelope's where the payload has none of its own."""
    envelope = given.envelope
    row = {
        "source": envelope.source,
        "id": _command.run_id(verb, envelope, given.raw, point),
        "kind": VERBS[verb],
        "started_at": envelope.started_at,
        "finished_at": envelope.finished_at,
        "repository": envelope.repository,
        "recovery_point": point,
        "ambiguous": False,
        "locator": _summary(given)[0] or (given.lines[0][0] if given.lines else ""),
    }
    if fields.get("outcome") == "running":
        row["finished_at"] = None
        fields = {key: value for key, value in fields.items() if key not in ("finished_at", "coverage")}
    return frame("run", [row | {key: value for key, value in fields.items() if value is not None}])


def _stops(given: Payload, end: str, begun: str) -> bool:
    """Tell whether the output stops before the end that it would have: a summary, or a line that begins with `end`, behind messages or lines that begin with `begun`; else the
    end of a line. What a command prints as errors, or when it is quiet, has no other end.
    """
    texts = [text for _, text in given.lines]
    if _summary(given)[1] or any(re.match(end, text) for text in texts):
        return False
    shown_ = any(message.get("message_type") in ("status", "verbose_status") for _, message in given.messages)
    return given.cut or shown_ or any(re.match(begun, text) for text in texts)


def _backup(given: Payload) -> Facts:
    _, summary = _summary(given)
    code, errors, envelope = _code(given), _errors(given), given.envelope
    saved = [match[1] for _, text in given.lines if (match := re.match(r"snapshot ([0-9a-f]{8,64}) saved", text))]
    point = summary.get("snapshot_id") or (saved[-1] if saved else None)
    if code is None and not summary and not saved and envelope.started_at is None:
        given.warn(
            "these are errors of a backup, but nothing says of which",
            "give command, start and exit code in the envelope",
            given.messages[0][0] if given.messages else "",
            level="error",
        )
        return Facts()
    partial = code == 3 or (code == 0 and errors > 0)
    outcome = "warning" if code is None or partial else EXIT_CODES.get(code, "failed")
    message = "; ".join(_fatal(given)) or None
    if outcome != "failed" and (
        (code is None and not summary and not saved)
        or _stops(given, r"snapshot [0-9a-f]{8,64} saved|skipped creating snapshot", _BACKING_UP)
    ):
        outcome, partial, message = "running", False, STOPS
    elif partial:
        message = "some source data could not be read: the snapshot is partial"
    elif code is None:
        message = "no exit code: restic prints the same summary for a backup that could not read everything"
    elif code == 0 and summary and not point:
        message = "nothing had changed: restic made no snapshot"
    started, finished = (_moment(summary.get(key)) for key in ("backup_start", "backup_end"))
    size = summary.get("total_bytes_processed")
    fields = {
        "subject": _subject(given) if point or not summary else None,
        "method": "snapshot",
        "outcome": outcome,
        "bytes": size if isinstance(size, int) and 0 <= size < 2**63 else None,
        "coverage": "partial" if partial or errors else None,
        "message": message,
        "started_at": envelope.started_at or started,
        "finished_at": envelope.finished_at or finished,
    }
    # A run that failed names its snapshot too, where it printed one: that a listing shows it is a contradiction.
    point = point if isinstance(point, str) else None
    made = point if outcome not in ("failed", "running") else None
    return Facts(_telling(given, made, fields, started, finished), run(given, "backup", point, **fields))


def _telling(
    given: Payload, point: str | None, fields: dict[str, Any], started: datetime | None, finished: datetime | None
) -> pl.DataFrame:
    """Tell of a partial snapshot that it is partial, where its full id and its subject are known; else the run's coverage says
    it.
    """
    if fields["coverage"] != "partial" or not fields["subject"] or not (point and ID.fullmatch(point)):
        return frame("recovery_point")
    row = {key: getattr(given.envelope, key) for key in ("source", "repository")} | {
        key: fields[key] for key in ("subject", "method", "bytes")
    }
    row |= {
        "id": point,
        "captured_at": started,
        "available_at": finished if started and finished and finished >= started else None,
        "self_contained": True,
    }
    row |= {"encrypted": "yes", "completeness": "partial", "basis": "job", "ambiguous": False, "locator": _summary(given)[0]}
    return frame("recovery_point", [row])


def _moment(text: Any) -> datetime | None:
    try:
        return _time.instant(sane(text) or "")[0]
    except ValueError:
        return None


def _subject(given: Payload) -> str | None:
    """Return the subject that a backup's snapshot will have, where the command says everything about it."""
    command = given.command
    hosts = command.values("-H", "--host") if command else ()
    if (
        not command
        or not command.sure
        or len(hosts) != 1
        or command.has("--files-from", "--files-from-verbatim", "--files-from-raw", "--stdin", "--stdin-from-command")
    ):
        return None
    paths = command.arguments[1:]
    return f"{hosts[0]}:{','.join(sorted(map(normpath, paths)))}" if paths and all(path.startswith("/") for path in paths) else None


def _check(given: Payload) -> Facts:
    _, summary = _summary(given)
    texts = [text for _, text in given.lines]
    code, said = _code(given), "no errors were found" in texts or summary.get("num_errors") == 0
    damage = next((text for text in texts if _DAMAGE.match(text)), None)
    bad = bool(_errors(given) or summary.get("num_errors") or damage)
    stops = code == 0 and not said and not bad and _stops(given, "no errors were found", _CHECKING)
    fine = (code == 0 or (code is None and said)) and not bad
    subset = any(re.match(r"read (?:group |random |\d[\d.]*%)", text) for text in texts) or bool(
        given.command and given.command.has("--read-data-subset")
    )
    whole = "read all data" in texts or bool(given.command and given.command.has("--read-data"))
    silent = None if code is not None else "restic did not say that no errors were found"
    message = "; ".join(_fatal(given)) or damage or ("no errors were found" if fine else silent)
    return Facts(
        runs=run(
            given,
            "check",
            outcome="running" if stops else "success" if fine else "failed",
            coverage="partial" if subset else "full" if whole else None,
            message=STOPS if stops else message,
        )
    )


def _restore(given: Payload) -> Facts:
    _, summary = _summary(given)
    code, command = _code(given), given.command
    named = next(
        (match[1] for _, text in given.lines if (match := re.match(r"restoring (?:<S|s)napshot ([0-9a-f]{8,64}) ", text))), None
    )
    asked = command.arguments[1].partition(":") if command and len(command.arguments) > 1 else ("", "", "")
    verified = next((text for _, text in given.lines if re.match(_VERIFIED, text)), None)
    some = command is not None and (
        bool(asked[2])
        or command.has(
            *(f"--{sign}{word}{end}" for sign in ("", "i") for word in ("include", "exclude") for end in ("", "-file")), "-i", "-e"
        )
    )
    failed = _errors(given) > 0 or (code is not None and code != 0)
    begun = "verifying files in |restoring snapshot "  # of version 0.17 or later, which ends in a summary
    if command and command.has("--verify"):
        begun += "|restoring <Snapshot "
    stops = not failed and _stops(given, rf"{_VERIFIED}|Summary: Restored \S", begun)
    size = summary.get("bytes_restored")
    fields = {
        "outcome": "failed" if failed else "running" if stops else "success" if code == 0 or verified else "warning",
        "coverage": "partial" if some else "full" if command else None,
        "bytes": size if isinstance(size, int) and 0 <= size < 2**63 else None,
        "message": "; ".join(_fatal(given))
        or (STOPS if stops else verified or (None if code == 0 else "no exit code: errors are printed elsewhere")),
    }
    point = named or (asked[0] if re.fullmatch(r"[0-9a-f]{8,64}", asked[0]) else None)
    return Facts(runs=run(given, "restore", point, **fields))


def _copy(given: Payload) -> Facts:
    code = _code(given)
    copied, there = (
        sum(bool(re.match(sentence, text)) for _, text in given.lines)
        for sentence in (r"snapshot [0-9a-f]{8,64} saved", "skipping source snapshot ")
    )
    # What becomes of a snapshot that is named stands below it.
    named = [bool(re.match(r"snapshot [0-9a-f]{8,64} of \[", text)) for _, text in given.lines]
    stops = given.cut or sum(named) > copied + there
    outcome = "failed" if code else "running" if stops else "warning" if code is None else "success"
    done = STOPS if outcome == "running" else f"{copied} snapshots copied, {there} already there"
    return Facts(runs=run(given, "copy", outcome=outcome, message="; ".join(_fatal(given)) or done))


def _pruned(given: Payload) -> Facts:
    code = _code(given)
    outcome = "failed" if code else "running" if given.cut else "warning" if code is None else "success"
    message = "; ".join(_fatal(given)) or (STOPS if outcome == "running" else None)
    return Facts(runs=run(given, given.verb, outcome=outcome, message=message))


_READERS = {"backup": _backup, "check": _check, "restore": _restore, "copy": _copy, "forget": _pruned, "prune": _pruned}
