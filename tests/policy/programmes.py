"""A small programme for the tests of this folder, and the ways to change it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl

from audit.model.estate import Estate
from audit.policy.estate import AppliedProgramme, estate_at

BASE = {
    "units.yaml": "units:\n- {name: finance, title: {en: Finance, zh: 财务部}}\n- {name: platform}\n",
    "sites.yaml": "sites:\n- {name: dc1, city: Shanghai, country: CN}\n- {name: dc2, city: Hangzhou, country: CN}\n",
    "repositories.yaml": (
        "repositories:\n"
        "- {name: nas, medium: disk, site: dc1, failure_domain: nas-01, keeps_at_least: 7d}\n"
        "- {name: vault, medium: object, site: dc2, failure_domain: vault-01}\n"
    ),
    "sources.yaml": "sources:\n- {name: tool, tool: interchange, timezone: Asia/Shanghai, expected_every: 1d}\n",
    "assets.yaml": (
        "assets:\n"
        "- name: db\n"
        "  unit: finance\n"
        "  data_class: messages\n"
        "  tier: core\n"
        "  site: dc1\n"
        "  medium: disk\n"
        "  in_service: 2024-01-01\n"
        "  subjects: [{source: tool, subject: vm/1}]\n"
    ),
    "policy-core.yaml": (
        "policy: core\nversion: 1\neffective: 2026-01-01\ntimezone: UTC\napplies_to: {tier: core}\nobjectives:\n  rpo: 1h\n"
    ),
}
"""Six files; bare dates are of UTC, which all its policies share."""


def programme(**files: str | None) -> dict[str, str]:
    """Return the base programme with files replaced, added, or (None) left out: `policy__x_yaml` stands for policy-x.yaml."""
    named = {key.replace("__", "-").replace("_", "."): text for key, text in files.items()}
    return {name: text for name, text in {**BASE, **named}.items() if text is not None}


def edited(name: str, old: str, new: str) -> dict[str, str]:
    """Return the base programme with a text replaced in one file."""
    assert BASE[name].count(old) == 1, (name, old)
    return {**BASE, name: BASE[name].replace(old, new)}


def day(text: str) -> datetime:
    """Return the first instant of a day, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def history(*applied: tuple[str, Mapping[str, str]]) -> list[AppliedProgramme]:
    """Return programmes as applied on days, as entries 10, 20, 30 ..."""
    return [AppliedProgramme(10 * index, day(when), files, "Li Na") for index, (when, files) in enumerate(applied, start=1)]


def estate(*applied: tuple[str, Mapping[str, str]]) -> Estate:
    """Return the estate after programmes were applied on days."""
    return estate_at(history(*applied))


def told(frame: pl.DataFrame, *columns: str, **where: Any) -> list[tuple[Any, ...]]:
    """Return rows as (from, to, columns...), the instants as days, None where unbounded."""
    rows = frame.filter(**where) if where else frame
    return [(_day(row["from"]), _day(row["to"]), *(row[column] for column in columns)) for row in rows.to_dicts()]


def _day(at: datetime | None) -> str | None:
    if at is None:
        return None
    return f"{at:%Y-%m-%d}" if at.time().isoformat() == "00:00:00" else at.isoformat()
