"""An evidence package, from export to the auditor's machine: whole, it passes every check that VERIFY.txt tells; one byte changed in any layer is named."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.evidence import package
from audit.evidence.sshsig import fingerprint as ssh_fingerprint
from tests.cli.session import PERIOD, Session, result_of, told
from tests.scenarios.packages import Machine, broken, edited, exported, key_of, rewritten, sealed, unpacked

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("package")]

OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return told(tmp_path_factory.mktemp("session") / "data")


@pytest.fixture(scope="module")
def whole(session: Session, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of everything."""
    return exported(session, tmp_path_factory.mktemp("whole") / "package.zip")


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """The same, unpacked."""
    return unpacked(whole, tmp_path / "unpacked")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def fingerprint(session: Session) -> str:
    (line,) = [line for line in session.fine("verify").out.splitlines() if line.startswith("Fingerprint of the key: ")]
    return line.removeprefix("Fingerprint of the key: ")


# --- whole ------------------------------------------------------------------------------------------------------------------------


def test_every_command_of_its_instructions_passes_where_only_its_tools_are(
    folder: Path, machine: Machine, session: Session
) -> None:
    text = (folder / package.HOW_TO).read_text(encoding="utf-8")
    english, chinese = text.split("证据包\n", 1)
    for part in (english, chinese):
        commands = [line.strip() for line in part.splitlines() if line.startswith(" " * 7)]
        assert len(commands) == 6
        for command in commands:
            done = machine.run(command, folder)
            assert done.returncode == 0, (command, done)
            assert "WARNING" not in done.stderr
        signed = machine.run(commands[1], folder).stdout
        assert signed.startswith('Good "backup-evidence" signature for backup-audit with ED25519 key SHA256:')
        assert fingerprint(session) in machine.run(commands[0], folder).stdout
        assert f"--fingerprint {fingerprint(session)}" in commands[4]
        assert f"{fingerprint(session)}" in part


def test_the_program_in_it_says_what_it_checked_and_what_it_could_not(folder: Path, machine: Machine, session: Session) -> None:
    code, lines = machine.verify(folder)
    assert code == 0
    files = sum(path.is_file() for path in folder.rglob("*")) - 2
    assert lines[-1] == f"{files} files, 72 entries, 72 payloads, 34 results: nothing is broken"
    assert lines[-2] == f"Key          {fingerprint(session)}"
    unchecked = [line for line in lines if line.startswith("NOT CHECKED")]
    assert f"whose key it is: compare {fingerprint(session)} with the one you got in another way" in unchecked[0]
    assert len(unchecked) == 4
    code, lines = machine.verify(folder, "--fingerprint", fingerprint(session))
    assert (code, len([line for line in lines if line.startswith("NOT CHECKED")])) == (0, 3)


def test_a_standard_tool_finds_the_bag_valid(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "bagit", "--validate", str(folder)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.splitlines()[-1].rsplit(" ", 2)[1:]) == (0, ["is", "valid"])


def test_our_own_verify_reads_the_zip_and_the_folder_and_judges_again(whole: Path, folder: Path, session: Session) -> None:
    key = session.data / "keys" / "checkpoint.pub"
    for place in (whole, folder):
        done = session.fine("verify", place, "--key", key, "--recompute")
        assert done.out.splitlines()[-1].endswith(" files, 72 entries, 72 payloads, 34 results, 34 recomputed: nothing is broken")
    assert session.fine("verify", whole, "--key", fingerprint(session)).code == 0


