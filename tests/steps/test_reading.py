"""Agreements as representatives read them: what is promised, changed, paid, and would have been, and what speaks against signing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.content import Content
from audit.errors import InputError, UsageError
from audit.model.document import Document, Name, Note, Paragraph, Table, TextCell
from audit.reporting.words import plain
from audit.steps._open import Store, open_store
from audit.steps.act import act
from audit.steps.apply import apply
from audit.steps.reading import document_of, read
from audit.steps.report import file_of
from tests.cli.session import PROGRAMME, Session, told

UNIT, HEAD = "customer-operations", "Wang Wei"
NOW = datetime(2027, 1, 10, 8, tzinfo=UTC)  # after everything that the session enters
VERSION_2 = """policy: core
version: 2
effective: 2027-02-01
timezone: Asia/Shanghai
applies_to: {tier: core}
objectives:
  rpo: {target: 30m, tolerance: 10m}
  copies: {count: 3, media: 2, offsite: 1, max_age: 24h}
  keep: [{every: day, for: 30d}]
  review: 1y
"""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with evidence of November, a second version of the core policy, and a price."""
    folder = tmp_path_factory.mktemp("reading")
    session = told(folder / "data")
    programme = folder / "programme"
    shutil.copytree(PROGRAMME, programme)
    repositories = programme / "repositories.yaml"
    priced = "  - name: nas-dc1\n    price: {amount: '0.12', currency: CNY, per: GiB-month}\n"
    repositories.write_text(repositories.read_text(encoding="utf-8").replace("  - name: nas-dc1\n", priced), encoding="utf-8")
    (programme / "policy-core-2.yaml").write_text(VERSION_2, encoding="utf-8")
    session.fine("apply", programme, "--by", "olivia", "--confirmed-by", "noor")
    return folder


@pytest.fixture
def store(company: Path, tmp_path: Path) -> Iterator[Store]:
    shutil.copytree(company / "data", tmp_path / "data")
    store = open_store(tmp_path / "data")
    yield store
    store.close()


def do(store: Store, name: str, values: dict[str, Any], record: str | None = None, by: str = "officer", days: int = 0) -> str:
    return act(store, "agreement", name, values, record=record, now=NOW + timedelta(days=days), by=by).id


def proposed(store: Store, version: int = 2) -> str:
    return do(store, "propose", {"policy": "core", "version": version, "until": "2027-01-31"})


def rows(document: Document, table: str) -> list[list[str]]:
    """Return the text cells of each row of a table."""
    (found,) = [
        block
        for section in document.sections
        for block in section.blocks
        if isinstance(block, Table) and block.id.startswith(table)
    ]
    return [[plain(cell.value) for cell in row if isinstance(cell, TextCell)] for row in found.rows]


def said(document: Document) -> str:
    return "\n".join(
        plain(block.text) for section in document.sections for block in section.blocks if isinstance(block, Paragraph | Note)
    )


def test_it_says_what_is_promised_and_what_a_signature_binds(store: Store) -> None:
    reading = read(store, "agreement", proposed(store))
    document = document_of(reading, "en", Content())
    text = next(one.sha256 for one in reading.estate.policies if (one.name, one.version) == ("core", 2))
    assert (reading.units, reading.parties["asset"].to_list()) == ([UNIT], ["im-messages-db"])
    facts = {fact.key: fact.value.value for fact in document.facts}
    assert facts["text"] == (Name(str(text)),)
    assert facts["in-force"] == facts["effective"] == datetime(2027, 1, 31, 16, tzinfo=UTC)
    assert "At most 30\xa0minutes of work may be lost" in rows(document, "promises")[0][0]
    assert str(text) in said(document)
    assert "Nothing speaks against it" in said(document)


def test_it_says_what_changes_and_what_was_promised_a_year_earlier(store: Store) -> None:
    document = document_of(read(store, "agreement", proposed(store)), "en", Content())
    changed = rows(document, "changes")
    assert [(row[0], row[1]) for row in changed] == [
        ("Recovery point (RPO) (rpo)", "tighter"),
        ("Agreement (review)", "new"),
        ("Maximum retention (dispose)", "gone"),
    ]
    assert changed[2][3] == "nothing"
    # A year before it takes force, no asset of it was in service.
    assert "None of these assets was in service a year earlier" in said(document)


