"""The results of an assessment as columns: what is kept on disk, counted in reports, and written as JSON and as tables without an object for each result."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from typing import Any

import polars as pl
from pydantic_core import to_json

from audit.model.codes import joined, text_of, texts_of, without_nulls
from audit.model.facts import INSTANT
from audit.model.verdicts import SHARES, Breach, EvidenceRef, Result, Unproven, Verdict, Waived, utc_text

RESULT: dict[str, pl.DataType] = {
    "result": pl.Int64(),  # the number of the result in the assessment
    "asset": pl.String(),
    "unit": pl.String(),
    "policy": pl.String(),
    "version": pl.Int64(),
    "part": pl.String(),
    "control": pl.String(),
    "leg": pl.String(),
    "verdict": pl.String(),
    **dict.fromkeys(SHARES, pl.Float64()),  # of the judged time; null: nothing was judged
    "judged_seconds": pl.Float64(),
    "breaches": pl.Int64(),
    "unproven_stretches": pl.Int64(),
    "detail": pl.String(),  # JSON
    "provenance": pl.String(),
    "judged": pl.String(),  # JSON: stretches
    "in_grace": pl.String(),  # JSON: stretches
}
PLAIN = ("asset", "unit", "policy", "version", "part", "control", "leg", "verdict", "judged_seconds", "provenance")
"""The columns that are a value of a `Result`, under its name."""
_IN_JSON = ("detail", "evidence")
_LINES = 1 << 15
"""Lines of JSON that are made together."""
NO_STRETCHES = "[]"
"""`judged` or `in_grace` without any."""
_WHOSE = ("asset", "unit", "control", "leg", "part", "policy", "version")
STRETCH: dict[str, pl.DataType] = {
    "result": pl.Int64(),
    "asset": pl.String(),
    "unit": pl.String(),
    "control": pl.String(),
    "leg": pl.String(),
    "part": pl.String(),
    "policy": pl.String(),
    "version": pl.Int64(),
    "from": INSTANT,
    "to": INSTANT,
    "seconds": pl.Float64(),
    "detail": pl.String(),  # JSON
}
BREACH = {**STRETCH, "verdict": pl.String(), "evidence": pl.String()}
"""`verdict` is that of the whole result: a policy may tolerate a breach. `evidence`: JSON."""
WAIVED = {**BREACH, "waiver": pl.String()}
UNPROVEN = {**STRETCH, "reason": pl.String()}


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """`results`: one row a result (RESULT), by number from 0; `breaches` (BREACH), `waived` (WAIVED) and `unproven` (UNPROVEN): one row a stretch, those of a result together."""

    results: pl.DataFrame
    breaches: pl.DataFrame
    waived: pl.DataFrame
    unproven: pl.DataFrame

    @classmethod
    def of(cls, results: Sequence[Result]) -> Columns:
        """Return results as columns."""
        none = dict.fromkeys(SHARES)
        shares = [none if result.shares is None else result.shares for result in results]
        told = {
            **{name: [getattr(result, name) for result in results] for name in (*_WHOSE, "judged_seconds", "provenance")},
            "result": range(len(results)),
            "verdict": [str(result.verdict) for result in results],
            **{name: [of_one.get(name, 0.0) for of_one in shares] for name in SHARES},
            "breaches": [len(result.breaches) for result in results],
            "unproven_stretches": [len(result.unproven) for result in results],
            "detail": [_text(result.detail) for result in results],
            "judged": [_text_of_stretches(result.judged) for result in results],
            "in_grace": [_text_of_stretches(result.grace) for result in results],
        }
        frame = pl.DataFrame({name: pl.Series(told[name], dtype=kind) for name, kind in RESULT.items()})
        return cls(
            frame,
            _stretches_of(frame, [result.breaches for result in results], BREACH),
            _stretches_of(frame, [result.waived for result in results], WAIVED),
            _stretches_of(frame, [result.unproven for result in results], UNPROVEN),
        )

    def of_rows(self, wanted: pl.Series) -> Columns:
        """Return the results for which `wanted` (Boolean, by result) holds."""
        wanted = wanted.fill_null(value=False)
        if wanted.all():
            return self
        chosen = self.results.filter(wanted)
        numbers = chosen.select("result").with_row_index("number").with_columns(pl.col("number").cast(pl.Int64))

        def mine(rows: pl.DataFrame) -> pl.DataFrame:
            both = rows.join(numbers, on="result", maintain_order="left")
            return both.with_columns(result="number").select(rows.columns)

        stretches = (mine(getattr(self, field.name)) for field in fields(self)[1:])
        return Columns(chosen.with_columns(result=numbers["number"]), *stretches)

    def having(self, *kinds: str) -> pl.Series:
        """Say by result whether it has any `breaches`, `waived` or `unproven` stretches."""
        return self.results["result"].is_in(pl.concat([getattr(self, kind)["result"] for kind in kinds]).implode())

    def results_of(self) -> Iterator[Result]:
        """Yield the results as objects."""
        breaches, waived = _by_result(self.breaches, breach_of), _by_result(self.waived, waived_of)
        unproven = _by_result(self.unproven, unproven_of)
        for number, row in enumerate(self.results.select(_TOLD).iter_rows()):
            yield _result(
                row, tuple(breaches.get(number, ())), tuple(unproven.get(number, ())), tuple(waived.get(number, ()))
            )  # fmt: skip

    def json_lines(self) -> Iterator[bytes]:
        """Yield the JSON of all results as objects say it (`Result.to_json`), one a line, some thousand at a time, without what stands around them."""
        rows, text = self.results, _text
        values = {
            **{
                name: text_of(rows[name], text)
                for name in ("asset", "unit", "policy", "version", "part", "control", "leg", "verdict")
            },
            "compliance": text_of(rows["met"], text),
            "compliance_up_to": text_of(rows["breached"], lambda lost: "null" if lost is None else text(round(1 - lost, 9))),
            "shares": texts_of(rows.select(SHARES), lambda *held: text(_shares(*held))),
            "judged_seconds": text_of(rows["judged_seconds"], text),
            "breaches": self._lists("breaches", "from", "to", "detail", "evidence"),
            "waived": self._lists("waived", "from", "to", "detail", "evidence", "waiver"),
            "unproven": self._lists("unproven", "from", "to", "reason", "detail"),
            "detail": rows["detail"],
            "provenance": text_of(rows["provenance"], text),
            "judged": rows["judged"],
            "grace": rows["in_grace"],
        }
        lines = pl.DataFrame(values)
        for begin in range(0, lines.height, _LINES):
            told = lines.slice(begin, _LINES).select(_object_of(lines.columns)).to_series()
            yield ((",\n" if begin else "") + joined(told, ",\n")).encode()

    def _lists(self, kind: str, *names: str) -> pl.Series:
        """Return by result the JSON list of its stretches of a kind."""
        stretches: pl.DataFrame = getattr(self, kind)
        told = {
            name: stretches[name] if name in _IN_JSON else text_of(stretches[name], _time_text if name in ("from", "to") else _text)
            for name in names
        }
        texts = pl.DataFrame({"result": stretches["result"], **told}).select("result", told=_object_of(names))
        without_nulls(texts["told"])
        lists = texts.group_by("result").agg(pl.concat_str(pl.lit("["), pl.col("told").str.join(","), pl.lit("]")).alias("list"))
        found = self.results.select("result").join(lists, on="result", how="left", maintain_order="left")
        return found["list"].fill_null("[]")


def _object_of(names: Sequence[str]) -> pl.Expr:
    """Return the JSON object of columns of JSON."""
    pieces = [piece for name in names for piece in (pl.lit(f',"{name}":'), pl.col(name))]
    return pl.concat_str(pl.lit("{" + f'"{names[0]}":'), *pieces[1:], pl.lit("}"))


def breach_of(row: Mapping[str, Any]) -> Breach:
    """Return the breach that a row of `breaches` tells of."""
    refs = tuple(EvidenceRef(**ref) for ref in json.loads(row["evidence"]))
    return Breach(row["from"], row["to"], _detail(row["detail"]), refs)


def waived_of(row: Mapping[str, Any]) -> Waived:
    """Return the stretch that a row of `waived` tells of."""
    breach = breach_of(row)
    return Waived(breach.since, breach.until, breach.detail, breach.evidence, row["waiver"])


def unproven_of(row: Mapping[str, Any]) -> Unproven:
    """Return the stretch that a row of `unproven` tells of."""
    return Unproven(row["from"], row["to"], row["reason"], _detail(row["detail"]))


def _stretches_of(
    results: pl.DataFrame, found: Sequence[Sequence[Breach | Unproven]], schema: Mapping[str, pl.DataType]
) -> pl.DataFrame:
    """Return the stretches of results, one row each."""
    numbers = [number for number, some in enumerate(found) for _ in some]
    stretches = [stretch for some in found for stretch in some]
    told: dict[str, Any] = {
        "from": [stretch.since for stretch in stretches],
        "to": [stretch.until for stretch in stretches],
        "seconds": [(stretch.until - stretch.since).total_seconds() for stretch in stretches],
        "detail": [_text(stretch.detail) for stretch in stretches],
    }
    if "reason" in schema:
        told["reason"] = [stretch.reason for stretch in stretches if isinstance(stretch, Unproven)]
    if "evidence" in schema:
        told["evidence"] = [
            _text([ref.to_json() for ref in stretch.evidence]) for stretch in stretches if isinstance(stretch, Breach)
        ]
    if "waiver" in schema:
        told["waiver"] = [stretch.waiver for stretch in stretches if isinstance(stretch, Waived)]
    whose = results[numbers] if numbers else results.clear()
    columns = {**{name: whose[name] for name in schema if name not in told}, **told}
    return pl.DataFrame({name: pl.Series(columns[name], dtype=kind) for name, kind in schema.items()})


def _text(value: Any) -> str:
    """Return a value as JSON, without blanks."""
    return "{}" if not value and isinstance(value, Mapping) else to_json(value, fallback=_plain).decode()


def _plain(odd: Any) -> Any:
    return dict(odd) if isinstance(odd, Mapping) else str(odd)


def _time_text(value: datetime) -> str:
    return f'"{utc_text(value)}"'


def _by_result(rows: pl.DataFrame, make: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows.iter_rows(named=True):
        found.setdefault(row["result"], []).append(make(row))
    return found


_TOLD = (
    "asset", "unit", "policy", "version", "part", "control", "leg", "verdict", "judged_seconds", "detail", "provenance", "judged", "in_grace",
    *SHARES,
)  # fmt: skip


def _result(
    row: tuple[Any, ...], breaches: tuple[Breach, ...], unproven: tuple[Unproven, ...], waived: tuple[Waived, ...]
) -> Result:
    """Return the result that a row of `results` tells of (its columns _TOLD): there are hundreds of thousands, and names for their values would take longer than the rest."""
    asset, unit, policy, version, part, control, leg, verdict, seconds, detail, provenance, judged, in_grace, *shares = row
    return Result(
        asset, unit, policy, version, part, control, leg, Verdict(verdict), _shares(*shares), seconds, breaches, unproven,
        _detail(detail), provenance, stretches_told(judged), stretches_told(in_grace), waived,
    )  # fmt: skip


def _detail(text: str) -> dict[str, Any]:
    return {} if text == "{}" else dict(json.loads(text))


@lru_cache(maxsize=10_000)
def _shares(*shares: float) -> dict[str, float] | None:
    """Return the shares of a result; those of most are those of many others."""
    return None if None in shares else dict(zip(SHARES, shares, strict=True))


def _text_of_stretches(stretches: tuple[tuple[datetime, datetime], ...]) -> str:
    """Return stretches as JSON."""
    # By their texts: in other zones than UTC two instants may be equal that are not the same.
    return _stretches_text(tuple((utc_text(since), utc_text(until)) for since, until in stretches))


@lru_cache(maxsize=10_000)
def _stretches_text(stretches: tuple[tuple[str, str], ...]) -> str:
    """The same few are those of most results."""
    return _text([{"from": since, "to": until} for since, until in stretches])


@lru_cache(maxsize=10_000)
def stretches_told(text: str) -> tuple[tuple[datetime, datetime], ...]:
    """Return the stretches that a text of `judged` or `in_grace` tells of."""
    return tuple((datetime.fromisoformat(one["from"]), datetime.fromisoformat(one["to"])) for one in json.loads(text))
