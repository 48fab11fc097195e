"""A PostgreSQL server of our own for tests: Debian's package, a cluster in a temporary folder, reached over a socket only."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
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
def serving() -> Iterator[Server]:
    """Run a server. As root it runs as the user that Debian's package makes: PostgreSQL refuses root."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a short path: sockets have no long ones
    as_user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, USER)
        as_user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups"]

    def run(program: str, *arguments: str) -> None:
        subprocess.run([*as_user, str(PROGRAMS / program), *arguments], check=True, stdout=subprocess.DEVNULL, cwd=folder)

    run("initdb", "-D", str(folder / "data"), "-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
    settings = (
        f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off -c shared_buffers=32MB -c max_connections=200"
    )
    run("pg_ctl", "-D", str(folder / "data"), "-w", "-o", settings, "-l", str(folder / "log"), "start")
    try:
        yield Server(folder)
    finally:
        run("pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(folder)
