"""Kept worlds: what the controls looked at, as columns in files, so that a what-if judges other promises without reading and resolving the evidence again.

What is promised is in no file: segments, policies, records and demands come from the estate that is asked about. A control says in `LOOKS_AT` which columns of points
it looks at, and whether at `lives` and `presence`; one that does not say so is never judged here. What its `prepare` makes of a world, if it has that, is kept too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import polars as pl

import audit.controls
from audit.discovery import modules
from audit.evaluation.assess import outline_in
from audit.evaluation.chunks import WORKERS, narrowed
from audit.evaluation.outline import Outline
from audit.evaluation.records import placed_records
from audit.evaluation.what_if import WhatIf
from audit.evaluation.world import segments_of
from audit.model.estate import Estate
from audit.model.intervals import Line
from audit.model.lives import Lives
from audit.model.presence import Presence
from audit.model.world import World
from audit.policy.objectives import GENERAL

POINT = (
    "code", "pair", "repository", "captured", "restorable", "available", "first_sighting", "catalog", "immutable", "encrypted", "doubt",
)  # fmt: skip
"""The columns of points that are kept."""
SMALL = ("groups", "unseen", "repositories")


def judges() -> list[str]:
    """Return the controls that can be judged on kept worlds."""
    return [name for name, module in _controls().items() if hasattr(module, "LOOKS_AT")]


def is_enough(asked: WhatIf, estate: Estate, repositories: set[str]) -> bool:
    """Say whether kept worlds answer a what-if: all its controls are judged on them, and nothing that it changes made them.

    Of a repository that does not say what its listings show at the least, `keep` says it. `repositories`: those of the kept worlds.
    """
    keys = {path.split(".")[0] for path in asked.values}
    if keys & set(GENERAL) or not set(asked.controls()) <= set(judges()):
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
    prepared = {control: module.prepare(world) for control, module in _controls().items() if hasattr(module, "prepare")}
    for control, frames in prepared.items():
        for index, frame in enumerate(frames.values()):
            _write(place, f"prepared-{control}-{index}", frame)
    about = {
        "start": world.line.start, "stop": world.line.stop, "blind": world.blind.to_list(), "lives": list(world.lives),
        "prepared": {control: list(frames) for control, frames in prepared.items()},
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
    """Judge controls in the kept worlds of a folder, two at a time, as an estate promises. Yields the outline and the faults of each."""
    looks = {name: module for name, module in _controls().items() if name in controls}

    def work(place: Path) -> tuple[Outline, list[str]]:
        return outline_in(_world(place, estate, looks), controls)

    with ThreadPoolExecutor(WORKERS) as pool:
        yield from pool.map(work, places(folder))


def places(folder: Path) -> list[Path]:
    """Return the folders of kept worlds, in order."""
    return sorted(path for path in folder.iterdir() if path.name.isdecimal())


def repositories_of(folder: Path) -> set[str]:
    """Return the names of the repositories of kept worlds."""
    return {name for place in places(folder) for name in _read(place, "repositories", ["name"])["name"]}


class _Absent:
    """Stands where nothing was read because no control that is asked for says that it looks there."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, what: str) -> Any:
        raise LookupError(f"this control looks at {self._name}, and does not say so in LOOKS_AT")


def _world(place: Path, estate: Estate, looks: Mapping[str, ModuleType]) -> World:
    about = json.loads((place / "about.json").read_text(encoding="utf-8"))
    wanted = {name for module in looks.values() for name in module.LOOKS_AT}
    groups = _read(place, "groups")
    estate = narrowed(estate, groups["asset"].unique().to_list())
    absent = {name: cast("Any", _Absent(name)) for name in ("lives", "presence", "standing", "checks", "runs", "unlogged")}
    lives = {accepts: _lives(place, accepts) for accepts in about["lives"]} if "lives" in wanted else absent["lives"]
    presence = absent["presence"]
    if "presence" in wanted:
        presence = Presence(*(_read(place, name) for name in ("presence", "presence-sure", "presence-possible")))
    return World(
        line=Line(about["start"], about["stop"]),
        groups=groups,
        segments=segments_of(estate, groups),
        policies=estate.policies,
        points=_read(place, "points", [name for name in POINT if name in wanted]),
        lives=lives,
        standing=absent["standing"],
        checks=absent["checks"],
        runs=absent["runs"],
        unlogged=absent["unlogged"],
        presence=presence,
        unseen=_read(place, "unseen"),
        blind=pl.Series(about["blind"], dtype=pl.UInt32),
        repositories=_read(place, "repositories"),
        records=placed_records(estate, groups),
        demands=estate.demands,
        known=estate.known,
        zone=estate.timezone,
        keeps=estate.keeps_at_least,
        prepared={
            name: _read(place, f"prepared-{control}-{index}")
            for control, names in about["prepared"].items()
            if control in looks
            for index, name in enumerate(names)
        },
    )


def _lives(place: Path, accepts: bool) -> Lives:
    return Lives(*(_read(place, f"lives-{accepts}-{name}") for name in ("scalars", "sure", "possible")))


def _write(place: Path, name: str, frame: pl.DataFrame) -> None:
    frame.write_ipc(place / f"{name}.arrow", compression="uncompressed")


def _read(place: Path, name: str, columns: list[str] | None = None) -> pl.DataFrame:
    return pl.read_ipc(place / f"{name}.arrow", columns=columns)
