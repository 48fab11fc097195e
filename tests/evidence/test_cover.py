"""One proof for many entries, against the plain tree."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.evidence.cover import Cover, UnprovenEntryError, root_of
from audit.evidence.merkle import leaf_hash, root

LEAVES = [leaf_hash(str(number).encode()) for number in range(70)]


def cover(size: int, chosen: set[int]) -> tuple[bytes, dict[tuple[int, int], bytes]]:
    made, parts = Cover(), []
    for index in range(size):
        parts += made.add(LEAVES[index], chosen=index in chosen)
    whole, last = made.finish()
    return whole, {(part.begin, part.end): part.hash for part in [*parts, *last]}


@given(st.integers(1, 70), st.sets(st.integers(0, 69)))
def test_the_root_comes_again_from_the_chosen_leaves_and_the_parts_alone(size: int, chosen: set[int]) -> None:
    chosen = {index for index in chosen if index < size}
    whole, parts = cover(size, chosen)
    assert whole == root(LEAVES[:size])
    assert root_of(size, {index: LEAVES[index] for index in chosen}, parts) == whole
    # No part holds a chosen leaf, and together they are all the others.
    covered = [index for begin, end in parts for index in range(begin, end)]
    assert sorted([*covered, *chosen]) == list(range(size))


def test_a_run_of_entries_needs_few_hashes() -> None:
    _, parts = cover(64, set(range(20, 40)))
    assert sorted(parts) == [(0, 16), (16, 20), (40, 48), (48, 64)]


@given(st.integers(2, 70), st.sets(st.integers(0, 69), min_size=1), st.data())
def test_an_entry_of_another_content_or_place_is_not_proven(size: int, chosen: set[int], data: st.DataObject) -> None:
    chosen = {index % size for index in chosen}
    whole, parts = cover(size, chosen)
    index = data.draw(st.sampled_from(sorted(chosen)))
    leaves = {number: LEAVES[number] for number in chosen}
    assert root_of(size, leaves | {index: hashlib.sha256(b"x").digest()}, parts) != whole
    with pytest.raises(UnprovenEntryError):
        root_of(size, {number: leaf for number, leaf in leaves.items() if number != index}, parts)
    with pytest.raises(UnprovenEntryError):
        root_of(size, leaves, parts | {(size, size + 1): LEAVES[0]})
    if parts:
        gone = data.draw(st.sampled_from(sorted(parts)))
        with pytest.raises(UnprovenEntryError):
            root_of(size, leaves, {place: part for place, part in parts.items() if place != gone})


def test_an_empty_tree_proves_nothing() -> None:
    assert Cover().finish() == (hashlib.sha256(b"").digest(), [])
    with pytest.raises(UnprovenEntryError):
        root_of(0, {}, {})
