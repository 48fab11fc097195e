"""A PostgreSQL server of our own for tests: Debian's package, a cluster in a temporary folder, reached over a socket only."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
USER = "postgres"


@dataclass
class Server:
    """A running server; `database` makes an empty database and returns its address."""

    sockets: Path
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def database(self) -> str:
        name = f"register{next(self._numbers)}"
        with psycopg.connect(f"host={self.sockets} user={USER} dbname=postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://{USER}@/{name}?host={self.sockets}"


@contextmanager
def serving(settings: Mapping[str, object] | None = None) -> Iterator[Server]:
    """Run a server, with other settings where they are given. As root it runs as the user that Debian's package makes: PostgreSQL refuses root."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a short path: sockets have no long ones
    as_user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, USER)
        as_user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups"]

    def run(program: str, *arguments: str) -> None:
        subprocess.run([*as_user, str(PROGRAMS / program), *arguments], check=True, stdout=subprocess.DEVNULL, cwd=folder)

    run("initdb", "-D", str(folder / "data"), "-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
    chosen = {
        "listen_addresses": "", "unix_socket_directories": folder, "fsync": "off", "shared_buffers": "32MB", "max_connections": 200, **(settings or {}),
    }  # fmt: skip
    said = " ".join(f"-c {name}={value}" for name, value in chosen.items())
    run("pg_ctl", "-D", str(folder / "data"), "-w", "-o", said, "-l", str(folder / "log"), "start")
    try:
        yield Server(folder)
    finally:
        run("pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(folder)