def test_two_exports_are_the_same_bytes_also_after_more_evidence(whole: Path, session: Session, tmp_path: Path) -> None:
    again = exported(session, tmp_path / "again.zip", "--as-known-at", "72")
    assert again.read_bytes() == whole.read_bytes()
    late = tmp_path / "late.ndjson"
    late.write_text('{"record":"recovery_point","source":"messages-db","repository":"nas-dc1","id":"late","subject":"pg/messages",'
                    '"method":"full","captured_at":"2026-11-20T00:00:00Z"}\n')  # fmt: skip
    copy = Session(tmp_path / "data")
    shutil.copytree(session.data, copy.data)
    copy.fine("ingest", late)
    assert exported(copy, tmp_path / "known.zip", "--as-known-at", "72").read_bytes() == whole.read_bytes()
    copy.fine("rebuild")
    assert exported(copy, tmp_path / "rebuilt.zip", "--as-known-at", "72").read_bytes() == whole.read_bytes()
    assert exported(copy, tmp_path / "now.zip").read_bytes() != whole.read_bytes()


@pytest.mark.slow
def test_reports_of_every_format_are_the_same_bytes_in_another_process(session: Session, tmp_path: Path) -> None:
    arguments = ("export", *PERIOD, "--as-known-at", "72", "--lang", "zh", "--lang", "en", "-o")
    session.fine(*arguments, tmp_path / "here.zip")
    argv = [
        sys.executable,
        "-c",
        "from audit.cli import main; main()",
        "--data",
        str(session.data),
        *arguments,
        str(tmp_path / "there.zip"),
    ]
    subprocess.run(argv, check=True, capture_output=True)
    assert (tmp_path / "there.zip").read_bytes() == (tmp_path / "here.zip").read_bytes()
    names = {path.suffix for path in (unpacked(tmp_path / "here.zip", tmp_path / "unpacked") / "data" / "reports").iterdir()}
    assert names >= {".html", ".pdf"}


def test_the_journal_says_that_it_was_made(whole: Path, session: Session) -> None:
    from audit.evidence.canonical import sha256_hex
    from audit.steps._open import open_store

    store = open_store(session.data)
    entries = [entry for entry in store.journal.entries() if entry.kind == "export"]
    store.close()
    assert entries[0].number == 73
    assert entries[0].body["package_sha256"] == sha256_hex(whole.read_bytes())
    assert entries[0].body["scope"]["as_known_at"] == 72


def test_nothing_secret_is_in_it(folder: Path, session: Session) -> None:
    key = key_of(session)
    raw = key.private_bytes_raw()
    secrets = [
        raw,
        raw.hex().encode(),
        (session.data / "keys" / "checkpoint.key").read_bytes().split(b"\n")[1],
        b"PRIVATE KEY",
        b"argon2",
    ]
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [secret for secret in secrets if secret in data], path
            assert str(session.data).encode() not in data, path


# --- the scope --------------------------------------------------------------------------------------------------------------------


def test_a_scope_holds_its_evidence_whole_and_nothing_of_others_but_hashes(
    session: Session, tmp_path: Path, machine: Machine
) -> None:
    path = exported(session, tmp_path / "unit.zip", "--unit", "platform")
    done = session.fine("verify", path, "--recompute")
    assert "9 results, 9 recomputed: nothing is broken" in done.out
    folder = unpacked(path, tmp_path / "unpacked")
    assert machine.verify(folder)[0] == 0
    ours = json.loads((folder / package.ASSESSMENT).read_text())
    everything = session.assess()
    assert {result["asset"] for result in ours["results"]} == {"db-02-configuration"}
    assert ours["results"] == [result for result in everything["results"] if result["unit"] == "platform"]
    for kind in ("recovery_point", "run", "listing", "quarantine"):
        assert "messages-db" not in (folder / "data" / "facts" / f"{kind}.ndjson").read_text()
    entries = [json.loads(line) for line in (folder / package.ENTRIES).read_text().splitlines()]
    assert {entry["kind"] for entry in entries} == {"programme", "evidence"}
    assert {entry["body"]["envelope"]["source"] for entry in entries[1:]} == {"restic-fileserver"}
    populations = json.loads((folder / package.POPULATIONS).read_text())["populations"]
    counts = {one["list"]: (one["count"], one.get("left_out", {}).get("count")) for one in populations}
    assert counts["#/assets"] == (1, 3)
    assert counts[package.ENTRIES] == (len(entries), {"evidence": 72 - len(entries)})
    assert counts["data/raw/"] == (len(entries), 72 - len(entries))
    for one in populations:
        assert set(one["what"]) == set(one["counted"]) == {"en", "zh"}
        assert one["filter"]["entries_up_to"] == 72


