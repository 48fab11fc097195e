"""costs, as it is typed: exact figures in every format, and the section of the annual review."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.cli.session import PROGRAMME, Session

GIB = 2**30
PRICES = {
    "nas-dc1": '{amount: "0.12", currency: CNY, per: GiB-month}',
    "vault-hz": "{amount: 0.1, currency: EUR, per: GB-month}",
}
NOVEMBER = ("--from", "2026-11-01T00:00:00Z", "--to", "2026-11-11T00:00:00Z")


def listing(day: int, *points: tuple[str, int | None], repository: str) -> str:
    at = f"2026-11-{day:02}T00:00:00Z"
    lines = [{"record": "listing", "source": "messages-db", "repository": repository, "listed_at": at, "complete": True}]
    for name, size in points:
        first = "2026-10-31T00:00:00Z"
        row = {"record": "recovery_point", "source": "messages-db", "repository": repository, "id": name, "subject": "im-messages"}
        lines.append(
            row | {"method": "full", "captured_at": first, "available_at": first} | ({} if size is None else {"bytes": size})
        )
    return "".join(json.dumps(line) + "\n" for line in lines)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Ten days: a GiB that stays and one that goes between day 3 and day 7 on disk, one point of unknown bytes in the vault, one without a price elsewhere."""
    folder = tmp_path_factory.mktemp("costs")
    programme = folder / "programme"
    programme.mkdir()
    for file in PROGRAMME.glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        if file.name == "repositories.yaml":
            for name, price in PRICES.items():
                text = text.replace(f"  - name: {name}\n", f"  - name: {name}\n    price: {price}\n")
        (programme / file.name).write_text(text, encoding="utf-8")
    session = Session(folder / "data")
    session.fine("init", "--organisation", "Yunhe Messaging")
    session.fine("apply", programme, "--by", "olivia")
    told = [
        ("nas-dc1", 1, [("stays", GIB), ("goes", GIB)]), ("nas-dc1", 3, [("stays", GIB), ("goes", GIB)]), ("nas-dc1", 7, [("stays", GIB)]), ("nas-dc1", 20, [("stays", GIB)]),
        ("vault-hz", 1, [("known", 10**9), ("unknown", None)]), ("vault-hz", 20, [("known", 10**9), ("unknown", None)]),
        ("restic-main", 1, [("free", 5)]), ("restic-main", 20, [("free", 5)]),
    ]  # fmt: skip
    for number, (repository, day, points) in enumerate(told):
        (folder / f"{number}.ndjson").write_text(listing(day, *points, repository=repository), encoding="utf-8")
        session.fine("ingest", folder / f"{number}.ndjson")
    return session


def test_the_json_form_has_every_figure(session: Session) -> None:
    found = session.fine("costs", *NOVEMBER, "--format", "json").json
    assert found["period"] == {"from": "2026-11-01T00:00:00Z", "to": "2026-11-11T00:00:00Z"}
    assert found["month_seconds"] == 2_629_800
    assert found["lines"] == [
        {
            "policy": "core", "data_class": "messages", "repository": "nas-dc1", "price": {"amount": "0.12", "currency": "CNY", "per": "GiB-month"},
            "points": {"sure": 1, "possible": 1}, "bytes": {"sure": GIB, "possible": GIB},
            "average_bytes": {"sure": round(GIB * 1.2), "possible": round(GIB * 1.6)},  # the second one for 2 days, possibly for 6
            "unknown_points": 0, "at_least": False, "cost": {"sure": "0.0473", "possible": "0.0631"},
        },
        {
            "policy": "core", "data_class": "messages", "repository": "restic-main", "price": None,
            "points": {"sure": 1, "possible": 1}, "bytes": {"sure": 5, "possible": 5}, "average_bytes": {"sure": 5, "possible": 5},
            "unknown_points": 0, "at_least": False, "cost": None,
        },
        {
            "policy": "core", "data_class": "messages", "repository": "vault-hz", "price": {"amount": "0.1", "currency": "EUR", "per": "GB-month"},
            "points": {"sure": 2, "possible": 2}, "bytes": {"sure": 10**9, "possible": 10**9}, "average_bytes": {"sure": 10**9, "possible": 10**9},
            "unknown_points": 1, "at_least": True, "cost": {"sure": "0.0329", "possible": "0.0329"},
        },
    ]  # fmt: skip
    assert found["totals"] == [
        {"currency": "CNY", "cost": {"sure": "0.0473", "possible": "0.0631"}, "at_least": False},
        {"currency": "EUR", "cost": {"sure": "0.0329", "possible": "0.0329"}, "at_least": True},
    ]
    assert found["unpriced"] == ["restic-main"]
    assert found["unknown_points"] == 1


