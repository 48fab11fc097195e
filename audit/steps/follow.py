"""follow: what an assessment shows becomes findings. Each breach is followed by one finding, across assessments, until evidence shows that it is over."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import rfc8785

from audit.content import Content
from audit.model.assessment import Assessment
from audit.model.envelope import time_text
from audit.model.verdicts import Result, Verdict
from audit.policy.severities import Severities, severities_of
from audit.register.acts import KIND, records
from audit.register.records._record import Record
from audit.register.records.finding import ACTS, KEPT, NONE, NOT_JUDGED, ONGOING, PROGRAM, UNPROVEN, shown
from audit.steps._open import Store
from audit.steps.drills import unrecorded

Key = tuple[str, str | None, str, str | None, str | None]
"""Asset, part, control, leg, policy: what a finding is one of. A new version of the policy does not end it."""

Part = tuple[datetime, datetime, str | None, bool]
"""A stretch of a breach, the waiver that covers it, if any, and whether it breaks the promise: not where the policy tolerates it."""


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
    tolerated: bool
    """The policy asks for a share of the time only, and that share was reached: it opens no finding."""
    from_the_first: bool
    """It begins with the first instant that is judged: the breach may have gone on before it."""


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
    then: str
    part: Shown | None = None

    def has(self, stretch: Shown) -> bool:
        """Say whether a stretch is (of) its breach: they overlap, or its breach was going on when it was last judged, and the stretch begins as soon as it is judged again."""
        if stretch.from_the_first and self.then == ONGOING and self.since < stretch.until:
            return True
        return self.since < stretch.until and stretch.since < self.until


def follow(store: Store, assessment: Assessment, *, now: datetime, content: Content | None = None) -> Followed:
    """Enter what an assessment shows of breaches into findings: new ones are opened, those that are followed get to know what is new, and those that
    later evidence has undone are closed. Of what an assessment says nothing (other assets, controls or times) nothing changes; nor by one that knew less than a newer one.
    """
    store.folder.must_be_writable()
    estate = store.estate(assessment.as_known_at)
    table = severities_of(content or Content())
    stretches = list(shown_in(assessment, _known_to(store, assessment)))
    judged: dict[Key, list[Result]] = defaultdict(list)
    for result in assessment.results:
        judged[key_of(result)].append(result)
    about: dict[str, Any] = {
        "assessed": [time_text(assessment.since), time_text(assessment.until)],
        "as_known_at": assessment.as_known_at,
    }
    counts: Counter[str] = Counter()
    opened: list[str] = []
    with store.journal.writing() as writer:
        known = records(store.journal, store.vault)["finding"]
        number = store.head()
        of_breaches = changes(list(known.values()), stretches, judged, assessment, table, now, estate.timezone)
        shown_of = ((record, act, {**values, **about}) for record, act, values in of_breaches)
        for record, act, values in chain(shown_of, _unrecorded(store, assessment, known.values(), table, now)):
            number += 1
            payload = rfc8785.dumps({"record": "finding", "act": act, "values": values})
            if act in ("follow", "notice"):
                opened.append(f"finding-{number}")
            identity = record or opened[-1]
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


def _unrecorded(
    store: Store, assessment: Assessment, findings: Iterable[Record], table: Severities, now: datetime
) -> Iterator[tuple[str | None, str, dict[str, Any]]]:
    """Yield the acts by which findings come to tell of each restore into production in the period that no record of a drill or an incident tells of: a new one, or again one that was
    closed all the same."""
    estate, head = store.estate(assessment.as_known_at), store.head()
    into = {name for name, source in estate.sources.items() if source.restores_into == "production"}
    if not into:
        return
    there = {record.values["run"]: record for record in findings if record.values.get("run")}
    severity = table.of_other("restore-without-record")
    units = dict(estate.segments.select("asset", "unit").iter_rows())
    for run in unrecorded(store, head, assessment.since, assessment.until):
        name = f"{run.source}/{run.id}"
        if run.source not in into:
            continue
        if name in there:
            if there[name].state == "closed":
                yield there[name].id, "still-unrecorded", {"run": name}
            continue
        told = {
            "title": f"Restore into production without a record: {name}",
            "assets": [run.asset],
            "unit": units.get(run.asset, ""),
        }
        told |= {"run": name, "started": time_text(run.started), "evidence": run.evidence.entry}
        yield None, "notice", {**told, "severity": severity, "due": time_text(table.due(severity, now, estate.timezone))}


def key_of(result: Result) -> Key:
    """Return what a finding about a result is one of."""
    return (result.asset, result.part, result.control, result.leg, result.policy)


def shown_in(assessment: Assessment, known: datetime) -> Iterator[Shown]:
    """Yield each breach that an assessment shows, with what is waived of it. known: the instant after which nobody knows anything yet."""
    by_key: dict[Key, list[Result]] = defaultdict(list)
    for result in assessment.results:
        by_key[key_of(result)].append(result)
    end = min(assessment.until, known)
    for key, results in by_key.items():
        parts: list[Part] = []
        first = max(assessment.since, min((since for result in results for since, _ in result.judged), default=assessment.since))
        for result in results:
            broken = result.verdict is Verdict.BREACHED
            parts += [(one.since, one.until, None, broken) for one in result.breaches]
            parts += [(one.since, one.until, one.waiver, False) for one in result.waived]
        for together in _touching(sorted(parts, key=lambda part: part[:2])):
            since, until = together[0][0], max(part[1] for part in together)
            waivers, broken = [part[2] for part in together], any(part[3] for part in together)
            then = ONGOING if until >= end else _then(results, until)
            yield Shown(key, results[-1].unit, since, until, then, waivers[-1], all(waivers), not broken, since <= first)


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
    if any(since <= at < until for result in results for since, until in result.judged):
        return KEPT
    # A period of the calendar that is not over yet is not judged, but what was promised of it is still to be done.
    owed = (result.detail.get("due_at") for result in results)
    return UNPROVEN if any(due and datetime.fromisoformat(due) > at for due in owed) else NOT_JUDGED


def changes(
    findings: Sequence[Record], stretches: Sequence[Shown], judged: Mapping[Key, Sequence[Result]], assessment: Assessment, table: Severities, now: datetime,
    zone: str,
) -> Iterator[tuple[str | None, str, dict[str, Any]]]:  # fmt: skip
    """Yield the acts by which findings come to say what an assessment shows: (record id, null for the one that is opened with them; act; values).

    A breach belongs to the earliest finding that it overlaps and that has no other part of it yet; else it is new. Nothing is said of what an assessment that knew more
    has already spoken of.
    """
    by_key: dict[Key, list[_Known]] = defaultdict(list)
    newer: set[Key] = set()
    for record in findings:
        if last := shown(record):
            key = (last["asset"], last.get("part"), last["control"], last.get("leg"), last.get("policy"))
            by_key[key].append(
                _Known(record, datetime.fromisoformat(last["since"]), datetime.fromisoformat(last["until"]), last["then"])
            )
            newer |= {key} if last["as_known_at"] > assessment.as_known_at else set()
    for known in by_key.values():
        known.sort(key=lambda one: one.since)
    for stretch in sorted((one for one in stretches if one.key not in newer), key=lambda one: one.since):
        mine = next((one for one in by_key.get(stretch.key, ()) if one.part is None and one.has(stretch)), None)
        if mine is not None:
            mine.part = stretch
        elif not stretch.all_waived and not stretch.tolerated:
            values = _followed(stretch, table, now, zone)
            yield None, "follow", values
            if stretch.waiver is not None:
                yield None, "waive", _values(stretch)
    for key in sorted(by_key.keys() - newer, key=str):
        for one in by_key[key]:
            if one.part is not None:
                yield from _seen(one, one.part, assessment)
            elif one.record.state != "closed":
                yield from _unseen(one, judged.get(key, ()), assessment)


def _unseen(one: _Known, results: Sequence[Result], assessment: Assessment) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield what an assessment says of a breach that it does not show: that there was none, where it judged all of that time and proves it; that it is not proven any more; of one that
    went on, that it is over."""
    inside = [(max(since, one.since), min(until, one.until)) for result in results for since, until in result.judged]
    whole = sum(((until - since) for since, until in inside if since < until), timedelta()) >= one.until - one.since
    if not whole:
        then = _after(one, results, assessment)
    elif any(stretch.since < one.until and one.since < stretch.until for result in results for stretch in result.unproven):
        then = UNPROVEN
    else:
        yield one.record.id, "refute", {"then": NONE}
        return
    if then not in (None, one.then):
        yield one.record.id, "see", {"since": time_text(one.since), "until": time_text(one.until), "then": then, "waiver": None}


