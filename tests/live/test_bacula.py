"""Bacula, all of it: director, storage and file daemon, a catalog in SQLite, and bconsole: what it did, and what the product says of it."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.live.site import MARKS, Site, contents, files, needed, place

pytestmark = MARKS

SCHEMA = Path("/usr/share/dbconfig-common/data/bacula-director-sqlite3/install/sqlite3")
SUBJECT = "fs01-fd:Set1"


def free_ports(count: int) -> list[int]:
    with ExitStack() as open_:
        taken = [open_.enter_context(socket.socket()) for _ in range(count)]
        for one in taken:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in taken]


@contextmanager
def daemon(program: str, conf: Path, port: int) -> Iterator[None]:
    """Run one of the daemons in the foreground, until it listens."""
    with (conf.with_suffix(".log")).open("wb") as log:
        process = subprocess.Popen(
            [f"/usr/sbin/{program}", "-f", "-c", str(conf)], env={"TZ": "Asia/Shanghai", "PATH": "/usr/bin:/bin"}, stdout=log, stderr=log
        )  # fmt: skip
        try:
            until = time.monotonic() + 30
            while True:
                assert process.poll() is None, conf.with_suffix(".log").read_text()
                assert time.monotonic() < until
                with socket.socket() as tried:
                    if tried.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def configure(own: Path, director: int, storage: int, client: int) -> None:
    """Write the four configurations."""
    where = f'WorkingDirectory = "{own}"\n  Pid Directory = "{own}"'

    def job(name: str, kind: str, **more: str) -> str:
        told = "".join(f"  {key.replace('_', ' ')} = {value}\n" for key, value in more.items())
        common = '  Client = "fs01-fd"\n  Storage = File1\n  Pool = Daily\n  Messages = Standard\n'
        return f'Job {{\n  Name = "{name}"\n  Type = {kind}\n{common}{told}}}\n'

    (own / "dir.conf").write_text(
        f'Director {{\n  Name = dir\n  DIRport = {director}\n  DirAddress = 127.0.0.1\n  QueryFile = "/dev/null"\n  {where}\n  Password = "console"\n'
        "  Messages = Standard\n  FD Connect Timeout = 2\n}\n"
        'Catalog {\n  Name = MyCatalog\n  dbname = "bacula"\n  dbuser = ""\n  dbpassword = ""\n}\n'
        f'Messages {{\n  Name = Standard\n  append = "{own}/bacula.log" = all, !skipped\n  console = all, !skipped, !saved\n  catalog = all, !skipped\n}}\n'
        f'Client {{\n  Name = "fs01-fd"\n  Address = 127.0.0.1\n  FDPort = {client}\n  Catalog = MyCatalog\n  Password = "fdpw"\n  AutoPrune = no\n}}\n'
        'Client {\n  Name = "gone-fd"\n  Address = 127.0.0.1\n  FDPort = 1\n  Catalog = MyCatalog\n  Password = "fdpw"\n}\n'
        f"Storage {{\n  Name = File1\n  Address = 127.0.0.1\n  SDPort = {storage}\n  Password = \"sdpw\"\n  Device = FileDev\n  Media Type = File\n}}\n"
        'Pool {\n  Name = Daily\n  Pool Type = Backup\n  AutoPrune = no\n  Recycle = no\n  Maximum Volume Jobs = 1\n  Label Format = "Daily-"\n  Storage = File1\n}\n'
        f'FileSet {{\n  Name = "Set1"\n  Include {{\n    Options {{\n      signature = SHA1\n    }}\n    File = "{own}/data"\n  }}\n}}\n'
        + job("Backup-fs01", "Backup", Level="Incremental", FileSet="Set1")
        + job("ScriptFail", "Backup", Level="Full", FileSet="Set1", Run_Before_Job='"/bin/false"')
        + job("VerifyData", "Verify", Level="Data", FileSet="Set1", Verify_Job='"Backup-fs01"')
        + job("RestoreFiles", "Restore", FileSet="Set1", Where=f'"{own}/restored"')
        + job("Unreachable", "Backup", Level="Full", FileSet="Set1").replace("fs01-fd", "gone-fd")
    )  # fmt: skip
    (own / "sd.conf").write_text(
        f"Storage {{\n  Name = sd\n  SDPort = {storage}\n  SDAddress = 127.0.0.1\n  {where}\n}}\n"
        'Director {\n  Name = dir\n  Password = "sdpw"\n}\n'
        f'Device {{\n  Name = FileDev\n  Media Type = File\n  Archive Device = "{own}/volumes"\n  LabelMedia = yes\n  Random Access = yes\n'
        "  AutomaticMount = yes\n  RemovableMedia = no\n  AlwaysOpen = no\n}\nMessages {\n  Name = Standard\n  director = dir = all\n}\n"
    )
    (own / "fd.conf").write_text(
        f"FileDaemon {{\n  Name = fs01-fd\n  FDport = {client}\n  FDAddress = 127.0.0.1\n  {where}\n}}\n"
        'Director {\n  Name = dir\n  Password = "fdpw"\n}\nMessages {\n  Name = Standard\n  director = dir = all, !skipped, !restored\n}\n'
    )
    (own / "console.conf").write_text(
        f'Director {{\n  Name = dir\n  DIRport = {director}\n  address = 127.0.0.1\n  Password = "console"\n}}\n'
    )


def test_backups_of_every_level_failures_a_verify_a_restore_and_a_purge(tmp_path):
    needed("bacula-dir", "bacula-sd", "bacula-fd", "bconsole", "sqlite3")
    with place() as own, ExitStack() as running:
        change = files(own / "data")
        (own / "volumes").mkdir()
        subprocess.run(["sqlite3", str(own / "bacula.db")], input=SCHEMA.read_bytes(), check=True, stdout=subprocess.DEVNULL)
        director, storage, client = free_ports(3)
        configure(own, director, storage, client)
        for program, name, port in (("bacula-sd", "sd", storage), ("bacula-fd", "fd", client), ("bacula-dir", "dir", director)):
            running.enter_context(daemon(program, own / f"{name}.conf", port))
        site = Site(tmp_path, "bacula", {"TZ": "Asia/Shanghai"})

        def console(*lines: str) -> list[str]:
            script = "\n".join(lines)
            return ["sh", "-c", f"printf '%s\\n' '{script}' | /usr/sbin/bconsole -n -c {own}/console.conf"]

        def run(what: str):
            return site.run(*console(f"run job={what} yes", "wait", "messages"))

        site.declare(console("llist jobs"), SUBJECT, repositories=["Daily"], complete=True)
        steps = []
        for number, level in enumerate(("Full", "Incremental", "Differential", "Incremental")):
            change(number)
            steps.append(run(f"Backup-fs01 level={level}"))
            time.sleep(1.1)  # what has changed since is judged by the second
        run("ScriptFail")
        run("Unreachable")
        verify = run("VerifyData jobid=1")
        site.run(
            *console(f'restore client="fs01-fd" fileset=Set1 where={own}/restored select current all done yes', "wait", "messages")
        )
        site.pull()
        site.take("bacula.log", (own / "bacula.log").read_bytes(), repository=None)

        points = site.points()
        assert {one: row["method"] for one, row in points.items()} == {
            "1": "full", "2": "incremental", "3": "differential", "4": "incremental",
        }  # fmt: skip
        for number, step in enumerate(steps, 1):
            assert step.during(points[str(number)]["captured_at"])
            assert step.during(points[str(number)]["available_at"])
        # Bases stand in the log alone.
        assert {one: row["base"] for one, row in points.items()} == {"1": None, "2": "1", "3": "1", "4": "3"}
        assert {row["id"]: row["outcome"] for row in site.runs("backup")} == {
            **dict.fromkeys("1234", "success"), "5": "failed", "6": "failed",
        }  # fmt: skip
        (verified,) = site.runs("verify")
        assert (verified["outcome"], verified["coverage"], verified["recovery_point"]) == ("success", "full", "1")
        assert verify.during(verified["started_at"])
        (restored,) = site.runs("restore")
        assert (restored["outcome"], restored["recovery_point"]) == ("success", "4")
        assert contents(own / "restored" / own.relative_to("/") / "data") == contents(own / "data")
        assert site.recoverable() == {"1", "2", "3", "4"}

        # The volume of the first increment is purged: its job is forgotten, and the catalog lacks it.
        site.run(*console("update volume=Daily-0002 volstatus=Used", "purge volume=Daily-0002 yes"))
        site.pull()
        assert site.recoverable() == {"1", "3", "4"}
