"""Object lock: the versions of objects in a bucket and until when each is locked, of S3 and Google Cloud Storage.

Formats read: S3's `list-object-versions`, `list-objects-v2`, `head-object`, `get-object-retention` and `get-object-legal-hold` as JSON, an S3 Inventory as CSV with a header line
(Bucket, Key, VersionId, ...), and Cloud Storage's objects (`storage#objects`) as JSON. Settings of buckets and containers (default retention, `storage#bucket`,
Azure's immutability policies) are recognised and carry no facts: they say what new objects get, not what each one has.

Point: an object's version; id = `key@version` (Cloud Storage: `name#generation`), subject = the bucket and the folder of the key, repository =
`s3://bucket` or `gs://bucket`. What describes one object does not name it, so the envelope has to have the command with `--bucket`, `--key` and `--version-id`.
Whether an object needs others is not told. A delete marker hides a key and deletes no version, so it is passed over; where a bucket has versions, list
the versions: a list of objects is never taken as complete.

Time semantics: UTC. available_at = when the object was written; of what instant its content is is not told, so captured_at is unknown. Only a lock that nobody can
take back sets immutable_until: mode COMPLIANCE of S3, `Locked` of Cloud Storage; GOVERNANCE, `Unlocked` and holds can be lifted by permission.

Proof of deletion: a complete list of versions (not truncated, without prefix) that lacks one.

Success: not told; a listing shows what is there, not whether it is whole.

What Object lock cannot show: captured_at, chains, completeness, runs. It adds to the points of the tool that wrote the objects only where that tool names the same ids.

Tested against: a mock of S3 and the examples of the AWS CLI; an inventory, Cloud Storage and Azure as documented schema only.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_plus

import polars as pl

from audit.adapters import _columns, _command, _listing, _records, _table, _text
from audit.adapters._typed import shown, typed
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "schema"

MODES: dict[str, str | None] = {
    "COMPLIANCE": "locked",
    "GOVERNANCE": "liftable",
    "Locked": "locked",
    "Unlocked": "liftable",
    "": "none",
}
"""Mode of a lock: only `locked` cannot be taken back before its end."""

ENCRYPTION = {"SSE-S3": "yes", "SSE-KMS": "yes", "DSSE-KMS": "yes", "SSE-C": "yes", "NOT-SSE": "no"}

_BUCKET, _KEY, _VERSION = "--bucket", "--key", "--version-id"
_COLUMNS = ("Bucket", "Key", "LastModifiedDate")
_HEAD = re.compile(
    rb'"ObjectLock(?:Configuration|Mode|RetainUntilDate|LegalHoldStatus)"\s*:|"IsLatest"\s*:\s*(?:true|false)|"Retention"\s*:\s*\{\s*"(?:Mode|RetainUntilDate)"\s*:'
    rb'|"LegalHold"\s*:\s*\{\s*"Status"|"Contents"\s*:\s*\[\s*\{\s*"Key"|"kind"\s*:\s*"storage#(?:bucket|objects?)"|"immutabilityPolicy"\s*:\s*\{'
)
_S3 = {"key": "Key", "version": "VersionId", "available_at": "LastModified", "bytes": "Size"}
_GCS = {
    "key": "name", "version": "generation", "bucket": "bucket", "available_at": "timeCreated", "bytes": "size", "mode": ("retention", "mode"),
    "until": ("retention", "retainUntilTime"), "gone": "softDeleteTime",
}  # fmt: skip
_ONE = {
    "available_at": "LastModified",
    "bytes": "ContentLength",
    "mode": "ObjectLockMode",
    "until": "ObjectLockRetainUntilDate",
    "version": "VersionId",
}


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """JSON with a key of object locks or versions, or the header of an inventory."""
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head[:1] == b"{":
        return b'"record"' not in head and bool(_HEAD.search(head))
    first = {field.strip(' "\r') for field in head.split(b"\n", 1)[0].decode("ascii", "replace").split(",")}
    return {*_COLUMNS} <= first


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read one list, or what describes one object. Raises `InputError` when it is neither."""
    where = envelope.name or envelope.tool
    if payload.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] != b"{":
        return _inventory(payload, envelope)
    document = _records.document(payload, envelope)
    if not isinstance(document, dict):
        document = {}
    for key in ("Versions", "Contents", "DeleteMarkers"):
        if key in document:
            return _listed(document, key, envelope)
    if document.get("kind") in ("storage#objects", "storage#object"):
        return _stored(document, envelope)
    if {"Retention", "LegalHold", "ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus"} & set(document):
        return _described(document, envelope)
    if document.get("kind") == "storage#bucket" or any(_records.at(document, path) is not None for path in _PATHS):
        return Facts()
    fault = Fault(where, f"this is no list of objects that is known: {shown(document)}", "list the versions of the objects as JSON")
    raise InputError(str(fault), [fault])


_PATHS = (("ObjectLockConfiguration",), ("properties", "immutabilityPolicy"), ("immutabilityPolicy",))
"""Where the settings of a bucket or a container stand."""


