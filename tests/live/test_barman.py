"""Barman with a PostgreSQL server of its own: what it did, and what the product says of it."""

from __future__ import annotations

import json
import time

import psycopg

from tests.live.site import MARKS, REPOSITORY, Site, as_user, needed, place
from tests.postgresql import PROGRAMS, USER, serving

pytestmark = MARKS


def test_full_backups_failures_a_verify_a_recovery_and_retention(tmp_path):
    needed("barman", "setpriv")
    with place(USER) as own:
        home, binaries, broken = own / "barman", own / "bin", own / "broken"
        archive = f"'cp %p {home}/crm/incoming/%f'"
        with serving({"archive_mode": "on", "archive_command": archive, "wal_level": "replica"}) as server:
            # PostgreSQL's own programs, of which one can be made to fail.
            binaries.mkdir()
            for program in PROGRAMS.iterdir():
                (binaries / program.name).symlink_to(program)
            (binaries / "pg_basebackup").unlink()
            (binaries / "pg_basebackup").write_text(
                f'#!/bin/sh\nif [ -e {broken} ] && [ "$1" != --version ]; then echo "no space left on device" >&2; exit 1; fi\n'
                f'exec {PROGRAMS}/pg_basebackup "$@"\n'
            )
            (binaries / "pg_basebackup").chmod(0o755)
            conf = own / "barman.conf"
            common = f"backup_method = postgres\narchiver = on\npath_prefix = {binaries}\nimmediate_checkpoint = true\n"
            reach = f"host={server.sockets} user={USER} dbname=postgres"
            conf.write_text(
                f"[barman]\nbarman_home = {home}\nbarman_user = {USER if as_user(USER) else ''}\nlog_file = {own}/barman.log\nlog_level = INFO\n"
                f"[crm]\ndescription = crm\nconninfo = {reach}\nstreaming_conninfo = {reach}\n{common}"
                "retention_policy = REDUNDANCY 2\nminimum_redundancy = 1\n"
                f"[gone]\ndescription = gone\nconninfo = {reach} port=1\nstreaming_conninfo = {reach} port=1\n{common}"
            )
            program = [*as_user(USER), "barman", "-c", str(conf)]
            site = Site(tmp_path, "barman", {"TZ": "Asia/Shanghai", "HOME": str(own)})
            listing = [*program, "-f", "json", "list-backups", "crm"]
            site.declare(listing, "crm", repository=REPOSITORY, complete=True)

            def backups() -> dict[str, str]:
                """Return the status of each backup, the oldest first, as Barman tells it."""
                found = json.loads(site.run(*listing).out)["crm"]
                return dict(sorted((f"crm/{one['backup_id']}", one["status"]) for one in found))

            site.run(*as_user(USER), "mkdir", home)
            site.run(*program, "check", "crm", ends=1)  # makes the folders in it; nothing is archived yet
            with psycopg.connect(reach, autocommit=True) as database:
                database.execute("CREATE TABLE calls AS SELECT n FROM generate_series(1, 1000) AS n")
                database.execute("SELECT pg_switch_wal()")
                while not list((home / "crm" / "incoming").iterdir()):  # the test's own limit of time ends it
                    time.sleep(0.1)
                site.run(*program, "archive-wal", "crm")
                steps = []
                for _ in range(2):
                    steps.append(site.tell(*program, "backup", "--wait", "crm", only="stdout"))
                    database.execute("INSERT INTO calls SELECT n FROM generate_series(1, 1000) AS n")
                ids = list(backups())
                broken.touch()
                failed = site.tell(*program, "backup", "--wait", "crm", ends=1)  # stdout and stderr tell of one run
                assert "no space left on device" in failed.err
                broken.unlink()
                unreachable = site.tell(*program, "backup", "gone", ends=1)
                site.pull()

                (bad,) = [one for one, status in backups().items() if status == "FAILED"]
                points = site.points()
                assert set(points) == set(ids)
                for one, step in zip(ids, steps, strict=True):
                    assert (points[one]["method"], points[one]["base"]) == ("full", None)
                    assert step.during(points[one]["captured_at"])
                    assert step.during(points[one]["available_at"])
                runs = site.runs("backup")
                assert [(row["subject"], row["outcome"]) for row in runs] == [
                    ("crm", "success"), ("crm", "success"), ("crm", "failed"), ("gone", "failed"),
                ]  # fmt: skip
                assert [row["recovery_point"] for row in runs] == [*ids, None, None]
                assert runs[2]["id"] == f"backup:{bad}"
                assert all(step.during(row["started_at"]) for row, step in zip(runs, [*steps, failed, unreachable], strict=True))
                assert site.recoverable() == set(ids)

                first = ids[0].partition("/")[2]
                site.tell(*program, "verify-backup", "crm", first)
                site.tell(*program, "recover", "crm", first, own / "restored")
                assert (own / "restored" / "PG_VERSION").read_text() == "15\n"
                assert [(row["outcome"], row["recovery_point"]) for row in site.runs("verify")] == [("success", ids[0])]
                assert [(row["outcome"], row["recovery_point"]) for row in site.runs("restore")] == [("success", ids[0])]

                # A third good backup makes the first obsolete: cron deletes it. The failed one is deleted by hand.
                site.tell(*program, "backup", "--wait", "crm", only="stdout")
                expiring = site.run(*program, "cron")
                until = time.monotonic() + 60
                while ids[0] in backups():
                    assert time.monotonic() < until
                    time.sleep(0.2)
                deleting = site.tell(*program, "delete", "crm", bad.partition("/")[2])
                site.pull()
                third = max(backups())
                assert backups() == {ids[1]: "DONE", third: "DONE"}
                assert site.recoverable() == {ids[1], third}

                # The log tells of the same runs, and of the deletions.
                before = {row["id"]: row["outcome"] for row in site.runs("backup") if row["subject"] == "crm"}
                site.take("barman.log", (own / "barman.log").read_bytes())
                site.take_in(quarantined=1)  # how the recovery ended does not stand there
                assert {row["id"]: row["outcome"] for row in site.runs("backup") if row["subject"] == "crm"} == before
                assert [(row["id"], row["outcome"]) for row in site.runs("prune")] == [
                    (f"delete:{ids[0]}", "success"), (f"delete:{bad}", "success"),
                ]  # fmt: skip
                deleted = {row["id"]: row["deleted_at"] for row in site.facts("recovery_point") if row["deleted_at"]}
                assert set(deleted) == {ids[0], bad}
                assert expiring.during(deleted[ids[0]], 5)
                assert deleting.during(deleted[bad])
