"""The whole way as a user goes it: programme and evidence in, verdicts out; and what must hold of them whatever happens around it."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from audit.evaluation.explain import DOUBTS
from tests.cli.session import (
    DEMO,
    PERIOD,
    PROGRAMME,
    RESTIC,
    ROOT,
    Session,
    restic_samples,
    result_of,
    started,
    stretches,
    told,
)

COMMANDS = sorted(path.stem.replace("_", "-") for path in (ROOT / "audit" / "cli").glob("*.py") if not path.name.startswith("_"))
END = "2026-11-23T16:00:00Z"  # 24 November, midnight in Shanghai


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A data folder with all that the demo has; the tests only read it."""
    return told(tmp_path_factory.mktemp("session") / "data")


@pytest.fixture(scope="module")
def assessment(session: Session) -> Any:
    return session.assess()


# --- the first session ------------------------------------------------------------------------------------------------------------


def test_each_step_says_what_it_did(tmp_path: Path) -> None:
    session = Session(tmp_path / "data")
    assert session.fine("init", "--organisation", "Yunhe Messaging").out.startswith(
        f"Made the data folder {tmp_path / 'data'} of Yunhe Messaging."
    )
    applied = session.fine("apply", PROGRAMME, "--by", "olivia")
    assert applied.out.splitlines()[-2:] == [
        "asset: 4 added; policy: 3 added; programme: 1 added; repository: 4 added; site: 2 added; source: 2 added; unit: 3 added.",
        "Applied as entry 1 of the journal.",
    ]
    assert session.fine("apply", PROGRAMME, "--by", "olivia").out == f"{PROGRAMME} declares nothing new: nothing was changed.\n"
    assert session.fine("ingest", *restic_samples()).out.splitlines()[0] == "31 file(s): 31 new, 0 already known"
    assert session.fine("ingest", *restic_samples()).out.splitlines()[0] == "31 file(s): 0 new, 31 already known"
    table = session("assess", *PERIOD)
    assert table.code == 1
    assert table.out.splitlines()[-1].startswith("As known at journal entry 32 (")
    assert session.fine("verify").out.splitlines()[1].startswith("Everything holds.")
    report = tmp_path / "review.html"
    assert session.fine("report", "annual-review", *PERIOD, "-o", report).out.startswith(f"Wrote {report} (")
    assert "<h1>Annual review of backup compliance</h1>" in report.read_text(encoding="utf-8")


def test_what_the_tools_said_is_all_accounted_for(session: Session) -> None:
    assert session.fine("quarantine").out == "0 rows in quarantine or in doubt\n"
    assert session.fine("subjects", "--orphans").out == "0 subjects\n"
    assert [(row["subject"], row["asset"]) for row in session.fine("subjects", "--format", "ndjson").rows] == [
        ("im-messages", "im-messages-db"),
        ("db-02:/srv/im-data/fileserver/docs,/srv/im-data/fileserver/etc", "db-02-configuration"),
        ("fs-shanghai-01:/srv/im-data/fileserver", "fileserver-finance"),
        ("fs-shanghai-01:/srv/im-data/partial", "fileserver-exchange"),
    ]
    sources = {row["source"]: row for row in session.fine("sources", "--format", "ndjson").rows}
    # The newest listing of the message database says 21 November 06:00 in Shanghai; it has been silent since, whenever we received it.
    assert sources["messages-db"]["last_evidence"] == "2026-11-20T22:00:00Z"
    assert sources["messages-db"]["payloads"] == 40


# --- what the real restic samples prove: computed by hand from tests/data/restic/README.md ---------------------------------------


def test_the_file_server_had_no_backup_for_its_first_day(assessment: Any) -> None:
    # In service from 22 November 00:00 Shanghai; 24 h + 1 h later the first backup must exist. It was restorable when restic ended, on the 23rd at
    # 05:51:55.803Z. From the last listing of restic-main (05:52:20.436Z) on nobody saw whether its points stay, and the one listing of the
    # offsite repository came before a check found it damaged: so from then on the points are possible, not sure.
    found = result_of(assessment, "fileserver-finance", "recovery-point")
    assert stretches(found["breaches"]) == [("2026-11-22T17:00:00Z", "2026-11-23T05:51:55.803000Z")]
    assert stretches(found["unproven"]) == [("2026-11-23T05:52:20.436000Z", END)]
    two_days = 2 * 86_400
    assert found["shares"]["breached"] == pytest.approx((12 * 3600 + 51 * 60 + 55.803) / two_days)
    assert found["shares"]["unproven"] == pytest.approx((10 * 3600 + 7 * 60 + 39.564) / two_days)
    # Exposure at the end of the breach: nothing was ever backed up before, so the point after it is all there is to name.
    (breach,) = found["breaches"]
    assert breach["detail"]["after"]["id"].startswith("0518958a")


