"""What sections are given beside the assessment: words, formats, the estate, the evidence's frames, and titles from content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from audit.content import Content, ContentError
from audit.evaluation.costs import Costs
from audit.evaluation.framework import Answered
from audit.evidence.checkpoint import Checkpoint
from audit.model.document import Name, Text
from audit.model.drill import Drills
from audit.model.estate import Estate
from audit.reporting.formats import Formats
from audit.reporting.words import Words, joined


@dataclass(frozen=True, slots=True)
class Declaration:
    """One programme as it was applied: its journal entry, when (UTC), by whom and confirmed by whom (null: by nobody), and what it changed
    for the time before: kind, name, and since when (an RFC 3339 instant, or null for the beginning).
    """

    entry: int
    at: datetime
    by: str
    confirmed_by: str | None = None
    retroactive: tuple[tuple[str, str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """What the data folder says beside the evidence: whose it is, the signed checkpoint over the journal (null: none), every programme
    that was applied, and when (UTC) the entry was made as known at which it all is.
    """

    organisation: str = ""
    checkpoint: Checkpoint | None = None
    declarations: tuple[Declaration, ...] = ()
    entered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What a section may use. Frames are null where the caller had none; a section says so rather than showing zero.

    `payloads`: one row per piece of evidence (entry, sha256, source, tool, name, method, by, observed_at, received_at, points,
    runs, listings, quarantined). `quarantine`: one row per fault (entry, where, locator, key, what, remedy, level). `unit`: the
    one unit reported on, or null.
    `options`: what the report's definition says of this section. `provisional`: evidence for the period may still come in;
    `awaited` names the sources it is awaited from. `signers`: who is to sign, as the report's definition says. `final_at`: the instant to which
    every source must have delivered. `record`: what the data folder says beside the evidence.
    `answered`: the framework that was asked for, with its answers, or null. `costs`: what is stored and what that costs, where a section was to
    say it, or null. `drills`: what drills showed and which are due, where a section was to say it, or null.
    """

    content: Content
    words: Words
    formats: Formats
    estate: Estate
    unit: str | None = None
    payloads: pl.DataFrame | None = None
    quarantine: pl.DataFrame | None = None
    provisional: bool = True
    awaited: tuple[str, ...] = ()
    final_at: datetime | None = None
    signers: tuple[Mapping[str, Any], ...] = ()
    record: Record = field(default_factory=Record)
    answered: Answered | None = None
    costs: Costs | None = None
    drills: Drills | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    _titles: dict[str, Text] = field(default_factory=dict, repr=False)
    _promises: dict[tuple[str, str | None, str | None], Text] = field(default_factory=dict, repr=False)

    def control(self, control: str) -> Text:
        """Return the title of a control."""
        if control not in self._titles:
            self._titles[control] = self.control_says(control, "title") or (Name(control),)
        return self._titles[control]

    def control_says(self, control: str, what: str) -> Text:
        """Return `title`, `means`, `rationale`, `remedy`, `consequence` or `limits` of a control, or nothing where content says nothing."""
        texts = self._control_file(control).get(what)
        return self.words.translated(texts, "") if isinstance(texts, Mapping) and self.words.language in texts else ()

    def breach_says(self, control: str, leg: str | None) -> Text:
        """Return what it means that a control (or leg) was breached, or nothing where content says nothing."""
        texts = self._control_file(control).get("breached")
        if isinstance(texts, Mapping) and leg in texts:
            texts = texts[leg]
        return self.words.translated(texts, "") if isinstance(texts, Mapping) and self.words.language in texts else ()

    def leg(self, control: str, leg: str) -> Text:
        """Return the title of a leg of a control."""
        legs = self._control_file(control).get("legs")
        return self.words.translated(legs.get(leg) if isinstance(legs, Mapping) else None, leg)

    def _control_file(self, control: str) -> Mapping[str, Any]:
        try:
            found = self.content.yaml(f"policies/controls/{control}.yaml")
        except ContentError as error:
            if error.faults:  # the file is there and broken: say so
                raise
            return {}
        return found if isinstance(found, Mapping) else {}

    def promise(self, control: str, leg: str | None, part: str | None = None) -> Text:
        """Return what was judged, as one label: control, leg and part."""
        if (control, leg, part) not in self._promises:
            self._promises[control, leg, part] = self._promise(control, leg, part)
        return self._promises[control, leg, part]

    def _promise(self, control: str, leg: str | None, part: str | None) -> Text:
        label = self.control(control)
        if leg is not None:
            label = joined(*self.words("labels.of", what=label, detail=self.leg(control, leg)))
        if part is not None:
            label = joined(*self.words("labels.part", what=label, part=Name(part)))
        return label

    def unit_title(self, unit: str) -> Text:
        """Return the title of a unit."""
        return self.words.translated(self.estate.units.get(unit), unit)
