"""The wheel as a customer gets it: installed into an empty environment, run from another folder, with all content in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONSTRAINTS = ROOT / "constraints.txt"
CONTENT = ("policies", "reports", "templates")

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path, fine: tuple[int, ...] = (0,)) -> str:
    """Run a command without this process's Python settings; return what it printed."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "BACKUP_AUDIT", "VIRTUAL_ENV"))}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode in fine, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--wheel-dir",
        folder,
        ROOT,
        cwd=folder,
    )
    (made,) = folder.glob("*.whl")
    return made


def test_the_content_folders_are_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in CONTENT:
        files = [path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file()]
        assert files
        assert {f"audit/_content/{path}" for path in files} <= names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "scripts/"))]
    assert "audit/register/migrations/versions/0001_journal.py" in names


def test_the_first_session_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    venv.create(home, with_pip=True)
    pip = (home / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    constrained = ("--constraint", CONSTRAINTS) if CONSTRAINTS.is_file() else ()
    run(*pip, *constrained, wheel, cwd=tmp_path)
    program = home / "bin" / "backup-audit"
    place = tmp_path / "elsewhere"
    place.mkdir()
    # The programme comes out of the installed package: nothing of this repository is read but the evidence.
    where = run(home / "bin" / "python", "-c", "import audit; print(audit.__path__[0])", cwd=place).strip()
    assert Path(where).is_relative_to(home)
    shutil.copytree(Path(where) / "_content" / "policies" / "example", place / "programme")
    shutil.copytree(ROOT / "tests" / "data" / "demo" / "nas-dc1", place / "evidence")

    run(program, "--data", "data", "init", "--organisation", "Wheel Ltd", cwd=place)
    assert "Applied as entry 1 of the journal." in run(program, "--data", "data", "apply", "programme", cwd=place)
    taken = run(program, "--data", "data", "ingest", "--source", "messages-db", "--repository", "nas-dc1", "evidence", cwd=place)
    assert taken.startswith("20 file(s): 20 new, 0 already known")
    period = ("--from", "2026-11-01", "--to", "2026-11-24")
    for language, title in (("en", "<h1>Annual review of backup compliance</h1>"), ("zh", "<h1>")):
        out = place / f"review-{language}.html"
        run(program, "--data", "data", "report", "annual-review", *period, "--lang", language, "-o", out, cwd=place)
        assert title in out.read_text(encoding="utf-8")
    assert "im-messages-db" in run(program, "--data", "data", "assess", *period, cwd=place, fine=(1,))
    assert "Everything holds." in run(program, "--data", "data", "verify", cwd=place)
