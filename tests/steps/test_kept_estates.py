"""An estate that is kept is the one that journal and vault give, or is not used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit.content import Content
from audit.evidence.vault import BrokenPayloadError
from audit.model.estate import Estate
from audit.policy.force import Signature
from audit.policy.kept import packed, same
from audit.register.entry import Entry
from audit.steps import _kept_estates
from audit.steps._kept_estates import KEPT, WORTH, key_of
from audit.steps._open import Store, open_store
from audit.steps.apply import apply
from audit.steps.export import Documents, export
from audit.steps.rebuild import rebuild
from audit.steps.verify import verify
from tests.cli.session import PROGRAMME
from tests.steps.test_signed_force import VERSION_2, day, proposed, sign

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def programme(tmp_path: Path) -> Path:
    """The example programme, long enough to be kept."""
    folder = tmp_path / "programme"
    shutil.copytree(PROGRAMME, folder)
    with (folder / "sites.yaml").open("a", encoding="utf-8") as file:
        file.write("#" * WORTH + "\n")
    return folder


@pytest.fixture
def applied(store: Store, programme: Path) -> Store:
    apply(store, programme, now=day(0), by="olivia")
    return store


@pytest.fixture
def opened(applied: Store) -> Iterator[Callable[[], Store]]:
    """Open the data folder once more, as another process does."""
    stores: list[Store] = []

    def again() -> Store:
        stores.append(open_store(applied.folder.path))
        return stores[-1]

    yield again
    for one in stores:
        one.close()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many programmes were read each time that programmes were."""
    found: list[int] = []
    read = _kept_estates.read_history
    monkeypatch.setattr(_kept_estates, "read_history", lambda history: found.append(len(history)) or read(history))
    return found


def there(store: Store) -> list[Path]:
    return sorted(store.folder.estates_path.iterdir()) if store.folder.estates_path.exists() else []


def second(store: Store, programme: Path, text: str = VERSION_2, on: float = 3) -> None:
    (programme / "policy-core-2.yaml").write_text(text, encoding="utf-8")
    apply(store, programme, now=day(on), by="olivia")


def judged_alike(store: Store, known: int | None = None) -> Estate:
    """Return the estate, which must be the one that journal and vault give."""
    known = store.head() if known is None else known
    found = store.estate(known)
    assert same(replace(found, records={}), replace(store.proven().estate(known), records={}))
    return found


def test_the_second_process_reads_no_programme(opened: Callable[[], Store], reads: list[int]) -> None:
    first = judged_alike(opened())
    assert reads == [1]
    again = opened()
    assert same(judged_alike(again), first)
    assert reads == [1]
    assert first.segments.height > 2
    (kept,) = there(again)
    assert kept.stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_what_is_read_in_a_moment_is_not_kept(store: Store) -> None:
    apply(store, PROGRAMME, now=day(0), by="olivia")
    judged_alike(store)
    assert there(store) == []


def test_another_programme_makes_another_and_what_was_known_before_stays(
    opened: Callable[[], Store], programme: Path, reads: list[int]
) -> None:
    first = opened()
    before, old = first.head(), judged_alike(first)
    second(first, programme)
    for store in (opened(), opened()):
        new = judged_alike(store)
        assert len(new.policies) == len(old.policies) + 1
        assert same(judged_alike(store, before), old)
    assert len(there(first)) == 2
    assert reads == [1, 2]


def test_signatures_by_which_versions_take_force(opened: Callable[[], Store], programme: Path, reads: list[int]) -> None:
    heading = programme / "programme.yaml"
    heading.write_text(heading.read_text(encoding="utf-8") + "takes_force: signed\n", encoding="utf-8")
    store = opened()
    second(store, programme)
    waits = judged_alike(opened())
    assert not waits.awaiting.is_empty()
    name = proposed(store)
    before = store.head()
    assert same(replace(judged_alike(opened()), records={}), replace(waits, records={}))
    sign(store, name, 8)
    for _ in range(2):
        again = opened()
        assert [one.in_force for one in judged_alike(again).policies if one.version == 2] == [day(8)]
        assert [one.in_force for one in judged_alike(again, before).policies if one.version == 2] == [None]
    assert reads == [2, 2]
    assert len(there(store)) == 2


