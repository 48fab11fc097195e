"""Results taken together: by unit, control, policy; how many assets were judged, and how much of the judged time each state held."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from audit.model.document import HeatCell, State
from audit.model.verdicts import Result, Verdict
from audit.reporting.timelines import SHORTEST, pooled_shares, worst

Key = tuple[str, ...]
_STATES = (State.MET, State.GRACE, State.WAIVED, State.UNPROVEN, State.BREACHED)


@dataclass(frozen=True, slots=True)
class Tally:
    """What several results say together. Assets are counted under the worst verdict each has among them; `seconds` is the judged time added
    up, null where all was judged at one instant; `shares` are of it, or there of the assets.
    """

    verdict: Verdict
    judged: int
    breached: int
    unproven: int
    waived: int
    seconds: float | None
    shares: Mapping[str, float | None]

    @classmethod
    def of(cls, results: Sequence[Result]) -> Tally:
        """Take results together."""
        verdicts: dict[str, Verdict] = {}
        for result in results:
            other = verdicts.get(result.asset)
            verdicts[result.asset] = result.verdict if other in (None, result.verdict) else worst((result.verdict, other))
        counts = Counter(verdicts.values())
        seconds = sum([result.judged_seconds for result in results if result.shares is not None])
        # Parts of one asset are one asset: at one instant it counts once, as in the counts beside.
        names = ("met", "met_up_to", "breached", "unproven", "grace", "waived")
        shares = _by_asset(counts) if seconds < SHORTEST else pooled_shares(results, names)
        return cls(
            verdict=worst(counts),
            judged=len(verdicts) - counts[Verdict.NOT_APPLICABLE],
            breached=counts[Verdict.BREACHED],
            unproven=counts[Verdict.UNPROVEN],
            waived=counts[Verdict.WAIVED],
            seconds=seconds if seconds >= SHORTEST else None,
            shares=shares,
        )

    @property
    def rank(self) -> tuple[int, float, float]:
        """Sorts the worst first: by verdict, then by breached and by unproven share."""
        return (
            tuple(Verdict).index(self.verdict), -(self.shares["breached"] or 0.0), -(self.shares["unproven"] or 0.0),
        )  # fmt: skip

    @property
    def bar(self) -> tuple[tuple[State, float], ...]:
        """The shares by state, those that are nothing left out."""
        return tuple((state, share) for state in _STATES if (share := self.shares[str(state)]))

    @property
    def cell(self) -> HeatCell:
        """The tally as one cell of a heat map; without shares where it was judged at one instant."""
        met, up_to = (self.shares["met"], self.shares["met_up_to"]) if self.seconds is not None else (None, None)
        return HeatCell(self.verdict, met, up_to, self.judged, self.breached, self.unproven, self.waived)


def _by_asset(counts: Mapping[Verdict, int]) -> dict[str, float | None]:
    """Return the shares of assets by their worst verdict; null where none was judged."""
    whole = sum(counts.values()) - counts[Verdict.NOT_APPLICABLE]
    shares: dict[str, float | None] = dict.fromkeys(("met", "breached", "unproven", "grace", "waived"))
    if whole:
        shares = {name: counts.get(Verdict(name), 0) / whole if name != "grace" else 0.0 for name in shares}
    breached = shares["breached"]
    return shares | {"met_up_to": None if breached is None else 1 - breached}


def grouped(results: Iterable[Result], key: Callable[[Result], Key]) -> dict[Key, list[Result]]:
    """Return the results by key, keys in order."""
    found: dict[Key, list[Result]] = defaultdict(list)
    for result in results:
        found[key(result)].append(result)
    return dict(sorted(found.items()))


def units_worst_first(results: Iterable[Result]) -> list[str]:
    """Return the units, the worst first."""
    tallies = {unit: Tally.of(mine) for (unit,), mine in grouped(results, lambda result: (result.unit,)).items()}
    return sorted(tallies, key=lambda unit: (tallies[unit].rank, unit))