@pytest.mark.parametrize(
    "options", [(), ("--unit", "customer-operations"), ("--asset", "im-messages-db", "--asset", "db-02-configuration")]
)
def test_the_bytes_do_not_depend_on_how_the_work_is_cut(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    """Estates too large for memory are judged, and exported, some assets at a time; here each asset alone."""
    at_once = exported(session, tmp_path / "at-once.zip", "--as-known-at", "72", *options)
    monkeypatch.setattr("audit.evaluation.chunks.ROWS", 1)
    in_pieces = exported(session, tmp_path / "in-pieces.zip", "--as-known-at", "72", *options)
    assert in_pieces.read_bytes() == at_once.read_bytes()
    assert session.fine("verify", in_pieces, "--recompute").code == 0


def test_one_asset_and_control(session: Session, tmp_path: Path) -> None:
    path = exported(
        session, tmp_path / "one.zip", "--asset", "im-messages-db", "--control", "recovery-point", "--lang", "zh", "--format", "pdf"
    )
    folder = unpacked(path, tmp_path / "unpacked")
    (result,) = json.loads((folder / package.ASSESSMENT).read_text())["results"]
    assert result == result_of(session.assess("--control", "recovery-point"), "im-messages-db", "recovery-point")
    assert [path.name for path in (folder / "data" / "reports").iterdir()] == ["annual-review-zh.pdf"]
    assert session.fine("verify", path, "--recompute").code == 0
    assert exported(session, tmp_path / "two.zip", "--asset", "im-messages-db", "--control", "recovery-point", "--lang", "zh", "--format",
                    "pdf").read_bytes() == path.read_bytes()  # fmt: skip


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--unit", "plattform"], "did you mean `platform`?"),
        (["--asset", "nothing"], "nothing"),
        (["--unit", "platform", "--asset", "im-messages-db"], "im-messages-db is no asset of platform"),
        (["--control", "rpo"], "rpo"),
        (["--as-known-at", "5000"], "the journal has no entry 5000"),
        (["--report", "none"], "none"),
    ],
)
def test_a_scope_that_does_not_exist_writes_nothing(session: Session, tmp_path: Path, options: list[str], why: str) -> None:
    before = session.fine("verify").out.split(" ")[0]
    done = session("export", *PERIOD, *options, "-o", tmp_path / "out" / "p.zip")
    assert done.code == 2
    assert why in done.err
    assert list(tmp_path.rglob("*")) == [] or not list(tmp_path.rglob("*.zip"))
    assert session.fine("verify").out.split(" ")[0] == before


def test_broken_evidence_is_not_exported(session: Session, tmp_path: Path) -> None:
    copy = Session(tmp_path / "data")
    shutil.copytree(session.data, copy.data)
    payload = min((copy.data / "vault").glob("??/*.zst"), key=lambda path: path.stat().st_size)
    payload.chmod(0o644)
    payload.write_bytes(payload.read_bytes()[:-9] + b"damaged!!")
    out = tmp_path / "out"
    done = copy("export", *PERIOD, "--format", "html", "-o", out / "p.zip")
    assert done.code == 1
    assert f"nothing was exported: payload {payload.stem}" in done.err
    assert list(out.iterdir()) == []


