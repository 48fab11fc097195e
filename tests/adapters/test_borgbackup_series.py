"""borgbackup: which series, and so which subject, an archive's name belongs to."""

from __future__ import annotations

import polars as pl
import pytest

from audit.adapters.borgbackup import _series

NAMES = {
    "mail-2026-11-23T13:55:48": "mail",
    "mail-2026-11-23T13:55:48.123456": "mail",
    "mail-2026-11-23T13:55:48.123456+08:00": "mail",
    "mail-2026-11-23T13:55:48Z": "mail",
    "mail-2026-11-23_13-55-48": "mail",
    "mail-2026-11-23": "mail",
    "mail_20261123": "mail",
    "mail.20261123-0230": "mail",
    "mail@202611230230": "mail",
    "mail 20261123023015": "mail",
    "mail::2026-11-23": "mail",
    "mail-23-11-2026": "mail",
    "mail-23.11.2026": "mail",
    "mail-2026-W47": "mail",
    "mail-1795413354": "mail",
    "web-01-20261123-0230": "web-01",
    "mail-monthly-2026-10": "mail-monthly",
    "mail-2025-01-01-copied-2026-11-23": "mail-2025-01-01-copied",
    "邮件-2026-11-23": "邮件",
    "mail-2026-11-23T13:55:48.checkpoint": "mail",
    "mail-2026-11-23T13:55:48.checkpoint.2": "mail",
    "mail.checkpoint": "mail",
    "2026-11-23T13:55:48": "vault",
    "2026-11-23": "vault",
    "mail-text-1": "mail-text-1",
    "web-1": "web-1",
    "web-2": "web-2",
    "mail": "mail",
    "mail-2026": "mail-2026",
    "mail-2026-13": "mail-2026-13",
    "mail-20261332": "mail-20261332",
    "host-192.168.10.20": "host-192.168.10.20",
    "build-99120261123": "build-99120261123",
}


@pytest.mark.parametrize(("name", "series"), NAMES.items())
def test_the_series_of_a_name(name: str, series: str) -> None:
    assert _series.series(pl.Series([name]), "vault").to_list() == [series]


def test_many_names_at_once_are_as_each_of_them_alone() -> None:
    assert _series.series(pl.Series(list(NAMES)), "vault").to_list() == list(NAMES.values())


def test_without_a_repository_a_bare_timestamp_has_no_series() -> None:
    assert _series.series(pl.Series(["2026-11-23"]), None).to_list() == [None]


@pytest.mark.parametrize(
    ("template", "series"),
    [
        ("mail-{now}", "mail"),
        ("mail-{now:%Y-%m-%dT%H:%M:%S}", "mail"),
        ("mail-{utcnow:%Y%m%d}", "mail"),
        ("mail-monthly", "mail-monthly"),
        ("{now}", "vault"),
        ("{hostname}-{now}", None),
        ("mail-{now:%Y", None),
    ],
)
def test_the_series_of_a_name_in_a_command(template: str, series: str | None) -> None:
    assert _series.of_template(template, "vault") == series


def test_checkpoints_are_unfinished() -> None:
    assert _series.unfinished(pl.Series(["a.checkpoint", "a.checkpoint.1", "checkpoint", "a-checkpoint"])).to_list() == [
        True,
        True,
        False,
        False,
    ]
