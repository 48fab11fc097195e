"""vCenter: virtual machines as RVTools exports them (`tabvInfo` as CSV, or the workbook's sheet `vInfo`), or as PowerCLI's `Get-VM | Export-Csv`.

Identity: of RVTools `VI SDK UUID` (the vCenter) with `VM ID` (the managed object); of PowerCLI `Uid`, else `PersistentId`. Never the name: two vCenters may have a sql01 each.
States: templates and placeholders of Site Recovery Manager are told by their columns; every other machine is in service, also one that is powered off.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from audit.adapters._typed import shown
from audit.errors import Fault, InputError
from audit.inventories import _documents, _rows, _sheets
from audit.inventories._inventory import (
    IN_SERVICE,
    PLACEHOLDER,
    TEMPLATE,
    UNKNOWN,
    Entry,
    Inventory,
    cleaned,
    once,
    unknown_words,
    without_identity,
)

POWER = frozenset({"poweredon", "poweredoff", "suspended"})
"""`Powerstate`. What is powered off, or sleeps, still holds data."""
TRUE = frozenset({"true", "wahr", "vrai", "1"})
"""What RVTools writes for yes, by the language of the machine it ran on."""
_SHEET = "vInfo"
_RVTOOLS = {
    "DNS Name": "fqdn", "Primary IP Address": "ip", "Cluster": "cluster", "Host": "host", "Datacenter": "datacenter", "Folder": "folder",
    "Creation date": "created", "Powerstate": "power", "Annotation": "annotation", "OS according to the configuration file": "os",
    "VM ID": "vm_id", "VM UUID": "vm_uuid", "VI SDK Server": "vcenter", "VI SDK UUID": "vcenter_uuid", "Resource pool": "resource_pool",
}  # fmt: skip
_POWERCLI = {
    "Id": "vm_id", "PersistentId": "instance_uuid", "Uid": "uid", "PowerState": "power", "VMHost": "host", "Folder": "folder",
    "ResourcePool": "resource_pool", "CreateDate": "created", "Notes": "annotation", "Cluster": "cluster",
}  # fmt: skip
_TIME = re.compile(r"(\d{4})[/-](\d{2})[/-](\d{2}) (\d{2}:\d{2}:\d{2})")


def identify(name: str, head: bytes) -> bool:
    """Claim tables with the columns of RVTools or PowerCLI, and workbooks with the sheet of RVTools."""
    if _sheets.is_workbook(head):
        try:
            return _SHEET in _sheets.sheet_names(head, name)
        except InputError:
            return False
    names = set(_rows.columns_of(head)[1])
    return {"VM", "Powerstate", "Template"} <= names or (
        {"Name", "PowerState"} <= names and bool(names & {"VMHost", "PersistentId", "Uid"})
    )


def read(payload: bytes, name: str) -> Inventory:
    """Read an export."""
    if _sheets.is_workbook(payload):
        table = _rows.from_sheet(payload, name, _SHEET, wanted=tuple(_RVTOOLS))
    else:
        table = _rows.from_csv(payload, name, wanted=("VM", "Powerstate", "Name", "PowerState"))
    if not {"VM", "Name"} & set(table.names):
        raise _documents.refused(
            name, "has neither the column `VM` nor `Name`", "export it with RVTools or PowerCLI, or declare its columns (`table:`)"
        )
    rvtools = "VM" in table.names
    faults = list(table.faults)
    entries = [_rvtools(row, at, name) if rvtools else _powercli(row, at, name) for at, row in table.rows]
    kept, twice = once(name, entries)
    remedy = "export all columns (RVTools: Export all; PowerCLI: Select-Object *), or say `key:` in the mapping"
    faults += [*twice, *unknown_words(name, kept), *without_identity(name, kept, remedy), *_same_names(name, kept)]
    return Inventory(tuple(kept), tuple(faults), scope="machines")


def _rvtools(row: Mapping[str, str], at: str, name: str) -> Entry:
    power = row.get("Powerstate", "")
    state = IN_SERVICE if power.casefold() in POWER else UNKNOWN
    if row.get("SRM Placeholder", "").casefold() in TRUE:
        state = PLACEHOLDER
    if row.get("Template", "").casefold() in TRUE:
        state = TEMPLATE
    vcenter, machine = row.get("VI SDK UUID", ""), row.get("VM ID", "")
    key = f"{vcenter}/{machine}" if vcenter and machine else ""
    return Entry(
        key, row.get("VM", ""), "vm", state, power, _attributes(row, _RVTOOLS, {"VM", "Template", "SRM Placeholder"}), at, name
    )


def _powercli(row: Mapping[str, str], at: str, name: str) -> Entry:
    power = row.get("PowerState", "")
    key = row.get("Uid") or row.get("PersistentId") or ""
    state = IN_SERVICE if power.casefold() in POWER else UNKNOWN
    return Entry(key, row.get("Name", ""), "vm", state, power, _attributes(row, _POWERCLI, {"Name"}), at, name)


def _attributes(row: Mapping[str, str], names: Mapping[str, str], own: set[str]) -> dict[str, str]:
    """Return the columns by the names that other inventories have for them, all others by their own."""
    return cleaned({names.get(column, column): _dated(text) for column, text in row.items() if column not in own})


def _dated(text: str) -> str:
    match = _TIME.fullmatch(text)
    return f"{match[1]}-{match[2]}-{match[3]}T{match[4]}" if match else text


def _same_names(where: str, entries: list[Entry]) -> list[Fault]:
    first: dict[str, Entry] = {}
    faults = []
    for one in entries:
        other = first.setdefault(one.name.casefold(), one)
        if other is not one and IN_SERVICE in (one.state, other.state):
            what = f"{shown(one.name)} is the name of the machine at {other.locator} as well"
            remedy = "tell their assets apart by another `name:` in the mapping, such as {name}@{cluster}"
            faults.append(Fault(where, what, remedy, one.locator, "name", level="warning"))
    return faults
