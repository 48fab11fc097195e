"""Pages as their readers meet them: uploads, reports, jobs, zoom, CSV, names that attack."""

from __future__ import annotations

import io
import json
import re
import time
from datetime import UTC, datetime
from html import unescape

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
        ({"files": None}, "no file was chosen"),
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
        if runs.height and not runs.filter(outcome="running").height:
            return client.get(path).text
        time.sleep(0.1)
    raise AssertionError(jobs.runs())


def test_jobs_run_now_and_reports_are_built_read_and_saved(own):
    _, jobs, client, _ = own
    jobs.start()
    assert "12 results" in wait_for(client, jobs) or "results" in wait_for(client, jobs)
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
        "b.reason.txt",
    ]
    assert next(iter(store.journal.entries(kind="evidence"))).body["envelope"]["method"] == "drop-folder"


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
        main = re.sub(
            r'<span class="quiet">Yunhe Messaging</span>|<span class="mono quiet">[0-9a-f]+</span>|lang="en">English<', " ", main
        )
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
