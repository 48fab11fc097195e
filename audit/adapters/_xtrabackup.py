"""What the two heirs of XtraBackup share: `xtrabackup_info`, `xtrabackup_checkpoints`, and a console log whose last word is "completed OK!"."""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from audit.adapters import _command, _console, _formats, _records
from audit.adapters._typed import shown
from audit.model.envelope import Envelope
from audit.model.facts import Facts, frame

YES_NO = {"Y": "yes", "N": "no"}
COMPRESSED = {"Y", "N", "compressed"}
TYPES = {"full-backuped", "incremental", "full-prepared", "log-applied"}
"""Every backup_type of xtrabackup_checkpoints: as it was made (the first two), and after it was prepared."""

ACTS = {"--backup": "backup", "--prepare": "verify", "--copy-back": "restore", "--move-back": "restore"}
"""What a command does, and the kind of run it is. Preparing replays the log into the backup: a partial verification."""

_WITH_VALUE = (
    "--target-dir --incremental-basedir --incremental-dir --incremental-lsn --incremental-history-name --incremental-history-uuid --datadir --defaults-file "
    "--defaults-extra-file --defaults-group --user -u --password -p --host -H --port -P --socket -S --parallel --compress-threads --stream --tables "
    "--tables-file --tables-exclude --databases --databases-file --databases-exclude --use-memory --throttle --tmpdir --extra-lsndir --encrypt --encrypt-key "
    "--encrypt-key-file --encrypt-threads --history --ftwrl-wait-timeout --ftwrl-wait-threshold --kill-long-queries-timeout --lock-ddl-timeout"
)
_WITHOUT = (
    "--backup --prepare --copy-back --move-back --stats --export --no-defaults --compress --galera-info --slave-info --safe-slave-backup --no-lock "
    "--lock-ddl --force-non-empty-directories --apply-log-only --register-redo-log-consumer --print-defaults --rsync --no-version-check"
)
VALUED, FLAGS = frozenset(_WITH_VALUE.split()), frozenset(_WITHOUT.split())
_SOME = ("--databases", "--databases-file", "--databases-exclude", "--tables", "--tables-file", "--tables-exclude")

_PAIR = re.compile(r"(\w+) ?= ?(.*)")
_LSN = re.compile(r"The latest check point \(for incremental\): '(\d+)'")
_TROUBLE = re.compile(r"\b(?:error|failed|can't|cannot|unable|fatal)\b", re.IGNORECASE)
_HEADS = re.compile(
    r"^(?:\[\d\d\] )?(?:\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d:\d\d|Z)?|\d{6} +\d{1,2}:\d\d:\d\d)\s*(?:\d+ )?(?:\[\w+\] )*"
)
_AT = re.compile(r"^(?:\[\d\d\] )?(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d:\d\d|Z)?)")


def read(payload: bytes, envelope: Envelope, program: str) -> Facts:
    """Read one of the three. `program`: as it stands in command lines."""
    console = _console.read(payload, envelope)
    texts = [text for _, text in console.lines]
    if texts[0].startswith("backup_type"):
        return _checkpoints(console)
    if any(text.startswith("tool_name") for text in texts[:10]):
        return _info(console)
    return _log(console, program)


def point_id(target: str | None, lsn: str | None, otherwise: str | None) -> str | None:
    """Name a backup by its directory and the LSN up to which it goes: what an incremental backup says of its base, too."""
    return f"{target.rstrip('/') or '/'}@{lsn}" if target and lsn else otherwise


def _pairs(console: _console.Console) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for line, text in console.lines:
        match = _PAIR.fullmatch(text)
        if match is None:
            console.fault(f"this line is no `key = value`: {shown(text)}", "copy the whole file and ingest it again", line)
        elif match[1] not in pairs:
            pairs[match[1]] = match[2].strip()
    return pairs


def _checkpoints(console: _console.Console) -> Facts:
    """Neither an id nor a time: what it says of the chain stands in xtrabackup_info as well."""
    kind = _pairs(console).get("backup_type")
    if kind not in TYPES:
        console.fault(f"{shown(kind)} is no backup_type that is known", "report it, with the version of the tool", 1, "backup_type")
    console.warn("xtrabackup_checkpoints tells neither when nor of what a backup was made", "ingest xtrabackup_info", 1)
    return _records.assembled(console.envelope, console.faults)


