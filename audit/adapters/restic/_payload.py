"""What is known of one payload on its way to facts, and the tables of what restic documents."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from audit.adapters import _command
from audit.errors import Fault
from audit.model.envelope import Envelope

MESSAGE_TYPES = {
    "summary": "read: the result of backup, restore, check or tag",
    "error": "read: something could not be read; the result is partial",
    "exit_error": "read: the command failed",
    "status": "progress",
    "verbose_status": "progress, one file",
    "initialized": "init: no facts",
    "snapshot": "ls: no facts",
    "node": "ls: a file, no facts",
    "change": "diff: no facts",
    "changed": "tag: no facts",
    "statistics": "diff: no facts",
}
"""Every message_type that restic documents (`struct_type` in old versions of ls), and what it is to us. Another one is
quarantined.
"""

EXIT_CODES = {0: "success", 3: "warning"}
"""0: done; 3: some source data could not be read. Every other code (1, 2, 10, 11, 12, 130, and those to come) is a failure, as
restic's manual asks.
"""

VERBS = {"backup": "backup", "check": "verify", "restore": "restore", "copy": "copy", "forget": "prune", "prune": "prune"}
"""Commands that are runs, and the kind of run each one is. Every other command carries no facts."""

FLAGS = frozenset(
    {
        "-c",
        "-f",
        "-h",
        "-n",
        "-q",
        "-v",
        "-x",
        "--all",
        "--check-unused",
        "--cleanup-cache",
        "--compact",
        "--delete",
        "--dry-run",
        "--exclude-caches",
    }
    | {
        "--exclude-cloud-files",
        "--force",
        "--help",
        "--ignore-ctime",
        "--ignore-inode",
        "--insecure-no-password",
        "--insecure-tls",
        "--json",
        "--no-cache",
    }
    | {
        "--no-extra-verify",
        "--no-lock",
        "--no-scan",
        "--one-file-system",
        "--prune",
        "--quiet",
        "--read-data",
        "--repack-cacheable-only",
    }
    | {
        "--repack-small",
        "--repack-uncompressed",
        "--skip-if-unchanged",
        "--sparse",
        "--stdin",
        "--stdin-from-command",
        "--unsafe-allow-remove-all",
    }
    | {"--use-fs-snapshot", "--verbose", "--verify", "--with-atime", "--with-cache"}
)
VALUED = frozenset(
    {
        "-d",
        "-e",
        "-g",
        "-H",
        "-i",
        "-l",
        "-m",
        "-o",
        "-p",
        "-r",
        "-t",
        "-w",
        "-y",
        "--cacert",
        "--cache-dir",
        "--compression",
        "--exclude",
        "--exclude-file",
    }
    | {
        "--exclude-if-present",
        "--exclude-larger-than",
        "--exclude-xattr",
        "--files-from",
        "--files-from-raw",
        "--files-from-verbatim",
    }
    | {
        f"--{side}{thing}"
        for side in ("", "from-")
        for thing in ("repo", "repository-file", "password-file", "password-command", "key-hint")
    }
    | {f"--{thing}2" for thing in ("repo", "repository-file", "password-file", "password-command", "key-hint")}
    | {
        "--group-by",
        "--host",
        "--http-user-agent",
        "--iexclude",
        "--iexclude-file",
        "--iinclude",
        "--iinclude-file",
        "--include",
        "--include-file",
    }
    | {
        "--include-xattr",
        "--keep-tag",
        "--latest",
        "--limit-download",
        "--limit-upload",
        "--max-repack-size",
        "--max-unused",
        "--option",
        "--overwrite",
    }
    | {f"--keep-{often}" for often in ("last", "hourly", "daily", "weekly", "monthly", "yearly")}
    | {f"--keep-within{often}" for often in ("", "-hourly", "-daily", "-weekly", "-monthly", "-yearly")}
    | {
        "--pack-size",
        "--parent",
        "--path",
        "--read-concurrency",
        "--read-data-subset",
        "--retry-lock",
        "--stdin-filename",
        "--stuck-request-timeout",
    }
    | {"--tag", "--target", "--time", "--tls-client-cert"}
)
"""Options without and with a value, of every command: they are needed to tell paths from values. With an option of neither, paths
are not taken as known.
"""

ID = re.compile(r"[0-9a-f]{64}")
"""A full snapshot id."""


@dataclass(slots=True)
class Payload:
    """One payload on its way to facts: what was printed, and what its envelope knows."""

    envelope: Envelope
    command: _command.Command | None
    raw: bytes
    where: str
    messages: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def verb(self) -> str:
        """The command's verb where the envelope has the command, else empty."""
        return self.command.verb if self.command else ""

    @property
    def cut(self) -> bool:
        """What was printed ends in the midst of a line."""
        return not self.raw.endswith(b"\n")

    @property
    def dry(self) -> bool:
        """The command changed nothing."""
        return bool(self.command and self.command.has("--dry-run", "-n")) or any(
            message.get("dry_run") is True for _, message in self.messages
        )

    def warn(self, what: str, remedy: str, locator: str = "", key: str = "", level: str = "warning") -> None:
        """Note something that the reader of the facts should know."""
        self.faults.append(Fault(self.where, what, remedy, locator, key, level))


def sane(text: Any) -> str | None:
    """Return a time as restic printed it; Go's zero time, 0001-01-01, is no time."""
    return text if isinstance(text, str) and text and not text.startswith("0001-") else None
