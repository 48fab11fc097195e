"""Options of rsync: which take a value, which take none, and which leave something out."""

from __future__ import annotations

VALUED = frozenset(
    {
        "--log-file",
        "--log-file-format",
        "--exclude",
        "--exclude-from",
        "--include",
        "--include-from",
        "--files-from",
        "-f",
        "--filter",
        "-e",
        "--rsh",
        "--rsync-path",
    }
    | {
        "--link-dest",
        "--compare-dest",
        "--copy-dest",
        "--backup-dir",
        "--suffix",
        "--bwlimit",
        "--timeout",
        "--port",
        "--password-file",
        "--max-size",
        "--min-size",
    }
    | {
        "--out-format",
        "--partial-dir",
        "--temp-dir",
        "-T",
        "--chmod",
        "--chown",
        "--compress-level",
        "--max-delete",
        "-B",
        "--info",
        "--debug",
    }
)
FLAGS = frozenset(
    {f"-{letter}" for letter in "vqcarRbudlLkKHpEXAogDtONJnWxSzhPiCF0468yI"}
    | {
        "--archive",
        "--stats",
        "--itemize-changes",
        "--delete",
        "--delete-after",
        "--delete-before",
        "--delete-during",
        "--delete-excluded",
        "--delete-delay",
    }
    | {
        "--checksum",
        "--verbose",
        "--quiet",
        "--recursive",
        "--relative",
        "--hard-links",
        "--acls",
        "--xattrs",
        "--numeric-ids",
        "--sparse",
        "--partial",
    }
    | {
        "--progress",
        "--compress",
        "--inplace",
        "--one-file-system",
        "--dry-run",
        "--whole-file",
        "--human-readable",
        "--ignore-errors",
        "--force",
        "--times",
    }
    | {
        "--perms",
        "--links",
        "--owner",
        "--group",
        "--devices",
        "--specials",
        "--fake-super",
        "--append",
        "--append-verify",
        "--no-motd",
        "--update",
        "--backup",
    }
)
SOME = (
    "--exclude",
    "--exclude-from",
    "--include",
    "--include-from",
    "--files-from",
    "-f",
    "--filter",
    "-F",
    "-C",
    "--max-size",
    "--min-size",
    "-u",
    "--update",
)