def test_signatures_that_no_policy_waits_for_make_no_other(opened: Callable[[], Store], programme: Path, reads: list[int]) -> None:
    store = opened()
    second(store, programme)
    judged_alike(opened())
    sign(store, proposed(store), 8)
    judged_alike(opened())
    assert reads == [2]
    assert len(there(store)) == 1


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: b"", lambda data: data[:999] + b"\0" + data[1000:]])
def test_a_damaged_one_is_made_again(opened: Callable[[], Store], reads: list[int], damage: Callable[[bytes], bytes]) -> None:
    judged_alike(opened())
    (kept,) = there(opened())
    good = kept.read_bytes()
    kept.write_bytes(damage(good))
    judged_alike(opened())
    assert reads == [1, 1]
    assert kept.read_bytes() == good


def test_one_under_the_name_of_another_is_not_used(opened: Callable[[], Store], programme: Path, reads: list[int]) -> None:
    store = opened()
    judged_alike(store)
    (first,) = there(store)
    second(store, programme)
    judged_alike(opened())
    (other,) = (path for path in there(store) if path != first)
    shutil.copy(first, other)
    assert len(judged_alike(opened()).policies) == len(judged_alike(opened()).policies)
    assert any(one.version == 2 for one in judged_alike(opened()).policies)
    assert reads == [1, 2, 2]


def test_nothing_is_kept_where_nothing_can_be_written(opened: Callable[[], Store], reads: list[int]) -> None:
    opened().folder.estates_path.write_text("in the way", encoding="utf-8")
    judged_alike(opened())
    judged_alike(opened())
    assert reads == [1, 1]
    assert opened().folder.estates_path.is_file()


