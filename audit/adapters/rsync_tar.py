"""rsync, GNU tar and gzip -t: runs of backup, restore and verification from what they print, and rsync's log file.

Formats read: rsync's output with `--stats` and its errors, `--log-file` (many runs in one file), tar's messages with `--totals` (or `-v`), and what `gzip -tv` says of archives.

Point: none; a run of rsync or tar is a backup, and its state counts only for the source's `trust_jobs_for`. A destination of rsync is a mirror: the next run replaces what it held,
so declare no more than the interval of the runs. Subject = the paths that the command names as rsync's sources, else the source (for tar always).
A tar with `--listed-incremental` is full when its top directory is new to it, else incremental; on which archive it rests is not told: of chains nothing is known.

Time semantics: rsync's log has local times without a zone, which must be declared; what is printed has none, so the envelope's count.

Proof of deletion: none, as there is no catalog.

Success: the exit code, which rsync tells in its last line, too. Code 23 is a failure when a source was missing, and a partial backup (a warning) when only some
files could not be read; 24 (files vanished) and tar's 1 (files changed) are partial as well. An exit code of 0 beside an error that is told is another
program's (of a pipe): the error counts. Without an exit code what tar and rsync printed is a warning at best: rsync prints the same statistics when files could not be
read, and its errors go elsewhere. Its log file holds both. What rsync printed and its log file tell of the same runs under different ids: give one of the two.

What they cannot show: a catalog, retained versions, expiry, immutability, encryption. A comparison that finds nothing prints nothing, and an empty output proves nothing.

Tested against: files made by running rsync 3.5 and GNU tar 1.34; other exit codes from their manuals.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from audit.adapters import _command, _console, _records, _rsync_options
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "runs"

RSYNC_CODES = {0: "success", 23: "warning", 24: "warning"}
"""0: done; 23: some files or attributes were not transferred; 24: some files vanished. Every other one that rsync documents (1 to 6, 10 to 14, 20 to 22, 25, 30, 35) is a failure."""

TAR_CODES = {0: "success", 1: "warning"}
"""0: done; 1: some files changed while they were read. 2 is a failure, as tar's manual says."""

TAR_ACTS = {"c": "backup", "r": "backup", "u": "backup", "A": "backup", "x": "restore", "d": "verify", "t": "verify"}
"""tar's operations, and the kind of run of each."""

_LONG = {
    "--create": "c",
    "--append": "r",
    "--update": "u",
    "--extract": "x",
    "--get": "x",
    "--compare": "d",
    "--diff": "d",
    "--list": "t",
}
_ITEM = r"[<>ch.*][fdLDS]\S{9} "
_RSYNC = re.compile(
    rf"(?:{_ITEM}|(?:sending|receiving) (?:incremental )?file list|building file list|Number of files: |rsync(?: error| warning)?: |sent [\d,.]+[KMGT]? bytes  received "
    rf"|\d{{4}}/\d\d/\d\d \d\d:\d\d:\d\d \[\d+\] (?:(?:building|receiving) file list|sent |total size|rsync|{_ITEM}))"
)
"""How the output of rsync, and its log, begin."""
_TAR = re.compile(r"(?:.*\n)*?Total bytes (?:written|read): \d+ \(|tar: ")
_GZIP = re.compile(r"gzip: \S|\S.*\.t?gz:[ \t]*+(?:OK[ \t]*+)?\r?$", re.MULTILINE)
_LINE = re.compile(r"(\d{4})/(\d\d)/(\d\d) (\d\d:\d\d:\d\d) \[(\d+)\] ?(.*)")
_END = re.compile(r"rsync (?:error|warning): (.*?) \(code (\d+)\)")
_SENT = re.compile(r"sent [\d,.]+[KMGT]? bytes  received ")
_FILES = re.compile(r"Number of files: (\d[\d,]*)")
_SIZE = re.compile(r"(?:Total file size: |total size is )(\d{1,3}(?:,\d{3})*|\d+)(?: bytes|  speedup|$)")
_NO_SOURCE = re.compile(r'rsync: (?:\[\w+\] )?(?:change_dir|link_stat) ".*" failed: No such file')
_TROUBLE = re.compile(r"rsync(?: error| warning)?: |file has vanished: |IO error encountered|(?:ERROR|WARNING): ")
_WRITTEN = re.compile(r"Total bytes (?:written|read): (\d+)")
_HARMLESS = re.compile(
    r"tar: (?:Removing leading |.*: Directory (?:is new|has been renamed)|.*: socket ignored|.*: file is (?:unchanged|the archive))"
)
_CHANGED = re.compile(
    r"tar: .*: (?:file changed as we read it|File removed before we read it|file is not dumped|Contents differ|\w{1,20}(?: \w{1,20})? differs)"
)


