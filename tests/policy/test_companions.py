"""Assets that a promise names beside those it is for: they have to be declared, and be others."""

from __future__ import annotations

from tests.policy.programmes import BASE, programme
from tests.policy.test_faults import faults, only

TWO = BASE["assets.yaml"] + "- {name: permissions, unit: finance, data_class: identity, tier: other, in_service: 2024-01-01}\n"


def core(assets: str, skew: str = "15m", scope: str = "{tier: core}") -> str:
    return (
        f"policy: core\nversion: 1\neffective: 2026-01-01\ntimezone: UTC\napplies_to: {scope}\n"
        f"objectives:\n  recover_with:\n    assets: {assets}\n    skew: {skew}\n"
    )


def test_another_asset_may_be_named() -> None:
    assert faults(programme(assets_yaml=TWO, policy__core_yaml=core("[permissions]"))) == []


def test_an_asset_that_is_not_declared_is_a_fault_with_its_place() -> None:
    fault = only(programme(assets_yaml=TWO, policy__core_yaml=core("[permissions, permision]")))
    assert str(fault) == (
        "policy-core.yaml, line 8, objectives.recover_with.assets[1]: the asset `permision` is not declared, did you mean `permissions`? "
        "(declare it in assets.yaml; known: db, permissions)"
    )


def test_an_asset_is_not_its_own_companion() -> None:
    fault = only(programme(assets_yaml=TWO, policy__core_yaml=core("[permissions, db]")))
    assert str(fault) == (
        "policy-core.yaml, line 8, objectives.recover_with.assets[1]: core version 1 is for `db` as well: it cannot be its own companion "
        "(leave it out here, or in `applies_to`)"
    )


def test_nor_is_it_when_it_changes_later() -> None:
    before = programme(assets_yaml=TWO, policy__core_yaml=core("[permissions]"))
    after = {**before, "assets.yaml": TWO.replace("tier: other", "tier: core")}
    assert "core version 1 is for `permissions` as well" in only(after, before).what


def test_a_skew_is_an_exact_length_and_some_asset_is_named() -> None:
    assert "a skew is an exact length" in only(programme(assets_yaml=TWO, policy__core_yaml=core("[permissions]", "1 month"))).what
    assert only(programme(assets_yaml=TWO, policy__core_yaml=core("[]"))).what == "it is empty"
