"""Prices of repositories: their form, their history, and programmes of the past."""
# ruff: noqa: E501 - tables of cases, one a line

from __future__ import annotations

from decimal import Decimal

import pytest

from audit.policy.checks import check
from audit.policy.load import load
from audit.policy.price import Price
from tests.policy.programmes import BASE, edited, estate, programme, told


def priced(text: str) -> dict[str, str]:
    """Return the base programme with a price of nas."""
    return edited("repositories.yaml", "failure_domain: nas-01", f"failure_domain: nas-01, price: {text}")


GOOD = '{amount: "0.12", currency: CNY, per: GiB-month}'


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ('"0.12"', "0.12"),
        ("0.12", "0.12"),
        ("12", "12"),
        ("0", "0"),
        ('"0.00000001"', "0.00000001"),
        ("1e-7", "0.0000001"),
        ('"999999999999.12345678"', "999999999999.12345678"),
        ("0.12345670", "0.1234567"),
    ],
)
def test_amounts_are_decimals_exactly_as_written(written: str, amount: str) -> None:
    made = estate(("2026-01-01", priced(GOOD.replace('"0.12"', written))))
    assert told(made.prices, "repository", "amount", "currency", "per") == [(None, None, "nas", amount, "CNY", "GiB-month")]
    assert Decimal(made.prices["amount"][0]) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD.replace('"0.12"', '"1,200"'), "repositories.yaml, line 2, repositories[0].price.amount: `1,200` is not an amount; write a decimal number that is not negative, such as 0.12"),
        (GOOD.replace('"0.12"', "-1"), "repositories.yaml, line 2, repositories[0].price.amount: `-1` is not an amount"),
        (GOOD.replace('"0.12"', "true"), "repositories.yaml, line 2, repositories[0].price.amount: `True` is not an amount"),
        (GOOD.replace('"0.12"', '"0.123456789"'), "repositories.yaml, line 2, repositories[0].price.amount: `0.123456789` is not an amount"),
        (GOOD.replace('"0.12"', "12345678901.12345"), "repositories.yaml, line 2, repositories[0].price.amount: `12345678901.12345` has more digits than a number keeps exactly; write it in quotes"),
        (GOOD.replace('"0.12"', "[1]"), "repositories.yaml, line 2, repositories[0].price.amount: `[1]` is not an amount"),
        (GOOD.replace('"0.12"', '"１"'), "repositories.yaml, line 2, repositories[0].price.amount: `１` is not an amount"),
        (GOOD.replace("CNY", "yuan"), "repositories.yaml, line 2, repositories[0].price.currency: `yuan` is not the code of a currency; write three capital letters of ISO 4217"),
        (GOOD.replace("CNY", "cny"), "repositories.yaml, line 2, repositories[0].price.currency: `cny` is not the code of a currency"),
        (GOOD.replace("CNY", "CNZ"), "repositories.yaml, line 2, repositories[0].price.currency: `CNZ` is not the code of a currency"),
        (GOOD.replace("GiB-month", "GiB"), "repositories.yaml, line 2, repositories[0].price.per: unknown word `GiB`"),
        (GOOD.replace("per:", "each:"), "repositories.yaml, line 2, repositories[0].price.each: unknown key `each`"),
        ("{amount: 1, currency: CNY}", "repositories.yaml, line 2, repositories[0].price: missing key `per`"),
        ("0.12 CNY", "repositories.yaml, line 2, repositories[0].price: found `0.12 CNY` where a mapping (`key: value` lines) is needed"),
    ],
)  # fmt: skip
def test_a_wrong_price_is_refused_where_it_stands(text: str, expected: str) -> None:
    read, found = load(priced(text))
    found = [*found, *check(read)]
    assert any(str(fault).startswith(expected) and fault.level == "error" for fault in found), [str(fault) for fault in found]


def test_a_programme_of_the_past_with_a_price_of_another_shape_is_read_on() -> None:
    # Prices were kept in any shape, and what stands in the journal stays.
    made = estate(("2026-01-01", priced("three yuan a month")), ("2026-03-01", priced(GOOD)))
    assert told(made.prices, "repository", "amount") == [("2026-03-01", None, "nas", "0.12")]


def test_a_price_holds_from_when_it_is_said_and_splits_nothing_else() -> None:
    second = (
        "- {name: nas, medium: disk, site: dc1, failure_domain: nas-01, keeps_at_least: 7d, since: 2026-05-01, price: "
        + GOOD.replace("0.12", "0.10")
        + "}\n"
    )
    third = second.replace("2026-05-01", "2026-07-01").replace("CNY", "EUR")
    made = estate(("2026-01-01", {**priced(GOOD), "repositories.yaml": priced(GOOD)["repositories.yaml"] + second + third}))
    assert told(made.prices, "amount", "currency") == [
        (None, "2026-05-01", "0.12", "CNY"),
        ("2026-05-01", "2026-07-01", "0.10", "CNY"),
        ("2026-07-01", None, "0.10", "EUR"),
    ]
    assert told(made.repositories, "medium", repository="nas") == [(None, None, "disk")]


def test_a_price_of_the_past_is_retroactive_and_one_from_now_on_is_not() -> None:
    from audit.policy.estate import read_history, resolve
    from tests.policy.programmes import history

    now = priced(GOOD)
    past = {
        **BASE,
        "repositories.yaml": now["repositories.yaml"].replace("keeps_at_least: 7d", "keeps_at_least: 7d, since: 2026-02-01"),
    }
    marks = resolve(read_history(history(("2026-01-01", BASE), ("2026-03-01", past)))).retroactive
    assert [(mark.noun, mark.name) for mark in marks] == [("repository", "nas")]
    assert resolve(read_history(history(("2026-01-01", BASE), ("2026-03-01", now)))).retroactive == ()
    assert told(estate(("2026-01-01", BASE), ("2026-03-01", past)).prices, "amount") == [("2026-02-01", None, "0.12")]


def test_without_prices_there_are_none() -> None:
    assert estate(("2026-01-01", programme())).prices.is_empty()
    assert Price.model_validate({"amount": "1", "currency": "CNY", "per": "TB-month"}).amount == Decimal(1)
