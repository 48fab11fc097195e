"""Duplicati: the JSON report of an operation, as `--send-http-url` posts it, of Duplicati 2.

Formats read: reports in JSON (`--send-http-result-output-format=Json`), one or several in a file: `Data` with the result, `Extra` with the names.

Point: id = the time of the version in UTC (`20250421T234546Z`), as in the names of its files; subject = `MACHINE:BACKUP` by their names. A version needs no
other: there are no chains. It is known from the report only (`LastBackupDate`, where that lies inside the run); an unchanged source may leave no version.

Time semantics: BeginTime and EndTime carry their offset (UTC), LastBackupDate carries another. captured_at = the time of the version.

Proof of deletion: none; reports tell how many versions there are, not which. Delete, Compact and Purge are runs of kind prune.

Success: ParsedResult Success without files with errors, not partial and not interrupted. Error and Fatal are `failed` even if a version was written, and so is
what told errors, whatever it is called. Unknown is quarantined. A dry run did nothing. Operations that only look or repair the local database carry no facts.

What Duplicati cannot show: the target, retention and expiry, immutability, encryption, and how much of a version a Test or a Restore read.

Tested against: one report of Duplicati 2.1 as a project published it.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from audit.adapters import _output, _text, _time
from audit.adapters._gathered import Gathered, Value
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "samples"

STATUSES = {"Success": "success", "Warning": "warning", "Error": "failed", "Fatal": "failed"}
"""Every ParsedResult that says how an operation ended (the fifth, Unknown, does not)."""

_OTHERS = (
    "List",
    "ListAffected",
    "ListChanges",
    "ListBrokenFiles",
    "ListRemote",
    "ListControlfiles",
    "RestoreControlfiles",
    "Repair",
    "RepairUpdate",
    "RecreateDatabase",
    "CreateLogDb",
    "Vacuum",
    "SystemInfo",
    "SendMail",
    "TestFilters",
    "BackendTool",
    "ReadLockInfo",
    "SetLocks",
)
OPERATIONS = {
    "Backup": "backup",
    "Restore": "restore",
    "Test": "verify",
    "Delete": "prune",
    "Compact": "prune",
    "PurgeFiles": "prune",
    "PurgeBrokenFiles": "prune",
    **dict.fromkeys(_OTHERS, "nothing"),
}
"""Every MainOperation, and the kind of run it is."""


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """A JSON object with the two fields that every result has."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{" and all(
        re.search(rb'"%s"\s*:\s*"' % key, head) for key in (b"MainOperation", b"ParsedResult")
    )


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read the reports of a file. Raises `InputError` when it holds none."""
    given = Gathered(envelope)
    output = _output.split(_text.decode(given.where, payload), given.where)
    given.faults += output.faults
    if not output.values:
        fault = Fault(given.where, "holds no report in JSON", "send results with --send-http-result-output-format=Json")
        raise InputError(str(fault), [*output.faults, fault])
    for line, value in output.values:
        _reported(given, f"line {line}", value)
    return given.facts()


def _reported(given: Gathered, locator: str, report: Any) -> None:
    """Take one report."""
    data = report.get("Data") if isinstance(report, dict) else None
    if not isinstance(data, dict):
        given.fault("this JSON is no report of Duplicati: it has no Data", "", locator)
        return
    extra = report["Extra"] if isinstance(report.get("Extra"), dict) else {}
    kind = given.word(OPERATIONS, str(data.get("MainOperation")), locator, "MainOperation")
    if kind is None or kind == "nothing":
        return
    outcome = given.word(STATUSES, str(data.get("ParsedResult")), locator, "ParsedResult")
    if outcome is None:
        return
    if data.get("Dryrun") is True:
        given.fault("a dry run: nothing was done", "", locator, "Dryrun", "warning")
        return
    flaws = [f"{key} {data[key]}" for key in ("FilesWithError", "NotProcessedFiles") if _count(data.get(key))]
    flaws += [key for key in ("PartialBackup", "Interrupted") if data.get(key) is True]
    if outcome == "success" and flaws:
        outcome = "warning"
    # Duplicati's own rule: what told errors is an Error, and what told warnings a Warning.
    told = {key: [what for what in (f"{key}ActualLength", key) if _some(data.get(what))] for key in ("Errors", "Warnings")}
    if told["Errors"] and outcome != "failed":
        outcome, flaws = "failed", [*flaws, f"it is called {data['ParsedResult']}, and told errors"]
    elif told["Warnings"] and outcome == "success":
        outcome, flaws = "warning", [f"it is called {data['ParsedResult']}, and told warnings"]
    names = [name for key in ("machine-name", "backup-name") if isinstance(name := extra.get(key), str) and name]
    begin, end = (_known(data.get(key)) for key in ("BeginTime", "EndTime"))
    size = data.get({"backup": "SizeOfExaminedFiles", "restore": "SizeOfRestoredFiles"}.get(kind, ""))
    run: dict[str, Value] = {
        "id": ":".join(filter(None, [str(data["MainOperation"]).lower(), _known(extra.get("backup-id")), begin])),
        "subject": ":".join(names) or None,
        "kind": kind,
        "method": "full" if kind == "backup" else None,
        "started_at": begin,
        "finished_at": end,
        "outcome": outcome,
        "bytes": str(size) if _count(size) else None,
        "message": "; ".join(flaws) or None,
        "locator": locator,
    }
    if kind == "backup" and outcome in ("success", "warning"):
        _version(given, run, data, partial="PartialBackup" in flaws or "Interrupted" in flaws or bool(flaws))
    given.runs.append(run)


def _version(given: Gathered, run: dict[str, Value], data: dict[str, Any], *, partial: bool) -> None:
    """Take the version that a backup made, where its report tells one."""
    statistics = data["BackendStatistics"] if isinstance(data.get("BackendStatistics"), dict) else {}
    at, begin, end = (
        _instant(value, given.envelope) for value in (statistics.get("LastBackupDate"), run["started_at"], run["finished_at"])
    )
    if at is None or begin is None or end is None or run["subject"] is None or given.envelope.repository is None:
        return
    if not begin.replace(microsecond=0) <= at <= end:
        run["message"] = "; ".join(filter(None, [str(run["message"] or ""), "it made no new version: the last one is older"]))
        return
    run["recovery_point"] = at.strftime("%Y%m%dT%H%M%SZ")
    given.points.append(
        {
            "id": run["recovery_point"],
            "subject": run["subject"],
            "method": "full",
            "captured_at": at,
            "available_at": end,
            "self_contained": True,
            "bytes": run["bytes"],
            "completeness": "partial" if partial else None,
            "basis": "job",
            "locator": run["locator"],
        }
    )


def _instant(value: object, envelope: Envelope) -> datetime | None:
    try:
        return _time.instant(value, envelope.timezone)[0] if isinstance(value, str) else None
    except ValueError:  # typed tells why, where it stands in a run
        return None


def _known(value: object) -> str | None:
    return value if isinstance(value, str) and value and not value.startswith("0001-") else None


def _some(value: object) -> bool:
    """Tell whether a list, or the count of one, holds anything."""
    return _count(value) or (isinstance(value, list) and bool(value))


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63
