"""A hand-made year of a small company: every verdict, every reason, every kind of stretch, in words that could harm a page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from audit.content import Content
from audit.controls.copies import Copies
from audit.controls.recovery_point import Rpo
from audit.controls.retention_maximum import Dispose
from audit.controls.retention_minimum import Keep
from audit.model.assessment import Assessment, Coverage
from audit.model.estate import ALIAS, ASSET_REPOSITORY, REPOSITORY, SEGMENT, Estate, PolicyVersion, Source
from audit.model.terms import Term
from audit.model.verdicts import Breach, EvidenceRef, Result, Unproven, Verdict
from audit.reporting.compose import Definition, compose

SINCE = datetime(2025, 12, 31, 16, tzinfo=UTC)  # midnight in Shanghai
UNTIL = datetime(2026, 12, 31, 16, tzinfo=UTC)
YEAR = (UNTIL - SINCE).total_seconds()
SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
HEAD = "3b1f" * 16
MESSAGES = "im-messages-db"
EVIL = '<script>alert("x")</script>'
REASONS = (
    "no-evidence",
    "no-listing-after",
    "unseen",
    "presence",
    "job-only",
    "integrity",
    "chain",
    "undeclared",
    "no-restore-test",
    "mixed",
)


def at(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """An instant of 2026 in UTC."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def result(
    asset, control, *, unit="customer-operations", leg=None, part=None, breaches=(), unproven=(), judged=YEAR, grace=0.0, **more
) -> Result:
    """A result whose shares follow from its stretches; `grace` in seconds."""
    lost = {
        name: sum((s.until - s.since).total_seconds() for s in found)
        for name, found in (("breached", breaches), ("unproven", unproven))
    }
    lost["grace"] = grace
    shares = {name: seconds / judged for name, seconds in lost.items()} | {"waived": 0.0} if judged else None
    if shares is not None:
        shares["met"] = 1 - sum(shares.values())
    verdict = Verdict.BREACHED if breaches else Verdict.UNPROVEN if unproven else Verdict.MET if judged else Verdict.NOT_APPLICABLE
    policy, version = ("core-messages", 3) if judged else (None, None)
    return Result(
        asset, unit, policy, version, part, control, leg, verdict, shares, judged, tuple(breaches), tuple(unproven), **more
    )


def breach(since, until, entry=12, locator="line 3", **detail) -> Breach:
    """A breach with one reference to evidence."""
    return Breach(since, until, detail, (EvidenceRef(entry, SHA, locator),))


def missing(since, until, reason) -> Unproven:
    """An unproven stretch that one source and one repository would settle."""
    return Unproven(since, until, reason, {"sources": ["nas-dc1"], "repositories": ["nas-dc1-pool"]})


@pytest.fixture
def content() -> Content:
    return Content()


