"""ServiceNow's CMDB: classes of configuration items, as the Table API's JSON (`/api/now/table/cmdb_ci_server`) or a list exported as CSV.

Identity: `sys_id`. A list exported as CSV has it only when it was asked for; its other values are display values, and its times are of the zone of the
user who exported it, which it does not say. The API's times are UTC.
States: `install_status` and `operational_status`, by the tables below; of the two the one that is nearer to the end decides.
Cut: exports and pages of the API end at 10,000 rows and do not say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from audit.adapters import _text
from audit.adapters._typed import shown
from audit.errors import Fault
from audit.inventories import _documents, _rows
from audit.inventories._inventory import (
    IN_SERVICE,
    PLANNED,
    RETIRED,
    UNKNOWN,
    Entry,
    Inventory,
    cleaned,
    once,
    unknown_words,
    without_identity,
)

INSTALL = {
    "1": IN_SERVICE, "installed": IN_SERVICE,
    "2": PLANNED, "on order": PLANNED,
    "3": IN_SERVICE, "in maintenance": IN_SERVICE,
    "4": PLANNED, "pending install": PLANNED,
    "5": IN_SERVICE, "pending repair": IN_SERVICE,
    "6": PLANNED, "in stock": PLANNED,
    "7": RETIRED, "retired": RETIRED,
    "8": RETIRED, "stolen": RETIRED,
    "100": RETIRED, "absent": RETIRED,
}  # fmt: skip
"""`install_status`: values, and the words that they are shown as."""
OPERATIONAL = {
    "1": IN_SERVICE, "operational": IN_SERVICE,
    "2": IN_SERVICE, "non-operational": IN_SERVICE,
    "3": IN_SERVICE, "repair in progress": IN_SERVICE,
    "4": IN_SERVICE, "dr standby": IN_SERVICE,
    "5": PLANNED, "ready": PLANNED,
    "6": RETIRED, "retired": RETIRED,
    "7": PLANNED, "pipeline": PLANNED,
    "8": PLANNED, "catalog": PLANNED,
}  # fmt: skip
"""`operational_status`. Non-operational: it stands still, and its data can be lost all the same."""
_NEARER_THE_END = (RETIRED, UNKNOWN, IN_SERVICE, PLANNED)
PAGE = 10_000
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})")
_NAMES = {"ip_address": "ip", "sys_created_on": "created", "sys_updated_on": "updated", "owned_by": "owner"}
"""Attributes that other inventories have as well, by the names that they have there."""
_OWN = {"sys_id", "name", "sys_class_name"}


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - the name is only a hint
    """Claim results of the Table API, and lists with the columns of configuration items."""
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return b'"sys_id"' in head and b'"result"' in head and b'"sys_class_name"' in head
    names = set(_rows.columns_of(head)[1])
    return "name" in names and bool(names & {"sys_class_name", "sys_id"}) and bool(names & {"install_status", "operational_status"})


def read(payload: bytes, name: str) -> Inventory:
    """Read a page of the Table API, or a list exported as CSV."""
    if payload[: _text.HEAD].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _api(payload, name)
    table = _rows.from_csv(payload, name, wanted=("name", "sys_class_name", "install_status"))
    if "name" not in table.names:
        raise _documents.refused(
            name, "has no column `name`", "export the list with its field names, or declare its columns (`table:`)", "line 1"
        )
    naive = any(_TIME.fullmatch(row.get("sys_created_on", "") or row.get("sys_updated_on", "")) for _, row in table.rows)
    faults = list(table.faults)
    if naive:
        what = "times in an exported list are of the zone of the user who exported it, which it does not say"
        faults.append(Fault(name, what, "where a date matters, use the Table API, whose times are UTC", level="warning"))
    return _inventory(table.rows, name, faults, zone="")


def _api(payload: bytes, name: str) -> Inventory:
    whole = _documents.document(payload, name)
    if not isinstance(whole, dict) or "result" not in whole:
        raise _documents.refused(name, "has no `result`", "get /api/now/table/cmdb_ci_server as JSON")
    faults: list[Fault] = []
    result = whole["result"] if isinstance(whole["result"], list) else [whole["result"]]
    rows = [(at, _plain(item)) for at, item in _documents.objects(result, name, "/result", faults)]
    return _inventory(rows, name, faults, zone="Z")


def _plain(item: Mapping[str, Any]) -> dict[str, str]:
    """Return an item's texts: of references the value (their display value beside it, where it was asked for)."""
    told = {}
    for key, value in item.items():
        if isinstance(value, dict):
            told[key] = _documents.text(value.get("value") or value.get("display_value"))
            told[f"{key}.display"] = _documents.text(value.get("display_value"))
        else:
            told[key] = _documents.text(value)
    return {key: text for key, text in told.items() if text}


def state(install: str, operational: str) -> str:
    """Return our word for the two statuses; an empty one says nothing, and a word that is in no table leaves it unknown."""
    said = [INSTALL.get(install.casefold(), UNKNOWN)] if install else []
    said += [OPERATIONAL.get(operational.casefold(), UNKNOWN)] if operational else []
    return next((one for one in _NEARER_THE_END if one in said), UNKNOWN)


def _inventory(rows: Iterable[tuple[str, Mapping[str, str]]], name: str, faults: list[Fault], zone: str) -> Inventory:
    entries = []
    count = 0
    for locator, row in rows:
        count += 1
        install, operational = row.get("install_status", ""), row.get("operational_status", "")
        if not row.get("name"):
            faults.append(Fault(name, "the item has no name", "give it one in the CMDB", locator, "name", level="warning"))
        attributes = {_NAMES.get(key, key): _dated(text, zone) for key, text in row.items() if key not in _OWN}
        entries.append(
            Entry(
                row.get("sys_id", ""),
                row.get("name", ""),
                row.get("sys_class_name", ""),
                state(install, operational),
                ", ".join(
                    f"{key} {text}" for key, text in (("install_status", install), ("operational_status", operational)) if text
                ),
                cleaned(attributes),
                locator,
                name,
            )
        )
    kept, twice = once(name, entries)
    remedy = (
        "export it with all fields (.do?CSV&sysparm_default_export_fields=all), use the Table API, or say `key:` in the mapping"
    )
    faults += [*twice, *unknown_words(name, kept), *without_identity(name, kept, remedy), *_alike(name, kept)]
    full = count > 0 and count % PAGE == 0
    page = f"it has exactly {count} rows, at which ServiceNow cuts off without a word" if full else ""
    return Inventory(tuple(kept), tuple(faults), scope="items", continues=page)


def _dated(text: str, zone: str) -> str:
    """Return a time as RFC 3339, without offset where the export does not say its zone."""
    match = _TIME.fullmatch(text)
    return f"{match[1]}T{match[2]}{zone}" if match else text


def _alike(where: str, entries: list[Entry]) -> list[Fault]:
    """Say which items differ in nothing of their name but capitals: mostly one machine, entered twice."""
    first: dict[str, Entry] = {}
    faults = []
    for one in entries:
        other = first.setdefault(one.name.casefold(), one)
        if one.name and other is not one:
            what = f"{shown(one.name)} has the name of the item at {other.locator} ({other.state}; this one is {one.state})"
            faults.append(Fault(where, what, "merge them in the CMDB if they are one", one.locator, "name", level="warning"))
    return faults