@pytest.mark.parametrize("leg", ["count", "media", "offsite"])
def test_the_file_server_lacked_its_third_copy_until_the_offsite_one(assessment: Any, leg: str) -> None:
    # Production and restic-main are two copies on one medium in one city. The copies in restic-offsite were first seen at 05:52:17.955Z; at 05:52:21.950Z a check that
    # read all data found the repository damaged, and none before had succeeded: when the damage happened is unknown, so no copy was ever sure.
    found = result_of(assessment, "fileserver-finance", "copies", leg)
    assert stretches(found["breaches"]) == [("2026-11-21T16:00:00Z", "2026-11-23T05:52:17.955000Z")]
    assert stretches(found["unproven"]) == [("2026-11-23T05:52:17.955000Z", END)]
    assert found["shares"]["met"] == 0.0
    assert {"integrity", "no-listing-after"} <= set(found["unproven"][0]["detail"]["reasons"])


def test_forget_and_prune_broke_the_retention(assessment: Any) -> None:
    # `forget --keep-last 2 --prune` removed two of four points half a minute after they were made; the policy keeps each for 7 days. Its log says when: 05:52:19.562Z.
    found = result_of(assessment, "fileserver-finance", "retention-minimum")
    (breach,) = found["breaches"]
    assert (breach["from"], breach["to"]) == ("2026-11-23T05:52:19.562000Z", END)
    assert {point["id"][:8] for point in breach["detail"]["lost"]["points"]} == {"0518958a", "a16e30b9"}
    # The damaged offsite copies are points of the asset as well: from their first sighting on, whether they are kept is not sure.
    assert stretches(found["unproven"]) == [("2026-11-23T05:52:17.955000Z", "2026-11-23T05:52:19.562000Z")]


def test_the_configuration_of_db_02_has_no_second_repository(assessment: Any) -> None:
    # restic-offsite was listed once, and held nothing of it. After that listing something may have been copied there unseen.
    found = result_of(assessment, "db-02-configuration", "copies", "offsite")
    assert stretches(found["breaches"]) == [("2026-11-21T16:00:00Z", "2026-11-23T05:52:17.955000Z")]
    (rest,) = found["unproven"]
    assert (rest["reason"], rest["detail"]["repositories"]) == ("no-listing-after", ["restic-offsite"])
    # Its one point is kept as far as anyone saw: the policy began to bind it at the first listing, the last one was 15 seconds later.
    kept = result_of(assessment, "db-02-configuration", "retention-minimum")
    assert (kept["verdict"], kept["breaches"]) == ("unproven", [])


def test_a_partial_backup_counts_where_the_policy_accepts_it(assessment: Any, tmp_path: Path) -> None:
    # The basic policy accepts partial copies and asks for one in 3 days: until 25 November no more is asked of a new asset.
    assert result_of(assessment, "fileserver-exchange", "recovery-point")["verdict"] == "met"
    # restic-main does not say how long a listing is sure to show copies, and this policy keeps nothing: a second copy may have existed unseen until the
    # known one was restorable (05:52:04.326Z), and may be gone since the last listing.
    count = result_of(assessment, "fileserver-exchange", "copies", "count")
    assert (count["verdict"], stretches(count["unproven"])) == (
        "unproven",
        [("2026-11-21T16:00:00Z", "2026-11-23T05:52:04.326000Z"), ("2026-11-23T05:52:20.436000Z", END)],
    )

    strict = tmp_path / "programme"
    shutil.copytree(PROGRAMME, strict)
    policy = strict / "policy-basic.yaml"
    policy.write_text(policy.read_text(encoding="utf-8").replace("accept_partial: true\n", ""), encoding="utf-8")
    session = started(tmp_path / "data", strict)
    session.fine("ingest", *restic_samples())
    later = session.assess(
        "--from", "2026-11-25", "--to", "2026-11-26", "--asset", "fileserver-exchange", "--control", "recovery-point"
    )
    assert later["results"][0]["shares"]["met"] == 0.0


# --- the message database: tests/data/demo/README.md says what happened -----------------------------------------------------------


