"""PostgreSQL's own tools: `backup_manifest` and `backup_label`, and what pg_basebackup, pg_verifybackup and pg_dump print.

Formats read: backup_manifest (versions 1 and 2), backup_label, and the console output of pg_basebackup, pg_verifybackup, pg_dump and pg_dumpall.

Point: id = `TIMELINE:LSN` of the backup's start, which manifest, label and log tell alike. Nothing in them names the cluster: subject = the source, so give
each cluster a source of its own. Since PostgreSQL 17 a backup can be incremental; the label names the start of its base (that makes the chain), the manifest shows only that it has one.

Time semantics: captured_at = the time of the manifest's own entry for backup_label, which is written (in GMT) when the backup begins; this claims less than the truth, as
PostgreSQL restores the state at the end or later. When the backup ended is not in it: the log's envelope tells. The label's START TIME names its zone with an abbreviation that
several zones share (CST) and is not used.

Proof of deletion: none; a manifest shows one backup.

Success: pg_basebackup says "base backup completed" (with -v) and exits with 0; text with -v without that sentence is of a run whose end is not known, whatever its exit code. A label
alone proves only that a backup began, a manifest that it ended. pg_dump says nothing when it succeeds: without an exit code its run is a warning, and where its text was cut off in
a line, its end is not known. A verification is of all data unless its command leaves out WAL, checksums or files.

What these tools cannot show: expiry, encryption, immutability, which backup a verification read (its command has a path), and who was backed up.

Tested against: files made by running PostgreSQL 15; incremental backups from the documentation of PostgreSQL 17.
"""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from audit.adapters import _command, _console, _records, _text
from audit.adapters._typed import shown
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts, frame

TESTED_AGAINST = "runs"

PROGRAMS = {"pg_basebackup": "backup", "pg_verifybackup": "verify", "pg_dump": "backup", "pg_dumpall": "backup"}
"""Programs whose output is a run, and the kind of run."""

VERSIONS = {1, 2}
"""Versions of backup_manifest that PostgreSQL documents."""

_VALUED = {
    "pg_basebackup": "-D --pgdata -F --format -i --incremental -r --max-rate -t --target -T --tablespace-mapping --waldir -X --wal-method -Z --compress -c "
    "--checkpoint -l --label -C -S --slot --manifest-checksums -d --dbname -h --host -p --port -s --status-interval -U --username",
    "pg_verifybackup": "-F --format -i --ignore -m --manifest-path -w --wal-directory",
    "pg_dump": "-d --dbname -h --host -p --port -U --username -f --file -F --format -j --jobs -Z --compress -n --schema -N --exclude-schema -t --table -T "
    "--exclude-table -e --extension -E --encoding --role -S --superuser --lock-wait-timeout --snapshot --section --filter",
    "pg_dumpall": "-d --dbname -h --host -p --port -U --username -f --file -l --database --exclude-database --role -S --superuser -E --encoding",
}
_FLAGS = {
    "pg_basebackup": "-R -z -n -N -P -v -w -W --write-recovery-conf --gzip --no-clean --no-sync --progress --verbose --no-password --password --no-slot "
    "--create-slot --no-manifest --no-verify-checksums --no-estimate-size --manifest-force-encode --sync-method",
    "pg_verifybackup": "-e -n -P -q -s --exit-on-error --no-parse-wal --progress --quiet --skip-checksums",
    "pg_dump": "-a -b -B -c -C -s -O -v -w -W -x --verbose --no-password --password --clean --create --if-exists --data-only --schema-only --no-owner "
    "--no-privileges --no-acl --serializable-deferrable --no-sync",
    "pg_dumpall": "-a -c -g -r -s -t -v -w -W -x -O --verbose --no-password --globals-only --roles-only --clean --if-exists",
}
_LEAVES_OUT = {
    "pg_verifybackup": ("-n", "--no-parse-wal", "-s", "--skip-checksums", "-i", "--ignore"),
    "pg_dump": (
        "-a",
        "-s",
        "-n",
        "-N",
        "-t",
        "-T",
        "--data-only",
        "--schema-only",
        "--schema",
        "--table",
        "--exclude-table",
        "--section",
    ),
    "pg_dumpall": ("-a", "-g", "-r", "-s", "-t", "--globals-only", "--roles-only", "--schema-only", "--exclude-database"),
}
"""Options with which not all data are read."""

