"""NetBox: devices and virtual machines as its API lists them (`/api/dcim/devices/`, `/api/virtualization/virtual-machines/`), JSON.

Identity: `device/ID` and `vm/ID`; names may be missing, and the same at several sites. States: `status`, by the table below; releases before 2.7 write numbers.
Pages: `count` says how many there are in all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.errors import Fault
from audit.inventories import _documents
from audit.inventories._inventory import IN_SERVICE, PLANNED, UNKNOWN, Entry, Inventory, cleaned, once, unknown_words

STATUS = {
    "active": IN_SERVICE,
    "offline": IN_SERVICE,
    "paused": IN_SERVICE,
    "failed": IN_SERVICE,
    "decommissioning": IN_SERVICE,
    "planned": PLANNED,
    "staged": PLANNED,
    "inventory": PLANNED,
}
"""`status`. What is offline, has failed or is being taken out of service still holds data."""
NUMBERS = {"0": "offline", "1": "active", "2": "planned", "3": "staged", "4": "failed", "5": "inventory", "6": "decommissioning"}
"""What releases before 2.7 write."""
_NAMED = (
    "role",
    "device_role",
    "tenant",
    "platform",
    "site",
    "location",
    "rack",
    "cluster",
    "device_type",
    "device",
    "parent_device",
)
"""Attributes that are objects: their slug, else name, else model stands for them."""
_PLAIN = (
    "serial",
    "asset_tag",
    "display",
    "display_name",
    "description",
    "comments",
    "created",
    "last_updated",
    "vcpus",
    "memory",
    "disk",
)
_BEGINNING = (b'"count"', b'"next"', b'"previous"', b'"results"')


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - the name is only a hint
    """Claim a page of devices or machines, or an empty one."""
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") or not all(key in head for key in _BEGINNING):
        return False
    return b'"device_type"' in head or b'"vcpus"' in head or b'"cluster"' in head or b'"count":0' in head.replace(b" ", b"")


def read(payload: bytes, name: str) -> Inventory:
    """Read a page of a listing."""
    whole = _documents.document(payload, name)
    if not isinstance(whole, dict) or "results" not in whole:
        raise _documents.refused(
            name, "has no `results`", "get /api/dcim/devices/ or /api/virtualization/virtual-machines/ as JSON"
        )
    faults: list[Fault] = []
    entries = []
    scope = ""
    for at, item in _documents.objects(whole["results"], name, "/results", faults):
        kind = "device" if "device_type" in item else "vm"
        scope = scope or kind
        number = _documents.text(item.get("id"))
        if not number:
            faults.append(Fault(name, "the item has no `id`", "export it again, whole", at, "id"))
            continue
        told = _status(item.get("status"))
        called = _documents.text(item.get("name"))
        if not called:
            what = f"{kind}/{number} has no name in NetBox"
            faults.append(
                Fault(name, what, "name it there, or give assets another `name:` in the mapping", at, "name", level="warning")
            )
        state = STATUS.get(NUMBERS.get(told, told).casefold(), UNKNOWN)
        entries.append(Entry(f"{kind}/{number}", called, kind, state, told, _attributes(item), at, name))
    kept, twice = once(name, entries)
    count = whole.get("count")
    total = count if isinstance(count, int) and not isinstance(count, bool) else None
    page = "it says that there is another page (`next`)" if whole.get("next") else ""
    return Inventory(tuple(kept), (*faults, *twice, *unknown_words(name, kept)), scope, total, continues=page)


def _status(told: Any) -> str:
    """Return the word or number of a status. Some recorded answers have a truth value in the place of the number: their label says it."""
    if isinstance(told, dict):
        value = told.get("value")
        return _documents.text(told.get("label")).casefold() if isinstance(value, bool) else _documents.text(value)
    return _documents.text(told)


def _attributes(item: Mapping[str, Any]) -> dict[str, str]:
    told: dict[str, Any] = {key: _named(item.get(key)) for key in _NAMED}
    told["role"] = told["role"] or told.pop("device_role", "")
    told |= {key: _documents.text(item.get(key)) for key in _PLAIN}
    for key, own in (("primary_ip", "ip"), ("primary_ip4", "ip4"), ("primary_ip6", "ip6"), ("oob_ip", "oob_ip")):
        address = item.get(key)
        told[own] = _documents.text(address.get("address") if isinstance(address, dict) else address).partition("/")[0]
    told["ip"] = told["ip"] or told["ip4"] or told["ip6"]
    device_type = item.get("device_type")
    told["manufacturer"] = _named(device_type.get("manufacturer")) if isinstance(device_type, dict) else ""
    tags = item.get("tags")
    told["tags"] = ", ".join(filter(None, map(_named, tags))) if isinstance(tags, list) else ""
    fields = item.get("custom_fields")
    if isinstance(fields, dict):
        told |= {f"custom.{key}": value for key, value in fields.items()}
    return cleaned(told)


def _named(value: Any) -> str:
    if isinstance(value, dict):
        return next((text for key in ("slug", "name", "model", "display") if (text := _documents.text(value.get(key)))), "")
    return _documents.text(value)
