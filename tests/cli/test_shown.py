"""What we show to newcomers is what they get: the README's first session, and the demo."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from audit.steps.report import formats
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


@pytest.mark.slow
def test_the_demo_runs_and_run_again_changes_nothing(tmp_path: Path) -> None:
    data = tmp_path / "demo-data"

    def demo() -> str:
        command = [sys.executable, str(ROOT / "scripts" / "demo.py"), str(data)]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=tmp_path, env=os.environ, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def files() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (data / "reports").iterdir() if path.is_file()}

    first, made = demo(), files()
    names = [f"annual-review{language}.{fmt}" for language in ("", "-zh") for fmt in formats()]
    assert sorted(made) == sorted([*names, "assessment.json"])
    assert json.loads(made["assessment.json"])["as_known_at"] == 3725
    assert "238 verdicts, one for each promise (and each leg of it) on each asset: 188 met, 13 breached, 37 unproven.\n" in first
    found = re.findall(r"^ +([a-z ]+): (\d+) of (\d+) verdicts are what the truth says, to the second\.$", first, re.MULTILINE)
    assert len(found) == 10
    assert all(told == of for _, told, of in found), first
    assert "Nothing was new" not in first
    again = demo()
    assert "Nothing was new: the journal still ends with entry 3725" in again
    assert files() == made
