r"""Dell NetWorker: save sets of the media database (mminfo) and of the REST API, and jobs.

Formats read: the CSV of `mminfo -avot -xc, -r "client,name,level,ssid,cloneid,savetime(40),ssretent,clretent,sumsize,sumflags,clflags,volume,pool"`
(`nsavetime`, `sscomp` and `totalsize` are used where they are there), and the JSON of `GET /nwrestapi/v3/global/backups` and `/jobs`. `mminfo -xm` is not
read: its elements are not documented.

Point: one for each clone of a save set; id = `ssid/cloneid`; subject = `client:name`; the repository is the pool, in JSON `volume:` and the ids of its
volumes. Level full is self-contained; which save sets the others need is not told. Further clones name the first as their original. Save sets `index:` and
`bootstrap` are passed over.

Time semantics: mminfo prints local times of the server in its locale; only month/day/year is read (ask for `nsavetime`, which is an epoch, elsewhere), in the
zone that the source declares. JSON has offsets. captured_at = the save time, available_at = sscomp or completionTime, of the first clone only.

Proof of deletion: a complete listing that lacks the clone. mminfo lists the last day unless it has `-a`, and is not complete with `-q`, `-t`, `-c` or `-N`.

Success: a save set is a point unless a flag says that it was aborted (a), is in progress (I) or incomplete (i). One of which the head, middle or tail is
missing here is partial; a suspect clone (s) is corrupt, as of the observation. A clone with a flag that is not documented is quarantined. Of jobs only
saves, recoveries and clones count, by completionStatus; Unknown is quarantined.

What Dell NetWorker cannot show: chains (also of database agents, whose level is manual), immutability, encryption.

Tested against: the documented schema only; no output of a real system was seen.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import polars as pl

from audit.adapters import _formats, _records, _sizes, _table, _text
from audit.adapters._listing import based, from_envelope, job_log
from audit.adapters._typed import shown, typed
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope, time_text
from audit.model.facts import Facts

TESTED_AGAINST = "schema"

LEVELS = {"full": "full", "incr": "incremental", "incremental": "incremental", "txnlog": "log"} | {
    str(one): "differential" for one in range(1, 10)
}
"""Levels of save sets; case does not matter. Manual ones do not say of which kind they are."""

OPEN = "not ended yet"
STATES: dict[str, str | None] = {"Queued": OPEN, "Active": OPEN, "Completed": "ended"}
"""States of jobs."""

COMPLETIONS: dict[str, str | None] = {
    "Succeeded": "success",
    "Failed": "failed",
    "Never run": "failed",
    "Cancelled": "cancelled",
    OPEN: "running",
}
"""`completionStatus` of jobs that ended."""

KINDS: dict[str, str | None] = {
    "save": "backup",
    "save job": "backup",
    "recover": "restore",
    "recover job": "restore",
    "clone": "copy",
    "clone job": "copy",
    "workflow": None,  # it can succeed with actions that failed
    "workflow job": None,
}
"""Types of jobs."""

INSTANCES: dict[str, str | None] = {"Browsable": "good", "Recoverable": "good", "Suspect": "corrupt"}
"""Statuses of the instances of a backup in JSON."""

_NEEDED = ("client", "name", "ssid", "cloneid", "sumflags", "clflags")
_DATES = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%y %I:%M:%S %p", "%m/%d/%y %H:%M:%S", _formats.SECONDS)
_SUM_FLAGS = r"^[chmt][brEaIiS][NRPKks]*$"
"""Which part is on the volume; the status; what kind of save set it is (ESG52083: NDMP, raw, snapshot, cover, checkpoint restart)."""
_CLONE_FLAGS = r"^[aios]*$"
"""Aborted, incomplete, opaque, suspect."""
_UNENDING = ("manual", "forever", "undef", "")
_OWN = r"^(?:index:|bootstrap)"
_JOB = {
    "id": "id",
    "type": "type",
    "state": "state",
    "status": "completionStatus",
    "client": "clientHostname",
    "name": "name",
    "level": "level",
    "started_at": "startTime",
    "finished_at": "endTime",
}
_BACKUP = {
    "ssid": "shortId",
    "client": "clientHostname",
    "name": "name",
    "level": "level",
    "captured_at": "saveTime",
    "completed": "completionTime",
    "expires_at": "retentionTime",
    "bytes": ("size", "value"),
    "unit": ("size", "unit"),
    "cloneid": "cloneid",
    "status": "status",
    "repository": "repository",
}


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """The header of mminfo with ssid and cloneid, or JSON with the keys of save sets or jobs."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    if head.lstrip()[:1] == b"{":
        backups = re.search(rb'"backups"\s*:\s*\[', head) and b'"instances"' in head and b'"saveTime"' in head
        return bool(backups or (re.search(rb'"jobs"\s*:\s*\[', head) and re.search(rb'"completionStatus"\s*:', head)))
    names = _names(head.decode("utf-8", "replace"))
    return {"client", "ssid", "cloneid"} <= set(names) and bool({"savetime", "nsavetime"} & set(names))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read one listing or answer. Raises `InputError` when it is none."""
    where = envelope.name or envelope.tool
    text = _text.decode(where, payload)
    if not text.lstrip().startswith("{"):
        return _mminfo(text, envelope, where)
    document = _records.document(payload, envelope)
    for key, reader in (("backups", _backups), ("jobs", _jobs)):
        if isinstance(document.get(key), list):
            found, faults = _records.objects(document[key], f"/{key}", where)
            if document.get("count") != len(document[key]):
                envelope = replace(envelope, complete=None if envelope.complete is None else False)
            return reader(found, envelope, faults, where)
    fault = Fault(
        where, "this is no answer of NetWorker that is known", "ingest what GET /nwrestapi/v3/global/backups or /jobs answers"
    )
    raise InputError(str(fault), [fault])


def _names(text: str) -> list[str]:
    """Return the columns of a header, without the widths that `-r` may give them."""
    return [re.sub(r"\([0-9]+\)$", "", name).lower() for name in _table.header(text)]


def _mminfo(text: str, envelope: Envelope, where: str) -> Facts:
    names = _names(text)
    missing = [name for name in _NEEDED if name not in names] + ([] if {"savetime", "nsavetime"} & set(names) else ["nsavetime"])
    if missing or len(set(names)) < len(names) or "" in names:
        what = f"the columns {', '.join(missing)} are missing" if missing else "its columns have no names of their own"
        fault = Fault(where, what, f"list them with mminfo -av -xc, -r {','.join(_NEEDED)},nsavetime", "line 1")
        raise InputError(str(fault), [fault])
    table = _table.rows(text, names, where)
    time = "nsavetime" if "nsavetime" in names else "savetime"
    if time == "savetime" and table.raw["savetime"].str.contains(r"^\s*(?:1[3-9]|2[0-9]|3[01])/").any():
        fault = Fault(
            where,
            "its dates are not month/day/year, so none of them is sure",
            "add the column nsavetime, which is an epoch",
            "line 1",
            "savetime",
        )
        raise InputError(str(fault), [fault])
    rows = table.raw.filter(~pl.col("name").fill_null("").str.contains(_OWN)).with_columns(locator=pl.format("line {}", "line"))
    rows = rows.with_columns(
        pl.lit(None, pl.String).alias(name)
        for name in ("level", "pool", "ssretent", "clretent", "sscomp", "totalsize", "sumsize")
        if name not in names
    )
    clone = ("ssid", "cloneid")
    known = pl.col("sumflags").fill_null("").str.contains(_SUM_FLAGS) & pl.col("clflags").fill_null("").str.contains(_CLONE_FLAGS)
    strange = [
        Fault(
            where,
            f"the flags {shown(sums)} and {shown(clones)} are not all documented, so nothing says whether this save set is whole",
            "",
            locator,
            "sumflags",
        )
        for sums, clones, locator in rows.filter(~known).select("sumflags", "clflags", "locator").iter_rows()
    ]
    rows = rows.filter(known.all().over(clone))
    first = pl.col("sumflags").str.slice(0, 1)
    whole = (first == "c").any().over(clone) | ((first == "h").any().over(clone) & (first == "t").any().over(clone))
    stopped = (
        (pl.col("sumflags").str.slice(1, 1).is_in(["a", "i", "I"]) | pl.col("clflags").str.contains("[ai]"))
        .fill_null(value=False)
        .any()
        .over(clone)
    )
    suspect = pl.col("clflags").str.contains("s", literal=True).fill_null(value=False).any().over(clone)
    size = _sizes.read(rows["sumsize"], None, ".", ",", 1024)
    rows = rows.with_columns(
        whole=whole, stopped=stopped, suspect=suspect, size=pl.when(pl.col("sumsize") != "").then(pl.coalesce(size, "sumsize"))
    )
    rows = rows.unique(clone, keep="first", maintain_order=True)
    told = [
        Fault(
            where,
            f"save set {shown(ssid)} was aborted or is in progress: it is no recovery point",
            "",
            locator,
            "sumflags",
            level="warning",
        )
        for ssid, locator in rows.filter("stopped").select("ssid", "locator").iter_rows()
    ]
    kept = pl.coalesce(*(pl.when(pl.col(name).str.strip_chars() != "").then(name) for name in ("clretent", "ssretent")))
    rows = rows.filter(~pl.col("stopped")).with_columns(
        captured_at=time,
        completed="sscomp",
        expires_at=pl.when(~kept.str.to_lowercase().is_in(_UNENDING)).then(kept),
        bytes=pl.coalesce(pl.col("totalsize").replace("", None), "size"),
        repository="pool",
        status=pl.when("suspect").then(pl.lit("corrupt")),
        completeness=pl.when(~pl.col("whole")).then(pl.lit("partial")),
    )
    rows = _records.times(rows, ("captured_at", "completed", "expires_at"), _DATES)
    return _points(rows, envelope, [*table.faults, *strange, *told], where, complete=_all(envelope, where, told))


def _all(envelope: Envelope, where: str, told: list[Fault]) -> bool:
    """Tell whether mminfo listed every save set."""
    command = envelope.command
    if (
        not envelope.complete
        or command is None
        or (re.search(r"\s-[avVmBSX]*a", command) and not re.search(r"\s-[qtcN]\b", command))
    ):
        return bool(envelope.complete)
    what = "this listing is taken as incomplete: the command lists only the last day, or a part of the save sets"
    told.append(Fault(where, what, "give it -a and no query", "", "complete", level="warning"))
    return False


def _backups(found: list[_records.Object], envelope: Envelope, faults: list[Fault], where: str) -> Facts:
    instances: list[_records.Object] = []
    for place, backup in found:
        each, bad = _records.objects(backup.get("instances"), f"{place}/instances", where)
        faults = [*faults, *bad]
        instances += [(at, backup | _instance(backup, one)) for at, one in each]
    picked = _records.pick(instances, _BACKUP, where)
    rows = picked.rows.filter(~pl.col("name").fill_null("").str.contains(_OWN))
    stated = _records.told(rows, "status", INSTANCES, where)
    rows = stated.rows.with_columns(completeness=pl.lit(None, pl.String), bytes=pl.when(pl.col("unit") == "Byte").then("bytes"))
    return _points(rows, envelope, [*faults, *picked.faults, *stated.faults], where, complete=bool(envelope.complete))


def _instance(backup: dict[str, Any], instance: dict[str, Any]) -> dict[str, Any]:
    """Return what an instance has of its own. How long a clone is kept is not told: the retention is that of the backup."""
    ids = instance.get("volumeIds")
    volumes = "volume:" + "+".join(map(str, ids)) if isinstance(ids, list) and ids else None
    kept = backup.get("retentionTime") if instance.get("clone") is False else None
    return {"cloneid": instance.get("id"), "status": instance.get("status"), "repository": volumes, "retentionTime": kept}


def _points(rows: pl.DataFrame, envelope: Envelope, faults: list[Fault], where: str, *, complete: bool) -> Facts:
    """Make points of clones: `ssid`, `cloneid`, `client`, `name`, `level`, `captured_at`, `completed`, `expires_at`, `bytes`, `repository`, `status`, `completeness`."""
    corrupt = pl.col("status") == "corrupt"
    if envelope.observed_at is None and rows["status"].is_in(["corrupt"]).any():
        what = "suspect clones were left out: nothing says when they were found to be so"
        faults = [*faults, Fault(where, what, "give the time of the observation", "", "observed_at")]
        rows = rows.filter(~corrupt.fill_null(value=False))
    original = pl.col("cloneid") == pl.col("cloneid").sort_by(
        pl.col("cloneid").cast(pl.UInt64, strict=False), "cloneid"
    ).first().over("ssid")
    key = pl.format("{}/{}", "ssid", "cloneid")
    method = pl.col("level").str.to_lowercase().replace_strict(LEVELS, default=None, return_dtype=pl.String)
    raw = rows.with_columns(id=key, original=original, method=method, subject=pl.format("{}:{}", "client", "name")).with_columns(
        copy_of_id=pl.when(~pl.col("original")).then(pl.col("id").filter("original").first().over("ssid")),
        copy_of_repository=pl.when(~pl.col("original")).then(pl.col("repository").filter("original").first().over("ssid")),
        available_at=pl.when("original").then("completed"),
        self_contained=pl.when(pl.col("method") == "full").then(pl.lit("true")),
        integrity=pl.when(corrupt).then(pl.lit("corrupt")),
        checked_at=pl.when(corrupt).then(pl.lit(envelope.observed_at and time_text(envelope.observed_at), pl.String)),
        basis=pl.lit("catalog"),
    )
    read_ = typed("recovery_point", raw, envelope)
    listings = from_envelope(read_.frame, envelope, empty_table=False).with_columns(complete=pl.lit(complete))
    return _records.assembled(envelope, [*faults, *read_.faults], points=based(read_.frame, listings), listings=listings)


def _jobs(found: list[_records.Object], envelope: Envelope, faults: list[Fault], where: str) -> Facts:
    picked = _records.pick(found, _JOB, where)
    kinds = _records.told(picked.rows, "type", KINDS, where, into="kind")
    stated = _records.told(kinds.rows.filter(pl.col("kind").is_not_null()), "state", STATES, where, into="life")
    judged = stated.rows.with_columns(status=pl.when(pl.col("life") == OPEN).then(pl.lit(OPEN)).otherwise("status"))
    ended = _records.told(judged, "status", COMPLETIONS, where, into="outcome")
    raw = ended.rows.with_columns(
        subject=pl.format("{}:{}", "client", "name"),
        method=pl.when(pl.col("kind") == "backup").then(
            pl.col("level").str.to_lowercase().replace_strict(LEVELS, default=None, return_dtype=pl.String)
        ),
        message=pl.when(~pl.col("outcome").is_in(["success", "running"])).then("status"),
    )
    read_ = typed("run", raw, envelope)
    told = [*faults, *picked.faults, *kinds.faults, *stated.faults, *ended.faults, *read_.faults]
    return _records.assembled(envelope, told, runs=read_.frame, listings=job_log(read_.frame, envelope))
