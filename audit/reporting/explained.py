"""What `explain` says, as lines in the words of one language: of each breach what happened, of each unproven stretch the points in doubt and what says so, of what is met
what lived or was recorded at both ends; each with its bytes of evidence. Instants stay RFC 3339, so that they can be typed into other commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from audit.content import Content
from audit.evaluation.why import Why, keys_of, references_of
from audit.model.document import Name, Text
from audit.model.envelope import time_text
from audit.model.estate import Estate
from audit.model.verdicts import Breach, EvidenceRef, Result, Unproven, Waived
from audit.reporting.causes import sentences
from audit.reporting.context import Context
from audit.reporting.details import detail_text
from audit.reporting.formats import Formats
from audit.reporting.places import place
from audit.reporting.words import Words, plain

Excerpts = Mapping[EvidenceRef, tuple[str, str]]
"""Of each place in the evidence the payload's file name and the text there."""


class ExactFormats(Formats):
    """Formats whose instants are RFC 3339, as commands read them."""

    def instant(self, value: datetime | None) -> str:
        """Return an instant in UTC, to the microsecond where it has any."""
        return "" if value is None else time_text(value)


def exact_context(content: Content, language: str, estate: Estate) -> Context:
    """Return what tells of things in a language with exact instants."""
    formats = ExactFormats(language, estate.timezone)
    return Context(content, Words(content, formats), formats, estate)


def reason_text(stretch: Unproven, context: Context) -> str:
    """Return why a stretch is unproven, in sentences."""
    words = context.words
    return plain(words.between("labels.sentence", [words.worded(f"reasons.{key}.text", key) for key in keys_of(stretch)]))


def doubt_text(doubt: Mapping[str, Any], context: Context) -> str:
    """Return in a sentence why a point is in doubt (as `audit.evaluation.why` tells it)."""
    words, reason = context.words, doubt["reason"]
    match doubt:
        case {"reason": "integrity", "copy_of": original}:
            return words.plain("explain.doubts.integrity-copy", point=_point(original, context), at=doubt["found_at"])
        case {"reason": "integrity", "run": run}:
            return words.plain("explain.doubts.integrity-run", run=Name(run), at=doubt["found_at"])
        case {"reason": "integrity", "found_at": at}:
            return words.plain("explain.doubts.integrity", at=at)
        case {"reason": "presence", "last_listed_at": None}:
            return words.plain("explain.doubts.presence-unseen")
        case {"reason": "presence", "last_listed_at": at, "missing_at": None}:
            return words.plain("explain.doubts.presence-last", at=at)
        case {"reason": "presence", "last_listed_at": at, "missing_at": missing}:
            return words.plain("explain.doubts.presence", at=at, missing=missing)
        case {"reason": "job-only", "run": str(run)}:
            return words.plain("explain.doubts.job-only", run=Name(run))
        case {"reason": "chain", "base": None}:
            return words.plain("explain.doubts.chain-untold")
        case {"reason": "chain", "base": base}:
            return words.plain("explain.doubts.chain", point=_point(base, context))
    return words.plain("explain.doubts.otherwise", why=words.worded(f"reasons.{reason}.text", reason))


def _point(point: Mapping[str, Any], context: Context) -> Text:
    """Return a point with its whole id: somebody may look for it in the tool."""
    captured, repository = point["captured_at"], point["repository"]
    values: dict[str, Name | str] = {"repository": Name(repository)} if repository else {}
    values |= {"captured": captured} if captured else {}
    key = "-".join(["labels.point", *(() if captured else ("undated",)), *(("in",) if repository else ())])
    return context.words(key, point=Name(point["id"]), **values)


