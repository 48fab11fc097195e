"""Formats by what they may hold: states and their tables, pages and cuts, identities, damaged and hostile payloads."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook

from audit.errors import Fault, InputError
from audit.inventories import aws_resources, servicenow_cmdb
from audit.inventories._inventory import STATES, Inventory
from audit.inventories._mapping import TableMapping
from audit.inventories._registry import formats, read, recognise

ITEM = {"sys_id": "a1", "name": "web", "sys_class_name": "cmdb_ci_server", "install_status": "1", "operational_status": "1"}


def told(value: Any, name: str = "x.json", format_: str | None = None) -> Inventory:
    return read(json.dumps(value).encode(), name, format_)


def workbook(rows: list[list[object]], title: str = "vInfo") -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("install", "operational", "state"),
    [
        ("1", "1", "in service"),
        ("Installed", "Non-Operational", "in service"),
        ("7", "1", "retired"),
        ("1", "6", "retired"),
        ("Absent", "", "retired"),
        ("6", "", "planned"),
        ("", "4", "in service"),
        ("", "", "unknown"),
        ("42", "1", "unknown"),
        ("Installiert", "6", "retired"),
    ],
)
def test_of_two_statuses_the_one_nearer_to_the_end_decides(install: str, operational: str, state: str) -> None:
    assert servicenow_cmdb.state(install, operational) == state


def test_every_state_of_every_table_is_one_of_ours() -> None:
    for module in formats().values():
        for table in ("INSTALL", "OPERATIONAL", "STATUS", "INSTANCE"):
            for word, state in getattr(module, table, {}).items():
                assert state in STATES, word


def test_an_unknown_word_is_told_once_with_its_number() -> None:
    rows = [{**ITEM, "sys_id": f"a{number}", "name": f"n{number}", "install_status": "42"} for number in range(3)]
    found = told({"result": rows})
    assert [one.state for one in found.entries] == ["unknown"] * 3
    (fault,) = found.faults
    assert (fault.level, fault.locator, fault.key) == ("warning", "/result/0", "state")
    assert "install_status 42, operational_status 1" in fault.what
    assert "3 row(s)" in fault.what


@pytest.mark.parametrize(("rows", "cut"), [(9_999, False), (10_000, True), (10_001, False)])
def test_servicenow_cuts_off_at_ten_thousand(rows: int, cut: bool) -> None:
    found = told({"result": [{**ITEM, "sys_id": f"a{number}", "name": f"n{number}"} for number in range(rows)]})
    assert bool(found.continues) == cut


def test_one_identity_told_twice_is_one_entry() -> None:
    found = told({"result": [ITEM, ITEM, {**ITEM, "name": "other"}]})
    assert [one.name for one in found.entries] == ["web"]
    (fault,) = found.faults
    assert (fault.locator, "stands here again" in fault.what) == ("/result/2", True)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({"value": "active", "label": "Active"}, "in service"),
        ({"value": "decommissioning", "label": "Decommissioning"}, "in service"),
        ({"value": "staged", "label": "Staged"}, "planned"),
        ({"value": 5, "label": "Inventory"}, "planned"),
        ({"value": 0, "label": "Offline"}, "in service"),
        ({"value": "on-loan", "label": "On loan"}, "unknown"),
        (None, "unknown"),
    ],
)
def test_netbox_states(status: Any, state: str) -> None:
    item = {
        "id": 7,
        "name": None,
        "device_type": {"model": "R650"},
        "status": status,
        "tags": [{"slug": "gold"}],
        "custom_fields": {"owner": "it"},
    }
    found = told({"count": 2, "next": "http://x/?offset=1", "previous": None, "results": [item]}, format_="netbox")
    (one,) = found.entries
    assert (one.key, one.name, one.state) == ("device/7", "", state)
    assert (one.attributes["tags"], one.attributes["custom.owner"], one.attributes["device_type"]) == ("gold", "it", "R650")
    assert (found.total, bool(found.continues)) == (2, True)
    assert any("has no name" in fault.what for fault in found.faults)


RVTOOLS = ["VM", "Powerstate", "Template", "SRM Placeholder", "Cluster", "Creation date", "VM ID", "VI SDK UUID"]


def test_rvtools_whole_has_identities_also_as_a_workbook() -> None:
    rows: list[list[object]] = [
        RVTOOLS,
        ["sql01", "poweredOn", False, False, "c1", "2024/01/01 08:00:00", "vm-7", "uuid-a"],
        ["sql01", "suspended", False, False, "c2", None, "vm-7", "uuid-b"],
        ["gold", "poweredOff", True, False, "c1", None, "vm-8", "uuid-a"],
        ["dr", "poweredOff", False, True, "c1", None, "vm-9", "uuid-a"],
        ["odd", "dreaming", False, False, "c1", None, "vm-10", "uuid-a"],
    ]
    payload = workbook(rows)
    assert recognise("export.xlsx", payload) == "vcenter"
    found = read(payload, "export.xlsx")
    assert [(one.key, one.state) for one in found.entries] == [
        ("uuid-a/vm-7", "in service"),
        ("uuid-b/vm-7", "in service"),
        ("uuid-a/vm-8", "template"),
        ("uuid-a/vm-9", "placeholder"),
        ("uuid-a/vm-10", "unknown"),
    ]
    assert found.entries[0].attributes["created"] == "2024-01-01T08:00:00"
    assert [one.locator for one in found.entries] == [f"row {number}" for number in range(2, 7)]


def test_powercli_with_its_remark_and_semicolons() -> None:
    text = '#TYPE VMware.VimAutomation\r\n"Name";"PowerState";"VMHost";"Id";"PersistentId"\r\n"app";"PoweredOff";"esx1";"VirtualMachine-vm-3";"5012-ab"\r\n'
    payload = text.encode("utf-8-sig")
    assert recognise("vms.csv", payload) == "vcenter"
    (one,) = read(payload, "vms.csv").entries
    assert (one.key, one.name, one.state, one.attributes["host"], one.locator) == ("5012-ab", "app", "in service", "esx1", "line 3")


def test_resource_explorer_says_that_it_is_not_complete() -> None:
    resource = {
        "Arn": "arn:aws:ec2:eu-west-1:1:instance/i-1",
        "OwningAccountId": "1",
        "Region": "eu-west-1",
        "ResourceType": "ec2:instance",
        "Service": "ec2",
        "Properties": [{"Name": "tags", "Data": [{"Key": "Name", "Value": "web"}, {"Key": "env", "Value": "prod"}]}],
    }
    found = told({"Resources": [resource], "Count": {"TotalResources": 1000, "Complete": False}})
    (one,) = found.entries
    assert (one.key, one.name, one.kind, one.attributes["tag.env"]) == (resource["Arn"], "web", "ec2:instance", "prod")
    assert "is not complete" in found.capped
    whole = told({"Resources": [resource], "Count": {"TotalResources": 1, "Complete": True}})
    assert (whole.capped, whole.total) == ("", 1)


def test_tagging_and_configs_of_instances() -> None:
    tagged = told(
        {"PaginationToken": "t", "ResourceTagMappingList": [{"ResourceARN": "arn:aws:rds:eu-west-1:1:db:orders", "Tags": []}]}
    )
    assert [(one.name, one.kind, one.state) for one in tagged.entries] == [("orders", "rds:db", "in service")]
    assert tagged.continues
    inner = json.dumps(
        {
            "resourceId": "i-1",
            "accountId": "1",
            "awsRegion": "r",
            "resourceType": "AWS::EC2::Instance",
            "configuration": {"state": {"name": "terminated"}},
        }
    )
    found = told({"Results": [inner, "{broken"], "QueryInfo": {}})
    assert [(one.key, one.state) for one in found.entries] == [("1/r/AWS::EC2::Instance/i-1", "retired")]
    assert [(fault.locator, fault.level) for fault in found.faults] == [("/Results/1", "error")]
    assert aws_resources.INSTANCE["stopped"] == "in service"


def test_a_history_is_its_latest_state() -> None:
    items = [
        {
            "arn": "arn:aws:s3:::b",
            "resourceType": "AWS::S3::Bucket",
            "resourceId": "b",
            "configurationItemStatus": status,
            "configurationItemCaptureTime": at,
        }
        for status, at in (("OK", "2026-01-01T00:00:00Z"), ("ResourceDeleted", "2026-02-01T00:00:00Z"))
    ]
    found = told({"configurationItems": items})
    assert [(one.key, one.state) for one in found.entries] == [("arn:aws:s3:::b", "retired")]
    assert found.faults == ()


TABLE = TableMapping.model_validate(
    {
        "columns": {"key": "资产编号", "name": "名称", "state": "状态", "ip": ["IP", "端口"]},
        "join": ":",
        "unknown": "-",
        "encoding": "gb18030",
    }
)


def test_a_declared_table_of_either_kind() -> None:
    text = "资产编号,名称,状态,IP,端口\nA-1,数据库,在用,10.0.0.1,1521\nA-2,网站,报废,-,\n,无号,在用,,\n"
    found = read(text.encode("gb18030"), "台账.csv", table=TABLE)
    assert [(one.key, one.name, one.told, dict(one.attributes)) for one in found.entries] == [
        ("A-1", "数据库", "在用", {"ip": "10.0.0.1:1521"}),
        ("A-2", "网站", "报废", {}),
    ]
    assert [(fault.locator, fault.what, fault.level) for fault in found.faults] == [("line 4", "the row has no key", "error")]
    rows: list[list[object]] = [line.split(",") for line in text.splitlines()]
    same = read(workbook(rows, "台账"), "台账.xlsx", table=TABLE)
    assert [(one.key, one.told) for one in same.entries] == [("A-1", "在用"), ("A-2", "报废")]
    with pytest.raises(InputError) as error:
        read(b"a,b\n1,2\n", "x.csv", table=TABLE)
    assert len(error.value.faults) == 5


def packed(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), part)
    return out.getvalue()


def with_entity() -> bytes:
    """A workbook whose sheet declares an entity that reads a file."""
    whole = workbook([RVTOOLS])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.infolist():
            text = old.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                text = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + text
            new.writestr(part, text)
    return out.getvalue()


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (packed(xl__workbook_xml=b"\0" * (300 << 20)), "unpacks to more than 256 MiB"),
        (with_entity(), "declares entities in xl/worksheets/sheet1.xml"),
        (packed(a_xml=b"<a/>"), "no workbook"),
        (workbook([RVTOOLS])[:-40], "damaged or locked"),
    ],
    ids=["bomb", "entity", "strange", "cut"],
)
def test_hostile_workbooks_are_refused(payload: bytes, says: str) -> None:
    with pytest.raises(InputError) as error:
        read(payload, "x.xlsx", table=TABLE)
    assert says in str(error.value)


@pytest.mark.parametrize("payload", [b"", b"hello", b"{}", b'{"result": [', b"PK\x03\x04rest", b"\x00\xff" * 9, b"a,b\n1,2\n"])
def test_what_is_no_inventory_is_said_in_one_sentence(payload: bytes) -> None:
    with pytest.raises(InputError) as error:
        recognise("x", payload)
    assert error.value.faults


@pytest.mark.parametrize("format_", [one for one in formats() if one not in ("declared-table",)])
@pytest.mark.parametrize(
    "payload", [b"[]", b"{}", b"null", b'{"result": 3, "results": 3, "Resources": 3}', b"{", b"\xff", b"a,b\n1,2\n"]
)
def test_no_format_breaks_on_what_it_does_not_know(format_: str, payload: bytes) -> None:
    try:
        found = read(payload, "x", format_)
    except InputError as error:
        found = Inventory((), error.faults or (Fault("x", "silent"),))
    assert found.entries == ()
    assert all(fault.what != "silent" for fault in found.faults)
