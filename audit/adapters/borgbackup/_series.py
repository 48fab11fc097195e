"""The subject of an archive: the series that its name belongs to."""

from __future__ import annotations

import re
from datetime import datetime

import polars as pl

_YEAR, _MONTH, _DAY = "(?:19|20)[0-9]{2}", "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])"
_HOUR, _MINUTE = "(?:[01][0-9]|2[0-3])", "[0-5][0-9]"
_OFFSET = f"(?:[Zz]|[+-]{_HOUR}:?{_MINUTE})?"
_CLOCK = rf"(?:[Tt_ .@-]{_HOUR}[:._-]?{_MINUTE}(?:[:._-]?{_MINUTE}(?:[.,][0-9]{{1,9}})?{_OFFSET})?|[Tt]{_HOUR})?"
_STAMP = "|".join(
    [
        f"{_YEAR}{_MONTH}{_DAY}{_HOUR}{_MINUTE}(?:{_MINUTE})?",  # 20261123135548
        f"{_YEAR}{_MONTH}{_DAY}{_CLOCK}",  # 20261123, 20261123-0230
        f"{_YEAR}[-_.]{_MONTH}[-_.]{_DAY}{_CLOCK}",  # 2026-11-23, 2026-11-23T13:55:48.123456+08:00
        f"{_DAY}[-_.]{_MONTH}[-_.]{_YEAR}{_CLOCK}",  # 23.11.2026
        f"{_YEAR}-?W(?:0[1-9]|[1-4][0-9]|5[0-3])",  # 2026-W47
        f"{_YEAR}[-_.]{_MONTH}",  # 2026-11
        "1[0-9]{9}",  # seconds since 1970, until 2033
    ]
)
_BETWEEN = "[-_.@: ]"
_BEFORE = f"(.*[^-_.@: ]){_BETWEEN}+|(.*[^-_.@: 0-9])|{_BETWEEN}*"
_NAME = f"(?s)^(?:{_BEFORE})(?:{_STAMP})($|[^0-9].*)$"
_CHECKPOINT = r"\.checkpoint(?:\.[0-9]+)?$"
_PLACEHOLDER = re.compile(r"\{(?:utc)?now(?::([^{}]*))?\}")
_ANY_TIME = datetime(2026, 11, 23, 13, 55, 48)  # noqa: DTZ001 - only the form of its text matters


def series(names: pl.Series, repository: str | None) -> pl.Series:
    """Return the series of archive names (String): the name without its last timestamp, without the separators before it, and
    without `.checkpoint`. A name that is nothing but a timestamp belongs to the series named as the repository.
    """
    bare = names.str.replace(_CHECKPOINT, "")
    stripped = bare.str.replace(_NAME, "${1}${2}${3}")
    frame = pl.DataFrame({"bare": bare, "stripped": stripped})
    changed = pl.col("stripped") != pl.col("bare")
    result = pl.when(changed).then(pl.col("stripped").str.strip_chars_start("-_.@: ")).otherwise("bare")
    return frame.select(series=pl.when(result == "").then(pl.lit(repository)).otherwise(result))["series"]


def unfinished(names: pl.Series) -> pl.Series:
    """Tell which names (String) are of checkpoints: what an interrupted `create` had read until then."""
    return names.str.contains(_CHECKPOINT)


def of_template(template: str, repository: str | None) -> str | None:
    """Return the series of a name as it stands in a command; `{now}` and `{utcnow}` are timestamps. `None` where another
    placeholder leaves it open.
    """
    try:
        name = _PLACEHOLDER.sub(lambda found: _ANY_TIME.strftime(found[1] or "%Y-%m-%dT%H:%M:%S"), template)
    except ValueError:  # no format of a time
        return None
    if not name or "{" in name or "\0" in name:
        return None
    found: str | None = series(pl.Series([name]), repository)[0]
    return found
