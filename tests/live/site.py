"""A backup tool that is really run, and a data folder that hears of it: what it prints goes through the product's own connector, pull and ingest."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from audit.connectors import command
from audit.connectors._fetching import Asking
from tests.cli.session import Session

MARKS = [pytest.mark.slow, pytest.mark.xdist_group("live")]
"""The tools are run one after the other: they would only slow one another down."""
SHANGHAI = "Asia/Shanghai"
REPOSITORY = "vault"
ASSET = "the-asset"
TIMEOUT = "90s"
MEMORY, ROOM = Path("/dev/shm"), 2 * 1024**3


def needed(*programs: str) -> None:
    """Fail where a program is missing."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    missing = [program for program in programs if shutil.which(program, path=path) is None]
    if missing:
        pytest.fail(
            f"{', '.join(missing)} missing: `make test` installs the tools that these tests run (scripts/system-packages.sh)"
        )


def as_user(user: str | None) -> list[str]:
    """Return the beginning of a command that root runs as another user; of anyone else, none."""
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user and os.geteuid() == 0 else []


@contextmanager
def place(user: str | None = None) -> Iterator[Path]:
    """A temporary folder that belongs to a user, with a short path: sockets have no long ones. In memory where there is room: the tools sync every file."""
    folder = Path(tempfile.mkdtemp(prefix="live", dir=MEMORY if _room(MEMORY) > ROOM else Path("/tmp")))
    if as_user(user):
        shutil.chown(folder, user, user)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _room(folder: Path) -> int:
    return shutil.disk_usage(folder).free if os.access(folder, os.W_OK) else 0


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Step:
    """What a tool did: when it ran, how it ended, what it printed."""

    began: datetime
    ended: datetime
    code: int
    out: str
    err: str

    def during(self, told: str | None, slack: float = 1) -> bool:
        """Tell whether an instant lies within the step; times are told in seconds, so it may begin one earlier."""
        assert told is not None
        return self.began - timedelta(seconds=slack) <= datetime.fromisoformat(told) <= self.ended + timedelta(seconds=slack)


