"""MongoDB Atlas and Ops Manager: snapshots of clusters, restore jobs and exports, as JSON of the API or of the Atlas CLI.

Formats read: lists of snapshots, of restore jobs and of export jobs (`results` of an answer), or one of them; Ops Manager's snapshots too. Backup schedules and the compliance
policy are recognised and carry no facts. Sharded clusters have a list of snapshots of their own (`/snapshots/shardedClusters`), which is easily missed.

Point: id = the snapshot's id; subject = repository = `project/cluster` from the links of the answer, else from the command in the envelope, because snapshots lie with the cluster
and can go with it. Each is self-contained. An export that succeeded is a copy, in the repository `export bucket ID`.

Time semantics: UTC. captured_at = createdAt, when the snapshot was taken; an export has the time of its snapshot. When a snapshot became restorable is not told.

Proof of deletion: a complete list (as many results as totalCount, and not none: a sharded cluster has its snapshots in the other list) that lacks a snapshot.

Success: the status of a snapshot; one without status is quarantined. A restore has no status: it is a success when finishedAt is set and it neither failed, expired nor was
cancelled. A restore by download only prepares a file, shows nothing of a restore, and is passed over. A `fallback` snapshot is not known to be whole.

What MongoDB Atlas cannot show: copies of snapshots in other regions, one by one; immutability (declare the compliance policy of the repository); whether restored data was looked at.

Tested against: payloads of the tests of the vendor's client for snapshots, restores and exports; statuses and Ops Manager as documented schema only.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import polars as pl

from audit.adapters import _command, _listing, _records
from audit.adapters._typed import shown, typed
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "schema"

STATUSES: dict[str, str | None] = {"completed": "there", "queued": "running", "inProgress": "running", "failed": "failed"}
"""Status of a snapshot: `running` and `failed` are runs, and no points."""

EXPORTS: dict[str, str | None] = {
    "Successful": "success",
    "Queued": "running",
    "InProgress": "running",
    "Failed": "failed",
    "Cancelled": "cancelled",
}

DELIVERIES: dict[str, str | None] = {"automated": "restore", "pointInTime": "restore", "download": "none"}

SETTINGS = {"copyProtectionEnabled", "policies"}
"""Keys of the compliance policy and of schedules."""

_KEY = re.compile(
    rb'"(?:snapshotType"\s*:\s*"(?:scheduled|onDemand|fallback)"|deliveryType"\s*:\s*"(?:automated|pointInTime|download)"'
    rb'|(?:exportBucketId|copyProtectionEnabled|policyItems)"\s*:)'
)
_LINK = re.compile(rb'/api/(?:atlas|public)/v[0-9.]+/groups/[^"/]+/clusters/[^"/]+/(?:backup/)?(?:snapshots|restoreJobs|exports)')
_CLUSTER = re.compile(r"/groups/([^/?]+)/clusters/([^/?]+)")


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """JSON with a key, or a link, that only these answers have."""
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] != b"{" or b'"record"' in head:
        return False
    return bool(_KEY.search(head) or _LINK.search(head))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read one answer. Raises `InputError` when it is none."""
    where = envelope.name or envelope.tool
    document = _records.document(payload, envelope)
    if isinstance(document, dict):
        if "results" in document:
            objects, faults = _records.objects(document["results"], "/results", where)
        else:
            objects, faults = [("", document)], []
        keys = set().union(*(record for _, record in objects))
        links = str(document.get("links"))
        if "deliveryType" in keys or (not keys and "/restoreJobs" in links):
            return _restores(objects, faults, document, envelope)
        if {"exportBucketId", "snapshotId"} <= keys or (not keys and "/exports" in links):
            return _exports(objects, faults, document, envelope)
        if {"snapshotType", "complete"} & keys or (not keys and "/snapshots" in links):
            return _snapshots(objects, faults, document, envelope)
        if keys & SETTINGS:
            return Facts()
    fault = Fault(
        where, f"this is no answer of Atlas that is known: {shown(document)}", "list snapshots, restore jobs or exports as JSON"
    )
    raise InputError(str(fault), [fault])


def _clusters(objects: list[_records.Object], document: dict[str, Any], envelope: Envelope) -> pl.DataFrame:
    """Return for each record (`locator`) the cluster that it is of: `project/cluster`."""
    general = _linked(document) or _commanded(envelope)
    rows = [(place, _linked(record) or general) for place, record in objects]
    return pl.DataFrame(rows, schema={"locator": pl.String(), "cluster": pl.String()}, orient="row")


def _linked(record: dict[str, Any]) -> str | None:
    group, cluster = record.get("groupId"), record.get("clusterId")
    if isinstance(group, str) and isinstance(cluster, str):
        return f"{group}/{cluster}"  # Ops Manager
    links = record.get("links")
    for link in links if isinstance(links, list) else ():
        found = _CLUSTER.search(str(_records.at(link, "href")))
        if found:
            return f"{found[1]}/{found[2]}"
    return None


def _commanded(envelope: Envelope) -> str | None:
    """Return the cluster that a command of the Atlas CLI named."""
    valued = ("--projectId", "--clusterName", "-o", "--output", "--profile", "-P", "--limit", "--page")
    command = _command.parse(envelope.command, "atlas", (), valued)
    if command is None or not command.sure:
        return None
    project = next(iter(command.values("--projectId")), None)
    named = (*command.values("--clusterName"), *(command.arguments[-1:] if command.arguments[-2:-1] == ("list",) else ()))
    return f"{project}/{named[0]}" if project and named else None


