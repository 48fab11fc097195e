"""Whose a name may be: guesses by rule and by likeness, for a person to confirm. Pure; nothing here decides.

Names are compared in small letters, and without their domain where that settles it: `SQL01.corp.example` and `sql01`. Platform ids, addresses and other names that
assets are known as are keys like their names. Several assets that match equally well are told as ambiguous, and none of them is preferred.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from heapq import nlargest, nsmallest

ALIKE = 0.5
"""How alike (0 to 1) a name and one of an asset's have to be for a suggestion."""
GUESSES = 3
NAME, DOMAIN, PATTERN, SIMILAR = "name", "domain", "pattern", "similar"
_HOST = re.compile(r"([a-z0-9_-]*[a-z_-][a-z0-9_-]*|[0-9]+[a-z_-][a-z0-9_-]*)((?:\.[a-z0-9-]+)*\.[a-z][a-z0-9-]*)\.?")
_CANDIDATES = 24
"""How many assets that share the most letters with a name are compared letter by letter."""
_TELLING = 16
"""How many pieces of a name are looked up at the most: the rarest, for what many names share tells little."""


@dataclass(frozen=True, slots=True)
class Guess:
    """An asset that a name may be of: how it matches (`name`, `domain`, `pattern`, `similar`), and how alike they are (1: the same)."""

    asset: str
    how: str
    score: float = 1.0

    def __str__(self) -> str:
        return f"{self.how} {self.score:.2f}" if self.how == SIMILAR else self.how


def plain(name: str) -> str:
    """Return a name as it is compared."""
    return name.strip().casefold()


def without_domain(name: str) -> str:
    """Return a host's name without its domain; anything else (an address, a path) as it is."""
    match = _HOST.fullmatch(plain(name))
    return match[1] if match else plain(name)


@dataclass(slots=True)
class Names:
    """The names of assets: their own first, then those that they are known as. `subjects`: what sources call them already, as (source, subject, asset)."""

    known: Mapping[str, Iterable[str]]
    subjects: Iterable[tuple[str, str, str]] = ()
    _exact: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set), repr=False)
    _short: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set), repr=False)
    _frames: dict[str, Counter[tuple[str, str]]] = field(default_factory=lambda: defaultdict(Counter), repr=False)
    _texts: list[tuple[str, str]] = field(default_factory=list, repr=False)
    _pieces: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list), repr=False)

    def __post_init__(self) -> None:
        texts: dict[tuple[str, str], None] = {}
        for asset, names in self.known.items():
            for name in (asset, *names):
                self._exact[plain(name)].add(asset)
                self._short[without_domain(name)].add(asset)
                texts[asset, plain(name)] = None
        for source, subject, asset in self.subjects:
            texts[asset, plain(subject)] = None
            self._learn(source, plain(subject), asset)
        self._texts = list(texts)
        for number, (_, text) in enumerate(self._texts):
            for piece in _pieces(text):
                self._pieces[piece].append(number)

    def _learn(self, source: str, subject: str, asset: str) -> None:
        """Note what stands around an asset's name in a subject, where the name stands there as a word of its own."""
        for name in {plain(asset), without_domain(asset), *map(plain, self.known.get(asset, ()))}:
            at = subject.find(name) if name else -1
            before, behind = (subject[:at], subject[at + len(name) :]) if at >= 0 else ("", "")
            if (before or behind) and not before[-1:].isalnum() and not behind[:1].isalnum():
                self._frames[source][before, behind] += 1

    def guesses(self, source: str, subject: str) -> tuple[list[Guess], bool]:
        """Return up to three guesses, the best first, and whether they are ambiguous: a rule finds several assets and cannot tell which."""
        found, ambiguous = self.by_rule(source, subject)
        return (found, ambiguous) if found else (self.alike(subject), False)

    def by_rule(self, source: str, subject: str) -> tuple[list[Guess], bool]:
        """Return the guesses of the first rule that finds any, and whether it finds several."""
        name = plain(subject)
        rules = (
            (NAME, self._exact.get(name)),
            (DOMAIN, self._short.get(without_domain(name))),
            (PATTERN, self._framed(source, name)),
        )
        for how, found in rules:
            if found:
                return [Guess(asset, how) for asset in sorted(found)[:GUESSES]], len(found) > 1
        return [], False

    def _framed(self, source: str, name: str) -> set[str]:
        """Return the assets whose name stands where the names of others stand in the subjects of the same source."""
        for (before, behind), _ in self._frames[source].most_common() if source in self._frames else ():
            if len(name) > len(before) + len(behind) and name.startswith(before) and name.endswith(behind):
                inner = name[len(before) : len(name) - len(behind)]
                if found := self._exact.get(inner) or self._short.get(without_domain(inner)):
                    return found
        return set()

    def alike(self, name: str) -> list[Guess]:
        """Return the assets with names most alike."""
        shared: Counter[int] = Counter()
        pieces = sorted((self._pieces[piece] for piece in _pieces(plain(name)) if piece in self._pieces), key=len)
        for places in pieces[:_TELLING]:
            shared.update(places)
        size = len(name)
        least = min(nlargest(_CANDIDATES, shared.values()), default=0)
        most = [one for one, count in shared.items() if count >= least]
        nearest = nsmallest(
            _CANDIDATES, most, key=lambda one: (-shared[one], abs(len(self._texts[one][1]) - size), self._texts[one])
        )
        matcher = SequenceMatcher(None, autojunk=False)
        matcher.set_seq2(plain(name))
        scores: dict[str, float] = {}
        for number in nearest:
            asset, text = self._texts[number]
            matcher.set_seq1(text)
            if matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE:
                scores[asset] = max(scores.get(asset, 0.0), matcher.ratio())
        best = nlargest(GUESSES, scores, key=lambda asset: (scores[asset], asset))
        return [Guess(asset, SIMILAR, scores[asset]) for asset in best if scores[asset] >= ALIKE]


def _pieces(text: str) -> set[str]:
    """Return the pieces of two and three letters of a name, its ends marked."""
    marked = f"\x02{text}\x03"
    return {marked[at : at + size] for size in (2, 3) for at in range(len(marked) - size + 1)}