_MANIFEST = re.compile(rb'\A\s*\{\s*"PostgreSQL-Backup-Manifest-Version"\s*:')
_LABEL = re.compile(rb"\ASTART WAL LOCATION: [0-9A-F]+/[0-9A-F]+ \(file [0-9A-F]{24}\)\r?\nCHECKPOINT LOCATION: ")
_PRINTED = re.compile(
    rb"\A\s*(?:(?:pg_basebackup|pg_verifybackup|pg_dump|pg_dumpall): |\d+/\d+ kB \(\d+%\), \d+/\d+ tablespace|backup successfully verified\s*\Z)"
)
_START = re.compile(r"START WAL LOCATION: ([0-9A-F]+/[0-9A-F]+) \(file ([0-9A-F]{8})[0-9A-F]{16}\)$")
_FROM = re.compile(r"INCREMENTAL FROM (LSN|TLI): ([0-9A-F]+/[0-9A-F]+|\d+)$")
_BEGINS = re.compile(r"pg_basebackup: write-ahead log start point: ([0-9A-F]+/[0-9A-F]+) on timeline (\d+)")
_DONE = {"pg_basebackup": "pg_basebackup: base backup completed", "pg_verifybackup": "backup successfully verified"}
"""What programs say at their end; pg_basebackup only with -v, and so it says other things before."""
_VERBOSE = re.compile(r"pg_basebackup: (?!(?:warning|error|fatal|FATAL|hint|detail)[: ])")
_PROGRESS = re.compile(r"\s*\d+/\d+ kB \(\d+%\), (\d{1,9})/(\d{1,9}) tablespace")
_GMT = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) GMT")


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """A manifest, a label, or output that begins with the name of one of the programs."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    return bool(_MANIFEST.search(head) or _LABEL.search(head) or _PRINTED.search(head))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read one file or one output. Raises `InputError` when it is no text, or a manifest that is cut off."""
    text = _text.decode(envelope.name or envelope.tool, payload).lstrip()
    if text.startswith("{"):
        return _manifest(payload, envelope)
    if text.startswith("START WAL LOCATION: "):
        return _label(payload, envelope)
    return _printed(payload, envelope)


def _manifest(payload: bytes, envelope: Envelope) -> Facts:
    where = envelope.name or envelope.tool
    document = _records.document(payload, envelope)
    version = document.get("PostgreSQL-Backup-Manifest-Version")
    if type(version) is not int or version not in VERSIONS:
        fault = Fault(
            where, f"{shown(version)} is no version of backup_manifest that is known", "report it, with the version of PostgreSQL"
        )
        raise InputError(str(fault), [fault])
    ranges, faults = _records.objects(document.get("WAL-Ranges"), "/WAL-Ranges", where)
    files, found = _records.objects(document.get("Files"), "/Files", where)
    faults += found
    start = ranges[-1][1] if ranges else {}
    lsn, timeline = start.get("Start-LSN"), start.get("Timeline")
    if not isinstance(lsn, str) or not isinstance(timeline, int):
        faults.append(
            Fault(where, "nothing says where this backup begins: it was not used", "copy the whole manifest", "/WAL-Ranges")
        )
        return _records.assembled(envelope, faults)
    began = next((each.get("Last-Modified") for _, each in files if each.get("Path") == "backup_label"), None)
    gmt = _GMT.fullmatch(began) if isinstance(began, str) else None
    if gmt is None:
        faults.append(
            Fault(
                where,
                "nothing says when this backup began: what it restores is not known",
                "",
                "/Files",
                "Last-Modified",
                "warning",
            )
        )
    sizes = [each.get("Size") for _, each in files]
    paths = (each.get("Path") for _, each in files)
    incremental = any(isinstance(path, str) and path.rpartition("/")[2].startswith("INCREMENTAL.") for path in paths)
    row = {
        "id": f"{timeline}:{lsn}",
        "subject": envelope.source,
        "method": "incremental" if incremental else "full",
        "captured_at": f"{gmt[1]}T{gmt[2]}Z" if gmt else None,
        "self_contained": "false" if incremental else "true",
        "bytes": str(sum(size for size in sizes if isinstance(size, int))),
        "locator": "/WAL-Ranges",
    }
    console = _console.Console(envelope, payload, where, "", [], faults)
    points = console.typed("recovery_point", [row]).with_columns(basis=pl.lit("catalog"))
    listing = {
        "source": envelope.source,
        "repository": envelope.repository,
        "listed_at": envelope.observed_at,
        "complete": False,
        "locator": "envelope",
    }
    return _records.assembled(envelope, console.faults, points, None, frame("listing", [listing]))


