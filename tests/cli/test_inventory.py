"""backup-audit inventory read: an inventory against a programme, what is written, and what is left to people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from audit.inventories._mapping import TableMapping
from audit.inventories._registry import formats
from audit.policy.inventory_mapping import InventoryMapping, Rule, read_mapping
from tests.cli.session import Session
from tests.policy.programmes import BASE
from tests.steps.test_apply import write

MAPPING = """\
inventory: cmdb
name: "{name}"
unit: {from: owner, words: {"u1": finance, "u2*": platform}}
data_class: {from: name, words: {"*db*": messages}, otherwise: files}
tier: {from: [business_criticality, environment], words: {"1*": core}, otherwise: standard, default: standard}
site: dc1
in_service: {from: created}
subjects:
  - {source: tool, subject: "vm/{name}", where: {kind: "cmdb_*"}}
exclude:
  - {where: {kind: cmdb_ci_netgear}, reason: restored from configuration}
"""


def item(number: int, name: str, **more: Any) -> dict[str, Any]:
    told = {
        "sys_id": f"id{number}",
        "name": name,
        "sys_class_name": "cmdb_ci_server",
        "install_status": "1",
        "owned_by": {"link": "x", "value": "u1"},
        "sys_created_on": "2025-01-01 00:00:00",
        "ip_address": f"10.0.0.{number}",
    }
    return {**told, **more}


ITEMS = [
    item(1, "db"),
    item(2, "web"),
    item(3, "old", install_status="7"),
    item(4, "switch", sys_class_name="cmdb_ci_netgear"),
    item(5, "who", owned_by="u9"),
    item(6, "undated", sys_created_on=""),
    item(7, "next", install_status="2"),
    item(8, "odd", install_status="77"),
    item(9, "db.corp.example"),
]


WRITTEN = """\
  inventories: [{inventory: cmdb, key: id1}]
  known_as: ["10.0.0.1"]
- name: web
  unit: finance
  data_class: files
  tier: standard
  site: dc1
  in_service: "2025-01-01T00:00:00Z"
  subjects: [{source: tool, subject: vm/web}]
  inventories: [{inventory: cmdb, key: id2}]
  known_as: ["10.0.0.2"]
"""


class Place:
    """A programme's folder, an inventory and its mapping."""

    def __init__(self, folder: Path) -> None:
        self.programme, self.mapping, self.payload = folder / "programme", folder / "inventory.yaml", folder / "cmdb.json"
        self.session = Session(folder / "data")
        write(self.programme, BASE)
        self.mapping.write_text(MAPPING, encoding="utf-8")
        self.items(ITEMS)

    def items(self, items: list[dict[str, Any]]) -> None:
        self.payload.write_text(json.dumps({"result": items}), encoding="utf-8")

    def read(self, *more: str | Path) -> Any:
        return self.session("inventory", "read", self.payload, "--mapping", self.mapping, "--programme", self.programme, *more)

    def rows(self, *more: str | Path) -> Mapping[str, Mapping[str, Any]]:
        return {row["name"] or row["asset"]: row for row in self.read("--format", "ndjson", *more).rows}

    def text(self, name: str) -> str:
        return (self.programme / name).read_text(encoding="utf-8")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_every_entry_is_shown_with_what_became_of_it(place: Place) -> None:
    done = place.read("--format", "ndjson")
    assert done.code == 2  # two rows could not be mapped
    rows = {row["name"]: (row["status"], row["asset"], row["how"]) for row in done.rows}
    assert rows == {
        "db": ("changed", "db", "name"),
        "web": ("new", "web", None),
        "old": ("retired", None, None),
        "switch": ("excluded", None, None),
        "who": ("not mapped", None, None),
        "undated": ("not mapped", None, None),
        "next": ("planned", None, None),
        "odd": ("unknown", None, None),
        "db.corp.example": ("to decide", None, None),
    }
    assert "cmdb.json, /result/4, unit: 'u9' is not in `words`" in done.err
    assert "cmdb.json, /result/5, in_service: the entry does not tell created" in done.err
    assert "the state 'install_status 77' is not known (1 row(s))" in done.err
    assert place.text("assets.yaml") == BASE["assets.yaml"]  # without -o nothing is written


