"""The demo, made once: it takes minutes."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.session import ROOT


@dataclass(frozen=True)
class Demo:
    """The demo's data folder, and what its first run said."""

    data: Path
    said: str

    def run(self) -> str:
        """Run it once more."""
        return _run(self.data)


def _run(data: Path) -> str:
    command = [sys.executable, str(ROOT / "scripts" / "demo.py"), str(data)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=data.parent, env=os.environ, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    data = tmp_path_factory.mktemp("demo") / "demo-data"
    return Demo(data, _run(data))
