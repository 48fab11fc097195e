"""Random histories against a naive look-up, instant by instant, and single programmes against the oracle's own reading."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from audit.model.estate import Estate
from audit.policy.estate import AppliedProgramme, estate_at
from tests.oracle.programme import estate_of
from tests.oracle.programmes import Size, plan

ZERO = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = range(-5, 60)
SUBJECT = "x"


def at(day: float) -> datetime:
    return ZERO + timedelta(days=day)


def text_of(day: int) -> str:
    return at(day).isoformat()


# A declaration of an asset: since (None: not said), tier, site, day of retirement.
DECLARATION = st.tuples(st.sampled_from("abc"), st.sampled_from(["dc1", "dc2"]), st.none() | st.integers(10, 50))
# Who has the subject from when: "one", "two", or nobody.
OWNER = st.sampled_from(["one", "two", None])


@st.composite
def dated(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> list[tuple[int | None, Any]]:
    """Draw declarations as a file may say them: the first may have no `since`, the others have ones in order."""
    days = sorted(draw(st.sets(st.integers(0, 50), max_size=2)))
    first = draw(st.none() | st.integers(-5, -1))
    return [(since, draw(values)) for since in (first, *days)]


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw programmes that were applied on growing days; versions of a policy arrive with some of them."""
    made = []
    for number, applied in enumerate(sorted(draw(st.sets(st.integers(5, 45), min_size=1, max_size=4)))):
        versions = [
            {"name": name, "effective": draw(st.integers(0, 55))} for name in ("a", "b") if number == 0 or draw(st.booleans())
        ]
        made.append({"applied": applied, "asset": draw(dated(DECLARATION)), "owner": draw(dated(OWNER)), "policies": versions})
    return made


def files(programme: dict[str, Any], number: int) -> dict[str, str]:
    """Return a drawn programme as files. The asset `plain` has the history; `one` and `two` take turns with the subject."""
    assets = []
    for since, (tier, site, retired) in programme["asset"]:
        item = f"name: plain, unit: u, data_class: d, tier: {tier}, site: {site}, in_service: {text_of(-10)}"
        item += f", since: {text_of(since)}" if since is not None else ""
        item += f", retired: {text_of(retired)}" if retired is not None else ""
        assets.append(f"- {{{item}}}\n")
    for name in ("one", "two"):
        for since, owner in programme["owner"]:
            item = f"name: {name}, unit: u, data_class: d, tier: z, in_service: {text_of(-10)}"
            item += f", since: {text_of(since)}" if since is not None else ""
            item += f", subjects: [{{source: s, subject: {SUBJECT}}}]" if owner == name else ""
            assets.append(f"- {{{item}}}\n")
    made = {
        "units.yaml": "units: [{name: u}]\n",
        "sites.yaml": "sites: [{name: dc1, city: Shanghai, country: CN}, {name: dc2, city: Hangzhou, country: CN}]\n",
        "sources.yaml": "sources: [{name: s, tool: interchange}]\n",
        "assets.yaml": "assets:\n" + "".join(assets),
    }
    for policy in programme["policies"]:
        made[f"policy-{policy['name']}.yaml"] = (
            f"policy: {policy['name']}\nversion: {number + 1}\neffective: {text_of(policy['effective'])}\n"
            f"timezone: UTC\napplies_to: {{tier: {policy['name']}}}\nobjectives: {{rpo: {number + 1}h}}\n"
        )
    return made


def naive(history: list[dict[str, Any]], of: str, day: float, known: int) -> Any:
    """Look up what held on a day, as known after programme `known`: the rule of docs/programme.md, read off directly."""
    now = pieces(history[known], of)
    if known == 0:
        return standing(now, day)
    before = pieces(history[known - 1], of)
    says = [since for since, value in now if since is not None and (since, value) not in before]
    removed = [since for since, value in before if since is not None and (since, value) not in now]
    applied = history[known]["applied"]
    cut = min([applied, *says, *removed]) if any(since < applied for since in says) else applied
    return standing(now, day) if day >= cut else naive(history, of, day, known - 1)


def pieces(programme: dict[str, Any], of: str) -> list[tuple[int | None, Any]]:
    """Return the declarations of one aspect, in order of time. The end of a service is said by its date."""
    if of == "owner":
        merged: list[tuple[int | None, Any]] = []
        for since, owner in programme["owner"]:
            if not merged or merged[-1][1] != owner:
                # Before the first asset that has the subject there is nobody: not said by anyone, so without date.
                merged.append((since if owner is not None or merged else None, owner))
        return merged
    if of == "asset":
        return [(since, value[:2]) for since, value in programme["asset"]]
    found: list[tuple[int | None, Any]] = []
    said = programme["asset"]
    for index, (since, (_, _, retired)) in enumerate(said):
        following = said[index + 1][0] if index + 1 < len(said) else None
        if retired is not None and since is not None and retired <= since:
            found.append((since, retired))
            continue
        found.append((since, None))
        if retired is not None and (following is None or retired < following):
            found.append((retired, retired))
    return found


def standing(said: list[tuple[int | None, Any]], day: float) -> Any:
    begun = [value for since, value in said[1:] if since is not None and since <= day]
    return begun[-1] if begun else said[0][1]


