"""pgBackRest with a PostgreSQL server of its own: what it did, and what the product says of it."""

from __future__ import annotations

import json

import psycopg

from tests.live.site import MARKS, REPOSITORY, Site, as_user, needed, place
from tests.postgresql import USER, serving

pytestmark = MARKS


def test_backups_of_every_type_a_failure_a_verify_a_restore_and_an_expiry(tmp_path):
    needed("pgbackrest", "setpriv")
    with place(USER) as own, serving({"archive_mode": "on", "wal_level": "replica", "max_wal_senders": 3}) as server:
        site = Site(tmp_path, "pgbackrest", {"TZ": "Asia/Shanghai"})
        conf = own / "pgbackrest.conf"
        conf.write_text(
            f"[global]\nrepo1-path={own}/repo\nrepo1-retention-full=1\nlog-path={own}\nlog-level-file=detail\nlog-level-console=info\n"
            f"spool-path={own}/spool\nlock-path={own}/lock\nstart-fast=y\ncompress-level=1\n"
            f"[erp]\npg1-path={server.sockets}/data\npg1-socket-path={server.sockets}\n"
        )
        program = [*as_user(USER), "pgbackrest", f"--config={conf}", "--stanza=erp"]
        site.declare([*program, "info", "--output=json"], "erp", repository=REPOSITORY, complete=True)
        with psycopg.connect(f"host={server.sockets} user={USER} dbname=postgres", autocommit=True) as database:
            site.run(*program, "stanza-create")
            database.execute(f"ALTER SYSTEM SET archive_command = 'pgbackrest --config={conf} --stanza=erp archive-push %p'")
            database.execute("SELECT pg_reload_conf()")
            database.execute("CREATE TABLE messages AS SELECT n, repeat('x', 200) FROM generate_series(1, 2000) AS n")
            steps = []
            for kind in ("full", "incr", "diff", "incr"):
                steps.append(site.tell(*program, f"--type={kind}", "backup"))
                database.execute("INSERT INTO messages SELECT n, repeat('y', 200) FROM generate_series(1, 500) AS n")
            failed = site.tell(*program, "--type=full", "--pg1-port=1", "backup", ends=56, only="stdout")
            site.pull()

            labels = [one["label"] for one in json.loads(site.run(*program, "info", "--output=json").out)[0]["backup"]]
            full, first, differential, _ = labels
            points = site.points()
            assert [(points[label]["method"], points[label]["base"]) for label in labels] == [
                ("full", None), ("incremental", full), ("differential", full), ("incremental", differential),
            ]  # fmt: skip
            for label, step in zip(labels, steps, strict=True):
                assert step.during(points[label]["captured_at"])
                assert step.during(points[label]["available_at"])
            assert site.outcomes("backup") == ["success"] * 4 + ["failed"]
            assert [row["method"] for row in site.runs("backup")][:4] == ["full", "incremental", "differential", "incremental"]
            assert [row["recovery_point"] for row in site.runs("backup")] == [*labels, None]
            assert failed.during(site.runs("backup")[-1]["started_at"])
            assert site.recoverable() == set(labels)

            verify = site.tell(*program, "--output=text", "--verbose", "verify")
            site.tell(*program, f"--set={first}", f"--pg1-path={own}/restored", "restore")
            assert (own / "restored" / "PG_VERSION").read_text() == "15\n"
            verified = site.runs("verify")
            assert {row["recovery_point"]: row["outcome"] for row in verified} == dict.fromkeys(labels, "success")
            assert all(verify.during(row["finished_at"]) for row in verified)
            assert [(row["outcome"], row["recovery_point"]) for row in site.runs("restore")] == [("success", first)]

            # A second full backup expires the first one with all that rest on it: the log says so, and the list lacks them.
            expiring = site.tell(*program, "--type=full", "backup")
            site.pull()
            (kept,) = [one["label"] for one in json.loads(site.run(*program, "info", "--output=json").out)[0]["backup"]]
            assert kept not in labels
            assert site.recoverable() == {kept}
            assert set(site.outcomes("prune")) == {"success"}  # one behind each backup
            deleted = {row["id"]: row["deleted_at"] for row in site.facts("recovery_point") if row["deleted_at"]}
            assert sorted(deleted) == labels
            assert all(expiring.during(at) for at in deleted.values())

            # One damaged file: verify prints an error and ends with 0 all the same.
            damaged = sorted((own / "repo" / "backup" / "erp" / kept / "pg_data").rglob("*.gz"))[0]
            damaged.write_bytes(damaged.read_bytes()[:-4] + b"xxxx")
            site.tell(*program, "--output=text", "--verbose", "verify")
            assert site.runs("verify")[-1]["outcome"] == "failed"
            assert site.recoverable() == set()

            # The log file tells of the same runs: they are counted once.
            before = len(site.runs("backup"))
            site.take("erp-backup.log", (own / "erp-backup.log").read_bytes())
            assert len(site.runs("backup")) == before
