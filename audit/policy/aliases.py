"""Aliases: which asset or part each (source, subject) belongs to, and from when. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from audit.policy.kinds.assets import Asset, Subject
from audit.policy.programme import Declared, Programme
from audit.policy.timeline import BEGINNING, END, Steps

Key = tuple[str, str]
"""Source and subject."""
Owner = tuple[str, str | None]
"""Asset and part; no part is the whole asset."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Declarations of one asset that say a subject is its own, in [begin, end).

    `first`: the asset's first declaration is among them.
    """

    begin: int
    end: int
    owner: Owner
    first: bool
    declared: Declared[Asset]
    said: int | None
    """The `since` as written."""


def ordered(declarations: list[Declared[Asset]], zone: str) -> list[tuple[int | None, Declared[Asset]]]:
    """Return the declarations of one asset with their `since`, in order of time."""
    dated = [(one.item.since.micros(zone) if one.item.since else None, one) for one in declarations]
    return sorted(dated, key=lambda pair: BEGINNING if pair[0] is None else pair[0])


def named_subjects(asset: Asset) -> Iterator[tuple[Subject, str | None]]:
    """Yield the subjects of an asset with the part that each names."""
    for subject in asset.subjects:
        yield subject, None
    for part in asset.parts:
        for subject in part.subjects:
            yield subject, part.name


def claims(programme: Programme, zone: str) -> dict[Key, list[Claim]]:
    """Return the claims of a programme as it is written, by subject, in order of time."""
    found: dict[Key, list[Claim]] = {}
    for name, declarations in programme.named(Asset).items():
        dated = ordered(declarations, zone)
        for index, (since, one) in enumerate(dated):
            begin = BEGINNING if since is None else since
            following = dated[index + 1][0] if index + 1 < len(dated) else END
            end = BEGINNING if following is None else following
            for subject, part in named_subjects(one.item):
                key, owner = (subject.source, subject.subject), (name, part)
                mine = found.setdefault(key, [])
                if mine and mine[-1].owner == owner and mine[-1].end == begin:
                    mine[-1] = Claim(mine[-1].begin, end, owner, mine[-1].first, mine[-1].declared, mine[-1].said)
                else:
                    mine.append(Claim(begin, end, owner, index == 0, one, since))
    for mine in found.values():
        mine.sort(key=lambda claim: claim.begin)
    return found


def overlaps(claimed: dict[Key, list[Claim]]) -> Iterator[tuple[Key, Claim, Claim]]:
    """Yield the pairs of claims that want one subject at one time."""
    for key, mine in claimed.items():
        for one, other in pairwise(mine):
            if other.begin < one.end:
                yield key, one, other


def steps(mine: list[Claim]) -> Steps[Owner | None]:
    """Return the claims on one subject as declarations of its owner.

    What the first declaration of an asset names is its own from the beginning, unless another asset has it before.
    """
    made: list[tuple[int | None, Owner | None]] = [] if mine[0].first else [(None, None)]
    for index, claim in enumerate(mine):
        made.append((claim.said, claim.owner))
        following = mine[index + 1].begin if index + 1 < len(mine) else END
        if claim.end < following:
            made.append((claim.end, None))
    return tuple(made)
