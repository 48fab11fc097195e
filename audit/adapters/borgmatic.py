"""borgmatic: the JSON of its list, info and create for all its repositories, and its logs, of borgmatic 1.7 to 2.

Formats read: `repo-list --json` (`rlist`, `list`), `info --json`, `create --json`: arrays with one document of borg for each repository; the log file
(`--log-file`, best with `--log-file-verbosity 2`) and what it prints with `--verbosity 1`. `repo-info --json` carries no facts.

Point: as of borg: id = the archive id, subject = the series of its name, no chains. repository = its label, else its location as it is printed
(without a user and password); where one repository is in the payload, what the envelope names.

Time semantics: naive, on the wall clock of the machine. captured_at = `start`.

Proof of deletion: a complete listing that lacks an archive; borgmatic lists only the archives that match its name format, so where configurations share a
repository name a `scope`, or list with `--match-archives '*'`. Its logs make runs only.

Success: per repository and action, not per command: one repository may fail while the others have their archives. borgmatic ends with 0 when borg warned that a
source is missing: a backup is a success only where its log shows `terminating with success status` (verbosity 2); without it, it is a `warning`. An archive with
no bytes of data is `partial`: borgmatic adds files of its own. A check without that line is a success where each phase that it began ended without problems.
An action that borgmatic's own end in CRITICAL cut off failed.

What borgmatic cannot show: what borg cannot, and with verbosity 0 nothing at all.

Tested against: output of borgmatic 1.7.7 with borg 1.2.4, made by running it; the labels of version 2 by their documentation only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from audit.adapters import _command, _records, _text
from audit.adapters._gathered import Gathered, Value
from audit.adapters.borgbackup import _archives, _series
from audit.adapters.borgbackup._payload import BORGMATIC, RC, Payload, outcome, unfinished
from audit.model.envelope import Envelope
from audit.model.facts import Facts, frame

TESTED_AGAINST = "runs"

STATUSES = {
    "Creating archive": "backup",
    "Running consistency checks": "verify",
    "Extracting archive": "restore",
    "Pruning archives": "prune",
    "Compacting segments": "prune",
}
"""Actions on a repository that are runs, and the kind of each. How each ended borg's own exit code tells (`borgbackup`)."""

_JSON_HEAD = re.compile(
    rb'\A\s*\[\s*\{\s*"(?:archives"\s*:\s*\[\s*(?:\{\s*"(?:archive|chunker_params|command_line)"\s*:|\]\s*,\s*"(?:cache|encryption)"\s*:)'
    rb'|archive"\s*:\s*\{\s*"(?:command_line|chunker_params|duration)"\s*:|cache"\s*:\s*\{\s*"(?:path|stats)"\s*:)'
)
_STAMPED = re.compile(r"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(\d{1,6})\] ([A-Z]+): (.*)$")
_ACTION = re.compile(rf"(\S.*): ({'|'.join(STATUSES)})(?: (\S+))?( \(dry run.*\))?$")
_ENDED = re.compile(r"summary:|.*: (?:Successfully ran configuration file|Error running configuration file)$")
_FAILED = re.compile(r"(\S.*): Error running actions for repository$")
_CRITICAL = re.compile(r"CRITICAL\b|Need some help\? |.*: Error running configuration file$")
_CREATED = re.compile(r'Creating archive at "(?:.*::)?(.+)"$')
_PROBLEM = re.compile(r".*(?:\[Errno \d+\]|errors found|(?<!no )problems found|integrity error)", re.IGNORECASE)
_PART = re.compile(
    r"(?:^|\s)(?:--archive|--first|--last|--prefix|-P|--match-archives|-a|--glob-archives|--repository|--repo|--newer|--older|--newest|--oldest)\b"
)


