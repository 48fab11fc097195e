"""What is known of one payload on its way to facts, and the tables of what borg documents."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from audit.adapters import _command, _text
from audit.adapters.borgbackup import _series
from audit.errors import Fault
from audit.model.envelope import Envelope

EXIT_CODES = {0: "success", 1: "warning", 2: "failed"}
"""The three codes of every version. 1: the end was reached, but something could not be read, or changed while it was read."""

WARNING_CODES = {
    100: "a file changed while it was read",
    101: "an include pattern never matched",
    102: "a file could not be read",
    103: "a file was replaced while it was read, and skipped",
    104: "the system could not read a file",
    105: "no permission to read a file",
    106: "input/output error in a file",
    107: "a file or a whole source was not found",
}
"""BORG_EXIT_CODES=modern (borg 1.4, the default of borg 2): warnings. All of 100 to 127 are warnings, by borg's manual."""

ERROR_CODES = {
    range(3, 10): "a specific error",
    range(10, 26): "the repository: exists, does not exist, is not valid, has no space, is not accessible",
    range(26, 30): "the manifest",
    range(30, 40): "the archive: exists, does not exist, has names that cannot be encoded",
    range(40, 50): "the key",
    range(50, 60): "the passphrase",
    range(60, 70): "the cache, or a repository that was replaced",
    range(70, 80): "the lock",
    range(80, 90): "the connection",
    range(90, 100): "integrity: data are damaged",
}
"""BORG_EXIT_CODES=modern: errors, by groups. All of 3 to 99 are errors, by borg's manual; 128 and above: ended by a signal."""

MESSAGE_TYPES = {
    "log_message": "read: a line of the log",
    "file_status": "read: the status letter of a file, never its name",
    "progress_message": "progress",
    "progress_percent": "progress",
    "archive_progress": "progress",
    "question_prompt": "a question: no facts",
    "question_prompt_retry": "a question: no facts",
    "question_invalid_answer": "a question: no facts",
    "question_accepted_default": "a question: no facts",
    "question_accepted_true": "a question: no facts",
    "question_accepted_false": "a question: no facts",
    "question_env_answer": "a question: no facts",
}
"""Every `type` of `--log-json`. Another one is quarantined."""

FILE_STATUSES = {
    **dict.fromkeys("AMUdbcshfi", "read"),
    "x": "excluded, as asked",
    "-": "a dry run: not read",
    "C": "changed while it was read",
    "E": "could not be read",
    "?": "the type or the status is not known",
}
"""Every status letter of `create --list`. C, E and ? make the archive partial. Another one is quarantined."""

_CIPHERS = [f"{hash_}-{cipher}" for hash_ in ("", "-blake2") for cipher in ("aes-ocb", "chacha20-poly1305")]
ENCRYPTION = {
    "none": "no",
    "authenticated": "no",
    "authenticated-blake2": "no",
    **{f"{key}{mode}": "yes" for key in ("repokey", "keyfile") for mode in ("", "-blake2", *_CIPHERS)},
}
"""Every mode of `borg init --encryption` (`repo-create` of borg 2). `authenticated` signs but does not encrypt."""

VERBS = {"create": "backup", "check": "verify", "extract": "restore", "prune": "prune", "delete": "prune", "compact": "prune"}
"""Commands that are runs, and the kind of run each one is. Every other command carries no facts beside its listing."""

PHASES = {
    r"Starting (?:full |partial )?repository check": r"(?:Finished|Completed) (?:full |partial )?repository check, no problems found",
    r"Starting archive consistency check": r"Archive consistency check complete, no problems found",
    r"Starting cryptographic data integrity verification": r"Finished cryptographic data integrity verification",
}
"""How each phase of a check begins, and how it ends where nothing was found."""

