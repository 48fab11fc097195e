"""Programmes as plain data in the shapes of design.md 8, and what they mean: an `Estate` built here, without the program's policy package.

A programme is a mapping of file stems to lists (`sites`, `repositories`, `sources`, `assets`) and `policies`, a list of policy files. A thing declared again with
`since` changes at that instant; its first declaration holds from the beginning. All of it is one apply, so each policy version
is in force from its `effective` on, until the next one of the same policy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from audit.model.estate import ALIAS, ASSET_REPOSITORY, REPOSITORY, SEGMENT, Demand, Estate, PolicyVersion, Source
from audit.model.terms import Term, instant
from tests.oracle.instants import BEGIN, FOR_EVER, at, merged

Item = Mapping[str, Any]
Data = Mapping[str, Any]


def estate_of(programme: Data) -> Estate:
    """Return what a programme declares."""
    policies = sorted(programme["policies"], key=lambda policy: (policy["policy"], policy["version"]))
    assets = histories(programme["assets"])
    return Estate(
        segments=pl.DataFrame(
            [row for history in assets.values() for row in _segments(history, programme, policies)], SEGMENT, orient="row"
        ),
        aliases=pl.DataFrame([row for history in assets.values() for row in _aliases(history)], ALIAS, orient="row"),
        repositories=pl.DataFrame(
            [row for history in histories(programme["repositories"]).values() for row in _repositories(history, programme)],
            REPOSITORY,
            orient="row",
        ),
        asset_repositories=pl.DataFrame(
            [
                {"asset": name, "repository": repository}
                for name, history in assets.items()
                for repository in sorted({one for _, _, item in history for one in item.get("repositories", ())})
            ],
            ASSET_REPOSITORY,
            orient="row",
        ),
        sources={name: _source(history[-1][2]) for name, history in histories(programme["sources"]).items()},
        policies=tuple(_version(policy) for policy in policies),
        # How long a listing shows everything has no history: the last declaration says it for all time.
        keeps_at_least={
            name: Term.parse(history[-1][2]["keeps_at_least"])
            for name, history in histories(programme["repositories"]).items()
            if "keeps_at_least" in history[-1][2]
        },
        timezone=programme.get("timezone", "UTC"),
        demands=tuple(_demand(one) for one in programme.get("baseline", ())),
    )


def histories(items: Sequence[Item]) -> dict[str, list[tuple[int, int, Item]]]:
    """Return the declarations of each thing with the stretch in which each holds."""
    found: dict[str, list[tuple[int, Item]]] = {}
    for item in items:
        name = item["name"]
        found.setdefault(name, []).append((at(item["since"]) if "since" in item else BEGIN, item))
    result = {}
    for name, many in found.items():
        many.sort(key=lambda one: one[0])
        starts = [BEGIN, *(start for start, _ in many[1:])]
        ends = [*starts[1:], FOR_EVER]
        result[name] = [(start, end, item) for start, end, (_, item) in zip(starts, ends, many, strict=True)]
    return result


def _segments(history: list[tuple[int, int, Item]], programme: Data, policies: Sequence[Item]) -> Iterator[dict[str, Any]]:
    """Yield the segments of one asset: borders at each change of the asset, its site, and the policy version in force."""
    away = _away(history)
    sites = histories(programme["sites"])
    borders = (
        {BEGIN, FOR_EVER}
        | {x for stretch in away for x in stretch}
        | {start for start, _, _ in history}
        | {at(policy["effective"]) for policy in policies}
    )
    borders |= {start for many in sites.values() for start, _, _ in many}
    rows: list[dict[str, Any]] = []
    for start, end in zip(sorted(borders), sorted(borders)[1:], strict=False):
        item = _at(history, start)
        site = _at(sites[item["site"]], start) if "site" in item else {}
        # After retirement the last policy stays; what follows a return knows nothing of the retirement before it.
        since, until = next((one for one in away if start < one[1]), (FOR_EVER, FOR_EVER))
        retired, asked = since, since - 1 if since <= start < until else start
        row = {
            "asset": item["name"],
            "from": _instant(start),
            "to": _instant(end),
            **{key: item.get(key) for key in ("unit", "data_class", "tier", "site", "medium", "failure_domain")},
            "city": site.get("city"),
            "country": site.get("country"),
            "in_service": instant(at(item["in_service"])),
            "retired": _instant(retired),
            "policy": _in_force(policies, _at(history, asked), asked),
        }
        if rows and all(rows[-1][key] == row[key] for key in row if key not in ("from", "to")):
            rows[-1]["to"] = row["to"]
        else:
            rows.append(row)
    yield from rows


def _away(history: list[tuple[int, int, Item]]) -> list[tuple[int, int]]:
    """Return when an asset is retired: from the day that a declaration says, as long as it holds."""
    return merged((max(start, at(item["retired"])), end) for start, end, item in history if "retired" in item)


def _in_force(policies: Sequence[Item], asset: Item, t: int) -> int | None:
    """Return the index of the policy version in force for an asset as declared at t: of each policy the latest effective version, if its scope matches."""
    found = []
    for name in {policy["policy"] for policy in policies}:
        effective = [index for index, policy in enumerate(policies) if policy["policy"] == name and at(policy["effective"]) <= t]
        if effective:
            newest = max(effective, key=lambda index: at(policies[index]["effective"]))
            if all(asset.get("name" if key == "asset" else key) == word for key, word in policies[newest]["applies_to"].items()):
                found.append(newest)
    assert len(found) <= 1, f"two policies on one asset: {found}"
    return found[0] if found else None


def _aliases(history: list[tuple[int, int, Item]]) -> Iterator[dict[str, Any]]:
    """Yield the stretches in which a (source, subject) is a name of the asset, or of a part."""
    open_since: dict[tuple[str | None, str, str], int] = {}
    for start, _, item in history:
        named = {(None, one["source"], one["subject"]) for one in item.get("subjects", ())}
        named |= {(part["name"], one["source"], one["subject"]) for part in item.get("parts", ()) for one in part["subjects"]}
        for key in [key for key in open_since if key not in named]:
            yield _alias(item["name"], key, open_since.pop(key), start)
        for key in named:
            open_since.setdefault(key, start)
    for key, start in open_since.items():
        yield _alias(history[0][2]["name"], key, start, FOR_EVER)


def _alias(asset: str, key: tuple[str | None, str, str], start: int, end: int) -> dict[str, Any]:
    return {"asset": asset, "part": key[0], "source": key[1], "subject": key[2], "from": _instant(start), "to": _instant(end)}


def _repositories(history: list[tuple[int, int, Item]], programme: Data) -> Iterator[dict[str, Any]]:
    """Yield the stretches in which nothing declared of a repository or its site changes."""
    sites = histories(programme["sites"])
    for start, end, item in history:
        places = sites[item["site"]] if "site" in item else [(BEGIN, FOR_EVER, {})]
        for first, last, place in places:
            if max(start, first) < min(end, last):
                yield {
                    "repository": item["name"],
                    "from": _instant(max(start, first)),
                    "to": _instant(min(end, last)),
                    **{key: item.get(key) for key in ("medium", "site", "failure_domain", "mirror_of", "provider")},
                    "city": place.get("city"),
                    "country": place.get("country"),
                    "offline": item.get("offline", False),
                }


def _source(item: Item) -> Source:
    terms = {key: Term.parse(item[key]) for key in ("expected_every", "trust_jobs_for", "runs_up_to") if key in item}
    bounds = {field: instant(at(item[key])) for field, key in (("since", "from"), ("until", "until")) if key in item}
    return Source(item["name"], item["tool"], item.get("timezone"), **terms, **bounds)


def _demand(one: Item) -> Demand:
    words = {
        key: frozenset([one[key]] if isinstance(one[key], str) else one[key]) if key in one else None
        for key in ("tier", "data_class")
    }
    since = instant(at(one["effective"])) if "effective" in one else None
    return Demand(one["objectives"], words["tier"], words["data_class"], one["by"], one.get("reference", {}), since)


def _version(policy: Item) -> PolicyVersion:
    return PolicyVersion(
        name=policy["policy"],
        version=policy["version"],
        timezone=policy["timezone"],
        objectives=policy["objectives"],
        effective=instant(at(policy["effective"])),
        accept_partial=policy.get("accept_partial", False),
        new_asset_grace=Term.parse(policy["new_asset_grace"]) if "new_asset_grace" in policy else None,
        reaches_back=True,
    )


def _at(history: list[tuple[int, int, Item]], t: int) -> Item:
    return next(item for start, end, item in history if start <= t < end)


def _instant(t: int) -> datetime | None:
    return None if t in (BEGIN, FOR_EVER) else instant(t)
