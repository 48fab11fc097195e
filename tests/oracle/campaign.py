"""The campaign: random estates through the oracle and through the program, and every difference with the seed that makes it again.

    python -m tests.oracle.campaign --estates 1000 --seed 1      many estates
    python -m tests.oracle.campaign --estates 2000 --in-memory   the arithmetic alone, without disk and catalog: a third of the time
    python -m tests.oracle.campaign --seed 4711 --keep FOLDER    one estate, its files kept
    python -m tests.oracle.campaign --hand-made                  the hand-made cases, through the program

Each case is a data folder of its own in the temporary folder: where TMPDIR is memory, a campaign takes half the time.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import rfc8785

from audit.model import intervals
from audit.model.terms import instant
from audit.register.acts import KIND, kinds
from audit.steps._open import Store, open_store
from audit.steps._payloads import gather
from audit.steps.act import act
from audit.steps.apply import apply
from audit.steps.assess import assess
from audit.steps.ingest import ingest
from audit.steps.init import init
from tests.oracle.case import TIMES_OF_ACTS, Case, HandMade
from tests.oracle.cases import CASES
from tests.oracle.compare import compare
from tests.oracle.direct import assess_directly
from tests.oracle.drilling import acts_of
from tests.oracle.estates import random_case
from tests.oracle.governed import Acted, Kept
from tests.oracle.instants import text_of
from tests.oracle.programmes import Size


def assess_case(case: Case, folder: Path) -> dict[str, Any]:
    """Drive the program on disk as its users do: init, apply, ingest in order of arrival, assess. Returns the assessment's JSON form."""
    programme, evidence = case.write(folder)
    init(folder / "data")
    store = open_store(folder / "data")
    try:
        now = instant(case.now)
        apply(store, programme, now=now, by="oracle")
        for one in case.stated:
            told = {key: value if key not in ("since", "until") else text_of(value) for key, value in one.items() if key != "at"}
            act(store, "attestation", "sign", {"statement": "so it is", **told}, now=instant(one["at"]), by="oracle")
        for one in case.held:
            _hold(store, one)
        _act(store, case.acted)
        for one in case.drilled:
            _drill(store, one)
        done = ingest(store, gather([evidence]), {}, now=now, by="oracle")
        if done.refused or done.unrecognised or done.quarantined != sum(told.garbled for told in case.told):
            wrong = [str(fault) for fault in [*done.refused, *done.unrecognised, *done.faults]]
            raise AssertionError(f"the program did not take the evidence as it was told ({done.quarantined}): {wrong[:3]}")
        known = None if case.known is None else _entry(store, case.known)
        return assess(store, instant(case.since), instant(case.until), known).to_json()
    finally:
        store.close()


def _hold(store: Store, one: Mapping[str, Any]) -> None:
    """Place a hold, and have two people release it."""
    scope = {key: value for key, value in one.items() if key not in ("at", "since", "until")}
    told = {"matter": "case 1", "custodian": "somebody", "since": text_of(one["since"]), **scope}
    placed = act(store, "hold", "place", told, now=instant(one["at"]), by="oracle")
    if one["until"] is not None:
        for name, by in (("ask-release", "oracle"), ("release", "another")):
            act(store, "hold", name, {"reason": "it is over"}, record=placed.id, now=instant(one["until"]), by=by)


def _act(store: Store, acted: Sequence[Kept]) -> None:
    """Do all acts of other records, one record after the other."""
    names: list[str] = []
    for one in acted:
        name = None
        for each in one.acts:
            told = {
                key: text_of(value) if key in TIMES_OF_ACTS else names[value] if key == "runbook" else value
                for key, value in each.told.items()
            }
            if kinds()[one.kind].ACTS[each.act].by_program:
                name = _enter(store, one.kind, each, told, name)
                continue
            # Policies here are drawn at random. What speaks against signing one is not what is tried.
            with patch("audit.register.records.agreement.objections", lambda *_: []):
                name = act(store, one.kind, each.act, told, record=name, now=instant(each.at), by=each.by).id
        names.append(name or "")


def _enter(store: Store, kind: str, done: Acted, told: Mapping[str, Any], name: str | None) -> str:
    """Enter an act that only the program does, as it does it; return the record's id."""
    payload = rfc8785.dumps({"record": kind, "act": done.act, "values": dict(told)})
    with store.journal.writing() as writer:
        identity = name or f"{kind}-{store.head() + 1}"
        body = {
            "sha256": store.vault.put(payload),
            "size": len(payload),
            "record": kind,
            "id": identity,
            "act": done.act,
            "by": done.by,
        }
        writer.append(KIND, body, instant(done.at))
    store.checkpoint()
    return identity


def _drill(store: Store, one: Mapping[str, Any]) -> None:
    """Run a drill, act by act."""
    record = None
    for name, told, by, at in acts_of(one):
        said = {key: value if key != "at" else text_of(value) for key, value in told.items()}
        record = act(store, "drill", name, said, record=record, now=instant(at), by=by).id


