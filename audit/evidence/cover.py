"""One proof for many entries: the roots of the largest subtrees in which none of them lies.

With them and the entries themselves the root of the whole tree is made again; of the entries that are left out nothing is shown but those roots. For a
run of entries this is far less than an inclusion proof each (RFC 6962, 2.1.1), and it holds the same hashes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from audit.evidence.merkle import EMPTY_ROOT, node_hash, split


@dataclass(frozen=True, slots=True)
class Part:
    """A subtree over the leaves [begin, end), numbered from 0, and its root. `chosen`: one of its leaves is among those to be proven."""

    begin: int
    end: int
    hash: bytes
    chosen: bool


class Cover:
    """Takes the leaves of a tree in order, one at a time, and gives the parts as soon as they are known; holds at most one subtree a binary digit of the size."""

    def __init__(self) -> None:
        self._stack: list[Part] = []
        self.size = 0

    def add(self, leaf: bytes, *, chosen: bool) -> list[Part]:
        """Append one leaf hash; return the parts that are known now."""
        found: list[Part] = []
        self._stack.append(Part(self.size, self.size + 1, leaf, chosen))
        size = self.size
        while size & 1:
            self._join(found)
            size >>= 1
        self.size += 1
        return found

    def finish(self) -> tuple[bytes, list[Part]]:
        """Return the root of the tree, and the last parts."""
        if not self._stack:
            return EMPTY_ROOT, []
        found: list[Part] = []
        while len(self._stack) > 1:
            self._join(found)
        whole = self._stack.pop()
        return whole.hash, [*found, *([] if whole.chosen else [whole])]

    def _join(self, found: list[Part]) -> None:
        right, left = self._stack.pop(), self._stack.pop()
        if left.chosen != right.chosen:
            found.append(right if left.chosen else left)
        self._stack.append(Part(left.begin, right.end, node_hash(left.hash, right.hash), left.chosen or right.chosen))


class UnprovenEntryError(ValueError):
    """A proof that does not lead from the entries to a root."""


def root_of(size: int, leaves: Mapping[int, bytes], parts: Mapping[tuple[int, int], bytes]) -> bytes:
    """Return the root of the tree of `size` leaves that holds `leaves` (hash by index) and has these subtrees (root by [begin, end)).

    Raises `UnprovenEntryError` when a part is missing, or one is there that does not belong: every one must be used, and every leaf too.
    """
    used = [0, 0]

    def root(begin: int, end: int) -> bytes:
        if (begin, end) in parts:
            used[0] += 1
            return parts[begin, end]
        if end - begin == 1:
            if begin not in leaves:
                raise UnprovenEntryError(f"nothing is there for entry {begin + 1}")
            used[1] += 1
            return leaves[begin]
        middle = begin + split(end - begin)
        return node_hash(root(begin, middle), root(middle, end))

    if size < 1:
        raise UnprovenEntryError("the tree is empty")
    found = root(0, size)
    if used != [len(parts), len(leaves)]:
        raise UnprovenEntryError("it holds hashes or entries that have no place in the tree")
    return found
