"""Why a promise was broken, in words: what content says of the control, then what is known of the breach, from its detail.

Nothing here knows a control by name. The detail of a breach holds the points `before` and `after` it, those of each *role* that the
control found to be involved (`{count, points}`, or of job runs `{count, runs}`), the calendar buckets without a point (`missing`), the `exposure_seconds` where there is one, and the
listings that show it (`observed_by`), or the register records that say so (`records`), and those that
ended it (`ended_by`). Other lists are told in the words under `causes.told`, where there are any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import audit.controls
from audit.discovery import modules
from audit.model.document import Name, Text
from audit.model.estate import PolicyVersion
from audit.model.verdicts import Breach, Result, Verdict
from audit.reporting.context import Context
from audit.reporting.details import detail_text, detail_value
from audit.reporting.words import joined

_TOLD = ("before", "after", "exposure_seconds", "times_allowed", "severity", "missing", "observed_by", "records", "ended_by")


def cause(result: Result, breach: Breach, context: Context) -> Text:
    """Return in sentences what happened; what the program knows beyond that stands last, as it is."""
    return context.words.between("labels.sentence", sentences(result, breach, context))


def brief(control: str, leg: str | None, policy: PolicyVersion | None, detail: Mapping[str, Any], context: Context) -> Text:
    """Return in one or two sentences what happened in a breach, without its points: what content says of the control, and how great the exposure was."""
    told = (context.breach_says(control, leg), _exposure(control, policy, detail, context))
    return context.words.between("labels.sentence", [sentence for sentence in told if sentence])


def sentences(result: Result, breach: Breach, context: Context) -> list[Text]:
    """Return what happened, one thing a sentence."""
    words, detail = context.words, breach.detail
    roles = {key: value for key, value in detail.items() if _is_role(value)}
    listed = {key: value for key, value in detail.items() if f"causes.told.{key}" in words}
    rest = {key: value for key, value in detail.items() if key not in _TOLD and key not in roles and key not in listed}
    told = [
        words("breaches.tolerated") if result.verdict is Verdict.MET else (),
        context.breach_says(result.control, result.leg),
        _exposure(result.control, _policy(result, context), detail, context),
        *(_role(role, value, context) for role, value in roles.items()),
        _missing(detail.get("missing"), context),
        *(_listed(key, value, context) for key, value in listed.items()),
        *([] if roles or listed or detail.get("missing") else [_around(detail, context)]),
        *_stated(detail.get("records") or (), context),
        *_stated(detail.get("ended_by") or (), context, "causes.ended-by"),
        _shown_by(detail.get("observed_by") or (), context),
        detail_text(rest, context),
    ]
    return [sentence for sentence in told if sentence]


def allowed_seconds(result: Result, context: Context) -> float | None:
    """Return how old the newest recovery point may be under the policy of a result, where its control has such a limit."""
    return _allowed(result.control, _policy(result, context))


def _policy(result: Result, context: Context) -> PolicyVersion | None:
    return next((one for one in context.estate.policies if (one.name, one.version) == (result.policy, result.version)), None)


def _allowed(control: str, policy: PolicyVersion | None) -> float | None:
    module = modules(audit.controls.__name__).get(control)
    if policy is None or module is None or not hasattr(module, "allowance"):
        return None
    allowed = module.allowance(policy)
    return None if allowed is None else allowed / 1_000_000


def severity(result: Result, breach: Breach, context: Context) -> float | None:
    """Return the exposure of a breach divided by what the policy allows (more than 1); null where there is no such number."""
    exposure, allowed = breach.detail.get("exposure_seconds"), allowed_seconds(result, context)
    return exposure / allowed if isinstance(exposure, int | float) and allowed else None


def _exposure(control: str, policy: PolicyVersion | None, detail: Mapping[str, Any], context: Context) -> Text:
    exposure = detail.get("exposure_seconds")
    if not isinstance(exposure, int | float):
        return ()
    allowed = _allowed(control, policy)
    length = context.formats.duration(exposure)
    if allowed is None:
        return context.words("causes.exposure", length=length)
    return context.words("causes.exposure-allowed", length=length, allowed=context.formats.duration(allowed))


def _is_role(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) in ({"count", "points"}, {"count", "runs"})


def _role(role: str, value: Mapping[str, Any], context: Context) -> Text:
    named = value["points"] if "points" in value else value["runs"]
    points = detail_value(role, named, context)
    if f"causes.roles.{role}" not in context.words:
        return context.words("labels.detail", label=(Name(role),), value=points)
    return _counted(context.words(f"causes.roles.{role}", n=value["count"], points=points), value["count"], len(named), context)


def _listed(key: str, values: Sequence[Mapping[str, Any]], context: Context) -> Text:
    """Return what a control tells as a list, in the words that content has for one of it (`-bare`: for one of which only the name is known)."""
    items = [
        context.words(
            f"causes.items.{key}{'-bare' if len(one) == 1 else ''}",
            **{name: detail_value(name, value, context) for name, value in one.items()},
        )
        for one in values
    ]
    return context.words(f"causes.told.{key}", n=len(items), items=context.words.between("labels.clause", items))


def _missing(value: Mapping[str, Any] | None, context: Context) -> Text:
    """Return the periods of the calendar of which nothing was there, and until when one point of each had to be kept (or only that none was made)."""
    if value is None:
        return ()
    told = [_bucket(one, context) for one in value["buckets"]]
    buckets = context.words.between("labels.clause", told)
    says = "causes.missing" if any("deadline_at" in one for one in value["buckets"]) else "causes.not-made"
    return _counted(context.words(says, n=value["count"], buckets=buckets), value["count"], len(told), context)


def _bucket(one: Mapping[str, Any], context: Context) -> Text:
    days = context.formats.days(date.fromisoformat(one["first_day"]), date.fromisoformat(one["last_day"]))
    if "deadline_at" not in one:
        return context.words("causes.period", days=days)
    deadline = context.formats.instant(datetime.fromisoformat(one["deadline_at"]))
    return context.words("causes.bucket", days=days, deadline=deadline)


def _counted(said: Text, whole: int, shown: int, context: Context) -> Text:
    """Return a list of which the first are said, how many more there are, and the end of the sentence."""
    further = context.words("causes.further", n=whole - shown, whole=whole) if whole > shown else ()
    return joined(*said, *further, *context.words("causes.stop"))


def _around(detail: Mapping[str, Any], context: Context) -> Text:
    """Return the points between which the breach lies."""
    points = {key: detail_value(key, detail[key], context) for key in ("before", "after") if detail.get(key)}
    if len(points) == 2:
        return context.words("causes.between", **points)
    if points:
        return context.words(f"causes.only-{next(iter(points))}", **points)
    return context.words("causes.no-point") if detail.get("observed_by") else ()


def _stated(records: Any, context: Context, says: str = "causes.records") -> Iterator[Text]:
    """Yield who stated or did it, and in which records of the register: a sentence for each kind of them."""
    by_kind: dict[str, list[Text]] = {}
    for one in records:
        told = context.words("causes.stated-by", who=one["by"], record=Name(one["record"]))
        by_kind.setdefault(one["record"].rpartition("-")[0], []).append(told)
    for kind, said in by_kind.items():
        yield context.words(f"{says}.{kind}", who=context.words.between("labels.comma", said))


def _shown_by(listings: Any, context: Context) -> Text:
    told = list(_listings(listings, context))
    if not told:
        return ()
    return context.words("causes.shown-by", n=len(told), listings=context.words.between("labels.comma", told))


def _listings(listings: Any, context: Context) -> Iterator[Text]:
    for one in listings:
        at = datetime.fromisoformat(one["listed_at"])
        yield context.words("causes.listing", repository=Name(str(one["repository"])), at=context.formats.instant(at))