def test_the_accidents_of_the_message_database_are_found(assessment: Any) -> None:
    recovery = result_of(assessment, "im-messages-db", "recovery-point")
    assert stretches(recovery["breaches"]) == [("2026-11-08T20:10:00Z", "2026-11-10T12:06:25Z")]
    assert stretches(recovery["unproven"]) == [("2026-11-20T22:00:00Z", END)]
    # From the snapshot of 9 November 03:00 to 10 November 20:06:25, Shanghai: 41 h 6 min 25 s.
    assert recovery["detail"]["worst_exposure_seconds"] == 41 * 3600 + 6 * 60 + 25

    copies = {leg: result_of(assessment, "im-messages-db", "copies", leg) for leg in ("count", "media", "offsite")}
    # Without backups: the newest copy in vault-hz was of 9 November 00:00, that in nas-dc1 of 03:00; each counts for 24 hours.
    assert stretches(copies["offsite"]["breaches"])[0][0] == "2026-11-09T16:00:00Z"
    assert stretches(copies["media"]["breaches"]) == [("2026-11-09T19:00:00Z", "2026-11-10T12:06:25Z")]
    # Without copies to vault-hz: from 24 h after that of 13 November 18:00 until the one of the 18th 00:00 is restorable.
    begin, end = stretches(copies["offsite"]["breaches"])[1]
    assert begin == "2026-11-14T10:00:00Z"
    assert "2026-11-17T16:30:00Z" <= end <= "2026-11-17T17:10:00Z"
    assert stretches(copies["count"]["breaches"]) == stretches(copies["offsite"]["breaches"])

    kept = result_of(assessment, "im-messages-db", "retention-minimum")
    assert stretches(kept["breaches"]) == [("2026-11-19T22:00:00Z", END)]
    assert stretches(kept["unproven"]) == [("2026-11-18T22:00:00Z", "2026-11-19T22:00:00Z")]
    assert result_of(assessment, "im-messages-db", "retention-maximum")["verdict"] == "met"


def test_three_numbers_over_one_denominator(assessment: Any) -> None:
    coverage = assessment["coverage"]
    assert {key: coverage[key] for key in ("in_service", "assigned", "protected", "protected_up_to", "restorable")} == {
        "in_service": 4,
        "assigned": 4,
        "protected": 1,
        "protected_up_to": 4,
        "restorable": 0,
    }
    assert coverage["remainder"]["protected"] == ["db-02-configuration", "fileserver-finance", "im-messages-db"]


def test_the_shares_of_each_result_sum_to_one(assessment: Any) -> None:
    assert len(assessment["results"]) == 34
    for result in assessment["results"]:
        assert sum(result["shares"].values()) == pytest.approx(1.0), result


def test_every_reason_that_is_given_is_worded_in_reports(assessment: Any) -> None:
    stretches_of = [stretch for result in assessment["results"] for stretch in result["unproven"]]
    given = {stretch["reason"] for stretch in stretches_of} | {
        key for stretch in stretches_of for key in stretch["detail"].get("reasons", ())
    }
    assert {"mixed", "no-listing-after", "presence", "integrity", "unseen", "no-restore-test"} <= given
    for language in ("en", "zh"):
        worded = YAML(typ="safe").load(ROOT / "reports" / "wording" / f"{language}.yaml")["reasons"]
        assert given | set(DOUBTS) <= set(worded)


# --- from a verdict to the byte ---------------------------------------------------------------------------------------------------


def test_explain_shows_the_very_line_of_evidence(session: Session) -> None:
    shown = session.fine("explain", "im-messages-db", "recovery-point", *PERIOD).out
    lines = (DEMO / "nas-dc1" / "2026-11-11.ndjson").read_text(encoding="utf-8").splitlines()
    (number,) = [number for number, line in enumerate(lines, 1) if '"im-20261110-20"' in line]
    assert f", line {number}, of 2026-11-11.ndjson\n      {lines[number - 1]}\n" in shown
    assert "im-20261109-03 in nas-dc1, captured 2026-11-08T19:00:00Z" in shown


def test_every_reference_of_an_assessment_leads_to_bytes_that_are_there(session: Session, assessment: Any) -> None:
    payloads = {row["entry"]: row for row in session.fine("facts", "--kind", "recovery_point", "--format", "ndjson").rows}
    assert payloads
    references = {
        (ref["entry"], ref["sha256"])
        for result in assessment["results"]
        for breach in result["breaches"]
        for ref in breach["evidence"]
    }
    assert references
    for _, sha256 in references:
        assert (session.data / "vault" / sha256[:2] / f"{sha256}.zst").is_file()


def test_explain_shows_the_json_that_a_pointer_names(session: Session) -> None:
    shown = session.fine("explain", "fileserver-finance", "retention-minimum", *PERIOD).out
    removed = json.loads((RESTIC / "forget-prune.json").read_text(encoding="utf-8").splitlines()[0])[0]["remove"][0]
    assert "/0/remove/0, of forget-prune.json\n" in shown
    assert f"      {json.dumps(removed, ensure_ascii=False)}\n" in shown


