"""backup-audit simulate, as it is typed."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from audit.cli._main import group
from audit.errors import UsageError


def test_a_year_is_written_once(tmp_path: Path) -> None:
    folder = tmp_path / "year"
    first = CliRunner().invoke(group, ["simulate", str(folder), "--year", "2023", "--seed", "9"])
    assert first.exit_code == 0
    assert f"Wrote a simulated year to {folder}" in first.output
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "evidence", "programme", "truth.yaml"]
    assert "--from 2023-01-01 --to 2024-01-01" in (folder / "README.md").read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["year"]
    again = CliRunner().invoke(group, ["simulate", str(folder), "--year", "2023", "--seed", "9"])
    assert again.exit_code == 0
    assert "has this year already" in again.output


def test_a_year_that_is_not_over_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(group, ["simulate", str(tmp_path / "year"), "--year", "2090"])
    assert isinstance(done.exception, UsageError)
    assert "choose an earlier year" in str(done.exception)