def _after(one: _Known, results: Sequence[Result], assessment: Assessment) -> str | None:
    """Return what is shown when a breach that was last seen to go on, or that nothing proved to be over, is judged next (`met` or `unproven`); null: nothing new."""
    later = [max(since, one.until) for result in results for since, until in result.judged if until > one.until]
    if one.then not in (ONGOING, UNPROVEN) or not later or assessment.since > one.until:
        return None
    at = min(later)
    broken = any(stretch.since <= at < stretch.until for result in results for stretch in (*result.breaches, *result.waived))
    return None if broken else _then(results, at)


def _followed(stretch: Shown, table: Severities, now: datetime, zone: str) -> dict[str, Any]:
    asset, part, control, leg, policy = stretch.key
    severity = table.of(control)
    about = {"asset": asset, "unit": stretch.unit, "part": part, "control": control, "leg": leg, "policy": policy}
    return {**about, "severity": severity, "due": time_text(table.due(severity, now, zone)), **_values(stretch)}


def _seen(one: _Known, stretch: Shown, assessment: Assessment) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the act that tells a finding what is new of its breach; none when nothing is."""
    before, last = shown(one.record), one.record.state
    # What begins with what is judged, or ends with the period, may go on outside it.
    if stretch.since == assessment.since or (stretch.from_the_first and one.then == ONGOING):
        stretch = replace(stretch, since=min(one.since, stretch.since))
    if stretch.until == assessment.until < one.until:
        stretch = replace(stretch, until=one.until, then=before["then"], waiver=before.get("waiver"))
    values = _values(stretch)
    act: str | None = "see"
    if last == "closed":
        # What is as it was when people closed it stays closed; what the program took for none and is there after all does not.
        wider = stretch.since < one.since or stretch.until > one.until or (one.then != ONGOING and stretch.then == ONGOING)
        again = (wider or one.then == NONE) and stretch.waiver is None and not stretch.tolerated
        act = "reopen" if again else None
    elif stretch.waiver is not None:
        act = "waive" if last != "waived" else "see"
    elif last == "waived":
        act = "reopen"
    # Of a breach that goes on only its end moves, with what is known.
    fresh = {key for key, value in values.items() if before.get(key) != value} - (
        {"until"} if one.then == values["then"] == ONGOING else set()
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