FLAGS = frozenset(
    [
        "-h",
        "-i",
        "-l",
        "-n",
        "-p",
        "-q",
        "-s",
        "-v",
        "-x",
        "--append-only",
        "--archives-only",
        "--atime",
        "--bypass-lock",
        "--cache-only",
        "--cleanup-commits",
        "--consider-checkpoints",
        "--consider-part-files",
        "--content-from-command",
        "--critical",
        "--debug",
        "--disable-tam",
        "--dry-run",
        "--error",
        "--exclude-caches",
        "--exclude-nodump",
        "--force",
        "--help",
        "--info",
        "--iec",
        "--inplace",
        "--json",
        "--json-lines",
        "--keep-exclude-tags",
        "--keep-security-info",
        "--keep-tag-files",
        "--list",
        "--log-json",
        "--make-parent-dirs",
        "--no-cache-sync",
        "--no-files-cache",
        "--noacls",
        "--noatime",
        "--nobirthtime",
        "--nobsdflags",
        "--noctime",
        "--noflags",
        "--noxattrs",
        "--numeric-ids",
        "--numeric-owner",
        "--one-file-system",
        "--paths-from-command",
        "--paths-from-shell-command",
        "--paths-from-stdin",
        "--progress",
        "--read-special",
        "--repair",
        "--repository-only",
        "--save-space",
        "--short",
        "--show-rc",
        "--show-version",
        "--sparse",
        "--stats",
        "--stdout",
        "--tam",
        "--verbose",
        "--verify-data",
        "--warning",
    ]
)
VALUED = frozenset(
    [
        "-a",
        "-c",
        "-C",
        "-d",
        "-e",
        "-f",
        "-H",
        "-m",
        "-o",
        "-P",
        "-r",
        "-w",
        "-y",
        "--checkpoint-interval",
        "--checkpoint-volume",
        "--chunker-params",
        "--comment",
        "--compression",
        "--debug-profile",
        "--debug-topic",
        "--encryption",
        "--exclude",
        "--exclude-from",
        "--exclude-if-present",
        "--files-cache",
        "--files-changed",
        "--filter",
        "--first",
        "--format",
        "--glob-archives",
        "--keep-13weekly",
        "--keep-3monthly",
        "--keep-daily",
        "--keep-hourly",
        "--keep-last",
        "--keep-minutely",
        "--keep-monthly",
        "--keep-secondly",
        "--keep-weekly",
        "--keep-within",
        "--keep-yearly",
        "--last",
        "--lock-wait",
        "--match-archives",
        "--max-duration",
        "--newer",
        "--newest",
        "--older",
        "--oldest",
        "--paths-delimiter",
        "--pattern",
        "--patterns-from",
        "--prefix",
        "--remote-buffer",
        "--remote-path",
        "--remote-ratelimit",
        "--repo",
        "--rsh",
        "--sort-by",
        "--stdin-group",
        "--stdin-mode",
        "--stdin-name",
        "--stdin-user",
        "--strip-components",
        "--threshold",
        "--timestamp",
        "--umask",
        "--upload-buffer",
        "--upload-ratelimit",
    ]
)
"""Options without and with a value, of every command: they are needed to tell archives and paths from values."""

COUNTED = ("--first", "--last", "--oldest", "--newest", "--older", "--newer")
FILTERS = ("-P", "--prefix", "-a", "--glob-archives", "--match-archives")
"""Options that show some archives only: by their place in time, and by their names."""

ID = r"^[0-9a-f]{64}$"
"""A full archive id, which borg also calls fingerprint."""

BORGMATIC = _text.LineStarts(
    rb"(?:\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+\] [A-Z]+: )?(?:\S[^\n]*: (?:Creating archive|Pruning archives|Compacting segments"
    rb"|Running consistency checks|Extracting archive \S+|Error running actions for repository|Error running configuration file"
    rb"|Successfully ran configuration file)(?: \(dry run[^\n]*\))?|Need some help\? https://torsion\.org/borgmatic[^\n]*)\r?$"
)
"""Lines that borgmatic prints around those of borg: whoever has them is not borg's own output."""

