"""`GET /netbackup/catalog/images`: JSON:API documents of images, with the fragments of their copies."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from audit.adapters import _records
from audit.adapters._typed import shown
from audit.adapters.veritas_netbackup._images import facts_of_copies, whole_command
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import Facts

STATUSES: dict[str, str | None] = {"0": None, "1": "partial", "not told": None}
"""`backupStatus` of an image, by the status codes of jobs: 0 good, 1 partly successful. An image of any other number is quarantined."""

_FIELDS = {
    "id": "backupId",
    "client": "clientName",
    "policy": "policyName",
    "schedule": "scheduleType",
    "captured_at": "backupTime",
    "elapsed": "elapsedTimeSeconds",
    "expires": "expiration",
    "kilobytes": "kbytes",
    "status": "backupStatus",
}
_FRAGMENT = {
    "copy": "copyNumber",
    "expires": "expiration",
    "made": "copyDate",
    "kind": "mediaType",
    "host": "host",
    "described": "mediaDesc",
    "key": "keyTag",
}
_NONE = ("", "*NULL*", "0", "1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00Z")
_NEVER = ("2038-01-19T03:14:07.000Z", "2038-01-19T03:14:07Z", "2147483647")
"""The epoch by which NetBackup says never."""
_TAPE = "2"


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read a page of images, or one image. A page that says there are more is no whole catalog."""
    where = envelope.name or envelope.tool
    document = _records.document(payload, envelope, ("data",))
    data = _records.at(document, "data")
    single = isinstance(data, dict)
    found, faults = _records.objects([data] if single else data, "/data", where)
    found = [("/data" if single else pointer, each) for pointer, each in found]
    images = []
    for pointer, each in found:
        attributes = each.get("attributes")
        if isinstance(attributes, dict) and isinstance(attributes.get("fragments"), list):
            images.append((f"{pointer}/attributes", {"backupId": each.get("id"), **attributes}))
        else:
            faults.append(
                Fault(where, "this image has no attributes, or no list of fragments: it was not used", "fetch it again", pointer)
            )
    picked = _records.pick(images, _FIELDS, where)
    rows = picked.rows.with_columns(status=picked.rows["status"].fill_null("not told"))
    told = _records.told(rows, "status", STATUSES, where, into="completeness")
    faults += [*picked.faults, *told.faults]
    by_place = dict(images)
    copies: list[dict[str, str | None]] = []
    for row in told.rows.iter_rows(named=True):
        copies += _copies(row, by_place[row["locator"]]["fragments"], where, faults)
    paged = not single and _records.at(document, ("meta", "pagination", "count")) == len(data if isinstance(data, list) else [])
    paged = paged and _records.at(document, ("links", "next")) is None
    if envelope.complete and not paged:
        what = "this listing is taken as incomplete: it is a page of several, or one image"
        faults.append(Fault(where, what, "fetch all pages into one answer", "/meta/pagination", "count", level="warning"))
    return facts_of_copies(copies, envelope, faults, whole=paged and _all(envelope, where, faults))


def _copies(row: dict[str, Any], fragments: list[Any], where: str, faults: list[Fault]) -> list[dict[str, str | None]]:
    """Return a row for each copy that can be restored; a warning where there is none."""
    place = row["locator"]
    objects, bad = _records.objects(fragments, f"{place}/fragments", where)
    picked = _records.pick(objects, _FRAGMENT, where)
    faults += [*bad, *picked.faults]
    by_copy: dict[str, list[dict[str, str | None]]] = {}
    for fragment in picked.rows.iter_rows(named=True):
        by_copy.setdefault(fragment["copy"] or "1", []).append(fragment)
    found: list[dict[str, str | None]] = []
    for number, parts in by_copy.items():
        expires = next((part["expires"] for part in parts if (part["expires"] or "") not in _NONE), None)
        if expires is None or (row["expires"] or "") in _NONE:
            continue
        first = parts[0]
        found.append({
            **{name: row[name] for name in ("client", "policy", "schedule", "elapsed", "kilobytes", "completeness")},
            "id": row["id"] if number == "1" or row["id"] is None else f"{row['id']}#{number}",
            "copy": number,
            "captured_at": _epoch(row["captured_at"]),
            "expires_at": None if expires in _NEVER else _epoch(expires),
            "made": _epoch(first["made"]) if (first["made"] or "") not in _NONE else None,
            "repository": _repository(first),
            "encrypted": "yes" if (first["key"] or "") not in _NONE else None,
            "locator": place,
        })  # fmt: skip
    if not found:
        what = f"the image {shown(row['id'])} is in progress or failed, or has no copy: it is no recovery point"
        faults.append(Fault(where, what, "", place, "fragments", level="warning"))
    original = next((one for one in found if one["copy"] == "1"), None)
    for one in found:
        if original is not None and one is not original:
            one |= {"copy_of_repository": original["repository"], "copy_of_id": row["id"]}
    return found


def _epoch(text: str | None) -> str | None:
    """Return a time with an offset as seconds since 1970; what is none stays, to be told."""
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return text
    return text if at.tzinfo is None else str(int(at.astimezone(UTC).timestamp()))


def _repository(fragment: dict[str, str | None]) -> str | None:
    """As in the fragments of `bpimagelist`."""
    host, described = fragment["host"], (fragment["described"] or "").split(";")
    if fragment["kind"] != _TAPE and len(described) > 3 and described[2] and described[3]:
        return f"{described[2]}:{described[3]}"
    return None if not host else f"tape:{host}" if fragment["kind"] == _TAPE else f"disk:{host}"


def _all(envelope: Envelope, where: str, faults: list[Fault]) -> bool:
    """Tell whether the request asked for every image: without a filter of its own the API gives the last day."""
    command = envelope.command or ""
    if not envelope.complete or "catalog/images" not in command:
        return whole_command(envelope, where, faults)
    asked = re.sub(r"%20|\+", " ", command)
    since = re.search(r"filter=\(?backupTime ge (?:19[0-9][0-9]|2000)-[0-9T:.Z-]+\)?(?:&|'|\"|\s*$)", asked)
    if since:
        return True
    what = "this listing is taken as incomplete: without a filter the API gives the last day, and with another one a part of the images"
    faults.append(Fault(where, what, "ask with filter=backupTime ge 1970-01-01T00:00:00Z", "", "complete", level="warning"))
    return False
