"""Runs: `create`, `check`, `extract`, `prune`, `delete`, `compact`, and the commands that failed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

import polars as pl

from audit.adapters import _command, _time
from audit.adapters._console import STOPS
from audit.adapters._typed import shown
from audit.adapters.borgbackup import _archives
from audit.adapters.borgbackup._payload import (
    COUNTED,
    FILE_STATUSES,
    FILTERS,
    RC,
    VERBS,
    Payload,
    Said,
    meaning,
    outcome,
    unfinished,
)
from audit.model.envelope import time_text
from audit.model.facts import Facts, frame

_SENTENCES = {
    "check": r"Starting (?:full |partial )?repository (?:index )?check|Starting archive consistency check|finished (?:partial )?segment check",
    "prune": r"Keeping (?:checkpoint )?archive\b|Pruning archive\b|Would prune:",
    "delete": r"Deleting archive: |Deleted archive: |Would delete",
    "compact": r"compaction freed about ",
    "create": r'Creating archive at "',
}
"""How a log shows which command wrote it, at the beginning of a line. Where none of these stands, the envelope's command tells."""

_ACT = re.compile(
    r"(Keeping (?:checkpoint )?archive(?: \(rule: [^)]*\))?|Pruning archive(?: \(\d+/\d+\))?|Deleting archive|Deleted archive):\s+"
)
_TAIL = re.compile(r"\s\S{1,20}, (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) ?([+-]\d\d:?\d\d)? \[([0-9a-f]{64})\](?: \(\d+/\d+\))?$")
"""How a line of prune or delete begins and ends; between them stands the archive's name."""

_PROBLEMS = re.compile(
    r"errors found|(?<!no )problems found|integrity error|checksum mismatch|is missing!|is corrupted|count mismatch", re.I
)
_NO_PROBLEMS = re.compile(r"no problems found|with 0 integrity errors")
_READ_ALL = re.compile(r"Finished cryptographic data integrity verification")
_ARCHIVES = re.compile(r"Archive consistency check complete, no problems found")
_NOT_CHECKED = re.compile(
    r"Failed to (?:create/)?acquire the lock|passphrase|passcommand|password|does not exist|is not a valid repository|No key |Connection "
    r"|path not allowed|Permission denied|Keyboard interrupt|Received SIG|contradicts|is required for|unrecognized arguments"
)
"""Why a check could not begin: such a check says nothing of the data."""

_STATS = {
    "name": "Archive name: ",
    "id": "Archive fingerprint: ",
    "start": "Time (start): ",
    "end": "Time (end): ",
    "nfiles": "Number of files: ",
}


def ran(given: Payload) -> Facts:
    """Read the log of one command, and what `create` printed, as a run."""
    for status in sorted(set(given.statuses) - set(FILE_STATUSES)):
        given.warn(
            f"{shown(status)} is no status of a file that is known",
            "report it, with the version of borg",
            "",
            "status",
            level="error",
        )
    verb = _verb(given)
    if verb not in VERBS:
        if given.command and outcome(given.code) == "failed":
            given.warn(
                f"borg {verb} failed: {_errors(given) or 'it did not say why'}",
                "",
                given.log[0].locator if given.log else "",
                "exit_code",
            )
        elif not given.command and given.log:
            given.warn(
                "this is the log of a command of borg, but nothing says of which",
                "give the command, its exit code and its times in the envelope",
                given.log[0].locator,
                level="error",
            )
        return Facts()
    if given.dry:
        given.warn("a dry run: it made and removed nothing", "", "", "command")
        return Facts()
    facts = _READERS[verb](given)
    return _open(facts) if _stops(given, verb) else facts


def _stops(given: Payload, verb: str) -> bool:
    """Tell whether what was printed stops before its end: the line of the exit code where that was asked for, that of a document or of the block of `create --stats`, else the
    end of a line.
    """
    if any(RC.fullmatch(said.text) for said in given.log):
        return False
    if given.created or given.broken:
        return given.broken
    asked = given.command is not None and given.command.has("--show-rc")
    if asked and (given.log or given.statuses):
        return True
    if verb == "create" and (_of_block(given) or (given.command is not None and given.command.has("--stats"))) and given.log:
        return not all(any(said.text.startswith(beginning) for said in given.log) for beginning in _STATS.values())
    return given.cut and verb != "check"  # whose phases tell their ends


