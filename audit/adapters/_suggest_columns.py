"""Which column of an unknown table is which field: by its name, and only where its values are of that kind."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from audit.adapters import _formats, _sizes, _suggest_times, _tables
from audit.adapters._suggest_look import Looked, Vocabulary, plain
from audit.model.facts import INSTANT, SCHEMAS

FEW = 40
"""A column of words has no more different ones."""
WORDED = ("outcome", "kind", "method", "encrypted", "integrity", "completeness")
SIGNS: tuple[tuple[str, str | None], ...] = (
    (".", None),
    (".", ","),
    (",", None),
    (",", "."),
    (",", " "),
    (".", " "),
    (".", "'"),
    (",", "'"),
)
"""The signs of decimals and of thousands that sizes are tried with."""


@dataclass(slots=True)
class Profile:
    """What the values of a column are. `texts`: all that are known, trimmed; `markers`: those that stand for unknown or for no end."""

    name: str
    texts: pl.Series
    rows: int
    markers: list[str]
    distinct: list[str] = field(default_factory=list)
    timed: bool = False
    counted: bool = False
    sized: bool = False
    known: dict[str, int] = field(default_factory=dict)
    """For each field of words how many of the different values are known ones."""
    doubts: int = 0
    """How many of them are words that say less than an outcome: that a job ended is no outcome."""

    @property
    def unique(self) -> bool:
        """Whether every row has a value of its own."""
        return self.rows > 0 and self.texts.len() == self.rows == self.texts.n_unique()

    @property
    def few(self) -> bool:
        """Whether its values could be words."""
        return 0 < len(self.distinct) <= FEW and len(self.distinct) <= max(8, 0.6 * self.rows) and not self.timed


def profiles(looked: Looked, vocabulary: Vocabulary) -> dict[str, Profile]:
    """Return what the values of each column are."""
    rows = looked.rows.raw
    markers = {*vocabulary.unknown}
    found = {}
    for name in [column[1:] for column in rows.columns if column != "locator"]:
        texts = _tables.cells(rows, name).str.strip_chars().drop_nulls()
        texts = texts.filter(texts != "")
        ends = {one.casefold() for one in vocabulary.never}
        stands = [one for one in texts.unique(maintain_order=True).to_list()[:5000] if one in markers or one.casefold() in ends]
        told = texts.filter(~texts.is_in(stands)) if stands else texts
        profile = Profile(name, told, rows.height, stands, told.unique(maintain_order=True).to_list())
        _measure(profile, vocabulary)
        found[name] = profile
    return found


def _measure(profile: Profile, vocabulary: Vocabulary) -> None:
    some = profile.distinct
    if not some:
        return
    digits = all(re.fullmatch(r"[0-9]+(\.[0-9]+)?", one) for one in some[:200])
    profile.timed = _suggest_times.looks_like(some)
    profile.counted = profile.timed and digits
    series = pl.Series(some[:2000], dtype=pl.String)
    profile.sized = any(read(series, decimal, thousands).null_count() <= 0.1 * series.len() for decimal, thousands in SIGNS)
    if len(some) <= FEW:
        told = {word(one) for one in some}
        for name, words in vocabulary.words.items():
            profile.known[name] = len(told & {word(one) for several in words.values() for one in several})
        profile.doubts = len(told & {word(one) for several in vocabulary.doubts.values() for one in several})


def read(texts: pl.Series, decimal: str, thousands: str | None, unit: str | None = None) -> pl.Series:
    """Return texts as whole bytes, null where they are no sizes."""
    return _sizes.read(texts, unit, decimal, thousands, 1000)


def word(text: str) -> str:
    """Return a word for comparing: without case, with single blanks."""
    return " ".join(text.casefold().split())


def assigned(record: str, found: Mapping[str, Profile], vocabulary: Vocabulary) -> dict[str, str]:
    """Return for each field of a record the column that is proposed."""
    scores = []
    for at, (name, names) in enumerate(vocabulary.headers[record].items()):
        for place, profile in enumerate(found.values()):
            score = _named(profile.name, names) + _worded(name, profile)
            if score > 0 and _could_be(record, name, profile):
                scores.append((-score, at, place, name, profile.name))
    chosen: dict[str, str] = {}
    for _, _, _, name, column in sorted(scores):
        if name not in chosen and column not in chosen.values():
            chosen[name] = column
    return dict(sorted(chosen.items(), key=lambda one: list(SCHEMAS[record]).index(one[0])))


def _named(column: str, names: Sequence[str]) -> float:
    """Return how well a column's name is one of a field's names; those that stand first fit best."""
    parts = column.split(".")
    forms = [plain(column), plain("".join(parts[-2:])), plain(parts[-1])]
    best = 0.0
    for at, told in enumerate(names):
        name = plain(told)
        early = 0.3 * (1 - at / len(names))
        if name == forms[0]:
            best = max(best, 3 + early)
        elif name in forms[1:]:
            best = max(best, 2.3 + early)
        elif len(name) >= (4 if name.isascii() else 2) and name in forms[0]:
            best = max(best, 1 + early + 0.5 * len(name) / len(forms[0]))
    return best


def _worded(name: str, profile: Profile) -> float:
    """Return how much the values of a column speak for a field of words: known words count even under a name that nobody knows."""
    if name not in ("outcome", "kind", "method") or not profile.few:
        return 0.0
    known = profile.known.get(name, 0)
    return (2.5 if name == "outcome" else 1.5) * known / len(profile.distinct)


def _could_be(record: str, name: str, profile: Profile) -> bool:
    """Whether the values of a column are of a field's kind."""
    if SCHEMAS[record][name] == INSTANT:
        return profile.timed or (name == "expires_at" and not profile.distinct and bool(profile.markers))
    if profile.timed and not profile.counted:
        return False
    if name == "bytes":
        return profile.sized and not profile.counted
    if name == "id":
        return profile.unique
    if name == "outcome":
        return profile.few
    if name in WORDED:
        # Under a name such as "type" only the words tell what is meant.
        return profile.few and profile.known.get(name, 0) > 0
    if name in ("subject", "repository"):
        return bool(profile.distinct) and not (profile.sized and profile.unique)
    return bool(profile.distinct)