def _snapshots(objects: list[_records.Object], faults: list[Fault], document: dict[str, Any], envelope: Envelope) -> Facts:
    where = envelope.name or envelope.tool
    fields: dict[str, str | tuple[str, ...]] = {
        "id": "id", "status": "status", "captured_at": "createdAt", "expires_at": "expiresAt", "bytes": "storageSizeBytes", "key": "masterKeyUUID",
        "type": "snapshotType", "complete": "complete", "created": ("created", "date"), "expires": "expires", "keep": "doNotDelete",
    }  # fmt: skip
    picked = _records.pick(objects, fields, where)
    # Ops Manager says only whether a snapshot is complete.
    word = pl.col("complete").replace_strict({"true": "completed", "false": "inProgress"}, default=None)
    known = _records.told(
        picked.rows.with_columns(pl.coalesce("status", word).alias("status")), "status", STATUSES, where, into="state"
    )
    rows = known.rows.join(_clusters(objects, document, envelope), on="locator", how="left", maintain_order="left")
    rows = rows.with_columns(
        pl.coalesce("captured_at", "created").alias("captured_at"),
        expires_at=pl.when(pl.col("keep").ne_missing("true")).then(pl.coalesce("expires_at", "expires")),
        subject="cluster",
        repository="cluster",
        method=pl.lit("snapshot"),
        self_contained=pl.lit("true"),
        encrypted=pl.when(pl.col("key").is_not_null()).then(pl.lit("yes")),
        completeness=pl.when(pl.col("type").ne_missing("fallback")).then(pl.lit("complete")),
        basis=pl.lit("catalog"),
    )
    rows = _records.times(rows, ("captured_at", "expires_at"))
    read_ = typed("recovery_point", rows.filter(pl.col("state") == "there"), envelope)
    made = rows.filter(pl.col("state") != "there").select(
        "id", "subject", "repository", "method", "locator", kind=pl.lit("backup"), outcome="state", started_at="captured_at"
    )
    ran = typed("run", made, envelope)
    several = "results" in document
    told = replace(envelope, complete=bool(envelope.complete) and several and _whole(document, objects))
    # No results say nothing: a sharded cluster has its snapshots in another list.
    listings = _listing.from_envelope(read_.frame, told, empty_table=False) if several else None
    return _records.assembled(
        envelope, [*faults, *picked.faults, *known.faults, *read_.faults, *ran.faults], read_.frame, ran.frame, listings
    )


def _whole(document: dict[str, Any], objects: list[_records.Object]) -> bool:
    """Tell whether an answer has all results: Atlas shows 100 a page."""
    links = document.get("links")
    more = any(_records.at(link, "rel") == "next" for link in links) if isinstance(links, list) else False
    return not more and document.get("totalCount", len(objects)) == len(objects)


def _restores(objects: list[_records.Object], faults: list[Fault], document: dict[str, Any], envelope: Envelope) -> Facts:
    where = envelope.name or envelope.tool
    fields: dict[str, str | tuple[str, ...]] = {
        "id": "id", "delivery": "deliveryType", "recovery_point": "snapshotId", "started_at": "createdAt", "finished_at": "finishedAt",
        "cancelled": "cancelled", "failed": "failed", "expired": "expired",
    }  # fmt: skip
    picked = _records.pick(objects, fields, where)
    known = _records.told(picked.rows, "delivery", DELIVERIES, where, into="kind")
    rows = known.rows.filter(pl.col("kind") != "none").join(
        _clusters(objects, document, envelope), on="locator", how="left", maintain_order="left"
    )
    rows = _records.times(rows, ("started_at", "finished_at")).with_columns(
        subject="cluster",
        repository="cluster",
        outcome=pl.when(pl.col("cancelled") == "true").then(pl.lit("cancelled"))
        .when((pl.col("failed") == "true") | (pl.col("expired") == "true")).then(pl.lit("failed"))
        .when(pl.col("finished_at").is_not_null()).then(pl.lit("success"))
        .otherwise(pl.lit("running")),
    ).with_columns(coverage=pl.when(pl.col("outcome") == "success").then(pl.lit("full")))  # fmt: skip
    ran = typed("run", rows, envelope)
    return _records.assembled(envelope, [*faults, *picked.faults, *known.faults, *ran.faults], runs=ran.frame)


def _exports(objects: list[_records.Object], faults: list[Fault], document: dict[str, Any], envelope: Envelope) -> Facts:
    where = envelope.name or envelope.tool
    fields = {
        "id": "id",
        "state": "state",
        "bucket": "exportBucketId",
        "original": "snapshotId",
        "started_at": "createdAt",
        "finished_at": "finishedAt",
    }
    picked = _records.pick(objects, fields, where)
    known = _records.told(picked.rows, "state", EXPORTS, where, into="outcome")
    rows = known.rows.join(_clusters(objects, document, envelope), on="locator", how="left", maintain_order="left")
    rows = _records.times(rows, ("started_at", "finished_at")).with_columns(
        subject="cluster",
        repository=pl.lit("export bucket ") + pl.col("bucket"),
        kind=pl.lit("copy"),
        recovery_point=pl.when(pl.col("outcome") == "success").then("id"),
    )
    ran = typed("run", rows, envelope)
    copies = rows.filter((pl.col("outcome") == "success") & pl.col("subject").is_not_null()).select(
        "id", "subject", "repository", "locator", available_at="finished_at", copy_of_id="original", copy_of_repository="cluster", method=pl.lit("full"),
        self_contained=pl.lit("true"), completeness=pl.lit("complete"), basis=pl.lit("job"),
    )  # fmt: skip
    points = typed("recovery_point", copies, envelope).frame
    return _records.assembled(envelope, [*faults, *picked.faults, *known.faults, *ran.faults], points, ran.frame)
