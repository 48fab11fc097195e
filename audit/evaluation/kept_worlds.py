"""Kept worlds: what the controls looked at, as columns in files, so that a what-if judges other promises without reading and resolving the evidence again.

What is promised is in no file: segments, policies, records and demands come from the estate that is asked about. A control says in `LOOKS_AT` which columns of points
it looks at, and whether at `lives` and `presence`; one that does not say so is never judged here. What its `prepare` makes of a world, if it has that, is kept too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import polars as pl

import audit.controls
from audit.discovery import modules
from audit.evaluation.assess import as_seen_by, outline_in
from audit.evaluation.chunks import WORKERS, narrowed
from audit.evaluation.outline import Outline
from audit.evaluation.records import placed_records
from audit.evaluation.what_if import WhatIf
from audit.evaluation.world import segments_of
from audit.model.estate import Estate, PolicyVersion
from audit.model.intervals import Line
from audit.model.lives import Lives
from audit.model.presence import Presence
from audit.model.world import World
from audit.policy.objectives import GENERAL

POINT = (
    "code", "pair", "repository", "captured", "restorable", "available", "first_sighting", "catalog", "expires", "immutable", "locked", "encrypted",
    "doubt",
)  # fmt: skip
"""The columns of points that are kept."""
SMALL = ("groups", "unseen", "repositories")
AT_ONCE = 3_000_000
"""Recovery points of kept worlds that are judged together, more or less. A query over few rows takes as long as its plan: what a what-if leaves to do is little for each chunk."""


def judges(policies: Iterable[PolicyVersion] = ()) -> list[str]:
    """Return the controls that can be judged on kept worlds, whichever of the policy versions they judge by."""
    found = {name: module for name, module in _controls().items() if hasattr(module, "LOOKS_AT")}
    beyond = {name: module.looks_beyond for name, module in found.items() if hasattr(module, "looks_beyond")}
    every = list(policies) if beyond else []
    return [name for name in found if name not in beyond or not any(map(beyond[name], every))]


def is_enough(asked: WhatIf, estate: Estate, repositories: set[str]) -> bool:
    """Say whether kept worlds answer a what-if: all its controls are judged on them, and nothing that it changes made them. estate: with what is asked put in.

    Of a repository that does not say what its listings show at the least, `keep` says it. `repositories`: those of the kept worlds.
    """
    keys = {path.split(".")[0] for path in asked.values}
    if keys & set(GENERAL) or not set(asked.controls()) <= set(judges(estate.policies)):
        return False
    return "keep" not in keys or repositories <= set(estate.keeps_at_least)


def keep_world(folder: Path, number: int, world: World) -> None:
    """Write the world of a chunk into `folder/number` (made here; `folder` has to be there)."""
    place = folder / f"{number:05}"
    place.mkdir()
    world = in_time_order(world)
    _write(place, "points", world.points.select(POINT))
    for name in SMALL:
        _write(place, name, getattr(world, name))
    _write(place, "presence", world.presence.ends)
    _write(place, "presence-sure", world.presence.sure_gaps)
    _write(place, "presence-possible", world.presence.possible_gaps)
    for accepts, lives in world.lives.items():
        for name in ("scalars", "sure", "possible"):
            _write(place, f"lives-{accepts}-{name}", getattr(lives, name))
    prepared = {
        control: module.prepare(as_seen_by(module, world)) for control, module in _controls().items() if hasattr(module, "prepare")
    }
    for control, frames in prepared.items():
        for index, frame in enumerate(frames.values()):
            _write(place, f"prepared-{control}-{index}", frame)
    about = {
        "start": world.line.start, "stop": world.line.stop, "blind": world.blind.to_list(), "lives": list(world.lives),
        "prepared": {control: list(frames) for control, frames in prepared.items()}, "points": world.points.height,
        "pairs": 1 + max(int(rows["pair"].max() or 0) for rows in (world.points, world.unseen)),  # type: ignore[arg-type]
    }  # fmt: skip
    (place / "about.json").write_text(json.dumps(about), encoding="utf-8")


def in_time_order(world: World) -> World:
    """Return a world whose points come in the order in which those of a group became available, in whatever repository: there, most of what is young enough
    for one promise or another runs on from row to row, and needs no sort each time that it is asked for."""
    order = world.points.select(pl.arg_sort_by("code", "available")).to_series()
    place = pl.repeat(0, len(order), dtype=pl.UInt32, eager=True)
    place = place.scatter(order, pl.int_range(len(order), dtype=pl.UInt32, eager=True)) if len(order) else place

    def moved(gaps: pl.DataFrame) -> pl.DataFrame:
        return gaps.with_columns(point=place.gather(gaps["point"]))

    presence, lives = world.presence, world.lives
    return replace(
        world,
        points=world.points.select(POINT)[order],
        presence=Presence(presence.ends[order], moved(presence.sure_gaps), moved(presence.possible_gaps)),
        lives={accepts: Lives(one.scalars[order], moved(one.sure), moved(one.possible)) for accepts, one in lives.items()},
    )


def _controls() -> Mapping[str, ModuleType]:
    return modules(audit.controls.__name__)


def judge_kept(folder: Path, estate: Estate, controls: Sequence[str]) -> Iterator[tuple[Outline, list[str]]]:
    """Judge controls in the kept worlds of a folder, some together and two of these at a time, as an estate promises. Yields the outline and the faults of each."""
    looks = {name: module for name, module in _controls().items() if name in controls}

    def work(several: list[_Place]) -> tuple[Outline, list[str]]:
        return outline_in(_world(several, estate, looks), controls)

    with ThreadPoolExecutor(WORKERS) as pool:
        yield from pool.map(work, _together(folder))


def places(folder: Path) -> list[Path]:
    """Return the folders of kept worlds, in order."""
    return sorted(path for path in folder.iterdir() if path.name.isdecimal())


def repositories_of(folder: Path) -> set[str]:
    """Return the names of the repositories of kept worlds."""
    return {name for place in places(folder) for name in pl.read_ipc(place / "repositories.arrow", columns=["name"])["name"]}


class _Absent:
    """Stands where nothing was read because no control that is asked for says that it looks there."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, what: str) -> Any:
        raise LookupError(f"this control looks at {self._name}, and does not say so in LOOKS_AT")


