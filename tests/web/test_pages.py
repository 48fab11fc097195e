"""Pages as their readers meet them: uploads, reports, jobs, zoom, CSV, names that attack."""

from __future__ import annotations

import io
import json
import re
import time
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import polars as pl
import pytest

from audit.content import Content
from audit.errors import UsageError
from audit.schedule import Jobs, year_before
from audit.steps import accounts
from audit.steps._open import open_store
from audit.steps.accounts import Role
from audit.steps.apply import apply
from audit.steps.init import init
from audit.web.app import create_app
from tests.web.conftest import NOW, PASSWORD, ROOT, log_in, token

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def own(tmp_path):
    """A data folder of its own, its application with a scheduler, and a client logged in as an operator."""
    folder = tmp_path / "data"
    init(folder, SCRIPT)
    store = open_store(folder)
    apply(store, ROOT / "policies/example", now=NOW, by="tests")
    accounts.add(store, "op", Role.OPERATOR, PASSWORD, NOW)
    jobs = Jobs(store, dropped=tmp_path / "drop")
    app = create_app(store, Content(), secure=False, jobs=jobs)
    client = app.test_client()
    log_in(client, "op")
    yield store, jobs, client, tmp_path
    jobs.stop()


def upload(client, name, data, **form):
    fields = {"csrf_token": token(client, "/upload"), "files": (io.BytesIO(data), name), **form}
    return client.post("/upload", data=fields, content_type="multipart/form-data")


ROW = {"record": "recovery_point", "id": SCRIPT, "subject": "=cmd|x", "captured_at": "2026-11-20T01:00:00Z", "method": "full"}


def test_an_upload_is_evidence_with_what_was_said_of_it(own):
    store, _, client, _ = own
    answer = upload(
        client, f"{SCRIPT}.ndjson", json.dumps(ROW).encode() + b"\nnot json\n", source="messages-db", repository="nas-dc1",
        observed_at="2026-11-20T12:00", complete="all", command="dump --password=hunter2secret x",
    )  # fmt: skip
    assert answer.status_code == 200
    assert "One file: 1 new, 0 known already." in answer.text
    assert "One row could not be read." in answer.text
    entry = next(iter(store.journal.entries(kind="evidence")))
    envelope = entry.body["envelope"]
    assert envelope["observed_at"] == "2026-11-20T04:00:00Z"  # on the clock of the programme
    assert envelope["complete"] is True
    assert envelope["by"] == "op"
    assert envelope["method"] == "upload"
    assert "hunter2secret" not in json.dumps(entry.body)
    again = upload(client, "x.ndjson", json.dumps(ROW).encode() + b"\nnot json\n", source="messages-db", repository="nas-dc1",
                   observed_at="2026-11-20T12:00", complete="all", command="dump --password=hunter2secret x")  # fmt: skip
    assert "0 new, 1 known already." in again.text


def test_names_that_attack_stay_words(own):
    _, _, client, _ = own
    upload(
        client,
        f"{SCRIPT}.ndjson",
        json.dumps(ROW).encode(),
        source="messages-db",
        repository="nas-dc1",
        observed_at="2026-11-20T12:00",
    )
    for path in (
        "/",
        "/received",
        "/subjects",
        "/journal",
        "/evidence/2",
        "/evidence/2?at=line 1",
        "/upload",
        f"/assets?q={SCRIPT}",
        f"/received?source={SCRIPT}",
    ):
        text = client.get(path).text
        assert SCRIPT not in text, path
    assert "'=cmd|x" in client.get("/subjects?format=csv").text
    raw = client.get("/evidence/2/raw")
    assert raw.data == json.dumps(ROW).encode()
    assert raw.mimetype == "application/octet-stream"
    assert raw.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in raw.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"observed_at": "yesterday"}, "is not a time"),
        ({"source": "nobody"}, "there is no source"),
        ({"files": None}, "No file was chosen"),
    ],
)
def test_wrong_uploads_are_answered_in_words(own, form, says):
    _, _, client, _ = own
    answer = (
        client.post("/upload", data={"csrf_token": token(client, "/upload")})
        if "files" in form
        else upload(client, "x.ndjson", b"{}", **form)
    )
    assert answer.status_code == 400
    assert says in answer.text
    assert "Traceback" not in answer.text


