"""The estate of small histories, value by value."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from audit.errors import InputError
from audit.model.estate import ALIAS, ASSET_REPOSITORY, REPOSITORY, SEGMENT
from audit.model.terms import Term
from audit.policy.estate import read_history, resolve
from tests.policy.programmes import BASE, day, edited, estate, history, programme, told

ASSET = BASE["assets.yaml"]
LATER = (
    "- {{name: db, unit: finance, data_class: messages, tier: {tier}, site: {site}, medium: disk, in_service: 2024-01-01,"
    " since: {since}, subjects: [{{source: tool, subject: vm/1}}]}}\n"
)


def reached(*applied: tuple[str, dict[str, str]]) -> list[tuple[int, str, str, str | None]]:
    """Return the retroactive edits of a history: entry, kind, name, day from which the past changed."""
    marked = resolve(read_history(history(*applied))).retroactive
    return [
        (one.number, one.noun, one.name, None if one.since < -(2**60) else str(datetime.fromtimestamp(one.since / 1e6, UTC).date()))
        for one in marked
    ]


def test_no_history_is_an_empty_estate_with_all_columns() -> None:
    empty = estate()
    assert [dict(frame.schema) for frame in (empty.segments, empty.aliases, empty.repositories, empty.asset_repositories)] == [
        SEGMENT,
        ALIAS,
        REPOSITORY,
        ASSET_REPOSITORY,
    ]
    assert (empty.segments.height, empty.sources, empty.policies, empty.timezone) == (0, {}, (), "UTC")


def test_the_first_programme_holds_from_the_beginning_and_its_policies_reach_back() -> None:
    known = estate(("2026-06-01", BASE))
    assert known.segments.to_dicts() == [
        {
            "asset": "db",
            "from": start,
            "to": end,
            "unit": "finance",
            "data_class": "messages",
            "tier": "core",
            "site": "dc1",
            "city": "Shanghai",
            "country": "CN",
            "medium": "disk",
            "failure_domain": None,
            "in_service": day("2024-01-01"),
            "retired": None,
            "policy": policy,
        }
        for start, end, policy in [(None, day("2026-01-01"), None), (day("2026-01-01"), None, 0)]
    ]
    [version] = known.policies
    assert (version.name, version.version, version.timezone, version.reaches_back) == ("core", 1, "UTC", True)
    assert (version.effective, version.applied, version.in_force) == (day("2026-01-01"), day("2026-06-01"), day("2026-01-01"))
    assert version.objectives["rpo"].target == Term.parse("1h")
    assert told(known.aliases, "asset", "part", "source", "subject") == [(None, None, "db", None, "tool", "vm/1")]
    assert told(known.repositories, "repository", "medium", "city", "failure_domain", "offline") == [
        (None, None, "nas", "disk", "Shanghai", "nas-01", False),
        (None, None, "vault", "object", "Hangzhou", "vault-01", False),
    ]
    assert (known.sources["tool"].tool, known.sources["tool"].timezone, known.sources["tool"].expected_every) == (
        "interchange",
        "Asia/Shanghai",
        Term.parse("1d"),
    )
    assert known.keeps_at_least == {"nas": Term.parse("7d")}
    assert known.units == {"finance": {"en": "Finance", "zh": "财务部"}, "platform": {}}


def test_an_edit_holds_from_the_instant_it_was_applied() -> None:
    moved = edited("assets.yaml", "site: dc1", "site: dc2")
    known = estate(("2026-06-01", BASE), ("2026-07-01", moved))
    assert told(known.segments, "site", "city") == [
        (None, "2026-01-01", "dc1", "Shanghai"),
        ("2026-01-01", "2026-07-01", "dc1", "Shanghai"),
        ("2026-07-01", None, "dc2", "Hangzhou"),
    ]
    assert reached(("2026-06-01", BASE), ("2026-07-01", moved)) == []


def test_a_second_declaration_holds_from_its_since() -> None:
    dated = programme(assets_yaml=ASSET + LATER.format(tier="core", site="dc2", since="2026-03-01"))
    expected = [(None, "2026-01-01", "dc1"), ("2026-01-01", "2026-03-01", "dc1"), ("2026-03-01", None, "dc2")]
    assert told(estate(("2026-06-01", dated)).segments, "site") == expected
    assert reached(("2026-06-01", dated)) == []  # a first programme says how things were
    later = (("2026-06-01", BASE), ("2026-07-01", dated))
    assert told(estate(*later).segments, "site") == expected
    assert reached(*later) == [(20, "asset", "db", "2026-03-01")]


def test_a_since_to_come_is_not_retroactive_and_can_be_taken_back() -> None:
    planned = programme(assets_yaml=ASSET + LATER.format(tier="core", site="dc2", since="2027-01-01"))
    steps = (("2026-06-01", BASE), ("2026-07-01", planned))
    assert told(estate(*steps).segments, "site")[-2:] == [("2026-01-01", "2027-01-01", "dc1"), ("2027-01-01", None, "dc2")]
    assert told(estate(*steps, ("2026-08-01", BASE)).segments, "site")[-1:] == [("2026-01-01", None, "dc1")]
    assert reached(*steps, ("2026-08-01", BASE)) == []


def test_moving_a_past_since_corrects_the_stretch_between() -> None:
    first = programme(assets_yaml=ASSET + LATER.format(tier="core", site="dc2", since="2026-03-01"))
    second = programme(assets_yaml=ASSET + LATER.format(tier="core", site="dc2", since="2026-04-01"))
    steps = (("2026-06-01", first), ("2026-07-01", second))
    assert told(estate(*steps).segments, "site")[-2:] == [("2026-01-01", "2026-04-01", "dc1"), ("2026-04-01", None, "dc2")]
    assert reached(*steps) == [(20, "asset", "db", "2026-03-01")]


def test_removing_a_declaration_that_is_history_changes_nothing() -> None:
    first = programme(assets_yaml=ASSET + LATER.format(tier="core", site="dc2", since="2026-03-01"))
    only_last = programme(assets_yaml="assets:\n" + LATER.format(tier="core", site="dc2", since="2026-03-01"))
    undated = edited("assets.yaml", "site: dc1", "site: dc2")
    for second in (only_last, undated):
        steps = (("2026-06-01", first), ("2026-07-01", second))
        assert told(estate(*steps).segments, "site") == told(estate(steps[0]).segments, "site")
        assert reached(*steps) == []


def test_a_declaration_that_keeps_its_past_since_and_changes_is_retroactive() -> None:
    first = edited("assets.yaml", "in_service: 2024-01-01", "in_service: 2024-01-01\n  since: 2024-01-01")
    second = {**first, "assets.yaml": first["assets.yaml"].replace("site: dc1", "site: dc2")}
    steps = (("2026-06-01", first), ("2026-07-01", second))
    assert told(estate(*steps).segments, "site")[:2] == [(None, "2024-01-01", "dc1"), ("2024-01-01", "2026-01-01", "dc2")]
    assert reached(*steps) == [(20, "asset", "db", "2024-01-01")]


def test_a_retired_asset_tells_its_end_and_keeps_its_last_policy() -> None:
    second = {
        **BASE,
        "policy-core-2.yaml": BASE["policy-core.yaml"].replace("version: 1", "version: 2").replace("2026-01-01", "2026-09-01"),
    }
    retired = {**second, "assets.yaml": ASSET + "  retired: {date: 2026-08-01, reason: replaced}\n"}
    known = estate(("2026-06-01", BASE), ("2026-07-01", retired))
    assert told(known.segments, "policy", "retired") == [
        (None, "2026-01-01", None, day("2026-08-01")),
        ("2026-01-01", None, 0, day("2026-08-01")),
    ]
    # Not retired, the second version would be in force from September.
    assert told(estate(("2026-06-01", BASE), ("2026-07-01", second)).segments, "policy")[-1] == ("2026-09-01", None, 1)


def test_retiring_in_the_past_is_retroactive_and_back_in_service_is_told_apart() -> None:
    retired = {**BASE, "assets.yaml": ASSET + "  retired: 2026-05-01\n"}
    steps = (("2026-06-01", BASE), ("2026-07-01", retired))
    assert reached(*steps) == [(20, "asset", "db", "2026-05-01")]
    back = estate(*steps, ("2026-08-01", BASE))
    assert told(back.segments, "retired", "policy")[1:] == [
        ("2026-01-01", "2026-08-01", day("2026-05-01"), 0),
        ("2026-08-01", None, None, 0),
    ]


def test_editing_a_retired_asset_is_not_retroactive() -> None:
    retired = {**BASE, "assets.yaml": ASSET + "  retired: 2026-05-01\n"}
    handed = {**BASE, "assets.yaml": retired["assets.yaml"].replace("unit: finance", "unit: platform")}
    steps = (("2026-06-01", retired), ("2026-07-01", handed))
    assert reached(*steps) == []
    assert told(estate(*steps).segments, "unit")[1:] == [("2026-01-01", "2026-07-01", "finance"), ("2026-07-01", None, "platform")]


def test_a_new_version_takes_force_when_applied_or_when_effective() -> None:
    text = BASE["policy-core.yaml"].replace("version: 1", "version: 2").replace("rpo: 1h", "rpo: 2h")
    late = {**BASE, "policy-core-2.yaml": text}
    planned = {**BASE, "policy-core-2.yaml": text.replace("2026-01-01", "2026-09-01")}
    known = estate(("2026-06-01", BASE), ("2026-07-01", late))
    assert told(known.segments, "policy") == [(None, "2026-01-01", None), ("2026-01-01", "2026-07-01", 0), ("2026-07-01", None, 1)]
    assert [(version.version, version.reaches_back) for version in known.policies] == [(1, True), (2, False)]
    assert told(estate(("2026-06-01", BASE), ("2026-07-01", planned)).segments, "policy")[-1] == ("2026-09-01", None, 1)
    # The old file may go, the new version may go: both stay known.
    without = {name: text for name, text in late.items() if name != "policy-core.yaml"}
    assert told(estate(("2026-06-01", BASE), ("2026-07-01", late), ("2026-08-01", without)).segments, "policy")[-1] == (
        "2026-07-01",
        None,
        1,
    )
    assert told(estate(("2026-06-01", BASE), ("2026-07-01", late), ("2026-08-01", BASE)).segments, "policy")[-1] == (
        "2026-07-01",
        None,
        1,
    )


def test_of_the_versions_in_force_the_highest_stands() -> None:
    second = BASE["policy-core.yaml"].replace("version: 1", "version: 2").replace("2026-01-01", "2026-12-01")
    third = BASE["policy-core.yaml"].replace("version: 1", "version: 3").replace("2026-01-01", "2026-10-01")
    known = estate(("2026-06-01", BASE), ("2026-07-01", {**BASE, "policy-b.yaml": second, "policy-c.yaml": third}))
    assert told(known.segments, "policy")[1:] == [("2026-01-01", "2026-10-01", 0), ("2026-10-01", None, 2)]


def test_a_withdrawn_policy_promises_nothing_from_then_on() -> None:
    gone = "policy: core\nversion: 2\neffective: 2026-09-01\ntimezone: UTC\nwithdrawn: true\n"
    known = estate(("2026-06-01", BASE), ("2026-07-01", {**BASE, "policy-core.yaml": gone}))
    assert told(known.segments, "policy")[1:] == [("2026-01-01", "2026-09-01", 0), ("2026-09-01", None, None)]


def test_the_policy_follows_the_tier() -> None:
    normal = BASE["policy-core.yaml"].replace("core", "normal")
    both = {**BASE, "policy-normal.yaml": normal}
    lowered = {**both, "assets.yaml": ASSET.replace("tier: core", "tier: normal")}
    known = estate(("2026-06-01", {**both, "assets.yaml": ASSET}), ("2026-07-01", lowered))
    assert [version.name for version in known.policies] == ["core", "normal"]
    assert told(known.segments, "tier", "policy")[1:] == [
        ("2026-01-01", "2026-07-01", "core", 0),
        ("2026-07-01", None, "normal", 1),
    ]


@pytest.mark.parametrize(
    ("scope", "matches"),
    [
        ("{}", True),
        ("{tier: core}", True),
        ("{tier: [normal, core], data_class: messages}", True),
        ("{tier: core, data_class: files}", False),
        ("{unit: finance, site: dc1, asset: db}", True),
        ("{assets: [other, db]}", True),
        ("{asset: other}", False),
        ("{site: dc2}", False),
    ],
)
def test_every_key_of_a_scope_must_match(scope: str, matches: bool) -> None:
    known = estate(("2026-06-01", edited("policy-core.yaml", "{tier: core}", scope)))
    assert known.segments["policy"].to_list()[-1] == (0 if matches else None)


def test_a_site_that_changes_splits_assets_and_repositories() -> None:
    moved = programme(sites_yaml=BASE["sites.yaml"] + "- {name: dc1, city: Suzhou, country: CN, since: 2026-03-01}\n")
    known = estate(("2026-06-01", moved))
    assert told(known.segments, "city") == [
        (None, "2026-01-01", "Shanghai"),
        ("2026-01-01", "2026-03-01", "Shanghai"),
        ("2026-03-01", None, "Suzhou"),
    ]
    assert told(known.repositories, "repository", "city") == [
        (None, "2026-03-01", "nas", "Shanghai"),
        ("2026-03-01", None, "nas", "Suzhou"),
        (None, None, "vault", "Hangzhou"),
    ]


def test_a_subject_that_moves_belongs_to_the_old_asset_before() -> None:
    other = ASSET + (
        "- {{name: other, unit: finance, data_class: files, tier: core, in_service: 2024-01-01,"
        " {since}subjects: [{{source: tool, subject: vm/1}}]}}\n"
    )
    without = other.replace("  subjects: [{source: tool, subject: vm/1}]\n", "", 1)
    for since, begins in (("", "2026-07-01"), ("since: 2026-05-01, ", "2026-05-01"), ("since: 2026-09-01, ", "2026-07-01")):
        steps = (("2026-06-01", BASE), ("2026-07-01", programme(assets_yaml=without.format(since=since))))
        rows = told(estate(*steps).aliases, "asset")
        if since.startswith("since: 2026-09"):
            # The new asset is the first to claim what nobody else has in the folder.
            assert rows == [(None, "2026-07-01", "db"), ("2026-07-01", None, "other")]
        else:
            assert rows == [(None, begins, "db"), (begins, None, "other")]
        assert reached(*steps) == ([(20, "subject", "tool vm/1", "2026-05-01")] if begins == "2026-05-01" else [])


def test_a_subject_named_for_the_first_time_belongs_from_the_beginning() -> None:
    named = edited(
        "assets.yaml", "[{source: tool, subject: vm/1}]", "[{source: tool, subject: vm/1}, {source: tool, subject: vm/2}]"
    )
    steps = (("2026-06-01", BASE), ("2026-07-01", named))
    assert told(estate(*steps).aliases, "subject") == [(None, None, "vm/1"), (None, None, "vm/2")]
    assert reached(*steps) == []
    assert told(estate(*steps, ("2026-08-01", BASE)).aliases, "subject") == [(None, None, "vm/1"), (None, "2026-08-01", "vm/2")]


def test_parts_have_subjects_of_their_own() -> None:
    parts = edited(
        "assets.yaml", "subjects: [{source: tool, subject: vm/1}]", "parts: [{name: a, subjects: [{source: tool, subject: vm/1}]}]"
    )
    assert told(estate(("2026-06-01", BASE), ("2026-07-01", parts)).aliases, "part") == [
        (None, "2026-07-01", None),
        ("2026-07-01", None, "a"),
    ]


def test_declared_repositories_of_an_asset_are_those_of_all_time() -> None:
    steps = [
        ("2026-06-01", {**BASE, "assets.yaml": ASSET + "  repositories: [nas]\n"}),
        ("2026-07-01", {**BASE, "assets.yaml": ASSET + "  repositories: [vault]\n"}),
    ]
    assert estate(*steps).asset_repositories.rows() == [("db", "nas"), ("db", "vault")]


def test_timeless_keys_change_the_past_and_an_end_ahead_does_not() -> None:
    trusting = edited("sources.yaml", "expected_every: 1d", "expected_every: 1d, trust_jobs_for: 30d")
    assert reached(("2026-06-01", BASE), ("2026-07-01", trusting)) == [(20, "source", "tool", None)]
    kept = edited("repositories.yaml", "keeps_at_least: 7d", "keeps_at_least: 8d")
    assert reached(("2026-06-01", BASE), ("2026-07-01", kept)) == [(20, "repository", "nas", None)]
    for until, marked in (("2026-08-01", []), ("2026-05-01", [(20, "source", "tool", None)])):
        ended = edited("sources.yaml", "expected_every: 1d", f"expected_every: 1d, until: {until}")
        assert reached(("2026-06-01", BASE), ("2026-07-01", ended)) == marked
        assert estate(("2026-06-01", BASE), ("2026-07-01", ended)).sources["tool"].until == day(until)


def test_bare_dates_are_of_the_programmes_zone() -> None:
    shanghai = {**BASE, "programme.yaml": "timezone: Asia/Shanghai\n"}
    known = estate(("2026-06-01", shanghai))
    assert known.timezone == "Asia/Shanghai"
    assert known.segments["in_service"].to_list()[0] == datetime(2023, 12, 31, 16, tzinfo=UTC)
    assert known.policies[0].effective == day("2026-01-01")  # the policy says UTC
    common = {**BASE, "policy-core.yaml": BASE["policy-core.yaml"].replace("UTC", "Europe/Berlin")}
    assert estate(("2026-06-01", common)).timezone == "Europe/Berlin"
    # One more policy of another zone does not move the days of everything else.
    mixed = {
        **common,
        "policy-b.yaml": BASE["policy-core.yaml"].replace("policy: core", "policy: b").replace("{tier: core}", "{tier: other}"),
    }
    assert estate(("2026-06-01", common), ("2026-07-01", mixed)).timezone == "Europe/Berlin"
    assert estate(("2026-06-01", mixed)).timezone == "UTC"


def test_a_stored_programme_that_cannot_be_read_is_named() -> None:
    with pytest.raises(InputError, match="entry 10 of the journal cannot be read") as error:
        estate(("2026-06-01", edited("policy-core.yaml", "rpo: 1h", "rpo: soon")))
    assert "'soon' is not a length of time" in str(error.value.faults[0])


def test_two_policies_at_once_give_the_same_answer_every_time() -> None:
    both = {**BASE, "policy-also.yaml": BASE["policy-core.yaml"].replace("policy: core", "policy: also")}
    known = resolve(read_history(history(("2026-06-01", both))))
    assert known.estate.segments["policy"].to_list()[-1] == 0
    assert known.versions[0].policy.name == "also"
    assert [(conflict.asset, conflict.policies) for conflict in known.conflicts] == [("db", (0, 1))]


def test_five_thousand_assets_fold_in_seconds() -> None:
    header = "name,unit,data_class,tier,site,in_service,subjects\n"
    table = header + "".join(f"a{n},finance,messages,t{n % 7},dc1,2024-01-01,tool=x{n}\n" for n in range(5000))
    moved = table.replace(",dc1,", ",dc2,")
    files = {**BASE, "assets.yaml": None, "policy-core.yaml": BASE["policy-core.yaml"].replace("{tier: core}", "{tier: [t1, t2]}")}
    base = {name: text for name, text in files.items() if text is not None}
    steps = [(f"2026-0{6 + n}-01", {**base, "assets.csv": moved if n % 2 else table}) for n in range(4)]
    begun = time.process_time()
    known = estate(*steps)
    assert time.process_time() - begun < 20  # about 2 seconds; the limit allows for a busy machine
    assert known.segments.height == 5000 * 4 + sum(1 for n in range(5000) if n % 7 in (1, 2))
    assert known.aliases.height == 5000
