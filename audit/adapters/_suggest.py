"""A mapping for an unknown table, proposed: what a person would write after a look at it, with the reason of each choice and all that only a person can say.

Nothing is guessed. What the values do not settle is left open with a word that no programme takes (`OPEN`), and a word of the table that is in no
vocabulary is never given a meaning, least of all success.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from audit.adapters import _formats, _suggest_columns, _suggest_times, _tables, _xlsx
from audit.adapters._suggest_columns import WORDED, Profile
from audit.adapters._suggest_look import Looked, Note, Vocabulary, look, plain, unit_of
from audit.adapters._suggest_times import Times
from audit.model.facts import INSTANT, SCHEMAS

TOOL = "tabular"
OPEN = "???"
"""Stands where only a person can say what is meant; every programme with it is refused."""

_SHOWN = 3


@dataclass(slots=True)
class Proposal:
    """A source that is proposed. `columns`: by field the names that are joined; `units`, `unknown_in`: by field; `words`: by field and the table's word ours, or `OPEN`;
    `notes`: by place in the mapping (`columns.id`, `times`); `unused`: columns that are no field, with values; `naive`: whether a time zone is needed."""

    looked: Looked
    record: str
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    unknown_in: dict[str, list[str]] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    times: Times = field(default_factory=Times)
    words: dict[str, dict[str, str]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, list[Note]] = field(default_factory=dict)
    unused: list[tuple[str, list[str]]] = field(default_factory=list)
    naive: bool = False

    def note(self, place: str, key: str, **values: Any) -> None:
        """Add a note at a place of the mapping."""
        self.notes.setdefault(place, []).append(Note(key, values))

    def mapping(self, times: list[str] | None = None) -> dict[str, Any]:
        """Return the mapping as people write it, what is open with it. `times`: instead of those that are proposed."""
        layout = self.looked.layout
        told: dict[str, Any] = {"record": self.record}
        told |= {"format": layout.format} if layout.format != "csv" else {}
        told |= {"sheet": layout.sheet} if layout.sheet else {}
        told |= {"rows": layout.rows} if layout.rows else {}
        told |= {"encoding": self.looked.encoding} if self.looked.encoding != "utf-8" else {}
        told |= {"delimiter": layout.delimiter} if layout.delimiter else {}
        skip = {key: value for key, value in (("before", layout.before), ("after", layout.after)) if value}
        told |= {"skip": skip} if skip else {}
        told["columns"] = {name: self._column(name) for name in self.columns}
        for key in ("constants", "unknown", "numbers", "words"):
            if value := getattr(self, key):
                told[key] = value
        if used := self.times.all if times is None else times:
            told["times"] = used
        return told

    def _column(self, name: str) -> Any:
        names = self.columns[name]
        more = {
            **({"unit": self.units[name]} if name in self.units else {}),
            **({"unknown": self.unknown_in[name]} if name in self.unknown_in else {}),
        }
        plain_ = names[0] if len(names) == 1 else list(names)
        return {"column": plain_, **more} if more else plain_

    def readings(self) -> list[list[str]]:
        """Return the lists of formats of which a person must choose one; one list where nothing is open."""
        lists = [list(self.times.formats)]
        for several, _ in self.times.undecided:
            lists = [[*one, other] for one in lists for other in several]
        return lists[:6]


def propose(payload: bytes, vocabulary: Vocabulary, where: str) -> Proposal:
    """Propose a source for a file. Raises `InputError` when it is no table that can be read."""
    looked = look(payload, vocabulary, where)
    found = _suggest_columns.profiles(looked, vocabulary)
    if not found:
        raise _xlsx.refused(where, "no column has a name of its own", "give each column of the header a name, and export it again")
    record, why = _suggest_columns.record_of(found, vocabulary)
    proposal = Proposal(looked, record, notes=dict(looked.notes))
    proposal.note("record", f"record-{record}" if why else "record-unsure", column=why)
    chosen = _suggest_columns.assigned(record, found, vocabulary)
    _begin_and_end(proposal, chosen, found)
    proposal.columns = {name: (column,) for name, column in chosen.items()}
    _subject(proposal, found, vocabulary)
    _id(proposal, found, vocabulary)
    _kind(proposal, found, vocabulary)
    _times(proposal, found, vocabulary)
    _sizes(proposal, found)
    _words(proposal, found, vocabulary)
    _unknown(proposal, found, vocabulary)
    for name, columns in proposal.columns.items():
        if f"columns.{name}" not in proposal.notes:
            proposal.note(f"columns.{name}", "column", column=columns[0], values=_some(found[columns[0]]))
    if "repository" not in proposal.columns:
        proposal.note("constants", "repository")
    used = {one for columns in proposal.columns.values() for one in columns}
    proposal.unused = [(name, profile.distinct[:_SHOWN]) for name, profile in found.items() if name not in used]
    order = list(SCHEMAS[record])
    proposal.columns = dict(sorted(proposal.columns.items(), key=lambda one: order.index(one[0])))
    return proposal


def _some(profile: Profile) -> str:
    return ", ".join(one if len(one) <= 40 else one[:39] + "…" for one in profile.distinct[:_SHOWN])


def _begin_and_end(proposal: Proposal, chosen: dict[str, str], found: Mapping[str, Profile]) -> None:
    """Take columns of times under names that nobody knows, where a record lacks what it needs: by their values, and told."""
    first = "started_at" if proposal.record == "run" else "captured_at"
    spare = _suggest_columns.spare_times(found, chosen)
    if first not in chosen and spare:
        chosen[first] = spare[0]
        proposal.note(f"columns.{first}", "time-by-values", column=spare[0], values=_some(found[spare[0]]))
    elif first in chosen:
        key = {"started_at": "started", "captured_at": "captured"}[first]
        proposal.note(f"columns.{first}", key, column=chosen[first], values=_some(found[chosen[first]]))
    else:
        proposal.note("columns", "no-begin" if proposal.record == "run" else "no-capture")


def _subject(proposal: Proposal, found: Mapping[str, Profile], vocabulary: Vocabulary) -> None:
    if "subject" in proposal.columns:
        return
    used = {one for columns in proposal.columns.values() for one in columns}
    jobs = {plain(one) for one in vocabulary.jobs}
    job = next((one for one in found if plain(one) in jobs and one not in used and found[one].distinct), None)
    if job is None:
        proposal.note("columns", "no-subject")
        return
    proposal.columns["subject"] = (job,)
    proposal.note("columns.subject", "subject-is-job", column=job, values=_some(found[job]))


def _id(proposal: Proposal, found: Mapping[str, Profile], vocabulary: Vocabulary) -> None:
    """Propose an id: a column of its own, or what tells the rows apart."""
    if "id" in proposal.columns:
        name = proposal.columns["id"][0]
        proposal.note("columns.id", "id", column=name, values=_some(found[name]))
        return
    jobs = {plain(one) for one in vocabulary.jobs}
    begin = "started_at" if proposal.record == "run" else "captured_at"
    job = next((one for one in found if plain(one) in jobs), None)
    # Never the end or the outcome: they change while a job runs, and it would be two.
    least = [*proposal.columns.get("subject", ()), *proposal.columns.get(begin, ())]
    more = [*([job] if job else []), *(one for name in ("kind", "method", "repository") for one in proposal.columns.get(name, ()))]
    ways = [list(dict.fromkeys([*more[:count], *least])) for count in range(len(more) + 1)]
    frame = proposal.looked.rows.raw
    told = [way for way in ways if way] or [[next(iter(found))]]
    unique = (way for way in told if not frame.select([_tables.own(name) for name in way]).is_duplicated().any())
    taken = next(unique, None)
    proposal.columns["id"] = tuple(taken or told[-1])
    proposal.note("columns.id", "id-joined" if taken else "id-not-unique", columns=" + ".join(taken or told[-1]))


def _kind(proposal: Proposal, found: Mapping[str, Profile], vocabulary: Vocabulary) -> None:
    if proposal.record != "run" or "kind" in proposal.columns:
        return
    said = [one.casefold() for one in vocabulary.backups]
    texts = [*found, *(one for profile in found.values() for one in profile.distinct[:200])]
    proof = next((text for text in texts if any(one in text.casefold() for one in said)), None)
    full = "method" in proposal.columns
    proposal.constants["kind"] = "backup" if proof or full else OPEN
    proposal.note(
        "constants", "kind-backup" if proof or full else "kind-open", proof=proof or (proposal.columns["method"][0] if full else "")
    )


def _times(proposal: Proposal, found: Mapping[str, Profile], vocabulary: Vocabulary) -> None:
    """Find the formats over all columns of times: one tool writes them all."""
    schema = SCHEMAS[proposal.record]
    columns = [name for name in proposal.columns if schema[name] == INSTANT]
    texts = [text for name in columns for text in found[proposal.columns[name][0]].distinct]
    times = proposal.times = _suggest_times.found(texts)
    for one, text in times.settled_by.items():
        if text and one in times.formats:
            proposal.note("times", "times-settled", format=one, text=text)
    for several, text in times.undecided:
        proposal.note("times", "times-undecided", formats=several, text=text)
    for name in columns:
        profile = found[proposal.columns[name][0]]
        none = [one for one in profile.distinct if one in times.early or one == "0"]
        ends = [one for one in profile.markers if one not in vocabulary.unknown]
        if none or ends:
            proposal.unknown_in[name] = [*ends, *none]
            proposal.note(f"columns.{name}", "never" if ends else "no-time", texts=", ".join([*ends, *none]))
    times.unread = [one for one in times.unread if one != "0"]
    if times.unread:
        proposal.note("times", "times-unread", count=len(times.unread), texts=", ".join(times.unread[:_SHOWN]))
    proposal.naive = _suggest_columns.naive(times.all, texts)
    _days(proposal, found)
    if not times.undecided and times.formats == [_formats.RFC3339]:
        proposal.note("times", "times-rfc3339")


def _days(proposal: Proposal, found: Mapping[str, Profile]) -> None:
    """Say which columns tell days, where only instants are read."""
    days = tuple(one for one in proposal.times.all if _formats.is_day(one))
    for name in [one for one in proposal.columns if SCHEMAS[proposal.record][one] == INSTANT]:
        if not days or name in ("expires_at", "immutable_until"):
            continue
        texts = found[proposal.columns[name][0]].texts
        if (read := _formats.normal(texts, days, day_end=False).drop_nulls().len()) > 0:
            proposal.note(f"columns.{name}", "days-only", count=read)


def _sizes(proposal: Proposal, found: Mapping[str, Profile]) -> None:
    if "bytes" not in proposal.columns:
        return
    (name,) = proposal.columns["bytes"]
    texts = pl.Series(found[name].distinct, dtype=pl.String)
    unit = unit_of(name)
    readings = {signs: _suggest_columns.read(texts, *signs, unit) for signs in _suggest_columns.SIGNS}
    least = min(read.null_count() for read in readings.values())
    fitting = {signs: read for signs, read in readings.items() if read.null_count() == least}
    simple = next(iter(fitting))
    if all(read.equals(fitting[simple], null_equal=True) for read in fitting.values()):
        decimal, thousands = simple
        proposal.numbers |= {"decimal": decimal} if decimal != "." else {}
        proposal.numbers |= {"thousands": thousands} if thousands else {}
    else:
        proposal.numbers["decimal"] = OPEN
        signs = "; ".join(
            f"decimal {decimal!r}" + (f", thousands {thousands!r}" if thousands else "") for decimal, thousands in fitting
        )
        proposal.note("numbers", "numbers-open", text=texts[0], signs=signs)
    own = texts.str.contains(r"(?i)[a-z]").any()
    if unit is not None:
        proposal.units["bytes"] = unit
        proposal.note("columns.bytes", "unit-of-name", column=name, unit=unit)
    elif not own:
        whole = texts.str.contains(r"^[0-9]+$").all()
        proposal.units["bytes"] = "B" if whole else OPEN
        proposal.note("columns.bytes", "unit-bytes" if whole else "unit-open", column=name, values=_some(found[name]))
    if (own or unit not in (None, "B")) and not (unit or "").endswith("iB"):
        proposal.numbers["kilo"] = 1000
        proposal.note("numbers", "kilo")


def _words(proposal: Proposal, found: Mapping[str, Profile], vocabulary: Vocabulary) -> None:
    for name in WORDED:
        if name not in proposal.columns:
            continue
        profile = found[proposal.columns[name][0]]
        known = {_suggest_columns.word(told): ours for ours, several in vocabulary.words[name].items() for told in several}
        doubts = {_suggest_columns.word(told): doubt for doubt, several in vocabulary.doubts.items() for told in several}
        # A word of ours for unknown may be a word of the tool's: "None" is a result of a run that goes on.
        texts = [*profile.distinct, *(one for one in profile.markers if one.casefold() == "none" and name == "outcome")]
        words = proposal.words[name] = {}
        for text in texts:
            words[text] = known.get(_suggest_columns.word(text), OPEN)
            if words[text] == OPEN:
                doubt = doubts.get(_suggest_columns.word(text)) if name == "outcome" else None
                proposal.note(f"words.{name}.{text}", f"word-{doubt}" if doubt else "word-open", word=text)
        if OPEN in words.values():
            proposal.note(
                f"words.{name}", "words-open", ours=", ".join(vocabulary.words[name]), count=list(words.values()).count(OPEN)
            )


def _unknown(proposal: Proposal, found: Mapping[str, Profile], vocabulary: Vocabulary) -> None:
    named = {text for words in proposal.words.values() for text in words}
    used = [found[one] for columns in proposal.columns.values() for one in columns]
    marks = list(
        dict.fromkeys(one for profile in used for one in profile.markers if one in vocabulary.unknown and one not in named)
    )
    if marks:
        proposal.unknown = marks
        proposal.note("unknown", "unknown", texts=", ".join(marks))