def wait_for(client, jobs, path="/jobs"):
    for _ in range(300):
        runs = jobs.runs()
        if runs.height and not runs.filter(pl.col("outcome").is_in(["waiting", "running"])).height:
            return client.get(path).text
        time.sleep(0.1)
    raise AssertionError(jobs.runs())


def test_jobs_run_now_and_reports_are_built_read_and_saved(own):
    _, jobs, client, _ = own
    jobs.start()
    assert re.search(r"\d+ results, \d+ breaches, \d+ unproven stretches, as known at entry \d+", wait_for(client, jobs))
    assert "Assessment" in client.get("/jobs").text
    assert client.post("/jobs", data={"job": "verify", "csrf_token": token(client, "/jobs")}).status_code == 302
    assert "are as they were taken in" in wait_for(client, jobs)
    form = {"report": "annual-review", "since": "2026-11-01", "until": "2026-11-23", "language": "zh", "format": "html", "unit": ""}
    assert client.post("/reports", data={**form, "csrf_token": token(client, "/reports")}).location == "/jobs"
    wait_for(client, jobs)
    name = re.search(r'href="/reports/([^"]+)"', client.get("/reports").text)[1]
    shown = client.get(f"/reports/{name}")
    assert "备份合规年度审查报告" in shown.text
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert client.get(f"/reports/{name}?save=1").headers["Content-Disposition"] == f'attachment; filename="{name}"'
    for bad in ({"format": "exe"}, {"until": "2025-01-01"}, {"since": "x"}, {"report": "../../etc/passwd"}):
        assert client.post("/reports", data={**form, **bad, "csrf_token": token(client, "/reports")}).status_code == 400, bad
    assert client.get("/reports/..%2Fconfig.yaml").status_code == 404
    assert client.post("/jobs", data={"job": "rm", "csrf_token": token(client, "/jobs")}).status_code == 400


def test_a_report_that_answers_a_framework_is_offered_once_for_each_and_built(own):
    _, jobs, client, _ = own
    jobs.start()
    wait_for(client, jobs)
    offered = re.findall(r'<option value="([^"]+)">', client.get("/reports").text)
    assert {"annual-review", "framework/gdpr", "framework/gbt-22239-2019"} <= set(offered)
    assert "framework" not in offered
    form = {
        "report": "framework/gdpr",
        "since": "2026-11-01",
        "until": "2026-11-23",
        "language": "en",
        "format": "html",
        "unit": "",
    }
    assert client.post("/reports", data={**form, "csrf_token": token(client, "/reports")}).location == "/jobs"
    wait_for(client, jobs)
    listed = client.get("/reports").text
    name = re.search(r'href="/reports/(framework-gdpr-[^"?]+)"', listed)[1]
    assert "Backup compliance against a framework: GDPR" in listed
    assert "32(1)(c)" in client.get(f"/reports/{name}").text
    for bad in ("framework", "framework/nothing", "annual-review/gdpr", "framework/../../x"):
        answer = client.post("/reports", data={**form, "report": bad, "csrf_token": token(client, "/reports")})
        assert answer.status_code == 400, bad


def test_a_second_scheduler_on_one_data_folder_is_refused(own):
    store, jobs, *_ = own
    jobs.start()
    with pytest.raises(UsageError, match=r"serves .* already"):
        Jobs(store).start()


def test_runs_that_were_cut_off_are_noted_as_failed(own):
    from audit.register.job_runs import begin_run

    store, jobs, client, _ = own
    begin_run(store.journal.engine, "verify", "tests", NOW)
    jobs.start()
    assert "the program stopped while it ran" in wait_for(client, jobs)