def _entry(store: Store, known: int) -> int:
    """Return the journal number of the n-th payload; of none, that of the programme."""
    kind = "evidence" if known else "programme"
    return [entry.number for entry in store.journal.entries(kind=kind)][max(known, 1) - 1]


def differences(case: Case, folder: Path | None) -> list[str]:
    """Return what the program says otherwise than the oracle. folder: where its data lie; null: its arithmetic alone, without any."""
    return compare(assess_directly(case) if folder is None else assess_case(case, folder), case.judge())


@contextmanager
def ways_of(seed: int) -> Iterator[None]:
    """Have odd seeds worked on in columns alone, in the ways of many: small estates are so small that they would all be worked on as lists, in the ways of few."""
    with ExitStack() as ways:
        for name in ("FEW", "MANY", "CUT") if seed % 2 else ():
            ways.enter_context(patch.object(intervals, name, 0))
        yield


LARGE = Size(assets=6, repositories=3, points=30, listings=20, days=40)


def differences_of_seed(seed: int, size: Size, keep: Path | None = None, *, in_memory: bool = False) -> list[str]:
    """Return the differences of one random estate; an error of the program or the oracle is one as well."""
    with tempfile.TemporaryDirectory() as temporary, ways_of(seed):
        try:
            return differences(random_case(seed, size), None if in_memory else keep or Path(temporary))
        except Exception:  # noqa: BLE001 - a campaign goes on
            return [traceback.format_exc(limit=-6)]


def differences_of_hand_made(one: HandMade) -> list[str]:
    """Return what the program says otherwise than the oracle of a hand-made case, and the oracle than the truth."""
    with tempfile.TemporaryDirectory() as temporary:
        try:
            found = differences(one.case, Path(temporary))
        except Exception:  # noqa: BLE001 - a campaign goes on
            found = [traceback.format_exc(limit=-6)]
    result = one.case.judge()
    for name, truth in one.expected.items():
        said = result.united(name)
        expected = (list(truth.breached), list(truth.unproven), list(truth.waived))
        if (said.breached, said.unproven, said.waived) != expected or truth.judged not in (
            None,
            said.judged,
        ):
            found.append(f"{name}: the oracle is not what was computed by hand")
    return found


def _seeded(work: tuple[int, Size, bool]) -> tuple[int, list[str]]:
    seed, size, in_memory = work
    return seed, differences_of_seed(seed, size, in_memory=in_memory)


def main(arguments: list[str] | None = None) -> int:
    """Run the campaign; exit code 1 when there are differences."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--estates", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1, help="the first seed; each estate has the next one")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="with one estate: leave its files in this new folder")
    parser.add_argument("--large", action="store_true", help="larger estates; a seed makes another one with it")
    parser.add_argument("--in-memory", action="store_true", help="the arithmetic alone: no disk, no catalog")
    parser.add_argument("--hand-made", action="store_true", help="the cases of tests/oracle/cases.py instead")
    said = parser.parse_args(arguments)
    if said.hand_made:
        return _hand_made()
    size = LARGE if said.large else Size()
    if said.keep is not None:
        said.keep.mkdir(parents=True)
        print(describe(random_case(said.seed, size)))
        found = differences_of_seed(said.seed, size, said.keep)
        print("\n".join(found) or "no difference")
        return int(bool(found))
    return _many(range(said.seed, said.seed + said.estates), size, said.processes, in_memory=said.in_memory)


def _many(seeds: range, size: Size, processes: int, *, in_memory: bool) -> int:
    begun, wrong = time.monotonic(), 0
    # spawn: Polars and deltalake keep threads, which a fork does not survive.
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for count, (seed, found) in enumerate(pool.imap_unordered(_seeded, [(seed, size, in_memory) for seed in seeds]), 1):
            if found:
                wrong += 1
                print(f"seed {seed}: {len(found)} differences", *found[:8], sep="\n    ", flush=True)
            if count % 25 == 0:
                print(f"{count} of {len(seeds)} estates, {wrong} with differences, {time.monotonic() - begun:.0f} s", flush=True)
    print(f"{len(seeds)} estates from seed {seeds.start}: {wrong} with differences, in {time.monotonic() - begun:.0f} s")
    return int(wrong > 0)


def _hand_made() -> int:
    wrong = 0
    for one in CASES:
        found = differences_of_hand_made(one)
        if found:
            wrong += 1
            print(f"section {one.section}, {one.case.name}:", *found, sep="\n    ", flush=True)
    print(f"{len(CASES)} hand-made cases: {wrong} with differences")
    return int(wrong > 0)


def describe(case: Case) -> str:
    """Return a case in a few lines."""
    known = "all" if case.known is None else f"the first {case.known}"
    rows = sum(len(told.records) for told in case.told)
    return f"{case.name}: [{text_of(case.since)}, {text_of(case.until)}), {len(case.told)} payloads ({known} known), {rows} records"


if __name__ == "__main__":
    sys.exit(main())
