"""Reports of jobs, as they stand in the log, in mails and in what bconsole prints, as points and runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from audit.adapters._bacula import KINDS, REPORT, TERMINATIONS
from audit.adapters._gathered import Gathered, Value
from audit.model.facts import Facts

_FIELD = re.compile(r" {2,4}([A-Z][^:]{1,40}):(.*)$")
_TIME = re.compile(r"(\d\d)-([^-\s]{1,12})-(\d{4}) (\d\d:\d\d:\d\d)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_START = re.compile(r"JobId (\d+): (?:Start (?:Backup|Verify|Restore|Copying|Migration)\b|Copying using|Migration using)")
_RESTORED = re.compile(r"JobId (\d+): Restoring files from JobId\(s\) ([\d,]+)")
_JOB_STAMP = re.compile(r"\.\d{4}-\d\d-\d\d_\d\d\.\d\d\.\d\d_\d+$")
_CONTENT_LEVELS = {"Data": "full", "VolumeToCatalog": None}
"""Verify levels that look at the backup, and the coverage of each. The others (DiskToCatalog, Catalog, InitCatalog) look at the client's disk."""


@dataclass(slots=True)
class Report:
    """One report: its line, and its fields by name."""

    line: int
    fields: dict[str, str] = field(default_factory=dict)

    def get(self, *names: str) -> str | None:
        """Return the first of these fields that has a value."""
        return next((self.fields[name] for name in names if self.fields.get(name)), None)

    def time(self, name: str) -> str | None:
        """Return a time as RFC 3339 text, or as it stands where it cannot be read."""
        text = self.fields.get(name) or None
        found = _TIME.fullmatch(text or "")
        if not found:
            return text
        day, word, year, clock = found.groups()
        digits = re.fullmatch(r"(\d{1,2})月?", word)
        month = int(digits[1]) if digits else _MONTHS.index(word[:3].lower()) + 1 if word[:3].lower() in _MONTHS else None
        return f"{year}-{month:02}-{day}T{clock}" if month else text

    def number(self, *names: str) -> str | None:
        """Return a number without separators and without what follows it."""
        found = re.match(r"[\d,.']+(?=\s|$)", self.get(*names) or "")
        return re.sub(r"[,.']", "", found[0]) if found else None

    def quoted(self, name: str) -> str | None:
        """Return a name, without quotes and what follows them."""
        text = self.fields.get(name) or ""
        return (text[1:].partition('"')[0] if text.startswith('"') else text) or None

    @property
    def subject(self) -> str | None:
        """Client and file set."""
        client, files = self.quoted("Client"), self.quoted("FileSet")
        return f"{client}:{files}" if client and files else None

    @property
    def job(self) -> str:
        """The job's name without the stamp of its run."""
        return _JOB_STAMP.sub("", self.fields.get("Job", ""))


def read(lines: Sequence[tuple[int, str]], given: Gathered) -> Facts:
    """Read the log: a run for each report, and a point for each that left one."""
    reports, sources = _found(lines, given)
    backups = {number: report for report in reports if (number := report.get("JobId")) and "Backup Level" in report.fields}
    starts = _starts(backups)
    copies = {
        (report.get("Prev Backup JobId"), report.quoted("Write Pool")): number
        for report in reports
        if (number := report.get("New Backup JobId")) and number != "0"
    }
    for report in reports:
        kind, outcome = _ended(report, given)
        if kind is None or outcome is None or kind == "nothing":
            continue
        locator = f"line {report.line}"
        run: dict[str, Value] = {
            "id": report.get("Current JobId", "JobId"),
            "kind": kind,
            "outcome": outcome,
            "started_at": report.time("Start time"),
            "finished_at": report.time("End time"),
            "message": report.get("Termination"),
            "locator": locator,
        }
        if kind == "backup":
            _backup(report, run, given, starts)
        elif kind == "copy":
            _copy(report, run, given, backups, starts, copies)
        elif kind == "verify":
            _verify(report, run, given, backups)
        else:
            read_from = sources.get(report.get("JobId") or "", [])
            _point_named(run, read_from[-1] if read_from else None, backups)
            given.runs.append(run | {"bytes": report.number("Bytes Restored")})
    return given.facts(log=True)


