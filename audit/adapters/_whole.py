"""Whether an output is all that there is: it was not cut off, and its command neither failed nor showed a part only.

What a cut leaves of a line looks like a fact: half a number is a number. So the beginning of a line is never read as one, and a list that ends in the
midst of a line is not complete. A cut at the very end of a line cannot be seen, except by what a format has at its own end: a blank line behind a record, the content of a backup set.
"""

from __future__ import annotations

import re
from dataclasses import replace
from types import ModuleType

import polars as pl

from audit.adapters import _text
from audit.adapters._typed import shown
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts

_AGAIN = "run the command again, and ingest its whole output"
_OR_ENDED = f"{_AGAIN}; if it is all there and only its last line has no line end, add one"
_PIPED = re.compile(r"\|\s*(?:sudo\s+)?(?:head|tail|[ef]?grep|rg)\b(?:[^|]*)")
"""What leaves out lines of a list. Programs that may give it another form only are not meant."""
_BETWEEN = re.compile(rb"\n[ \t]*+\r?\n")
_INSIDE = re.compile(rb"^[ \t]+\S", re.MULTILINE)


def lines(payload: bytes) -> bytes:
    """Return the lines of a payload that have their end: all of it, unless it was cut in the midst of one."""
    return payload[: payload.rfind(b"\n") + 1]


def rows(payload: bytes) -> bytes:
    """Return the rows of a table that have their end. JSON and XML, in which an adapter may be given the same, say themselves where they end."""
    return payload if payload.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[", b"<") else lines(payload)


def blocks(payload: bytes) -> bytes:
    """Return the blocks of a payload that have their end: behind each of them stands a blank line, and a line of one begins with a blank."""
    last = max((found.end() for found in _BETWEEN.finditer(payload)), default=0)
    return payload[:last] if _INSIDE.search(payload, last) else lines(payload)


def records(payload: bytes, first: bytes) -> bytes:
    """Return the records of a payload, each of which begins with a line of this first word, without the last one where it was cut in the midst of a line."""
    kept = lines(payload)
    if len(kept) == len(payload):
        return payload
    return payload[: (b"\n" + payload).rfind(b"\n" + first)] if first in payload else kept


def kept(module: ModuleType, payload: bytes, envelope: Envelope) -> tuple[bytes, list[Fault]]:
    """Return what of a payload may be read, and a fault where that is not all of it: by `whole`, which an adapter has whose tool ends each line that it
    writes. Raises `InputError` where nothing is left.
    """
    whole = getattr(module, "whole", None)
    rest = payload if whole is None else whole(payload)
    if len(rest) == len(payload) or not payload.strip() or _text.unreadable(envelope.name, payload):
        return payload, []
    number = rest.count(b"\n") + 1
    what = f"the output was cut off: it ends in the midst of a line or a record, and from line {number} on it was not used"
    fault = Fault(envelope.name or envelope.tool, what, _OR_ENDED, f"line {number}")
    if not rest.strip():
        raise InputError(str(fault), [fault])
    return rest, [fault]


def of_all(facts: Facts, module: ModuleType, envelope: Envelope) -> Facts:
    """Take back what a listing claims where its command failed, or shows only a part: by an option of `PART`, or a name of `NAMED` unless the envelope names the
    scope that it speaks for (two patterns that an adapter may have), or by a filter behind it.
    """
    if envelope.complete is False or not (facts.listings["complete"].any() or facts.listings["covers_from"].is_not_null().any()):
        return facts
    why, remedy = _partial(module, envelope)
    if why is None:
        return facts
    ours = pl.col("locator") == "envelope"
    claims = pl.col("complete") | (ours & pl.col("covers_from").is_not_null())
    told = [
        Fault(
            envelope.name or envelope.tool,
            f"this listing of {shown(repository)} is taken as incomplete: {why}",
            remedy,
            locator or "",
            "complete",
            level="warning",
        )
        for repository, locator in facts.listings.filter(claims).select("repository", "locator").iter_rows()
    ]
    listings = facts.listings.with_columns(pl.when(~ours).then(name).alias(name) for name in ("covers_from", "covers_to"))
    # A line that only said which runs a log holds says nothing any more.
    listings = listings.with_columns(complete=pl.lit(value=False)).filter(~ours | pl.col("listed_at").is_not_null())
    return replace(facts, listings=listings, faults=(*facts.faults, *told))


def _partial(module: ModuleType, envelope: Envelope) -> tuple[str | None, str]:
    """Return why a command did not show all that there is, and what to do about it."""
    if envelope.exit_code not in (None, 0):
        return f"the command ended with exit code {envelope.exit_code}", _AGAIN
    command = envelope.command or ""
    part, named = getattr(module, "PART", None), getattr(module, "NAMED", None)
    found = (part.search(command) if part else None) or _PIPED.search(command)
    if found:
        return f"the command shows only a part: {shown(found[0].strip())}", "list without filters"
    found = named.search(command) if named and envelope.scope is None else None
    if found:
        return f"the command shows only a part: {shown(found[0].strip())}", "list without it, or name the part with --scope"
    return None, ""
