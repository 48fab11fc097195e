"""Files handed over with acts, and documents of runbooks, from the command line: entered, written out, exported, verified."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from audit.steps._open import open_store
from tests.cli.session import Session, promising

PERIOD = ("--from", "2026-11-01", "--to", "2026-12-01")
OPEN = ("finding", "open", "--title", "No key.", "--source", "auditor", "--severity", "high", "--by", "Li Na")
PUBLISH = ("runbook", "publish", "--name", "restore-messages", "--owner", "Chen Jie", "--kept", "wiki", "--elsewhere", "safe",
           "--on", "2026-01-15", "--by", "Chen Jie", "--version")  # fmt: skip


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return promising(tmp_path, "isolation: 1y")


def file(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).write_bytes(data)
    return folder / name


def test_a_file_goes_in_and_comes_out_again(session: Session, tmp_path: Path) -> None:
    log, shot = file(tmp_path, "restore.log", b"12 of 12\n"), file(tmp_path, "shot.png", b"\x89PNG")
    (name,) = re.findall(r"^(finding-\d+) is open", session.fine(*OPEN, "--attach", log, "--attach", shot).out)
    session.fine("finding", "comment", name, "--comment", "Seen.", "--attach", log, "--by", "Li Na")
    acts = session.fine("finding", "show", name).json["acts"]
    assert [[one["name"] for one in act["attachments"]] for act in acts] == [["restore.log", "shot.png"], ["restore.log"]]
    out = tmp_path / "out.log"
    said = session.fine("finding", "attachment", name, "restore.log", "-o", out).out
    assert said == f"{out} is restore.log (9 bytes, text/plain, SHA-256 {hashlib.sha256(b'12 of 12' + bytes([10])).hexdigest()}).\n"
    assert out.read_bytes() == log.read_bytes()
    again = session("finding", "attachment", name, "shot.png", "-o", out)
    assert (again.code, again.err) == (2, f"Error: {out} is there already: name a file that is not\n")
    several = session("finding", "attachment", name, "-o", tmp_path / "b")
    assert (several.code, "say which by its SHA-256" in several.err) == (2, True)
    session.fine("verify")
    session.fine("rebuild")
    assert session.fine("finding", "show", name).json["acts"] == acts


def test_what_is_no_file_is_named_and_nothing_is_entered(session: Session, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(file(tmp_path, "a.txt", b"x"))
    done = session(*OPEN, "--attach", tmp_path / "link", "--attach", tmp_path / "none", "--attach", tmp_path)
    assert done.code == 2
    assert done.err == (
        f"Error: nothing was entered\n  {tmp_path / 'link'}: is a link: name the file itself\n  {tmp_path / 'none'}: there is no such file\n"
        f"  {tmp_path}: is a folder: name its files one by one, or an archive of them\n"
    )
    assert session.fine("finding", "list").out == "0 finding records\n"
    assert "No such option" in session("finding", "acknowledge", "finding-1", "--owner", "x", "--attach", tmp_path / "a.txt").err
    assert "No such command" in session("delegation", "document", "delegation-1", "-o", "x").err


def test_a_runbook_with_its_document(session: Session, tmp_path: Path) -> None:
    book = file(tmp_path, "restore.md", b"# Restore\n")
    (name,) = re.findall(r"^(runbook-\d+) is", session.fine(*PUBLISH, "3", "--document", book).out)
    book.write_bytes(b"# Restore, better\n")
    told = ("--kept", "wiki", "--elsewhere", "safe", "--on", "2026-02-15", "--by", "Chen Jie")
    session.fine("runbook", "revise", name, "--version", "4", *told, "--document", book)
    session.fine("runbook", "revise", name, "--version", "5", *told, "--sha256", "0" * 64)
    old, new = tmp_path / "old.md", tmp_path / "new.md"
    said = session.fine("runbook", "document", name, "--version", "3", "-o", old).out
    assert said.startswith(f"{old} is version 3 of {name}, restore.md (10 bytes, SHA-256 ")
    assert said.endswith(", by Chen Jie. A newer version is 5.\n")
    session.fine("runbook", "document", name, "--version", "4", "-o", new)
    assert (old.read_bytes(), new.read_bytes()) == (b"# Restore\n", b"# Restore, better\n")
    elsewhere = session("runbook", "document", name, "-o", tmp_path / "none.md")
    assert (elsewhere.code, "version 5" in elsewhere.err, "kept elsewhere (wiki)" in elsewhere.err) == (2, True, True)
    wrong = session("runbook", "revise", name, "--version", "6", *told, "--document", book, "--sha256", "1" * 64)
    assert (wrong.code, "restore.md, sha256: has another SHA-256" in wrong.err) == (2, True)
    neither = session("runbook", "revise", name, "--version", "6", *told)
    assert (neither.code, "sha256: is missing: hand the document over" in neither.err) == (2, True)


def test_files_travel_in_the_package_and_are_checked_in_it(session: Session, tmp_path: Path) -> None:
    proof = file(tmp_path, "审计 proof.pdf", b"%PDF-1.7 signed")
    state = ("attestation", "sign", "--control", "isolation", "--statement", "So it is.", "--since", "2026-11-05", "--until", "2026-11-20", "--by", "Zhang Min")  # fmt: skip
    # What is kept already for another reason: the programme itself, and the text of another file.
    store = open_store(session.data)
    (programme,) = store.programmes(store.head())
    kept = file(tmp_path, "programme.json", store.vault.get(next(store.journal.entries(kind="programme")).body["sha256"]))
    store.close()
    assert programme.number == 1
    session.fine(
        *state, "--tier", "core", "--attach", proof, "--attach", kept, "--attach", file(tmp_path, "copy.pdf", proof.read_bytes())
    )
    package = tmp_path / "package.zip"
    session.fine("export", *PERIOD, "--asset", "im-messages-db", "-o", package)
    verified = session.fine("verify", package, "--recompute").out
    assert "nothing is broken" in verified
    with zipfile.ZipFile(package) as archive:
        archive.extractall(tmp_path / "unpacked")
    (root,) = (tmp_path / "unpacked").iterdir()
    (inside,) = (root / "data" / "raw" / "attachment").iterdir()
    assert inside.read_bytes() == proof.read_bytes()
    (told,) = [
        one
        for line in (root / "data/provenance.ndjson").read_text("utf-8").splitlines()
        if "attachments" in (one := json.loads(line))
    ]
    places = {one["name"]: one["file"] for one in told["attachments"]}
    assert places == {
        "审计 proof.pdf": f"data/raw/attachment/{inside.name}",
        "programme.json": "data/raw/programme/00000001-programme.json",
        "copy.pdf": f"data/raw/attachment/{inside.name}",
    }

    script = [sys.executable, str(root / "verify_evidence.py")]
    assert subprocess.run(script, check=False, capture_output=True).returncode == 0
    inside.write_bytes(b"%PDF-1.7 forged")
    forged = subprocess.run(script, check=False, capture_output=True, text=True)
    assert (forged.returncode, f"data/raw/attachment/{inside.name}" in forged.stdout) == (1, True)
    inside.unlink()
    lost = subprocess.run(script, check=False, capture_output=True, text=True)
    assert (lost.returncode, "is missing" in lost.stdout) == (1, True)

    other = tmp_path / "other.zip"
    session.fine("export", *PERIOD, "--asset", "fileserver-finance", "-o", other)
    assert b"raw/attachment" not in other.read_bytes()