@dataclass(slots=True)
class _Run:
    """One action on one repository, in a log."""

    repository: str
    action: str
    line: int
    at: str | None
    last: str | None
    archive: str | None = None
    code: int | None = None
    failed: bool = False
    problem: bool = False
    data: bool = False
    phases: list[str] = field(default_factory=list)
    ended: bool = False


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """An array of borg's documents, or lines that only borgmatic prints."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    return bool(_JSON_HEAD.match(head) or BORGMATIC.search(head))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read JSON or a log. Raises `InputError` when it is neither text nor whole JSON."""
    if payload.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"[" and not BORGMATIC.search(payload[: _text.HEAD]):
        return _documents(payload, envelope)
    given = Gathered(envelope)
    lines = _text.decode(given.where, payload).splitlines()
    for run in _runs(given, lines):
        _ran(given, run, payload)
    return given.facts()


def _documents(payload: bytes, envelope: Envelope) -> Facts:
    """Read the documents of the repositories."""
    where = envelope.name or envelope.tool
    documents, faults = _records.objects(_records.document(payload, envelope), "", where)
    facts = []
    for pointer, document in documents:
        given = Payload(_envelope(envelope, document, alone=len(documents) == 1), None, payload, where)
        if isinstance(document.get("archives"), list):
            found = _listed(given, document)
        elif isinstance(document.get("archive"), dict):
            found = _created(given, document)
        elif {"cache", "repository"} & set(document):
            found = Facts()
        else:
            found = Facts()
            given.warn("this document is of no command of borgmatic that is known", "", "", level="error")
        facts.append(replace(found, points=_at(found.points, pointer), runs=_at(found.runs, pointer)))
        faults += [
            replace(fault, locator=f"{pointer}{fault.locator if fault.locator.startswith('/') else ''}") for fault in given.faults
        ]
    return _records.assembled(
        envelope,
        faults,
        pl.concat([frame("recovery_point"), *(each.points for each in facts)]),
        pl.concat([frame("run"), *(each.runs for each in facts)]),
        pl.concat([frame("listing"), *(each.listings for each in facts)]),
    )


def _at(rows: pl.DataFrame, pointer: str) -> pl.DataFrame:
    return rows.with_columns(locator=pl.lit(pointer) + pl.col("locator"))


def _envelope(envelope: Envelope, document: dict[str, Any], *, alone: bool) -> Envelope:
    """Name the repository of a document; a command that lists a part is not complete."""
    told = document["repository"] if isinstance(document.get("repository"), dict) else {}
    name = next((value for key in ("label", "location") if isinstance(value := told.get(key), str) and value), None)
    repository = envelope.repository if alone and envelope.repository else _bare(name) or envelope.repository
    whole = bool(envelope.complete) and not _PART.search(envelope.command or "") and envelope.exit_code in (None, 0)
    return replace(envelope, repository=repository, complete=whole, exit_code=None)


def _bare(location: str | None) -> str | None:
    """Leave user and password out of a location."""
    return re.sub(r"^([a-z]+://)?[^/@]*@", r"\1", location) if location else None


def _listed(given: Payload, document: dict[str, Any]) -> Facts:
    """Read a list of archives; those without a byte of data are partial."""
    found = _archives.listed(given, document)
    empty = [archive.get("id") for archive in document["archives"] if isinstance(archive, dict) and _no_data(archive)]
    return replace(found, points=_partial(found.points, empty))


def _no_data(archive: dict[str, Any]) -> bool:
    stats = archive.get("stats")
    return isinstance(stats, dict) and (stats.get("original_size") == 0 or stats.get("nfiles") == 0)


def _partial(points: pl.DataFrame, ids: list[Any]) -> pl.DataFrame:
    texts = [each for each in ids if isinstance(each, str)]
    return points.with_columns(completeness=pl.when(pl.col("id").is_in(texts)).then(pl.lit("partial")).otherwise("completeness"))