def _label(payload: bytes, envelope: Envelope) -> Facts:
    """A label says how a backup began: what it needs, and nothing of whether it ended. It becomes no more than a telling of a point without times."""
    console = _console.read(payload, envelope)
    texts = [text for _, text in console.lines]
    start = _START.match(texts[0])
    source = {key: value for text in texts if (match := _FROM.match(text)) for key, value in [match.groups()]}
    timeline = next((text.removeprefix("START TIMELINE: ") for text in texts if text.startswith("START TIMELINE: ")), None)
    if start is None:
        console.fault("nothing says where this backup begins: it was not used", "copy the whole label", 1)
        return _records.assembled(envelope, console.faults)
    console.warn("a label says that a backup began, not that it ended", "ingest its backup_manifest as well")
    if timeline is None or not timeline.isdigit():
        timeline = str(int(start[2], 16))
    row = {
        "id": f"{timeline}:{start[1]}",
        "subject": envelope.source,
        "method": "incremental" if source else "full",
        "base": f"{source['TLI']}:{source['LSN']}" if len(source) == 2 else None,
        "self_contained": "false" if source else "true",
        "locator": "line 1",
    }
    points = console.typed("recovery_point", [row]).with_columns(basis=pl.lit("job"))
    return _records.assembled(envelope, console.faults, points)


def _printed(payload: bytes, envelope: Envelope) -> Facts:
    console = _console.read(payload, envelope)
    program = _program(console)
    if program is None:
        console.fault(
            "this is no output of pg_basebackup, pg_verifybackup or pg_dump", "ingest backup_manifest, or the output of one of them"
        )
        return _records.assembled(envelope, console.faults)
    command = _command.parse(envelope.command, program, _FLAGS[program].split(), _VALUED[program].split())
    errors = [text for _, text in console.lines if re.match(rf"{program}: (?:error|fatal|FATAL)[: ]", text)]
    silent = "no exit code: what it printed does not tell whether it was completed"
    said = _said(program, console)
    fields: dict[str, Any] = {"subject": envelope.source}
    fields |= console.ended([_reason(program, text) for text in errors], said=said, silent=silent)
    if said is False and fields["outcome"] == "running" and console.code is None and envelope.finished_at is not None:
        fields |= {"outcome": "failed", "message": "it ended, and did not say that it was completed"}
    if program == "pg_basebackup":
        start = next((match for _, text in console.lines if (match := _BEGINS.match(text))), None)
        incremental = command.has("-i", "--incremental") if command else None
        fields |= {"mode": "hot", "method": {True: "incremental", False: "full", None: None}[incremental]}
        if start and fields["outcome"] in ("success", "warning"):
            fields["recovery_point"] = f"{start[2]}:{start[1]}"
    else:
        partial = bool(command and command.has(*_LEAVES_OUT[program]))
        fields["coverage"] = "partial" if partial else "full" if command and command.sure else None
        if program != "pg_verifybackup":
            fields |= {"mode": "hot", "method": "full", "coverage": "partial" if partial else None}
            fields["subject"] = _database(program, command) or envelope.source
    return _records.assembled(envelope, console.faults, runs=console.run(program, PROGRAMS[program], **fields))


def _said(program: str, console: _console.Console) -> bool | None:
    """Tell whether a program said that it was completed; `None` where it would not have."""
    texts = [text for _, text in console.lines]
    if program in _DONE:
        if _DONE[program] in texts:
            return True
        if program == "pg_verifybackup" or any(map(_VERBOSE.match, texts)):
            return False
    shares = [match for text in texts if (match := _PROGRESS.match(text))]
    return False if shares and int(shares[-1][1]) < int(shares[-1][2]) else None


def _reason(program: str, error: str) -> str:
    """The first error; of files that a verification names, only what is wrong with them."""
    said = re.sub(r"^\S+: (?:error: )?", "", error)
    return said.partition('"')[0].strip() if program == "pg_verifybackup" else said


def _program(console: _console.Console) -> str | None:
    for _, text in console.lines:
        name = text.partition(": ")[0]
        if name in PROGRAMS:
            return name
        if text == "backup successfully verified":
            return "pg_verifybackup"
    found = [name for name in PROGRAMS if _command.parse(console.envelope.command, name, (), ())]
    if not found and any(_PROGRESS.match(text) for _, text in console.lines):
        return "pg_basebackup"
    return found[0] if found else None


def _database(program: str, command: _command.Command | None) -> str | None:
    """The database that pg_dump was given, where that is sure."""
    if command is None or program != "pg_dump" or not command.sure:
        return None
    named = [*command.values("-d", "--dbname"), *command.arguments]
    return named[-1] if named and not re.search(r"[=:/ ]", named[-1]) else None
