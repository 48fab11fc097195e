"""The Merkle tree against the test vectors of Certificate Transparency, and against itself at random."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.evidence.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

# The leaves and roots of the reference implementation's tests (google/certificate-transparency, merkletree).
DATA = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
LEAVES = [leaf_hash(data) for data in DATA]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def test_the_roots_are_the_public_ones() -> None:
    assert [root(LEAVES[: size + 1]).hex() for size in range(8)] == ROOTS


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert root([]) == EMPTY_ROOT
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_inclusion_proofs_are_the_public_ones() -> None:
    assert inclusion_proof(0, LEAVES[:1]) == []
    assert [step.hex() for step in inclusion_proof(0, LEAVES)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [step.hex() for step in inclusion_proof(5, LEAVES)] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [step.hex() for step in inclusion_proof(2, LEAVES[:3])] == [
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    ]


def test_consistency_proofs_are_the_public_ones() -> None:
    assert consistency_proof(1, LEAVES[:1]) == []
    assert [step.hex() for step in consistency_proof(6, LEAVES)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [step.hex() for step in consistency_proof(2, LEAVES[:5])] == [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ]


def test_there_is_no_proof_for_what_is_not_there() -> None:
    with pytest.raises(ValueError, match="leaf 8 is not in a tree of 8"):
        inclusion_proof(8, LEAVES)
    with pytest.raises(ValueError, match="no tree of 9 leaves precedes one of 8"):
        consistency_proof(9, LEAVES)
    with pytest.raises(ValueError, match="3 leaves has 2 full subtrees, not 1"):
        Frontier(3, [LEAVES[0]])


leaves_of_some_tree = st.integers(1, 70).map(lambda size: [leaf_hash(bytes([n])) for n in range(size)])


@given(leaves=leaves_of_some_tree, data=st.data())
def test_an_inclusion_proof_shows_its_leaf_and_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    size = len(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, leaves)
    assert verify_inclusion(leaves[index], index, size, proof, root(leaves))
    other = data.draw(st.integers(0, size))
    if other != index:
        assert not verify_inclusion(leaves[index], other, size, proof, root(leaves))
    assert not verify_inclusion(leaf_hash(b"another"), index, size, proof, root(leaves))
    assert not verify_inclusion(leaves[index], index, size, [*proof, leaves[0]], root(leaves))
    if proof:
        assert not verify_inclusion(leaves[index], index, size, proof[:-1], root(leaves))


@given(leaves=leaves_of_some_tree, data=st.data())
def test_a_consistency_proof_shows_the_tree_before_and_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    size = len(leaves)
    old_size = data.draw(st.integers(1, size))
    proof = consistency_proof(old_size, leaves)
    old, new = root(leaves[:old_size]), root(leaves)
    assert verify_consistency(old_size, size, old, new, proof)
    changed = [leaf_hash(b"changed"), *leaves[1:]]
    assert not verify_consistency(old_size, size, old, root(changed), proof)
    assert not verify_consistency(old_size, size, root(changed[:old_size]), new, proof)
    assert not verify_consistency(old_size, size, old, new, [*proof, old])
    if proof:
        assert not verify_consistency(old_size, size, old, new, proof[:-1])


@given(leaves=leaves_of_some_tree, data=st.data())
def test_a_frontier_goes_on_from_where_it_was_kept(leaves: list[bytes], data: st.DataObject) -> None:
    first = Frontier()
    kept_at = data.draw(st.integers(0, len(leaves)))
    for leaf in leaves[:kept_at]:
        first.add(leaf)
    second = Frontier(first.size, first.peaks)
    for leaf in leaves[kept_at:]:
        second.add(leaf)
    assert second.root() == _plain_root(leaves)


def _plain_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962, word for word."""
    import hashlib

    if len(leaves) == 1:
        return leaves[0]
    k = max(1 << power for power in range(10) if 1 << power < len(leaves))
    return hashlib.sha256(b"\x01" + _plain_root(leaves[:k]) + _plain_root(leaves[k:])).digest()