def _open(facts: Facts) -> Facts:
    """Take back what is said of how a run ended, and what it made. That it failed stays."""
    good = pl.col("outcome").is_in(["success", "warning"])
    unknown = [pl.when(~good).then(name).alias(name) for name in ("finished_at", "recovery_point", "coverage", "bytes")]
    told = {"outcome": pl.lit("running"), "message": pl.lit(STOPS)}
    runs = facts.runs.with_columns(*unknown, *(pl.when(good).then(word).otherwise(key).alias(key) for key, word in told.items()))
    listed = facts.points.filter(pl.col("basis") == "catalog")
    return replace(facts, points=listed, runs=runs)


def _verb(given: Payload) -> str:
    if given.created:
        return "create"
    for verb, sentence in _SENTENCES.items():
        if any(re.match(sentence, said.text) for said in given.log):
            return verb
    return "create" if _of_block(given) else given.verb


def _of_block(given: Payload) -> bool:
    """Tell whether a block of `create --stats` begins here: `info` prints the same lines, without a rule above them."""
    texts = [said.text for said in given.log]
    named = next((at for at, text in enumerate(texts) if text.startswith(_STATS["id"])), 0)
    return any(text.startswith("-----") for text in texts[:named])


def _errors(given: Payload) -> str | None:
    """Return the reasons for a failure as borg told them: errors of a JSON log, or the last line of text before the exit code."""
    told = [said.text for said in given.log if said.level in ("ERROR", "CRITICAL") and not RC.fullmatch(said.text)]
    if not told:
        letters = "".join(map(re.escape, FILE_STATUSES))
        texts = [said.text for said in given.log if not said.level and not RC.fullmatch(said.text)]
        told = [text for text in texts if not re.match(rf"[{letters}] ", text)][-1:]
    return "; ".join(text.splitlines()[0] for text in told[:3] if text) or meaning(given.code)


def _whole_second(at: datetime | None) -> datetime | None:
    return at and at.replace(microsecond=0)


def run(given: Payload, verb: str, point: str | None = None, **fields: Any) -> pl.DataFrame:
    """Make the one run of a payload; times are the envelope's, else of the first and last line of a JSON log."""
    envelope = given.envelope
    told = [said.at for said in given.log if said.at]
    row = {
        "source": envelope.source,
        "id": _command.run_id(verb, envelope, given.raw, point),
        "kind": VERBS[verb],
        "started_at": envelope.started_at or min(told, default=None),
        "finished_at": envelope.finished_at or max(told, default=None),
        "repository": envelope.repository,
        "recovery_point": point,
        "ambiguous": False,
        "locator": given.log[0].locator if given.log else "",
    }
    return frame("run", [row | {key: value for key, value in fields.items() if value is not None}])


def _created(given: Payload) -> Facts:
    """Read what `create` printed: a document of JSON, the block of `--stats`, or only that it failed."""
    documents = given.created or _block(given)
    if len(documents) > 1:
        given.warn(
            f"holds the output of {len(documents)} runs of create: exit codes and times cannot be told apart",
            "write one file for each run",
            documents[1][0],
            "exit_code",
        )
        given.envelope = replace(given.envelope, exit_code=None, started_at=None, finished_at=None)
        given.log = []
    facts = [_one(given, locator, document) for locator, document in documents] or [_one(given, "", {})]
    return Facts(pl.concat([each.points for each in facts]), pl.concat([each.runs for each in facts]))


def _block(given: Payload) -> list[tuple[str, dict[str, Any]]]:
    """Read the lines of `create --stats` as the document that `--json` would have printed. Sizes are rounded there: not read."""
    found: dict[str, str] = {}
    locator = ""
    for said in given.log:
        for key, beginning in _STATS.items():
            if said.text.startswith(beginning):
                found[key] = said.text[len(beginning) :].strip()
                locator = said.locator if key == "id" else locator
    if "id" not in found or not _of_block(given):
        return []
    times = {key: found[key].partition(", ")[2] for key in ("start", "end") if key in found}
    nfiles = found.get("nfiles", "")
    stats = {"nfiles": int(nfiles)} if re.fullmatch("[0-9]{1,18}", nfiles) else {}
    command_line = [given.envelope.command or ""]
    return [(locator, {"archive": {**found, **times, "stats": stats, "command_line": command_line if given.command else None}})]


