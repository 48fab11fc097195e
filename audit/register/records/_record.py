"""What all kinds of register records share: acts, states, and how a record comes of its acts.

A record is never written, only acted on: each act is an entry of the journal, and the record's state is the fold of its acts. So it can be told as known at any
entry, and nothing that anybody did can be lost or changed later.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
)

from audit.errors import UsageError
from audit.model.envelope import time_text
from audit.model.records import SCOPE
from audit.policy.when import When

NEW = ""
"""The state of a record that does not exist yet."""


class RefusedError(UsageError):
    """An act is not allowed: the record is not in a state for it, or the person may not do it."""


def _moment(value: Any, info: ValidationInfo) -> datetime:
    return value if isinstance(value, datetime) else When.parse(value).at((info.context or {})["zone"])


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    PlainSerializer(time_text),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-01-31", "2026-01-31T08:00:00+08:00"]}),
]
"""An instant; a bare day is the first instant of it in the programme's zone (`context={"zone": ...}` when validating)."""
EXACT = 2**53 - 1
"""The largest whole number that every reader of JSON reads as it was written; the journal takes none beyond it, nor below its negative."""
Sha256 = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern="^[0-9a-fA-F]{64}$")]
"""A SHA-256, as `sha256sum` prints it."""
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
"""A text that must not be empty."""
Names = Annotated[
    tuple[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)], ...],
    AfterValidator(lambda names: tuple(dict.fromkeys(names))),
]
"""Names, each once."""


class Values(BaseModel):
    """What is told with an act. Unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Scoped(Values):
    """What is told of some assets: those that have one of the named values for every key that names any; of all when none does."""

    assets: Names = Field((), description="assets it is about; all when no scope is given")
    units: Names = Field((), description="only assets of these units")
    tiers: Names = Field((), description="only assets of these tiers")
    data_classes: Names = Field((), description="only assets of these data classes")


class Reason(Values):
    """Why something was done."""

    reason: Said = Field(description="why", examples=["It was undone in May."])


@dataclass(frozen=True, slots=True)
class Act:
    """What one may do to a record. before: the states in which one may (`NEW`: it makes the record); after: the state it leads to (null: it stays).

    values: what is told with it. not_by: acts whose doers may not do this one: nobody approves their own request. not_by_last: the same of the newest
    of these acts only. not_named: keys under which the record names people, or did since it was last reopened, who may not do this one: nobody confirms what is said of themselves.
    by_program: only the program does it, of what an assessment shows; no command offers it. attachments: whether files can be handed over with it.
    """

    says: str
    values: type[Values]
    before: tuple[str, ...]
    after: str | None
    not_by: tuple[str, ...] = ()
    not_by_last: tuple[str, ...] = ()
    not_named: tuple[str, ...] = ()
    by_program: bool = False
    attachments: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """Marks a field that is the SHA-256 of a document. With the act the document itself can be handed over: then it is kept in the vault, and the field follows from it."""


def document_key(model: type[Values]) -> str | None:
    """Return the field of what is told with an act that is a document's SHA-256; null where there is none."""
    marked = (key for key, field in model.model_fields.items() if any(isinstance(mark, Document) for mark in field.metadata))
    return next(marked, None)


@dataclass(frozen=True, slots=True)
class RecordOf:
    """Marks a field that names another record by its id, so that an act is refused when there is none. `kind`: of record."""

    kind: str


@dataclass(frozen=True, slots=True)
class ByProgram:
    """Marks a field that the program fills in, of what else is told: no command offers it."""


@dataclass(frozen=True, slots=True)
class Attestable:
    """Marks a field that names a control that rests on statements."""