def _created(given: Payload, document: dict[str, Any]) -> Facts:
    """Read the archive that `create --json` made in one repository: nothing in it says that everything was read."""
    archive = document["archive"]
    raw = _archives.raw_archives([archive]).with_columns(locator=pl.lit("/archive"))
    made, _ = _archives.points(given, raw, encrypted=_archives.encryption(given, document), basis="job")
    made = _partial(made, [archive.get("id")] if _no_data(archive) else [])
    envelope = given.envelope
    runs = [
        {
            "source": envelope.source,
            "id": f"create:{point['id']}",
            "subject": point["subject"],
            "kind": "backup",
            "method": "full",
            "started_at": point["captured_at"],
            "finished_at": point["available_at"],
            "outcome": "warning",
            "bytes": point["bytes"],
            "repository": envelope.repository,
            "recovery_point": point["id"],
            "message": "the archive has no data"
            if point["completeness"]
            else "borgmatic does not tell whether borg read everything",
            "ambiguous": point["ambiguous"],
            "locator": "/archive",
        }
        for point in made.to_dicts()
    ]
    return Facts(made, frame("run", runs))


def _runs(given: Gathered, lines: list[str]) -> list[_Run]:
    """Take a log apart into actions on repositories. Behind `summary:` everything is told once more."""
    runs: list[_Run] = []
    current: _Run | None = None
    for number, line in enumerate(lines, 1):
        stamped = _STAMPED.match(line)
        at, text = (f"{stamped[1]}.{stamped[2]}", stamped[4]) if stamped else (None, line)
        action = _ACTION.match(text)
        if action and action[4]:
            given.fault("a dry run: nothing was done", "", f"line {number}", "command", "warning")
            current = None
        elif action:
            _end(current)
            current = _Run(action[1], action[2], number, at, at, archive=None)
            runs.append(current)
        elif current and (_CRITICAL.match(text) or (stamped and stamped[3] == "CRITICAL")):
            # What borg ended with is told before; of what did not end this is the end.
            current.failed, current.last, current = current.failed or current.code is None, at or current.last, None
        elif _ENDED.match(text):
            _end(current)
            current = None
        elif (failed := _FAILED.match(text)) and current:
            _end(current)
            current.failed, current.last, current = failed[1] == current.repository, at or current.last, None
        elif current:
            _said(current, text, at)
    return runs


def _end(current: _Run | None) -> None:
    if current:
        current.ended = True


def _said(current: _Run, text: str, at: str | None) -> None:
    """Take one line that belongs to an action."""
    current.last = at or current.last
    if created := _CREATED.match(text):
        current.archive = created[1]
    if code := RC.fullmatch(text):
        current.code = max(int(code[1]), current.code or 0)
    current.problem = current.problem or bool(_PROBLEM.match(text))
    if text.startswith(("Starting ", "Finished ", "Completed ", "Archive consistency check ")):
        current.phases.append(text)
    current.data = current.data or text.startswith("Finished cryptographic data integrity verification")


def _ran(given: Gathered, run: _Run, raw: bytes) -> None:
    """Make the run of one action."""
    envelope, kind = given.envelope, STATUSES[run.action]
    result = "failed" if run.failed or (kind == "verify" and run.problem) else outcome(run.code)
    if kind == "verify" and result == "warning":
        result = "success" if run.code is None and not unfinished(run.phases) else "failed"
    if kind == "backup" and result == "success" and run.problem:
        result = "warning"
    if run.code is None and not (run.ended or run.failed):
        result = "running"  # the log stops in the middle of it
    message = "borg's exit code is not told: log with verbosity 2" if result == "warning" and run.code is None else None
    message = "borg told of something that it could not read" if kind == "backup" and run.problem else message
    repository = _bare(run.repository)
    row: dict[str, Value] = {
        "id": f"{kind}:{repository}:{run.at}" if run.at else f"{repository}:{_command.run_id(run.action, envelope, raw)}",
        "kind": kind,
        "subject": _series.of_template(run.archive, repository) if run.archive else None,
        "method": "full" if kind == "backup" else None,
        "started_at": run.at or envelope.started_at,
        "finished_at": (run.last or envelope.finished_at) if result != "running" else None,
        "repository": repository,
        "outcome": result,
        "coverage": "full" if run.data and result == "success" else None,
        "message": message,
        "locator": f"line {run.line}",
    }
    given.runs.append(row)