def _estate() -> Estate:
    policy = {
        "name": "core-messages",
        "timezone": "Asia/Shanghai",
        "objectives": {
            "rpo": Rpo.model_validate({"target": "1h", "tolerance": "10m"}),
            "copies": Copies.model_validate({"max_age": "24h", "immutable": 1}),
            "dispose": Dispose.model_validate({"after": "8y", "grace": "7d"}),
            "keep": Keep.model_validate([{"every": "day", "for": "30d"}, {"every": "month", "for": "7y"}]),
        },
        "title": {"en": "Core messages", "zh": "核心消息"},
        "new_asset_grace": Term.parse("30d"),
    }
    policies = (
        PolicyVersion(
            version=2,
            effective=datetime(2025, 1, 1, tzinfo=UTC),
            applied=datetime(2025, 2, 1, tzinfo=UTC),
            reaches_back=True,
            **policy,
        ),
        PolicyVersion(version=3, effective=at(6, 1), applied=at(5, 20), in_force=at(6, 1), **policy),
    )
    rows = []
    for asset, unit, begin, end in (
        (MESSAGES, "customer-operations", None, None),
        ("im-files", "customer-operations", at(3, 1), None),
        (EVIL, "platform", None, None),
        ("identity", "platform", None, at(9, 15)),
        ("call-records", "platform", None, None),
        ("org-chart", "people", None, None),
        ("audit-log", "people", None, None),
        ("config", "people", None, None),
    ):
        common = {"asset": asset, "unit": unit, "in_service": begin, "retired": end}
        rows += [{**common, "to": at(6, 1), "policy": 0}, {**common, "from": at(6, 1), "policy": 1}]
    return Estate(
        segments=pl.DataFrame([{key: row.get(key) for key in SEGMENT} for row in rows], schema=SEGMENT),
        aliases=pl.DataFrame(schema=ALIAS),
        repositories=pl.DataFrame(schema=REPOSITORY),
        asset_repositories=pl.DataFrame(schema=ASSET_REPOSITORY),
        sources={"nas-dc1": Source("nas-dc1", "restic"), "pbs-dc1": Source("pbs-dc1", "proxmox-backup-server")},
        policies=policies,
        units={
            "customer-operations": {"en": "Customer Operations", "zh": "客户运营部"},
            "platform": {"en": "Platform", "zh": "平台部"},
            "people": {"en": "People", "zh": "人事部"},
        },
        timezone="Asia/Shanghai",
    )


@pytest.fixture
def estate() -> Estate:
    return _estate()


def _messages() -> list[Result]:
    """An asset with a week without backups, a dozen late runs, a moment without an offsite copy, and an undeclared repository."""
    late = [
        breach(at(4, 1) + timedelta(days=2 * n), at(4, 1, 0, 40) + timedelta(days=2 * n), entry=20 + n, exposure_seconds=6600.0)
        for n in range(12)
    ]
    last = {"id": "a1b2c3d4e5", "repository": "nas-dc1-pool", "captured_at": "2026-08-03T01:00:00Z", "available_at": None}
    week = breach(at(8, 3, 2), at(8, 10, 5, 30), exposure_seconds=615_600.0, before=last)
    worst = {"worst_exposure_seconds": 615_600.0}
    silent = missing(at(12, 20), UNTIL, "no-listing-after")
    return [
        result(
            MESSAGES,
            "recovery-point",
            breaches=[*late, week],
            unproven=[silent],
            detail=worst,
            provenance="uploaded by ops@example.com",
        ),
        result(MESSAGES, "copies", leg="count"),
        result(MESSAGES, "copies", leg="media"),
        result(MESSAGES, "copies", leg="offsite", breaches=[breach(at(2, 1), at(2, 1, 0, 5), have=0, need=1)]),
        result(MESSAGES, "copies", leg="immutable", unproven=[missing(at(1, 1), at(12, 1), "undeclared")]),
        result(MESSAGES, "retention-minimum"),
    ]


def _files() -> list[Result]:
    """A new asset in two parts, in grace for 30 days."""
    new = {"judged": (UNTIL - at(3, 1)).total_seconds(), "grace": 30 * 86_400.0}
    gone = missing(at(7, 1), at(7, 20), "presence")
    return [
        result("im-files", "recovery-point", unproven=[gone], provenance="pulled", **new),
        result("im-files", "recovery-point", part="shard-2", **new),
    ]


def _identity() -> list[Result]:
    """An asset retired in September whose records must be kept to November; unproven for every reason there is."""
    reasons = [missing(at(1, 1) + timedelta(days=20 * n), at(1, 8) + timedelta(days=20 * n), why) for n, why in enumerate(REASONS)]
    lost = breach(at(10, 1), at(10, 20), point="a1b2c3d4", rule="every month")
    return [
        result("identity", "recovery-point", unit="platform", judged=(at(9, 15) - SINCE).total_seconds(), unproven=reasons),
        result("identity", "retention-minimum", unit="platform", judged=(at(11, 15) - SINCE).total_seconds(), breaches=[lost]),
    ]