def _listed(document: dict[str, Any], key: str, envelope: Envelope) -> Facts:
    """Read a list of S3."""
    where = envelope.name or envelope.tool
    key = "Contents" if key == "Contents" else "Versions"
    objects, faults = _records.objects(document.get(key, []), f"/{key}", where)
    picked = _records.pick(objects, _S3, where)
    name = document.get("Name")
    bucket = name if isinstance(name, str) and name else _option(envelope, _BUCKET)
    rows = picked.rows.with_columns(bucket=pl.lit(bucket, pl.String()))
    part = bool(document.get("Prefix") or _option(envelope, "--prefix")) and envelope.scope is None
    goes_on = any(document.get(more) for more in ("IsTruncated", "NextToken", "NextContinuationToken", "NextKeyMarker"))
    # A list of objects shows one version of each key, and does not tell whether there are more.
    whole = key == "Versions" and not part and not goes_on
    return _facts(rows, [*faults, *picked.faults], envelope, "s3", whole=whole, bucket=bucket)


def _stored(document: dict[str, Any], envelope: Envelope) -> Facts:
    """Read a list of Cloud Storage, or one object."""
    where = envelope.name or envelope.tool
    several = document["kind"] == "storage#objects"
    objects, faults = _records.objects(document.get("items", []), "/items", where) if several else ([("", document)], [])
    picked = _records.pick(objects, _GCS, where)
    rows = picked.rows.filter(pl.col("gone").is_null())  # soft-deleted
    whole = several and not document.get("nextPageToken") and not document.get("prefixes")
    return _facts(rows, [*faults, *picked.faults], envelope, "gs", whole=whole, listed=several)


def _described(document: dict[str, Any], envelope: Envelope) -> Facts:
    """Read what S3 says of one object. It does not say of which one: the command does."""
    where = envelope.name or envelope.tool
    retention = document.get("Retention")
    flat = document | (
        {"ObjectLockMode": retention.get("Mode"), "ObjectLockRetainUntilDate": retention.get("RetainUntilDate")}
        if isinstance(retention, dict)
        else {}
    )
    picked = _records.pick([("", flat)], _ONE, where)
    bucket, key, version = (_option(envelope, name) for name in (_BUCKET, _KEY, _VERSION))
    if bucket is None or key is None or (version is None and "VersionId" not in document):
        what = "this says of one object until when it is locked, but not of which one and of which version"
        fault = Fault(where, what, f"give the command in the envelope, with {_BUCKET}, {_KEY} and {_VERSION}")
        return _records.assembled(envelope, [fault])
    rows = picked.rows.with_columns(
        bucket=pl.lit(bucket), key=pl.lit(key), version=pl.coalesce("version", pl.lit(version, pl.String()))
    )
    return _facts(rows, picked.faults, envelope, "s3", whole=False, listed=False)


def _option(envelope: Envelope, option: str) -> str | None:
    command = _command.parse(envelope.command, "aws", (), (_BUCKET, _KEY, _VERSION, "--prefix"))
    return next(iter(command.values(option)), None) if command is not None else None


def _inventory(payload: bytes, envelope: Envelope) -> Facts:
    """Read an inventory of S3. Its keys are written as in URLs."""
    where = envelope.name or envelope.tool
    text = _text.decode(where, payload)
    names = _columns.named(text, _COLUMNS, where, "write the names of the manifest's fileSchema as first line")
    table = _table.rows(text, names, where)

    def column(name: str) -> pl.Expr:
        return pl.col(name) if name in table.raw.columns else pl.lit(None, pl.String())

    rows = table.raw.filter(column("IsDeleteMarker").str.to_lowercase().ne_missing("true")).select(
        pl.format("line {}", "line").alias("locator"),
        bucket="Bucket", key="Key",
        version=column("VersionId"), available_at="LastModifiedDate", bytes=column("Size"),
        mode=column("ObjectLockMode"), until=column("ObjectLockRetainUntilDate"),
        encrypted=column("EncryptionStatus").replace_strict(ENCRYPTION, default=None),
    )  # fmt: skip
    rows = rows.with_columns(pl.Series("key", [unquote_plus(key) if key else key for key in rows["key"]], dtype=pl.String))
    return _facts(rows, table.faults, envelope, "s3", whole=True)


def _facts(
    rows: pl.DataFrame,
    faults: list[Fault] | tuple[Fault, ...],
    envelope: Envelope,
    scheme: str,
    *,
    whole: bool,
    listed: bool = True,
    bucket: str | None = None,
) -> Facts:
    """Make a point of each version, and the listing that they are."""
    where = envelope.name or envelope.tool
    found = list(faults)
    if "mode" in rows.columns:
        known = _records.told(rows.with_columns(pl.col("mode").fill_null("")), "mode", MODES, where)
        rows, found = known.rows, [*found, *known.faults]
        rows = rows.with_columns(immutable_until=pl.when(pl.col("mode") == "locked").then("until"))
    version = pl.col("version").str.strip_chars()
    versioned = (version.str.len_chars() > 0) & (version != "null")
    mark = "@" if scheme == "s3" else "#"
    folder = pl.col("key").str.extract(r"^(.*)/[^/]*$")
    rows = _records.times(rows, ("available_at", "immutable_until")).with_columns(
        id=pl.when(versioned.fill_null(value=False)).then(pl.col("key") + mark + version).otherwise("key"),
        repository=pl.lit(f"{scheme}://") + pl.col("bucket"),
        subject=pl.coalesce(pl.col("bucket") + "/" + folder, "bucket", pl.lit(envelope.repository, pl.String())),
        basis=pl.lit("catalog"),
    )
    read_ = typed("recovery_point", rows, envelope)
    told = replace(
        envelope, complete=bool(envelope.complete) and whole, repository=f"{scheme}://{bucket}" if bucket else envelope.repository
    )
    listings = _listing.from_envelope(read_.frame, told, empty_table=rows.is_empty()) if listed else None
    return _records.assembled(envelope, [*found, *read_.faults], read_.frame, listings=listings)
