"""Write the demo's evidence: what the catalogs of two repositories showed each morning of November 2026. README.md has the truth.

Run `python tests/data/demo/make.py`: it writes the same bytes every time. What it writes is kept in the repository, so the demo
does not need it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

SEED = 20261101
ZONE = timezone(timedelta(hours=8))  # Asia/Shanghai, which has had no summer time since 1991
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRST = datetime(2026, 11, 1, tzinfo=ZONE)
FIRST_LISTING = datetime(2026, 11, 2, 6, tzinfo=ZONE)
LAST_LISTING = datetime(2026, 11, 21, 6, tzinfo=ZONE)

# The accidents, each from the instant at which it begins to the one at which it is over.
NO_BACKUPS = (datetime(2026, 11, 9, 4, tzinfo=ZONE), datetime(2026, 11, 10, 20, tzinfo=ZONE))
NO_COPIES = (datetime(2026, 11, 14, 0, tzinfo=ZONE), datetime(2026, 11, 18, 0, tzinfo=ZONE))
PRUNED_TOO_EARLY = datetime(2026, 11, 19, 21, 30, tzinfo=ZONE)
LOST_DAYS = [datetime(2026, 11, day, tzinfo=ZONE).date() for day in (3, 4, 5)]

EACH_POINT_FOR = 2 * DAY
"""Every point stays this long; after that one of each day stays."""
OF_EACH_DAY_FOR = {"nas-dc1": 30 * DAY, "vault-hz": 8 * DAY}


def within(instant: datetime, stretch: tuple[datetime, datetime]) -> bool:
    """Tell whether an instant lies in a stretch, which does not include its end."""
    return stretch[0] <= instant < stretch[1]


def originals(chance: random.Random) -> Iterator[dict[str, object]]:
    """Yield the hourly snapshots of the message database on nas-dc1."""
    size = 48_000_000_000
    captured = FIRST
    while captured < LAST_LISTING:
        if not within(captured, NO_BACKUPS):
            yield {
                "record": "recovery_point",
                "id": f"im-{captured:%Y%m%d-%H}",
                "subject": "im-messages",
                "method": "snapshot",
                "captured_at": captured,
                "available_at": captured + timedelta(seconds=chance.randint(150, 420)),
                "bytes": size,
                "encrypted": "yes",
            }
        size += chance.randint(2_000_000, 30_000_000)
        captured += HOUR


def copies(points: list[dict[str, object]], chance: random.Random) -> Iterator[dict[str, object]]:
    """Yield the copy of every sixth hour's snapshot in vault-hz."""
    for point in points:
        captured = point["captured_at"]
        assert isinstance(captured, datetime)
        if captured.hour % 6 == 0 and not within(captured, NO_COPIES):
            yield {
                **point,
                "id": f"hz-{captured:%Y%m%d-%H}",
                "available_at": captured + timedelta(seconds=chance.randint(1_800, 4_200)),
                "copy_of": {"repository": "nas-dc1", "id": point["id"]},
            }


def stands(point: dict[str, object], first_of_day: set[object], repository: str, at: datetime) -> bool:
    """Tell whether a repository holds a point at an instant, by its rules of retention and the accidents."""
    captured, available = point["captured_at"], point["available_at"]
    assert isinstance(captured, datetime)
    assert isinstance(available, datetime)
    if available > at:
        return False
    if repository == "nas-dc1" and at >= PRUNED_TOO_EARLY and captured.date() in LOST_DAYS:
        return False
    age = at - captured
    return age < EACH_POINT_FOR or (point["id"] in first_of_day and age < OF_EACH_DAY_FOR[repository])


def text(rows: list[dict[str, object]]) -> str:
    """Return rows as NDJSON; times are written with their offset, as this tool would write them."""
    lines = [
        json.dumps({key: value.isoformat() if isinstance(value, datetime) else value for key, value in row.items()}) for row in rows
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write one file a day and repository."""
    here = Path(__file__).parent
    chance = random.Random(SEED)
    made = list(originals(chance))
    held = {"nas-dc1": made, "vault-hz": list(copies(made, chance))}
    for repository, points in held.items():
        folder = here / repository
        folder.mkdir(exist_ok=True)
        first_of_day: dict[object, object] = {}
        for point in points:
            captured = point["captured_at"]
            assert isinstance(captured, datetime)
            first_of_day.setdefault(captured.date(), point["id"])
        keepers = set(first_of_day.values())
        at = FIRST_LISTING
        while at <= LAST_LISTING:
            listing: dict[str, object] = {"record": "listing", "listed_at": at, "complete": True}
            rows = [listing, *(point for point in points if stands(point, keepers, repository, at))]
            (folder / f"{at:%Y-%m-%d}.ndjson").write_text(text(rows), encoding="utf-8", newline="\n")
            at += DAY


if __name__ == "__main__":
    main()
