"""Policy versions that wait for signatures: what is judged until then and from then on, what apply says of them, and that the journal alone decides."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.content import Content
from audit.errors import InputError
from audit.steps._open import Store, open_store
from audit.steps.act import act
from audit.steps.apply import Applied, apply
from audit.steps.assess import assess
from audit.steps.due import due
from audit.steps.reading import document_of, read
from audit.steps.rebuild import rebuild
from tests.cli.session import PROGRAMME

UNIT, HEAD, ASSET = "customer-operations", "Wang Wei", "im-messages-db"
START = datetime(2026, 11, 1, tzinfo=UTC)
VERSION_2 = """policy: core
version: 2
effective: 2026-11-05
timezone: Asia/Shanghai
applies_to: {tier: core}
objectives:
  rpo: 30m
"""


def day(number: float) -> datetime:
    return START + timedelta(days=number)


@pytest.fixture
def programme(tmp_path: Path) -> Path:
    """The example programme, whose later versions have to be signed."""
    folder = tmp_path / "programme"
    shutil.copytree(PROGRAMME, folder)
    heading = folder / "programme.yaml"
    heading.write_text(heading.read_text(encoding="utf-8") + "takes_force: signed\n", encoding="utf-8")
    return folder


@pytest.fixture
def signing(store: Store, programme: Path) -> Store:
    """A store with the programme applied on day 0, and a second version on day 3."""
    apply(store, programme, now=day(0), by="olivia")
    second(store, programme)
    return store


def second(store: Store, programme: Path, text: str = VERSION_2) -> Applied:
    (programme / "policy-core-2.yaml").write_text(text, encoding="utf-8")
    return apply(store, programme, now=day(3), by="olivia")


def do(store: Store, name: str, values: dict[str, Any], record: str | None = None, by: str = "officer", on: float = 6) -> str:
    return act(store, "agreement", name, values, record=record, now=day(on), by=by).id


def proposed(store: Store, on: float = 6) -> str:
    return do(store, "propose", {"policy": "core", "version": 2, "until": "2026-11-20"}, on=on)


def sign(store: Store, name: str, on: float) -> None:
    do(store, "sign", {"unit": UNIT, "capacity": "head"}, name, by=HEAD, on=on)


def stood(store: Store, known_at: int | None = None) -> list[tuple[datetime | None, int | None]]:
    """From when which version stands for the asset."""
    estate = store.estate(store.head() if known_at is None else known_at)
    rows = estate.segments.filter(asset=ASSET).select("from", "policy").rows()
    return [(since, None if place is None else estate.policies[place].version) for since, place in rows]


def judged(store: Store, known_at: int | None = None) -> set[int | None]:
    """Which versions the asset is judged by."""
    found = assess(store, day(0), day(30), known_at, controls=["recovery-point"], assets=[ASSET])
    return {one.version for one in found.results}


def test_the_agreed_version_is_judged_until_the_last_signature(signing: Store) -> None:
    assert (stood(signing)[-1][1], judged(signing)) == (1, {1})
    name = proposed(signing)
    assert judged(signing) == {1}
    before = signing.head()
    sign(signing, name, 8)
    assert stood(signing)[-1] == (day(8), 2)
    assert judged(signing) == {1, 2}
    # As known before the signature, it never was in force.
    assert (stood(signing, before)[-1][1], judged(signing, before)) == (1, {1})
    # And what follows moves it no more.
    do(signing, "refuse", {"unit": UNIT, "reason": "We changed our minds."}, name, by=HEAD, on=10)
    assert stood(signing)[-1] == (day(8), 2)


def test_a_refusal_leaves_what_was_agreed(signing: Store) -> None:
    name = proposed(signing)
    do(signing, "refuse", {"unit": UNIT, "reason": "Too much."}, name, by=HEAD, on=7)
    assert (stood(signing)[-1][1], judged(signing)) == (1, {1})
    # What was refused once may be signed when it is put to the unit again.
    do(signing, "withdraw", {"reason": "To be talked about."}, name, on=9)
    sign(signing, proposed(signing, 10), 11)
    assert stood(signing)[-1] == (day(11), 2)


def test_the_journal_alone_decides(signing: Store) -> None:
    name = proposed(signing)
    sign(signing, name, 8)
    told = signing.estate(signing.head())
    rebuild(signing)
    again = open_store(signing.folder.path)
    try:
        made = again.estate(again.head())
        assert made.segments.equals(told.segments)
        assert made.policies == told.policies
    finally:
        again.close()


def test_a_unit_that_comes_while_it_waits_has_to_sign(signing: Store, programme: Path) -> None:
    name = proposed(signing)
    assets = programme / "assets.yaml"
    text, moved = assets.read_text(encoding="utf-8"), "    unit: finance\n    data_class: files\n    tier: {}\n"
    assets.write_text(text.replace(moved.format("standard"), moved.format("core")), encoding="utf-8")
    apply(signing, programme, now=day(7), by="olivia")
    sign(signing, name, 8)
    assert stood(signing)[-1][1] == 1
    assert due(signing, day(8), day(60)).filter(kind="agreement")["who"].to_list() == ["finance (Li Na)"]
    do(signing, "sign", {"unit": "finance", "capacity": "head"}, name, by="Li Na", on=9)
    assert stood(signing)[-1] == (day(9), 2)


def test_who_has_not_answered_is_due_and_reads_that_it_waits(signing: Store) -> None:
    name = proposed(signing)
    assert due(signing, day(7), day(60)).filter(kind="agreement")["who"].to_list() == [f"{UNIT} ({HEAD})"]
    reading = read(signing, "agreement", name)
    assert (reading.units, reading.policy.in_force) == ([UNIT], None)
    waits = document_of(reading, "en", Content()).sections[0].blocks[1]
    assert "takes force once every unit has signed" in str(waits)
    sign(signing, name, 8)
    reading = read(signing, "agreement", name)
    assert reading.begin == day(8)
    assert list(reading.before) == [next(place for place, one in enumerate(reading.estate.policies) if one.name == "core")]


def test_apply_says_who_has_to_sign(store: Store, programme: Path) -> None:
    assert apply(store, programme, now=day(0), by="olivia").warnings == ()
    units = programme / "units.yaml"
    units.write_text(units.read_text(encoding="utf-8").replace("    representatives: [Wang Wei]\n", ""), encoding="utf-8")
    said = [one.what for one in second(store, programme).warnings]
    assert said == [
        "core version 2 takes force once it is signed by customer-operations; until then the version before it stands",
        "the unit `customer-operations` has no representatives: nobody can sign for it",
    ]
    # Applied again: nothing is new, and nothing is said twice.
    assert apply(store, programme, now=day(4), by="olivia").warnings == ()
    heading = programme / "programme.yaml"
    heading.write_text(heading.read_text(encoding="utf-8").replace("takes_force: signed\n", ""), encoding="utf-8")
    (said_of_heading,) = apply(store, programme, now=day(5), by="olivia").warnings
    assert "take force without signatures" in said_of_heading.what
    assert stood(store)[-1][1] == 1, "what waits keeps the rule it was applied under"


def test_policies_that_would_meet_are_refused_before_and_after_signing(signing: Store, programme: Path) -> None:
    # Once signed, both would be for tier standard.
    wider = VERSION_2.replace("version: 2", "version: 3").replace("{tier: core}", "{tier: [core, standard]}")
    (programme / "policy-core-3.yaml").write_text(wider, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        apply(signing, programme, now=day(5), by="olivia")
    assert any("2 policies apply to" in fault.what for fault in refused.value.faults)
    # And a new policy that takes over the assets of one whose end waits for signatures: both stand now.
    ends = "policy: core\nversion: 3\neffective: 2026-11-05\ntimezone: Asia/Shanghai\nwithdrawn: true\n"
    (programme / "policy-core-3.yaml").write_text(ends, encoding="utf-8")
    taking = VERSION_2.replace("policy: core\nversion: 2", "policy: messages\nversion: 1")
    (programme / "policy-messages.yaml").write_text(taking, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        apply(signing, programme, now=day(5), by="olivia")
    assert any("2 policies apply to `im-messages-db`" in fault.what for fault in refused.value.faults)


def test_less_than_the_baseline_is_not_put_to_anybody_while_it_waits(store: Store, programme: Path) -> None:
    demand = "baseline:\n- {tier: core, by: law, effective: 2026-01-01, objectives: {rpo: 15m}}\n"
    (programme / "baseline.yaml").write_text(demand, encoding="utf-8")
    apply(store, programme, now=day(0), by="olivia")
    assert any("below the baseline of 15m" in one.what for one in second(store, programme).warnings)
    with pytest.raises(InputError, match="was not entered"):
        proposed(store)
