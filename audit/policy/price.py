"""Prices of storage. Money is exact: an amount is a decimal from what was written to what is shown."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from babel.numbers import is_currency
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,8})?")
_EXACT = 15
"""Digits of a number that YAML's floats keep for certain."""


def _amount(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    written = format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float) or not _AMOUNT.fullmatch(written):
        raise ValueError(
            f"`{value}` is not an amount; write a decimal number that is not negative, such as 0.12, with at most 8 decimals"
        )
    if isinstance(value, float) and len(written.replace(".", "").strip("0")) > _EXACT:
        raise ValueError(f"`{value}` has more digits than a number keeps exactly; write it in quotes")
    return Decimal(written)


def _currency(value: str) -> str:
    if not re.fullmatch("[A-Z]{3}", value) or not is_currency(value):
        raise ValueError(f"`{value}` is not the code of a currency; write three capital letters of ISO 4217, such as CNY")
    return value


Amount = Annotated[
    Decimal,
    BeforeValidator(_amount),
    PlainSerializer(str),
    WithJsonSchema({"type": ["string", "number"], "examples": ["0.12"], "description": "a decimal number that is not negative"}),
]
Currency = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    AfterValidator(_currency),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["CNY", "EUR", "USD"], "description": "ISO 4217"}),
]


class Price(BaseModel):
    """`{amount: "0.12", currency: CNY, per: GiB-month}`: what it costs to store so much for a month (docs/definitions.md, section 32)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount: Amount = Field(description="how much")
    currency: Currency = Field(description="of which currency")
    per: Literal["GiB-month", "GB-month", "TiB-month", "TB-month"] = Field(
        description="for storing what for a month: 2^30, 10^9, 2^40 or 10^12 bytes"
    )
