"""Breaches and unproven stretches as lists, and the timelines of an asset: what several pages show alike."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import polars as pl
from flask import url_for
from markupsafe import Markup

from audit.content import Content
from audit.evaluation.kept import KeptAssessment
from audit.model.document import State, Stretch
from audit.model.terms import local
from audit.reporting.causes import brief
from audit.reporting.details import detail_text
from audit.reporting.strips import Tick, paths, ticks
from audit.reporting.timelines import SHORTEST, Line, asset_lines
from audit.reporting.words import plain
from audit.web._lists import Column
from audit.web._site import site
from audit.web._words import context, markup, words


def unit_word(unit: str) -> str:
    """Return the title of a unit in the reader's language."""
    return plain(context().unit_title(unit))


def title(noun: str, name: str, known_at: int | None = None) -> str:
    """Return how people call a declared asset or source in the reader's language; nothing where it has no title."""
    texts = site().estate(known_at).titles.get(noun, {}).get(name)
    return plain(words().translated(texts, "")) if texts else ""


def with_titles(frame: pl.DataFrame, noun: str, known_at: int | None = None) -> pl.DataFrame:
    """Return a frame with `title`: that of the thing whose name stands in the column of its noun."""
    names = frame[noun].drop_nulls().unique()
    told = pl.DataFrame(
        {noun: names, "title": [title(noun, name, known_at) for name in names]}, schema={noun: pl.String, "title": pl.String}
    )
    return frame.join(told, on=noun, how="left", maintain_order="left")


def control_word(control: str) -> str:
    """Return the title of a control in the reader's language."""
    return plain(context().control(control))


def leg_column() -> Column:
    """Return the column of legs, each in words by its control."""
    return Column("leg_of", "labels.leg", "text", word=lambda told: plain(context().leg(*told.split("/", 1))) if told else "")


