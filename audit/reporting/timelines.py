"""Timelines: for each asset and promise, which state held when; stretches without gap or overlap over the period.

What was breached and unproven stands in the results. What was judged at all follows from the estate: the asset in service, and a
policy version in force that has the control's objective (definitions, section 6).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import audit.controls
from audit.discovery import modules
from audit.evaluation.world import group_segments
from audit.model.assessment import Assessment
from audit.model.document import State, Stretch
from audit.model.estate import Estate
from audit.model.terms import FOR_EVER, instant
from audit.model.verdicts import Result, Verdict

Span = tuple[datetime, datetime]
Promise = tuple[str, str | None, str | None]
"""Control, leg, part."""

_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}
INSTANTS = ("begin", "end", "in_service", "retired", "started")
SHORTEST = 1.0
"""Seconds of judged time below which a control is judged at one instant, and has no timeline."""


@dataclass(frozen=True, slots=True)
class Line:
    """One promise to one asset over the period: all its results (one per policy version), and its stretches."""

    asset: str
    unit: str
    control: str
    leg: str | None
    part: str | None
    results: tuple[Result, ...]
    stretches: tuple[Stretch, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the results."""
        return worst(result.verdict for result in self.results)

    @property
    def judged_seconds(self) -> float:
        """The length of the judged time."""
        return sum(result.judged_seconds for result in self.results)

    def share(self, name: str) -> float | None:
        """Return a share (`met`, `breached`...) of the judged time over all results; null when nothing was judged."""
        return pooled(self.results, name)


@dataclass(frozen=True, slots=True)
class AssetLines:
    """All lines of one asset, and the worst over them."""

    asset: str
    unit: str
    lines: tuple[Line, ...]
    overall: tuple[Stretch, ...]
    policies: tuple[tuple[str, int], ...] = field(default=())

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the lines."""
        return worst(line.verdict for line in self.lines)

    @property
    def results(self) -> tuple[Result, ...]:
        """All results of the asset."""
        return tuple(result for line in self.lines for result in line.results)

    @property
    def open(self) -> bool:
        """Whether a timeline shows anything but kept promises: a breach (also one that the policy tolerates) or an unproven stretch. What is
        judged at one instant has no timeline.
        """
        return any(result.breaches or result.unproven or result.waived for line in self.timed for result in line.results)

    @property
    def timed(self) -> tuple[Line, ...]:
        """The lines that have a timeline."""
        return tuple(line for line in self.lines if line.judged_seconds >= SHORTEST)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of verdicts: one that was judged comes before not-applicable, and none at all is not-applicable."""
    return min(verdicts, key=_RANK.__getitem__, default=Verdict.NOT_APPLICABLE)


def pooled(results: Sequence[Result], name: str) -> float | None:
    """Return a share of the judged time of several results, weighted by it. `met_up_to` is what is not breached. Null: nothing
    was judged.
    """
    return pooled_shares(results, (name,))[name]


def pooled_shares(results: Iterable[Result], names: Iterable[str]) -> dict[str, float | None]:
    """Return shares as `pooled` returns one."""
    judged = [(result.judged_seconds, result.shares) for result in results if result.shares is not None]
    total = sum([seconds for seconds, _ in judged])
    if len(judged) == 1:  # exactly as the control said it
        judged, total = [(1.0, judged[0][1])], 1.0
    if judged and not total:  # judged at an instant without length: each counts alike
        judged, total = [(1.0, shares) for _, shares in judged], float(len(judged))

    def share(name: str) -> float | None:
        return sum([seconds * shares.get(name, 0.0) for seconds, shares in judged]) / total if total else None

    breached = share("breached")
    up_to = None if breached is None else 1 - breached
    return {name: up_to if name == "met_up_to" else share(name) for name in names}


def asset_lines(assessment: Assessment, estate: Estate) -> list[AssetLines]:
    """Return the lines of every asset, worst asset first: by verdict, then by breached and unproven time, then by name."""
    segments = _segments(estate)
    by_asset: dict[str, dict[Promise, list[Result]]] = defaultdict(lambda: defaultdict(list))
    for result in assessment.results:
        by_asset[result.asset][result.control, result.leg, result.part].append(result)
    found = []
    for asset, promises in by_asset.items():
        judge = _Judged(estate, segments.get(asset), (assessment.since, assessment.until))
        # What is judged at one instant has no timeline, and comes after what has.
        lines = tuple(
            sorted(
                (_line(judge, promise, results) for promise, results in promises.items()),
                key=lambda line: line.judged_seconds < SHORTEST,
            )
        )
        timed = [line.stretches for line in lines if line.judged_seconds >= SHORTEST]
        overall = layered(
            judge.period, [(stretch.since, stretch.until, stretch.state) for stretches in timed for stretch in stretches]
        )
        policies = sorted(
            {(r.policy, r.version) for line in lines for r in line.results if r.policy is not None and r.version is not None}
        )
        found.append(AssetLines(asset, lines[-1].unit, lines, overall, tuple(policies)))
    return sorted(
        found,
        key=lambda one: (
            _RANK[one.verdict],
            -_seconds(one, State.BREACHED),
            -_seconds(one, State.UNPROVEN),
            one.asset,
        ),
    )


def _seconds(asset: AssetLines, state: State) -> float:
    return sum((s.until - s.since).total_seconds() for s in asset.overall if s.state is state)


