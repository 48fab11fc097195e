"""A simulated year: what its files are, that nothing but the arguments decides them, and that every year can be simulated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from audit.content import Content
from audit.errors import UsageError
from audit.simulation import databases, servers
from audit.simulation.accidents import Accidents
from audit.simulation.calendar import Calendar, local
from audit.simulation.truth import Truth
from audit.simulation.words import WORDS
from audit.simulation.year import MODEL, moved, truth_text
from audit.steps.simulate import simulate

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("year")]

NOW = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("simulated") / "year"
    done = simulate(made, Content(), 2025, 1, now=NOW)
    assert done.new
    assert done.payloads == len([path for path in files(made / "evidence") if not path.name.endswith(".envelope.json")])
    return made


def files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def load(text: str) -> Any:
    return YAML(typ="safe").load(text)


def test_every_payload_has_an_envelope_that_says_it_is_simulated(folder: Path) -> None:
    payloads = [path for path in files(folder / "evidence") if not path.name.endswith(".envelope.json")]
    assert len(payloads) > 3_000
    for path in payloads:
        envelope = json.loads(path.with_name(path.name + ".envelope.json").read_bytes())
        assert envelope["simulated"] is True, path
        assert envelope["source"] == path.relative_to(folder / "evidence").parts[0]
        assert datetime.fromisoformat(envelope["observed_at"]) < datetime(2026, 2, 1, tzinfo=UTC)


def test_the_same_year_and_seed_give_the_same_bytes_and_a_folder_that_has_them_stays(folder: Path, tmp_path: Path) -> None:
    simulate(tmp_path / "again", Content(), 2025, 1, now=NOW)
    first, again = (
        {path.relative_to(root).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files(root)}
        for root in (folder, tmp_path / "again")
    )
    assert first == again
    touched = folder / "README.md"
    before = touched.stat().st_mtime_ns
    assert not simulate(folder, Content(), 2025, 1, now=NOW).new
    assert touched.stat().st_mtime_ns == before


def test_the_programme_of_the_models_own_year_is_the_model_letter_by_letter(folder: Path) -> None:
    model = Path(__file__).resolve().parents[2] / "policies" / "enterprise-im"
    there = {path.relative_to(model).as_posix(): path.read_text(encoding="utf-8") for path in files(model)}
    written = {
        path.relative_to(folder / "programme").as_posix(): path.read_text(encoding="utf-8") for path in files(folder / "programme")
    }
    assert written == there


def test_another_folder_is_not_written_over(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x", encoding="utf-8")
    with pytest.raises(UsageError, match="holds something else"):
        simulate(tmp_path, Content(), 2025, 1, now=NOW)
    with pytest.raises(UsageError, match="holds something else"):
        simulate(folder, Content(), 2025, 2, now=NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("number", "says"), [(2026, "choose an earlier year"), (2021, "must lie between 2022"), (9999, "must lie")]
)
def test_years_that_cannot_be_simulated_are_refused(tmp_path: Path, number: int, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        simulate(tmp_path / "year", Content(), number, 1, now=NOW)
    assert not list(tmp_path.iterdir())


def test_dates_of_the_model_move_with_the_year_and_the_remapping_stays_a_monday() -> None:
    text = "in_service: 2021-03-01\neffective: 2025-06-15\nsince: 2025-09-01\nvalid_until: 2026-02-10\n"
    assert moved(text, Accidents(Calendar(MODEL, 1))) == text
    assert moved(text, Accidents(Calendar(2023, 1))) == (
        "in_service: 2021-03-01\neffective: 2023-06-15\nsince: 2023-09-04\nvalid_until: 2024-02-10\n"
    )


@pytest.mark.parametrize(("number", "seed"), [(2022, 5), (2024, 7), (2028, 1)])
def test_every_accident_of_any_year_is_found_by_somebody_and_lies_in_the_period(number: int, seed: int) -> None:
    calendar = Calendar(number, seed)
    shelves = {
        (shelf.source, shelf.repository): shelf
        for module in (databases, servers)
        for shelf in module.shelves(calendar, Accidents(calendar))
    }
    accidents = Truth(calendar, shelves).tell()
    assert [accident.name for accident in accidents] == list(WORDS)
    assert len(accidents) == 12
    told = load(truth_text(calendar, accidents))
    assert told["simulated"] is True
    assert (told["year"], told["seed"]) == (number, seed)
    since, until = calendar.period
    for accident in accidents:
        assert accident.finds, accident.name
        for find in accident.finds:
            for stretch in find.breached + find.unproven + find.grace:
                assert since <= stretch[0] < stretch[1] <= until, (accident.name, find)
    found = {accident.name: {find.verdict for find in accident.finds} for accident in accidents}
    assert found["subject-remapped"] == {"met"}
    for name in ("damaged-point-found-late", "silent-source", "source-returns"):
        assert found[name] == {"unproven"}, name
    for name in found.keys() - {"subject-remapped", "damaged-point-found-late", "silent-source", "source-returns"}:
        assert "breached" in found[name], name


def test_the_silent_week_is_a_whole_week_of_the_calendar() -> None:
    for number in range(2022, 2040):
        accidents = Accidents(Calendar(number, 1))
        since, until = accidents.no_backups
        assert until - since == timedelta(days=7, hours=1)
        assert accidents.remapped.weekday() == 0
        assert since == local(Calendar(number, 1).monday(3, 2))
