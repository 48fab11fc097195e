"""What is kept of an estate gives the same estate again, or nothing."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.model.estate import Estate
from audit.policy import kept
from audit.policy.estate import AppliedProgramme, read_history, resolve
from audit.policy.force import Signature
from audit.policy.kept import packed, same, unpacked
from audit.policy.load import read_folder, texts
from audit.policy.objectives import judged
from tests.oracle.programmes import Size, plan
from tests.policy.programmes import BASE, estate, history, programme
from tests.policy.test_estate_history import at, files, histories, yaml_files
from tests.policy.test_force import APPLIED, signed

ROOT = Path(__file__).resolve().parents[2]
SUM = 64


def example(name: str) -> dict[str, str]:
    return texts(read_folder(ROOT / "policies" / name))[0]


def kept_of(applied: Sequence[AppliedProgramme], signatures: Sequence[Signature] = ()) -> tuple[bytes, Estate]:
    read = read_history(applied)
    made = resolve(read, signatures).estate
    data = packed("key", read, made)
    assert data is not None
    return data, made


def holds(applied: Sequence[AppliedProgramme], signatures: Sequence[Signature] = ()) -> Estate:
    """Check that a history's estate comes back as it was, to the type of every value."""
    data, made = kept_of(applied, signatures)
    again = unpacked("key", data)
    assert again is not None
    for field in fields(Estate):
        mine, yours = getattr(again, field.name), getattr(made, field.name)
        if isinstance(yours, pl.DataFrame):
            assert mine.schema == yours.schema
            assert mine.rows() == yours.rows(), field.name
        else:
            assert mine == yours, field.name
            assert repr(mine) == repr(yours), field.name
    return made


@pytest.mark.parametrize("name", ["example", "enterprise-im"])
def test_the_programmes_of_the_repository(name: str) -> None:
    first = example(name)
    later = {**first, "assets.yaml": first["assets.yaml"].replace("tier: core", "tier: standard", 1)}
    assert later != first
    holds(history(("2026-01-01", first)))
    made = holds(history(("2026-01-01", first), ("2026-03-01", later), ("2026-06-01", first)))
    assert made.policies
    assert name == "example" or made.demands


def test_nothing_applied() -> None:
    holds([])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories())
def test_random_histories(drawn: list[dict[str, Any]]) -> None:
    holds([AppliedProgramme(number, at(one["applied"]), files(one, number)) for number, one in enumerate(drawn)])


@pytest.mark.parametrize("seed", range(40))
def test_random_programmes(seed: int) -> None:
    holds(history(("2030-01-01", yaml_files(plan(seed, Size()).programme))))


DEMANDS = [
    "- {by: law, objectives: {rpo: 4h}}",
    "- {by: law, objectives: {rpo: 4h}, effective: 2026-02-10}",
    "- {tier: core, by: enterprise, reference: {en: Rule, zh: 规则}, objectives: {rpo: 1h, keep: {every: day, for: 30d}}}",
    "- {data_class: [messages, files], by: law, effective: 2026-04-01, objectives: {dispose: {after: 7y}}}",
]
BASELINE = st.none() | st.lists(st.sampled_from(DEMANDS), max_size=3).map(lambda said: "baseline:\n" + "\n".join(said) + "\n")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(BASELINE, st.sampled_from(["UTC", "Asia/Shanghai"])), min_size=1, max_size=6))
def test_random_histories_of_baselines(drawn: list[tuple[str | None, str]]) -> None:
    """What programmes in a row demand alike is kept once, and is the same demand."""
    applied = [
        (f"2026-0{month}-01", programme(baseline_yaml=text, programme_yaml=f"timezone: {zone}\n"))
        for month, (text, zone) in enumerate(drawn, 1)
    ]
    holds(history(*applied))


@pytest.mark.parametrize("begin", [None, "2026-02-01", "2026-03-01"])
def test_signatures(begin: str | None) -> None:
    made = holds(history(*APPLIED), [signed("finance", begin)] if begin else [])
    assert [one.in_force is None for one in made.policies] == [False, begin is None]
    assert made.awaiting.is_empty() == (begin is not None)


def test_everything_that_is_told_of_a_source() -> None:
    text = (
        "sources:\n"
        "- {name: tool, tool: interchange, expected_every: 1 month, trust_jobs_for: 90d, runs_up_to: 4h, restores_into: elsewhere, "
        "from: 2026-01-01, until: 2026-05-01T08:00:00+08:00, title: {en: Tool, zh: 工具}, "
        "fetch: {connector: folder, location: /mnt/drop, every: 1h}}\n"
    )
    made = holds(history(("2026-01-01", programme(sources_yaml=text))))
    told = made.sources["tool"]
    assert all(getattr(told, field.name) is not None for field in fields(told) if field.name not in ("mapping", "timezone"))


def test_tables_and_their_mappings() -> None:
    page = (ROOT / "docs/tabular.md").read_text(encoding="utf-8")
    shown = [text for text in re.findall(r"^```yaml\n(sources:\n.*?)^```", page, re.MULTILINE | re.DOTALL) if "mapping:" in text]
    assert len(shown) > 2
    for text in shown:
        made = holds(
            history(("2026-01-01", {name: one for name, one in BASE.items() if name != "assets.yaml"} | {"sources.yaml": text}))
        )
        assert any(source.mapping for source in made.sources.values())