def _line(judge: _Judged, promise: Promise, results: list[Result]) -> Line:
    control, leg, part = promise
    judged, grace = judge.of(control, part, sum(result.judged_seconds for result in results))
    layers = [(*span, State.MET) for span in judged]
    if any(result.shares is not None and result.shares.get("grace", 0) > 0 for result in results):
        layers += [(*span, State.GRACE) for span in grace]
    for result in results:
        layers += [(stretch.since, stretch.until, State.WAIVED) for stretch in result.waived]
        layers += [(stretch.since, stretch.until, State.UNPROVEN) for stretch in result.unproven]
        layers += [(breach.since, breach.until, State.BREACHED) for breach in result.breaches]
    stretches = layered(judge.period, layers)
    return Line(results[0].asset, results[-1].unit, control, leg, part, tuple(results), stretches)


def layered(period: Span, layers: Iterable[tuple[datetime, datetime, State]]) -> tuple[Stretch, ...]:
    """Return the stretches over a period in which one state holds: the strongest of the layers there (`State` says which), else
    not judged.
    """
    since, until = period
    order = list(State)
    edges: list[tuple[datetime, int, int]] = []
    for begin, end, state in layers:
        begin, end = max(begin, since), min(end, until)
        if begin < end:
            edges += [(begin, 1, order.index(state)), (end, -1, order.index(state))]
    edges.sort()
    open_layers = [0] * len(order)
    open_layers[0] = 1  # not judged lies under everything
    stretches: list[Stretch] = []
    reached, state = since, order[0]
    for at, step, layer in [*edges, (until, 0, 0)]:
        if at > reached:
            state = order[max(index for index, count in enumerate(open_layers) if count)]
            if stretches and stretches[-1].state is state:
                stretches[-1] = Stretch(stretches[-1].since, at, state)
            else:
                stretches.append(Stretch(reached, at, state))
            reached = at
        open_layers[layer] += step
    return tuple(stretches)


Segments = Mapping[str | None, Sequence[Mapping[str, Any]]]
"""The segments of an asset by its parts."""


def _segments(estate: Estate) -> dict[str, Segments]:
    rows: dict[str, dict[str | None, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    if estate.segments.is_empty():
        return {}
    told = group_segments(estate).select("asset", "part", "policy", *INSTANTS)
    for row in told.iter_rows(named=True):
        rows[row["asset"]][row["part"]].append({**row, **{name: _at(row[name]) for name in INSTANTS}})
    return dict(rows)


def _at(microseconds: int | None) -> datetime | None:
    return None if microseconds is None or abs(microseconds) >= FOR_EVER else instant(microseconds)


def _objectives() -> Mapping[str, frozenset[str]]:
    """Return, by control, the objectives that make it judge. A control with none of its own judges whoever is in service."""
    return {name: frozenset(module.OBJECTIVES) for name, module in modules(audit.controls.__name__).items()}


class _Judged:
    """When the promises to one asset were judged. Without segments (an estate that does not know the asset) the whole period
    was.
    """

    def __init__(self, estate: Estate, segments: Segments | None, period: Span) -> None:
        self.estate = estate
        self.segments = segments or {}
        self.period = period
        self.objectives = _objectives()

    def of(self, control: str, part: str | None, judged_seconds: float) -> tuple[list[Span], list[Span]]:
        """Return the judged spans of a control on a part inside the period, and the spans of a new asset's grace."""
        if not judged_seconds:
            return [], []
        if not self.segments:
            return [self.period], []
        keys = self.objectives.get(control, frozenset())
        spans, grace, retired = [], [], None
        # A result of a part that nobody declares is one of the asset: so are those of estates that know no parts.
        segments = self.segments.get(part) or next(iter(self.segments.values()))
        versions = [None if segment["policy"] is None else self.estate.policies[segment["policy"]] for segment in segments]
        asked = [version is not None and not keys.isdisjoint(version.objectives) for version in versions]
        for segment, version, asks in zip(segments, versions, asked, strict=True):
            # A control was judged although no version has an objective of its own: it judges whatever is in service.
            if any(asked) and not asks:
                continue
            retired = segment["retired"] or retired
            span = self._clipped(segment["begin"], segment["end"], segment["in_service"], segment["retired"])
            if span:
                spans.append(span)
            if version is not None and version.new_asset_grace and segment["started"]:
                end = version.new_asset_grace.after(segment["started"], version.timezone)
                span = self._clipped(segment["begin"], segment["end"], segment["in_service"], end)
                grace += [span] if span else []
        spans += self._after_retirement(retired, judged_seconds - sum((end - begin).total_seconds() for begin, end in spans))
        return spans, grace

    def _clipped(self, *bounds: datetime | None) -> Span | None:
        """Return what lies after every begin and before every end: from, to, in_service and one more end."""
        begin = max(one for one in (self.period[0], bounds[0], bounds[2]) if one is not None)
        end = min(one for one in (self.period[1], bounds[1], bounds[3]) if one is not None)
        return (begin, end) if begin < end else None

    def _after_retirement(self, retired: datetime | None, left: float) -> list[Span]:
        """Obligations that outlive an asset are judged on after its retirement, in one stretch: as long as the result says was
        judged beyond.
        """
        if retired is None or left < SHORTEST:
            return []
        begin = max(retired, self.period[0])
        end = min(begin + timedelta(seconds=left), self.period[1])
        return [(begin, end)] if begin < end else []