def test_the_table_says_bounds_lower_bounds_and_what_has_no_price(session: Session) -> None:
    out = session.fine("costs", *NOVEMBER).out
    lines = {line.split()[2]: " ".join(line.split()) for line in out.splitlines() if line.startswith("core")}
    assert lines["nas-dc1"] == "core messages nas-dc1 1 1.00 GiB 1.20 GiB to 1.60 GiB 0.12 CNY per GiB-month 0.0473 to 0.0631 CNY"
    assert lines["restic-main"] == "core messages restic-main 1 5 B 5 B no price -"
    assert lines["vault-hz"].endswith(">= 0.0329 EUR")
    assert "Total: 0.0473 to 0.0631 CNY" in out
    assert "Total: at least 0.0329 EUR" in out
    assert "Without a price, and in no total: restic-main." in out
    assert "A month is 30.4375 days." in out


def test_the_csv_form_has_a_row_for_each_line(session: Session) -> None:
    rows = list(csv.DictReader(io.StringIO(session.fine("costs", *NOVEMBER, "--format", "csv").out)))
    assert [(row["repository"], row["bytes_sure"], row["cost_possible"], row["unknown_points"]) for row in rows] == [
        ("nas-dc1", str(GIB), "0.0631", "0"), ("restic-main", "5", "", "0"), ("vault-hz", str(10**9), "0.0329", "1"),
    ]  # fmt: skip


def test_the_workbook_has_the_same_lines(session: Session, tmp_path: Path) -> None:
    session.fine("costs", *NOVEMBER, "--format", "xlsx", "-o", tmp_path / "costs.xlsx")
    book = load_workbook(tmp_path / "costs.xlsx")
    assert "Costs" in book.sheetnames
    cells = [[cell.value for cell in row] for row in book["Costs"].iter_rows()]
    (nas,) = [row for row in cells if "nas-dc1" in row]
    assert nas[:11] == ["core", "messages", "nas-dc1", 1, 1, 1, 1, 1.2, 1.6, "0.12 CNY / GiB-month", 0.0473]
    assert session("costs", *NOVEMBER, "--format", "xlsx").code == 2


def test_a_year_an_earlier_entry_and_one_asset(session: Session) -> None:
    year = session.fine("costs", "--period", "2026", "--format", "json").json
    assert year["period"] == {"from": "2025-12-31T16:00:00Z", "to": "2026-12-31T16:00:00Z"}
    assert session.fine("costs", *NOVEMBER, "--as-known-at", "1", "--format", "json").json["lines"] == []
    assert "Nothing was stored that evidence shows." in session.fine("costs", *NOVEMBER, "--as-known-at", "1").out
    assert len(session.fine("costs", *NOVEMBER, "--asset", "im-messages-db", "--format", "json").json["lines"]) == 3
    others = json.loads(session.fine("costs", *NOVEMBER, "--asset", "fileserver-finance", "--format", "json").out)
    assert others["lines"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give the period"),
        ((*NOVEMBER, "--asset", "im-mesages-db"), "did you mean"),
        ((*NOVEMBER, "--period", "2026"), "not both"),
    ],
)
def test_what_cannot_be_meant_is_refused(session: Session, arguments: tuple[str, ...], said: str) -> None:
    done = session("costs", *arguments)
    assert done.code == 2
    assert said in done.err


def test_the_annual_review_has_a_section_of_it(session: Session) -> None:
    def sections(*arguments: str) -> dict[str, dict]:
        written = session.fine("report", "annual-review", *NOVEMBER, "--format", "json", "-o", "-", *arguments).json
        return {one["id"]: one for one in written["sections"]}

    whole = sections()
    tables = {block["id"]: block for block in whole["costs"]["blocks"] if block["block"] == "table"}
    assert [(row["repository"], row["cost-sure"]) for row in tables["costs"]["rows"]] == [
        ("nas-dc1", 0.0473),
        ("restic-main", None),
        ("vault-hz", 0.0329),
    ]
    assert [(row["currency"], row["cost-possible"]) for row in tables["totals"]["rows"]] == [("CNY", 0.0631), ("EUR", 0.0329)]
    # Of another unit nothing is stored.
    others = sections("--unit", "platform")
    assert [block["rows"] for block in others["costs"]["blocks"] if block["block"] == "table"] == [[]]
