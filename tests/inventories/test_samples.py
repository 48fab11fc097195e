"""What the samples of inventories are known to hold. They are others' text, or shaped beside it: they are read where they lie."""

from __future__ import annotations

from collections import Counter

import pytest

from audit.inventories._inventory import Inventory
from audit.inventories._registry import read, recognise
from tests.inventories.verbatim import sample


def given(tool: str, name: str) -> Inventory:
    payload = sample(tool, name)
    found = read(payload, name)
    assert all(one.file == name and one.locator for one in found.entries)
    return found


@pytest.mark.parametrize(
    ("folder", "name", "format_"),
    [
        ("servicenow-cmdb", "table_api_cmdb_ci_server.json", "servicenow-cmdb"),
        ("servicenow-cmdb", "cmdb_ci_server_export.csv", "servicenow-cmdb"),
        ("netbox", "dcim_devices.json", "netbox"),
        ("netbox", "virtual_machines.json", "netbox"),
        ("vcenter-inventory", "RVTools_tabvInfo.csv", "vcenter"),
        ("aws-inventory", "config-list-discovered-resources.json", "aws-resources"),
        ("aws-inventory", "config.GetResourceConfigHistory.placebo.json", "aws-resources"),
        ("aws-inventory", "config.SelectResourceConfig.placebo.json", "aws-resources"),
    ],
)
def test_each_is_recognised(folder: str, name: str, format_: str) -> None:
    assert recognise(name, sample(folder, name)) == format_


def test_the_table_api_tells_one_machine_and_its_retired_double() -> None:
    found = given("servicenow-cmdb", "table_api_cmdb_ci_server.json")
    one, double = found.entries
    assert (one.key, one.name, one.kind, one.state) == (
        "53fdbaf1dcb8970055581620c5e1aaaa",
        "sql01",
        "cmdb_ci_win_server",
        "in service",
    )
    assert (double.key, double.name, double.state) == ("53fdbaf1dcb8970055581620c5e1aaab", "SQL01", "retired")
    assert double.told == "install_status 7, operational_status 6"
    assert one.attributes["owner"] == "u1"
    assert one.attributes["created"] == "2024-01-01T00:00:00Z"
    assert one.attributes["ip"] == "10.0.0.11"
    assert "asset" not in one.attributes
    (fault,) = found.faults
    assert (fault.level, fault.locator) == ("warning", "/result/1")
    assert "'SQL01' has the name of the item at /result/0" in fault.what


def test_an_exported_list_has_display_values_and_no_identity() -> None:
    found = given("servicenow-cmdb", "cmdb_ci_server_export.csv")
    one, double = found.entries
    assert (one.key, one.state, double.state) == ("", "in service", "retired")
    assert one.attributes["owner"] == "Ada Lovelace"
    assert one.attributes["updated"] == "2026-11-20T00:12:03"  # eight hours before the API's, and no zone is claimed
    said = " ".join(fault.what for fault in found.faults)
    assert "2 row(s) have no identity" in said
    assert "zone of the user who exported it" in said


def test_netbox_of_old_writes_numbers() -> None:
    devices = given("netbox", "dcim_devices.json")
    assert (len(devices.entries), devices.total, devices.scope) == (11, 11, "device")
    assert Counter(one.state for one in devices.entries) == {"in service": 11}
    first = devices.entries[0]
    assert (first.key, first.name) == ("device/2", "test1-core1")
    assert first.attributes["ip"] == "10.0.254.1"
    assert first.attributes["manufacturer"] == "juniper"
    machines = given("netbox", "virtual_machines.json")
    (one,) = machines.entries
    assert (one.key, one.name, one.state, one.told) == ("vm/1", "vm-test01", "in service", "1")
    assert one.attributes["cluster"] == "vm-test-cluster"


def test_rvtools_two_machines_have_one_name() -> None:
    found = given("vcenter-inventory", "RVTools_tabvInfo.csv")
    assert [(one.name, one.state) for one in found.entries] == [
        ("sql01", "in service"),
        ("tmpl-win2022", "template"),
        ("old-app", "in service"),
        ("sql01", "in service"),
    ]
    assert {one.key for one in found.entries} == {""}
    assert [one.attributes.get("fqdn") for one in found.entries] == [
        "sql01.corp.example",
        None,
        "old-app.corp.example",
        "sql01.dr.example",
    ]
    said = {fault.locator: fault.what for fault in found.faults}
    assert said["line 5"] == "'sql01' is the name of the machine at line 2 as well"


def test_aws_three_instances_one_service_and_a_legal_nothing() -> None:
    listed = given("aws-inventory", "config-list-discovered-resources.json")
    assert [one.key for one in listed.entries] == [f"AWS::EC2::Instance/i-{number}a2b3c4d" for number in (1, 2, 3)]
    history = given("aws-inventory", "config.GetResourceConfigHistory.placebo.json")
    (service,) = history.entries
    assert service.key == "arn:aws:ecs:us-east-2:644160558196:service/dev/queue-processor"
    assert (service.name, service.kind, service.state) == ("queue-processor", "AWS::ECS::Service", "in service")
    assert service.attributes["configuration.Cluster"] == "arn:aws:ecs:us-east-2:644160558196:cluster/dev"
    assert service.attributes["captured"] == "2021-03-22T08:11:34Z"
    assert history.continues == ""  # its token leads to older states of the same service
    empty = given("aws-inventory", "config.SelectResourceConfig.placebo.json")
    assert (empty.entries, empty.faults, empty.capped) == ((), (), "")
