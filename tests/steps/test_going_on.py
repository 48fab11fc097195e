"""An assessment that goes on from one that was kept says what one says that judges everything: on random histories of evidence, programmes and records, step by step."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from audit.errors import BackupAuditError
from audit.evaluation.over_time import runs_over_time
from audit.model.terms import instant
from audit.steps import points
from audit.steps._open import Store, open_store
from audit.steps._payloads import gather
from audit.steps.act import act
from audit.steps.apply import apply
from audit.steps.assess import assess
from audit.steps.ingest import ingest
from audit.steps.init import init
from audit.steps.keep import assess_and_keep
from audit.steps.over_time import over_time_kept, over_time_of
from tests.evaluation.test_changed import AS_KNOWN, FIRST, NEWS, OTHERS, SOURCES, without
from tests.oracle.build import p, policy, programme, rows, run
from tests.oracle.campaign import _act, _drill, _hold
from tests.oracle.case import Case, programme_files
from tests.oracle.estates import random_case
from tests.oracle.instants import DAY, text_of
from tests.oracle.programmes import Size

SIZE = Size(assets=3, repositories=2, sources=2, points=4, listings=3, days=8)
IN_CHUNKS = 54
Step = Callable[[], Any]


def steps_of(case: Case, store: Store, folder: Path, random: Random) -> Iterator[Step]:
    """Yield what happens, in a random order but that programmes come first: some of the programme, the rest of it, evidence file by file, and each record."""
    programme, evidence = case.write(folder)
    first = folder / "first"
    first.mkdir()
    fewer = {**case.programme, "policies": [one for one in case.programme["policies"] if one["version"] == 1]}
    for name, text in programme_files(fewer).items():
        (first / name).write_text(text, encoding="utf-8")
    yield lambda: apply(store, first, now=instant(case.since), by="oracle")
    later: list[Step] = [lambda: apply(store, programme, now=instant(case.since), by="oracle", confirmed_by="another")]
    for one in case.stated:
        told = {key: value if key not in ("since", "until") else text_of(value) for key, value in one.items() if key != "at"}
        later.append(
            lambda told=told, at=one["at"]: act(
                store, "attestation", "sign", {"statement": "so it is", **told}, now=instant(at), by="oracle"
            )
        )
    later += [lambda one=one: _hold(store, one) for one in case.held]
    later += [lambda one=one: _drill(store, one) for one in case.drilled]
    later += [lambda: _act(store, case.acted)] if case.acted else []
    files = [path for path in sorted(evidence.iterdir()) if path.suffix == ".ndjson"]
    span = case.now - case.since
    for number, path in enumerate(files):
        now = instant(case.since + span * (number + 1) // len(files))
        later.append(lambda path=path, now=now: ingest(store, gather([path]), {}, now=now, by="oracle"))
    random.shuffle(later)
    yield from later


def told(assessment: Any) -> Any:
    return json.loads(json.dumps(assessment.to_json(), default=str))


def compare_with_all(store: Store, case: Case, now: int, *, beside: bool = True) -> tuple[int, int]:
    """Keep an assessment that goes on, compare it (and what lies beside it) with what the evidence gives; return how many assets were judged, and how many were not."""
    since, until = instant(case.since), instant(case.until)
    done = assess_and_keep(store, since, until, now=instant(now))
    expected = told(assess(store, since, until))
    assert told(done.assessment) == expected
    every = set(store.estate(store.head()).segments["asset"])
    assert told(done.kept.assessment(every)) == expected
    known = store.head()
    for asset in sorted(every) if beside else ():
        read = points.points(store, asset, known)
        written = points._place
        points._place = lambda *_: Path("/nowhere")  # type: ignore[assignment]
        try:
            assert read.equals(points.points(store, asset, known))
        finally:
            points._place = written
    drawn = {(one.asset, one.control) for one in done.assessment.results if one.breaches or one.waived or one.unproven}
    for asset, control in sorted(drawn):
        if beside and control in runs_over_time():
            assert_same(over_time_kept(store, done.kept, asset, control), over_time_of(store, asset, control, since, until, known))
    return done.judged, len(every) - done.judged


def assert_same(one: Any, other: Any) -> None:
    for name in ("exposure", "allowed", "counts"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert (mine is None and theirs is None) or mine.equals(theirs)


def run_history(seed: int, folder: Path) -> tuple[int, int]:
    """Take a random history step by step; return how many assets were judged in all, and how many were not."""
    case, random = random_case(seed, SIZE), Random(seed)
    if random.random() < 0.7:
        case = replace(case, programme=without(AS_KNOWN, case.programme))
    if random.random() < 0.3:
        case = replace(case, until=case.since + (case.until - case.since) // 3)
    init(folder / "data")
    store = open_store(folder / "data")
    counts = []
    try:
        for number, step in enumerate(steps_of(case, store, folder, random)):
            try:
                step()
            except BackupAuditError:
                if number == 0:
                    pytest.skip("the programme needs all its policies at once")
                continue  # a later version that cannot reach back, an act that fits no more: then nothing happens
            if number == 0 or random.random() < 0.1:
                counts.append(compare_with_all(store, case, case.now))
    finally:
        store.close()
    return sum(one for one, _ in counts), sum(other for _, other in counts)


@pytest.mark.slow
def test_a_random_history(tmp_path: Path) -> None:
    judged, unchanged = run_history(9, tmp_path)
    assert judged + unchanged > 0


@pytest.mark.slow
def test_a_random_history_in_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each asset is a chunk of its own, and judged beside those that it is to be recovered with: what is written of each is its own all the same."""
    monkeypatch.setattr("audit.evaluation.chunks.ROWS", 1)
    assert any("recover_with" in one["objectives"] for one in random_case(IN_CHUNKS, SIZE).programme["policies"])
    judged, unchanged = run_history(IN_CHUNKS, tmp_path)
    assert judged + unchanged > 0


