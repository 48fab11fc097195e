"""Random estates: the same for a seed, as told on disk as in memory, with everything in them that the campaign is to try; and the oracle on them."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from audit.adapters._registry import read as read_payload
from audit.adapters._registry import recognise
from audit.model.envelope import Envelope
from audit.model.estate import Estate
from audit.model.facts import SCHEMAS
from audit.model.terms import instant
from audit.policy.estate import AppliedProgramme, estate_at
from tests.oracle import keeping, lives, oracle, ownership
from tests.oracle.case import KINDS, Case, payload_bytes, programme_files
from tests.oracle.cases import CASES
from tests.oracle.estates import cases, random_case
from tests.oracle.instants import BEGIN, FOR_EVER, MINUTE, covers, length, merged
from tests.oracle.lives import POSSIBLE, SURE, Lives
from tests.oracle.points import read
from tests.oracle.programme import estate_of
from tests.oracle.programmes import Size
from tests.oracle.records import declared

SEEDS = range(40)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_policy_package_resolves_the_written_folder_to_the_same_estate(seed: int) -> None:
    case = random_case(seed)
    _assert_same_estate(case)


@pytest.mark.parametrize("hand_made", CASES, ids=lambda one: one.case.name)
def test_the_policy_package_resolves_hand_made_programmes_to_the_same_estate(hand_made: object) -> None:
    _assert_same_estate(hand_made.case)  # type: ignore[attr-defined]


def _assert_same_estate(case: Case) -> None:
    mine = estate_of(case.programme)
    theirs = estate_at([AppliedProgramme(1, instant(case.now), programme_files(case.programme), "test", None)])
    for frame in ("segments", "aliases", "repositories", "asset_repositories"):
        assert _rows(mine, frame) == _rows(theirs, frame), frame
    assert [_told(version) for version in mine.policies] == [_told(version) for version in theirs.policies]
    assert {name: _exact(term) for name, term in mine.keeps_at_least.items()} == {
        name: _exact(term) for name, term in theirs.keeps_at_least.items()
    }
    assert dict(mine.sources) == dict(theirs.sources)


def _rows(estate: Estate, frame: str) -> list[str]:
    return sorted(str(sorted(row.items())) for row in getattr(estate, frame).iter_rows(named=True))


def _told(version: object) -> list[object]:
    told = [getattr(version, name) for name in ("name", "version", "timezone", "effective", "accept_partial")]
    return [*told, _exact(version.new_asset_grace)]  # type: ignore[attr-defined]


def _exact(term: object) -> object:
    return None if not term else (term.months, term.microseconds)  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", range(15))
def test_the_adapter_reads_what_the_case_tells(seed: int) -> None:
    case = random_case(seed)
    for told, payload in zip(case.told, case.payloads, strict=True):
        observed = None if told.observed_at is None else instant(told.observed_at)
        envelope = Envelope(tool="interchange", source=told.source, observed_at=observed, timezone="UTC")
        data = payload_bytes(told)
        assert recognise("0001.ndjson", data) == "interchange"
        facts = read_payload("interchange", data, envelope)
        assert len([fault for fault in facts.faults if fault.level == "error"]) == told.garbled
        for kind, name in KINDS.items():
            columns = [
                column for column in SCHEMAS[kind] if column not in ("locator", "ambiguous", "bytes", "basis", "mode", "message")
            ]
            read_back = [
                {key: value for key, value in row.items() if value is not None}
                for row in facts.by_kind()[kind]
                .select(columns)
                .with_columns(pl.selectors.datetime().dt.timestamp("us"))
                .iter_rows(named=True)
            ]
            mine = [
                {key: value for key, value in row.items() if value is not None and key in columns} for row in getattr(payload, name)
            ]
            assert sorted(map(_sorted, read_back)) == sorted(map(_sorted, mine)), (payload.number, kind)


def _sorted(row: dict[str, object]) -> str:
    return str(sorted(row.items()))


def test_a_seed_makes_the_same_case_again(tmp_path: Path) -> None:
    one, other = random_case(7), random_case(7)
    assert one == other
    programme, evidence = one.write(tmp_path / "one")
    assert sorted(path.name for path in evidence.iterdir())[:2] == ["0001.ndjson", "0001.ndjson.envelope.json"]
    assert (programme / "assets.yaml").read_text() == programme_files(other.programme)["assets.yaml"]
    assert random_case(8) != one
    assert len({asset["name"] for asset in random_case(8, Size(assets=1)).programme["assets"]}) == 1


def test_the_estates_hold_everything_the_campaign_is_to_try() -> None:
    found: Counter[str] = Counter()
    for seed in range(150):
        found.update(_phenomena(random_case(seed)))
    missing = [name for name in PHENOMENA if found[name] < 3]
    assert missing == []


PHENOMENA = (
    "base missing", "chain that returns to itself", "copy without repository", "copy without capture time", "corrupt", "deleted_at", "captured_until",
    "short id", "unnamed run", "failed verify run", "incomplete listing", "scoped listing", "listing without an instant", "listings that disagree",
    "job log", "partial point", "point that vanished and returned", "accept_partial", "several versions", "moved subject", "parts", "retired", "grace",
    "undeclared repository", "mirror", "known in the middle", "late", "tellings that differ", "running run", "half-told run", "calendar term", "asset without names",
    "encryption told both ways", "partly encrypted", "locked for one term", "encryption or locks of some repositories",
)  # fmt: skip


def _phenomena(case: Case) -> set[str]:
    """Return what is to be found in a case."""
    found = _of_programme(case)
    rows = [row for payload in case.payloads for row in payload.points]
    runs = [row for payload in case.payloads for row in payload.runs]
    listings = [row for payload in case.payloads for row in payload.listings]
    evidence = read(case.payloads)
    points = list(evidence.points.values())
    bases = {point.key: (*point.key[:2], point.base) for point in points if point.base is not None}
    told: dict[object, set[object]] = {}
    for row in rows:
        told.setdefault((row["source"], row["repository"], row["id"]), set()).add(
            (row.get("captured_at"), row.get("available_at"), row.get("expires_at"))
        )
    instants = [one.observed_at for one in case.told if one.observed_at is not None]
    places = [
        (row["source"], row["repository"], row.get("scope"), row["listed_at"])
        for row in listings
        if row.get("listed_at") is not None
    ]
    found |= {name for name, holds in {
        "base missing": any(base not in evidence.points for base in bases.values()),
        "chain that returns to itself": any(_returns(bases, key) for key in bases),
        "copy without repository": any(row.get("copy_of_id") and row.get("copy_of_repository") is None for row in rows),
        "copy without capture time": any(row.get("copy_of_id") and row.get("captured_at") is None for row in rows),
        "corrupt": any(point.corrupt for point in points),
        "deleted_at": any(point.deleted_at for point in points),
        "captured_until": any(point.captured_until for point in points),
        "undated": any(point.captured_at is None and point.available_at is not None for point in points),
        "partial point": any(point.partial for point in points),
        "short id": any(len(run.get("recovery_point") or "") == 8 for run in runs),
        "unnamed run": any(run["kind"] == "backup" and run.get("recovery_point") is None for run in runs),
        "failed verify run": any(run["kind"] == "verify" and run["outcome"] == "failed" for run in runs),
        "half-told run": any(run["kind"] in ("backup", "copy") and None in (run.get("subject"), run.get("started_at")) for run in runs),
        "running run": any(run["outcome"] == "running" for run in runs),
        "incomplete listing": any(not row["complete"] for row in listings),
        "scoped listing": any(row.get("scope") for row in listings),
        "listing without an instant": any(row.get("listed_at") is None and row.get("covers_from") is None for row in listings),
        "job log": any(row.get("covers_from") for row in listings),
        "listings that disagree": len(places) > len(set(places)),
        "point that vanished and returned": any(_returned(evidence.listings, point) for point in points),
        "undeclared repository": any(row["repository"] == "stray" for row in listings),
        "known in the middle": case.known is not None,
        "late": instants != sorted(instants),
        "encryption told both ways": any(len(point.encrypted) > 1 for point in points),
        "partly encrypted": {frozenset({"yes"}), frozenset({"no"}), frozenset()} <= {point.encrypted for point in points},
        "locked for one term": len({point.immutable_until - (point.captured_at or 0) for point in points if point.immutable_until}) == 1,
        "tellings that differ": any(len({one for one in values if None not in one}) > 1 for values in told.values()),
    }.items() if holds}  # fmt: skip
    return found


def _of_programme(case: Case) -> set[str]:
    assets, policies = case.programme["assets"], case.programme["policies"]
    return {name for name, holds in {
        "accept_partial": any(policy.get("accept_partial") for policy in policies),
        "several versions": any(policy["version"] > 2 for policy in policies),
        "moved subject": any(one["name"] != other["name"] and pair in other.get("subjects", ()) for one in assets for other in assets
                             for pair in one.get("subjects", ())),
        "parts": any(asset.get("parts") for asset in assets),
        "retired": any(asset.get("retired") for asset in assets),
        "grace": any(policy.get("new_asset_grace") for policy in policies),
        "encryption or locks of some repositories": any(
            isinstance(policy["objectives"].get(key), dict) and "repositories" in policy["objectives"][key]
            for policy in policies for key in ("encrypted", "locked_for")
        ),
        "mirror": any(one.get("mirror_of") for one in case.programme["repositories"]),
        "calendar term": any("month" in rule["for"] for policy in policies for rule in policy["objectives"].get("keep", ())),
        "asset without names": any(not asset.get("parts") and not asset.get("subjects") for asset in assets),
    }.items() if holds}  # fmt: skip


def _returns(bases: dict[tuple[str, str, str], tuple[str, str, str]], key: tuple[str, str, str]) -> bool:
    here, steps = bases.get(key), 0
    while here is not None and here != key and steps < len(bases):
        here, steps = bases.get(here), steps + 1
    return here == key


def _returned(listings: list[object], point: object) -> bool:
    shown = sorted(
        (listing.at, point.id in listing.ids)  # type: ignore[attr-defined]
        for listing in listings
        if listing.complete and listing.scope is None and listing.at is not None  # type: ignore[attr-defined]
        and (listing.source, listing.repository) == point.key[:2]  # type: ignore[attr-defined]
    )  # fmt: skip
    text = "".join("has"[0] if has else "-" for _, has in shown)
    return "h-h" in text or "h--h" in text


@pytest.mark.parametrize("seed", range(12))
def test_the_order_of_arrival_changes_nothing(seed: int) -> None:
    case = replace(random_case(seed), known=None)
    shuffled = list(case.told)
    random.Random(seed).shuffle(shuffled)
    assert replace(case, told=shuffled).judge() == case.judge()


@pytest.mark.parametrize("seed", range(25))
def test_what_is_sure_is_possible(seed: int) -> None:
    case = random_case(seed)
    lists = declared(estate_of(case.programme))
    found = Lives(read(case.payloads), dict(lists.origins))
    assert found.points or not case.told
    for point in found.points.values():
        for accepts in (False, True):
            sure, possible = (found.live(point, world, accepts) for world in (SURE, POSSIBLE))
            assert all(covers(possible, start) and covers(possible, end - 1) for start, end in sure)
            assert merged([*sure, *possible]) == possible


@pytest.mark.parametrize("seed", range(10))
def test_no_critical_instant_is_forgotten(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking at many more instants must give the same stretches."""
    case = random_case(seed, Size(assets=2, points=6, listings=6))
    plain = case.judge()
    rng = random.Random(seed)
    more = {rng.randrange(case.since, case.until) // MINUTE * MINUTE + MINUTE // 2 for _ in range(150)}
    original = ownership.stretches

    def denser(
        holds: Callable[[int], bool], critical: Iterable[int], since: int = BEGIN, until: int = FOR_EVER
    ) -> list[tuple[int, int]]:
        return original(holds, {*critical, *more}, since, until)

    for module in (lives, ownership, keeping):
        monkeypatch.setattr(module, "stretches", denser)
    instants = oracle.AtInstants.instants
    monkeypatch.setattr(oracle.AtInstants, "instants", lambda self, until: instants(self, until) | more)
    assert case.judge() == plain


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_every_instant_is_judged_once(case: Case) -> None:
    for name, versions in case.judge().results.items():
        for said in versions.values():
            both = sorted([*said.breached, *said.unproven])
            assert all(one[1] <= other[0] for one, other in pairwise(both)), name
            assert all(case.since <= start < end <= case.until for start, end in both), name
            assert length(both) <= said.judged - said.grace <= case.until - case.since, name


def test_an_estate_of_six_assets_takes_seconds_at_most() -> None:
    size = Size(assets=6, repositories=3, points=30, listings=20, days=40)
    largest = max((random_case(seed, size) for seed in range(30)), key=lambda case: sum(len(told.records) for told in case.told))
    begun = time.perf_counter()
    result = largest.judge()
    assert result.results
    assert time.perf_counter() - begun < 15  # 1 to 2 s on a quiet machine
