"""init, ingest, verify and rebuild as they are typed: what they print, and with what they end."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from audit.cli import main
from audit.settings import FORMAT

Run = Callable[..., tuple[int, str, str]]

POINT = {
    "record": "recovery_point",
    "source": "nas",
    "repository": "nas-dc1",
    "id": "a",
    "subject": "db",
    "method": "full",
    "captured_at": "2026-01-01T00:00:00Z",
}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run backup-audit on the data folder `data`, in `tmp_path`; give exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOGNAME", "olivia")

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["backup-audit", "--data", "data", *arguments])
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return call


def test_init_says_what_it_made_and_gives_the_key(run: Run) -> None:
    code, out, err = run("init", "--organisation", "Example Ltd")
    assert (code, err) == (0, "")
    assert "Made the data folder data of Example Ltd." in out
    assert "  backup-audit/example-ltd+" in out
    assert run("init") == (0, "data is a data folder already (of Example Ltd); nothing was changed.\n", "")
    code, _, err = run("init", "--organisation", "Other")
    assert (code, err) == (2, "Error: data is the data folder of 'Example Ltd' already\n")


def test_without_a_data_folder_every_command_says_how_to_make_one(run: Run) -> None:
    for command in (["verify"], ["rebuild"], ["ingest", "x"]):
        code, out, err = run(*command)
        assert (code, out) == (2, "")
        assert err == "Error: there is no data folder data: make one with `backup-audit init`, or name another with --data\n"


def test_a_newer_data_folder_is_refused(run: Run) -> None:
    run("init")
    config = Path("data/config.yaml")
    config.write_text(config.read_text().replace(f"format: {FORMAT}", "format: 99"))
    code, _, err = run("verify")
    assert code == 2
    assert "is a data folder of format 99; backup-audit 0.1.0 knows formats up to 1" in err


def test_ingest_verify_and_rebuild_in_a_row(run: Run) -> None:
    run("init", "--organisation", "Example Ltd")
    Path("a.ndjson").write_text(json.dumps(POINT) + "\n" + json.dumps({**POINT, "id": "b", "method": "sideways"}) + "\n")
    code, out, err = run("ingest", "a.ndjson")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[:2] == ["1 file(s): 1 new, 0 already known", "1 recovery point(s), 0 run(s), 0 listing(s)"]
    assert lines[2] == "1 quarantined, 0 doubtful (backup-audit quarantine lists them all):"
    assert lines[3].startswith("  a.ndjson, line 2, method: ")
    assert lines[4].startswith("Warning: no programme is applied yet")
    assert run("ingest", "a.ndjson")[1].splitlines()[0] == "1 file(s): 0 new, 1 already known"

    code, out, err = run("verify", "--save-checkpoint", "kept.checkpoint")
    assert (code, err) == (0, "")
    assert out.startswith("1 journal entries, 1 checkpoint(s), 1 payload(s) of ")
    assert Path("kept.checkpoint").read_text().startswith("backup-audit/example-ltd\n1\n")
    assert out.endswith(Path("kept.checkpoint").read_text())
    assert run("verify", "--checkpoint", "kept.checkpoint")[0] == 0

    code, out, err = run("rebuild")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "Register: 1 row(s) made again from the journal.",
        "Catalog: 1 payload(s) read again: 1 recovery point(s), 0 run(s), 0 listing(s), 1 fault(s).",
    ]


def test_verify_ends_with_1_and_names_what_is_broken(run: Run) -> None:
    run("init")
    Path("a.ndjson").write_text(json.dumps(POINT) + "\n")
    run("ingest", "a.ndjson")
    (payload,) = Path("data/vault").glob("??/*.zst")
    payload.unlink()
    code, out, err = run("verify")
    assert code == 1
    assert out.splitlines()[0] == (
        f"BROKEN  entry 1: its payload {payload.stem} is missing from the vault (bring the file back from the backup of the vault)"
    )
    assert err == "Error: 1 thing(s) are broken\n"


def test_verify_of_nothing_holds_but_has_no_checkpoint_to_save(run: Run) -> None:
    run("init")
    code, out, _ = run("verify")
    assert code == 0
    assert out.startswith("0 journal entries, 0 checkpoint(s), 0 payload(s) of 0 bytes hashed again\nEverything holds.")
    code, _, err = run("verify", "--save-checkpoint", "c")
    assert (code, err) == (2, "Error: there is no checkpoint yet: the first ingest or apply makes one\n")
    Path("binary").write_bytes(b"\xff\xfe")
    assert run("verify", "--checkpoint", "binary")[::2] == (2, "Error: a checkpoint is not a text in UTF-8\n")


def test_ingest_goes_on_with_the_good_and_ends_with_2(run: Run) -> None:
    run("init")
    Path("in").mkdir()
    Path("in/a-empty").write_bytes(b"")
    Path("in/b.ndjson").write_text(json.dumps(POINT) + "\n")
    code, out, err = run("ingest", "in", "nowhere")
    assert code == 2
    assert out.splitlines()[:2] == ["2 file(s): 2 new, 0 already known", "1 recovery point(s), 0 run(s), 0 listing(s)"]
    lines = err.splitlines()
    assert lines[0] == "Error: 1 not taken in; 1 kept as evidence but not recognised: give --tool and ingest again"
    assert lines[1] == "  nowhere: there is no such file or folder"
    assert lines[2].startswith("  a-empty: ")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--observed-at", "2026-01-01T00:00:00"], "has no time zone; add Z or an offset such as +08:00"),
        (["--observed-at", "yesterday"], "'yesterday' is not a time; write it as 2026-11-23T06:00:00Z"),
        (["--tool", "interchnge"], "there is no tool 'interchnge' (did you mean interchange?)"),
        (["--timezone", "Asia/Shangai"], "there is no time zone 'Asia/Shangai'"),
        (["--exit-code", "one"], "'one' is not a valid integer"),
    ],
)
def test_options_that_cannot_be_right_take_nothing_in(run: Run, arguments: list[str], why: str) -> None:
    run("init")
    Path("a.ndjson").write_text(json.dumps(POINT) + "\n")
    code, out, err = run("ingest", *arguments, "a.ndjson")
    assert (code, out) == (2, "")
    assert why in err
    assert run("verify")[1].startswith("0 journal entries")


def test_everything_that_is_said_goes_into_the_envelope(run: Run) -> None:
    run("init")
    Path("a.ndjson").write_text(json.dumps(POINT) + "\n")
    said = "--source nas --repository nas-dc1 --scope db --observed-at 2026-11-23T14:00:00+08:00 --complete --exit-code 0"
    assert run("ingest", *said.split(), "--timezone", "Asia/Shanghai", "--command", "list all", "a.ndjson")[0] == 0
    from audit.steps._open import open_store

    store = open_store(Path("data"))
    (entry,) = store.journal.entries()
    store.close()
    assert entry.body["envelope"] == {
        "tool": "interchange",
        "source": "nas",
        "repository": "nas-dc1",
        "scope": "db",
        "observed_at": "2026-11-23T06:00:00Z",
        "complete": True,
        "timezone": "Asia/Shanghai",
        "command": "list all",
        "exit_code": 0,
        "name": "a.ndjson",
        "method": "upload",
        "by": "olivia",
    }


def test_standard_input_is_taken_in(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("init")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(json.dumps(POINT).encode())))
    assert run("ingest", "-")[1].startswith("1 file(s): 1 new, 0 already known\n1 recovery point(s)")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_is_said_without_a_traceback(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)], check=False, capture_output=True).returncode:
        pytest.skip("this machine mounts no tmpfs")

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        code = "from audit.cli import main; main()"
        return subprocess.run(
            [sys.executable, "-c", code, "--data", str(disk / "data"), *arguments], capture_output=True, text=True, check=False
        )

    try:
        assert command("init").returncode == 0
        evidence = tmp_path / "in"
        evidence.mkdir()
        (evidence / "a.ndjson").write_text(json.dumps(POINT) + "\n")
        (evidence / "b.bin").write_bytes(os.urandom(600_000))
        done = command("ingest", str(evidence))
        assert done.returncode == 2
        assert "No space left on device" in done.stderr
        assert "Traceback" not in done.stderr
        (evidence / "b.bin").unlink()
        verified = command("verify")
        assert (verified.returncode, "Everything holds" in verified.stdout) == (0, True)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