def test_written_applied_and_read_again(place: Place) -> None:
    place.items(ITEMS[:2])
    done = place.read("-o", place.programme / "assets.yaml")
    assert done.code == 0
    before = BASE["assets.yaml"].replace("vm/1}]", "vm/1}, {source: tool, subject: vm/db}]")
    assert place.text("assets.yaml") == before + WRITTEN
    for line in (
        "+ web",
        "~ db: inventories + cmdb id1",
        "~ db: subjects + tool vm/db",
        "= db: tier stays core (the inventory says standard; --update takes it over)",
    ):
        assert line in done.out
    place.session.fine("init", "--organisation", "x")
    place.session.fine("apply", place.programme, "--by", "Li Na")
    again = place.rows()
    assert {name: (row["status"], row["how"]) for name, row in again.items()} == {
        "db": ("changed", "inventories"),  # its tier is still what people wrote
        "web": ("known", "inventories"),
    }
    before = place.text("assets.yaml")
    place.read("-o", place.programme / "assets.yaml")
    assert place.text("assets.yaml") == before
    updated = place.read("-o", place.programme / "assets.yaml", "--update")
    assert "~ db: tier: core -> standard" in updated.out
    assert place.text("assets.yaml") == before.replace("tier: core", "tier: standard")
    assert {row["status"] for row in place.rows().values()} == {"known"}


def test_renamed_is_the_same_and_gone_is_told(place: Place) -> None:
    place.items(ITEMS[:2])
    place.read("-o", place.programme / "assets-cmdb.csv")
    place.items([item(2, "web-new")])
    rows = place.rows()
    assert (rows["web-new"]["asset"], rows["web-new"]["how"]) == ("web", "inventories")
    assert "db" not in rows  # it stands in another file, so nothing said there that it is an entry
    place.items([item(5, "new")])
    gone = place.rows()["web"]
    assert (gone["status"], "no entry has its identity id2" in gone["what"]) == ("gone", True)
    place.items([item(number, f"n{number}") for number in range(100, 10_100)])
    cut = place.read("--format", "ndjson")
    assert "NOT COMPLETE: there may be more" in cut.err
    assert next(row for row in cut.rows if row["status"] == "gone")["what"].startswith("not among what was given")


def test_a_person_says_which_it_is(place: Place) -> None:
    place.items([item(9, "db.corp.example")])
    assert place.rows()["db.corp.example"]["status"] == "to decide"
    assert place.rows("--link", "id9=db")["db.corp.example"]["asset"] == "db"
    new = place.rows("--link", "id9=")["db.corp.example"]
    assert (new["status"], new["asset"]) == ("new", "db.corp.example")
    assert place.read("--link", "id7=db").code == 2
    wrong = place.read("--link", "id9=nobody")
    assert (wrong.code, "which the programme does not declare" in wrong.err) == (2, True)


def test_two_of_one_name_are_left_to_a_person(place: Place) -> None:
    place.items([item(2, "web"), item(3, "web")])
    rows = place.read("--format", "ndjson").rows
    assert [row["status"] for row in rows] == ["to decide", "to decide"]
    assert "2 entries would be the asset web" in rows[0]["what"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("unit: {from", "unit: {form", "inventory.yaml, line 3, unit.form: unknown key `form`, did you mean `from`?"),
        (
            "{from: created}",
            "{from: creatd}",
            "inventory.yaml, line 7, in_service: no entry tells `creatd`, did you mean `created`?",
        ),
        ("site: dc1", "site: {from: a, value: b}", "inventory.yaml, line 6, site: says a text and `from`"),
        ('"vm/{name}"', '"vm/{name"', "has a brace that does not close"),
        ("inventory: cmdb\n", "", "missing key `inventory`"),
        ("inventory: cmdb", "inventory: cmdb\nformat: nettbox", "there is no format 'nettbox'"),
        ("inventory: cmdb", "inventory: cmdb\nstates: {x: dead}", "unknown word `dead`"),
        ("inventory: cmdb", "inventory: cmdb\ntable: {columns: {name: a}}", "does not say which column is `key`"),
        ("in_service: {from: created}", "in_service: {from: created, times: '%d'}", "does not tell year, month and day"),
        ("inventory: cmdb", "inventory: [", "the file is not YAML"),
    ],
)
def test_faults_of_a_mapping_say_their_line(place: Place, old: str, new: str, says: str) -> None:
    place.mapping.write_text(MAPPING.replace(old, new), encoding="utf-8")
    done = place.read("-o", place.programme / "assets.yaml")
    assert done.code == 2
    assert says in done.err
    assert place.text("assets.yaml") == BASE["assets.yaml"]


