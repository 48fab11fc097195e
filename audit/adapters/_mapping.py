"""A mapping: how the columns of some table are to be read as fields. Declared with its source; docs/tabular.md explains every key.

The model reads what people wrote (short forms included); `problems` says what the model alone cannot. The journal keeps `stored`: the mapping
without what is at its default. Defaults therefore never change: they would change what was read in the past.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError, WithJsonSchema

from audit.adapters import _formats, _mapping_problems
from audit.adapters._mapping_problems import DAYS_ALLOWED, Path
from audit.adapters._sizes import Unit
from audit.errors import Fault, InputError
from audit.model.facts import INSTANT, SCHEMAS

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
CODECS = {
    "utf-8": "utf-8",
    "utf-16": "utf-16",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc-kr": "cp949",
    "windows-1252": "cp1252",
}
"""Encodings by the names that people know; each is read with the superset that Windows writes under that name. GBK and GB2312 are parts of GB18030."""

Format = Literal["csv", "xlsx", "json", "ndjson"]
"""What a file is. Never told by its bytes: evidence whose mapping does not say it is text with separators, as it always was."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where in a file the table stands. `codec`: of Python; `before`, `after`: lines or rows left out; `rows`: keys with dots between them."""

    format: str = "csv"
    codec: str = "utf-8"
    delimiter: str | None = None
    before: int = 0
    after: int = 0
    sheet: str | None = None
    rows: str | None = None


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str | int | float) else value


Several = Annotated[
    tuple[Text, ...],
    BeforeValidator(_several),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]


def _each_once(value: Any) -> Any:
    """Refuse two keys of which the model would silently keep the last: blanks around a text do not count."""
    if isinstance(value, dict):
        seen: set[str] = set()
        for key in value:
            trimmed = str(key).strip()
            if trimmed in seen:
                raise ValueError(f"`{trimmed}` is written twice: blanks around it do not count")
            seen.add(trimmed)
    return value


EachOnce = BeforeValidator(_each_once)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Part):
    """Where a field comes from: the name of a column, or of several that are joined."""

    column: Several = Field(description="the column's name in the header; of several, their texts are joined")
    join: str | None = Field(
        None, max_length=20, description="what stands between joined texts; when absent a blank in times, else /"
    )
    times: Several | None = Field(None, description="the formats of this column's times, where they are not those of the mapping")
    unit: Unit | None = Field(None, description="of a size: the unit of numbers that are written without one; bytes when absent")
    unknown: Several | None = Field(None, description="texts that stand for unknown in this column, beside those of the mapping")


def _short(value: Any) -> Any:
    return {"column": value} if isinstance(value, str | int | float | list) else value


class Numbers(_Part):
    """How sizes are written."""

    decimal: Literal[".", ","] = Field(".", description="what stands before decimals")
    thousands: Literal[",", ".", " ", "'"] | None = Field(
        None, description="what stands between groups of three digits; nothing when absent"
    )
    kilo: Literal[1000, 1024] = Field(
        1000, description="what kB, MB, GB ... are powers of; KiB, MiB, GiB ... are always powers of 1024"
    )


class Skip(_Part):
    """Lines that are no part of the table."""

    before: int = Field(0, ge=0, le=1000, strict=True, description="how many lines stand before the header")
    after: int = Field(0, ge=0, le=100, strict=True, description="how many lines that are not blank stand behind the last row")