def _one(given: Payload, locator: str, document: dict[str, Any]) -> Facts:
    """Make the run of one `create`, and the point it made."""
    code, archive = given.code, document.get("archive")
    result = outcome(code)
    made = frame("recovery_point")
    raw = _archives.raw_archives([archive] if archive else []).with_columns(locator=pl.lit(locator))
    if archive and result != "failed":
        made, _ = _archives.points(given, raw, encrypted=_archives.encryption(given, document), basis="job")
    told = raw.row(0, named=True) if raw.height else {}
    partial = result != "failed" and (_doubtful(given) or "partial" in made["completeness"].to_list())
    if partial:
        result = "warning"
        made = made.with_columns(completeness=pl.lit("partial"))
    if archive and _archives.backdated(archive.get("command_line")):
        made = made.with_columns(available_at=pl.lit(given.envelope.finished_at, made.schema["available_at"]))
        told |= {"start": None, "end": None}
    fields = {
        "subject": made["subject"][0] if made.height else given.subject,
        "method": "full",
        "outcome": result,
        "bytes": int(told["bytes"]) if told.get("bytes") and result != "failed" else None,
        "coverage": "partial" if partial else None,
        "message": _errors(given) if result == "failed" else _message(code, partial=partial, empty=told.get("nfiles") == "0"),
        "locator": locator or None,
    }
    return Facts(made, run(given, "create", made["id"][0] if made.height else None, **fields, **_times(given, told)))


def _doubtful(given: Payload) -> bool:
    """Tell whether the exit code, the status of a file, or without exit code a warning says that not everything was read."""
    code = given.code
    warned = outcome(code) == "warning" if code is not None else any(said.level == "WARNING" for said in given.log)
    return warned or any(given.statuses[letter] for letter in "CE?")


def _message(code: int | None, *, partial: bool, empty: bool) -> str | None:
    if partial and empty:
        return "nothing was read: the archive is empty"
    if partial:
        return "; ".join(filter(None, ["not everything could be read: the archive is partial", meaning(code)]))
    return "no exit code: borg prints the same for a backup that could not read everything" if code is None else None


def _times(given: Payload, told: dict[str, Any]) -> dict[str, Any]:
    """Return start and end of a backup. The start is cut to the second, as borg cuts the start of the archive: it must not lie
    behind it.
    """
    envelope, ambiguous = given.envelope, False
    found: list[datetime | None] = []
    for known, text, latest in ((envelope.started_at, told.get("start"), False), (envelope.finished_at, told.get("end"), True)):
        at = known
        if at is None and text:
            try:
                at, twice = _time.instant(text, envelope.timezone, latest=latest)
                ambiguous = ambiguous or twice
            except ValueError:  # the point's fault tells why
                at = None
        found.append(at)
    started, finished = _whole_second(found[0]), found[1]
    if started and finished and finished < started:
        finished = None
    return {"started_at": started, "finished_at": finished, "ambiguous": ambiguous or None}


def _checked(given: Payload) -> Facts:
    told = [said.text for said in given.log]
    texts = [_NO_PROBLEMS.sub("", text) for text in told if not RC.fullmatch(text)]
    code, command = given.code, given.command
    alarms = [
        said.text for said in given.log if said.level == "ERROR" and not (RC.fullmatch(said.text) or _NOT_CHECKED.search(said.text))
    ]
    problems = [text for text in texts if _PROBLEMS.search(text)] or alarms
    said = any("no problems found" in text for text in told)
    # The end of the first of two phases is not the end of the check, and a phase that did not end found nothing yet.
    whole = not unfinished(told) and (bool(command and command.has("--repository-only")) or any(map(_ARCHIVES.match, told)))
    begun = any(re.match(_SENTENCES["check"], text) for text in texts)
    halted = not begun and (any(map(_NOT_CHECKED.search, texts)) or (code or 0) >= 128)
    some = command is not None and (given.archive is not None or command.has(*COUNTED, *FILTERS) or not command.sure)
    read = any(map(_READ_ALL.match, texts)) or bool(code == 0 and command and command.has("--verify-data"))
    message: str | None
    if problems:
        result, message = "failed", _errors(given) or problems[0]
    elif halted and code != 0:
        result, message = "cancelled", f"nothing was checked: {_errors(given)}"
    elif (code == 0 and (whole or any(map(RC.fullmatch, told)) or not (begun or given.cut))) or (code is None and said and whole):
        result, message = "success", "no problems found" if said else None
    elif code in (None, 0) and said and not unfinished(told):
        result, message = "running", "nothing says that the archives were checked, too"
    elif code == 0 or (code is None and begun and given.envelope.finished_at is None):
        result, message = "running", "the log stops before the check ended"
    else:
        result, message = "failed", _errors(given) or "borg did not say that no problems were found"
    coverage = ("partial" if some else "full") if read and result != "running" else None
    row = run(given, "check", outcome=result, coverage=coverage, message=message)
    return Facts(runs=row.with_columns(finished_at=pl.when(pl.col("outcome") != "running").then("finished_at")))


