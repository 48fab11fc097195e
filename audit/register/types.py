"""Column types."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Dialect
from sqlalchemy.types import TypeDecorator

from audit.errors import CheckFailedError
from audit.model.terms import instant, micros


class Instant(TypeDecorator[datetime]):
    """An instant, stored as integer microseconds since 1970-01-01T00:00:00Z: exact and sortable in every database.

    Refuses a naive time.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """Return microseconds. Raises `ValueError` for a time without zone."""
        return None if value is None else micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """Return the UTC instant."""
        if value is not None and not isinstance(value, int):
            raise CheckFailedError(f"the register holds {value!r} where an instant belongs: it was changed by hand")
        return None if value is None else instant(value)
