"""`GET /netbackup/admin/jobs`: JSON:API documents of jobs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from audit.adapters import _records
from audit.adapters.veritas_netbackup._words import REST_TYPES, runs
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts

_FIELDS = {
    "id": "jobId",
    "type": "jobType",
    "state": "state",
    "status": "status",
    "clientName": "clientName",
    "display": "workloadDisplayName",
    "policy": "policyName",
    "kind": "policyType",
    "schedule": "scheduleType",
    "started_at": "startTime",
    "finished_at": "endTime",
    "kilobytes": "kilobytesTransferred",
    "repository": "destinationStorageUnitName",
    "recovery_point": "backupId",
    "parent_id": "parentJobId",
    "children": "childCount",
}


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read a page of jobs, or one job. A page that says there are more is no whole log."""
    where = envelope.name or envelope.tool
    document = _records.document(payload, envelope, ("data",))
    data = _records.at(document, "data")
    if not isinstance(data, (list, dict)):
        fault = Fault(
            where, "this is no answer of NetBackup's REST API about jobs", "ingest what GET /netbackup/admin/jobs answers", "/data"
        )
        raise InputError(str(fault), [fault])
    found, faults = _records.objects(data if isinstance(data, list) else [data], "/data", where)
    found = [(pointer if isinstance(data, list) else "/data", each) for pointer, each in found]
    jobs = [(f"{pointer}/attributes", each["attributes"]) for pointer, each in found if isinstance(each.get("attributes"), dict)]
    faults += [
        Fault(where, "this job has no attributes", "fetch it again", pointer)
        for pointer, each in found
        if not isinstance(each.get("attributes"), dict)
    ]
    picked = _records.pick(jobs, _FIELDS, where)
    rows = picked.rows
    parents = rows.filter(pl.col("parent_id") != pl.col("id"))["parent_id"].unique()
    no_image = pl.col("recovery_point").fill_null("").str.strip_chars() == ""
    starts_others = (pl.col("children").fill_null("0") != "0") | pl.col("id").is_in(parents.implode())
    # Jobs of virtual machines name the host that reads them as the client.
    machine = pl.when(pl.col("kind") == "VMWARE").then(pl.col("display").replace("", None))
    rows = rows.with_columns(
        client=pl.coalesce(machine, "clientName"), parent=pl.when(starts_others & no_image).then(pl.lit("true"))
    )
    whole = isinstance(data, list) and _whole(document, len(data))
    return runs(rows, REST_TYPES, envelope if whole else replace(envelope, complete=None), [*faults, *picked.faults])


def _whole(document: Any, shown: int) -> bool:
    """Tell whether a page is all there is."""
    return _records.at(document, ("meta", "pagination", "count")) == shown and _records.at(document, ("links", "next")) is None
