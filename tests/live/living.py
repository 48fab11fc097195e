"""Real tools, whose commands one source runs one after the other: each is declared, applied and pulled as a person would do it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit.steps._open import open_store
from tests.cli.session import Session
from tests.policy.programmes import BASE

SOURCE, REPOSITORY = "tool", "nas"


@dataclass
class Living:
    """A data folder with one source of a real tool. `environment`: what its commands see, in the words of the connector."""

    folder: Path
    tool: str
    timezone: str
    environment: dict[str, Any]
    session: Session = field(init=False)

    def __post_init__(self) -> None:
        self.session = Session(self.folder / "data")
        self.session.fine("init", "--organisation", "Example Ltd")

    def pull(self, *run: str | Path, complete: bool = False, inside: Path | None = None) -> str:
        """Declare a command as what the source runs (in the folder `inside`), and pull it. Return what `pull` said of the source."""
        fetch = {
            "connector": "command", "run": [str(word) for word in run], "environment": self.environment, "repository": REPOSITORY, "complete": complete,
            "folder": str(inside or self.folder),
        }  # fmt: skip
        source = {"name": SOURCE, "tool": self.tool, "timezone": self.timezone, "expected_every": "1d", "fetch": fetch}
        programme = self.folder / "programme"
        programme.mkdir(exist_ok=True)
        for name, text in {**BASE, "sources.yaml": json.dumps({"sources": [source]})}.items():
            (programme / name).write_text(text, encoding="utf-8")
        self.session.fine("apply", programme, "--by", "olivia")
        (line,) = self.session.fine("pull").out.splitlines()
        return line.removeprefix(f"{SOURCE}: ")

    def facts(self, kind: str) -> list[dict[str, Any]]:
        """Return what the evidence says now, as `facts` prints it."""
        return self.session.fine("facts", "--kind", kind, "--format", "ndjson").rows

    def runs(self) -> list[dict[str, Any]]:
        """Return the runs in the order in which they began."""
        return sorted(self.facts("run"), key=lambda run: run["started_at"])

    def holds(self, secret: str) -> list[Path]:
        """Return the files of the data folder that hold a secret."""
        return [file for file in self.session.data.rglob("*") if file.is_file() and secret.encode() in file.read_bytes()]

    def kept(self) -> list[bytes]:
        """Return every payload that was kept."""
        store = open_store(self.session.data)
        try:
            return [store.vault.get(sha256) for sha256 in store.catalog.payloads(store.head()).sort("entry")["sha256"]]
        finally:
            store.close()
