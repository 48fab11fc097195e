"""duplicity: collection-status, and the output of backup, verify, restore and removal, as text or from `--log-file`.

Formats read: `collection-status` as text or in a log file (its machine lines are preferred), and what full, incremental, verify, restore, remove-* and cleanup
print or log. `list-current-files` and `--version` carry no facts; names of files never become facts.

Point: id = the time of the set in UTC, as it stands in the names of its files (`20261102T073320Z`); subject = `--name` of the command, else the last part of
the archive directory, else the repository's name. A set of a chain needs the one before it; a full set stands alone. Sets that are orphaned or incomplete
restore nothing: they are told and no points.

Time semantics: the times of collection-status are naive and local (log files have them in UTC); those of statistics are seconds since 1970. captured_at = the
time of the set, which is when the backup began, or what `--current-time` said.

Proof of deletion: a complete collection-status that lacks a set. What remove-* deleted is a run only: it names chains, not sets.

Success: a backup is a success with exit code 0 and no errors in its statistics; errors make it a `warning`, and so does an unknown exit code. A verify that
found differences read the backup, but the source has changed since: `warning`; data that do not match their hash: `failed`. Its coverage is full only with
`--compare-data` and without a choice of files. `--dry-run`, and remove-* without `--force`, did nothing.

What duplicity cannot show: which set a run made or a verify read, retention, immutability, and encryption except in log files.

Tested against: output of duplicity 0.8.22, made by running it.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from posixpath import basename

from audit.adapters import _command, _ctime, _text, _time, _whole
from audit.adapters._gathered import Gathered, Value
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "runs"

PART = re.compile(r"\s--file-changed\b\S*")
NAMED = re.compile(r"\s--file-prefix\b(?:[= ]\S+)?")
"""Files of one prefix only."""

VERBS = {
    **dict.fromkeys(("full", "inc", "incr", "incremental", "backup"), "backup"),
    "verify": "verify",
    "restore": "restore",
    **dict.fromkeys(("remove-older-than", "remove-all-but-n-full", "remove-all-inc-of-but-n-full", "cleanup"), "prune"),
}
"""Commands that are runs, and the kind of run each one is. Every other command carries no facts beside its listing."""

STATUSES = {"full": "full", "inc": "incremental", "Full": "full", "Incremental": "incremental"}
"""Types of sets, in log files and in text."""

ENCRYPTION = {"enc": "yes", "noenc": "no"}
"""How log files tell of a set whether it is encrypted."""

NOT_READ = {"8": "cannot iterate", "9": "cannot stat", "10": "cannot read", "12": "cannot process", "13": "process skipped"}
"""Codes of WARNING in log files that say that something was not backed up."""

_LOGGED = re.compile(r"(DEBUG|INFO|NOTICE|WARNING|ERROR) (\d{1,9})(?: .*)?$")
_SET_LINE = re.compile(r" (\w+) (\d{8}T\d{6}Z) (\d+)(?: (\w+))?(?: .*)?$")
_SET_TEXT = re.compile(rf"\s+([A-Z][a-z]+)\s+({_ctime.PATTERN})\s+(\d+)$")
_CONTAINED = re.compile(r"Number of contained backup sets: (\d{1,9})$")
_ODD = re.compile(r"(?:Also found|and) (\d{1,9}) (?:incomplete )?backup set|(?:orphaned|incomplete)-sets-num (\d{1,9})$")
_LAST = re.compile(r"No orphaned or incomplete backup sets found|Also found |incomplete-sets-num \d")
_STATISTIC = re.compile(r"(StartTime|EndTime|Errors|SourceFileSize|TotalDestinationSizeChange) (-?[\d.]+)")
_COMPARED = re.compile(r"Verify complete: (\d{1,12}) files? compared, (\d{1,12}) differences? found")
_CHOSEN = re.compile(r"(?:^|\s)(?:-r|--file-to-restore|--path-to-restore|--include|--exclude)")
_HEAD = _text.LineStarts(
    rb"(?:\. )?(?:Last full backup date: |Local and Remote metadata are synchronized|-+\[ Backup Statistics \]-+$|Verify complete: \d+ files? compared"
    rb"|Found \d+ secondary backup chain|Found primary backup chain|Deleting backup chain at time|Import of duplicity\.backends\.|duplicity \d+\.\d"
    rb"|Backup source directory .* does not exist|Giving up after \d+ attempts?\. )"
)

_STATUS = _text.LineStarts(rb"(?:\. )?Collection Status\b", rb"orphaned-sets-num ")


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """Text with one of duplicity's sentences at the beginning of a line."""
    return bool(_HEAD.search(head))