# --- one byte in each layer -------------------------------------------------------------------------------------------------------


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        (package.SIGNATURE, "signature: "),
        (package.TAG_MANIFEST, f"signature: {package.SIGNATURE}: does not fit"),
        (package.MANIFEST, f"files: {package.MANIFEST}"),
        (package.BAG_INFO, f"files: {package.BAG_INFO}: was changed"),
        (package.BAGIT, f"files: {package.BAGIT}: was changed"),
        (package.KEY_PEM, "signature: key.pem: holds another key"),
        (package.KEY_SSH, "signature: key.pub: holds another key"),
        (package.SIGNERS, "signature: allowed_signers: holds another key"),
        (package.HOW_TO, f"files: {package.HOW_TO}: was changed"),
        (package.CHECKPOINT, f"files: {package.CHECKPOINT}: was changed"),
        (package.ENTRIES, f"files: {package.ENTRIES}: was changed"),
        (package.PROVENANCE, f"files: {package.PROVENANCE}: was changed"),
        (package.ASSESSMENT, f"files: {package.ASSESSMENT}: was changed"),
        (package.POPULATIONS, f"files: {package.POPULATIONS}: was changed"),
        ("data/facts/recovery_point.ndjson", "files: data/facts/recovery_point.ndjson: was changed"),
        ("data/facts/run.ndjson", "files: data/facts/run.ndjson: was changed"),
        ("data/reports/annual-review-en.html", "files: data/reports/annual-review-en.html: was changed"),
        ("data/programme/00000001/assets.yaml", "files: data/programme/00000001/assets.yaml: was changed"),
        ("data/raw/restic-fileserver/00000002-backup-1.jsonl", "files: data/raw/restic-fileserver/00000002-backup-1.jsonl: was changed"),
    ],
)  # fmt: skip
def test_a_byte_flipped_in_any_file_is_named(folder: Path, machine: Machine, session: Session, name: str, layer: str) -> None:
    flip(folder / name)
    code, lines = machine.verify(folder)
    assert code == 1
    assert any(line.startswith(layer) for line in broken(lines)), lines
    done = session("verify", folder)
    assert (done.code, broken(done.out.splitlines())) == (1, broken(lines))
    assert done.err.startswith("Error: ")
    assert done.err.endswith("do not rely on this package\n")


