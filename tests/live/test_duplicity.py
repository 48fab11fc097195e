"""duplicity: what it did, and what the product says of it."""

from __future__ import annotations

import time

from tests.live.site import MARKS, REPOSITORY, Site, contents, files, needed, place

pytestmark = MARKS


def test_two_chains_failures_a_verify_a_restore_and_a_removal(tmp_path):
    needed("duplicity", "gpg")
    with place() as own:
        change, target = files(own / "data"), f"file://{own}/target"
        site = Site(tmp_path, "duplicity", {"TZ": "Asia/Shanghai", "PASSPHRASE": "a passphrase", "HOME": str(own)})
        options = ["--archive-dir", str(own / "cache"), "--name", "job"]
        status = ["duplicity", "collection-status", *options, "--log-fd", "1", "-v0", target]
        site.declare(status, "job", repository=REPOSITORY, complete=True)
        steps = []
        for number, kind in enumerate(("full", "incr", "incr", "full", "incr")):
            change(number)
            time.sleep(1.1)  # duplicity counts in seconds, and fails where two chains end in one
            steps.append(site.tell("duplicity", kind, *options, own / "data", target))
        site.tell("duplicity", "incr", *options, own / "nowhere", target, ends=13)
        site.tell("duplicity", "full", *options[:2], "--name", "other", own / "data", "file:///proc/nowhere/x", ends=52)
        site.pull()

        points = sorted(site.points().values(), key=lambda row: row["captured_at"])
        ids = [row["id"] for row in points]
        assert [(row["method"], row["base"], row["encrypted"]) for row in points] == [
            ("full", None, "yes"), ("incremental", ids[0], "yes"), ("incremental", ids[1], "yes"),
            ("full", None, "yes"), ("incremental", ids[3], "yes"),
        ]  # fmt: skip
        assert all(step.during(row["captured_at"]) for row, step in zip(points, steps, strict=True))
        assert site.outcomes("backup") == ["success"] * 5 + ["failed"] * 2
        assert [row["method"] for row in site.runs("backup")][:5] == ["full", "incremental", "incremental", "full", "incremental"]
        assert all(step.during(row["started_at"]) for row, step in zip(site.runs("backup"), steps, strict=False))
        assert site.recoverable() == set(ids)

        site.tell("duplicity", "verify", *options, "--compare-data", target, own / "data")
        change(9)
        site.tell("duplicity", "verify", *options, "--compare-data", target, own / "data", ends=1)
        site.tell("duplicity", "restore", *options, target, own / "restored")
        assert set(contents(own / "data")) - set(contents(own / "restored")) == {"file-9"}
        assert [(row["outcome"], row["coverage"]) for row in site.runs("verify")] == [("success", "full"), ("warning", "full")]
        assert [(row["outcome"], row["coverage"]) for row in site.runs("restore")] == [("success", "full")]

        site.tell("duplicity", "remove-all-but-n-full", "1", *options, target)  # without --force nothing is removed
        site.pull()
        assert site.recoverable() == set(ids)
        site.tell("duplicity", "remove-all-but-n-full", "1", "--force", *options, target)
        site.pull()
        assert site.recoverable() == set(ids[3:])
        assert site.outcomes("prune") == ["success"]

        # The last full set is damaged: its data do not match their hash.
        damaged = max((own / "target").glob("duplicity-full.*.vol1.*"))
        damaged.write_bytes(damaged.read_bytes()[:-2000])
        site.tell("duplicity", "verify", *options, target, own / "data", ends=21)
        assert site.outcomes("verify")[-1] == "failed"
