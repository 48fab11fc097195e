"""rsnapshot: what it did, and what the product says of it."""

from __future__ import annotations

import shutil
import time

from tests.live.site import MARKS, REPOSITORY, Site, contents, files, needed, place

pytestmark = MARKS


def test_snapshots_that_rotate_away_a_failing_script_and_a_missing_folder(tmp_path):
    needed("rsnapshot", "rsync")
    with place() as own:
        change, log, script = files(own / "data"), own / "rsnapshot.log", own / "dump.sh"
        script.write_text("#!/bin/sh\ndate > dump.sql\n")
        script.chmod(0o755)
        conf = own / "rsnapshot.conf"
        settings = {
            "config_version": "1.2", "snapshot_root": f"{own}/root/", "cmd_rm": "/bin/rm", "cmd_cp": "/bin/cp", "cmd_rsync": "/usr/bin/rsync",
            "verbose": "3", "loglevel": "4", "logfile": log, "lockfile": own / "lock", "rsync_long_args": "--delete --relative --stats",
        }  # fmt: skip
        lines = [*settings.items(), ("retain", "daily\t3"), ("retain", "weekly\t2"), ("backup", f"{own}/data/\tlocalhost/")]
        lines.append(("backup_script", f"{script}\tscripts/"))
        conf.write_text("".join(f"{key}\t{value}\n" for key, value in lines))
        run = ["rsnapshot", "-c", str(conf)]
        site = Site(tmp_path, "rsnapshot", {"TZ": "Asia/Shanghai"})
        site.declare(
            ["ls", "-l", "--time-style=full-iso", f"{own}/root"], REPOSITORY, repository=REPOSITORY, complete=True
        )  # one snapshot holds all
        steps, ids = [], []
        for number in range(3):
            change(number)
            steps.append(site.run(*run, "daily"))
            site.pull()
            ids.append(max(site.points()))
            time.sleep(1.1)  # the log tells runs apart by the second
        listed = site.points()
        points = [listed[one] for one in ids]
        assert len(set(ids)) == 3
        assert {(row["method"], row["base"], row["self_contained"]) for row in points} == {("full", None, True)}
        assert all(step.during(row["captured_at"]) for row, step in zip(points, steps, strict=True))
        assert site.recoverable() == set(ids)

        site.run(*run, "weekly")  # the oldest daily becomes weekly.0: the same snapshot under another name
        site.pull()
        assert site.recoverable() == set(ids)
        script.write_text("#!/bin/sh\nexit 4\n")
        partial = site.run(*run, "daily", ends=1)  # made and rotated all the same
        site.pull()
        fourth = max(site.points())
        time.sleep(1.1)
        shutil.move(own / "data", own / "elsewhere")
        failed = site.run(*run, "daily", ends=1)
        shutil.move(own / "elsewhere", own / "data")
        site.take("rsnapshot.log", log.read_bytes())
        assert site.outcomes("backup") == ["success"] * 3 + ["warning", "failed"]
        assert all(step.during(row["started_at"]) for row, step in zip(site.runs("backup"), [*steps, partial, failed], strict=True))
        kept = [row for row in site.facts("recovery_point") if row["completeness"] == "partial"]
        assert [row["id"] for row in kept] == [fourth]  # the same point in the log and in the list
        assert partial.during(kept[0]["captured_at"])

        assert contents(own / "root" / "daily.0" / "localhost" / own.relative_to("/") / "data") == contents(own / "data")
        script.write_text("#!/bin/sh\ndate > dump.sql\n")
        time.sleep(1.1)
        for _ in range(2):  # the two dailies left behind fall off the end
            site.run(*run, "daily")
            time.sleep(1.1)
        site.pull()
        on_disk = {path.name for path in (own / "root").iterdir()}
        assert on_disk == {"daily.0", "daily.1", "daily.2", "weekly.0"}
        # weekly.0 is the first; the partial one restores not everything.
        new = sorted(site.points())[-2:]
        assert site.recoverable() == {ids[0], *new}