@pytest.mark.heavy
def test_evidence_that_comes_payload_by_payload(tmp_path: Path) -> None:
    begin = FIRST[0].records[0]["listed_at"] - 3 * DAY
    said = programme(
        policy({"rpo": "2d", "copies": {"max_age": "3d"}, "keep": [{"every": "day", "for": "5d"}]}), assets=OTHERS, sources=SOURCES
    )
    odd = {
        "a point told with another content": (rows(5, p("x1", 1.5)), {"a"}),
        "a point without its capture time": (rows(5, p("undated", None, available=2)), {"a"}),
        "a run of a subject without a repository": (rows(5, run("nowhere", 4, 5, subject="y", repository=None)), {"b"}),
        "a run of nobody without a repository": (rows(5, run("nobody", 4, 5, subject=None, repository=None)), {"a", "b"}),
    }
    some = ("a listing of a scope", "a listing of another source", "a check of a whole repository")
    news = {**{what: NEWS[what] for what in some}, **odd}
    case = Case("payload by payload", said, [*FIRST, *(one for one, _ in news.values())], begin, begin + 9 * DAY)
    init(tmp_path / "data")
    store = open_store(tmp_path / "data")
    try:
        written, evidence = case.write(tmp_path)
        apply(store, written, now=instant(begin), by="oracle")
        files = sorted(path for path in evidence.iterdir() if path.suffix == ".ndjson")
        ingest(store, gather(files[: len(FIRST)]), {}, now=instant(case.now), by="oracle")
        assert compare_with_all(store, case, case.now) == (3, 0)
        assert compare_with_all(store, case, case.now) == (0, 3)
        for number, (file, (_, expected)) in enumerate(zip(files[len(FIRST) :], news.values(), strict=True)):
            ingest(store, gather([file]), {}, now=instant(case.now), by="oracle")
            judged, _ = compare_with_all(store, case, case.now, beside=number % 4 == 0)
            assert judged == len(expected), file.name
        notices = {one["key"]: one["count"] for one in assess(store, instant(begin), instant(case.until)).notices if "count" in one}
        assert (notices["conflicting-points"], notices["runs-without-repository"], notices["no-capture-time"]) == (1, 2, 1)
        assert assess_and_keep(store, instant(begin), instant(case.until), now=instant(case.now), anew=True).judged == 3
        # One that another program made, or that was kept of another period, is none to go on from.
        assert assess_and_keep(store, instant(begin), instant(case.until - DAY), now=instant(case.now)).since is None
        for file in store.folder.assessments_path.glob("*/assessment.json"):
            about = json.loads(file.read_text(encoding="utf-8"))
            file.write_text(json.dumps({**about, "program": "another"}), encoding="utf-8")
        assert assess_and_keep(store, instant(begin), instant(case.until), now=instant(case.now)).since is None
    finally:
        store.close()
