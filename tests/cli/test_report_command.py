import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from audit.cli._main import group
from audit.errors import CheckFailedError, UsageError
from audit.evidence.keys import make_keys
from audit.steps.assess import assess

START = datetime(2026, 10, 31, 16, tzinfo=UTC)  # midnight in Shanghai
PROGRAMME = {
    "programme.yaml": "title: {en: Example, zh: 示例}\ntimezone: Asia/Shanghai\n",
    "units.yaml": "units: [{name: ops, title: {en: Operations, zh: 运营部}, representatives: [Li Na]}]\n",
    "sites.yaml": "sites: [{name: dc1, city: Shanghai, country: CN}]\n",
    "repositories.yaml": "repositories: [{name: nas, medium: disk, site: dc1, failure_domain: nas-01, keeps_at_least: 7d}]\n",
    "sources.yaml": "sources: [{name: dumps, tool: interchange, timezone: Asia/Shanghai, expected_every: 1d}]\n",
    "assets.yaml": (
        "assets: [{name: db, unit: ops, data_class: messages, tier: core, site: dc1, medium: disk, in_service: 2026-11-01,"
        " subjects: [{source: dumps, subject: db}], repositories: [nas]}]\n"
    ),
    "policy-core.yaml": (
        "policy: core\nversion: 1\neffective: 2026-11-01\ntimezone: Asia/Shanghai\ntitle: {en: Core, zh: 核心}\n"
        "applies_to: {tier: core}\nobjectives: {rpo: 2h}\n"
    ),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Two days of hourly points of one asset, with a hole of five hours, listed at the end of each day."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "programme").mkdir()
    for name, text in PROGRAMME.items():
        (folder / "programme" / name).write_text(text, encoding="utf-8")
    listed = []
    for hour in range(48):
        captured = START + timedelta(hours=hour)
        if not 20 <= hour < 24:
            listed.append({
                "record": "recovery_point", "source": "dumps", "repository": "nas", "id": f"p{hour}", "subject": "db",
                "method": "full", "captured_at": captured.isoformat(), "available_at": captured.isoformat(),
            })  # fmt: skip
        if hour in (23, 47):
            at = captured + timedelta(minutes=59)
            listing = {"record": "listing", "source": "dumps", "repository": "nas", "listed_at": at.isoformat(), "complete": True}
            lines = "".join(f"{json.dumps(row)}\n" for row in [*listed, listing])
            (folder / f"day-{hour}.ndjson").write_text(lines, encoding="utf-8")
    call(folder / "data", "init")
    call(folder / "data", "apply", str(folder / "programme"))
    call(folder / "data", "ingest", *(str(path) for path in sorted(folder.glob("*.ndjson"))))
    return folder / "data"


def call(data: Path, *arguments: str):
    done = CliRunner().invoke(group, ["--data", str(data), *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


PERIOD = ("--from", "2026-11-01", "--to", "2026-11-03")


def test_a_report_is_written_as_html_and_names_its_file(data, tmp_path):
    out = tmp_path / "new" / "review.html"
    done = call(data, "report", "annual-review", *PERIOD, "-o", str(out))
    text = out.read_text(encoding="utf-8")
    assert str(out) in done.output
    assert "<h1>Annual review of backup compliance</h1>" in text
    assert "1 November 2026 to 2 November 2026" in text
    assert list(out.parent.iterdir()) == [out]


def test_a_report_is_written_as_pdf_in_chinese(data, tmp_path):
    out = tmp_path / "review.pdf"
    call(data, "report", "annual-review", *PERIOD, "--lang", "zh", "--format", "pdf", "-o", str(out))
    text = subprocess.run(["pdftotext", "-raw", out, "-"], check=True, capture_output=True).stdout.decode()
    assert "备份合规年度审查报告" in text.split("\f")[0]


def test_several_languages_and_formats_are_judged_once_and_written_into_a_folder(data, tmp_path, monkeypatch):
    judged = []
    monkeypatch.setattr("audit.cli.report.assess", lambda *given, **more: judged.append(given) or assess(*given, **more))
    two = ("--lang", "zh", "--lang", "en", "--format", "html", "--format", "json")
    done = call(data, "report", "annual-review", *PERIOD, *two, "--unit", "ops", "-o", str(tmp_path / "new"))
    names = [f"annual-review-ops-{language}.{fmt}" for language in ("zh", "en") for fmt in ("html", "json")]
    assert [line.split(" (")[0] for line in done.stdout.splitlines()] == [f"Wrote {tmp_path / 'new' / name}" for name in names]
    assert len(judged) == 1
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(names)
    call(data, "report", "annual-review", *PERIOD, "--lang", "zh", "--unit", "ops", "-o", str(tmp_path / "alone"))
    assert (tmp_path / "alone").read_bytes() == (tmp_path / "new" / names[0]).read_bytes()
    call(data, "report", "annual-review", *PERIOD, "-o", str(tmp_path / "new"))
    assert (tmp_path / "new" / "annual-review-en.html").exists()


@pytest.mark.parametrize("output", ["-", "taken"])
def test_several_files_do_not_go_into_one(data, tmp_path, output):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(UsageError, match=r"^2 files were asked for, and -o .* is one: name a folder$"):
        call(
            data,
            "report",
            "annual-review",
            *PERIOD,
            "--lang",
            "zh",
            "--lang",
            "en",
            "-o",
            output if output == "-" else str(tmp_path / output),
        )
    assert (tmp_path / "taken").read_text() == "mine"


def test_the_breach_in_the_report_is_the_hole_in_the_evidence(data):
    done = call(data, "report", "annual-review", *PERIOD, "--format", "json", "-o", "-")
    document = json.loads(done.stdout_bytes)
    tables = {block["id"]: block for section in document["sections"] for block in section["blocks"] if block["block"] == "table"}
    (breach,) = [row for row in tables["breaches"]["rows"] if row["promise"].startswith("Recovery point")]
    last = START + timedelta(hours=19)
    assert breach["from"] == (last + timedelta(hours=2)).isoformat().replace("+00:00", "Z")
    assert breach["to"] == (START + timedelta(hours=24)).isoformat().replace("+00:00", "Z")
    assert breach["length"] == 3 * 3600
    assert {ref["entry"] for ref in breach["evidence"]} <= {row["entry"] for row in tables["evidence"]["rows"]}
    assert document["facts"]["as-known-at"] == 3


def test_what_stands_beside_the_verdicts_is_read_from_the_data_folder(data):
    """Whose folder it is, the checkpoint over the journal, who applied what, and when a source last spoke, if only inside its payloads."""
    document = json.loads(call(data, "report", "annual-review", *PERIOD, "--format", "json", "-o", "-").stdout_bytes)
    tables = {block["id"]: block for section in document["sections"] for block in section["blocks"] if block["block"] == "table"}
    assert document["facts"]["checkpoint"] == "Covers the first 3 journal entries, the one above among them."
    assert document["facts"]["checkpoint-origin"].startswith("backup-audit/")
    assert len(document["facts"]["checkpoint-root"]) == 44
    (source,) = tables["sources"]["rows"]
    assert (source["last"], source["silent"]) == ("2026-11-02T15:59:00Z", 60.0)
    (policy,) = tables["policies"]["rows"]
    assert policy["by"].endswith("(journal entry 1)")
    assert policy["signed"] == "Operations: none on record"
    assert [row["entry"] for row in tables["declarations"]["rows"]] == [1]
    assert [signer["role"] for block in document["sections"] for one in block["blocks"] if one["block"] == "signatures" for signer in one["signers"]] == [
        "Compliance officer", "Risk and legal", "Operations: representative", "Outside auditor",
    ]  # fmt: skip


def test_a_checkpoint_whose_signature_does_not_hold_is_not_named(data, tmp_path):
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    make_keys(tmp_path / "other")
    public = next(copy.rglob("checkpoint.pub"))
    public.write_bytes((tmp_path / "other" / "checkpoint.pub").read_bytes())
    with pytest.raises(CheckFailedError, match="run `backup-audit verify`"):
        CliRunner().invoke(
            group, ["--data", str(copy), "report", "annual-review", *PERIOD, "-o", str(tmp_path / "x")], catch_exceptions=False
        )
    assert not (tmp_path / "x").exists()


def test_the_same_question_gives_the_same_file(data, tmp_path):
    for language in ("en", "zh"):
        for name in ("a", "b"):
            call(data, "report", "annual-review", *PERIOD, "--lang", language, "-o", str(tmp_path / name))
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_what_entered_later_is_left_out(data):
    done = call(data, "report", "annual-review", *PERIOD, "--as-known-at", "1", "--format", "json", "-o", "-")
    assert json.loads(done.stdout_bytes)["facts"]["as-known-at"] == 1


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("annual-review", "-o", "x"), "give the period"),
        (("annual-review", *PERIOD, "--year", "2026", "-o", "x"), "not both"),
        (("quarterly", *PERIOD, "-o", "x"), "there is no report 'quarterly'; there are: annual-review"),
        (("annual-review", *PERIOD, "--unit", "nobody", "-o", "x"), r"unknown unit `nobody` \(known: ops\)"),
    ],
)
def test_what_cannot_be_reported_is_refused_and_writes_nothing(data, tmp_path, monkeypatch, arguments, why):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=why):
        CliRunner().invoke(group, ["--data", str(data), "report", *arguments], catch_exceptions=False)
    assert list(tmp_path.iterdir()) == []


def test_one_unit_in_chinese(data, tmp_path):
    out = tmp_path / "ops.html"
    call(data, "report", "annual-review", *PERIOD, "--unit", "ops", "--lang", "zh", "-o", str(out))
    assert "运营部" in out.read_text(encoding="utf-8")
