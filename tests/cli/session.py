"""backup-audit as it is typed, in this process: arguments in; exit code, stdout and stderr out."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from audit.cli import main

ROOT = Path(__file__).resolve().parents[2]
PROGRAMME = ROOT / "policies" / "example"
RESTIC = ROOT / "tests" / "data" / "restic"
DEMO = ROOT / "tests" / "data" / "demo"
PERIOD = ("--from", "2026-11-01", "--to", "2026-11-24")


@dataclass(frozen=True)
class Done:
    """What a command ended with and printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Session:
    """A data folder and the commands on it."""

    data: Path

    def __call__(self, *arguments: str | Path) -> Done:
        out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
        argv = ["backup-audit", "--data", str(self.data), *map(str, arguments)]
        code = 0
        with patch.object(sys, "argv", argv), redirect_stdout(out), redirect_stderr(err):
            try:
                main()
            except SystemExit as ended:
                code = int(ended.code or 0)
        out.flush()
        done = Done(code, out.buffer.getvalue().decode(), err.getvalue())  # type: ignore[attr-defined]
        assert "Traceback" not in done.out + done.err
        return done

    def fine(self, *arguments: str | Path) -> Done:
        done = self(*arguments)
        assert done.code == 0, done
        return done

    def assess(self, *arguments: str) -> Any:
        done = self("assess", *(arguments if "--from" in arguments else (*PERIOD, *arguments)), "--format", "json")
        assert done.code in (0, 1), done
        return done.json


def restic_samples() -> list[Path]:
    """Return the restic samples that have an envelope: the others are notes about them."""
    ending = ".envelope.json"
    return sorted(path.with_name(path.name.removesuffix(ending)) for path in RESTIC.glob(f"*{ending}"))


def started(data: Path, programme: Path = PROGRAMME) -> Session:
    """Return a session on a new data folder with a programme applied."""
    session = Session(data)
    session.fine("init", "--organisation", "Yunhe Messaging")
    session.fine("apply", programme, "--by", "olivia")
    return session


def promising(folder: Path, *objectives: str) -> Session:
    """Return a session on a new data folder with the example programme, whose core policy has these objectives as well."""
    programme = folder / "programme"
    programme.mkdir()
    for file in PROGRAMME.glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        if file.name == "policy-core.yaml":
            text = text.replace("objectives:\n", "".join(["objectives:\n", *(f"  {one}\n" for one in objectives)]))
        (programme / file.name).write_text(text, encoding="utf-8")
    return started(folder / "data", programme)


def told(data: Path) -> Session:
    """Return a session like the demo's: the example programme, the restic samples, the message database of November."""
    session = started(data)
    session.fine("ingest", *restic_samples())
    for repository in ("nas-dc1", "vault-hz"):
        session.fine("ingest", "--source", "messages-db", "--repository", repository, DEMO / repository)
    return session


def result_of(assessment: Any, asset: str, control: str, leg: str | None = None) -> Any:
    """Return the one result of an asset, control and leg."""
    (found,) = [
        result for result in assessment["results"] if (result["asset"], result["control"], result["leg"]) == (asset, control, leg)
    ]
    return found


def stretches(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return when breaches or unproven stretches begin and end."""
    return [(one["from"], one["to"]) for one in found]