@dataclass(frozen=True, slots=True)
class _Place:
    """A folder of a kept world, and what it says of itself."""

    folder: Path
    about: Mapping[str, Any]

    def read(self, name: str, columns: list[str] | None = None) -> pl.DataFrame:
        """Read one of its frames, or only some columns."""
        return pl.read_ipc(self.folder / f"{name}.arrow", columns=columns)


def _together(folder: Path) -> list[list[_Place]]:
    """Return the kept worlds of a folder in order, those together that are judged together."""
    found: list[list[_Place]] = []
    points = 0
    for path in places(folder):
        one = _Place(path, json.loads((path / "about.json").read_text(encoding="utf-8")))
        points += one.about["points"]
        if not found or points > AT_ONCE:
            found.append([])
            points = one.about["points"]
        found[-1].append(one)
    return found


class _Numbers:
    """How several worlds become one. In each, groups, points and pairs are numbered from zero, and the repositories that it knows: those are one where they have one name."""

    def __init__(self, several: Sequence[_Place]) -> None:
        self.places = several
        groups = [one.read("groups") for one in several]
        known = [one.read("repositories") for one in several]
        self._firsts = {
            "code": _before([one.height for one in groups]),
            "point": _before([one.about["points"] for one in several]),
            "pair": _before([one.about["pairs"] for one in several]),
        }
        names = pl.concat([one["name"] for one in known]).unique().sort()
        numbers = dict(zip(names, range(len(names)), strict=True))
        self._repositories = [
            {number: numbers[name] for number, name in one.select("repository", "name").iter_rows()} for one in known
        ]
        self.groups = self._one(groups)
        self.repositories = self._one(known).unique(["repository", "begin"], keep="first").sort("repository", "begin")

    def read(self, name: str, columns: list[str] | None = None) -> pl.DataFrame:
        """Read a frame of every world, as one."""
        return self._one([one.read(name, columns) for one in self.places])

    def codes(self, told: Sequence[Sequence[int]]) -> pl.Series:
        """Return codes of groups of every world."""
        return pl.Series(
            [first + code for first, codes in zip(self._firsts["code"], told, strict=True) for code in codes], dtype=pl.UInt32
        )

    def _one(self, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
        return pl.concat([self._renumbered(number, frame) for number, frame in enumerate(frames)])

    def _renumbered(self, number: int, frame: pl.DataFrame) -> pl.DataFrame:
        changed = {
            # A pair below zero is no pair.
            name: pl.when(pl.col(name) >= 0).then(pl.col(name) + firsts[number]).otherwise(name).cast(frame.schema[name])
            for name, firsts in self._firsts.items()
            if name in frame.columns and firsts[number]
        }
        names = self._repositories[number]
        if "repository" in frame.columns and any(key != value for key, value in names.items()):
            changed["repository"] = pl.col("repository").replace_strict(
                names, default=None, return_dtype=frame.schema["repository"]
            )
        return frame.with_columns(**changed) if changed else frame


def _before(sizes: Sequence[int]) -> list[int]:
    """Return how many come before each."""
    return [0, *accumulate(sizes[:-1])]


def _world(several: Sequence[_Place], estate: Estate, looks: Mapping[str, ModuleType]) -> World:
    numbers, abouts = _Numbers(several), [one.about for one in several]
    wanted = {name for module in looks.values() for name in module.LOOKS_AT}
    groups = numbers.groups
    estate = narrowed(estate, groups["asset"].unique().to_list())
    absent = {name: cast("Any", _Absent(name)) for name in ("lives", "presence", "standing", "checks", "runs", "unlogged")}
    lives = absent["lives"]
    if "lives" in wanted:
        frames = ("scalars", "sure", "possible")
        lives = {accepts: Lives(*(numbers.read(f"lives-{accepts}-{name}") for name in frames)) for accepts in abouts[0]["lives"]}
    presence = absent["presence"]
    if "presence" in wanted:
        presence = Presence(*(numbers.read(name) for name in ("presence", "presence-sure", "presence-possible")))
    return World(
        line=Line(abouts[0]["start"], abouts[0]["stop"]),
        groups=groups,
        segments=segments_of(estate, groups),
        policies=estate.policies,
        points=numbers.read("points", [name for name in POINT if name in wanted]),
        lives=lives,
        standing=absent["standing"],
        checks=absent["checks"],
        runs=absent["runs"],
        unlogged=absent["unlogged"],
        presence=presence,
        unseen=numbers.read("unseen"),
        blind=numbers.codes([about["blind"] for about in abouts]),
        repositories=numbers.repositories,
        records=placed_records(estate, groups),
        demands=estate.demands,
        known=estate.known,
        zone=estate.timezone,
        keeps=estate.keeps_at_least,
        prepared={
            name: numbers.read(f"prepared-{control}-{index}")
            for control, names in abouts[0]["prepared"].items()
            if control in looks and all(about["prepared"][control] == names for about in abouts)
            for index, name in enumerate(names)
        },
    )


def _write(place: Path, name: str, frame: pl.DataFrame) -> None:
    frame.write_ipc(place / f"{name}.arrow", compression="uncompressed")