def test_a_year_earlier_is_told_where_it_is_another_version(store: Store, company: Path, tmp_path: Path) -> None:
    programme = tmp_path / "programme"
    shutil.copytree(company / "programme", programme)
    later = VERSION_2.replace("version: 2", "version: 3").replace("2027-02-01", "2028-01-15").replace("30m", "2h")
    (programme / "policy-core-3.yaml").write_text(later, encoding="utf-8")
    apply(store, programme, now=NOW, by="olivia")
    document = document_of(read(store, "agreement", proposed(store, 3)), "en", Content())
    assert [row[:2] for row in rows(document, "changes")] == [["Recovery point (RPO) (rpo)", "looser"]]
    # On 15 January 2027 version 1 stood.
    assert "At most 1\xa0hour of work may be lost" in rows(document, "last-year")[0][0]
    assert [row[1] for row in rows(document, "since")] == ["looser", "new", "gone"]


def test_it_says_what_its_assets_cost_and_what_values_would_have_done(store: Store) -> None:
    name = proposed(store)
    do(store, "comment", {"comment": "Why so long?"}, name, by="anybody")
    do(store, "counter", {"unit": UNIT, "instead": ["rpo=5m"], "reason": "Too long."}, name, by=HEAD)
    do(store, "counter", {"unit": UNIT, "instead": ["rpo=never"], "reason": "A slip."}, name, by=HEAD)
    do(store, "refuse", {"unit": UNIT, "reason": "Not like this."}, name, by=HEAD, days=1)
    reading = read(store, "agreement", name)
    assert reading.costs is not None
    assert [total.currency for total in reading.costs.totals] == ["CNY"]
    whole, countered, wrong = reading.countered
    assert (whole.unit, countered.values, countered.wrong) == (None, ("rpo=5m",), "")
    assert "not a length of time" in wrong.wrong
    assert whole.effects
    assert countered.effects
    effects = {one.control: one for one in countered.effects}
    assert effects.keys() == {"recovery-point"}
    assert effects["recovery-point"].seconds[0] < effects["recovery-point"].seconds[1]
    assert countered.command == (
        "backup-audit assess --from 2026-01-10 --to 2027-01-10 --what-if rpo=5m --scope policy=core --scope unit=customer-operations"
    )
    document = document_of(reading, "en", Content())
    assert rows(document, "answers") == [["Customer Operations", HEAD, "refused", HEAD]]
    assert [row[-1] for row in rows(document, "said")] == [
        "Why so long?", "instead: rpo=5m; Too long.", "instead: rpo=never; A slip.", "Not like this.",
    ]  # fmt: skip
    unasked = read(store, "agreement", name, effects=False)
    assert all(one.effects is None for one in unasked.countered)
    assert "was not worked out here" in said(document_of(unasked, "en", Content()))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("fmt", ["html", "json", "xlsx", "pdf"])
def test_it_is_written_in_every_format_and_language(store: Store, language: str, fmt: str) -> None:
    name = proposed(store)
    do(store, "sign", {"unit": UNIT, "capacity": "head"}, name, by=HEAD)
    document, again = (document_of(read(store, "agreement", name, effects=False), language, Content()) for _ in range(2))
    assert document == again
    assert len(file_of(document, fmt, Content())) > 1_000
    words = "".join(part for section in document.sections for part in section.title if isinstance(part, str))
    assert words.isascii() == (language == "en")


def test_it_is_read_as_known_at_an_entry(store: Store) -> None:
    name = proposed(store)
    known = store.head()
    before = read(store, "agreement", name, effects=False)
    do(store, "sign", {"unit": UNIT, "capacity": "head"}, name, by=HEAD)
    again = read(store, "agreement", name, known, effects=False)
    assert document_of(again, "en", Content()) == document_of(before, "en", Content())
    assert len(read(store, "agreement", name, effects=False).said) == 2


def test_of_one_unit_and_of_what_is_not_there(store: Store) -> None:
    name = proposed(store)
    assert read(store, "agreement", name, unit=UNIT, effects=False).parties.height == 1
    with pytest.raises(UsageError, match="unknown unit `finance`"):
        read(store, "agreement", name, unit="finance")
    with pytest.raises(UsageError, match="unknown agreement `agreement-7`"):
        read(store, "agreement", "agreement-7")


# --- what speaks against it -------------------------------------------------------------------------------------------------------


def below(folder: Path, baseline: str, version: str = VERSION_2) -> Path:
    """Return the programme with a baseline beside it."""
    programme = folder / "programme"
    shutil.copytree(PROGRAMME, programme)
    (programme / "policy-core-2.yaml").write_text(version, encoding="utf-8")
    (programme / "baseline.yaml").write_text(f"baseline:\n{baseline}", encoding="utf-8")
    return programme