def _found(lines: Iterable[tuple[int, str]], given: Gathered) -> tuple[list[Report], dict[str, list[str]]]:
    """Take the reports out of a log, and what restore jobs read from. A job that begins and has no report is a fault."""
    reports: list[Report] = []
    begun: dict[str, int] = {}
    sources: dict[str, list[str]] = {}
    current: Report | None = None
    for number, line in lines:
        if REPORT.search(line):
            current = Report(number)
            reports.append(current)
            continue
        told = _FIELD.match(line) if current else None
        if current and told:
            current.fields.setdefault(told[1].strip(), told[2].strip().removesuffix("|").rstrip())
            current = None if told[1] == "Termination" else current
        elif started := _START.search(line):
            begun.setdefault(started[1], number)
        elif restored := _RESTORED.search(line):
            sources[restored[1]] = [each for each in restored[2].split(",") if each]
    ended = {report.get("Current JobId", "JobId") for report in reports}
    for job, number in begun.items():
        if job not in ended:
            given.fault(
                f"job {job} begins here, and its report is not in this log", "ingest the whole log", f"line {number}", "Termination"
            )
    return reports, sources


def _ended(report: Report, given: Gathered) -> tuple[str | None, str | None]:
    """Return the kind of job, and how it ended."""
    locator, text = f"line {report.line}", report.get("Termination")
    if text is None or report.get("Current JobId", "JobId") is None:
        given.fault("this report was cut off: it has no termination, or no job id", "ingest the whole log", locator, "Termination")
        return None, None
    word, _, end = text.strip("* ").partition(" ")
    if end.startswith("-- no files to"):
        return "nothing", "success"
    kind, outcome = KINDS.get(word.lower()), {key.lower(): value for key, value in TERMINATIONS.items()}.get(end.lower())
    if kind is None or outcome is None:
        given.word({}, text, locator, "termination")
        return None, None
    return kind, outcome


def _level(report: Report) -> tuple[str | None, str | None]:
    """Return the level of a backup, and since when it holds changes."""
    level, _, since = (report.get("Backup Level") or "").partition(", since=")
    known = {
        "full": "full",
        "virtual full": "full",
        "virtualfull": "full",
        "base": "full",
        "incremental": "incremental",
        "differential": "differential",
    }
    return known.get(level.split(" (", 1)[0].strip().lower()), since or None


def _backup(report: Report, run: dict[str, Value], given: Gathered, starts: _Starts) -> None:
    method, since = _level(report)
    if method is None:
        given.word({}, report.get("Backup Level") or "", f"line {report.line}", "level")
        return
    if run["outcome"] == "success" and (
        (method == "full" and report.number("FD Files Written", "SD Files Written") == "0") or _errors(report)
    ):
        run["outcome"] = "warning"
    size = report.number("FD Bytes Written", "SD Bytes Written")
    run |= {"subject": report.subject, "method": method, "bytes": size, "repository": report.quoted("Pool")}
    good = run["outcome"] in ("success", "warning")
    given.runs.append(run | ({"recovery_point": run["id"]} if good else {}))
    if not good:
        return
    given.points.append(
        {
            "id": run["id"],
            "subject": report.subject,
            "repository": report.quoted("Pool"),
            "method": method,
            "captured_at": run["started_at"],
            "available_at": run["finished_at"],
            "base": _base(report, since, starts) if method != "full" else None,
            "self_contained": "true" if method == "full" and not _on_base_job(report) else None,
            "bytes": size,
            "encrypted": {"yes": "yes", "no": "no"}.get((report.get("Encryption") or "").lower()),
            "completeness": "partial" if run["outcome"] == "warning" else None,
            "basis": "job",
            "locator": run["locator"],
        }
    )


