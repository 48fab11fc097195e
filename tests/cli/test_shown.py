"""What we show to newcomers is what they get: the README's first session. (The demo: tests/simulation/test_demo.py.)"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.session import ROOT, Session


def squeezed(text: str) -> str:
    return re.sub(r"[ \t]+", " ", text)


def test_the_first_session_of_the_readme_prints_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    session = Session(tmp_path / "my-data")
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = text[text.index("## A first session") : text.index("(Shortened:")]
    steps = re.findall(r"^    \$ backup-audit --data my-data (.*)\n((?:    (?!\$).*\n)*)", shown, re.MULTILINE)
    assert len(steps) == 7
    for command, output in steps:
        arguments = [str(tmp_path / "review.html") if word == "review.html" else word for word in shlex.split(command)]
        done = session(*arguments)
        assert done.code == (1 if arguments[0] == "assess" else 0), done
        printed = squeezed(done.out.replace(str(tmp_path / "my-data"), "my-data"))
        for line in output.splitlines():
            assert squeezed(line.strip()) in printed, command
