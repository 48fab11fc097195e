"""A finding: something that is wrong, followed until evidence shows that it is not any more. It comes of a breach that an assessment found, or of what a person, drill or auditor saw.

One finding follows one breach of one promise across assessments; the program enters what each newer assessment shows of it. A breach is closed by people, and only when an assessment
shows that the promise is kept again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import zip_longest
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import Field, ValidationInfo, model_validator

from audit.model.estate import Estate
from audit.policy.severities import Severity, severities_of
from audit.register.records._record import (
    EXACT,
    NEW,
    Act,
    Done,
    Due,
    Moment,
    Names,
    Reason,
    Record,
    RecordOf,
    RefusedError,
    Said,
    Scoped,
    Values,
)

OPEN = ("open", "acknowledged", "remediating", "waived", "reopened")
"""The states of a finding that is not closed."""
WORKED_ON = tuple(state for state in OPEN if state != "waived")
PROGRAM = "backup-audit"
"""Who does what only an assessment may say."""
OF_ASSESSMENTS = ("follow", "see", "waive", "reopen", "refute")
ONGOING, KEPT, UNPROVEN, NOT_JUDGED, NONE = "ongoing", "met", "unproven", "not-judged", "none"
"""What an assessment shows at the end of a breach; or that there was none."""


class Opened(Scoped):
    """What a person found."""

    title: Said = Field(description="what is wrong, in a few words", examples=["A restore needed an administrator's own password."])
    source: Literal["person", "drill", "auditor"] = Field(description="where it comes from", examples=["drill"])
    severity: Severity = Field(description="how serious it is", examples=["high"])
    owner: str = Field("", description="who is to mend it")
    due: Moment | None = Field(None, description="by when it is to be mended; as the table of severities says when not given")
    description: str = Field("", description="what was seen, and where")
    drill: Annotated[str | None, RecordOf("drill")] = Field(
        None, description="the drill or incident that showed it: its report tells what becomes of the finding"
    )

    @model_validator(mode="after")
    def _dated(self, info: ValidationInfo) -> Opened:
        if self.due is not None:
            return self
        told = info.context or {}
        return self.model_copy(update={"due": severities_of(told["content"]).due(self.severity, told["now"], told["zone"])})


class Shown(Values):
    """What an assessment shows of a breach. then: what it shows at its end."""

    since: Moment
    until: Moment
    then: Literal["ongoing", "met", "unproven", "not-judged"]
    waiver: str | None = None
    assessed: tuple[Moment, Moment]
    as_known_at: int = Field(ge=0, le=EXACT)


class Followed(Shown):
    """A breach that an assessment found."""

    asset: Said
    unit: str
    part: str | None = None
    control: Said
    leg: str | None = None
    policy: str | None = None
    severity: Severity
    due: Moment


class Noticed(Values):
    """A restore into production that no record of a drill or an incident tells of."""

    title: Said
    assets: Names
    unit: str
    run: Said
    started: Moment
    evidence: int = Field(ge=0, le=EXACT)
    severity: Severity
    due: Moment


class Unrecorded(Values):
    """That still no record of a drill or an incident tells of a restore, though the finding was closed."""

    run: Said


class Refuted(Values):
    """An assessment that proves that there was no breach: what came later says so."""

    then: Literal["none"]
    assessed: tuple[Moment, Moment]
    as_known_at: int = Field(ge=0, le=EXACT)


class Taken(Values):
    """Who mends it, by when, and how serious it is."""

    owner: Said = Field(description="who is to mend it", examples=["Chen Jie"])
    due: Moment | None = Field(None, description="by when, where it changes")
    severity: Severity | None = Field(None, description="how serious it is, where it changes")
    note: str = Field("", description="what there is to say of it")


class Commented(Values):
    """What somebody says of it."""

    comment: Said = Field(description="what there is to say", examples=["The vendor answers on Monday."])


class Planned(Values):
    """What is done about it."""

    plan: Said = Field(description="what is done to mend it", examples=["The chain is taken anew on Sunday."])


class Closed(Values):
    """Why it is closed."""

    reason: Said = Field(description="why it is over", examples=["Mended on 3 March."])
    proof: Said = Field(description="what shows it: a journal entry, a drill, a report", examples=["drill-4801"])


ACTS = {
    "open": Act("enter what a person, a drill or an auditor found", Opened, (NEW,), "open", attachments=True),
    "follow": Act("of an assessment: a breach that no finding follows yet", Followed, (NEW,), "open", by_program=True),
    "notice": Act("of the evidence: a restore into production that no drill or incident tells of", Noticed, (NEW,), "open", by_program=True),
    "still-unrecorded": Act("of the evidence: it was closed, and still no drill or incident tells of the restore", Unrecorded, ("closed",), "reopened", by_program=True),
    "see": Act("of an assessment: what a newer one shows of the breach", Shown, OPEN, None, by_program=True),
    "waive": Act("of an assessment: a waiver covers the breach", Shown, WORKED_ON, "waived", by_program=True),
    "reopen": Act("of an assessment: the breach is there again, or no longer waived", Shown, ("closed", "waived"), "reopened", by_program=True),
    "refute": Act("of an assessment: later evidence shows that there was no breach", Refuted, OPEN, "closed", by_program=True),
    "acknowledge": Act("take a finding on, or give it to an owner", Taken, ("open", "reopened"), "acknowledged"),
    "assign": Act("change owner, due date or severity", Taken, OPEN, None),
    "comment": Act("say something of it", Commented, (*OPEN, "closed"), None, attachments=True),
    "remediate": Act("say what is done to mend it", Planned, ("open", "acknowledged", "reopened", "remediating"), "remediating", attachments=True),
    "close": Act(
        "close it: evidence shows that it is mended, to somebody else than who mends it", Closed, OPEN, "closed", not_by=("remediate",), not_named=("owner",),
        attachments=True,
    ),
    "resume": Act("open a closed finding again", Reason, ("closed",), "reopened"),
}  # fmt: skip
COLUMNS: dict[str, pl.DataType] = {"control": pl.String()}  # whose breach it follows; null where it follows none


def shown(record: Record) -> dict[str, Any]:
    """Return what the newest assessment that spoke of the breach showed; nothing of a finding that people opened."""
    values = {key: value for one in record.done if one.act in OF_ASSESSMENTS for key, value in one.values.items()}
    return values if "then" in values else {}


def check(record: Record | None, act: str, told: Mapping[str, Any], by: str, now: datetime) -> None:  # noqa: ARG001 - the shape of every check
    """Raise `RefusedError` when a breach would be closed that no assessment shows to be over."""
    if act != "close" or record is None or not (last := shown(record)):
        return
    if last["then"] not in (KEPT, NOT_JUDGED, NONE):
        how = "still shows it" if last["then"] == ONGOING else "does not prove that the promise is kept again"
        until = f"{last['assessed'][1]}, as known at journal entry {last['as_known_at']}"
        raise RefusedError(
            f"{record.id} closes on evidence only, and the newest assessment (to {until}) {how}: take in newer evidence, and follow again"
        )


def rows(record: Record) -> Iterator[dict[str, Any]]:
    """Yield when it was overdue: from its due date on, while people had to work on it. Each row rests on the act that gave the due date.

    What was entered later changes nothing before it: more time does not cure what was overdue by then, nor does less time make anything overdue earlier. Only what a finding
    is opened with looks back.
    """
    opened, dated, state = record.done[0], record.done[0], NEW
    stands: list[tuple[datetime | None, Done | None]] = []
    for done in record.done:
        state = (ACTS[done.act].after if done.act in ACTS else None) or state
        dated = done if done.values.get("due") else dated
        owed = dated if state in WORKED_ON else None
        if not stands or stands[-1][1] is not owed:
            stands.append((done.at if stands else None, owed))
    scope = {**record.scope(), **({"assets": [opened.values["asset"]]} if "asset" in opened.values else {})}
    for (since, owed), (until, _) in zip_longest(stands, stands[1:], fillvalue=(None, None)):
        if owed is not None:
            due_at = datetime.fromisoformat(owed.values["due"])
            begin = due_at if since is None else max(due_at, since)
            if until is None or begin < until:
                yield {"begin": begin, "end": until, "control": opened.values.get("control"), **owed.origin(), **scope}


def due(record: Record, estate: Estate) -> Iterator[Due]:  # noqa: ARG001 - the shape of every kind
    """Yield by when it is to be mended."""
    if record.state in WORKED_ON:
        owner = next((one.values["owner"] for one in reversed(record.done) if one.values.get("owner")), "")
        dated = next(one.values["due"] for one in reversed(record.done) if one.values.get("due"))
        yield Due("mend", datetime.fromisoformat(dated), owner)