def _info(console: _console.Console) -> Facts:
    envelope, pairs = console.envelope, _pairs(console)
    words = {"incremental": YES_NO, "partial": YES_NO, "encrypted": YES_NO}
    for key, table in words.items():
        if key in pairs and pairs[key] not in table:
            console.fault(
                f"{shown(pairs[key])} is neither Y nor N: the backup was not used",
                "report it, with the version of the tool",
                1,
                key,
            )
            return _records.assembled(envelope, console.faults)
    missing = [key for key in ("uuid", "start_time", "end_time", "incremental") if not pairs.get(key)]
    if missing:
        console.fault(
            f"{', '.join(missing)} is missing: the backup was not used", "copy the whole file and ingest it again", 1, missing[0]
        )
        return _records.assembled(envelope, console.faults)
    command = _command.parse("tool " + pairs.get("tool_command", ""), "tool", FLAGS, VALUED)
    assert command is not None
    incremental = pairs["incremental"] == "Y"
    target, basedir = ((command.values(name) or (None,))[-1] for name in ("--target-dir", "--incremental-basedir"))
    base = point_id(basedir, pairs.get("innodb_from_lsn"), None) if incremental else None
    times = _times([pairs["start_time"], pairs["end_time"]])
    row = {
        "id": point_id(target, pairs.get("innodb_to_lsn"), pairs["uuid"]),
        "subject": envelope.source,
        "method": "incremental" if incremental else "full",
        "captured_at": times[0],
        "available_at": times[1],
        "base": base,
        "self_contained": "false" if incremental else "true",
        "encrypted": YES_NO.get(pairs.get("encrypted", "")),
        "completeness": "partial" if pairs.get("partial") == "Y" else None,
        "locator": "line 1",
    }
    points = console.typed("recovery_point", [row]).with_columns(basis=pl.lit("catalog"))
    listing = {
        "source": envelope.source,
        "repository": envelope.repository,
        "listed_at": envelope.observed_at,
        "complete": False,
        "locator": "envelope",
    }
    return _records.assembled(envelope, console.faults, points, None, frame("listing", [listing]))


def _times(texts: list[str]) -> list[str]:
    """Local times as the tools write them; what is none stays, and becomes a fault."""
    series = pl.Series("times", texts)
    read_ = _formats.normal(series, ("%Y-%m-%d %H:%M:%S", _formats.RFC3339), day_end=False)
    return pl.select(pl.coalesce(read_, series)).to_series().to_list()


def _log(console: _console.Console, program: str) -> Facts:
    envelope = console.envelope
    texts = [text for _, text in console.lines]
    told = next((text for text in texts[:50] if "recognized client arguments:" in text), "")
    command = _command.parse(envelope.command, program, FLAGS, VALUED)
    if command is None and told:  # XtraBackup repeats its options: --backup=1 --target-dir=/b
        command = _command.parse(f"{program} {told.partition('arguments:')[2]}", program, FLAGS, VALUED)
    act = next((act for act in ACTS if command and command.has(act)), None) or _act(texts)
    if act is None:
        console.fault(
            "nothing says what this command did",
            "give the command, its exit code and its times in the envelope",
            console.lines[0][0],
        )
        return _records.assembled(envelope, console.faults)
    fine = _HEADS.sub("", texts[-1]).endswith("completed OK!")
    succeeded = fine and not console.code
    trouble = next((said for text in reversed(texts) if _TROUBLE.search(said := _HEADS.sub("", text))), None)
    fields: dict[str, Any] = {"subject": envelope.source, "outcome": "success" if succeeded else "failed"}
    if not succeeded:
        fields["message"] = trouble or ('it did not end with "completed OK!"' if not fine else f"exit code {console.code}")
    if act == "--backup":
        incremental = any("incremental backup from" in text for text in texts)
        fields |= {"mode": "hot", "method": "incremental" if incremental else "full"}
        lsn = next((match[1] for text in reversed(texts) if (match := _LSN.search(text))), None)
        target = (command.values("--target-dir") or (None,))[-1] if command else None
        fields["recovery_point"] = point_id(target, lsn, None) if succeeded else None
        fields["coverage"] = "partial" if command and command.has(*_SOME) else None
    else:
        fields["coverage"] = "partial" if act == "--prepare" else "full"
    run = console.run(act.removeprefix("--"), ACTS[act], **fields)
    if envelope.started_at is None:
        run = _timed(run, texts, console)
    return _records.assembled(envelope, console.faults, runs=run)


def _timed(run: pl.DataFrame, texts: list[str], console: _console.Console) -> pl.DataFrame:
    """Without an envelope the first and the last line tell when it ran: in the zone of the source."""
    found = [f"{match[1]}T{match[2]}" for text in texts if (match := _AT.match(text))]
    if not found:
        return run
    row = {"id": None, "kind": None, "started_at": found[0], "finished_at": found[-1], "locator": "line 1"}
    times = console.typed("run", [row])
    if times.is_empty():
        return run
    return run.with_columns(times["started_at"], times["finished_at"], times["ambiguous"])


def _act(texts: list[str]) -> str | None:
    """Tell what was done by what only that says."""
    said = {
        "--prepare": ("This target seems to be", "This target was prepared"),
        "--backup": (
            "Connecting to MariaDB server",
            "Connecting to MySQL server",
            "Connecting to server",
            "Backup created in directory",
            "Failed to connect to",
        ),
    }
    for act, sentences in said.items():
        if any(sentence in text for text in texts for sentence in sentences):
            return act
    copied = any(" Copying " in text or "Moving " in text for text in texts)
    return "--copy-back" if copied else None