def policy_at(history: list[dict[str, Any]], day: float) -> tuple[str, int] | None:
    """The version in force of the policy that is named as the asset's tier is; after retirement the last one before it."""
    last = len(history) - 1
    retired = naive(history, "retired", day, last)
    while retired is not None:
        # Go to just before the stretch of retirement that this day lies in.
        day = day - 0.5
        if day < min(DAYS) - 1:
            return None
        retired = naive(history, "retired", day, last)
    tier = naive(history, "asset", day, last)[0]
    forces = [
        (number + 1, policy["effective"] if number == 0 else max(policy["effective"], programme["applied"]))
        for number, programme in enumerate(history)
        for policy in programme["policies"]
        if policy["name"] == tier
    ]
    begun = [version for version, force in forces if force <= day]
    return (tier, max(begun)) if begun else None


def row_at(rows: list[dict[str, Any]], day: float) -> dict[str, Any] | None:
    found = [row for row in rows if (row["from"] is None or row["from"] <= at(day)) and (row["to"] is None or row["to"] > at(day))]
    assert len(found) <= 1, found
    return found[0] if found else None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories())
def test_the_fold_is_the_naive_look_up(history: list[dict[str, Any]]) -> None:
    applied = [AppliedProgramme(number, at(one["applied"]), files(one, number)) for number, one in enumerate(history)]
    known, last = estate_at(applied), len(history) - 1
    segments, aliases = known.segments.filter(asset="plain").to_dicts(), known.aliases.filter(subject=SUBJECT).to_dicts()
    cities = {"dc1": "Shanghai", "dc2": "Hangzhou"}
    for day in DAYS:
        row = row_at(segments, day)
        tier, site = naive(history, "asset", day, last)
        retired = naive(history, "retired", day, last)
        assert row is not None
        assert (row["tier"], row["site"], row["city"]) == (tier, site, cities[site]), day
        assert (row["retired"] is not None and row["retired"] <= at(day)) == (retired is not None), day
        policy = None if row["policy"] is None else (known.policies[row["policy"]].name, known.policies[row["policy"]].version)
        assert policy == policy_at(history, day), day
        alias = row_at(aliases, day)
        assert (alias["asset"] if alias else None) == naive_owner(history, day), day
    check_gapless(known)


def naive_owner(history: list[dict[str, Any]], day: float) -> str | None:
    """As `naive`, from the first programme on in which anybody has the subject: it is known from then, and from the beginning."""
    named = next((index for index, one in enumerate(history) if any(owner for _, owner in one["owner"])), None)
    return None if named is None else naive(history[named:], "owner", day, len(history) - 1 - named)


def check_gapless(known: Estate) -> None:
    for _, rows in known.segments.group_by("asset", maintain_order=True):
        assert rows["from"][0] is None
        assert rows["to"][-1] is None
        assert rows["from"].to_list()[1:] == rows["to"].to_list()[:-1]
        assert (rows["from"].drop_nulls().diff().drop_nulls() > timedelta()).all()


@pytest.mark.parametrize("seed", range(60))
def test_one_programme_is_what_the_oracle_reads(seed: int) -> None:
    """The oracle of the controls builds estates from the same data by itself; both must be the same estate."""
    data = plan(seed, Size()).programme
    known = estate_at([AppliedProgramme(1, datetime(2030, 1, 1, tzinfo=UTC), yaml_files(data))])
    expected = estate_of(data)
    assert sorted(known.segments.drop("policy").rows(), key=repr) == sorted(expected.segments.drop("policy").rows(), key=repr)
    assert policies(known) == policies(expected)
    assert sorted(known.aliases.rows(), key=repr) == sorted(expected.aliases.rows(), key=repr)
    assert sorted(known.repositories.rows(), key=repr) == sorted(joined(expected.repositories), key=repr)
    assert known.asset_repositories.rows() == sorted(expected.asset_repositories.rows())
    assert (known.sources, known.keeps_at_least, known.timezone) == (expected.sources, expected.keeps_at_least, expected.timezone)


def policies(known: Estate) -> list[Any]:
    named = [(policy.name, policy.version) for policy in known.policies]
    rows = [
        (row["asset"], row["from"], None if row["policy"] is None else named[row["policy"]]) for row in known.segments.to_dicts()
    ]
    return sorted(rows, key=repr)


def joined(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    """The oracle keeps neighbours apart that say the same."""
    rows: list[tuple[Any, ...]] = []
    for row in sorted(frame.rows(), key=lambda row: (row[0], row[1] or datetime.min.replace(tzinfo=UTC))):
        if rows and (rows[-1][0], *rows[-1][3:]) == (row[0], *row[3:]) and rows[-1][2] == row[1]:
            rows[-1] = (*rows[-1][:2], *row[2:])
        else:
            rows.append(row)
    return rows


def yaml_files(data: dict[str, Any]) -> dict[str, str]:
    def text(value: Any) -> str:
        stream = io.StringIO()
        YAML(typ="safe", pure=True).dump(value, stream)
        return stream.getvalue()

    made = {f"{kind}.yaml": text({kind: data[kind]}) for kind in ("units", "sites", "repositories", "sources", "assets")}
    made["programme.yaml"] = text({"timezone": data["timezone"]})
    return made | {f"policy-{policy['policy']}-{policy['version']}.yaml": text(policy) for policy in data["policies"]}