@dataclass(frozen=True, slots=True)
class _Output:
    """What a command printed. `lines`: with their numbers; `plain`: the same without the dots of a log file. `words`: the command's, behind the program's
    name. `statistics`: of a backup. `logged`: level and code of each entry of a log file."""

    lines: list[tuple[int, str]]
    plain: list[tuple[int, str]]
    words: list[str]
    statistics: dict[str, str]
    logged: list[tuple[str, str]]

    @property
    def verb(self) -> str:
        """The command's first word, where it is one that is a run."""
        return next((word for word in self.words if word in VERBS), "")

    def said(self, beginning: str) -> list[str]:
        """Return the lines that begin so."""
        return [line for _, line in self.plain if line.startswith(beginning)]


def whole(payload: bytes) -> bytes:
    """Every line of a collection-status has its end, so one without was cut off; of what a run printed nothing is taken away."""
    return _whole.lines(payload) if _STATUS.search(payload) else payload


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read what one command printed or logged. Raises `InputError` when it is no text at all."""
    given = Gathered(envelope)
    lines = [(number, line.rstrip()) for number, line in enumerate(_text.decode(given.where, payload).splitlines(), 1)]
    plain = [(number, line.removeprefix(". ")) for number, line in lines]
    output = _Output(
        lines,
        plain,
        _words(envelope.command),
        {found[1]: found[2] for _, line in plain if (found := _STATISTIC.match(line))},
        [(found[1], found[2]) for _, line in lines if (found := _LOGGED.match(line))],
    )
    if output.said("Collection Status") or output.said("orphaned-sets-num"):
        return _listed(given, output)
    _ran(given, payload, output)
    return given.facts()


def _words(command: str | None) -> list[str]:
    """Return what follows the program's name in a command; nothing where it is not there."""
    try:
        words = shlex.split(command or "")
    except ValueError:
        words = (command or "").split()
    places = [place for place, word in enumerate(words) if basename(word) == "duplicity"]
    return words[places[0] + 1 :] if places else []


def _subject(given: Gathered, output: _Output) -> str | None:
    words = output.words
    named = [words[place + 1] for place, word in enumerate(words[:-1]) if word == "--name"]
    named += [word.partition("=")[2] for word in words if word.startswith("--name=")]
    folders = [basename(line.partition(": ")[2].rstrip("/")) for line in output.said("Archive dir: ")]
    return next((name for name in [*named, *folders] if name), given.envelope.repository)


def _listed(given: Gathered, output: _Output) -> Facts:
    """Read a collection-status: its machine lines where there are any, else its text."""
    machine = bool([line for _, line in output.lines if line.startswith("orphaned-sets-num ")])
    lines, form = (output.lines, _SET_LINE) if machine else (output.plain, _SET_TEXT)
    subject = _subject(given, output)
    odd = sum(int(found[1] or found[2]) for _, line in lines if (found := _ODD.match(line)))
    told = [line.removeprefix(". ") for _, line in output.lines if line.startswith(". ") or not machine]
    said = sum(int(found[1]) for line in told if (found := _CONTAINED.match(line)))
    base: str | None = None
    sets, ended = 0, False
    for number, line in lines:
        if line.startswith(("chain", "Chain start time", "Found ", "Secondary chain", "orphaned-set")):
            base = None
        ended = ended or (line.startswith("orphaned-sets-num ") if machine else bool(_LAST.match(line)))
        if not ended and (found := form.match(line)):
            sets += 1
            base = _set(given, found, f"line {number}", subject, base)
    if odd:
        given.fault(
            f"{odd} sets are orphaned or incomplete: they restore nothing, and are no points",
            "run duplicity cleanup",
            level="warning",
        )
    whole = any(_LAST.match(line) for _, line in lines) and (said == sets or (machine and not said))
    if not whole:
        given.fault(
            "this collection-status is not whole: it is taken as incomplete",
            "ingest the whole output",
            key="complete",
            level="warning",
        )
    return given.facts(given.listing(complete=whole))


def _set(given: Gathered, found: re.Match[str], locator: str, subject: str | None, base: str | None) -> str | None:
    """Take one set of a chain, and return its id."""
    method = given.word(STATUSES, found[1], locator, "type of backup set")
    at = _stamp(found[2], given.envelope.timezone)
    if isinstance(at, str):
        given.fault(f"the time {found[2]!r} {at}", _time.REMEDIES.get(at, ""), locator, "captured_at")
    if method is None or isinstance(at, str):
        return "unread"  # what follows in the chain needs a point that is not known
    moment, ambiguous = at
    if ambiguous:
        given.fault(
            f"{found[2]!r} is shown twice by the clock of its zone: the first is taken",
            "list with --log-file",
            locator,
            level="warning",
        )
    point = moment.strftime("%Y%m%dT%H%M%SZ")
    code = found[4] if (found.lastindex or 0) >= 4 else None
    given.points.append(
        {
            "id": point,
            "subject": subject,
            "method": method,
            "captured_at": moment,
            "base": base if method != "full" else None,
            "self_contained": True if method == "full" else None,
            "encrypted": given.word(ENCRYPTION, code, locator, "encryption") if code else None,
            "basis": "catalog",
            "locator": locator,
        }
    )
    return point


