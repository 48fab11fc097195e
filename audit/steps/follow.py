"""follow: what an assessment shows becomes findings. Each breach is followed by one finding, across assessments, until evidence shows that it is over."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import rfc8785

from audit.content import Content
from audit.model.envelope import time_text
from audit.model.verdicts import Assessment, Result, Verdict
from audit.policy.severities import Severities, severities_of
from audit.register.acts import KIND, records
from audit.register.records._record import Record
from audit.register.records.finding import ACTS, KEPT, NOT_JUDGED, ONGOING, PROGRAM, UNPROVEN, shown
from audit.steps._open import Store

Key = tuple[str, str | None, str, str | None, str | None]
"""Asset, part, control, leg, policy: what a finding is one of. A new version of the policy does not end it."""

Part = tuple[datetime, datetime, str | None]
"""A stretch of a breach, and the waiver that covers it, if any."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What an assessment shows of one breach, in [since, until). then: what it shows at its end. waiver: the one that covers its end, if any."""

    key: Key
    unit: str
    since: datetime
    until: datetime
    then: str
    waiver: str | None
    all_waived: bool


@dataclass(frozen=True, slots=True)
class Followed:
    """How many findings were opened, reopened, waived, refuted or otherwise brought up to date, and their ids."""

    counts: Mapping[str, int]
    opened: tuple[str, ...]


@dataclass(slots=True)
class _Known:
    """A finding, and the stretch that it was last shown with."""

    record: Record
    since: datetime
    until: datetime
    parts: list[Shown] = field(default_factory=list)


def follow(store: Store, assessment: Assessment, *, now: datetime, content: Content | None = None) -> Followed:
    """Enter what an assessment shows of breaches into findings: new ones are opened, those that are followed get to know what is new, and those that
    later evidence has undone are closed. Of what an assessment says nothing (other assets, controls or times) nothing changes; nor by one that knew less than a newer one.
    """
    store.folder.must_be_writable()
    estate = store.estate(assessment.as_known_at)
    table = severities_of(content or Content())
    stretches = list(shown_in(assessment, _known_to(store, assessment)))
    judged = {key_of(result) for result in assessment.results}
    about: dict[str, Any] = {
        "assessed": [time_text(assessment.since), time_text(assessment.until)],
        "as_known_at": assessment.as_known_at,
    }
    counts: Counter[str] = Counter()
    opened: list[str] = []
    with store.journal.writing() as writer:
        known = records(store.journal, store.vault)["finding"]
        number = store.head()
        for record, act, values in changes(list(known.values()), stretches, judged, assessment, table, now, estate.timezone):
            number += 1
            payload = rfc8785.dumps({"record": "finding", "act": act, "values": {**values, **about}})
            identity = record or f"finding-{number}"
            opened += [] if record else [identity]
            body = {
                "sha256": store.vault.put(payload),
                "size": len(payload),
                "record": "finding",
                "id": identity,
                "act": act,
                "by": PROGRAM,
            }
            writer.append(KIND, body, now)
            counts[act] += 1
    if counts:
        store.checkpoint()
    return Followed(dict(counts), tuple(opened))


def key_of(result: Result) -> Key:
    """Return what a finding about a result is one of."""
    return (result.asset, result.part, result.control, result.leg, result.policy)


def shown_in(assessment: Assessment, known: datetime) -> Iterator[Shown]:
    """Yield each breach that an assessment shows, with what is waived of it; what a policy tolerates is none. known: the instant after which nobody knows anything yet."""
    by_key: dict[Key, list[Result]] = defaultdict(list)
    for result in assessment.results:
        by_key[key_of(result)].append(result)
    end = min(assessment.until, known)
    for key, results in by_key.items():
        parts: list[Part] = []
        for result in results:
            parts += [(one.since, one.until, None) for one in result.breaches if result.verdict is Verdict.BREACHED]
            parts += [(one.since, one.until, one.waiver) for one in result.waived]
        for together in _touching(sorted(parts, key=lambda part: part[:2])):
            since, until = together[0][0], max(part[1] for part in together)
            waivers = [part[2] for part in together]
            then = ONGOING if until >= end else _then(results, until)
            yield Shown(key, results[-1].unit, since, until, then, waivers[-1], all(waivers))