def spare_times(found: Mapping[str, Profile], chosen: Mapping[str, str]) -> list[str]:
    """Return columns of times that are no field yet, though the record lacks its begin or its end."""
    return [one.name for one in found.values() if one.timed and not one.counted and one.name not in chosen.values()]


def record_of(found: Mapping[str, Profile], vocabulary: Vocabulary) -> tuple[str, str]:
    """Return which record a row is, and why: the name of the column that says so."""
    runs, points = assigned("run", found, vocabulary), assigned("recovery_point", found, vocabulary)
    jobs = {plain(one) for one in vocabulary.jobs}
    names = {plain(one) for one in vocabulary.points}
    job = next((one for one in found if plain(one) in jobs), None)
    point = next((one for one in found if any(name in plain(one) for name in names)), None)
    outcome = runs.get("outcome")
    told = bool(outcome) and found[outcome or ""].known.get("outcome", 0) > 0
    score = 3 * told + 1 * bool(outcome) + 2 * ("finished_at" in runs) + 1 * bool(job)
    against = 3 * ("expires_at" in points or "immutable_until" in points) + 2 * bool(point) + 1 * (not outcome)
    if score >= against:
        return "run", (outcome if told else None) or runs.get("finished_at") or job or outcome or ""
    return "recovery_point", points.get("expires_at") or point or points.get("captured_at", "")


def naive(formats: Sequence[str], texts: Sequence[str]) -> bool:
    """Whether some of the times are local ones, so that their zone must be known."""
    for one in formats:
        if _formats.is_day(one) or one in (_formats.SECONDS, _formats.MILLISECONDS):
            continue
        if one == _formats.RFC3339:
            if any(
                not re.search(r"(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})$", text[10:])
                for text in texts
                if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]", text)
            ):
                return True
        elif _formats.is_naive(one):
            return True
    return any(_formats.is_day(one) for one in formats)