def test_a_disk_that_is_full_leaves_nothing(opened: Callable[[], Store], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> int:
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    judged_alike(opened())
    assert there(opened()) == []


PROCESS = """
import sys
from pathlib import Path
from audit.steps import _kept_estates
from audit.steps._open import open_store
keep, _kept_estates._program = _kept_estates._keep, lambda: ["this one"]
def waiting(*told):
    print("ready", flush=True)
    sys.stdin.readline()
    keep(*told)
_kept_estates._keep = waiting
store = open_store(Path(sys.argv[1]))
print(len(store.estate(store.head()).policies), flush=True)
"""


def test_two_processes_at_once(opened: Callable[[], Store], reads: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    # Somebody may be working on the program's files just now.
    monkeypatch.setattr(_kept_estates, "_program", lambda: ["this one"])
    path = str(opened().folder.path)
    both = [
        subprocess.Popen([sys.executable, "-c", PROCESS, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for one in both:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in both:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    told = [one.communicate(timeout=60)[0] for one in both]
    assert told == [f"{len(judged_alike(opened()).policies)}\n"] * 2
    assert reads == []
    assert len(there(opened())) == 1


def test_the_last_used_stay(opened: Callable[[], Store], programme: Path) -> None:
    store = opened()
    judged_alike(store)
    (first,) = there(store)
    left = store.folder.estates_path / ".new-left"
    left.write_bytes(b"by one who was stopped")
    for path in (first, left):
        os.utime(path, (0, 0))
    for number in range(KEPT):
        second(store, programme, f"{VERSION_2}title: {{en: Core {number}}}\n", on=3 + number)
        judged_alike(opened())
    assert len(there(store)) == KEPT
    assert not {first, left} & set(there(store))


def test_one_that_is_used_is_the_newest(opened: Callable[[], Store]) -> None:
    judged_alike(opened())
    (kept,) = there(opened())
    os.utime(kept, (0, 0))
    judged_alike(opened())
    assert kept.stat().st_mtime > 0


def test_a_programme_that_is_gone_from_the_vault_is_missed(opened: Callable[[], Store]) -> None:
    store = opened()
    judged_alike(store)
    entry = next(store.journal.entries(kind="programme"))
    store.vault.file(entry.body["sha256"]).unlink()
    with pytest.raises(BrokenPayloadError):
        opened().estate(store.head())


# --- what proves does not rest on it ----------------------------------------------------------------------------------------------


@pytest.fixture
def forged(opened: Callable[[], Store], monkeypatch: pytest.MonkeyPatch) -> Store:
    """A data folder whose kept estate somebody wrote by hand: it says that it is of another zone, and its sum and its key hold."""
    store = opened()
    entries = list(store.journal.entries(kind="programme"))
    history = _kept_estates.read_history(store.programmes(store.head()))
    false = replace(_kept_estates.resolve(history).estate, timezone="Asia/Tokyo")
    store.folder.estates_path.mkdir()
    data = packed(key_of(entries, ()), history, false)
    assert data is not None
    (store.folder.estates_path / key_of(entries, ())).write_bytes(data)
    assert opened().estate(store.head()).timezone == "Asia/Tokyo", "as the catalog, it is believed by whoever only asks"
    return opened()


def test_what_proves_reads_journal_and_vault(forged: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("what was kept was looked at")

    assert forged.proven().estate(forged.head()).timezone == "Asia/Shanghai"
    monkeypatch.setattr(_kept_estates, "unpacked", never)
    verify(forged)
    out = tmp_path / "package.zip"
    export(forged, out, day(0), day(1), documents=Documents((), (), ()), content=Content(), now=day(5), by="olivia")
    assert out.exists()
    rebuild(forged)
    assert there(forged) == []
    assert open_store(forged.folder.path).estate(forged.head()).timezone == "Asia/Shanghai"


# --- the key ----------------------------------------------------------------------------------------------------------------------

ENTRY = Entry(3, NOW, "programme", {"sha256": "a" * 64, "by": "olivia"}, "hash", "previous")
SIGNED = Signature("core", 2, "b" * 64, "finance", 5, None)


def test_any_input_that_changes_makes_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(ENTRY, number=4)
    keys = [
        key_of(entries, signed)
        for entries, signed in (
            ([], ()),
            ([ENTRY], ()),
            ([ENTRY, other], ()),
            ([other, ENTRY], ()),
            ([other], ()),
            ([replace(ENTRY, at=NOW.replace(microsecond=1))], ()),
            ([replace(ENTRY, body={"sha256": "c" * 64})], ()),
            ([ENTRY], [SIGNED]),
            ([ENTRY], [SIGNED, SIGNED]),
            *(([ENTRY], [SIGNED._replace(**{name: value})]) for name, value in {**dict.fromkeys(("policy", "text", "unit"), "x"), "version": 3, "begin": 6, "end": 7}.items()),
        )
    ]  # fmt: skip
    assert len(set(keys)) == len(keys)
    assert key_of([replace(ENTRY)], ()) == key_of([ENTRY], [])
    assert key_of([ENTRY], ()) in keys
    for name, value in (("FORMAT", 99), ("_program", lambda: ["another"])):
        with monkeypatch.context() as patch:
            patch.setattr(_kept_estates, name, value)
            assert key_of([ENTRY], ()) not in keys


def test_the_program_is_its_files_its_python_and_the_libraries_that_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def told() -> list[str]:
        return list(_kept_estates._program.__wrapped__())

    here = told()
    assert sys.version in here
    for where, name, value in (
        (_kept_estates, "fingerprint", lambda: "another"),
        (_kept_estates, "version", lambda _: "0"),
        (sys, "version", "4"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(where, name, value)
            assert told() != here
