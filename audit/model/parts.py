"""Parts through time: when each part of an asset is declared (docs/definitions.md, section 6). Plain Python: few assets ever change their parts. Instants are microseconds.

A *group* is an asset, or one part of it. Segments tell of assets; a part that comes later or goes earlier has its own, in which it is in service only while it is there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import polars as pl

from audit.model.terms import FOR_EVER

Span = tuple[int, int]
Name = tuple[str, str]
"""Source and subject."""
Part = str | None
THERE = {"code": pl.UInt32, "begin": pl.Int64, "end": pl.Int64, "fresh": pl.Boolean}


def there(groups: pl.DataFrame, aliases: pl.DataFrame) -> pl.DataFrame:
    """Return when groups are declared that are not always (THERE). fresh: the first stretch of a part that came as something new: while none of its asset went, and with names that its
    asset never had.

    groups: `code`, `asset`, `part`: all parts of each asset. aliases: `asset`, `part`, `source`, `subject`, `begin`, `end`.
    """
    bounded = aliases.filter((pl.col("begin") > -FOR_EVER) | (pl.col("end") < FOR_EVER))["asset"].unique()
    codes = {(asset, part): code for code, asset, part in groups.select("code", "asset", "part").iter_rows()}
    rows: list[tuple[int, int, int, bool]] = []
    mine = (
        aliases.filter(pl.col("asset").is_in(bounded.implode()))
        .select("asset", "part", "source", "subject", "begin", "end")
        .sort("asset")
    )
    named: dict[str, dict[Part, list[tuple[Name, Span]]]] = defaultdict(lambda: defaultdict(list))
    for asset, part, source, subject, begin, end in mine.iter_rows():
        named[asset][part].append(((source, subject), (begin, end)))
    for asset, parts in named.items():
        spans = _spans({part: [span for _, span in names] for part, names in parts.items()})
        for part, many in spans.items():
            if (asset, part) in codes and many != [(-FOR_EVER, FOR_EVER)]:
                fresh = _is_fresh(part, many[0][0], spans, parts)
                rows += [(codes[asset, part], *span, fresh and span == many[0]) for span in many]
    return pl.DataFrame(rows, schema=THERE, orient="row").sort("code", "begin")


def _spans(parts: dict[Part, list[Span]]) -> dict[Part, list[Span]]:
    """Return when each part of an asset is there: while a name of it holds. While none of the asset does, those that were there last are, and before all those that come first:
    an asset does not escape by losing its names.
    """
    held = {part: _joined(spans) for part, spans in parts.items()}
    every = _joined([span for spans in held.values() for span in spans])
    ends = [-FOR_EVER, *(end for _, end in every)]
    starts = [*(begin for begin, _ in every), FOR_EVER]
    for gap in zip(ends, starts, strict=True):
        for spans in held.values():
            if gap[0] < gap[1] and any(gap[0] == end if gap[0] > -FOR_EVER else gap[1] == begin for begin, end in spans):
                spans.append(gap)
    return {part: _joined(spans) for part, spans in held.items()}


def _is_fresh(part: Part, begin: int, spans: dict[Part, list[Span]], parts: dict[Part, list[tuple[Name, Span]]]) -> bool:
    if begin == -FOR_EVER or any(end == begin for many in spans.values() for _, end in many):
        return False
    mine = {name for name, _ in parts[part]}
    return not any(name in mine and start < begin for names in parts.values() for name, (start, _) in names)


def _joined(spans: Sequence[Span]) -> list[Span]:
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def cut_to_parts(segments: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """Return segments of groups (`code`, `begin`, `end`, `policy`, `in_service`, `retired`, ...), sorted, with `there`: cut where a part comes or goes. It comes into service and is
    retired with that, and what it then owes it owes under the last version it had.
    """
    always = segments.with_columns(there=pl.lit(value=True))
    if spans.is_empty():
        return always
    rest = always.filter(~pl.col("code").is_in(spans["code"].implode()))
    rows = []
    for (code,), mine in spans.group_by("code", maintain_order=True):
        rows += list(_cut(segments.filter(pl.col("code") == code).rows(named=True), mine.select("begin", "end").rows()))
    return pl.concat([rest, pl.DataFrame(rows, schema=always.schema, orient="row")]).sort("code", "begin")


def _cut(rows: list[dict[str, Any]], spans: list[Span]) -> Iterator[dict[str, Any]]:
    policy: int | None = None
    for row in rows:
        borders = [row["begin"], *sorted(x for span in spans for x in span if row["begin"] < x < row["end"]), row["end"]]
        for begin, end in pairwise(borders):
            here = next((span for span in spans if span[0] <= begin < span[1]), None)
            gone = max((span[1] for span in spans if span[1] <= begin), default=None)
            retired = FOR_EVER if row["retired"] is None else row["retired"]
            if here is not None:
                policy = row["policy"]
                told = {"policy": policy, "in_service": max(row["in_service"], here[0]), "retired": min(retired, here[1])}
            elif gone is not None:
                told = {"policy": policy, "in_service": min(row["in_service"], gone), "retired": min(retired, gone)}
            else:
                told = {"policy": row["policy"], "in_service": max(row["in_service"], spans[0][0]), "retired": FOR_EVER}
            told["retired"] = None if told["retired"] == FOR_EVER else told["retired"]
            yield {**row, **told, "begin": begin, "end": end, "there": here is not None}
