"""When versions take force that have to be signed first: told as of each instant, and never moved by what comes later."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta

import pytest

from audit.model.estate import Estate
from audit.model.terms import micros
from audit.policy.estate import estate_at, read_history, resolve
from audit.policy.force import Signature
from audit.policy.standing import parties, place_of
from tests.policy.programmes import BASE, day, history, programme, told

ASSET = """- name: {name}
  unit: {unit}
  data_class: messages
  tier: core
  in_service: 2024-01-01
"""


def assets(**owners: str) -> str:
    return "assets:\n" + "".join(ASSET.format(name=name, unit=unit) for name, unit in owners.items())


def core(version: int, effective: str = "2026-02-01", *, more: str = "", tier: str = "core") -> str:
    return f"policy: core\nversion: {version}\neffective: {effective}\ntimezone: UTC\napplies_to: {{tier: {tier}}}\nobjectives:\n  rpo: {version}h\n{more}"


FIRST = programme(programme_yaml="timezone: UTC\ntakes_force: signed\n", assets_yaml=assets(db="finance"))
SECOND = {**FIRST, "policy-core-2.yaml": core(2)}
APPLIED = (("2026-01-01", FIRST), ("2026-02-10", SECOND))


def signed(unit: str, begin: str, end: str | None = None, *, version: int = 2, given: Estate | None = None) -> Signature:
    """A signature on what a version promises, as it was applied."""
    estate = given or estate_at(history(*APPLIED))
    place = place_of(estate, "core", version)
    text = str(estate.policies[place].sha256) if place is not None else ""
    return Signature("core", version, text, unit, micros(day(begin)), micros(day(end)) if end else None)


def held(
    applied: tuple[tuple[str, Mapping[str, str]], ...], *signatures: Signature, asset: str = "db"
) -> list[tuple[str | None, int | None]]:
    """From when which version of the policy stands for an asset."""
    estate = estate_at(history(*applied), signatures)
    rows = told(estate.segments, "policy", asset=asset)
    return [(begin, None if policy is None else estate.policies[policy].version) for begin, _, policy in rows]


def test_the_earlier_version_stands_until_the_last_signature() -> None:
    assert held(APPLIED) == [(None, None), ("2026-01-01", 1)]
    assert held(APPLIED, signed("finance", "2026-03-01")) == [(None, None), ("2026-01-01", 1), ("2026-03-01", 2)]
    # Never before it is applied and effective.
    later = (APPLIED[0], ("2026-02-10", {**FIRST, "policy-core-2.yaml": core(2, "2026-06-01")}))
    estate = estate_at(history(*later))
    assert held(later, signed("finance", "2026-03-01", given=estate))[-1] == ("2026-06-01", 2)
    # Nor by a signature on another text, or by another unit.
    assert held(APPLIED, signed("finance", "2026-03-01")._replace(text="0" * 64))[-1] == ("2026-01-01", 1)
    assert held(APPLIED, signed("platform", "2026-03-01"))[-1] == ("2026-01-01", 1)


def test_without_the_rule_a_version_takes_force_when_it_is_applied() -> None:
    plain = tuple((when, {**files, "programme.yaml": "timezone: UTC\n"}) for when, files in APPLIED)
    assert held(plain)[-1] == ("2026-02-10", 2)
    # Who says it later changes nothing of what was applied before; who says it no more, nothing of what waits.
    assert held((*plain, ("2026-03-01", SECOND)))[-1] == ("2026-02-10", 2)
    assert held((*APPLIED, ("2026-03-01", {**SECOND, "programme.yaml": "timezone: UTC\n"})))[-1] == ("2026-01-01", 1)


def test_the_first_versions_of_a_policy_need_no_signature() -> None:
    both = {**FIRST, "policy-core-2.yaml": core(2, "2026-01-05")}
    assert held((("2026-01-10", both),))[-2:] == [("2026-01-01", 1), ("2026-01-05", 2)]
    without = {name: text for name, text in FIRST.items() if name != "policy-core.yaml"}
    assert held((("2026-01-01", without), ("2026-02-01", FIRST)))[-1] == ("2026-02-01", 1)


def test_a_refusal_and_a_withdrawal_before_all_have_signed() -> None:
    shared = tuple((when, {**files, "assets.yaml": assets(db="finance", mail="platform")}) for when, files in APPLIED)
    finance, platform = signed("finance", "2026-03-01", "2026-03-05"), signed("platform", "2026-03-10")
    # Finance signed, refused, and signs again after platform did.
    assert held(shared, finance, platform)[-1] == ("2026-01-01", 1)
    assert held(shared, finance, platform, signed("finance", "2026-04-01"))[-1] == ("2026-04-01", 2)
    # Once it took force it stays, whatever is refused later.
    assert held(shared, finance, platform._replace(begin=micros(day("2026-03-04"))))[-1] == ("2026-03-04", 2)


def test_units_that_come_and_go_while_it_waits() -> None:
    more = {**SECOND, "assets.yaml": assets(db="finance", mail="platform")}
    joined = (*APPLIED, ("2026-03-01", more))
    # Platform came before finance signed: both have to.
    assert held(joined, signed("finance", "2026-03-05"))[-1] == ("2026-01-01", 1)
    assert held(joined, signed("finance", "2026-03-05"), signed("platform", "2026-03-09"))[-1] == ("2026-03-09", 2)
    # It came after: what took force stays so, and holds for its asset as well.
    assert held(joined, signed("finance", "2026-02-20"))[-1] == ("2026-02-20", 2)
    assert held(joined, signed("finance", "2026-02-20"), asset="mail")[-1] == ("2026-02-20", 2)
    # Who owns nothing in its scope any more has nothing to sign.
    gone = assets(db="finance", mail="platform").replace(
        "in_service: 2024-01-01\n", "in_service: 2024-01-01\n  retired: 2026-04-01\n"
    )
    kept = gone.replace("  retired: 2026-04-01\n", "", 1)  # db stays
    left = (*joined, ("2026-03-20", {**more, "assets.yaml": kept}))
    assert held(left, signed("finance", "2026-03-05"))[-1] == ("2026-04-01", 2)


def test_what_is_declared_for_the_past_does_not_move_it() -> None:
    took = held(APPLIED, signed("finance", "2026-02-20"))
    since = assets(db="finance") + ASSET.format(name="db", unit="platform") + "  since: 2026-02-01\n"
    moved = (*APPLIED, ("2026-05-01", {**SECOND, "assets.yaml": since}))
    estate = estate_at(history(*moved), (signed("finance", "2026-02-20"),))
    (second,) = [one for one in estate.policies if one.version == 2]
    assert second.in_force == day("2026-02-20")
    assert took[-1] == ("2026-02-20", 2)


def test_a_withdrawal_is_signed_by_those_whose_promise_ends() -> None:
    ends = {**FIRST, "policy-core-2.yaml": "policy: core\nversion: 2\neffective: 2026-02-01\ntimezone: UTC\nwithdrawn: true\n"}
    applied = (("2026-01-01", FIRST), ("2026-02-10", ends))
    estate = estate_at(history(*applied))
    assert held(applied)[-1] == ("2026-01-01", 1)
    assert parties(estate, 1)["unit"].to_list() == ["finance"]
    assert held(applied, signed("finance", "2026-03-01", given=estate))[-1] == ("2026-03-01", None)


def test_a_higher_version_that_is_signed_first_stands() -> None:
    third = (*APPLIED, ("2026-03-01", {**SECOND, "policy-core-3.yaml": core(3)}))
    estate = estate_at(history(*third))
    three = signed("finance", "2026-03-05", version=3, given=estate)
    assert held(third, three)[-1] == ("2026-03-05", 3)
    assert held(third, three, signed("finance", "2026-04-01"))[-1] == ("2026-03-05", 3)


def test_whom_a_waiting_version_is_for() -> None:
    estate = estate_at(history(*APPLIED))
    assert estate.policies[1].in_force is None
    assert parties(estate, 1).rows() == [("db", "finance", "messages", "core")]
    done = estate_at(history(*APPLIED), (signed("finance", "2026-03-01"),))
    assert done.awaiting.is_empty()
    assert parties(done, 1).rows() == parties(estate, 1).rows()
    assert done.policies[1].in_force == day("2026-03-01")


def test_as_if_all_were_signed() -> None:
    resolved = resolve(read_history(history(*APPLIED)), None)
    assert resolved.estate.awaiting.is_empty()
    assert [one.in_force for one in resolved.versions] == [micros(day("2026-01-01")), micros(day("2026-02-10"))]


@pytest.mark.parametrize("first", ["core", "wide"])
def test_an_asset_that_is_handed_over_stays_where_it_was_until_both_have_signed(first: str) -> None:
    """Policy `core` lets go of tier basic, and `wide` (or `also`, before it by name) takes it up; each waits for a signature of its own."""
    for other in ("also", "wide"):
        wide = core(1, tier="gold").replace("policy: core", f"policy: {other}")
        both = {**FIRST, "policy-core.yaml": core(1, tier="[core, basic]"), f"policy-{other}.yaml": wide}
        both["assets.yaml"] = (
            assets(db="finance", mail="platform", rich="finance")
            .replace("tier: core", "tier: basic", 2)
            .replace("tier: core", "tier: gold")
        )
        handed = {
            **both,
            "policy-core-2.yaml": core(2, tier="nobody").replace("tier: nobody", "tier: core"),
            f"policy-{other}-2.yaml": wide.replace("version: 1", "version: 2").replace("{tier: gold}", "{tier: [gold, basic]}"),
        }
        handed["assets.yaml"] = both["assets.yaml"] + ASSET.format(name="last", unit="finance")
        applied = (("2026-01-01", both), ("2026-02-10", handed))
        given = estate_at(history(*applied))
        texts = {(one.name, one.version): str(one.sha256) for one in given.policies}

        def given_by(policy: str, unit: str, when: str, texts: dict[tuple[str, int], str] = texts) -> Signature:
            return Signature(policy, 2, texts[policy, 2], unit, micros(day(when)), None)

        days = {"core": "2026-03-01", other: "2026-04-01"} if first == "core" else {"core": "2026-04-01", other: "2026-03-01"}
        signatures = [given_by(policy, unit, when) for policy, when in days.items() for unit in ("finance", "platform")]
        estate = estate_at(history(*applied), signatures)
        stood = [
            (begin, place if place is None else estate.policies[place].name)
            for begin, _, place in told(estate.segments, "policy", asset="db")
        ]
        between = [("2026-03-01", None)] if first == "core" else []
        assert stood == [(None, None), ("2026-02-01", "core"), *between, ("2026-04-01", other)], other


@pytest.mark.parametrize("days", [0, 1, 30])
def test_a_signature_before_it_was_applied_counts_from_then(days: int) -> None:
    given = signed("finance", "2026-02-10")._replace(begin=micros(day("2026-02-10") - timedelta(days=days)))
    assert held(APPLIED, given)[-1] == ("2026-02-10", 2)


def test_the_base_has_no_such_rule() -> None:
    assert not any(one.by_signature for one in estate_at(history(("2026-01-01", BASE))).policies)


@pytest.mark.parametrize("seed", range(60))
def test_it_is_the_first_day_on_which_every_owner_has_signed(seed: int) -> None:
    """Against the definition, tried day by day: everything here happens at the beginning of a day."""
    dice = random.Random(seed)
    days = [f"2026-02-{number:02}" for number in range(1, 26)]
    names, units, tiers = ("a", "b", "c"), ("finance", "platform"), ("core", "basic")

    def declared(fixed: bool) -> dict[str, str]:
        rows = [(name, dice.choice(units), "core" if fixed else dice.choice(tiers)) for name in names]
        return {name: ASSET.format(name=name, unit=unit).replace("tier: core", f"tier: {tier}") for name, unit, tier in rows}

    history_of = [("2026-01-01", declared(fixed=True))]
    history_of += [(when, declared(fixed=False)) for when in ("2026-02-03", *sorted(dice.sample(days[3:18], 3)))]
    applied = tuple(
        (when, {**(FIRST if number == 0 else SECOND), "assets.yaml": "assets:\n" + "".join(rows.values())})
        for number, (when, rows) in enumerate(history_of)
    )
    estate = estate_at(history(*applied))
    signatures = []
    for unit in units:
        begins = sorted(dice.sample(days, dice.randint(0, 3)))
        for begin, following in zip(begins, [*begins[1:], None][: len(begins)], strict=True):
            end = dice.choice([following, min(f"2026-02-{int(begin[-2:]) + 2:02}", following or "9")])
            signatures.append(signed(unit, begin, end, given=estate))
    expected = None
    for when in days[2:]:
        rows = [rows for at, rows in history_of if at <= when][-1]
        owners = {unit for unit in units for row in rows.values() if f"unit: {unit}" in row and "tier: core" in row}
        at = micros(day(when))
        if owners <= {one.unit for one in signatures if one.begin <= at and (one.end is None or at < one.end)}:
            expected = day(when)
            break
    found = estate_at(history(*applied), signatures).policies[-1]
    assert (found.version, found.in_force) == (2, expected)
