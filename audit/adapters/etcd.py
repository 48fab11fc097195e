"""etcd: the log of `etcdctl snapshot save` and `restore`, and what `snapshot status` says of a file.

Formats read: the JSON lines that etcdctl or etcdutl 3.4 and later write to stderr (several runs in one log too), the answer of `snapshot status` as JSON or table, and its
error messages.

Point: a snapshot that was saved; id = its path and the instant of its start, because the same path is often written again. Nothing names the cluster: subject = the source, so
give each cluster a source of its own. Every snapshot is a full one and self-contained.

Time semantics: `ts` is epoch seconds on some lines and RFC 3339 on others of the same log. captured_at = the first line, when the snapshot was asked for; available_at = the last one.

Proof of deletion: none; there is no catalog of snapshots.

Success: a save needs its `saved` line, or `fetched snapshot` and exit code 0; with the latter line alone it is a warning. Status reads the whole file: an answer is a
successful verification, an error a failed one. An error is text even where JSON was asked for.

What etcd cannot show: of which snapshot a status is, and when it was taken (`hash` and `revision` are no name of a file); expiry, encryption, immutability.

Tested against: output of etcdctl 3.4; tables, restores and later versions as documented only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import polars as pl

from audit.adapters import _command, _formats, _output, _records, _text
from audit.adapters._typed import typed
from audit.errors import Fault
from audit.model.envelope import Envelope, time_text
from audit.model.facts import SCHEMAS, Facts

TESTED_AGAINST = "runs"

BEGINNINGS = {"created temporary db file": "backup", "fetching snapshot": "backup", "restoring snapshot": "restore"}
ENDS = {"fetched snapshot": "fetched", "saved": "success", "restored snapshot": "success"}
FAILURES = ("error", "fatal", "panic", "dpanic")
"""Messages of the log by which runs begin and end, and levels of lines that tell of a failure."""

_STATUS = {"hash", "revision", "totalKey", "totalSize"}
_TIMES = (_formats.RFC3339, _formats.SECONDS)
_SAVED = re.compile(r"^Snapshot saved at \S")
_ERROR = re.compile(r"^Error: \S")
_TABLE = re.compile(r"^\|\s+HASH\s+\|\s+REVISION\s+\|\s+TOTAL KEYS\s+\|\s+TOTAL SIZE\s+\|")
_ROW = re.compile(r"^\|\s+[0-9a-f]+\s+\|\s+[0-9]+\s+\|\s+[0-9]+\s+\|")
_LOGGED = re.compile(rb'"caller"\s*:\s*"snapshot/v3_snapshot\.go:')
_ANSWER = re.compile(rb'\s*\{\s*"hash"\s*:\s*[0-9]+\s*,\s*"revision"\s*:\s*[0-9]+\s*,\s*"totalKey"')
_LINES = _text.LineStarts(
    rb"\|\s+HASH\s+\|\s+REVISION\s+\|\s+TOTAL KEYS\s+\|",
    rb"Snapshot saved at \S",
    rb"Error: (?:cannot get hash of bucket|snapshot file integrity check failed|expected sha256 \[)",
)


@dataclass(slots=True)
class _Run:
    kind: str
    first: str
    locator: str
    path: str = ""
    last: str = ""
    end: str = ""


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """A line of etcd's log of snapshots, the answer of status, or one of its errors."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    return bool(_ANSWER.match(head) or _LOGGED.search(head) or _LINES.search(head))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read the output of one or several commands. Raises `InputError` when it is no text."""
    where = envelope.name or envelope.tool
    output = _output.split(_text.decode(where, payload), where)
    faults = list(output.faults)
    runs: list[_Run] = []
    failed = any(_ERROR.match(line) for _, line in output.lines)
    status = any(_TABLE.match(line) for _, line in output.lines) and any(_ROW.match(line) for _, line in output.lines)
    for line, value in output.values:
        if isinstance(value, dict) and set(value) >= _STATUS:
            status = True
        elif isinstance(value, dict) and isinstance(value.get("msg"), str):
            failed |= value.get("level") in FAILURES
            _follow(runs, value, f"line {line}")
        else:
            faults.append(Fault(where, "this JSON is of no command of etcd that is known", "", f"line {line}"))
    saved = any(_SAVED.match(line) for _, line in output.lines)
    if runs and saved and runs[-1].kind == "backup" and runs[-1].end == "fetched":
        runs[-1].end = "success"
    if runs:
        facts = _logged(runs, envelope, failed=failed or bool(envelope.exit_code), clean=envelope.exit_code == 0)
    else:
        facts = _alone(payload, envelope, status=status, failed=failed or bool(envelope.exit_code), saved=saved)
    return _records.assembled(envelope, [*faults, *facts.faults], facts.points, facts.runs)


