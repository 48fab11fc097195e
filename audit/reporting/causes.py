"""Why a promise was broken, in words: what content says of the control, then what is known of the breach, from its detail.

Nothing here knows a control by name. The detail of a breach holds the points `before` and `after` it, those of each *role* that the
control found to be involved (`{count, points}`), the calendar buckets without a point (`missing`), the `exposure_seconds` where there is one, and the
listings that show it (`observed_by`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

import audit.controls
from audit.discovery import modules
from audit.model.document import Name, Text
from audit.model.verdicts import Breach, Result, Verdict
from audit.reporting.context import Context
from audit.reporting.details import detail_text, detail_value
from audit.reporting.words import joined

_TOLD = ("before", "after", "exposure_seconds", "missing", "observed_by")


def cause(result: Result, breach: Breach, context: Context) -> Text:
    """Return in sentences what happened; what the program knows beyond that stands last, as it is."""
    words, detail = context.words, breach.detail
    roles = {key: value for key, value in detail.items() if _is_role(value)}
    rest = {key: value for key, value in detail.items() if key not in _TOLD and key not in roles}
    sentences = [
        words("breaches.tolerated") if result.verdict is Verdict.MET else (),
        context.breach_says(result.control, result.leg),
        _exposure(result, breach, context),
        *(_role(role, value, context) for role, value in roles.items()),
        _missing(detail.get("missing"), context),
        *([] if roles or detail.get("missing") else [_around(detail, context)]),
        _shown_by(detail.get("observed_by") or (), context),
        detail_text(rest, context),
    ]
    return words.between("labels.sentence", [sentence for sentence in sentences if sentence])


def allowed_seconds(result: Result, context: Context) -> float | None:
    """Return how old the newest recovery point may be under the policy of a result, where its control has such a limit."""
    module = modules(audit.controls.__name__).get(result.control)
    policy = next((one for one in context.estate.policies if (one.name, one.version) == (result.policy, result.version)), None)
    if policy is None or module is None or not hasattr(module, "allowance"):
        return None
    allowed = module.allowance(policy)
    return None if allowed is None else allowed / 1_000_000


def severity(result: Result, breach: Breach, context: Context) -> float | None:
    """Return the exposure of a breach divided by what the policy allows (more than 1); null where there is no such number."""
    exposure, allowed = breach.detail.get("exposure_seconds"), allowed_seconds(result, context)
    return exposure / allowed if isinstance(exposure, int | float) and allowed else None


def _exposure(result: Result, breach: Breach, context: Context) -> Text:
    exposure = breach.detail.get("exposure_seconds")
    if not isinstance(exposure, int | float):
        return ()
    allowed = allowed_seconds(result, context)
    length = context.formats.duration(exposure)
    if allowed is None:
        return context.words("causes.exposure", length=length)
    return context.words("causes.exposure-allowed", length=length, allowed=context.formats.duration(allowed))


def _is_role(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"count", "points"}


def _role(role: str, value: Mapping[str, Any], context: Context) -> Text:
    points = detail_value(role, value["points"], context)
    if f"causes.roles.{role}" not in context.words:
        return context.words("labels.detail", label=(Name(role),), value=points)
    return _counted(
        context.words(f"causes.roles.{role}", n=value["count"], points=points), value["count"], len(value["points"]), context
    )


def _missing(value: Mapping[str, Any] | None, context: Context) -> Text:
    """Return the calendar buckets of which nothing was there, and until when one point of each had to be kept."""
    if value is None:
        return ()
    told = [_bucket(one, context) for one in value["buckets"]]
    buckets = context.words.between("labels.clause", told)
    return _counted(context.words("causes.missing", n=value["count"], buckets=buckets), value["count"], len(told), context)


def _bucket(one: Mapping[str, Any], context: Context) -> Text:
    days = context.formats.days(date.fromisoformat(one["first_day"]), date.fromisoformat(one["last_day"]))
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


def _shown_by(listings: Any, context: Context) -> Text:
    told = list(_listings(listings, context))
    if not told:
        return ()
    return context.words("causes.shown-by", n=len(told), listings=context.words.between("labels.comma", told))


def _listings(listings: Any, context: Context) -> Iterator[Text]:
    for one in listings:
        at = datetime.fromisoformat(one["listed_at"])
        yield context.words("causes.listing", repository=Name(str(one["repository"])), at=context.formats.instant(at))