def _stamp(text: str, zone: str | None) -> tuple[datetime, bool] | str:
    """Read the time of a set: the instant and whether it is ambiguous, or why it was not read."""
    stamp = re.fullmatch(r"(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)", text)
    text = "{}-{}-{}:{}:{}".format(*stamp.groups()) if stamp else _ctime.rfc3339(text)
    try:
        return _time.instant(text, zone)
    except ValueError as error:
        return str(error)


def _ran(given: Gathered, raw: bytes, output: _Output) -> None:
    """Read the output of a command that is a run."""
    envelope, words, statistics = given.envelope, output.words, output.statistics
    codes = [int(code) for level, code in output.logged if level == "ERROR"]
    codes += [] if envelope.exit_code is None else [envelope.exit_code]
    code = max(codes, default=None)
    kind = _kind(output)
    if kind is None:
        if code:
            given.fault(
                "a command failed, and nothing says which", "give the command in the envelope", key="command", level="warning"
            )
        return
    if "--dry-run" in words or (kind == "prune" and "--force" not in words):
        given.fault("nothing was done: a dry run, or a removal without --force", key="command", level="warning")
        return
    start, end = (_moment(given, statistics, key) for key in ("StartTime", "EndTime"))
    run: dict[str, Value] = {
        "id": _command.run_id(kind, envelope, raw, statistics.get("StartTime")),
        "kind": kind,
        "subject": _subject(given, output),
        # Cut to the second, as the time of the set is: it must not lie before its run.
        "started_at": envelope.started_at.replace(microsecond=0) if envelope.started_at else start,
        "finished_at": envelope.finished_at or end,
        "repository": envelope.repository,
        "outcome": "failed" if code else "success" if code == 0 else "warning",
        "locator": "line 1",
    }
    if kind == "backup":
        run |= _backed_up(output, code)
    elif kind == "verify":
        run |= _verified(output, code)
    elif kind == "restore" and code == 0:
        run["coverage"] = "partial" if _CHOSEN.search(" ".join(words)) else "full"
    elif kind == "prune" and code == 0:
        run["message"] = f"chains deleted: {len(output.said('Deleting complete backup chain'))}"
    given.runs.append(run)


def _kind(output: _Output) -> str | None:
    if "StartTime" in output.statistics:
        return "backup"
    if any(_COMPARED.match(line) for _, line in output.plain):
        return "verify"
    if output.verb:
        return VERBS[output.verb]
    named = not output.words or re.fullmatch(r"[a-z]+(?:-[a-z]+)+", output.words[0]) or "--version" in output.words
    return None if named else "backup"  # without a verb, duplicity SOURCE TARGET makes a backup


def _moment(given: Gathered, statistics: dict[str, str], key: str) -> datetime | None:
    text = statistics.get(key)
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,10}(?:\.\d+)?", text):
        given.fault(f"{key} {text!r} is not in seconds since 1970", "", "line 1", key, "warning")
        return None
    return datetime.fromtimestamp(int(text.partition(".")[0]), UTC)


def _backed_up(output: _Output, code: int | None) -> dict[str, Value]:
    """Say of a backup of which kind it was, and whether it read everything."""
    asked = output.verb if output.verb in STATUSES or output.verb in ("incr", "incremental") else ""
    first = "none" in [line.rpartition(" ")[2] for line in output.said("Last full backup date: ")]
    made: dict[str, Value] = {"method": "full" if first or asked == "full" else "incremental" if asked else None}
    if code:
        return made
    errors = output.statistics.get("Errors")
    unread = sum(level == "WARNING" and each in NOT_READ for level, each in output.logged)
    if errors is None:
        made |= {"outcome": "warning", "message": "no statistics were printed: what was read is not known"}
    elif errors != "0" or unread:
        made |= {"outcome": "warning", "message": f"{errors} errors, {unread} warnings: not everything was read"}
    size = output.statistics.get("SourceFileSize", "")
    return made | {"bytes": size if size.isdigit() else None}


def _verified(output: _Output, code: int | None) -> dict[str, Value]:
    """Say what a verify found. It ends with 1 where files differ from the source, and with another code where the backup is damaged."""
    found = next((found for _, line in output.plain if (found := _COMPARED.match(line))), None)
    if not found or code not in (0, 1, None):
        return {"outcome": "failed"} if code else {"outcome": "warning", "message": "nothing says that the verify was completed"}
    made: dict[str, Value] = {
        "outcome": "success" if code == 0 and int(found[2]) == 0 and int(found[1]) else "warning",
        "message": f"{found[1]} files compared, {found[2]} differ from the source",
    }
    if code is not None and "--compare-data" in output.words:
        made["coverage"] = "partial" if _CHOSEN.search(" ".join(output.words)) else "full"
    return made
