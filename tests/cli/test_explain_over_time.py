"""explain --format json and --pictures, as they are typed."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.session import PERIOD, Session, told


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return told(tmp_path_factory.mktemp("explain") / "data")


def test_the_saw_of_exposure_is_told_as_data(session: Session) -> None:
    found = session.fine("explain", "im-messages-db", "recovery-point", *PERIOD, "--format", "json").json
    (result,) = found["results"]
    assert result["verdict"] == "breached"
    assert {one["bound"] for one in found["exposure"]} == {"sure", "possible"}
    worst = max(one["exposure_seconds_to"] for one in found["exposure"] if one["bound"] == "possible")
    assert worst >= result["detail"]["worst_exposure_seconds"] > found["allowed"][0]["allowed_seconds"]
    named = {ref["entry"] for one in result["breaches"] for ref in one["evidence"]}
    assert named
    assert named <= {one["entry"] for one in found["evidence"]}


def test_copies_over_time_are_told_as_data(session: Session) -> None:
    found = session.fine("explain", "im-messages-db", "copies", *PERIOD, "--format", "json").json
    legs = {result["leg"] for result in found["results"]}
    assert {one["leg"] for one in found["counts"]} == legs
    assert "exposure" not in found


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("control", ["recovery-point", "copies"])
def test_pictures_are_drawn_into_a_folder(session: Session, tmp_path: Path, control: str, language: str) -> None:
    done = session.fine("explain", "im-messages-db", control, *PERIOD, "--pictures", str(tmp_path / "new"), "--lang", language)
    path = tmp_path / "new" / f"im-messages-db-{control}.svg"
    assert f"{'Drew ' if language == 'en' else '已绘制'}{path}\n" in done.err
    picture = ElementTree.parse(path).getroot()
    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    assert "im-messages-db" in (picture[0].text or "")


def test_what_is_not_drawn_says_so(session: Session, tmp_path: Path) -> None:
    done = session.fine("explain", "im-messages-db", "protection", *PERIOD, "--pictures", str(tmp_path))
    assert "nothing to draw" in done.err
    assert list(tmp_path.iterdir()) == []