def _extracted(given: Payload) -> Facts:
    command, code = given.command, given.code
    chosen = command is not None and (
        len(command.arguments) > 2
        or not command.sure
        or command.has("-e", "--exclude", "--exclude-from", "--pattern", "--patterns-from", "--strip-components")
    )
    asked = command is not None and command.has("--list") and any(command.has(*each) for each in (("-v", "--verbose"), ("--info",)))
    nothing = asked and code == 0 and not any(not RC.fullmatch(said.text) for said in given.log)
    result = "success" if code == 0 else "warning" if code is None else "failed"
    message = f"archive {shown(given.archive)}" if given.archive else None
    coverage = "partial" if chosen else "full" if command else None
    if nothing:
        # Being asked to name what it restores it named nothing: an empty archive restores without a complaint.
        result, coverage, message = "warning", None, f"{message}: nothing was restored, as it is empty or nothing matched"
    elif result == "failed":
        coverage, message = None, "; ".join(filter(None, [message, _errors(given)]))
    elif code is None:
        message = "no exit code: whether everything was restored is not known"
    return Facts(runs=run(given, "extract", subject=given.subject, outcome=result, coverage=coverage, message=message))


def _pruned(given: Payload) -> Facts:
    """Read which archives `prune` and `delete` kept and removed, where `--list` made them say so."""
    verb, code = _verb(given), given.code
    result = outcome(code)
    rows = [row for said in given.log if (row := _row(said, given))]
    removed = [row for row in rows if not str(row["act"]).startswith("Keeping")]
    real = code is not None and result != "failed"
    if removed and not real:
        why = "it did not succeed" if code else "its exit code is not known"
        given.warn(
            f"{len(removed)} archives are told as removed, but {why}: they are not taken as deleted",
            "give the command, its exit code and its times in the envelope, or log with --show-rc",
            str(removed[0]["locator"]),
            "deleted_at",
        )
    facts = _kept(given, rows if real else [row | {"deleted_at": None} for row in rows]) if rows else Facts()
    done = f"{len(removed)} archives removed, {len(rows) - len(removed)} kept" if rows else None
    freed = next((said.text for said in given.log if said.text.startswith("compaction freed")), None)
    silent = None if verb == "compact" else "which archives were removed is not told: log with --list"
    message = _errors(given) if result == "failed" else done or freed or silent
    return replace(facts, runs=run(given, verb, outcome=result, message=message))


def _kept(given: Payload, rows: list[dict[str, str | None]]) -> Facts:
    """Make points of the archives in a log of prune or delete. All of them were there when it began."""
    envelope = given.envelope
    raw = pl.DataFrame(rows, schema=dict.fromkeys((*_archives.COLUMNS, "deleted_at", "locator"), pl.String()), orient="row")
    made, _ = _archives.points(given, raw, encrypted=None, basis="catalog")
    listing = {
        "source": envelope.source,
        "repository": envelope.repository,
        "listed_at": envelope.started_at or min((said.at for said in given.log if said.at), default=None),
        "complete": False,
        "locator": rows[0]["locator"],
    }
    return Facts(made, listings=frame("listing", [listing]))


def _row(said: Said, given: Payload) -> dict[str, str | None] | None:
    """Make a raw archive of a line of prune or delete; `None` for any other line."""
    act, tail = _ACT.match(said.text), _TAIL.search(said.text)
    if not act or not tail:
        return None
    at = said.at or given.envelope.finished_at or given.envelope.observed_at
    return {
        "act": act[1],
        "id": tail[3],
        "name": said.text[act.end() : tail.start()].strip(),
        "start": tail[1] + (tail[2] or ""),
        "deleted_at": time_text(at) if at and not act[1].startswith("Keeping") else None,
        "locator": said.locator,
    }


_READERS = {"create": _created, "check": _checked, "extract": _extracted, "prune": _pruned, "delete": _pruned, "compact": _pruned}
