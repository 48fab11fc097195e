"""Files that people hand over with an act: into the vault first, named by the journal, out again byte for byte."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from audit.errors import InputError, UsageError
from audit.evidence.vault import BrokenPayloadError
from audit.register.acts import kinds, records
from audit.register.records._record import Attached, RefusedError, document_key
from audit.steps import _handed
from audit.steps._handed import LARGEST, MOST, Handed, cleaned, handed, media_type
from audit.steps._open import Store
from audit.steps.act import act, one_record, record_json
from audit.steps.apply import apply
from audit.steps.attachments import attachment, document, write_new
from audit.steps.rebuild import rebuild
from audit.steps.verify import verify
from tests.steps.test_act import EXAMPLE, NOW, example_of

LOG = b"restored 12 of 12 tables\n"
BOOK = b"# Restore messages\n\n1. Stop the service.\n"
FOUND = {"title": "No key.", "source": "auditor", "severity": "high"}


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def company(store: Store) -> Store:
    apply(store, EXAMPLE, now=NOW, by="olivia")
    return store


def finding(store: Store, *files: Handed) -> Any:
    return act(store, "finding", "open", FOUND, now=NOW, by="Zhang Min", files=files)


def test_a_file_is_in_the_vault_named_by_entry_and_payload(company: Store) -> None:
    made = finding(company, Handed.of("C:\\Users\\li\\restore.log", LOG), Handed.of("shot.png", b"\x89PNG"))
    expected = [
        {"name": "restore.log", "size": len(LOG), "media_type": "text/plain", "sha256": sha(LOG)},
        {"name": "shot.png", "size": 4, "media_type": "image/png", "sha256": sha(b"\x89PNG")},
    ]
    (entry,) = company.journal.entries(company.head() - 1)
    assert entry.body["attachments"] == expected
    assert company.vault.get(sha(LOG)) == LOG
    assert made.done[0].attached == tuple(Attached(**one) for one in expected)
    assert record_json(made)["acts"][0]["attachments"] == expected
    assert "attachments" not in made.values, "it is not among what was told"
    assert attachment(company, "finding", made.id, "restore.log")[1] == LOG
    assert attachment(company, "finding", made.id, sha(LOG).upper())[0].name == "restore.log"


def test_what_an_act_says_is_another_payload_with_another_file(company: Store) -> None:
    one, other = (finding(company, Handed.of("a.txt", text)) for text in (b"one", b"other"))
    assert one.done[0].sha256 != other.done[0].sha256
    assert sorted(one.done[0].values.items()) == sorted(other.done[0].values.items())


def test_rebuild_makes_the_same_and_verify_misses_a_lost_file(company: Store) -> None:
    made = finding(company, Handed.of("restore.log", LOG))
    before = records(company.journal, company.vault)
    rebuild(company)
    assert records(company.journal, company.vault) == before
    assert not verify(company).broken
    company.vault.file(sha(LOG)).unlink()
    (lost,) = verify(company).broken
    assert (lost.where, sha(LOG) in lost.what) == (f"entry {made.done[0].number}", True)
    company.vault.take(sha(LOG))  # what was just put is still in memory
    with pytest.raises(BrokenPayloadError, match="missing"):
        attachment(company, "finding", made.id)


def test_a_file_changed_in_the_vault_is_found(company: Store) -> None:
    finding(company, Handed.of("restore.log", LOG))
    kept = company.vault.file(sha(LOG))
    kept.chmod(0o600)
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")
    (broken,) = verify(company).broken
    assert sha(LOG)[:16] in broken.where


def test_what_is_refused_leaves_no_file(company: Store) -> None:
    made, head = finding(company), company.head()
    file = Handed.of("restore.log", LOG)
    with pytest.raises(RefusedError):
        act(company, "finding", "remediate", {"plan": "x"}, record=act(company, "finding", "close", {"reason": "a", "proof": "b"}, record=made.id, now=NOW, by="Li Na").id,
            now=NOW, by="Li Na", files=[file])  # fmt: skip
    with pytest.raises(InputError):
        act(company, "finding", "open", {**FOUND, "severity": "dire"}, now=NOW, by="Li Na", files=[file])
    with pytest.raises(UsageError, match="finding acknowledge takes no attachments"):
        act(company, "finding", "acknowledge", {"owner": "x"}, record=made.id, now=NOW, by="Li Na", files=[file])
    with pytest.raises(UsageError, match="finding comment takes no document"):
        act(company, "finding", "comment", {"comment": "x"}, record=made.id, now=NOW, by="Li Na", document=file)
    assert company.head() == head + 1
    assert not company.vault.has(sha(LOG))


def test_all_that_is_wrong_with_files_is_said_at_once(company: Store) -> None:
    head = company.head()
    with pytest.raises(InputError) as error:
        finding(company, Handed.of("a.txt", LOG), Handed.of("b/a.txt", b"x"), Handed.of("empty.txt", b""))
    assert [str(one) for one in error.value.faults] == [
        "empty.txt: is empty: it shows nothing",
        "a.txt: is the name of two files: rename one of them",
    ]
    with pytest.raises(InputError) as error:
        finding(company, *(Handed.of(f"{number}.txt", b"x") for number in range(MOST + 1)))
    assert "21 files are too many: at most 20 with one act" in str(error.value.faults[0])
    large = Handed(Attached("disk.img", LARGEST + 1, "application/octet-stream", "0" * 64), b"x")
    with pytest.raises(InputError) as error:
        finding(company, large)
    assert "is too large (100.0 MiB): the files of one act may have 100 MiB together" in str(error.value.faults[0])
    assert company.head() == head


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("restore.log", "restore.log"),
        ("/srv/logs/restore.log", "restore.log"),
        ("..\\..\\restore.log", "restore.log"),
        ("../../etc/passwd", "passwd"),
        ("..", "file"),
        ("", "file"),
        (".bashrc", "bashrc"),
        ("a\nb\x1b[31m\0.txt", "ab[31m.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("  two \t blanks .txt. ", "two blanks .txt"),
        ("恢复记录.pdf", "恢复记录.pdf"),
        ("e\u0301.txt", "é.txt"),
        (os.fsdecode(b"\xff.log"), "\ufffd.log"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_name_is_kept_without_path_and_without_what_nobody_sees(given: str, kept: str) -> None:
    assert cleaned(given) == kept
    assert cleaned(kept) == kept


def test_the_name_tells_the_media_type() -> None:
    assert [media_type(name) for name in ("a.PDF", "a.b.xlsx", "pdf", "a.")] == [
        "application/pdf",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/octet-stream",
        "application/octet-stream",
    ]


def test_only_regular_files_are_read_and_all_others_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = tmp_path / "good.txt"
    good.write_bytes(LOG)
    (tmp_path / "link").symlink_to(good)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * 2000)
    monkeypatch.setattr(_handed, "LARGEST", 1000)
    wrong = [tmp_path / name for name in ("link", "pipe", "large", "none", "good.txt/below")]
    with pytest.raises(InputError) as error:
        handed([good, *wrong, tmp_path])
    told = dict(zip([*wrong, tmp_path], error.value.faults, strict=True))
    assert [one.where for one in told.values()] == [str(path) for path in told]
    words = ["is a link", "is no regular file", "is too large", "there is no such file", "there is no such file", "is a folder"]
    assert [word in str(one.what) for word, one in zip(words, told.values(), strict=True)] == [True] * 6
    (one,) = handed([good, good])
    assert (one.told.name, one.data) == ("good.txt", LOG)


def test_several_of_one_name_are_told_apart_by_their_hashes(company: Store) -> None:
    made = finding(company, Handed.of("log.txt", b"one"))
    with pytest.raises(UsageError, match=r"unknown attachment `lg.txt`, did you mean `log.txt`"):
        attachment(company, "finding", made.id, "lg.txt")
    act(
        company,
        "finding",
        "comment",
        {"comment": "newer"},
        record=made.id,
        now=NOW,
        by="Li Na",
        files=[Handed.of("log.txt", b"two")],
    )
    with pytest.raises(UsageError, match=f"has several of the name log.txt: .*{sha(b'one')} log.txt, entry .* by Zhang Min"):
        attachment(company, "finding", made.id, "log.txt")
    assert attachment(company, "finding", made.id, sha(b"two"))[1] == b"two"
    with pytest.raises(UsageError, match="no file was handed over with"):
        attachment(company, "finding", finding(company).id)


# Documents


def publish(store: Store, given: Handed | None = None, **told: Any) -> Any:
    values = {key: value for key, value in example_of(store, "runbook", "publish").items() if key != "sha256"} | told
    return act(store, "runbook", "publish", values, now=NOW, by="Chen Jie", document=given)


def test_the_document_of_a_runbook_is_kept_and_tells_its_hash(company: Store) -> None:
    made = publish(company, Handed.of("restore.md", BOOK))
    assert made.values["sha256"] == sha(BOOK)
    done, told, data = document(company, "runbook", made.id)
    assert (done.values["version"], told.name, told.media_type, data) == ("3", "restore.md", "text/markdown", BOOK)
    newer = {key: made.values[key] for key in ("kept", "elsewhere", "on")} | {"version": "4"}
    act(
        company,
        "runbook",
        "revise",
        newer,
        record=made.id,
        now=NOW,
        by="Chen Jie",
        document=Handed.of("restore.md", BOOK + b"2. x\n"),
    )
    assert document(company, "runbook", made.id)[2] == BOOK + b"2. x\n"
    assert document(company, "runbook", made.id, "3")[2] == BOOK
    with pytest.raises(UsageError, match=r"unknown version `5`.*known: 3, 4"):
        document(company, "runbook", made.id, "5")
    before = one_record(company, "runbook", made.id)
    rebuild(company)
    assert one_record(company, "runbook", made.id) == before


def test_a_document_and_its_hash_have_to_agree_and_one_is_needed(company: Store) -> None:
    with pytest.raises(InputError) as error:
        publish(company, Handed.of("restore.md", BOOK), sha256="0" * 64)
    assert f"restore.md, sha256: has another SHA-256 than the one that was given: {sha(BOOK)}" in str(error.value.faults[0])
    with pytest.raises(InputError) as error:
        publish(company)
    assert "sha256: is missing: hand the document over, or give the SHA-256 of one that is kept elsewhere" in str(
        error.value.faults[0]
    )
    assert publish(company, Handed.of("restore.md", BOOK), sha256=sha(BOOK).upper()).values["sha256"] == sha(BOOK)
    elsewhere = publish(company, sha256=sha(BOOK))
    with pytest.raises(UsageError, match=r"not in the vault, but kept elsewhere \(the wiki, .*its SHA-256 is"):
        document(company, "runbook", elsewhere.id)


def test_nothing_is_written_over(tmp_path: Path) -> None:
    write_new(tmp_path / "a", LOG)
    assert (tmp_path / "a").read_bytes() == LOG
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name in ("a", "dangling"):
        with pytest.raises(UsageError, match="is there already"):
            write_new(tmp_path / name, BOOK)
    assert (tmp_path / "a").read_bytes() == LOG


def test_what_only_the_program_does_takes_no_files() -> None:
    for kind, module in kinds().items():
        for name, one in module.ACTS.items():
            assert not (one.by_program and (one.attachments or document_key(one.values))), f"{kind} {name}"