def _follow(runs: list[_Run], value: dict[str, Any], locator: str) -> None:
    """Take one line of a log into the run that it belongs to."""
    message, at, path = value["msg"], value.get("ts"), value.get("path")
    text = "" if isinstance(at, bool) or not isinstance(at, (int, float, str)) else str(at)
    kind = BEGINNINGS.get(message)
    # `fetching` follows `created` in the log of one save; alone it begins one.
    goes_on = message == "fetching snapshot" and bool(runs) and runs[-1].kind == "backup" and not runs[-1].end
    if kind and not goes_on:
        runs.append(_Run(kind, text, locator))
    if not runs:
        return
    now = runs[-1]
    now.last = text or now.last
    if isinstance(path, str) and not now.path:
        now.path = path.removesuffix(".part")
    now.end = ENDS.get(message, now.end)


def _logged(runs: list[_Run], envelope: Envelope, *, failed: bool, clean: bool) -> Facts:
    """Make runs of a log, and points of the saves that ended well. The exit code, and an error, are of its last run."""
    rows: list[dict[str, str | None]] = []
    for place, run in enumerate(runs):
        rest = (failed, clean) if place == len(runs) - 1 else (not run.end, False)
        outcome = _outcome(run.end, *rest)
        rows.append(
            {"kind": run.kind, "outcome": outcome, "started_at": run.first or None, "finished_at": run.last or None, "path": run.path, "locator": run.locator}
        )  # fmt: skip
    schema = dict.fromkeys(("kind", "outcome", "started_at", "finished_at", "path", "locator"), pl.String())
    raw = _records.times(pl.DataFrame(rows, schema=schema, orient="row"), ("started_at", "finished_at"), _TIMES)
    point = pl.concat_str("path", "started_at", separator="@")
    well = pl.col("outcome").is_in(["success", "warning"])
    raw = raw.with_columns(
        id=pl.col("kind") + ":" + pl.col("started_at"),
        subject=pl.lit(envelope.source, pl.String()),
        recovery_point=pl.when((pl.col("kind") == "backup") & well).then(point),
        coverage=pl.when((pl.col("kind") == "restore") & well).then(pl.lit("full")),
        method=pl.when(pl.col("kind") == "backup").then(pl.lit("full")),
    )
    ran = typed("run", raw, envelope)
    points = raw.filter(pl.col("recovery_point").is_not_null()).select(
        "subject", "method", "locator", id="recovery_point", captured_at="started_at", available_at="finished_at", self_contained=pl.lit("true"),
        completeness=pl.when(pl.col("outcome") == "success").then(pl.lit("complete")), basis=pl.lit("job"),
    )  # fmt: skip
    if envelope.repository is None:  # the log alone does not say where the file lies
        points = points.clear()
    made = typed("recovery_point", points, envelope)
    return Facts(made.frame, ran.frame, faults=ran.faults)


def _outcome(end: str, failed: bool, clean: bool) -> str:
    """Judge a run by its last message and what is known beside the log. One without end that was not followed by another may still run."""
    if failed:
        return "failed"
    if end == "success" or (end == "fetched" and clean):
        return "success"
    return "warning" if end or clean else "running"


def _alone(payload: bytes, envelope: Envelope, *, status: bool, failed: bool, saved: bool) -> Facts:
    """Make a run of what a command said that wrote no log: its times are in the envelope."""
    where = envelope.name or envelope.tool
    command = _command.parse(envelope.command, "etcdctl", (), ("--endpoints", "-w", "--write-out"))
    command = command or _command.parse(envelope.command, "etcdutl", (), ("-w", "--write-out"))
    verb = (
        command.arguments[1]
        if command is not None and command.arguments[:1] == ("snapshot",) and len(command.arguments) > 1
        else None
    )
    kind = {"save": "backup", "restore": "restore", "status": "verify"}.get(verb or "verify")
    if saved:
        kind = "backup"
    if kind is None or not (status or failed or saved):
        return Facts(
            faults=(Fault(where, "nothing here says how a command of etcd ended", "keep stdout and stderr, and the exit code"),)
        )
    outcome = "failed" if failed else "success"
    ended = envelope.finished_at or envelope.observed_at
    row = {
        "id": _command.run_id(kind, envelope, payload),
        "kind": kind,
        "outcome": outcome,
        "subject": envelope.source,
        "started_at": time_text(envelope.started_at) if envelope.started_at else None,
        "finished_at": time_text(ended) if ended else None,
        "method": "full" if kind == "backup" else None,
        "locator": "line 1",
    }
    ran = typed("run", pl.DataFrame([row], schema=dict.fromkeys(row, pl.String()), orient="row"), envelope)
    return Facts(pl.DataFrame(schema=SCHEMAS["recovery_point"]), ran.frame, faults=ran.faults)
