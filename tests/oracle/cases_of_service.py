"""Section 6 of docs/definitions.md: since when an asset is in service, with the truth computed by hand. Days are those of tests/oracle/build.py."""

from __future__ import annotations

from tests.oracle.build import PROGRAMME, hand_made, listing, must, policy, programme, rows, when
from tests.oracle.case import HandMade

RPO = "recovery-point"
A = PROGRAMME["assets"][0]
LATER = {"assets": [{**A, "since": when(3), "in_service": when(3)}]}
"""On day 3 somebody says that asset a, in service since 2025, is in service since day 3."""
GAP = {"assets": [{**A, "since": when(3), "in_service": when(5)}]}
CORRECTED = [{**A, "in_service": when(6)}, {**A, "since": when(2), "in_service": when(4)}]
BACK = [{**A, "retired": when(3)}, {**A, "since": when(6), "in_service": when(6)}]
"""Asset a is retired on day 3, and in service again on day 6."""
NOTHING = [
    listing(20),
    rows(
        30,
        {
            "record": "listing",
            "repository": "r1",
            "complete": False,
            "covers_from": listing(-30).observed_at,
            "covers_to": listing(20).observed_at,
        },
    ),
]
"""Nothing was ever captured, and no job ran."""


STARTS = [
    hand_made("6", "a later date of service is no second start", NOTHING, programme(policy({"rpo": "2d"}), **LATER), (RPO, must([(0, 10)], judged=10)), protected="breached"),
    hand_made("6", "a later date of service after a break is no second start", NOTHING, programme(policy({"rpo": "2d"}), **GAP), (RPO, must([(0, 3), (5, 10)], judged=8))),
    hand_made("6", "a date of service that was corrected before it came is no start", NOTHING,
              {**programme(policy({"rpo": "1d"})), "assets": CORRECTED}, (RPO, must([(5, 10)], judged=6))),
    hand_made("6", "a later date of service brings no second grace", NOTHING, programme(policy({"rpo": "1d"}, new_asset_grace="3d"), **LATER),
              (RPO, must([(0, 10)], judged=10))),
    hand_made("6", "a later date of service leaves no second time for a first backup", NOTHING, programme(policy({"schedule": {"full": "2d"}}), **LATER),
              ("schedule full", must([(0, 10)], judged=10))),
    hand_made("6", "a later date of service leaves no second time for a first run", NOTHING,
              programme(policy({"schedule": {"full": "2d"}, "success": {"rate": "99%"}}), **LATER), ("job-success rate", must([(0, 10)], judged=10))),
    hand_made("6", "in service again is no second start", NOTHING, {**programme(policy({"rpo": "1d"}, new_asset_grace="2d")), "assets": BACK},
              (RPO, must([(0, 3), (6, 10)], judged=7))),
]  # fmt: skip

CASES_OF_SERVICE: list[HandMade] = [*STARTS]