def test_the_drop_folder_takes_in_and_refuses(own):
    from audit.steps import drop_folder

    store, _, _, folder = own
    drop = folder / "drop"
    (drop / "messages-db").mkdir(parents=True)
    good = drop / "messages-db" / "a.ndjson"
    good.write_text(json.dumps({**ROW, "repository": "nas-dc1"}))
    bad = drop / "b.bin"
    bad.write_text(json.dumps(ROW))
    (drop / "b.bin.envelope.json").write_text('{"source": "nobody"}')
    now = datetime.now(UTC)
    assert drop_folder.take(store, drop, now).taken == 0  # they may still be under way
    later = datetime.fromtimestamp(now.timestamp() + 60, UTC)
    assert drop_folder.waits(drop, later)
    done = drop_folder.take(store, drop, later)
    assert (done.taken, done.new, list(done.refused)) == (1, 1, ["b.bin"])
    assert "nobody" in done.refused["b.bin"]
    assert not drop_folder.waits(drop, later)
    assert [path.name for path in (drop / "taken").rglob("*.ndjson")] == ["a.ndjson"]
    assert sorted(path.name for path in (drop / "refused").rglob("*") if path.is_file()) == [
        "b.bin",
        "b.bin.envelope.json",
        "b.bin.reason.txt",
    ]
    assert next(iter(store.journal.entries(kind="evidence"))).body["envelope"]["method"] == "drop-folder"


def dropped(own, *files):
    """Put files (path, text or the path a link leads to) into a drop folder, and have them taken a minute later."""
    from audit.steps import drop_folder

    store, *_, folder = own
    drop = folder / "drop"
    for name, content in files:
        file = drop / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            file.symlink_to(content)
        else:
            file.write_text(content)
    return drop_folder.take(store, drop, datetime.fromtimestamp(datetime.now(UTC).timestamp() + 60, UTC)), drop


def test_the_drop_folder_follows_no_link(own):
    """Else whoever may drop a file could have any file of this machine kept as evidence, the signing key too, and read it on the site."""
    store, *_, folder = own
    key = store.folder.key_path
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / "secret.json").write_text(json.dumps(ROW))
    done, drop = dropped(
        own, ("messages-db/key.json", key), ("messages-db/folder", folder / "elsewhere"), ("messages-db/a.ndjson", json.dumps(ROW)),
        ("messages-db/a.ndjson.envelope.json", key),
    )  # fmt: skip
    assert (done.taken, sorted(done.refused)) == (0, ["messages-db/a.ndjson", "messages-db/folder", "messages-db/key.json"])
    assert all("is a link" in why for why in done.refused.values())
    assert next(iter(store.journal.entries(kind="evidence")), None) is None
    assert key.exists(), "the link was moved, not what it leads to"
    assert not any("PRIVATE KEY" in path.read_text() for path in drop.rglob("*.reason.txt"))
    assert oct((drop / ".under-way").stat().st_mode & 0o777) == "0o700"


def test_the_drop_folder_knows_sources_by_its_folders(own):
    store, *_ = own
    done, drop = dropped(
        own, ("messages-db/a.ndjson", json.dumps({**ROW, "repository": "nas-dc1"})), ("messages-db/a.ndjson.envelope.json", '{"repository": "nas-dc1"}'),
        ("mesages-db/b.ndjson", json.dumps(ROW)), ("messages-db/c.txt", "garbage"), ("messages-db/t.json", "[]"), ("messages-db/t.json.envelope.json", "[]"),
        ("messages-db/t.log", "[]"), ("messages-db/t.log.envelope.json", "[]"),
    )  # fmt: skip
    assert (done.taken, done.unread, sorted(done.refused)) == (
        2, ["messages-db/c.txt"], ["mesages-db/b.ndjson", "messages-db/t.json", "messages-db/t.log"],
    )  # fmt: skip
    assert "did you mean `messages-db`?" in done.refused["mesages-db/b.ndjson"]
    envelopes = [entry.body["envelope"] for entry in store.journal.entries(kind="evidence")]
    assert {envelope["source"] for envelope in envelopes} == {"messages-db"}
    assert sorted(path.name for path in drop.rglob("*.reason.txt")) == [
        "b.ndjson.reason.txt",
        "t.json.reason.txt",
        "t.log.reason.txt",
    ]


