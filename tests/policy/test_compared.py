"""Two policy versions side by side: what is tighter, looser, new, gone or other."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter

from audit.model.estate import PolicyVersion
from audit.policy.compared import How, differences
from audit.policy.objectives import GENERAL, judged


def version(**objectives: object) -> PolicyVersion:
    general = {key: TypeAdapter(GENERAL[key]).validate_python(objectives.pop(key)) for key in list(objectives) if key in GENERAL}
    read = {key: TypeAdapter(judged()[key]).validate_python(value) for key, value in objectives.items()}
    return PolicyVersion("core", 1, "Asia/Shanghai", read, **general)


def told(before: PolicyVersion, after: PolicyVersion) -> list[tuple[str, str, str | None, str | None, str]]:
    return [(one.key, one.field, one.before, one.after, str(one.how)) for one in differences(before, after)]


def test_the_same_promises_do_not_differ() -> None:
    assert told(version(rpo="1h", accept_partial=False), version(rpo={"target": "1h"})) == []


def test_tighter_looser_new_and_gone() -> None:
    before = version(rpo="1h", copies={"count": 3, "media": 2, "max_age": "24h"}, encrypted=True)
    after = version(rpo="2h", copies={"count": 3, "media": 1, "offsite": 2, "max_age": "12h"}, rto="4h")
    assert told(before, after) == [
        ("rpo", "", "1h", "2h", "looser"),
        ("copies", "media", "2", "1", "looser"),
        ("copies", "offsite", "1", "2", "tighter"),
        ("copies", "max_age", "24h", "12h", "tighter"),
        ("rto", "", None, "4h", "new"),
        ("encrypted", "", "true", None, "gone"),
    ]
    assert {str(one.how) for one in differences(after, before)} == {"looser", "tighter", "new", "gone"}


@pytest.mark.parametrize(
    ("before", "after", "how"),
    [
        ([{"every": "day", "for": "30d"}], [{"every": "day", "for": "60d"}], How.TIGHTER),
        ([{"every": "day", "for": "30d"}], [{"every": "day", "for": "7d"}], How.LOOSER),
        # More of one and less of the other: nobody can say which is tighter.
        ([{"every": "day", "for": "30d"}], [{"every": "month", "for": "7y"}], How.OTHER),
        ([{"every": "day", "for": "90d"}], [{"every": "day", "for": "3 months"}], How.OTHER),
    ],
)
def test_rules_of_a_list_are_told_as_a_whole(before: list[object], after: list[object], how: How) -> None:
    (found,) = differences(version(keep=before), version(keep=after))
    assert (found.key, found.field, found.how, found.whole) == ("keep", "", how, True)


def test_what_lets_more_through_is_looser() -> None:
    assert told(version(rpo="1h"), version(rpo="1h", accept_partial=True, new_asset_grace="30d")) == [
        ("accept_partial", "", None, "true", "looser"),
        ("new_asset_grace", "", None, "30d", "looser"),
    ]
    assert told(version(rpo="1h", new_asset_grace="30d"), version(rpo="1h", new_asset_grace="7d"))[0][4] == "tighter"
