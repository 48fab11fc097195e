"""The tables of docs/records.md are what the kinds of records say of their acts.

`pytest tests/register/test_documented.py --rewrite-golden` writes them anew; what people wrote of an act (the last cell of its row) stays.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from audit.register import _documented
from audit.register.acts import kinds
from audit.register.records._record import NEW, Act, Reason

PAGE = Path(__file__).parents[2] / "docs" / "records.md"


def test_the_tables_are_what_the_kinds_say(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--rewrite-golden"):
        PAGE.write_text(_documented.pages(PAGE.read_text(encoding="utf-8"), kinds()), encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    assert _documented.pages(page, kinds()) == page


ACTS = {
    "ask": Act("ask for it", Reason, (NEW,), "asked", attachments=True),
    "grant": Act(
        "grant it", Reason, ("asked", "again"), "granted", not_by=("ask", "press"), not_by_last=("press",), not_named=("owner",)
    ),
    "see": Act("see it", Reason, ("asked",), None, by_program=True),
}
OLD = """# Records

## favour
Asked for.

| act | from | to | |
|---|---|---|---|
| `ask` | | gone | what a person wants |
| `beg` | | asked | an act that is no more |
| `see` | | | |

After it.

## other
| act | from | to | |
"""
NEWER = """# Records

## favour
Asked for.

| act | from | to | who | files | |
|---|---|---|---|---|---|
| `ask` | | asked | | yes | what a person wants |
| `grant` | asked or again | granted | not who did `ask` or `press`; not who did the last `press`; not its owner | | grant it |
| `see` | asked | as it was | only the program | | see it |

After it.

## other
| act | from | to | |
"""


def test_a_table_is_made_anew_and_what_people_wrote_stays() -> None:
    kind = {"favour": SimpleNamespace(ACTS=ACTS)}
    assert _documented.pages(OLD, kind) == NEWER  # type: ignore[arg-type]
    assert _documented.pages(NEWER, kind) == NEWER  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="has no section wish"):
        _documented.pages(OLD, {"wish": SimpleNamespace(ACTS=ACTS)})  # type: ignore[dict-item]
