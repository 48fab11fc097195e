"""docs/tools.md is what the adapters say of themselves.

`pytest tests/adapters/test_documented.py --rewrite-golden` writes it anew.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.adapters import _documented
from audit.adapters._registry import tools

PAGE = Path(__file__).parents[2] / "docs" / "tools.md"


@pytest.mark.parametrize("tool", tools())
def test_an_adapter_says_what_has_to_be_known_of_it(tool: str) -> None:
    module = tools()[tool]
    assert ": " in _documented.title(module)
    for name in _documented.PARTS:
        assert len(_documented.part(module, name)) >= len("none."), name
    assert module.TESTED_AGAINST in _documented.TESTED


def test_the_page_is_what_they_say(request: pytest.FixtureRequest) -> None:
    made = _documented.table(tools())
    if request.config.getoption("--rewrite-golden"):
        PAGE.write_text(made, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == made
