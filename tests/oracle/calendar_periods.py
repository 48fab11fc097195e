"""Section 15 of docs/definitions.md, by the calendar: which periods count. Sections 15 and 25 ask for something in each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tests.oracle.instants import Stretch, after, bucket_of, buckets_within, merged
from tests.oracle.ownership import Ownership
from tests.oracle.records import Segment, Version

WordOf = Callable[[Version, str], str | None]
"""The period of the calendar by which a version asks for a leg."""


def counting(own: Ownership, legs: Sequence[str], word_of: WordOf, until: int) -> Iterator[tuple[Version, str, Stretch]]:
    """Yield the periods that count and end up to an instant, each with the version and the leg for which it counts."""
    used = sorted({segment.policy for segment in own.segments if segment.policy is not None})
    for index in used:
        version = own.estate.versions[index]
        for leg in legs:
            word = word_of(version, leg)
            if word is None:
                continue
            spans = merged(_standing(own, segment, leg, word_of, word, version.zone) for segment in own.segments)
            for start, end in spans:
                for period in _within(start, min(end, until), word, version.zone):
                    if next(one.policy for one in own.segments if one.start < period[1] <= one.end) == index:
                        yield version, leg, period


def _standing(own: Ownership, segment: Segment, leg: str, word_of: WordOf, word: str, zone: str) -> Stretch:
    """Return where in a segment the leg stands by a word of a zone, the asset in service and its grace over."""
    if segment.policy is None:
        return (0, 0)
    version = own.estate.versions[segment.policy]
    if (word_of(version, leg), version.zone) != (word, zone):
        return (0, 0)
    return max(segment.start, segment.in_service, after(own.started, version.grace, version.zone)), min(
        segment.end, segment.retired
    )


def _within(start: int, end: int, word: str, zone: str) -> list[Stretch]:
    """Return the periods within a stretch that may begin long ago: not those before 2020."""
    long_ago = 1_577_836_800_000_000
    if start < long_ago:
        start = bucket_of(long_ago, word, zone)[0]
    return buckets_within(start, end, word, zone) if start < end else []