def test_what_a_look_left_under_way_is_taken_by_the_next(own):
    done, _ = dropped(own, (".under-way/messages-db/a.ndjson", json.dumps({**ROW, "repository": "nas-dc1"})))
    assert (done.taken, done.new) == (1, 1)


@pytest.mark.parametrize("page", ["evidence", "evidence/{}/raw", "journal", "breaches", "unproven"])
def test_numbers_that_cannot_be_are_not_found(visit, page):
    for number in (10**20, 2**63, 10**12):
        address = f"/{page}".format(number) if "{}" in page else f"/{page}/{number}"
        assert visit().get(address).status_code == 404, address


def test_a_day_that_cannot_be_judged_is_refused(own):
    _, _, client, _ = own
    form = {"report": "annual-review", "format": "html", "language": "en", "csrf_token": token(client, "/reports")}
    for since, until in (("2026-01-01", "9999-12-31"), ("0001-01-01", "2026-01-01")):
        answer = client.post("/reports", data={**form, "since": since, "until": until})
        assert (answer.status_code, "is outside of 1971 to" in answer.text) == (400, True)
    answer = client.post("/reports", data={**form, "since": "2026-01-01", "until": "2026-01-31", "unit": "nope"})
    assert (answer.status_code, "unknown unit" in answer.text) == (400, True)


def test_a_refused_upload_keeps_what_was_filled_in(own):
    store, _, client, _ = own
    ahead = {
        "source": "messages-db",
        "repository": "nas-dc1",
        "observed_at": "2098-01-01T00:00",
        "complete": "all",
        "scope": "one",
        "command": "list",
    }
    before = store.head()
    for files in ({}, {"files": (io.BytesIO(b"{}"), "a.json")}):
        answer = client.post(
            "/upload", data={**ahead, **files, "csrf_token": token(client, "/upload")}, content_type="multipart/form-data"
        )
        assert answer.status_code == 400
        for kept in (
            '<option value="messages-db" selected>',
            "<option selected>nas-dc1",
            'value="2098-01-01T00:00"',
            'value="all" checked',
            'value="one"',
            'value="list"',
        ):
            assert kept in answer.text, kept
    assert "lies ahead" in unescape(answer.text)
    assert store.head() == before


def test_what_nobody_could_read_makes_no_source_punctual(own):
    from audit.steps._payloads import Gathered, Payload
    from audit.steps.ingest import ingest
    from audit.steps.sources import sources

    store, *_ = own
    ingest(
        store,
        Gathered([Payload("x", lambda: b"garbage")], 0, []),
        {"source": "messages-db", "observed_at": NOW},
        now=NOW,
        by="tests",
    )
    (row,) = sources(store, NOW).filter(source="messages-db").to_dicts()
    assert (row["payloads"], row["rows"], row["last_evidence"], row["health"]) == (1, 0, None, "never")


def test_a_csv_says_of_which_assessment_it_is(visit):
    client = visit()
    named = client.get("/breaches?format=csv").headers["Content-Disposition"]
    assert re.fullmatch(r'attachment; filename="breaches-\d{8}T\d{6}-\d{8}T\d{6}-\d+\.csv"', named)


def test_shares_beside_verdicts_say_what_of(visit):
    page = visit().get("/assets/im-messages-db").text
    assert re.search(r'Breached</span> <span class="quiet">[0-9.]+% met</span>', page)


def test_zoom_is_in_the_address_and_stays_inside_the_period(visit):
    client = visit()
    page = client.get("/assets/im-messages-db").text
    closer = unescape(re.search(r'class="button" href="([^"]+)#timeline"', page)[1])
    assert "since=" in closer
    assert "until=" in closer
    zoomed = client.get(closer).text
    assert zoomed != page
    for odd in (
        "since=2026-11-10&until=2026-11-12",
        "since=x&until=y",
        "since=2030-01-01",
        "since=2026-11-12&until=2026-11-10",
        "since=1900-01-01&until=2100-01-01",
    ):
        assert client.get(f"/assets/im-messages-db?{odd}").status_code == 200, odd
    assert client.get("/assets/no-such-asset").status_code == 404
    assert client.get("/breaches/999999").status_code == 404
    assert client.get("/assets?assessment=../../etc").status_code == 404


