"""Evidence: each source that an asset hangs on delivered when expected, all of it could be read, and the journal that holds it is unbroken (design 5, "evidence").

A silent source breaks no promise about recovery points: what they lack then is unproven. It breaks this one, to deliver evidence of them. Everything here is worked
out once for each source, and then given to the groups that name it. Instants are Int64 microseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl
from pydantic import Field

from audit.controls._each import versions
from audit.controls._objectives import Length, Objective
from audit.controls._weaker import Shortfall, shorter, weaker
from audit.model.deliveries import due, zone_of
from audit.model.envelope import time_text
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT, Line, empty, intersect, islands, subtract, union
from audit.model.terms import FOR_EVER, Term, instant, micros
from audit.model.world import Layer, Outcome, World


class Delivered(Objective):
    """`evidence: true`, or `evidence: {tolerance: 2h}`."""

    AS_TRUE = "evidence"

    tolerance: Length | None = Field(None, description="how much later than its source's `expected_every` evidence may come")

    def weaker_than(self, least: Delivered, zone: str) -> Iterator[Shortfall]:
        """Yield in what it lets evidence come later."""
        nothing = Term()
        ours, theirs = self.tolerance or nothing, least.tolerance or nothing
        yield from weaker("tolerance", self.tolerance or "none", least.tolerance or "none", shorter([theirs], [ours], zone))


OBJECTIVES = {"evidence": Delivered}
NEVER_WAIVED = True
READS_KNOWN = True
READS_SOURCES = True
"""It is judged on all payloads of a source, also on those that tell nothing of the asset, and on the journal itself."""
DELIVERY, QUARANTINE, JOURNAL = LEGS = ("delivery", "quarantine", "journal")
NAMED = 5
"""How many sources a breach names at the most."""
FAILING = {"code": pl.UInt32, "source": pl.String, "key": pl.String, "begin": INT, "end": INT}
"""`key`: why it is unproven; null: it is breached."""


def _applies(policy: PolicyVersion) -> bool:
    return "evidence" in policy.objectives


def evaluate(world: World) -> list[Outcome]:
    """Judge every group whose policy asks for evidence, leg by leg: breached while one of its sources surely fails, met while none may."""
    outcomes = []
    for whole in world.layers(_applies):
        judged, grace = world.judged(whole)
        for leg in LEGS:
            breached, unproven = empty(), empty()
            for layer, policy in versions(world, whole):
                rows = _failing(world, layer, policy, leg)
                for_sure = pl.col("key").is_null()
                breached = union(breached, world.on_line(rows.filter(for_sure)))
                unproven = union(unproven, world.on_line(rows.filter(~for_sure)))
            outcomes.append(world.outcome(whole, leg, judged, grace, breached, unproven, of_points=False))
    return outcomes


def doubts(world: World, names: tuple[str, ...]) -> pl.DataFrame:  # noqa: ARG001 - it has no doubts about points
    """Return why it is unproven, and when: `code`, `pair` (none), `repository` (none), `key`, `leg`, `begin`, `end`."""
    found = [pl.DataFrame(schema={**FAILING, "leg": pl.String})]
    for leg in LEGS:
        for whole in world.layers(_applies):
            for layer, policy in versions(world, whole):
                rows = _failing(world, layer, policy, leg).filter(pl.col("key").is_not_null())
                found.append(rows.with_columns(leg=pl.lit(leg)))
    # Of several sources that are in doubt for one reason, whichever is in doubt there counts, not only the last to begin.
    rows = pl.concat(found)
    numbers = rows.select("source").unique().sort("source").with_row_index("number")
    rows = rows.join(numbers, on="source", nulls_equal=True).with_columns(
        pair=-1 - pl.col("number").cast(pl.Int32), repository=pl.lit(None, pl.Int32)
    )
    return rows.select("code", "pair", "repository", "key", "leg", "begin", "end")


def told(world: World, stretches: pl.DataFrame, *, surely: bool) -> Mapping[int, dict[str, Any]]:
    """Return, by `row` of stretches (`row`, `code`, `policy`, `leg`, `begin`, `end`), which sources surely (or not surely) fail in it, since when, and the payloads that show it."""
    found: dict[int, dict[str, Any]] = {}
    for (leg, index), asked in stretches.group_by("leg", "policy", maintain_order=True):
        policy = world.policies[index]
        whole = Layer(asked.group_by("code").agg(pl.col("begin").min(), pl.col("end").max()), world.groups.height)
        rows = _failing(world, whole, policy, str(leg)).filter(pl.col("key").is_null() == surely)
        rows = asked.select("row", "code", since="begin", until="end").join(rows, on="code")
        rows = rows.filter((pl.col("begin") < pl.col("until")) & (pl.col("since") < pl.col("end")))
        firsts = (
            rows.drop_nulls("source").sort("row", "begin", "source").unique(["row", "source"], keep="first", maintain_order=True)
        )
        for row, source, begin in firsts.select("row", "source", pl.max_horizontal("begin", "since")).iter_rows():
            if surely:
                _name(found.setdefault(row, {}), str(leg), _last(world, source, begin, str(leg)), source)
            else:
                found.setdefault(row, {"sources": []})["sources"].append(source)
    return found


def _name(detail: dict[str, Any], leg: str, last: dict[str, Any], source: str) -> None:
    """Add to what is told of a breach one source that fails: what was the last of it."""
    if leg == JOURNAL:
        return
    some = detail.setdefault("late" if leg == DELIVERY else "unread", [])
    if len(some) < NAMED:
        entries = last.pop("entries", ())
        some.append({"source": source, **last})
        detail.setdefault("evidence", []).extend((entry, "") for entry in entries)


def _last(world: World, source: str, at: int, leg: str) -> dict[str, Any]:
    """Return what a source had last delivered when it failed: `last_at`, `entries`, and of what could not be read how many `rows`."""
    mine = world.deliveries.filter((pl.col("source") == source) & (pl.col("at") <= at))
    mine = mine.filter("read") if leg == DELIVERY else mine
    mine = mine.filter(pl.col("at") == pl.col("at").max())
    if leg == QUARANTINE:
        mine = mine.filter(pl.col("unread") > 0)
    if mine.is_empty():
        return {}
    counted = {"rows": int(mine["unread"].sum())} if leg == QUARANTINE else {}
    return {"last_at": time_text(instant(mine["at"][0])), **counted, "entries": mine["entry"].sort().head(NAMED).to_list()}


def _failing(world: World, layer: Layer, policy: PolicyVersion, leg: str) -> pl.DataFrame:
    """Return when a leg fails for the groups of a layer, by the source that fails it (FAILING). Where none of its sources is in use, no evidence of a group is promised at all."""
    uses = world.feeds.join(layer.frame.select("code", low="begin", high="end"), on="code").with_columns(
        begin=pl.max_horizontal("begin", "low"), end=pl.min_horizontal("end", "high")
    )
    feeds = _Feeds(world, policy, sorted(set(uses["source"])))
    uses = uses.filter(pl.col("begin") < pl.col("end"))

    def given(rows: pl.DataFrame) -> pl.DataFrame:
        both = uses.select("code", "source", "begin", "end").join(rows, on="source", suffix="_of")
        both = both.with_columns(begin=pl.max_horizontal("begin", "begin_of"), end=pl.min_horizontal("end", "end_of"))
        return both.filter(pl.col("begin") < pl.col("end"))

    failing = given(feeds.failing(leg))
    used = world.on_line(given(feeds.named(feeds.window).with_columns(key=pl.lit(None, pl.String))))
    idle = world.line.get(subtract(world.on_line(layer.frame), used), "code")
    none = {"source": pl.lit(None, pl.String), "key": pl.lit("no-source")}
    return pl.concat([
        rows.select(pl.col(name).cast(kind) for name, kind in FAILING.items()) for rows in (failing, idle.with_columns(**none))
    ])  # fmt: skip


class _Feeds:
    """What some sources delivered, laid on a line of sources within the period, as a policy version judges it."""

    def __init__(self, world: World, policy: PolicyVersion, names: list[str]) -> None:
        self.world, self.names = world, names
        self.line = Line(world.line.start, world.line.stop)
        self.tolerance = policy.objectives["evidence"].tolerance
        own = [world.sources.get(name) for name in names]
        self.frame = pl.DataFrame(
            {
                "number": range(len(names)),
                "source": names,
                "since": [None if one is None or one.since is None else micros(one.since) for one in own],
                "until": [None if one is None or one.until is None else micros(one.until) for one in own],
                "interval": [one is not None and one.expected_every is not None for one in own],
            },
            schema={"number": INT, "source": pl.String, "since": INT, "until": INT, "interval": pl.Boolean},
        )
        self.window = self._put(self.frame, pl.col("since").fill_null(-FOR_EVER), pl.col("until").fill_null(FOR_EVER))
        every = self.frame.select("number", "source").join(world.deliveries, on="source")
        self.mine = every.sort("number", "at", "entry")
        nobody = world.deliveries.filter(pl.col("source").is_null()).drop("source")
        self.anyone = self.frame.select("number").join(nobody, how="cross").sort("number", "at", "entry")

    def failing(self, leg: str) -> pl.DataFrame:
        """Return when a leg fails: `source`, `key` (null: surely), `begin`, `end`."""
        left, reasons = {DELIVERY: self._delivery, QUARANTINE: self._quarantine, JOURNAL: self._journal}[leg]()
        left = intersect(left, self.window)
        found = []
        for key, stretches in reasons:
            found.append(self.named(intersect(left, stretches)).with_columns(key=pl.lit(key)))
            left = subtract(left, stretches)
        return pl.concat([*found, self.named(left).with_columns(key=pl.lit(None, pl.String))])

    def named(self, stretches: pl.DataFrame) -> pl.DataFrame:
        """Return islands on the line as `source`, `begin`, `end`."""
        rows = self.line.get(stretches, "number")
        return rows.select(self.frame["source"].gather(rows["number"]), "begin", "end")

    def _put(self, rows: pl.DataFrame, begin: pl.Expr, end: pl.Expr) -> pl.DataFrame:
        return islands(rows.select(*self.line.put(pl.col("number"), begin, end)))

    def _delivery(self) -> tuple[pl.DataFrame, list[tuple[str, pl.DataFrame]]]:
        """Late is what is not within its interval of a payload, or of the instant from which the source is said to deliver."""
        stop = pl.lit(FOR_EVER, INT)
        started = self.frame.drop_nulls("since").select("number", at="since")
        punctual = self._punctual(pl.concat([self.mine.filter("read").select("number", "at"), started]))
        first = self.frame.join(self.mine.filter("read").group_by("number").agg(first=pl.col("at").min()), on="number", how="left")
        unheard = self._put(first.filter(pl.col("since").is_null()), pl.lit(-FOR_EVER, INT), pl.col("first").fill_null(FOR_EVER))
        reasons = [
            ("no-interval", self._put(self.frame.filter(~pl.col("interval")), pl.lit(-FOR_EVER, INT), stop)),
            ("not-yet-known", self._unknown()),
            ("no-delivery", unheard),
            ("unnamed-delivery", self._punctual(self.anyone.filter("read").select("number", "at"))),
        ]
        return subtract(self.window, punctual), reasons

    def _punctual(self, instants: pl.DataFrame) -> pl.DataFrame:
        """Return, as islands, when sources are not late that delivered at instants (`number`, `at`)."""
        found = [empty()]
        for number, name in enumerate(self.names):
            source = self.world.sources.get(name)
            if source is not None and source.expected_every is not None:
                rows = instants.filter(pl.col("number") == number)
                until = due(rows["at"], source.expected_every, zone_of(source, self.world.zone), self.tolerance)
                found.append(self._put(rows.with_columns(until=until), pl.col("at"), pl.col("until")))
        return union(*found)

    def _quarantine(self) -> tuple[pl.DataFrame, list[tuple[str, pl.DataFrame]]]:
        """What a source delivered last counts, until it delivers again. No act of this version explains what could not be read: none of it is explained."""
        states = self.mine.group_by("number", "at").agg(whole=(pl.col("unread") == 0).all()).sort("number", "at")
        states = states.with_columns(until=pl.col("at").shift(-1).over("number").fill_null(FOR_EVER))
        whole = self._put(states.filter("whole"), pl.col("at"), pl.col("until"))
        some = self._put(states, pl.col("at"), pl.col("until"))
        strays = self.anyone.filter(pl.col("unread") > 0).select("number", "at")
        nexts = states.select("number", next="at").sort("next")
        strays = strays.sort("at").join_asof(
            nexts, left_on="at", right_on="next", by="number", strategy="forward", allow_exact_matches=False, check_sortedness=False
        )
        perhaps = self._put(strays, pl.col("at"), pl.col("next").fill_null(FOR_EVER))
        unknown = self._unknown()
        left = subtract(self.window, subtract(subtract(whole, perhaps), unknown))
        reasons = [
            ("not-yet-known", unknown),
            ("no-delivery", subtract(self.window, some)),
            ("unnamed-delivery", intersect(perhaps, whole)),
        ]
        return left, reasons

    def _journal(self) -> tuple[pl.DataFrame, list[tuple[str, pl.DataFrame]]]:
        """A chain that is broken anywhere proves nothing of what it holds, at any time; where it holds nothing of a source, there is nothing to be proven."""
        heard = set(self.mine["number"])
        silent = self._put(self.frame.filter(~pl.col("number").is_in(list(heard))), pl.lit(-FOR_EVER, INT), pl.lit(FOR_EVER, INT))
        intact = None if self.world.known is None else self.world.known.intact
        if intact:
            return silent, [("no-delivery", silent)]
        return self.window, [("no-delivery", silent)] + ([("journal-unchecked", self.window)] if intact is None else [])

    def _unknown(self) -> pl.DataFrame:
        """Return, as islands, from when on evidence may still be received that speaks of the time."""
        known = self.world.known
        at = -FOR_EVER if known is None else micros(known.at)
        return self._put(self.frame, pl.lit(at, INT), pl.lit(FOR_EVER, INT))
