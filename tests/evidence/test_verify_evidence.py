"""The parts of verify_evidence.py that stand alone: Ed25519 and signatures of OpenSSH without any library. The layers: tests/scenarios/test_package.py."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from audit.evidence.sshsig import allowed_signers, key_line, sign
from audit.evidence.verify_evidence import ORDER, Broken, genuine, key_files, ssh_signature

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()


@pytest.mark.parametrize(
    ("key", "message", "signature"),
    [  # RFC 8032, 7.1: tests 1 to 3
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ],
)
def test_the_vectors_of_rfc_8032(key: str, message: str, signature: str) -> None:
    assert genuine(bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature))
    assert not genuine(bytes.fromhex(key), bytes.fromhex(message) + b"x", bytes.fromhex(signature))


def test_it_agrees_with_a_library_on_many_keys() -> None:
    for number in range(20):
        key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(bytes([number])).digest())
        data = bytes([number]) * number
        assert genuine(key.public_key().public_bytes_raw(), data, key.sign(data))
        assert not genuine(PUBLIC, data, key.sign(data))


def test_every_flipped_bit_of_a_signature_is_seen() -> None:
    signature = KEY.sign(b"data")
    for bit in range(0, 512, 7):
        flipped = bytearray(signature)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            assert not genuine(PUBLIC, b"data", bytes(flipped))
        except Broken as error:
            assert str(error) == "holds 32 bytes that are no point of the curve"  # noqa: PT017 - one of two right answers


def test_a_second_form_of_one_signature_is_none() -> None:
    signature = KEY.sign(b"data")
    more = int.from_bytes(signature[32:], "little") + ORDER
    assert not genuine(PUBLIC, b"data", signature[:32] + more.to_bytes(32, "little"))


def test_a_key_that_signs_everything_is_none() -> None:
    identity = (1).to_bytes(32, "little")
    assert not genuine(identity, b"anything", identity + bytes(32))


def test_the_files_of_the_key_are_those_that_export_writes() -> None:
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert key_files(PUBLIC) == {
        "key.pub": f"{key_line(KEY.public_key())} backup-audit\n".encode(),
        "allowed_signers": allowed_signers(KEY.public_key()).encode(),
        "key.pem": pem,
    }


def test_a_signature_names_its_key_and_fits_only_what_was_signed() -> None:
    text = sign(b"data", KEY).encode()
    assert ssh_signature(text, b"data") == PUBLIC
    with pytest.raises(Broken, match="does not fit"):
        ssh_signature(text, b"other")
    for changed in (text + b"\n", b" " + text, text.replace(b"\n", b"\r\n"), text[:-1], b""):
        with pytest.raises(Broken, match="is no signature of OpenSSH"):
            ssh_signature(changed, b"data")
