"""One payload of Bacula or Bareos: which of their formats it is, and its reading."""

from __future__ import annotations

import csv
from typing import Any

import polars as pl

from audit.adapters import _json, _records, _table, _text, _whole
from audit.adapters._bacula import BLOCKS_HEAD, LOG_HEAD, REPORT, TABLE_HEAD, _catalog, _reports
from audit.adapters._gathered import Gathered
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts

_JLIST = _text.LineStarts(rb"(?:\[\{|\[\]|\{\")")
_CSV_NEEDS = {"jobid", "type", "level", "jobstatus", "starttime"}


def is_csv(head: bytes) -> bool:
    """Tell whether a payload is a table of jobs, as SQL writes it with a header."""
    try:
        line = next(csv.reader([head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode()]), [])
    except (UnicodeDecodeError, csv.Error):
        return False
    return {name.strip().lower() for name in line} >= _CSV_NEEDS


def is_text(head: bytes) -> bool:
    """Tell whether a payload is a log of jobs, or what bconsole prints of jobs."""
    return bool(TABLE_HEAD.search(head) or BLOCKS_HEAD.search(head) or LOG_HEAD.search(head))


def whole(payload: bytes) -> bytes:
    """Return what of a payload was not cut off: the directors and SQL end every line, so a line without its end was. Then neither that line nor its job is
    used: half of `Backup OK -- with warnings` is another word. Behind each job of `llist jobs` stands a blank line. JSON says itself where it ends.
    """
    if payload.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[") or _JLIST.search(payload):
        return payload
    in_blocks = BLOCKS_HEAD.search(payload) and not LOG_HEAD.search(payload)
    return _whole.blocks(payload) if in_blocks else _whole.lines(payload)


def read(payload: bytes, envelope: Envelope, *, warns: bool) -> Facts:
    """Read a payload in whichever form it is. Raises `InputError` when it is in none."""
    where = envelope.name or envelope.tool
    text = _text.decode(where, payload)
    head = payload[: _text.HEAD]
    if text.lstrip()[:1] in ("{", "["):
        raw, faults = _from_json(text, where)
        return _catalog.facts(raw, faults, envelope, warns=warns)
    if is_csv(head):
        table = _table.read(text, where)
        raw = table.raw.with_columns(locator=pl.format("line {}", "line")).drop("line")
        raw, faults = _catalog.named(raw, where)
        return _catalog.facts(raw, [*table.faults, *faults], envelope, warns=warns)
    rows = text.splitlines()
    if array := next((row for row in rows if row.startswith(("[{", "[]", '{"'))), None):  # .jlist, below what bconsole says
        raw, faults = _from_json(array, where)
        return _catalog.facts(raw, faults, envelope, warns=warns)
    listed = TABLE_HEAD.search(payload) or BLOCKS_HEAD.search(payload)
    reported = any(REPORT.search(row.rstrip()) for row in rows if "Bacula" in row or "Bareos" in row)
    if listed and not reported and TABLE_HEAD.search(payload):
        raw, faults = _catalog.table(rows, where)
        return _catalog.facts(raw, faults, envelope, warns=warns)
    lines = [(number, row.rstrip()) for number, row in enumerate(rows, 1)]
    if listed and not reported:
        raw, faults = _catalog.blocks(lines, where)
        return _catalog.facts(raw, faults, envelope, warns=warns)
    given = Gathered(envelope)
    if listed:
        line = f"line {text.count(chr(10), 0, listed.start()) + 1}"
        given.fault("holds reports and a list of jobs: the list was not read", "write one file for each", line, level="warning")
    if not reported and not LOG_HEAD.search(payload):
        fault = Fault(where, "is no list of jobs and no log of jobs", "ingest llist jobs, the rows of the catalog, or the log")
        raise InputError(str(fault), [fault])
    return _reports.read(lines, given)


def _from_json(text: str, where: str) -> tuple[pl.DataFrame, list[Fault]]:
    """Read `.jlist jobs` (an array), or an answer in API mode 2 (an object whose result has jobs)."""
    try:
        value: Any = _json.loads(text.strip())
    except ValueError as error:
        raise _refused(where, str(error)) from None
    jobs, pointer = value, ""
    if isinstance(value, dict):
        for name in ("result", "jobs") if "result" in value else ("data",):
            jobs, pointer = jobs.get(name) if isinstance(jobs, dict) else None, f"{pointer}/{name}"
    if not isinstance(jobs, list):
        raise _refused(
            where, "the director answered with an error" if isinstance(value, dict) and "error" in value else "it holds no jobs"
        )
    objects, faults = _records.objects(jobs, pointer, where)
    told = set().union(*(job for _, job in objects))
    records = objects if all(name.islower() for name in told) else [(place, _lower(job)) for place, job in objects]
    names = {name: name for name in sorted(set(map(str.lower, told)) & _catalog.NAMES)}  # in one order: the first bad one is told
    picked = _records.pick(records, names, where)
    if not records:
        picked = _records.Rows(picked.rows.with_columns(pl.lit(None, pl.String).alias(name) for name in _CSV_NEEDS))
    raw, more = _catalog.named(picked.rows, where)
    return raw, [*faults, *picked.faults, *more]


def _lower(job: dict[str, Any]) -> dict[str, Any]:
    return {key.lower(): value for key, value in job.items()}


def _refused(where: str, what: str) -> InputError:
    fault = Fault(where, f"this was not read: {what}", "list the jobs again and ingest the whole answer")
    return InputError(str(fault), [fault])