@dataclass
class Site:
    """A tool with its source, and a data folder whose programme declares it."""

    folder: Path
    tool: str
    environment: Mapping[str, str] = field(default_factory=dict)
    timezone: str = SHANGHAI
    _count: int = 0
    _kept: list[Path] = field(default_factory=list)

    def declare(self, fetch: Sequence[str], *subjects: str, repositories: Sequence[str] = (REPOSITORY,), **settings: Any) -> None:
        """Apply a programme: the source, which is fetched with a command, and the asset behind its subjects."""
        programme = self.folder / "programme"
        programme.mkdir()
        source = {
            "name": self.tool, "tool": self.tool, "timezone": self.timezone,
            "fetch": {"connector": "command", "run": list(fetch), "environment": dict(self.environment), "timeout": TIMEOUT, **settings},
        }  # fmt: skip
        asset = {
            "name": ASSET, "title": {"en": "What is backed up"}, "unit": "it", "data_class": "files", "tier": "basic", "site": "dc1",
            "medium": "disk", "in_service": "2026-01-01", "subjects": [{"source": self.tool, "subject": one} for one in subjects],
        }  # fmt: skip
        policy = {
            "policy": "basic", "version": 1, "effective": "2026-01-01", "timezone": self.timezone, "title": {"en": "Basic"},
            "applies_to": {"tier": "basic"}, "objectives": {"rpo": "1d"},
        }  # fmt: skip
        files: dict[str, Any] = {
            "programme": {"title": {"en": "Live"}, "timezone": self.timezone},
            "sources": {"sources": [source]},
            "assets": {"assets": [asset]},
            "repositories": {
                "repositories": [{"name": name, "medium": "disk", "site": "dc1", "failure_domain": name} for name in repositories]
            },
            "sites": {"sites": [{"name": "dc1", "title": {"en": "One"}, "city": "Shanghai", "country": "CN"}]},
            "units": {"units": [{"name": "it", "title": {"en": "IT"}, "representatives": ["Li Na"]}]},
            "policy-basic": policy,
        }
        for name, content in files.items():
            (programme / f"{name}.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        self.session.fine("init", "--organisation", "Live")
        self.session.fine("apply", programme, "--by", "olivia")

    @property
    def session(self) -> Session:
        return Session(self.folder / "data")

    def run(self, *run: str | Path, ends: int = 0, **environment: str) -> Step:
        """Run a program as the connector does; it must end with this code."""
        fetched, began, ended = self._fetch(run, environment)
        told = {one.name: one.payload.decode(errors="replace") for one in fetched}
        step = Step(began, ended, fetched[0].told["exit_code"], told.get("stdout", ""), told.get("stderr", ""))
        assert step.code == ends, (run, step)
        return step

    def tell(self, *run: str | Path, ends: int = 0, only: str | None = None, **environment: str) -> Step:
        """Run a program, and keep what it printed to be taken in. only: the one stream that says something."""
        fetched, began, ended = self._fetch(run, environment)
        told = {one.name: one.payload.decode(errors="replace") for one in fetched}
        step = Step(began, ended, fetched[0].told["exit_code"], told.get("stdout", ""), told.get("stderr", ""))
        assert step.code == ends, (run, step)
        for one in fetched:
            if only in (None, one.name):
                self.take(one.name, one.payload, **{key: value for key, value in one.told.items() if value is not None})
        return step

    def take(self, name: str, payload: bytes, **envelope: Any) -> None:
        """Keep what a tool wrote, such as its log, to be taken in."""
        told = {"source": self.tool, "tool": self.tool, "repository": REPOSITORY, "observed_at": now(), **envelope}
        told = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in told.items()}
        file = self.folder / f"{self._count:02}-{name}"
        self._count += 1
        file.write_bytes(payload)
        file.with_name(f"{file.name}.envelope.json").write_text(json.dumps(told), encoding="utf-8")
        self._kept.append(file)

    def take_in(self, quarantined: int = 0) -> None:
        """Ingest what was kept; all of it can be read, but for so many records."""
        if self._kept:
            done = self.session("ingest", *self._kept)
            assert done.code == 0, done
            found = re.search(r"^(\d+) quarantined", done.out, re.MULTILINE)
            assert (int(found[1]) if found else 0) == quarantined, done
            self._kept.clear()

    def _fetch(self, run: Sequence[str | Path], environment: Mapping[str, str]) -> tuple[list[Any], datetime, datetime]:
        settings = command.Settings(
            connector="command", run=[str(part) for part in run], environment={**self.environment, **environment}, timeout=TIMEOUT
        )
        began = now()
        fetched = list(command.fetch(settings, Asking(now, lambda _: None)))
        return fetched, began, now()

    def pull(self) -> Step:
        """Take in what was kept, and fetch the source as it is declared."""
        self.take_in()
        began = now()
        done = self.session.fine("pull")
        assert "Warning" not in done.out, done
        return Step(began, now(), 0, done.out, done.err)

    def facts(self, kind: str) -> list[dict[str, Any]]:
        """Return what the evidence says, merged to one row for each point or run."""
        self.take_in()
        return self.session.fine("facts", "--kind", kind, "--format", "ndjson").rows

    def points(self) -> dict[str, dict[str, Any]]:
        """Return the recovery points that catalogs know, by id."""
        return {row["id"]: row for row in self.facts("recovery_point") if row["basis"] == "catalog"}

    def runs(self, kind: str) -> list[dict[str, Any]]:
        """Return the runs of a kind by when they began."""
        return sorted((row for row in self.facts("run") if row["kind"] == kind), key=lambda row: row["started_at"])

    def outcomes(self, kind: str) -> list[str]:
        return [row["outcome"] for row in self.runs(kind)]

    def recoverable(self) -> set[str]:
        """Return the ids of the points from which the asset can be restored now, as the product concludes."""
        self.take_in()
        done = self.session("recoverable", ASSET, "--at", now().isoformat(), "--format", "ndjson")
        assert done.code in (0, 1), done
        return {row["id"] for row in done.rows}


Change = Callable[[int], None]


def files(folder: Path) -> Change:
    """Make a folder of files to back up, and return what changes it."""
    folder.mkdir(parents=True, exist_ok=True)

    def change(number: int) -> None:
        (folder / f"file-{number}").write_bytes(os.urandom(20_000))
        (folder / "changing").write_text(f"{number}\n" * 1000)

    change(0)
    return change


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder, by their paths within it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