def test_what_the_mapping_settles_is_no_longer_in_doubt(place: Place) -> None:
    place.items([item(8, "odd", install_status="77")])
    place.mapping.write_text(MAPPING + 'states: {"77": in service}\nkey: "cmdb-{ip}"\n', encoding="utf-8")
    done = place.read("--format", "ndjson")
    assert done.code == 0
    assert (done.rows[0]["status"], done.rows[0]["key"]) == ("new", "cmdb-10.0.0.8")
    assert "is not known" not in done.err
    assert "inventory.yaml, line 5, tier: no entry tells `business_criticality`" in done.err  # what is misspelt must not be silent


def test_a_list_of_a_company_in_its_own_words(place: Place, tmp_path: Path) -> None:
    listed = tmp_path / "台账.csv"
    listed.write_bytes(
        "编号,名称,状态,部门,启用\nA-1,核心库,在用,财务,01.02.2024\nA-2,旧站,报废,财务,\nA-3,未知,借出,财务,\n".encode("gb18030")
    )
    place.mapping.write_text(
        "inventory: ledger\n"
        "table:\n"
        "  columns: {key: 编号, name: 名称, state: 状态, owner: 部门, created: 启用}\n"
        "  encoding: gb18030\n"
        "states: {在用: in service, 报废: retired}\n"
        "unit: {from: owner, words: {财务: finance}}\n"
        "data_class: files\ntier: standard\n"
        "in_service: {from: created, times: '%d.%m.%Y'}\n",
        encoding="utf-8",
    )
    out = tmp_path / "assets.csv"
    done = place.session("inventory", "read", listed, "--mapping", place.mapping, "-o", out)
    assert done.code == 0
    assert "the state '借出' is not known (1 row(s))" in done.err
    assert "new: 1; retired: 1; unknown: 1" in done.out
    assert out.read_text(encoding="utf-8").splitlines()[1] == "核心库,finance,files,standard,,,2024-02-01,,ledger=A-1,"
    write(place.programme, {**BASE, "assets-ledger.csv": out.read_text(encoding="utf-8")})
    place.session.fine("init", "--organisation", "x")
    place.session.fine("apply", place.programme, "--by", "Li Na")


def test_pages_are_judged_together(place: Place, tmp_path: Path) -> None:
    def page(*numbers: int) -> Path:
        path = tmp_path / f"page{numbers[0]}.json"
        items = [
            {"id": number, "name": f"vm{number}", "status": {"value": "active"}, "cluster": None, "vcpus": 1} for number in numbers
        ]
        path.write_text(json.dumps({"count": 3, "next": None, "previous": None, "results": items}), encoding="utf-8")
        return path

    place.mapping.write_text(
        "inventory: nb\nunit: finance\ndata_class: files\ntier: core\nin_service: 2024-01-01\n", encoding="utf-8"
    )
    first = place.session("inventory", "read", page(1, 2), "--mapping", place.mapping)
    assert (first.code, "NOT COMPLETE: 2 of 3 vm(s) were given" in first.err) == (0, True)
    both = place.session("inventory", "read", page(1, 2), page(3), "--mapping", place.mapping)
    assert "NOT COMPLETE" not in both.err
    assert "new: 3" in both.out


def test_an_entry_of_two_assets_is_a_fault(place: Place) -> None:
    more = "- {name: b, unit: finance, data_class: x, tier: y, in_service: 2024-01-01, inventories: [{inventory: i, key: k}]}\n"
    write(place.programme, {**BASE, "assets.yaml": BASE["assets.yaml"] + more + more.replace("name: b", "name: c")})
    place.session.fine("init", "--organisation", "x")
    done = place.session("apply", place.programme, "--by", "Li Na")
    assert (done.code, "the entry `k` of the inventory `i` is `c` and `b`" in done.err) == (2, True)


DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "inventories.md"


def test_the_mappings_of_the_document_can_be_read() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    shown = [text.split("<!-- mapping -->\n```yaml\n")[1].split("```")[0]]
    shown.append(dedent("    inventory: asset-ledger" + text.split("    inventory: asset-ledger")[1].split("\n\n")[0]))
    for one in shown:
        mapping, _ = read_mapping("inventory.yaml", one.encode())
        assert mapping.unit


def test_every_key_of_a_mapping_and_every_format_is_documented() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for model in (InventoryMapping, Rule, TableMapping):
        for name, field in model.model_fields.items():
            assert f"`{field.alias or name}`" in text or f"`{name}: " in text, name
    assert [name for name in formats() if f"| `{name}` |" not in text] == []