def test_every_file_is_guarded(folder: Path, machine: Machine) -> None:
    """Flip a byte in every file of the package at once: each is named, but the program that names them."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_size and path.name not in (package.SCRIPT,)]
    for path in files:
        if path.parent.name != "raw" and path.name not in (package.MANIFEST, package.TAG_MANIFEST, package.SIGNATURE):
            flip(path)
    _, lines = machine.verify(folder)
    for path in files:
        name = str(path.relative_to(folder))
        if path.name not in (package.MANIFEST, package.TAG_MANIFEST, package.SIGNATURE):
            assert any(f"files: {name}: was changed" in line for line in lines), name


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda folder: (folder / "data" / "raw" / "extra").write_text("x"), "files: data/raw/extra: stands in no manifest"),
        (lambda folder: (folder / ".hidden").write_text("x"), "files: .hidden: stands in no manifest"),
        (lambda folder: (folder / package.PROOF).unlink(), f"files: {package.PROOF}: is missing"),
        (lambda folder: (folder / package.SIGNATURE).unlink(), f"signature: {package.SIGNATURE}: is missing"),
        (lambda folder: _link(folder / package.ASSESSMENT), f"files: {package.ASSESSMENT}: is a link or a special file"),
        (lambda folder: shutil.rmtree(folder / "data"), f"files: {package.ENTRIES}: is missing"),
    ],
)
def test_files_that_are_added_taken_away_or_linked_are_named(
    folder: Path, machine: Machine, change: Callable[[Path], object], why: str
) -> None:
    change(folder)
    code, lines = machine.verify(folder)
    assert code == 1
    assert any(line.startswith(why) for line in broken(lines)), lines


def _link(path: Path) -> None:
    path.rename(path.parents[2] / "elsewhere")
    path.symlink_to(path.parents[2] / "elsewhere")


# --- someone seals it anew --------------------------------------------------------------------------------------------------------


def test_another_key_is_named_when_ours_is_known_and_asked_for_when_not(folder: Path, machine: Machine, session: Session) -> None:
    edited(folder / package.ASSESSMENT, lambda lines: [line.replace('"verdict":"breached"', '"verdict":"met"') for line in lines])
    theirs = ssh_fingerprint(OTHER.public_key())
    edited(folder / package.HOW_TO, lambda lines: [line.replace(fingerprint(session), theirs) for line in lines])
    sealed(folder, OTHER)
    code, lines = machine.verify(folder, "--fingerprint", fingerprint(session))
    assert code == 1
    assert any(line.endswith("someone else signed this package") for line in broken(lines)), lines
    code, lines = machine.verify(folder)  # the checkpoint was not signed by that key either
    assert broken(lines) == [f"checkpoint: {package.CHECKPOINT}: is no checkpoint with one signature by the key of this package"]
    done = session("verify", folder, "--key", session.data / "keys" / "checkpoint.pub")
    assert done.code == 1


REWRITTEN: list[tuple[str, Callable[[Path], Any], str]] = [
    ("entry", lambda folder: rewritten(folder / package.ENTRIES, lambda entry: entry["body"].update(size=1), 5), "journal: "),
    ("entry moved", lambda folder: edited(folder / package.ENTRIES, lambda lines: [lines[1], lines[0], *lines[2:]]), "journal: "),
    ("entry taken away", lambda folder: edited(folder / package.ENTRIES, lambda lines: lines[:3] + lines[4:]), "journal: "),
    ("checkpoint", lambda folder: edited(folder / package.CHECKPOINT, lambda lines: [lines[0], "71", *lines[2:]]), "checkpoint: "),
    ("proof", lambda folder: (folder / package.PROOF).write_text('{"first":1,"last":1,"hash":"00"}\n'), "journal: "),
    ("payload", lambda folder: flip(folder / "data" / "raw" / "restic-fileserver" / "00000002-backup-1.jsonl"), "payloads: entry 2: its payload"),
    ("payload taken away", lambda folder: (folder / "data" / "raw" / "restic-fileserver" / "00000002-backup-1.jsonl").unlink(), "payloads: entry 2"),
    ("payload added", lambda folder: (folder / "data" / "raw" / "more").write_text("x"), "payloads: data/raw/more: is the payload of no entry"),
    ("provenance", lambda folder: rewritten(folder / package.PROVENANCE, lambda line: line.update(repository="vault-hz"), 3), "payloads: entry "),
    ("provenance taken away", lambda folder: edited(folder / package.PROVENANCE, lambda lines: lines[1:]), "payloads: entry 1"),
    ("programme", lambda folder: flip(folder / "data" / "programme" / "00000001" / "assets.yaml"), "programme: data/programme"),
    ("fact", lambda folder: rewritten(folder / "data/facts/recovery_point.ndjson", lambda row: row.update(entry=99)), "facts: "),
    ("cited evidence", lambda folder: _cite(folder), "assessment: "),
    ("head", lambda folder: edited(folder / package.ASSESSMENT, lambda lines: [_head(line) for line in lines]), "assessment: "),
    ("count", lambda folder: edited(folder / package.POPULATIONS, lambda lines: [re.sub(r'"count": \d+', '"count": 7', line) for line in lines]),
     "populations: "),
    ("verdict taken away", lambda folder: edited(folder / package.ASSESSMENT, lambda lines: [lines[0], *lines[2:]]), "populations: "),
    ("count of what is left out", lambda folder: _populations(folder, package.ENTRIES, "left_out", {"count": {"export": 1}}), "populations: "),
    ("filter", lambda folder: _populations(folder, "data/raw/", "filter", {"entries_up_to": 7}), "populations: "),
    ("population taken away", lambda folder: _populations(folder, "data/raw/", "list", "data/facts/run.ndjson"), "populations: "),
    ("member told twice", lambda folder: edited(folder / package.ASSESSMENT, lambda lines: [_twice(line) for line in lines]), "assessment: "),
    ("fingerprint told", lambda folder: edited(folder / package.HOW_TO, lambda lines: [line.replace("SHA256:", "SHA256:x") for line in lines]),
     "signature: VERIFY.txt: does not give the fingerprint"),
    ("head told", lambda folder: edited(folder / package.BAG_INFO, lambda lines: [line.replace("Journal-Head: ", "Journal-Head: 0") for line in lines]),
     "assessment: "),
    ("journal told", lambda folder: edited(folder / package.BAG_INFO, lambda lines: [line.replace("Origin: backup", "Origin: back") for line in lines]),
     "checkpoint: "),
    ("names in two cases", lambda folder: shutil.copy(folder / package.CHECKPOINT, folder / "data" / "journal" / "CHECKPOINT.txt"), "files: "),
    ("scope", lambda folder: edited(folder / package.BAG_INFO, lambda lines: [line.replace("2026-11-23", "2026-11-22") for line in lines]), "assessment: "),
]  # fmt: skip


def _cite(folder: Path) -> None:
    path = folder / package.ASSESSMENT
    lines = path.read_text().split("\n")
    number = next(number for number, line in enumerate(lines) if '"evidence":[{' in line)
    rewritten(path, lambda result: result["breaches"][0]["evidence"][0].update(sha256="0" * 64), number)  # type: ignore[index]


def _populations(folder: Path, where: str, member: str, value: object) -> None:
    path = folder / package.POPULATIONS
    told = json.loads(path.read_text())
    for one in told["populations"]:
        if one["list"] == where:
            one[member] = value
    path.write_text(json.dumps(told))


def _twice(line: str) -> str:
    return line.replace('"verdict":', '"verdict":"met","verdict":', 1)


def _head(line: str) -> str:
    return re.sub(r'"journal_head":"[0-9a-f]', '"journal_head":"g', line)


@pytest.mark.parametrize(("change", "layer"), [case[1:] for case in REWRITTEN], ids=[case[0] for case in REWRITTEN])
def test_what_the_holder_of_the_key_alters_is_named_by_the_layer_below(
    folder: Path, machine: Machine, session: Session, change: Callable[[Path], object], layer: str
) -> None:
    change(folder)
    sealed(folder, key_of(session))
    code, lines = machine.verify(folder)
    assert code == 1
    assert any(line.startswith(layer) for line in broken(lines)), lines
    deeper = not layer.startswith(("signature", "files"))
    assert not (deeper and any(line.startswith(("signature", "files")) for line in broken(lines))), lines


def test_a_verdict_that_the_holder_of_the_key_alters_is_named_when_everything_is_judged_again(
    folder: Path, machine: Machine, session: Session
) -> None:
    lines = (folder / package.ASSESSMENT).read_text().split("\n")
    number = next(number for number, line in enumerate(lines) if '"verdict":"unproven"' in line)
    rewritten(folder / package.ASSESSMENT, lambda result: result.update(verdict="met"), number)
    sealed(folder, key_of(session))
    assert machine.verify(folder)[0] == 0
    done = session("verify", folder, "--recompute")
    assert done.code == 1
    (told,) = broken(done.out.splitlines())
    assert re.match(
        r"recompute: data/assessment.json: .*: met in the package, unproven when judged again; differs in verdict", told
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda folder: _without_a_point(folder), "recompute: data/facts/recovery_point.ndjson: line 1 is not what is read from the payloads"),
        (lambda folder: rewritten(folder / "data/facts/run.ndjson", lambda row: row.update(outcome="success"), 7),
         "recompute: data/facts/run.ndjson: line 8 is not what is read"),
        (lambda folder: _populations(folder, "#/assets", "items", ["a", "b", "c", "d"]), "recompute: data/populations.json: #/assets does not"),
        (lambda folder: edited(folder / package.ASSESSMENT, lambda lines: [re.sub(r'"protected":(\d)', r'"protected":4\1', line) for line in lines]),
         "recompute: data/assessment.json: coverage: "),
        (lambda folder: edited(folder / package.ASSESSMENT, lambda lines: [line.replace('"shares":', '"share":', 1) for line in lines]),
         "recompute: data/assessment.json: "),
        (lambda folder: edited(folder / package.ASSESSMENT, lambda lines: [line.replace('"quarantined":', '"quarantine":', 1) for line in lines]),
         "recompute: it cannot be judged again: KeyError: 'quarantined'"),
    ],
    ids=["fact taken away", "fact", "assets", "coverage", "shares", "member"],
)  # fmt: skip
def test_judging_again_names_what_no_hash_can(folder: Path, session: Session, change: Callable[[Path], object], why: str) -> None:
    change(folder)
    sealed(folder, key_of(session))
    done = session("verify", folder, "--recompute")
    assert done.code == 1
    found = broken(done.out.splitlines())
    assert any(line.startswith(why) for line in found), found
    assert all(line.startswith("recompute: ") for line in found), found


def _without_a_point(folder: Path) -> None:
    edited(folder / "data/facts/recovery_point.ndjson", lambda lines: lines[1:])
    count = len((folder / "data/facts/recovery_point.ndjson").read_text().splitlines())
    _populations(folder, "data/facts/recovery_point.ndjson", "count", count)


def test_a_verdict_that_is_left_out_is_named_too(folder: Path, session: Session) -> None:
    edited(folder / package.ASSESSMENT, lambda lines: [lines[0], *lines[2:]])
    populations = json.loads((folder / package.POPULATIONS).read_text())
    left = [json.loads(line.removesuffix(",")) for line in (folder / package.ASSESSMENT).read_text().splitlines()[1:-1]]
    for one in populations["populations"]:
        where = one["list"]
        if where.startswith(package.ASSESSMENT):
            kind = where.rsplit("/", 1)[1]
            one["count"] = len(left) if kind == "results" else sum(len(result[kind]) for result in left)
    (folder / package.POPULATIONS).write_text(json.dumps(populations))
    sealed(folder, key_of(session))
    done = session("verify", folder, "--recompute")
    assert done.code == 1
    assert "is not there in the package" in done.out


def test_a_zip_whose_folder_was_renamed_is_named(whole: Path, session: Session, tmp_path: Path) -> None:
    data = whole.read_bytes()
    root = re.search(rb"evidence-yunhe-messaging-[0-9-]+-[0-9a-f]{8}", data)
    assert root
    (tmp_path / "renamed.zip").write_bytes(data.replace(root[0], root[0].replace(b"yunhe", b"other")))
    done = session("verify", tmp_path / "renamed.zip")
    assert broken(done.out.splitlines())[0].startswith("bag: bag-info.txt: names the folder evidence-yunhe-messaging-")


# --- not a package ----------------------------------------------------------------------------------------------------------------


def test_what_is_no_package_is_said_so(session: Session, tmp_path: Path, machine: Machine, folder: Path) -> None:
    (tmp_path / "text.zip").write_text("no zip")
    done = session("verify", tmp_path / "text.zip")
    assert (done.code, "is no zip that can be read" in done.err) == (2, True)
    done = session("verify", tmp_path)
    assert (done.code, f"{tmp_path} is no unpacked evidence package" in done.err) == (2, True)
    done = session("verify", folder, "--key", "nowhere")
    assert (done.code, "neither a fingerprint" in done.err) == (2, True)
    done = session("verify", folder, "--save-checkpoint", tmp_path / "c")
    assert (done.code, "are for the data folder" in done.err) == (2, True)
    assert session("verify", "--key", "x").code == 2
    shutil.copy(folder / package.SCRIPT, tmp_path)
    done_alone = machine.run("python3 -I -S verify_evidence.py", tmp_path)
    assert (done_alone.returncode, "is no unpacked evidence package" in done_alone.stderr) == (2, True)