def test_recoverable_names_the_points_nearest_first(session: Session) -> None:
    # The state of 9 November 12:00: backups had stopped at 04:00, and of that day only the first snapshot was kept for longer than two days.
    found = session.fine("recoverable", "im-messages-db", "--at", "2026-11-09T12:00:00+08:00", "--format", "ndjson").rows
    assert [row["id"] for row in found] == [
        f"im-202611{day:02}-00" for day in (9, 8, 7, 6, 2, 1)
    ]  # 3, 4 and 5 were pruned too early
    assert found[0] == {
        "part": None, "repository": "nas-dc1", "id": "im-20261109-00", "captured_at": "2026-11-08T16:00:00Z", "lost_seconds": 43_200.0, "live": "possibly",
        "last_verified": None, "entry": found[0]["entry"], "locator": found[0]["locator"],
    }  # fmt: skip
    before = session("recoverable", "im-messages-db", "--at", "2026-10-01")
    assert (before.code, before.out) == (1, "0 recovery points\n")


# --- the same answer, whatever happens around it ----------------------------------------------------------------------------------


def test_rebuild_gives_the_same_bytes(tmp_path: Path) -> None:
    session = told(tmp_path / "data")

    def everything() -> list[str]:
        kinds = [session.fine("facts", "--kind", kind, "--format", "ndjson").out for kind in ("recovery_point", "run", "listing")]
        return [session("assess", *PERIOD, "--format", "json").out, *kinds]

    before = everything()
    assert all(before)
    assert session.fine("rebuild").out.splitlines()[1].startswith("Catalog: 71 payload(s) read again: ")
    assert everything() == before


@pytest.mark.slow
def test_what_was_known_does_not_change_when_more_is_ingested(tmp_path: Path) -> None:
    session = started(tmp_path / "data")
    session.fine("ingest", *restic_samples())
    before = session("assess", *PERIOD, "--format", "json").out
    as_known_at = json.loads(before)["as_known_at"]
    assert as_known_at == 32
    session.fine("ingest", "--source", "messages-db", "--repository", "nas-dc1", DEMO / "nas-dc1")
    late = tmp_path / "late.json"
    late.write_bytes((RESTIC / "snapshots-after-forget.json").read_bytes())
    session.fine(
        "ingest",
        "--source",
        "restic-fileserver",
        "--repository",
        "restic-main",
        "--observed-at",
        "2026-11-23T12:00:00Z",
        "--complete",
        late,
    )
    assert session("assess", *PERIOD, "--format", "json", "--as-known-at", "32").out == before
    now = session.assess()
    assert now["as_known_at"] == 53
    assert stretches(result_of(now, "db-02-configuration", "retention-minimum")["unproven"]) == [("2026-11-23T12:00:00Z", END)]


def without_places(assessment: Any) -> Any:
    """Return an assessment without its places in the journal. Where several listings show one point, which of them is cited follows from
    what came first; so of the evidence only the count is compared, and what it says by the test below."""
    results = json.loads(json.dumps(assessment["results"]))
    for result in results:
        for breach in result["breaches"]:
            breach["evidence"] = len(breach["evidence"])
    return {**assessment, "results": results, "as_known_at": None, "journal_head": None}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_arrival_changes_nothing(tmp_path: Path, assessment: Any, seed: int) -> None:
    session = started(tmp_path / "data")
    paths = restic_samples()
    for repository in ("nas-dc1", "vault-hz"):
        (tmp_path / repository).mkdir()
        for path in (DEMO / repository).glob("*.ndjson"):
            copy = Path(shutil.copy(path, tmp_path / repository))
            copy.with_name(f"{copy.name}.envelope.json").write_text(json.dumps({"source": "messages-db", "repository": repository}))
            paths.append(copy)
    random.Random(seed).shuffle(paths)
    for start in range(0, len(paths), 15):
        session.fine("ingest", *paths[start : start + 15])
    found = session.assess()
    assert without_places(found) == without_places(assessment)
    shown = session.fine("explain", "im-messages-db", "recovery-point", *PERIOD).out
    cited = [json.loads(line) for line in shown.splitlines() if line.startswith("      {")]
    assert [row["id"] for row in cited if row["record"] == "recovery_point"] == ["im-20261110-20", "im-20261109-03"]