@dataclass(slots=True)
class _Rsync:
    """What the lines of one run of rsync say."""

    line: int
    pid: str = ""
    began: str | None = None
    ended: str | None = None
    code: int | None = None
    reason: str | None = None
    files: int | None = None
    size: str | None = None
    finished: bool = False
    no_source: bool = False
    trouble: bool = False


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """Text that begins as rsync's, tar's or gzip's does, or in which tar tells its totals."""
    return _which(head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").lstrip()) is not None


def _which(text: str) -> str | None:
    return next((name for name, pattern in (("rsync", _RSYNC), ("gzip", _GZIP), ("tar", _TAR)) if pattern.match(text)), None)


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read the output of one command, or rsync's log file. Raises `InputError` when it is no text."""
    console = _console.read(payload, envelope)
    program = _which(console.text.lstrip())
    if program == "rsync" and _LINE.match(console.lines[0][1]):
        return _logged(console)
    if program == "rsync":
        story = _Rsync(console.lines[0][0])
        for _, text in console.lines:
            _take(story, text)
        return _records.assembled(envelope, console.faults, runs=_printed(story, console))
    if program == "gzip":
        return _tested(console)
    if program == "tar":
        return _tarred(console)
    console.fault(
        "this is no output of rsync, tar or gzip that is known",
        "give rsync --stats, and tar --totals",
        console.lines[0][0] if console.lines else None,
    )
    return _records.assembled(envelope, console.faults)


def _take(story: _Rsync, text: str) -> None:
    """Take what one line says of its run."""
    story.trouble = story.trouble or bool(_TROUBLE.match(text))
    if text.startswith("rsync"):
        if end := _END.match(text):
            story.code, story.reason = int(end[2]), end[1]
        story.no_source = story.no_source or bool(_NO_SOURCE.match(text))
    elif files := _FILES.match(text):
        story.files = int(files[1].replace(",", ""))
    elif _SENT.match(text):
        story.finished = True
    elif size := _SIZE.match(text):
        story.size = size[1].replace(",", "")


def _outcome(story: _Rsync, code: int | None, *, whole: bool) -> tuple[str, str | None]:
    """Return how a run ended, and why. `whole`: errors stand in the same text, so that none is told where none stands there."""
    if story.no_source:
        return "failed", "a source was missing"
    if code == 23 and not story.files:
        return "failed", "nothing says that anything was transferred"
    if code:
        return RSYNC_CODES.get(code, "failed"), story.reason
    if code is None and not story.finished:
        return "failed", "it has no end: it was killed, or the text is cut off"
    if code is None and story.files == 0:
        return "failed", "it found no files: a source was missing, or what was said of it is not in the text"
    if story.trouble:
        return "warning", "it told of errors"
    if code == 0 or whole:
        return "success", None
    return "warning", "no exit code: rsync prints the same when files could not be read, and tells the errors elsewhere"


def _fields(story: _Rsync, code: int | None, command: _command.Command | None, *, whole: bool = False) -> dict[str, Any]:
    outcome, message = _outcome(story, code, whole=whole)
    partial = (outcome == "warning" and bool(code or story.trouble)) or bool(command and command.has(*_rsync_options.SOME))
    return {"method": "full", "outcome": outcome, "message": message, "coverage": "partial" if partial else None}


def _printed(story: _Rsync, console: _console.Console) -> Any:
    command = _command.parse(console.envelope.command, "rsync", _rsync_options.FLAGS, _rsync_options.VALUED)
    if command and command.has("-n", "--dry-run"):
        console.warn("a dry run: it copied nothing", "", story.line, "command")
        return None
    paths = command.arguments[:-1] if command and command.sure else ()
    fields = _fields(story, console.code or story.code or console.code, command)
    kind = "backup"
    repository = console.envelope.repository
    if repository and any(
        path.rstrip("/") == repository.rstrip("/") or path.startswith(repository.rstrip("/") + "/") for path in paths
    ):
        kind, fields["method"] = "restore", None
        fields["coverage"] = fields["coverage"] or "full"
    size = int(story.size) if story.size and len(story.size) < 19 else None
    subject = ",".join(sorted(path.rstrip("/") or "/" for path in paths)) if paths and kind == "backup" else console.envelope.source
    return console.run("rsync", kind, subject=subject, bytes=size, **fields)


def _logged(console: _console.Console) -> Facts:
    """rsync's log file: each run has a process id."""
    now: dict[str, _Rsync] = {}
    done: list[_Rsync] = []
    for line, text in console.lines:
        match = _LINE.match(text)
        if match is None:
            console.fault("this line is none of rsync's log", "ingest the whole log", line)
            continue
        year, month, day, clock, pid, said = match.groups()
        story = now.get(pid)
        if story is None or said in ("building file list", "receiving file list"):
            if story:
                done.append(story)
            story = now[pid] = _Rsync(line, pid, f"{year}-{month}-{day}T{clock}")
        story.ended = f"{year}-{month}-{day}T{clock}"
        _take(story, said)
    done += now.values()
    done.sort(key=lambda each: each.line)
    rows = []
    for story in done:
        fields = _fields(story, story.code, None, whole=True)
        if story is done[-1] and not story.finished and story.code is None:
            fields |= {"outcome": "running", "message": "it has no end in the log"}
        rows.append(
            {key: value for key, value in fields.items() if value is not None}
            | {
                "id": f"rsync:{story.began}:{story.pid}",
                "subject": console.envelope.source,
                "kind": "backup",
                "started_at": story.began,
                "finished_at": story.ended if fields["outcome"] != "running" else None,
                "bytes": story.size,
                "locator": f"line {story.line}",
            }
        )
    return _records.assembled(console.envelope, console.faults, runs=console.typed("run", rows))


def _operation(command: str | None) -> str | None:
    """Return tar's operation, as its short letter."""
    words = (command or "").split()
    at = next((place for place, word in enumerate(words) if word == "tar" or word.endswith("/tar")), None)
    if at is None:
        return None
    for place, word in enumerate(words[at + 1 :]):
        if word.partition("=")[0] in _LONG:
            return _LONG[word.partition("=")[0]]
        if (word.startswith("-") and not word.startswith("--")) or place == 0:
            found = next((letter for letter in word.lstrip("-") if letter in TAR_ACTS), None)
            if found:
                return found
    return None


def _tarred(console: _console.Console) -> Facts:
    envelope, code = console.envelope, console.code
    told = [text for _, text in console.lines if text.startswith("tar: ")]
    trouble = [text for text in told if not _HARMLESS.match(text)]
    failing = any("Exiting with failure status" in text or "Error is not recoverable" in text for text in told)
    serious = [text for text in trouble if not _CHANGED.match(text)]
    written = next((match[1] for _, text in console.lines if (match := _WRITTEN.match(text))), None)
    act = _operation(envelope.command)
    if act is None and not written:
        console.fault(
            "nothing says what tar did", "give the command, its exit code and its times in the envelope", console.lines[0][0]
        )
        return _records.assembled(envelope, console.faults)
    kind = TAR_ACTS[act or "c"]
    if code is not None:
        outcome = TAR_CODES.get(code, "failed")
        outcome = "failed" if outcome == "success" and failing else outcome
    else:
        outcome = "failed" if failing or serious else "warning"
    fields: dict[str, Any] = {"subject": envelope.source, "outcome": outcome}
    if outcome != "success":
        fields["message"] = (
            f"messages of trouble: {len(trouble)}" if trouble else "no exit code" if code is None else f"exit code {code}"
        )
    if kind == "backup":
        fields |= {"method": _level(console), "bytes": int(written) if written and len(written) < 19 else None}
        fields["coverage"] = "partial" if outcome == "warning" and trouble else None
    elif kind == "restore":
        fields["coverage"] = "partial" if outcome == "warning" else "full"
    elif act == "t":
        fields["coverage"] = "partial"  # it reads the headers of what is in the archive
    else:
        fields["coverage"] = "full"
        if code == 1:
            fields["outcome"] = "failed"  # contents differ
    return _records.assembled(envelope, console.faults, runs=console.run("tar", kind, **fields))


def _level(console: _console.Console) -> str:
    """A listed-incremental archive in which a top directory is new is a full one."""
    command = console.envelope.command or ""
    if not re.search(r"(?:^|\s)(?:--listed-incremental|-\w*g\s|-g\S)", command):
        return "full"
    paths = {word.strip("'\"").strip("/") for word in command.split()}
    new = {
        text[5:].removesuffix(": Directory is new").strip("/") for _, text in console.lines if text.endswith(": Directory is new")
    }
    return "full" if paths & new else "incremental"


def _tested(console: _console.Console) -> Facts:
    """gzip -t reads the whole of an archive and compares its checksum."""
    bad = [text for _, text in console.lines if text.lstrip().startswith("gzip: ")]
    fine = sum(text.rstrip().endswith(" OK") or text.rstrip().endswith("\tOK") for _, text in console.lines)
    failed = bool(bad) or bool(console.code)
    outcome = "failed" if failed else "success" if fine else "warning"
    message = f"archives that are damaged: {len(bad)}" if bad else None
    fields = {"subject": console.envelope.source, "outcome": outcome, "coverage": "full", "message": message}
    return _records.assembled(console.envelope, console.faults, runs=console.run("gzip", "verify", **fields))