def test_every_objective_as_it_is_documented() -> None:
    page = (ROOT / "docs/programme.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `([^`]+)`(?:,? or `([^`]+)`)?", page, re.MULTILINE)
    forms = {(key, form) for key, *written in rows if key in judged() for form in written if form}
    assert {key for key, _ in forms} == set(judged())
    text = "policy: p\nversion: 1\neffective: 2026-01-01\napplies_to: {tier: t}\nnew_asset_grace: 1 month\nobjectives: {accept_partial: true, %s: %s}\n"
    policies = {
        f"policy-{number}.yaml": (text % form).replace("policy: p", f"policy: p{number}")
        for number, form in enumerate(sorted(forms))
    }
    assert all(one.objectives for one in holds(history(("2026-01-01", policies))).policies)


# --- what is not the right one ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data() -> bytes:
    return kept_of(history(("2026-01-01", BASE)))[0]


def test_a_history_is_always_kept_alike(data: bytes) -> None:
    assert kept_of(history(("2026-01-01", BASE)))[0] == data


def test_it_is_cut_off_or_has_a_flipped_bit(data: bytes) -> None:
    assert unpacked("key", data) is not None
    for size in (*range(0, 200, 7), *range(200, len(data), 97), len(data) - 1):
        assert unpacked("key", data[:size]) is None
    for place in range(0, len(data), 53):
        changed = bytearray(data)
        changed[place] ^= 0x10
        assert unpacked("key", bytes(changed)) is None
    assert unpacked("key", data + b"\0") is None


def test_it_is_of_another_key(data: bytes) -> None:
    assert unpacked("other", data) is None


def test_the_rules_of_a_zone_changed(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_rules", lambda zone: f"new rules of {zone}")
    assert unpacked("key", data) is None


def test_the_rules_of_a_zone_are_those_of_the_system_or_of_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "Asia").mkdir()
    (tmp_path / "Asia" / "Shanghai").write_bytes(b"rules")
    monkeypatch.setattr("zoneinfo.TZPATH", (str(tmp_path / "nowhere"), str(tmp_path)))
    assert kept._rules("Asia/Shanghai") == sha256(b"rules").hexdigest()
    assert len(kept._rules("Europe/Berlin")) == 64


def test_it_would_not_come_back_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who adds to the estate what is not kept finds that nothing is, not an estate that lacks it."""
    read = read_history(history(("2026-01-01", BASE)))
    made = resolve(read).estate
    assert packed("key", read, replace(made, beside=frozenset({"db"}))) is None
    assert packed("key", read, replace(made, units={})) is not None


CHANGED: dict[str, Callable[[Any], Any]] = {
    "timezone": lambda _: "Asia/Shanghai",
    "policies": lambda policies: tuple(replace(one, version=9) for one in policies),
    "demands": lambda _: ("demand",),
    "beside": lambda _: frozenset({"x"}),
    "known": lambda _: "known",
}


@pytest.mark.parametrize("name", [field.name for field in fields(Estate)])
def test_a_difference_in_anything_is_seen(name: str) -> None:
    made = estate(("2026-01-01", BASE))
    assert same(made, estate(("2026-01-01", BASE)))
    value = getattr(made, name)
    if isinstance(value, pl.DataFrame):
        first = value.columns[0]
        for other in (
            pl.concat([value, value.clear(1)]),
            value.rename({first: "x"}),
            value.with_columns(pl.lit("x").alias("more")),
        ):
            assert not same(made, replace(made, **{name: other}))
    else:
        other = CHANGED[name](value) if name in CHANGED else {**value, "more": "x"}
        assert not same(made, replace(made, **{name: other}))


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data[SUM:])) as bag:
        return {name: bag.read(name) for name in bag.namelist()}


def made_of(named: dict[str, bytes]) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as bag:
        for name, value in named.items():
            bag.writestr(name, value)
    return sha256(body.getvalue()).hexdigest().encode() + body.getvalue()


def test_there_are_plain_values_and_columns_in_it_and_nothing_else(data: bytes) -> None:
    found = parts(data)
    assert json.loads(found.pop("about.json"))["key"] == "key"
    assert all(name.endswith(".arrow") and value.startswith(b"ARROW1") for name, value in found.items())
    assert len(found) == 6


def test_somebody_else_wrote_it(data: bytes) -> None:
    """With a sum that holds: then it is taken for what it says, but never falls over it."""
    found = parts(data)
    about = json.loads(found["about.json"])
    assert unpacked("key", made_of(found)) is not None
    frame = io.BytesIO()
    pl.DataFrame({"asset": [1]}).write_ipc(frame)
    wrong = [
        {},
        {**found, "about.json": b"\xff"},
        {**found, "about.json": b"[]"},
        {**found, "segments.arrow": b"nothing"},
        {**found, "segments.arrow": frame.getvalue()},
        *(
            {**found, "about.json": json.dumps({name: value for name, value in about.items() if name != gone}).encode()}
            for gone in about
        ),
        *({**found, "about.json": json.dumps(about | {"policies": policies}).encode()} for policies in (3, [3], [{}], [{"a": 1}])),
    ]
    for one in wrong:
        assert unpacked("key", made_of(one)) is None
    body = b"no zip"
    assert unpacked("key", sha256(body).hexdigest().encode() + body) is None
    assert unpacked("key", b"") is None