def test_csv_is_what_the_filters_leave(visit):
    client = visit()
    answer = client.get("/promises?verdict=breached&format=csv")
    assert answer.mimetype == "text/csv"
    rows = answer.text.removeprefix("\ufeff").splitlines()
    assert rows[0].startswith("asset,unit,control,leg_of")
    assert len(rows) > 1
    assert all(",breached," in row for row in rows[1:])


def test_a_years_assessment_ends_at_the_last_midnight():
    since, until = year_before(datetime(2028, 2, 28, 17, tzinfo=UTC), "Asia/Shanghai")
    assert until == datetime(2028, 2, 28, 16, tzinfo=UTC)
    assert since == datetime(2027, 2, 27, 16, tzinfo=UTC)


def test_pages_in_chinese_have_no_english_but_names(visit):
    """Whatever is not marked as a name (`translate="no"`) or data in a form must be Chinese."""
    client = visit("administrator", "zh")
    paths = ["/", "/assets", "/promises", "/breaches", "/unproven", "/sources", "/received", "/quarantine", "/subjects", "/journal",
             "/upload", "/reports", "/jobs", "/assets/im-messages-db", "/breaches/0", "/unproven/0",
             "/evidence/3?at=line 3", "/evidence/3?at=envelope", "/evidence/3?at=line 999999"]  # fmt: skip
    for path in paths:
        text = client.get(path).text
        main = text[text.index("<body") :]
        main = re.sub(r"<(script|style|symbol|defs|code|pre)\b.*?</\1>", " ", main, flags=re.S)
        main = re.sub(r"<option[^>]*>[^<]*</option>", " ", main)
        main = re.sub(r"<bdi[^>]*>.*?</bdi>", " ", main, flags=re.S)
        # Titles that people gave hold names of hosts and tools.
        names = r'<span class="quiet">Yunhe Messaging</span>|\b(?:db-02|restic|borg)\b|<span class="mono quiet">[0-9a-f]+</span>|lang="en">English<'
        main = re.sub(names, " ", main)
        words = re.findall(r"[A-Za-z]{2,}", re.sub(r"<[^>]*>", " ", unescape(main)))
        assert set(words) <= {"CSV", "SHA", "UTC", "English", "RPO", "kB", "MB", "GB", "TB"}, (path, sorted(set(words)))


@pytest.mark.parametrize(
    ("language", "at", "says"),
    [
        ("en", "line 3", "line 3"),
        ("zh", "line 3", "第3行"),
        ("zh", "/0/time", '第1项（<bdi translate="no">/0/time</bdi>）'),
        ("en", "/0/time", '<bdi translate="no">/0/time</bdi>'),
        ("zh", "envelope", "随附信息"),
        ("zh", "/<b>", '<bdi translate="no">/&lt;b&gt;</bdi>'),
    ],
)
def test_the_page_of_evidence_says_its_place_in_words(visit, language, at, says):
    text = visit("auditor", language).get("/evidence/3", query_string={"at": at}).text
    assert re.search(r'<h2>[^<]*<span class="quiet">(.*?)</span></h2>', text)[1] == says


@pytest.mark.parametrize(("language", "says"), [("en", r"line \d+"), ("zh", r"第\d+行")])
def test_a_breach_says_the_place_of_its_evidence_in_words(visit, language, says):
    found = re.findall(r'<li><a href="/evidence/[^"]+">(.*?)</a>', visit("auditor", language).get("/breaches/0").text)
    assert found
    for shown in found:
        assert re.search(rf"· {says}$", shown), shown


def test_the_quarantine_says_its_places_in_words(own):
    _, _, client, _ = own
    upload(
        client,
        "rows.ndjson",
        json.dumps(ROW).encode() + b"\nnot json\n",
        source="messages-db",
        repository="nas-dc1",
        observed_at="2026-11-20T12:00",
    )
    client.set_cookie("language", "zh")
    assert ">第2行</a>" in client.get("/quarantine").text
    assert ",line 2," in client.get("/quarantine?format=csv").text, "programs get the place as it is written"