class Telling:
    """Tells of results in lines. Each excerpt of evidence is shown once, and named again where it is named again."""

    def __init__(self, context: Context, excerpts: Excerpts, why: Why, most: int) -> None:
        self.context, self.words, self.excerpts, self.why, self.most = context, context.words, excerpts, why, most
        self.shown: set[EvidenceRef] = set()

    def results(self, results: Sequence[Result]) -> Iterator[str]:
        """Yield the lines of all results."""
        for number, result in enumerate(results):
            yield from self.result(number, result)

    def result(self, number: int, result: Result) -> Iterator[str]:
        """Yield the lines of the result at a place."""
        words = self.words
        what = Name(" / ".join(part for part in (result.asset, result.part, result.control, result.leg) if part))
        verdict = words(f"explain.verdicts.{result.verdict}")
        if result.policy:
            told = words("explain.judged", what=what, policy=Name(result.policy), version=str(result.version), verdict=verdict)
        else:
            told = words("explain.judged-without", what=what, verdict=verdict)
        yield plain(told)
        if result.shares:
            shares = (f"{words.plain(f'explain.verdicts.{key}')} {share:.4%}" for key, share in result.shares.items() if share)
            yield f"  {words.plain('labels.comma').join(shares)}"
        for key, value in result.detail.items():
            yield f"  {plain(detail_text({key: value}, self.context))}"
        for breach in (*result.breaches[: self.most], *result.waived[: self.most]):
            yield from self.breach(result, breach)
        for place_of, stretch in list(enumerate(result.unproven))[: self.most]:
            yield from self.unproven(stretch, self.why.unproven.get((number, place_of), {}))
        yield from self.met(self.why.met.get(number, ()))
        hidden = sum(max(0, len(some) - self.most) for some in (result.breaches, result.waived, result.unproven))
        if hidden:
            longest = max(map(len, (result.breaches, result.waived, result.unproven)))
            yield f"  {words.plain('explain.more', more=str(hidden), most=str(longest))}"

    def breach(self, result: Result, breach: Breach) -> Iterator[str]:
        """Yield the lines of a breach."""
        times = {"from": time_text(breach.since), "to": time_text(breach.until)}
        if isinstance(breach, Waived):
            yield f"  {self.words.plain('explain.waived', waiver=Name(breach.waiver), **times)}"
        else:
            yield f"  {self.words.plain('explain.breached', **times)}"
        for sentence in sentences(result, breach, self.context):
            yield f"    {plain(sentence)}"
        yield from self.evidence(breach.evidence, "    ")

    def unproven(self, stretch: Unproven, why: Mapping[str, Any]) -> Iterator[str]:
        """Yield the lines of an unproven stretch: the points that are in doubt where it begins, and the last listings by then."""
        settles = detail_text({key: value for key, value in stretch.detail.items() if key != "reasons"}, self.context)
        told = self.words("labels.in-brackets", value=settles) if settles else ()
        times = {"from": time_text(stretch.since), "to": time_text(stretch.until)}
        yield f"  {self.words.plain('explain.unproven', why=reason_text(stretch, self.context), settles=told, **times)}"
        if points := why.get("points"):
            named = self.words("explain.named", shown=len(points["points"])) if points["count"] > len(points["points"]) else ()
            yield f"    {self.words.plain('explain.in-doubt', n=points['count'], named=named)}"
            for point in points["points"]:
                yield from self.point(point, "      ")
        for listing in why.get("listings", ()):
            yield from self.listing(listing)

    def point(self, point: Mapping[str, Any], indent: str) -> Iterator[str]:
        """Yield the lines of a point that is in doubt, and of the one that it needs."""
        yield f"{indent}{plain(_point(point, self.context))}"
        yield from self.evidence(_refs(point), f"{indent}  ")
        for doubt in point["doubts"]:
            yield f"{indent}  {doubt_text(doubt, self.context)}"
            yield from self.evidence(_refs(doubt), f"{indent}    ")
            if doubt.get("base"):
                yield from self.point(doubt["base"], f"{indent}    ")

    def listing(self, listing: Mapping[str, Any]) -> Iterator[str]:
        """Yield the lines of the last listing of a repository."""
        repository, at = Name(listing["repository"]), listing["listed_at"]
        if at is None:
            yield f"    {self.words.plain('explain.no-listing', repository=repository)}"
            return
        yield f"    {self.words.plain('explain.listing', repository=repository, source=Name(listing['source']), at=at)}"
        yield from self.evidence(_refs(listing), "      ")

    def met(self, bounds: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        """Yield the lines of what lived or was on record at the ends of the judged time of what is met."""
        for bound in bounds:
            if found := bound.get("points"):
                points = self.words.between("labels.clause", [_point(point, self.context) for point in found["points"]])
                yield f"  {self.words.plain('explain.lived', at=bound['at'], points=points)}"
                yield from self.evidence([ref for point in found["points"] for ref in _refs(point)], "    ")
            if records := bound.get("records"):
                named = [self.words("explain.record", record=Name(one["record"]), who=Name(one["by"])) for one in records]
                said = self.words.between("labels.clause", named)
                yield f"  {self.words.plain('explain.recorded', at=bound['at'], records=said)}"
                yield from self.evidence([ref for one in records for ref in _refs(one)], "    ")

    def evidence(self, refs: Sequence[EvidenceRef], indent: str) -> Iterator[str]:
        """Yield where evidence is, each with the text that stands there."""
        for ref in refs:
            name, text = self.excerpts[ref]
            where = self.words("explain.place", place=place(ref.locator, self.words)) if ref.locator else ()
            file = self.words("explain.file", name=Name(name)) if name else ()
            told = self.words("explain.evidence", entry=str(ref.entry), sha256=Name(ref.sha256), place=where, file=file)
            yield f"{indent}{plain(told)}"
            yield f"{indent}  {self.words.plain('explain.above') if ref in self.shown else text}"
            self.shown.add(ref)


def _refs(told: Mapping[str, Any]) -> list[EvidenceRef]:
    return list(references_of({"evidence": told.get("evidence", ())}))
