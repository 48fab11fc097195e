"""Our signatures, checked by OpenSSH, and OpenSSH's, checked by us."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from audit.evidence.checkpoint import verifier_key
from audit.evidence.sshsig import (
    IDENTITY,
    NAMESPACE,
    SignatureError,
    allowed_signers,
    fingerprint,
    key_line,
    read_key,
    sign,
    verify,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
DATA = "every byte counts ü\n".encode()


def ssh_keygen(*arguments: str | Path, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    assert shutil.which("ssh-keygen"), "make test installs openssh-client"
    return subprocess.run(["ssh-keygen", *map(str, arguments)], input=data, capture_output=True, check=False)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "allowed_signers").write_text(allowed_signers(KEY.public_key()))
    (tmp_path / "data.sig").write_text(sign(DATA, KEY))
    return tmp_path


def check(files: Path, data: bytes, namespace: str = NAMESPACE) -> subprocess.CompletedProcess[bytes]:
    options = ("-f", files / "allowed_signers", "-I", IDENTITY, "-n", namespace, "-s", files / "data.sig")
    return ssh_keygen("-Y", "verify", *options, data=data)


def test_openssh_accepts_what_we_sign(files: Path) -> None:
    done = check(files, DATA)
    assert (done.returncode, done.stdout.decode().strip()) == (
        0,
        f'Good "{NAMESPACE}" signature for {IDENTITY} with ED25519 key {fingerprint(KEY.public_key())}',
    )
    assert check(files, DATA + b"x").returncode != 0
    assert check(files, DATA, "file").returncode != 0
    (files / "allowed_signers").write_text(allowed_signers(OTHER.public_key()))
    assert check(files, DATA).returncode != 0


def test_we_accept_what_openssh_signs(tmp_path: Path) -> None:
    ssh_keygen("-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key")
    (tmp_path / "data").write_bytes(DATA)
    assert ssh_keygen("-Y", "sign", "-f", tmp_path / "key", "-n", NAMESPACE, tmp_path / "data").returncode == 0
    key = load_ssh_private_key((tmp_path / "key").read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    theirs = (tmp_path / "data.sig").read_text()
    verify(DATA, theirs, key.public_key())
    assert sign(DATA, key) == theirs
    assert ssh_keygen("-lf", tmp_path / "key.pub").stdout.decode().split()[1] == fingerprint(key.public_key())


def test_what_does_not_fit_is_refused_with_its_reason() -> None:
    good = sign(DATA, KEY)
    verify(DATA, good, KEY.public_key())
    for data, text, key, why in (
        (DATA + b"x", good, KEY, "what was signed was changed"),
        (DATA, good, OTHER, "another key"),
        (DATA, "", KEY, "no SSH signature"),
        (DATA, good.replace("BEGIN SSH", "BEGIN PGP"), KEY, "no SSH signature"),
        (DATA, good.replace("U1NIU0lH", "U1NIU0lI"), KEY, "version 1"),
    ):
        with pytest.raises(SignatureError, match=why):
            verify(data, text, key.public_key())


def test_no_changed_character_of_a_signature_passes() -> None:
    good = sign(DATA, KEY)
    for place, character in enumerate(good):
        for other in {"A", "B", "\n", "="} - {character}:
            changed = good[:place] + other + good[place + 1 :]
            if changed.rstrip("\n") == good.rstrip("\n"):
                continue
            with pytest.raises(SignatureError):
                verify(DATA, changed, KEY.public_key())


def test_a_key_is_read_in_every_form_that_we_give_it_out() -> None:
    key = KEY.public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    forms = (pem, key_line(key), key_line(key) + " auditor@example", allowed_signers(key), f"Key: {verifier_key('log/x', key)}\n")
    for text in forms:
        assert read_key(text).public_bytes_raw() == key.public_bytes_raw()


def test_other_keys_are_refused() -> None:
    rsa = generate_private_key(65537, 2048).public_key()
    private = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    for text in (
        rsa.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        rsa.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode(),
        private,
        "ssh-ed25519 AAAA",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==",
        "",
        "hello",
    ):
        with pytest.raises(SignatureError):
            read_key(text)
