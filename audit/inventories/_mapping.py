"""How a table of assets is read: which column is which attribute. Part of `inventory.yaml`; docs/inventories.md explains every key."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from audit.adapters._mapping import EachOnce, Several, Skip, Text

State = Literal["in service", "planned", "retired", "template", "placeholder", "unknown"]


class TableMapping(BaseModel):
    """Which column is which attribute. `key` and `name` must be among them; all other names are free."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: Annotated[dict[Text, Several], EachOnce] = Field(
        min_length=1, description="for each attribute the column it is read from, or several that are joined; `key` is the identity"
    )
    join: str = Field("/", max_length=20, description="what stands between the texts of joined columns")
    unknown: Annotated[tuple[Text, ...], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)] = Field(
        (), description="texts that stand for unknown, such as '-' or N/A"
    )
    sheet: Text | None = Field(None, description="of a workbook: the sheet's name; the first one when absent")
    delimiter: Literal["comma", "semicolon", "tab", "bar"] | None = Field(
        None, description="what stands between fields; told by the header when absent"
    )
    encoding: Literal["utf-8", "utf-16", "gb18030", "big5", "shift_jis", "euc-kr", "windows-1252"] = Field(
        "utf-8", description="of a text, unless it begins with a byte order mark"
    )
    skip: Skip = Field(Skip.model_validate({}), description="lines that are no part of the table")

    @model_validator(mode="after")
    def _identified(self) -> TableMapping:
        if missing := [name for name in ("key", "name") if name not in self.columns]:
            raise ValueError(
                f"`columns` does not say which column is {' and which is '.join(f'`{one}`' for one in missing)}: the identity that"
                " stays when a thing is renamed, and its name"
            )
        return self
