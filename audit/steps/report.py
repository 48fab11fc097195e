"""report: an assessment becomes a document, and the document a file in one format and one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import polars as pl

import audit.reporting.writers
from audit.content import Content
from audit.discovery import modules
from audit.errors import CheckFailedError, UsageError
from audit.evaluation.costs import Costs
from audit.evaluation.framework import Answered
from audit.evidence.checkpoint import Checkpoint, CheckpointError, verify
from audit.evidence.keys import public_key
from audit.model.assessment import Assessment
from audit.model.document import Document
from audit.model.drill import Drills
from audit.model.estate import Estate
from audit.policy.frameworks import names, read_framework
from audit.policy.in_one_go import in_one_go
from audit.register.checkpoints import Kept, kept_checkpoints
from audit.reporting.compose import Definition, compose
from audit.reporting.context import Declaration, Record
from audit.steps._open import Store
from audit.steps.apply import FROM_THE_BEGINNING
from audit.steps.assess import with_unit
from audit.steps.costs import costs, unjudged
from audit.steps.drills import drills, one_drill
from audit.steps.framework import answer


@in_one_go()
def report(
    assessment: Assessment,
    estate: Estate,
    definition: Definition,
    language: str,
    fmt: str,
    unit: str | None = None,
    *,
    content: Content,
    payloads: pl.DataFrame | None = None,
    quarantine: pl.DataFrame | None = None,
    record: Record | None = None,
    answered: Answered | None = None,
    costs: Costs | None = None,
    drills: Drills | None = None,
) -> bytes:
    """Return a report as a file of format `fmt` (`formats()` names them).

    `estate` is as known at the assessment's journal entry; `payloads` and `quarantine` are the catalog's frames, and `record` (see
    `record_of`) what the journal says, as known there. With `unit`, only that unit's assets are reported on. The same inputs give the same bytes.
    """
    if unit is not None:
        known = sorted({*estate.units, *assessment.results.told("unit")["unit"]})
        assessment = with_unit(assessment, unit, known)
    document = compose(
        assessment, estate, definition, language,
        content=content, unit=unit, payloads=payloads, quarantine=quarantine, record=record, answered=answered, costs=costs, drills=drills,
    )  # fmt: skip
    return file_of(document, fmt, content)


def file_of(document: Document, fmt: str, content: Content) -> bytes:
    """Return a document as a file in one of the formats (`formats()`)."""
    writers = modules(audit.reporting.writers.__name__)
    if fmt not in writers:
        raise UsageError(f"there is no format {fmt!r}; there are: {', '.join(writers)}")
    return bytes(writers[fmt].write(document, content))


def report_of(
    store: Store,
    assessment: Assessment,
    definition: Definition,
    language: str,
    fmt: str,
    unit: str | None = None,
    *,
    content: Content,
    framework: str | None = None,
    costs_found: Costs | None = None,
    drills_found: Drills | None = None,
) -> bytes:
    """Return a report on an assessment of a data folder, answering a framework where one is named; all that it says beside the verdicts is read there, as known at the same entry.

    costs_found, drills_found: what is stored of the assets reported on, and what drills showed, where that is known already.
    """
    known = assessment.as_known_at
    agreeing(definition, framework, content)
    answered = None
    if framework is not None:
        of_unit = with_unit(assessment, unit, store.estate(known).units) if unit else assessment
        answered = answer(of_unit, store.estate(known), framework, content, unit)
    return report(
        assessment, store.estate(known), definition, language, fmt, unit,
        content=content, payloads=observed(store.catalog.payloads(known), store.catalog.listings(known)), quarantine=store.catalog.quarantine(known), record=record_of(store, known),
        answered=answered, costs=costs_found or costs_for(store, assessment, definition, unit),
        drills=drills_found or drills_for(store, assessment, definition, unit),
    )  # fmt: skip


def costs_for(
    store: Store, assessment: Assessment, definition: Definition, unit: str | None = None, assets: Sequence[str] | None = None
) -> Costs | None:
    """Return what is stored of the assets of a unit, or of those named (both null: of all), and what that costs, over an assessment's period and as known at its
    entry; null where the report does not say it.
    """
    estate = store.estate(assessment.as_known_at)
    if not definition.needs_costs(estate):
        return None
    if unit is not None and assets is None:
        owners = estate.segments.group_by("asset").agg(pl.col("unit").last()).filter(pl.col("unit") == unit)
        assets = sorted(owners["asset"])
    return costs(store, assessment.since, assessment.until, assessment.as_known_at, assets=assets)


def drills_for(store: Store, assessment: Assessment, definition: Definition, unit: str | None = None) -> Drills | None:
    """Return the drills of an assessment's period, and what is due, of a unit's assets (null: of all), as known at its entry; null where the report does not tell of them."""
    if not definition.needs_drills:
        return None
    return drills(store, assessment.since, assessment.until, assessment.as_known_at, unit=unit)


def about_drill(store: Store, record: str, known_at: int | None = None) -> tuple[Assessment, Drills]:
    """Return what a report on one drill rests on: an assessment in which nothing is judged, from when it was declared (else planned for) to when it was last spoken of; and the drill.
    Raises `UsageError` for an unknown record."""
    found = one_drill(store, record, known_at)
    (one,) = found.drills
    since = one.declared or one.planned_for or one.told[0].entered
    until = max(since, found.at).replace(microsecond=0) + timedelta(seconds=1)
    return unjudged(store, since, until, known_at), found


def of_a_period(definition: Definition) -> None:
    """Raise `UsageError` for a report that is about one record."""
    if definition.about is not None:
        raise UsageError(
            f"the report {definition.name} is about one {definition.about}, not about a period: `backup-audit report {definition.name} --record ID` writes it"
        )


def agreeing(definition: Definition, framework: str | None, content: Content) -> None:
    """Raise `UsageError` when a report answers a framework and none is named, or one is named that is not there or that it does not answer; `InputError` for a
    framework whose file is wrong.
    """
    if framework is None and definition.needs_framework:
        raise UsageError(f"the report {definition.name} answers a framework: name one of: {', '.join(names(content))}")
    if framework is not None:
        read_framework(content, framework)
        if not definition.needs_framework:
            raise UsageError(f"the report {definition.name} answers no framework; the report `framework` does")


def observed(payloads: pl.DataFrame, listings: pl.DataFrame) -> pl.DataFrame:
    """Return payloads (PAYLOAD_ROW), of which `listings` were read, with `observed_at` from what stands inside them, where their envelope does not say it: the latest
    instant at which they list a repository, or to which they hold every run. Null: neither says.
    """
    inside = listings.group_by("entry").agg(inside=pl.max_horizontal("listed_at", "covers_to").max())
    rows = payloads.join(
        inside.with_columns(pl.col("entry").cast(payloads.schema["entry"])), on="entry", how="left", maintain_order="left"
    )
    return rows.with_columns(observed_at=pl.coalesce("observed_at", "inside")).drop("inside")


def record_of(store: Store, known_at: int) -> Record:
    """Return what the data folder says, as known at an entry of the journal: whose it is, the programmes applied, and the checkpoint.

    Of the checkpoints it is the first that covers that entry, so that a report made again later names the same one; when none does, the
    newest there is. Raises `CheckFailedError` when its signature does not hold.
    """
    notes = list(kept_checkpoints(store.journal))
    kept = next((one for one in notes if one.size >= known_at), notes[-1] if notes else None)
    declarations = tuple(
        Declaration(
            entry=entry.number,
            at=entry.at,
            by=str(entry.body["by"]),
            confirmed_by=entry.body.get("confirmed_by"),
            retroactive=tuple(_reaching(one) for one in entry.body.get("summary", {}).get("retroactive", ())),
        )
        for entry in store.journal.entries(up_to=known_at, kind="programme")
    )
    last = next(store.journal.entries(after=known_at - 1, up_to=known_at), None)
    entered = None if last is None else last.at
    return Record(store.folder.organisation, None if kept is None else _verified(kept, store), declarations, entered)


def _verified(kept: Kept, store: Store) -> Checkpoint:
    """Return a checkpoint whose signature holds: the cover does not name one that `verify` would refuse."""
    try:
        return verify(kept.note, store.folder.origin, public_key(store.folder.key_path))
    except CheckpointError as error:
        raise CheckFailedError(f"the checkpoint of {kept.size} entries {error}; run `backup-audit verify`") from error


def _reaching(told: Mapping[str, str]) -> tuple[str, str, str | None]:
    since = told["since"]
    return told["kind"], told["name"], None if since == FROM_THE_BEGINNING else since


def formats() -> list[str]:
    """Return the formats that reports are written in."""
    return list(modules(audit.reporting.writers.__name__))
