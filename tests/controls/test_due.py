"""By when a point has to be gone: worked out only of those for which that may lie in the period, and the same for them."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from audit.controls.retention_maximum import Dispose, due
from audit.model.intervals import INT
from audit.model.terms import FOR_EVER, instant, micros

TERMS = st.sampled_from(["0d", "7d", "1 month", "3 months", "2y", "30d"])
INSTANTS = st.datetimes(datetime(2011, 1, 1), datetime(2013, 1, 1)).map(lambda wall: micros(wall.replace(tzinfo=UTC)))


@given(
    st.lists(st.one_of(st.none(), INSTANTS), max_size=6),
    INSTANTS,
    TERMS,
    TERMS,
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "Pacific/Apia"]),
)
def test_what_is_due_in_the_period_is_due_when_the_calendar_says(captured, stop, after, grace, zone) -> None:
    dispose = Dispose.model_validate({"after": after, "grace": grace})
    latest = pl.Series(captured, dtype=INT)
    world = SimpleNamespace(line=SimpleNamespace(stop=stop), latest=lambda: latest)
    found = due(world, SimpleNamespace(objectives={"dispose": dispose}, timezone=zone))
    by = [None if one is None else micros(dispose.grace.after(dispose.after.after(instant(one), zone), zone)) for one in captured]
    assert [one for one in found if one <= stop] == [one for one in by if one is not None and one <= stop]
    assert all(one in (FOR_EVER, expected) for one, expected in zip(found, by, strict=True))