def test_facts_of_one_catalog_can_be_ingested_elsewhere(tmp_path: Path) -> None:
    """A catalog that was listed once: its facts are all there is to know, so a fresh folder that reads them judges the same."""
    first = started(tmp_path / "first")
    first.fine("ingest", "--source", "messages-db", "--repository", "nas-dc1", DEMO / "nas-dc1" / "2026-11-12.ndjson")
    exported = tmp_path / "facts.ndjson"
    exported.write_text(
        "".join(first.fine("facts", "--kind", kind, "--format", "ndjson").out for kind in ("listing", "recovery_point")),
        encoding="utf-8",
    )
    second = started(tmp_path / "second")
    taken = second.fine("ingest", exported).out.splitlines()
    assert taken[1] == "43 recovery point(s), 0 run(s), 1 listing(s)"

    def verdicts(session: Session) -> Any:
        return [{**result, "provenance": None, "breaches": stretches(result["breaches"])} for result in session.assess()["results"]]

    assert verdicts(second) == verdicts(first)
    assert result_of(second.assess(), "im-messages-db", "recovery-point")["shares"]["met"] > 0.05


# --- commands as such -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    done = Session(Path("nowhere"))(command, "--help")
    assert (done.code, done.err) == (0, "")
    assert "Example" in done.out
    assert f"  backup-audit {command}" in done.out


def test_the_exit_code_says_how_it_went(session: Session, tmp_path: Path) -> None:
    assert session("assess", *PERIOD, "--control", "retention-maximum").code == 0
    assert session("assess", *PERIOD, "--control", "copies").code == 1
    assert session("assess", "--from", "2026-11-24", "--to", "2026-11-01").code == 2
    assert session("asses").code == 2
    assert session("explain", "im-messages", "copies", *PERIOD).code == 2
    assert Session(tmp_path / "nowhere")("sources").code == 2


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (
            ["explain", "im-message-db", "copies"],
            "unknown asset `im-message-db`, did you mean `im-messages-db`? (known: db-02-configuration,",
        ),
        (["explain", "im-messages-db", "copy"], "unknown control `copy`, did you mean `copies`? (known: access, agreement,"),
        (["assess", "--from", "2026-11-31", "--to", "2026-12-01"], "2026-11-31"),
        (["assess", "--from", "2026-11-01T00:00:00", "--to", "2026-12-01"], "has no time zone; add Z or an offset such as +08:00"),
        (["assess", *PERIOD, "--as-known-at", "9999"], "9999"),
        (["assess", *PERIOD, "--asset", "im-message-db"], "im-messages-db"),
        (["assess", *PERIOD, "--control", "copie"], "copies"),
        (["assess", *PERIOD, "--unit", "financ"], "finance"),
        (["recoverable", "im-message-db", "--at", "2026-11-09"], "im-messages-db"),
        (["facts", "--kind", "point"], "recovery_point"),
        (["facts", "--kind", "run", "--source", "restic-filesrver"], "restic-fileserver"),
        (["report", "annual-revue", *PERIOD, "-o", "x"], "annual-review"),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(session: Session, arguments: list[str], why: str) -> None:
    done = session(*arguments)
    assert (done.code, done.out) == (2, "")
    assert why in done.err


# --- the installed program --------------------------------------------------------------------------------------------------------


def program(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the installed executable as a shell would."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("backup-audit")), *map(str, arguments)],
        capture_output=True, text=True, encoding="utf-8", cwd=cwd, env={**os.environ, **environment}, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_the_installed_program_runs_the_first_session(tmp_path: Path) -> None:
    folder = {"BACKUP_AUDIT_DATA": "evidence"}
    assert program("init", cwd=tmp_path, **folder).returncode == 0
    assert program("apply", PROGRAMME, cwd=tmp_path, **folder).returncode == 0
    done = program("ingest", RESTIC / "snapshots-before-forget.json", cwd=tmp_path, **folder)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "1 file(s): 1 new, 0 already known")
    judged = program("assess", *PERIOD, "--format", "json", cwd=tmp_path, **folder)
    assert (judged.returncode, judged.stderr) == (1, "")
    assert json.loads(judged.stdout)["as_known_at"] == 2


def test_the_installed_program_ends_quietly_when_its_reader_goes(session: Session) -> None:
    command = f"{Path(sys.executable).with_name('backup-audit')} --data {session.data} facts --kind recovery_point --format ndjson | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["record"] == "recovery_point"


def test_the_installed_program_prints_errors_without_a_traceback(tmp_path: Path) -> None:
    done = program("--data", "nowhere", "assess", *PERIOD, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Error: there is no data folder nowhere: make one with `backup-audit init`, or name another with --data\n"
