"""Comparing the tables that repeat the journal with the journal itself."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from audit.discovery import modules
from audit.register.dialect import reading
from audit.register.journal import PAGE, Journal


def projection_faults(journal: Journal) -> Iterator[tuple[str, int, str]]:
    """Yield (kind, entry number, what is wrong) for each row that the journal does not say so, and each that is missing."""
    for kind, module in modules("audit.register.projections").items():
        key = module.TABLE.c.number
        with reading(journal.engine) as connection:
            last = max(
                connection.execute(select(func.coalesce(func.max(key), 0))).scalar_one(),
                max((link.number for link in journal.links(kind=kind)), default=0),
            )
        for after in range(0, last, PAGE):
            with reading(journal.engine) as connection:
                rows = connection.execute(select(module.TABLE).where(key > after, key <= after + PAGE)).mappings().all()
            stored = {row["number"]: dict(row) for row in rows}
            for entry in journal.entries(after, after + PAGE, kind):
                try:
                    expected = module.row(entry)
                except (ValueError, KeyError, TypeError) as error:
                    yield kind, entry.number, f"the entry's body cannot be read: {error}"
                    stored.pop(entry.number, None)
                    continue
                found = stored.pop(entry.number, None)
                if found is None:
                    yield kind, entry.number, "its row is missing from the register"
                elif found != expected:
                    wrong = sorted(name for name in expected if found[name] != expected[name])
                    yield kind, entry.number, f"its row in the register says otherwise in {', '.join(wrong)}"
            for number in sorted(stored):
                yield kind, number, "the register has a row for it, the journal no such entry"
