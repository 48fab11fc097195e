"""Why, for one asset that somebody asks about: of each unproven stretch the points that are in doubt and what says so, and of what is met the points or records
at both ends of the judged time. Each with its places in the evidence. Pure; no assessment holds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

import audit.controls
from audit.discovery import modules
from audit.evaluation import in_doubt
from audit.evaluation.explain import DOUBTS
from audit.evaluation.facts import Facts
from audit.evaluation.results import POINTS_NAMED, Evidence, point_told
from audit.model.envelope import time_text
from audit.model.terms import instant, micros
from audit.model.verdicts import EvidenceRef, Result, Unproven, Verdict
from audit.model.world import World

TOLD = ("id", "repository", "captured", "available", "entry", "locator")

JUDGED_AT = {"code": pl.UInt32, "policy": pl.Int32, "leg": pl.String, "begin": pl.Int64}


@dataclass(frozen=True, slots=True)
class Why:
    """Of each unproven stretch, by the places of its result and of itself, and of each met result, by its place: what is told, as JSON values."""

    unproven: Mapping[tuple[int, int], Mapping[str, Any]]
    met: Mapping[int, Sequence[Mapping[str, Any]]]

    @property
    def references(self) -> list[EvidenceRef]:
        """Every place in the evidence that is named, each once, in order."""
        return list(dict.fromkeys([*references_of(list(self.unproven.values())), *references_of(list(self.met.values()))]))


def references_of(told: Any) -> Iterator[EvidenceRef]:
    """Yield the places in the evidence that something told names anywhere, in order."""
    if isinstance(told, Mapping):
        for key, value in told.items():
            yield from (EvidenceRef(**one) for one in value) if key == "evidence" else references_of(value)
    elif isinstance(told, list | tuple):
        for one in told:
            yield from references_of(one)


class Explaining:
    """Explains results of the world of an asset by its facts. Each of what several stretches need is worked out once."""

    def __init__(self, world: World, facts: Facts, evidence: Evidence) -> None:
        self.world, self.facts, self.evidence = world, facts, evidence
        self.damaged = in_doubt.damages(facts)
        self.codes = {(asset, part): code for code, asset, part in world.groups.select("code", "asset", "part").iter_rows()}
        self.numbers = {name: number for number, name in evidence.repositories.items()}
        self.policies = {(one.name, one.version): index for index, one in enumerate(world.policies)}
        self.listed: dict[tuple[int, int], list[tuple[int, str | None]]] = {}
        for pair, at, entry, locator in evidence.listings.select("pair", "at", "entry", "locator").iter_rows():
            self.listed.setdefault((pair, at), []).append((entry, locator))
        self.told: dict[int, dict[str, Any]] = {}

    def why(self, results: Sequence[Result]) -> Why:
        """Explain results of this world."""
        stretches = [(place, number, one) for place, result in enumerate(results) for number, one in enumerate(result.unproven)]
        points = self._in_doubt([(results[place], one) for place, _, one in stretches])
        listings = self._listings([(results[place], one) for place, _, one in stretches])
        unproven = {
            (place, number): {
                **({"points": points[row]} if row in points else {}),
                **({"listings": listings[row]} if row in listings else {}),
            }
            for row, (place, number, _) in enumerate(stretches)
        }
        return Why(unproven, self._met(results))

    def _accepts(self, result: Result) -> bool:
        index = self._policy(result)
        return False if index is None else self.world.policies[index].accept_partial

    def _policy(self, result: Result) -> int | None:
        return None if result.policy is None or result.version is None else self.policies.get((result.policy, result.version))

    def _reach(self, result: Result) -> int | None:
        """Return how old a point may be that counts for a control, where it says so."""
        module, index = modules(audit.controls.__name__)[result.control], self._policy(result)
        says = getattr(module, "reach", getattr(module, "allowance", None))
        found = None if says is None or index is None else says(self.world.policies[index])
        return int(found) if isinstance(found, int) else None

    def _in_doubt(self, stretches: Sequence[tuple[Result, Unproven]]) -> dict[int, dict[str, Any]]:
        """Return, by unproven stretch, the points that are in doubt where it begins: how many, and of the first why each is."""
        asked: list[tuple[Any, ...]] = [
            (
                row, self.codes[result.asset, result.part], self._accepts(result), micros(one.since), self._reach(result),
                [self.numbers[name] for name in one.detail.get("repositories", ()) if name in self.numbers],
                [place for place, name in enumerate(DOUBTS) if name in keys_of(one)],
            )
            for row, (result, one) in enumerate(stretches)
        ]  # fmt: skip
        frame = pl.DataFrame(asked, schema=in_doubt.ASKED, orient="row")
        world = self.world.at_latest()  # in which what nobody dated is in doubt for that
        found = in_doubt.points_in_doubt(world, self.facts, self.damaged, frame, POINTS_NAMED)
        told: dict[int, dict[str, Any]] = {}
        doubts = self._doubts(found)
        for row, point, count in found.select("row", "point", "count").iter_rows():
            one = self._point(point)
            why = doubts.get((row, point)) or [{"reason": DOUBTS[world.points["doubt"][point]]}]
            told.setdefault(row, {"count": count, "points": []})["points"].append({**one, "doubts": why})
        self._add_unsure(told, stretches)
        return told

    def _add_unsure(self, told: dict[int, dict[str, Any]], stretches: Sequence[tuple[Result, Unproven]]) -> None:
        """Add the points that surely live where a stretch begins, and of which its control does not know whether they have what it asks: the newest, and how many."""
        asked: dict[str, list[tuple[Any, ...]]] = {}
        for row, (result, one) in enumerate(stretches):
            module = modules(audit.controls.__name__)[result.control]
            if hasattr(module, "unsure") and module.UNKNOWN in keys_of(one):
                at = micros(one.since)
                place = (row, self.codes[result.asset, result.part], self._policy(result), result.leg, at, at + 1)
                asked.setdefault(result.control, []).append(place)
        for control, rows in asked.items():
            module = modules(audit.controls.__name__)[control]
            schema = {"row": pl.UInt32, **JUDGED_AT, "end": pl.Int64}
            found = module.unsure(self.world, pl.DataFrame(rows, schema=schema, orient="row")).unique()
            named = found.with_columns(
                captured=self.world.points["restorable"].gather(found["point"]),
                identity=self.world.points["id"].gather(found["point"]),
            )
            named = named.sort("row", "captured", "identity", "point", descending=[False, True, False, False])
            for row, point in named.select("row", "point").iter_rows():
                mine = told.setdefault(row, {"count": 0, "points": []})
                mine["count"] += 1
                if len(mine["points"]) < POINTS_NAMED:
                    mine["points"].append({**self._point(point), "doubts": [{"reason": module.UNKNOWN}]})

    def _doubts(self, found: pl.DataFrame) -> dict[tuple[int, int], list[dict[str, Any]]]:
        """Return, by row and point, why points are in doubt; of those that need another, why that one is."""
        roots = in_doubt.roots_of(self.world, self.facts, self.damaged, found.select("row", "at", "point"))
        both = pl.concat([
            found.select("row", "at", "point", *in_doubt.OWN), roots.select("row", "at", *in_doubt.OWN, point="root").select("row", "at", "point", *in_doubt.OWN),
        ]).unique(["row", "point"], maintain_order=True)  # fmt: skip
        seen = {
            (row, point): rest
            for row, point, *rest in in_doubt.seen_and_missed(
                self.world, both.filter("absent").select("row", "point", "at")
            ).iter_rows()
        }
        damaged = in_doubt.told_damaged(self.damaged, both.filter("damaged").select("row", "point", instant="at"))
        broken = {(one["row"], one["point"]): one for one in damaged.iter_rows(named=True)}
        told: dict[tuple[int, int], list[dict[str, Any]]] = {}
        for row, point, absent, is_damaged, alone in both.select("row", "point", *in_doubt.OWN).iter_rows():
            mine = told.setdefault((row, point), [])
            if is_damaged:
                mine.append(self._integrity(point, broken[row, point]))
            if absent:
                mine.append(self._presence(point, *seen[row, point]))
            if alone:
                mine.append({"reason": in_doubt.CHAIN, "base": None})
        # All of what is in doubt by itself is told by now, and what needs it may tell of it.
        by_itself = {key: list(doubts) for key, doubts in told.items()}
        for row, point, root in roots.select("row", "point", "root").iter_rows():
            told[row, point].append({"reason": in_doubt.CHAIN, "base": {**self._point(root), "doubts": by_itself[row, root]}})
        return told

    def _integrity(self, point: int, damage: Mapping[str, Any]) -> dict[str, Any]:
        """Return what says that a point may be damaged: a check of it, of its original, or of the whole repository."""
        told: dict[str, Any] = {"reason": in_doubt.INTEGRITY, "found_at": time_text(instant(damage["at"]))}
        if damage["of"] is not None and damage["of"] != point:
            told["copy_of"] = self._point(damage["of"])
        if damage["run"] is not None:
            told["run"] = damage["run"]
        return {**told, "evidence": [self._ref(damage["entry"], damage["locator"])]}

    def _presence(self, point: int, seen: int | None, missed: int | None) -> dict[str, Any]:
        """Return between which listings a point may have gone; of one that only a job told of, the run."""
        entry, locator, catalog, pair = self.world.points.select("entry", "locator", "catalog", "pair").row(point)
        if not catalog:
            runs = self.facts.runs.filter((pl.col("entry") == entry) & pl.col("locator").eq_missing(locator))
            return {
                "reason": in_doubt.JOB_ONLY,
                "run": runs["id"].first() if runs.height else None,
                "evidence": [self._ref(entry, locator)],
            }
        told: dict[str, Any] = {"reason": in_doubt.PRESENCE, "last_listed_at": _time(seen), "missing_at": _time(missed)}
        places = [place for at in (seen, missed) if at is not None for place in self.listed.get((pair, at), ())]
        return {**told, "evidence": [self._ref(*place) for place in places]}

    def _point(self, point: int) -> dict[str, Any]:
        if point not in self.told:
            row = self.world.points.select(TOLD).row(point)
            self.told[point] = {**point_told(row, self.evidence), "evidence": [self._ref(row[4], row[5])]}
        return self.told[point]

    def _ref(self, entry: int, locator: str | None) -> dict[str, Any]:
        return EvidenceRef(entry, self.evidence.sha256.get(entry, ""), locator or "").to_json()

    def _listings(self, stretches: Sequence[tuple[Result, Unproven]]) -> dict[int, list[dict[str, Any]]]:
        """Return, by unproven stretch, the last complete listing of each repository that is named, at or before it begins."""
        asked, told = [], {}
        for row, (result, one) in enumerate(stretches):
            names, sources = one.detail.get("repositories") or (), one.detail.get("sources") or ()
            pairs = [(pair, *both) for pair, both in self.evidence.pairs.items() if both[1] in names and both[0] in sources]
            asked += [(row, self.codes[result.asset, result.part], pair, micros(one.since)) for pair, _, _ in pairs]
            unlisted = [name for name in names if name not in {repository for _, _, repository in pairs}]
            told[row] = [{"source": None, "repository": name, "listed_at": None, "evidence": []} for name in sorted(unlisted)]
        frame = pl.DataFrame(asked, schema={"row": pl.UInt32, "code": pl.UInt32, "pair": pl.Int32, "at": pl.Int64}, orient="row")
        for row, pair, at, entry, locator in in_doubt.last_listings(
            self.evidence.listings, self.evidence.scopes, frame
        ).iter_rows():
            source, repository = self.evidence.pairs[pair]
            refs = [] if entry is None else [self._ref(entry, locator)]
            told[row].append({"source": source, "repository": repository, "listed_at": _time(at), "evidence": refs})
        return {row: sorted(some, key=lambda one: (one["repository"], one["source"] or "")) for row, some in told.items() if some}

    def _met(self, results: Sequence[Result]) -> dict[int, list[dict[str, Any]]]:
        """Return, by met result, what lived or was recorded at the first and the last instant of its judged time."""
        kept = [
            (place, result, at)
            for place, result in enumerate(results)
            if result.verdict is Verdict.MET and result.judged
            for at in dict.fromkeys([micros(result.judged[0][0]), micros(result.judged[-1][1]) - 1])
        ]
        asked: list[tuple[Any, ...]] = [
            (row, self.codes[result.asset, result.part], self._accepts(result), at, None, [], [])
            for row, (_, result, at) in enumerate(kept)
        ]
        frame = pl.DataFrame(asked, schema=in_doubt.ASKED, orient="row")
        of_points = [row for row, (_, result, _) in enumerate(kept) if result.provenance is not None]
        points: dict[int, dict[str, Any]] = {}
        living = in_doubt.points_living(self.world, frame.filter(pl.col("row").is_in(of_points)), POINTS_NAMED)
        for row, point, count in living.iter_rows():
            points.setdefault(row, {"count": count, "points": []})["points"].append(self._point(point))
        found: dict[int, list[dict[str, Any]]] = {}
        for row, (place, result, at) in enumerate(kept):
            told: dict[str, Any] = {"points": points[row]} if row in points else {}
            if records := self._records(result, at):
                told["records"] = records
            if told:
                found.setdefault(place, []).append({"at": time_text(instant(at)), **told})
        return found

    def _records(self, result: Result, at: int) -> list[dict[str, Any]]:
        """Return the register records that make a control met at an instant, where it says so."""
        module = modules(audit.controls.__name__)[result.control]
        if not hasattr(module, "kept_by"):
            return []
        told = [(0, self.codes[result.asset, result.part], self._policy(result), result.leg, at)]
        rows = pl.DataFrame(told, schema={"row": pl.UInt32, **JUDGED_AT}, orient="row")
        named = module.kept_by(self.world, rows).select("id", "entry", "sha256", "by")
        return [
            {"record": identity, "by": by, "evidence": [EvidenceRef(entry, sha256, "").to_json()]}
            for identity, entry, sha256, by in named.iter_rows()
        ]


def keys_of(stretch: Unproven) -> tuple[str, ...]:
    """Return why a stretch is unproven, as message keys: all of them where several came together."""
    return tuple(stretch.detail.get("reasons") or (stretch.reason,))


def _time(at: int | None) -> str | None:
    return None if at is None else time_text(instant(at))
