"""Data folders in places whose names a URL writes otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.errors import DataFolderError
from audit.steps.init import init
from tests.oracle.build import day, listing, p, policy, programme
from tests.oracle.campaign import assess_case
from tests.oracle.case import Case


@pytest.mark.parametrize("name", ["100%", "what?"])
def test_a_place_that_no_address_can_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match=r"its path holds [%?]; choose another place"):
        init(tmp_path / name)
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["my data", "备份数据", "a#b", "plain"])
def test_a_folder_of_any_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.catalog.layout.MANY_FILES", 1)  # so that both kinds of tables are read
    told = [listing(2, p("p1", 1)), listing(50, p("p1", 1))]
    case = Case("a place", programme(policy({"rpo": "60d"})), told, day(1), day(9))
    (result,) = [one for one in assess_case(case, tmp_path / name)["results"] if one["control"] == "recovery-point"]
    assert (result["verdict"], result["shares"]["met"]) == ("met", 1.0)