def _errors(report: Report) -> bool:
    return any(report.number(name) not in (None, "0") for name in ("Non-fatal FD errors", "SD Errors"))


def _on_base_job(report: Report) -> bool:
    """Base jobs are told by their own field; a base job itself is not a whole backup of anything else."""
    return (report.get("Backup Level") or "").lower().startswith("base") or "Base files/Used files" in report.fields


_Starts = dict[tuple[str, str | None, str | None, str | None], list[str]]
"""The ids of backups by job, subject, pool and start."""


def _starts(backups: dict[str, Report]) -> _Starts:
    starts: _Starts = {}
    for number, report in backups.items():
        starts.setdefault((report.job, report.subject, report.quoted("Pool"), report.time("Start time")), []).append(number)
    return starts


def _base(report: Report, since: str | None, starts: _Starts) -> str | None:
    """Return the id of the backup whose start is the `since` of this one: of the same job, client, file set and pool, and only where it is the only one."""
    wanted = (since or "").replace(" ", "T")
    found = starts.get((report.job, report.subject, report.quoted("Pool"), wanted), [])
    return found[0] if len(found) == 1 and found[0] != report.get("JobId") else None


def _copy(
    report: Report,
    run: dict[str, Value],
    given: Gathered,
    backups: dict[str, Report],
    starts: _Starts,
    copies: dict[tuple[str | None, str | None], str],
) -> None:
    new, previous, pool = report.get("New Backup JobId"), report.get("Prev Backup JobId"), report.quoted("Write Pool")
    # Client and file set of this report are those of the control job, whatever it copied.
    original = backups.get(previous or "")
    subject, size = original.subject if original else None, report.number("SD Bytes Written")
    run |= {"subject": subject, "bytes": size, "repository": pool}
    made = run["outcome"] in ("success", "warning") and new not in (None, "0")
    given.runs.append(run | ({"recovery_point": new} if made else {}))
    if not made:
        return
    if original is None or subject is None or pool is None:
        what = f"the report of job {previous}, which was copied, is not in this log: no recovery point was made of copy {new}"
        given.fault(what, "ingest the whole log, or llist jobs", f"line {report.line}", "subject", "warning")
        return
    method, since = _level(original)
    base = _base(original, since, starts) if method != "full" else None
    flawed = (original.get("Termination") or "").lower() != "backup ok" or _errors(original)
    given.points.append(
        {
            "id": new,
            "subject": subject,
            "repository": pool,
            "method": method,
            "captured_at": original.time("Start time"),
            "available_at": run["finished_at"],
            "base": copies.get((base, pool)) if base else None,
            "self_contained": "true" if method == "full" and not _on_base_job(original) else None,
            "copy_of_id": previous,
            "bytes": size,
            "completeness": "partial" if flawed or run["outcome"] == "warning" else None,
            "basis": "job",
            "locator": run["locator"],
        }
    )


def _verify(report: Report, run: dict[str, Value], given: Gathered, backups: dict[str, Report]) -> None:
    level = report.get("Verify Level") or ""
    if level in ("DiskToCatalog", "Catalog", "InitCatalog", "VerifyInit"):
        return
    if level not in _CONTENT_LEVELS:
        given.word({}, level, f"line {report.line}", "verify level")
        return
    if run["outcome"] == "success" and report.number("Files Examined") != report.number("Files Expected", "Files Examined"):
        run["outcome"] = "warning"
    _point_named(run, report.get("Verify JobId"), backups)
    coverage = _CONTENT_LEVELS[level] if run["outcome"] == "success" else None
    given.runs.append(run | {"subject": report.subject, "coverage": coverage})


def _point_named(run: dict[str, Value], point: str | None, backups: dict[str, Report]) -> None:
    """Say which backup a restore or a verify read, and where it lies, as far as this log tells."""
    known = backups.get(point or "")
    run |= {
        "recovery_point": point,
        "repository": known.quoted("Pool") if known else None,
        "subject": known.subject if known else None,
    }
