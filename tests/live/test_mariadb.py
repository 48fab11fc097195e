"""mariabackup with a MariaDB server of its own: what it did, and what the product says of it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.live.site import MARKS, REPOSITORY, Site, needed, place

pytestmark = MARKS


@contextmanager
def serving(data: Path, socket: Path) -> Iterator[None]:
    """Run a server over an empty or a restored folder; its times are those of Shanghai."""
    user = ["--user=root"] if os.geteuid() == 0 else []
    with (data.parent / "server.log").open("ab") as log:
        server = subprocess.Popen(
            [
                "/usr/sbin/mariadbd", "--no-defaults", *user, f"--datadir={data}", f"--socket={socket}", "--skip-networking",
                f"--pid-file={socket}.pid", "--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=16M",
            ],
            env={"PATH": os.environ["PATH"], "TZ": "Asia/Shanghai"}, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            until = time.monotonic() + 60
            while not socket.exists():
                assert server.poll() is None, (data.parent / "server.log").read_text()
                assert time.monotonic() < until
                time.sleep(0.1)
            yield
        finally:
            server.terminate()
            server.wait(60)


def test_a_full_backup_increments_a_differential_failures_a_preparation_and_a_restore(tmp_path):
    needed("mariabackup", "mariadbd", "mariadb-install-db", "mariadb")
    with place() as own:
        data, socket = own / "data", own / "s"
        user = ["--user=root"] if os.geteuid() == 0 else []
        install = ["mariadb-install-db", "--no-defaults", *user, f"--datadir={data}", "--auth-root-authentication-method=normal"]
        subprocess.run([*install, "--skip-test-db", "--innodb-log-file-size=4M"], check=True, stdout=subprocess.DEVNULL)
        site = Site(tmp_path, "mariadb", {"TZ": "Asia/Shanghai"})
        info = "xtrabackup_info"
        # Every backup's own file, as a listing of it; nothing proves that one is gone.
        site.declare(["cat", str(own / "full" / info)], "mariadb", repository=REPOSITORY)
        program = ["mariabackup", "--no-defaults", "--user=root"]
        connected = [*program, f"--socket={socket}", f"--datadir={data}", "--backup"]

        def sql(text: str) -> str:
            client = ["mariadb", "--no-defaults", "--user=root", f"--socket={socket}", "--batch", "--skip-column-names", "-e", text]
            return subprocess.run(client, check=True, capture_output=True, text=True).stdout

        bases = {"full": None, "first": "full", "second": "first", "differential": "full"}
        steps = {}
        with serving(data, socket):
            sql("CREATE DATABASE app; CREATE TABLE app.t (n INT PRIMARY KEY, s TEXT) ENGINE=InnoDB")
            for number, (name, base) in enumerate(bases.items()):
                sql(f"INSERT INTO app.t VALUES ({number}, REPEAT('x', 5000))")
                based = [f"--incremental-basedir={own}/{base}"] if base else []
                steps[name] = site.tell(*connected, f"--target-dir={own}/{name}", *based)
            site.tell(*program, f"--socket={own}/none", "--backup", f"--target-dir={own}/failed", ends=1)
            site.tell(*connected, f"--target-dir={own}/full", ends=1)  # it is there already
            site.pull()
            for name in ("first", "second", "differential"):
                site.take(info, (own / name / info).read_bytes())

            points = {row["id"].rpartition("@")[0].rpartition("/")[2]: row for row in site.points().values()}
            assert set(points) == set(bases)
            for name, base in bases.items():
                assert points[name]["base"] == (points[base]["id"] if base else None)
                assert points[name]["method"] == ("incremental" if base else "full")
                assert steps[name].during(points[name]["captured_at"])
                assert steps[name].during(points[name]["available_at"])
            runs = site.runs("backup")
            assert [row["outcome"] for row in runs] == ["success"] * 4 + ["failed"] * 2
            assert [row["recovery_point"] for row in runs] == [*(points[name]["id"] for name in bases), None, None]
            assert all(step.during(row["started_at"], 0) for step, row in zip(steps.values(), runs, strict=False))
            assert site.recoverable() == {row["id"] for row in points.values()}

        # Prepare the full backup, then with the first increment, and start a server of what was restored.
        site.tell("mariabackup", "--prepare", f"--target-dir={own}/full")
        site.tell("mariabackup", "--prepare", f"--target-dir={own}/full", f"--incremental-dir={own}/first")
        site.tell("mariabackup", "--prepare", f"--target-dir={own}/nowhere", ends=1)
        site.tell(*program[:2], "--copy-back", f"--target-dir={own}/full", f"--datadir={own}/restored")
        assert [(row["outcome"], row["coverage"]) for row in site.runs("verify")] == [
            ("success", "partial"), ("success", "partial"), ("failed", "partial"),
        ]  # fmt: skip
        assert [(row["outcome"], row["coverage"]) for row in site.runs("restore")] == [("success", "full")]
        with serving(own / "restored", socket):
            assert sql("SELECT n FROM app.t ORDER BY n").split() == ["0", "1"]