def untested(asset: str, unit: str) -> Result:
    """No restore test, at the last microsecond of the period."""
    never = Unproven(UNTIL - timedelta(microseconds=1), UNTIL, "no-restore-test")
    return result(asset, "protection", unit=unit, leg="restorable", judged=1e-6, unproven=[never])


def _assessment() -> Assessment:
    kept = ("recovery-point", "retention-minimum", "retention-maximum")
    evil = breach(at(5, 1), at(5, 2), locator='/0/"><img src=x>', unknown_key=EVIL)
    results = [
        *_messages(),
        *_files(),
        result(EVIL, "recovery-point", unit="platform", breaches=[evil]),
        *_identity(),
        *(result(asset, control, unit="people") for asset in ("org-chart", "audit-log") for control in kept),
        untested(MESSAGES, "customer-operations"),
        untested("im-files", "customer-operations"),
        untested("org-chart", "people"),
        result("call-records", "recovery-point", unit="platform", judged=0.0),
        result("config", "recovery-point", unit="people"),
    ]
    coverage = Coverage(
        in_service=7,
        assigned=6,
        protected=4,
        protected_up_to=5,
        restorable=0,
        remainder={
            "assigned": ("call-records",),
            "protected": ("call-records", "im-files", EVIL),
            "restorable": (MESSAGES, "im-files", EVIL, "call-records", "org-chart", "audit-log", "config"),
        },
        orphans=({"source": "nas-dc1", "subject": "vm/999"},),
        restorable_up_to=7,
    )
    notices = ({"key": "undeclared-repositories", "repositories": ["attic"]}, {"key": "something-new", "count": 3})
    fault = "retention-maximum: ZeroDivisionError: division by zero"
    return Assessment(SINCE, UNTIL, 4711, HEAD, tuple(results), 2, coverage, (fault,), notices)


@pytest.fixture
def assessment() -> Assessment:
    return _assessment()


@pytest.fixture
def payloads() -> pl.DataFrame:
    rows = [
        (12, SHA, "nas-dc1", "restic", "snapshots.json", "upload", "ops@example.com", at(8, 10), at(8, 10, 6), 40, 0, 1, 0),
        (
            4711,
            HEAD,
            "nas-dc1",
            "restic",
            "snapshots-last.json",
            "pull",
            "",
            UNTIL + timedelta(days=15),
            UNTIL + timedelta(days=15),
            40,
            0,
            1,
            2,
        ),
        (4000, HEAD, None, "interchange", "hand.csv", "upload", "", at(12, 1), at(12, 2), 3, 0, 0, 0),
    ]
    names = (
        "entry",
        "sha256",
        "source",
        "tool",
        "name",
        "method",
        "by",
        "observed_at",
        "received_at",
        "points",
        "runs",
        "listings",
        "quarantined",
    )
    return pl.DataFrame(rows, schema=list(names), orient="row").with_columns(
        pl.col("observed_at", "received_at").dt.cast_time_unit("us")
    )


@pytest.fixture
def quarantine() -> pl.DataFrame:
    rows = [
        (4711, "snapshots-last.json", "/3/time", "time", "'yesterday' is not a time", "write RFC 3339", "error"),
        (4711, "snapshots-last.json", "/9", "", "captured after it was available", "", "error"),
    ]
    return pl.DataFrame(rows, schema=["entry", "where", "locator", "key", "what", "remedy", "level"], orient="row")


@pytest.fixture
def review(assessment, estate, content, payloads, quarantine):
    """The annual review in a language, composed."""

    def compose_review(language="en", **changes):
        given = {"assessment": assessment, "estate": estate, "payloads": payloads, "quarantine": quarantine} | changes
        definition = Definition.load(content, "annual-review")
        return compose(given.pop("assessment"), given.pop("estate"), definition, language, content=content, **given)

    return compose_review