def with_leg(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame of results or stretches with `leg_of` (control/leg; null: none), as `leg_column` shows it."""
    return frame.with_columns(leg_of=pl.when(pl.col("leg").is_not_null()).then(pl.format("{}/{}", "control", "leg")))


def told(detail: Mapping[str, Any]) -> Markup:
    """Return what would settle an unproven stretch, from its detail, in words; its reasons are said elsewhere."""
    return markup(detail_text({key: value for key, value in detail.items() if key != "reasons"}, context()))


def happened(kept: KeptAssessment, row: Mapping[str, Any]) -> Markup:
    """Return in short what happened in a breach: what was broken, and how great the exposure was."""
    formats = words().formats
    exposure = json.loads(row["detail"]).get("exposure_seconds")
    key = (row["control"], row["leg"], row["policy"], row["version"], exposure, kept.as_known_at)
    return _happened(key, formats.language, formats.zone.key, site().content)


@lru_cache(maxsize=10_000)
def _happened(key: tuple[Any, ...], language: str, zone: str, content: Content) -> Markup:  # noqa: ARG001 - what the words of the request depend on
    control, leg, name, version, exposure, known = key
    policies = site().estate(known).policies
    policy = next((one for one in policies if (one.name, one.version) == (name, version)), None)
    return markup(brief(control, leg, policy, {"exposure_seconds": exposure}, context()))


def reason_word(reason: str) -> str:
    """Return in words why something is unproven."""
    return plain(words().worded(f"reasons.{reason}.text", reason))


def numbered(kept: KeptAssessment, kind: str) -> pl.DataFrame:
    """Return the breaches or unproven stretches (`kind`) of an assessment with the number that stands in their address."""
    return site().of(kept, f"numbered {kind}", lambda: with_leg(lasting(getattr(kept, kind)).with_row_index("number")))


def lasting(stretches: pl.DataFrame) -> pl.DataFrame:
    """Return stretches whose `seconds` are null where something was judged at one instant: that has no length."""
    return stretches.with_columns(seconds=pl.when(pl.col("seconds") >= SHORTEST).then(pl.col("seconds")))


def stretch_columns(kept: KeptAssessment, kind: str, *, of_one_asset: bool = False) -> tuple[Column, ...]:
    """Return the columns of a list of breaches or unproven stretches."""

    def stretch(row: Mapping[str, Any]) -> str:
        return url_for(f"{kind}.one", number=row["number"], assessment=kept.id)

    def asset(row: Mapping[str, Any]) -> str:
        return url_for("assets.asset", name=row["asset"], assessment=kept.id)

    own = () if of_one_asset else (
        Column("asset", "labels.asset", search=True, link=asset),
        Column("unit", "labels.unit", "text", choose=True, word=unit_word),
    )  # fmt: skip
    why = (
        Column("reason", "unproven.why", "text", choose=True, word=reason_word)
        if kind == "unproven"
        else Column("detail", "stretches.happened", "text", shown=lambda row: happened(kept, row))
    )
    return (
        *own,
        Column("control", "labels.control", "text", choose=True, word=control_word),
        leg_column(),
        Column("part", "labels.part-title", search=not of_one_asset),
        Column("from", "labels.from", "instant", link=stretch),
        Column("to", "labels.to", "instant"),
        Column("seconds", "labels.length", "duration"),
        why,
    )


# Timelines that can be zoomed.


@dataclass(frozen=True, slots=True)
class Window:
    """What of a period is shown: [since, until) inside [first, last)."""

    first: datetime
    last: datetime
    since: datetime
    until: datetime

    @property
    def whole(self) -> bool:
        """Whether all of the period is shown."""
        return (self.since, self.until) == (self.first, self.last)

    def moved(self, factor: float, shift: float = 0.0) -> Window:
        """Return the window made `factor` times as long around its middle and shifted by a share of its length, kept inside the period."""
        length = min(max((self.until - self.since) * factor, timedelta(minutes=1)), self.last - self.first)
        middle = self.since + (self.until - self.since) / 2 + (self.until - self.since) * shift
        since = min(max(middle - length / 2, self.first), self.last - length)
        return Window(self.first, self.last, since, since + length)

    def query(self) -> dict[str, str]:
        """Return the window as a query; nothing for the whole period."""
        return {} if self.whole else {"since": instant_text(self.since), "until": instant_text(self.until)}


def window_of(query: Mapping[str, str], first: datetime, last: datetime, zone: str) -> Window:
    """Return the window a query asks for with `since` and `until` (a day or an instant; naive ones in `zone`), kept inside the period."""
    since, until = (_instant(query.get(key), zone) for key in ("since", "until"))
    since = min(max(since or first, first), last)
    until = min(max(until or last, first), last)
    if until - since < timedelta(seconds=1):
        since, until = first, last
    return Window(first, last, since, until)


def _instant(text: str | None, zone: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return local(found, zone) if found is not None and found.tzinfo is None else found


def instant_text(instant: datetime) -> str:
    """Return an instant as it stands in an address."""
    return instant.astimezone(instant.tzinfo).strftime("%Y-%m-%dT%H:%M:%SZ")


def strip_paths(stretches: Sequence[Stretch], window: Window) -> dict[State, str]:
    """Return the paths of stretches as they are seen in a window."""
    inside = [
        Stretch(max(one.since, window.since), min(one.until, window.until), one.state)
        for one in stretches
        if one.since < window.until and one.until > window.since
    ]
    return paths(inside, window.since, window.until)


def lines_of(kept: KeptAssessment, asset: str) -> tuple[Line, ...]:
    """Return the timelines of one asset; none when nothing was judged of it."""
    estate = site().estate(kept.as_known_at)
    own = replace(estate, segments=estate.segments.filter(pl.col("asset") == asset))
    found = asset_lines(kept.assessment([asset]), own)
    return found[0].lines if found else ()


def strips(lines: Sequence[Line], window: Window) -> list[dict[str, Any]]:
    """Return lines of a timeline for the template: label, verdict, shares, paths in the window."""
    here = context()
    return [
        {
            "label": here.promise(line.control, line.leg, line.part),
            "verdict": line.verdict,
            "met": line.share("met"),
            "met_up_to": line.share("met_up_to"),
            # What is judged at one instant has no timeline: a line of it would say that it held all the time.
            "paths": strip_paths(line.stretches, window) if line.stretches and line.judged_seconds >= SHORTEST else None,
        }
        for line in lines
    ]


def axis(window: Window) -> list[Tick]:
    """Return the ticks of a window."""
    return ticks(window.since, window.until, words().formats)