@dataclass(frozen=True, slots=True)
class Waivable:
    """Marks a field that names a control whose breaches a waiver may cover."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that was handed over with an act, whose bytes are in the vault under their SHA-256. name: without a path; size: in bytes; media_type: told by the name, for nobody
    looked into it."""

    name: str
    size: int
    media_type: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Done:
    """An act as it was done: the number and time (UTC) of its journal entry, the SHA-256 of its payload, who did it, what was told, and the files handed over with it."""

    number: int
    at: datetime
    act: str
    by: str
    sha256: str
    values: Mapping[str, Any]
    attached: tuple[Attached, ...] = ()

    @property
    def on(self) -> datetime:
        """When what is told was done: on the day that it says (`on`), but never later than it was entered."""
        return min(datetime.fromisoformat(self.values["on"]), self.at)

    def origin(self) -> dict[str, Any]:
        """Return the columns of a row that rests on this act, and not on the record's newest."""
        return {"by": self.by, "at": self.at, "entry": self.number, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class Record:
    """A record in the state in which its acts left it. `done`: all of them, oldest first."""

    id: str
    state: str
    done: tuple[Done, ...]

    @property
    def values(self) -> dict[str, Any]:
        """What was told, the newest of each key."""
        return {key: value for one in self.done for key, value in one.values.items()}

    def last(self, act: str) -> Done | None:
        """Return the newest act of a name."""
        return next((one for one in reversed(self.done) if one.act == act), None)

    def scope(self) -> dict[str, list[str]]:
        """Return the scope's columns of a row."""
        values = self.values
        return {key: list(values.get(key, ())) for key in SCOPE}


@dataclass(frozen=True, slots=True)
class Due:
    """Something that a record waits for.

    what: what somebody has to do (`decide`, `confirm`, `review`, `answer`, `mend`, `run`, `fulfil`, `accept`, `sign`, `begin`), or `lapses`; at: by or from when (UTC); who: whose
    it is (empty: nobody's yet).
    """

    what: str
    at: datetime
    who: str = ""


def same_person(one: str, other: str) -> bool:
    """Say whether two names are of one person: case, width, blanks and characters that nobody sees do not tell people apart."""
    return folded(one) == folded(other)


UNSEEN = {
    0x034F,
    0x115F,
    0x1160,
    0x17B4,
    0x17B5,
    0x180B,
    0x180C,
    0x180D,
    0x180F,
    0x3164,
    0xFFA0,
    0x2800,
    *range(0xFE00, 0xFE10),
    *range(0xE0100, 0xE01F0),
}
"""Characters that nobody sees besides blanks, control and format characters: fillers, joiners, selectors of variants (Unicode's Default_Ignorable_Code_Point; the empty Braille
cell)."""


def folded(name: str) -> str:
    """Return a person's name so that all ways to write it are equal."""
    letters = unicodedata.normalize("NFKC", "".join(one for one in name if ord(one) not in UNSEEN)).casefold()
    return "".join(
        one for one in letters if not one.isspace() and unicodedata.category(one) not in ("Cf", "Cc") and ord(one) not in UNSEEN
    )


def allow(acts: Mapping[str, Act], kind: str, record: Record | None, act: str, by: str) -> None:
    """Raise `RefusedError` when a person may not do an act to a record (null: to one that does not exist yet)."""
    wanted, state = acts[act], record.state if record else NEW
    if state not in wanted.before:
        if record is None:
            raise RefusedError(f"{act} needs the {kind} it is about: give its id")
        if wanted.before == (NEW,):
            raise RefusedError(f"{act} makes a new {kind}: give no id")
        possible = [name for name, one in acts.items() if state in one.before]
        what = f"; possible: {', '.join(possible)}" if possible else ""
        raise RefusedError(f"{record.id} is {state}, and {act} is only for one that is {' or '.join(wanted.before)}{what}")
    done = record.done if record else ()
    newest = next((one for one in reversed(done) if one.act in wanted.not_by_last), None)
    for one in done:
        if (one.act in wanted.not_by or one is newest) and same_person(one.by, by):
            raise RefusedError(
                f"{by} did {one.act} here, so somebody else must {act}: nobody decides on what they asked for themselves"
            )
    for key in wanted.not_named:
        # Whoever hands it to another just before is still who it is about.
        if any(same_person(str(one.values.get(key) or ""), by) for one in _since_reopened(acts, done)):
            raise RefusedError(f"{by} is or was the {key} it is about, so somebody else must {act}: nobody decides on themselves")


def _since_reopened(acts: Mapping[str, Act], done: Sequence[Done]) -> list[Done]:
    """Return what was done to a record since it was last opened again, and that by which it was named before; all, where it never was closed."""
    places = [place for place, one in enumerate(done) if one.act in acts and acts[one.act].after == "reopened"]
    if not places:
        return list(done)
    before: dict[str, Done] = {key: one for one in done[: places[-1]] for key, value in one.values.items() if value}
    return [*before.values(), *done[places[-1] :]]


def records_of(acts: Mapping[str, Act], told: Iterable[tuple[str, Done]]) -> dict[str, Record]:
    """Fold acts (record id, act; oldest first) to records by id, in the order in which they were made.

    What was entered was allowed when it was entered: an act that this version does not know leaves the state as it was.
    """
    found: dict[str, Record] = {}
    for name, done in told:
        before = found.get(name)
        state = (acts[done.act].after if done.act in acts else None) or (before.state if before else NEW)
        found[name] = Record(name, state, (*(before.done if before else ()), done))
    return found