def applied(store: Store, folder: Path, baseline: str, version: str = VERSION_2) -> None:
    apply(store, below(folder, baseline, version), now=NOW, by="olivia", confirmed_by="noor")


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Store]:
    session = Session(tmp_path / "fresh")
    session.fine("init")
    store = open_store(session.data)
    yield store
    store.close()


LESS = "- {tier: core, by: law, effective: 2026-01-01, objectives: {rpo: 15m, encrypted: true}}\n"


def test_less_than_the_baseline_is_not_proposed(fresh: Store, tmp_path: Path) -> None:
    applied(fresh, tmp_path, LESS)
    with pytest.raises(InputError) as refused:
        proposed(fresh)
    (fault,) = refused.value.faults
    assert "`rpo`: it states 30m + 10m, below the baseline of 15m for core/messages (demanded by law)" in fault.what
    assert "`encrypted`: it states nothing, below the baseline of true" in fault.what  # all that is wrong, at once
    assert fresh.head() == 1


def test_a_waiver_of_the_baseline_lets_it_be_proposed(fresh: Store, tmp_path: Path) -> None:
    applied(fresh, tmp_path, LESS)
    asked = {
        "control": "baseline",
        "tiers": ["core"],
        "since": "2027-01-01",
        "until": "2027-07-01",
        "reason": "New disks.",
        "measure": "Exports.",
    }
    waiver = act(fresh, "waiver", "request", asked, now=NOW, by="officer").id
    with pytest.raises(InputError):
        proposed(fresh)
    act(fresh, "waiver", "approve", {"reason": "Shown."}, record=waiver, now=NOW, by="noor")
    reading = read(fresh, "agreement", proposed(fresh), effects=False)
    assert [(one.key, one.grave, one.waived) for one in reading.objections] == [
        ("below-baseline", False, True),
        ("below-baseline-absent", False, True),
    ]
    document = document_of(reading, "zh", Content())
    assert "目前有经批准的基线豁免涵盖此项" in said(document)
    assert (document.warnings, "没有发现不宜签署之处" in said(document)) == ((), False)
    # Once the waiver has lapsed, who reads it is told.
    act(fresh, "waiver", "revoke", {"reason": "The disks are here."}, record=waiver, now=NOW + timedelta(hours=1), by="noor")
    reading = read(fresh, "agreement", reading.id, effects=False)
    assert [(one.key, one.grave) for one in reading.objections] == [("below-baseline", True), ("below-baseline-absent", True)]
    document = document_of(reading, "zh", Content())
    assert "基线要求rpo为15m或更严（法律要求）" in said(document)
    assert len(document.warnings) == 1


def test_classes_of_data_that_no_version_can_serve_together(fresh: Store, tmp_path: Path) -> None:
    both = (
        "- {data_class: messages, by: law, effective: 2026-01-01, objectives: {keep: [{every: day, for: 20d}]}}\n"
        "- {tier: core, by: enterprise, effective: 2026-01-01, objectives: {dispose: {after: 10d, grace: 1d}}}\n"
    )
    applied(fresh, tmp_path, both)
    with pytest.raises(InputError) as refused:
        proposed(fresh)
    (fault,) = refused.value.faults
    assert (
        "it is for core/messages, to be kept for 20d (demanded by law), and for core/messages, to be disposed of after 10d"
        in fault.what
    )


def test_disposal_before_keeping_is_refused_already_when_it_is_applied(fresh: Store, tmp_path: Path) -> None:
    early = VERSION_2.replace("  review: 1y\n", "  dispose: {after: 7d, grace: 1d}\n")
    with pytest.raises(InputError) as refused:
        applied(fresh, tmp_path, "- {by: law, effective: 2026-01-01, objectives: {rpo: 3d}}\n", early)
    assert any("`dispose` after 7d is earlier than `keep` every day for 30d" in fault.what for fault in refused.value.faults)


def test_a_disposal_that_leaves_little_room_is_told_and_does_not_hinder(fresh: Store, tmp_path: Path) -> None:
    tight = VERSION_2.replace("  review: 1y\n", "  dispose: {after: 30d, grace: 1h}\n")
    applied(fresh, tmp_path, "- {by: law, effective: 2026-01-01, objectives: {rpo: 3d}}\n", tight)
    reading = read(fresh, "agreement", proposed(fresh), effects=False)
    assert [(one.key, one.grave) for one in reading.objections] == [("dispose-late", False)]
    assert "so only copies taken late in it satisfy both" in said(document_of(reading, "en", Content()))