RC = re.compile(r"terminating with (?:success|warning|error|signal|abnormal) status, rc (\d{1,9})")
_RANK = {"success": 0, "warning": 1, "failed": 2}


def outcome(code: int | None) -> str:
    """Return what an exit code says of a run; without one, whether everything was read is not known: `warning`."""
    if code is None or code in WARNING_CODES or 100 <= code < 128:
        return "warning"
    return EXIT_CODES.get(code, "failed")


def _code(told: re.Match[str]) -> int:
    """Return the exit code of a line; 2 where it says that it is of an error, and what was left of the number says that it is none."""
    code = int(told[1])
    return 2 if re.match("terminating with (?:error|signal|abnormal)", told[0]) and outcome(code) != "failed" else code


def meaning(code: int | None) -> str | None:
    """Return what borg's manual says of one of the finer exit codes."""
    known = WARNING_CODES.get(code or 0) or next((text for codes, text in ERROR_CODES.items() if code in codes), None)
    return f"exit code {code}: {known}" if known else None


@dataclass(frozen=True, slots=True)
class Said:
    """One line of a log. `at`: when (UTC; only `--log-json` tells). `level`: empty where the log is text."""

    locator: str
    text: str
    at: datetime | None = None
    level: str = ""
    logger: str = ""


def unfinished(texts: Iterable[str]) -> bool:
    """Tell whether a phase of a check began and did not end, or none is told."""
    open_: set[str] = set()
    told = False
    for text in texts:
        for begin, end in PHASES.items():
            if re.match(begin, text):
                open_.add(begin)
            elif re.match(end, text):
                open_.discard(begin)
                told = True
    return bool(open_) or not told


@dataclass(slots=True)
class Payload:
    """One payload on its way to facts: what was printed, and what its envelope knows. `statuses`: status letters of files, counted. `broken`: there is JSON in it
    that does not end.
    """

    envelope: Envelope
    command: _command.Command | None
    raw: bytes
    where: str
    log: list[Said] = field(default_factory=list)
    created: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    broken: bool = False

    @property
    def cut(self) -> bool:
        """What was printed ends in the midst of a line."""
        return not self.raw.endswith(b"\n")

    @property
    def verb(self) -> str:
        """The command's verb where the envelope has the command, else empty."""
        return self.command.verb if self.command else ""

    @property
    def archive(self) -> str | None:
        """The archive that the command names behind `::`, as it stands there."""
        named = self.command.arguments[1].partition("::")[2] if self.command and len(self.command.arguments) > 1 else ""
        return named or None

    @property
    def subject(self) -> str | None:
        """The series of the archive that the command names."""
        return _series.of_template(self.archive, self.envelope.repository) if self.archive else None

    @property
    def dry(self) -> bool:
        """The command changed nothing. borg takes options cut short, down to `--dr`."""
        cut_short = bool(re.search(r"(?:^|\s)--dr[a-z-]*(?:\s|$)", self.envelope.command or ""))
        asked = self.command is not None and (self.command.has("--dry-run", "-n") or cut_short)
        return (
            asked
            or "-" in self.statuses
            or any(re.match(r"Would (?:prune|delete)|Finished dry-run\.", said.text) for said in self.log)
        )

    @property
    def code(self) -> int | None:
        """The exit code: of the envelope's and the one in the log the worse; 2 where an error is told and no code, or of a pipe 0."""
        told = [_code(found) for said in self.log if (found := RC.fullmatch(said.text))][-1:]
        if not told and not self.envelope.exit_code and any(said.level in ("ERROR", "CRITICAL") for said in self.log):
            return 2
        codes = told + ([] if self.envelope.exit_code is None else [self.envelope.exit_code])
        return max(codes, key=lambda code: _RANK[outcome(code)], default=None)

    def warn(self, what: str, remedy: str, locator: str = "", key: str = "", level: str = "warning") -> None:
        """Note something that the reader of the facts should know."""
        self.faults.append(Fault(self.where, what, remedy, locator, key, level))
