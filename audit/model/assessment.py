"""An assessment: all controls over a period. Its results are columns and objects at once, each made when it is first asked for; and its JSON form (the shape other programs read)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any, overload

import polars as pl
from pydantic_core import to_json

from audit.model.columns import PLAIN, RESULT, Columns
from audit.model.verdicts import Result, Verdict, utc_text


@dataclass(frozen=True, slots=True)
class Coverage:
    """The three numbers of protection over one counted denominator, at the period's end; null where the control that counts them (`protection`) was not asked. `remainder` lists, by
    number, the assets that are not in it."""

    in_service: int | None
    assigned: int | None
    protected: int | None
    protected_up_to: int | None
    restorable: int | None
    remainder: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    orphans: tuple[Mapping[str, str], ...] = ()
    """Subjects that map to no asset: {source, subject}."""
    restorable_up_to: int | None = None
    """null also in an assessment that was kept by a version that counted no restore tests."""

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "in_service": self.in_service,
            "assigned": self.assigned,
            "protected": self.protected,
            "protected_up_to": self.protected_up_to,
            "restorable": self.restorable,
            **({} if self.restorable_up_to is None else {"restorable_up_to": self.restorable_up_to}),
            "remainder": {name: list(assets) for name, assets in self.remainder.items()},
            "orphans": [dict(orphan) for orphan in self.orphans],
        }


class Results(Sequence[Result]):
    """The results of an assessment, in its order: as objects, to read some of them, and as columns, to count and write hundreds of thousands. One is made of the other when it is
    first asked for."""

    __slots__ = ("_columns", "_objects", "_some")

    def __init__(self, told: Columns | Sequence[Result]) -> None:
        self._columns = told if isinstance(told, Columns) else None
        self._objects = None if isinstance(told, Columns) else tuple(told)
        self._some: dict[int, Result] = {}

    @property
    def columns(self) -> Columns:
        """The results as columns."""
        if self._columns is None:
            self._columns = Columns.of(self._objects or ())
        return self._columns

    @property
    def in_columns(self) -> bool:
        """Whether they are columns already."""
        return self._columns is not None

    @property
    def objects(self) -> tuple[Result, ...]:
        """The results as objects."""
        if self._objects is None:
            self._objects = () if self._columns is None else tuple(self._columns.results_of())
        return self._objects

    @property
    def any_breached(self) -> bool:
        """Whether the verdict of any is breached."""
        return bool((self.told("verdict")["verdict"] == Verdict.BREACHED.value).any())

    def having(self, *kinds: str) -> list[Result]:
        """Return the results with any `breaches`, `waived` or `unproven` stretches: most have none."""
        if self._objects is not None or self._columns is None:
            return [result for result in self.objects if any(getattr(result, kind) for kind in kinds)]
        every = self._columns.results["result"]
        numbers = every.filter(self._columns.having(*kinds))
        if new := [number for number in numbers if number not in self._some]:
            self._some.update(zip(new, self._columns.of_rows(every.is_in(pl.Series(new).implode())).results_of(), strict=True))
        return [self._some[number] for number in numbers]

    def telling(self, key: str) -> list[Result]:
        """Return the results whose detail has a key."""
        if self._objects is None and self._columns is not None:
            some = self._columns.of_rows(self._columns.results["detail"].str.contains(f'"{key}":', literal=True))
            return [result for result in some.results_of() if key in result.detail]
        return [result for result in self.objects if key in result.detail]

    def of_unit(self, unit: str) -> Results:
        """Return the results of one unit only."""
        if self._columns is None:
            mine = [result for result in self.objects if result.unit == unit]
            return self if len(mine) == len(self) else Results(mine)
        columns = self._columns.of_rows(self._columns.results["unit"] == unit)
        return self if columns is self._columns else Results(columns)

    def told(self, *names: str) -> pl.DataFrame:
        """Return some columns (`audit.model.columns.PLAIN`), without making the others."""
        assert set(names) <= set(PLAIN)
        if self._columns is not None:
            return self._columns.results.select(names)
        values = {name: [getattr(result, name) for result in self.objects] for name in names}
        if "verdict" in values:
            values["verdict"] = [str(verdict) for verdict in values["verdict"]]
        return pl.DataFrame(values, schema={name: RESULT[name] for name in names})

    def __len__(self) -> int:
        return self._columns.results.height if self._objects is None and self._columns is not None else len(self.objects)

    @overload
    def __getitem__(self, place: int) -> Result: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Result, ...]: ...

    def __getitem__(self, place: int | slice) -> Result | tuple[Result, ...]:
        return self.objects[place]

    def __iter__(self) -> Iterator[Result]:
        return iter(self.objects)

    def __eq__(self, other: object) -> bool:
        return self.objects == tuple(other) if isinstance(other, Results | tuple | list) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as that of a result

    def __repr__(self) -> str:
        return repr(self.objects)


@dataclass(frozen=True, slots=True)
class Assessment:
    """All controls over a period, as known at an entry of the journal. `results` may be given as any sequence. `faults`: controls that raised. `notices`: what a reader should know of
    the inputs, as message key and numbers (undeclared repositories, ambiguous times, points without capture time...)."""

    since: datetime
    until: datetime
    as_known_at: int
    journal_head: str
    results: Results
    quarantined: int
    coverage: Coverage
    faults: tuple[str, ...] = ()
    notices: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        """Take results as any sequence of them."""
        if not isinstance(self.results, Results):
            object.__setattr__(self, "results", Results(self.results))

    def about(self) -> dict[str, Any]:
        """Return the JSON form without results."""
        return {
            "period": {"from": utc_text(self.since), "to": utc_text(self.until)},
            "as_known_at": self.as_known_at,
            "journal_head": self.journal_head,
            "results": [],
            "quarantined": self.quarantined,
            "coverage": self.coverage.to_json(),
            "faults": list(self.faults),
            "notices": [dict(notice) for notice in self.notices],
        }

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return self.about() | {"results": [result.to_json() for result in self.results]}

    def write_json(self, file: IO[bytes], more: Mapping[str, Any] | None = None) -> None:
        """Write the JSON form, and more keys after it, one result a line: there may be hundreds of thousands."""
        before, empty, after = to_json(self.about() | dict(more or {})).partition(b'"results":[]')
        file.write(before + empty[:-1])
        if len(self.results):
            file.write(b"\n")
        for lines in self.results.columns.json_lines():
            file.write(lines)
        file.write(b"\n]" + after + b"\n")
