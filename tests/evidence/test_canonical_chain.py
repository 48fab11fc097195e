"""Canonical JSON and the chain of hashes."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from audit.evidence.canonical import canonical, identity_hash
from audit.evidence.chain import BEGINNING, faults_of, link

AT = datetime(2026, 11, 23, 6, 0, 0, 250_000, tzinfo=UTC)


def test_canonical_form_is_that_of_rfc_8785() -> None:
    assert canonical({"b": [1, 1.0, 1e21, "é\n"], "a": None, "€": True}) == '{"a":null,"b":[1,1,1e+21,"é\\n"],"€":true}'.encode()


@pytest.mark.parametrize("value", [float("nan"), 2**53, {1: 2}, b"bytes"])
def test_what_json_cannot_carry_exactly_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="has no canonical JSON form"):
        canonical(value)


def test_identity_is_the_hash_of_payload_and_telling() -> None:
    expected = hashlib.sha256(b'{"complete":true,"sha256":"ab","tool":"restic"}').hexdigest()
    assert identity_hash("ab", {"tool": "restic", "complete": True}) == expected
    assert identity_hash("ab", {"tool": "restic"}) != expected


def test_an_entry_is_the_hash_of_its_text() -> None:
    first = link(1, AT, "evidence", {"size": 5}, BEGINNING)
    assert first.text == (
        '{"at":"2026-11-23T06:00:00.250000Z","body":{"size":5},"kind":"evidence","number":1,"previous":"' + "0" * 64 + '"}'
    )
    assert first.hash == hashlib.sha256(first.text.encode()).hexdigest()
    assert list(faults_of(first, 1, BEGINNING)) == []


def test_every_change_of_an_entry_is_seen() -> None:
    entry = link(2, AT, "evidence", {"size": 5}, "a" * 64)
    text = entry.text.replace('"size":5', '"size":6')
    rehashed = replace(entry, text=text, hash=hashlib.sha256(text.encode()).hexdigest())
    assert list(faults_of(rehashed, 2, "a" * 64)) == []  # seen at the next entry, and by the checkpoint
    assert list(faults_of(replace(entry, text=text), 2, "a" * 64)) == [
        "the content does not have the stored hash: it was changed after it was written"
    ]
    assert list(faults_of(entry, 2, "b" * 64)) == [
        "it does not follow the entry before it: an entry was changed, removed, inserted or moved"
    ]
    assert list(faults_of(entry, 1, "a" * 64)) == ["expected number 1: an entry is missing"]
    assert list(faults_of(replace(entry, kind="programme"), 2, "a" * 64)) == [
        "the columns number, at or kind differ from the content"
    ]
    spaced = entry.text.replace(":", ": ", 1)
    loose = replace(entry, text=spaced, hash=hashlib.sha256(spaced.encode()).hexdigest())
    assert list(faults_of(loose, 2, "a" * 64)) == ["the content is not in canonical form"]


@pytest.mark.parametrize("text", ["", "[]", "null", '{"number":1}', "[" * 100_000])
def test_what_is_no_entry_is_seen_and_does_not_stop_the_check(text: str) -> None:
    entry = replace(link(1, AT, "evidence", {}, BEGINNING), text=text)
    faults = list(faults_of(entry, 1, BEGINNING))
    assert faults[0].startswith("the content does not have the stored hash")
    assert any(fault.startswith("the content cannot be read") for fault in faults)