def _touching(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """Yield sorted parts in groups that overlap or touch."""
    group: list[Part] = []
    for part in parts:
        if group and part[0] > max(one[1] for one in group):
            yield group
            group = []
        group.append(part)
    if group:
        yield group


def _then(results: Sequence[Result], at: datetime) -> str:
    """Return what is shown at an instant at which a breach has ended."""
    if any(stretch.since <= at < stretch.until for result in results for stretch in result.unproven):
        return UNPROVEN
    judged = any(since <= at < until for result in results for since, until in result.judged)
    return KEPT if judged else NOT_JUDGED


def changes(
    findings: Sequence[Record], stretches: Sequence[Shown], judged: set[Key], assessment: Assessment, table: Severities, now: datetime, zone: str
) -> Iterator[tuple[str | None, str, dict[str, Any]]]:  # fmt: skip
    """Yield the acts by which findings come to say what an assessment shows: (record id, null for a new one; act; values).

    A breach belongs to the earliest finding that it overlaps. Of several parts that one finding has become, the earliest keeps it; the others are new. Nothing is said of what
    an assessment that knew more has already spoken of.
    """
    by_key: dict[Key, list[_Known]] = defaultdict(list)
    newer: set[Key] = set()
    for record in findings:
        if last := shown(record):
            key = (last["asset"], last.get("part"), last["control"], last.get("leg"), last.get("policy"))
            by_key[key].append(_Known(record, datetime.fromisoformat(last["since"]), datetime.fromisoformat(last["until"])))
            newer |= {key} if last["as_known_at"] > assessment.as_known_at else set()
    for known in by_key.values():
        known.sort(key=lambda one: one.since)
    for stretch in sorted((one for one in stretches if one.key not in newer), key=lambda one: one.since):
        mine = next((one for one in by_key.get(stretch.key, ()) if one.since < stretch.until and stretch.since < one.until), None)
        if mine is not None and not mine.parts:
            mine.parts.append(stretch)
        elif not stretch.all_waived:
            yield None, "follow", _followed(stretch, table, now, zone)
    for key in sorted(by_key.keys() - newer, key=str):
        for one in by_key[key]:
            if one.parts:
                yield from _seen(one, one.parts[0], assessment)
            elif key in judged and assessment.since <= one.since and one.until <= assessment.until and one.record.state != "closed":
                yield one.record.id, "refute", {}


def _followed(stretch: Shown, table: Severities, now: datetime, zone: str) -> dict[str, Any]:
    asset, part, control, leg, policy = stretch.key
    severity = table.of(control)
    about = {"asset": asset, "unit": stretch.unit, "part": part, "control": control, "leg": leg, "policy": policy}
    return {**about, "severity": severity, "due": time_text(table.due(severity, now, zone)), **_values(stretch)}


def _seen(one: _Known, stretch: Shown, assessment: Assessment) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the act that tells a finding what is new of its breach; none when nothing is."""
    before, last = shown(one.record), one.record.state
    # What begins or ends with the period may go on outside it.
    if stretch.since == assessment.since:
        stretch = replace(stretch, since=min(one.since, stretch.since))
    if stretch.until == assessment.until < one.until:
        stretch = replace(stretch, until=one.until, then=before["then"], waiver=before.get("waiver"))
    values = _values(stretch)
    if last == "closed":
        # Closed on evidence, and there again or longer: what is as it was when it was closed stays closed.
        act = (
            "reopen"
            if stretch.waiver is None and (stretch.until > one.until or before["then"] != stretch.then == ONGOING)
            else None
        )
    elif stretch.waiver is not None:
        act = "waive" if last != "waived" else "see"
    else:
        act = "reopen" if last == "waived" else "see"
    # Of a breach that goes on only its end moves, with what is known.
    fresh = {key for key, value in values.items() if before.get(key) != value} - (
        {"until"} if before["then"] == values["then"] == ONGOING else set()
    )
    if act is not None and (act != "see" or fresh):
        assert last in ACTS[act].before
        yield one.record.id, act, values


def _values(stretch: Shown) -> dict[str, Any]:
    return {"since": time_text(stretch.since), "until": time_text(stretch.until), "then": stretch.then, "waiver": stretch.waiver}


def _known_to(store: Store, assessment: Assessment) -> datetime:
    """Return when the newest entry was made of those that an assessment knew."""
    entry = next(store.journal.entries(after=assessment.as_known_at - 1, up_to=assessment.as_known_at), None)
    return assessment.until if entry is None else entry.at
