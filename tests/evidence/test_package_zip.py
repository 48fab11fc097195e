"""The zip of a package: written the same every time, read only as it was written."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.errors import InputError
from audit.evidence.package import PackageWriter, is_name, safe_name
from audit.evidence.package_zip import PackageZip
from audit.evidence.verify_evidence import Broken

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
FILES = {"VERIFY.txt": b"read me\n" * 20, "data/raw/nas/00000001-a.ndjson": b'{"a":1}\n' * 3000, "data/raw/nas/00000002-b": b""}


def package() -> bytes:
    file = io.BytesIO()
    writer = PackageWriter(file, "evidence")
    for name, content in FILES.items():
        writer.add_bytes(name, content)
    writer.close({"Source-Organization": "Example"}, KEY)
    return file.getvalue()


def content(path: Path) -> dict[str, bytes]:
    files = PackageZip(path)
    try:
        found = {}
        for name in files.sizes:
            with files.open(name) as file:
                found[name] = file.read()
        return found
    finally:
        files.close()


def refused(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(InputError) as error:
        content(path)
    return str(error.value)


def packed(*names: str, mode: int = 0o100644, body: bytes = b"x") -> bytes:
    """Return a zip by another hand."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as other:
        for name in names:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, mode << 16
            other.writestr(entry, body)
    return file.getvalue()


def test_what_was_written_is_read_and_is_the_same_every_time(tmp_path: Path) -> None:
    (tmp_path / "p.zip").write_bytes(package())
    found = content(tmp_path / "p.zip")
    assert {name: found[name] for name in FILES} == FILES
    assert package() == package()
    with zipfile.ZipFile(tmp_path / "p.zip") as other:
        assert other.testzip() is None
        assert {f"evidence/{name}" for name in found} == set(other.namelist())


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("evidence/../../etc/passwd", "a name outside of the package's folder"),
        ("/etc/passwd", "a name outside of the package's folder"),
        ("other/file", "a name outside of the package's folder"),
        ("evidence/.hidden", "a name outside of the package's folder"),
        ("evidence/a\\..\\b", "a name outside of the package's folder"),
        ("evidence/C:/x", "a name outside of the package's folder"),
        ("evidence/folder/", "a name outside of the package's folder"),
        ("evidence/a", "twice"),
        ("evidence/A", "twice"),
    ],
)
def test_names_that_are_refused(tmp_path: Path, name: str, why: str) -> None:
    with pytest.warns(UserWarning, match="Duplicate") if name == "evidence/a" else _nothing():
        data = packed("evidence/a", name)
    assert why in refused(tmp_path / "p.zip", data)


def test_links_and_modes_are_refused(tmp_path: Path) -> None:
    data = packed("evidence/a", mode=stat.S_IFLNK | 0o777, body=b"/etc/passwd")
    assert "its directory was changed" in refused(tmp_path / "p.zip", data)


def test_a_bomb_is_refused_before_a_byte_of_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as bomb:
        for number in range(20):  # the same megabytes of zeros, and a directory that says a gigabyte each
            bomb.writestr(zipfile.ZipInfo(f"evidence/{number}", (1980, 1, 1, 0, 0, 0)), bytes(1 << 20), zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\1\2")
    while at >= 0:
        data[at + 24 : at + 28] = (1 << 30).to_bytes(4, "little")
        at = data.find(b"PK\1\2", at + 1)
    assert f"would unpack {len(data)} bytes to {20 << 30}: refused" in refused(path, bytes(data))


def test_a_file_that_unpacks_to_more_or_less_than_it_says_is_named(tmp_path: Path) -> None:
    data = packed("evidence/a", body=bytes(1000))
    for size in (999, 1001):
        changed = bytearray(data)
        for at in (data.find(b"PK\3\4") + 22, data.find(b"PK\1\2") + 24):
            changed[at : at + 4] = size.to_bytes(4, "little")
        path = tmp_path / "p.zip"
        path.write_bytes(changed)
        files = PackageZip(path)
        with files.open("a") as file, pytest.raises(Broken, match=r"is larger than the zip says|is not what the zip says"):
            file.read()
        files.close()


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"x" + data,
        lambda data: data + b"x",
        lambda data: data[:-1],
        lambda data: data[:-2] + b"\x03\x00abc",  # a comment
        lambda data: data.replace(b"PK\3\4\x14\0\0\0", b"PK\3\4\x14\0\1\0", 1),  # said to be encrypted
        lambda data: data[: data.find(b"PK\1\2")] + b"hidden" + data[data.find(b"PK\1\2") :],
        lambda data: b"no zip at all",
        lambda data: b"",
    ],
)
def test_a_zip_that_was_changed_around_its_files_is_refused(tmp_path: Path, change: object) -> None:
    assert callable(change)
    refused(tmp_path / "p.zip", change(package()))


def test_a_zip_that_was_packed_anew_says_what_to_do(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "new.zip", "w") as other:
        other.writestr("evidence/VERIFY.txt", "read me")
    assert "unpack it and verify the folder" in refused(tmp_path / "new.zip", (tmp_path / "new.zip").read_bytes())


def test_every_flipped_byte_is_refused_or_named_or_changes_nothing(tmp_path: Path) -> None:
    """Of a small package, each byte in turn: nothing that differs is ever read. Padding bits of the compression are all that may change unseen."""
    whole, path = package(), tmp_path / "p.zip"
    path.write_bytes(whole)
    expected, unseen = content(path), 0
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 0x40
        path.write_bytes(changed)
        try:
            assert content(path) == expected, f"byte {at} changed what is read"
            unseen += 1
        except (InputError, Broken):
            continue
    assert unseen <= 2 * len(expected)


def test_large_files_and_many_files_have_the_64_bit_fields(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the limits of 32-bit fields lowered, so that a small package is a large one."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 600)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 4)
    path = tmp_path / "p.zip"
    path.write_bytes(package())
    found = content(path)
    assert {name: found[name] for name in FILES} == FILES
    assert b"PK\6\6" in path.read_bytes()
    refused(path, package() + b"x")


def test_names_are_safe_on_every_system() -> None:
    assert [safe_name(name) for name in ("../../etc/passwd", "备份.json", "CON", "a b.txt", ".ssh", "", "aux.log")] == [
        "passwd",
        "json",
        "CON_",
        "a_b.txt",
        "ssh",
        "unnamed",
        "aux.log_",
    ]
    assert len(safe_name("x" * 500 + ".ndjson")) == 60
    assert all(is_name(safe_name(name)) for name in ("..", "a/../b", "-", "\0", os.sep, "𝔘.txt", "a" * 300))


def _nothing() -> object:
    from contextlib import nullcontext

    return nullcontext()