class TableMapping(_Part):
    """How a table is read: which column is which field, how times and numbers are written, what its words mean."""

    record: Literal["recovery_point", "run"] = Field(description="what a row is: a copy in a catalog, or a job that ran")
    columns: Annotated[dict[Text, Annotated[Column, BeforeValidator(_short)]], EachOnce] = Field(
        min_length=1, description="for each field the column, or columns, it is read from"
    )
    constants: Annotated[dict[Text, Text], EachOnce] = Field(
        default_factory=dict, description="fields that are the same in every row"
    )
    times: Several = Field(
        ("rfc3339",),
        description="how times are written: strptime formats, rfc3339, epoch-seconds or epoch-milliseconds, tried in order",
    )
    words: Annotated[dict[Text, Annotated[dict[Text, Text], EachOnce]], EachOnce] = Field(
        default_factory=dict, description="for each field what the table's words mean; a word that is not listed is not read"
    )
    unknown: Several | None = Field(None, description="texts that stand for unknown in every column, such as '-' or N/A")
    pass_over: Annotated[dict[Text, Several], EachOnce] = Field(
        default_factory=dict, description="rows that are not read: by a column's name, the texts that mark them"
    )
    numbers: Numbers = Field(Numbers.model_validate({}), description="how sizes are written")
    delimiter: Literal["comma", "semicolon", "tab", "bar"] | None = Field(
        None, description="what stands between fields; told by the header when absent"
    )
    encoding: Literal["utf-8", "utf-16", "gb18030", "big5", "shift_jis", "euc-kr", "windows-1252"] = Field(
        "utf-8", description="of the text, unless it begins with a byte order mark"
    )
    skip: Skip = Field(Skip.model_validate({}), description="lines (of a sheet: rows) that are no part of the table")
    format: Format = Field(
        "csv",
        description="what the file is: csv (text with separators), xlsx, json (one document), ndjson (an object in each line)",
    )
    sheet: Text | None = Field(None, description="of xlsx: the sheet's name; the first that is not hidden when absent")
    rows: Text | None = Field(
        None,
        description="of json: the keys, with dots between them, that lead to the list of rows; the document itself when absent",
    )

    def layout(self) -> Layout:
        """Return where in a file the table stands."""
        skip = self.skip
        return Layout(self.format, CODECS[self.encoding], self.delimiter, skip.before, skip.after, self.sheet, self.rows)

    def problems(self) -> list[tuple[Path, str, str]]:
        """Return what cannot be right in it: where, what, and what to do."""
        return list(_mapping_problems.problems(self))

    def stored(self) -> dict[str, Any]:
        """Return the mapping as JSON, as envelopes carry it: equal for mappings that mean the same."""
        told = self.model_dump(mode="json", exclude_defaults=True)
        return told | {"record": self.record}

    def wanted(self) -> list[str]:
        """Return the names of the columns that the table must have, once each."""
        named = [name for column in self.columns.values() for name in column.column]
        return list(dict.fromkeys([*named, *self.pass_over]))

    def formats(self, field: str) -> tuple[str, ...]:
        """Return the formats of a field's times, in the order in which they are tried; those of days only for fields that days may tell."""
        given = self.columns[field].times or self.times
        return tuple(one for one in given if field in DAYS_ALLOWED or not _formats.is_day(one))

    def naive(self) -> bool:
        """Return whether some format of its times is of local times, so that the source's zone is needed."""
        used = [one for name in self.columns if SCHEMAS[self.record].get(name) == INSTANT for one in self.formats(name)]
        return any(_formats.is_naive(one) for one in used)


def read_mapping(told: Mapping[str, Any] | None, where: str) -> TableMapping:
    """Read a mapping as an envelope carries it. Raises `InputError` when there is none, or one that cannot be right."""
    if told is None:
        fault = Fault(
            where,
            "nothing says which column is which field",
            "declare `mapping` with the source, and ingest it with --source",
            key="mapping",
        )
        raise InputError(str(fault), [fault])
    try:
        mapping = TableMapping.model_validate(told)
    except ValidationError as error:
        faults = [
            Fault(
                where,
                f"the mapping cannot be right: {item['msg']}",
                "see docs/tabular.md",
                key=".".join(map(str, ("mapping", *item["loc"]))),
            )
            for item in error.errors(include_url=False)
        ]
        raise InputError(str(faults[0]), faults) from None
    wrong = [
        Fault(where, what, remedy, key=".".join(map(str, ("mapping", *path))))
        for path, what, remedy in _mapping_problems.unusable(mapping)
    ]
    if wrong:
        raise InputError(str(wrong[0]), wrong)
    return mapping
