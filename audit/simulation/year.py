"""A whole year as files: the programme, the evidence, and the truth."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import repeat

from audit.simulation import databases, jobs, servers
from audit.simulation.accidents import Accidents
from audit.simulation.calendar import ZONE, Calendar
from audit.simulation.files import File
from audit.simulation.stretches import Stretch, Stretches
from audit.simulation.truth import CONTROLS, Accident, Find, Truth
from audit.simulation.words import WORDS

EDITION = 3
"""Of what is simulated; raised whenever the same arguments give other bytes."""
YEARS = range(2022, 2091)
"""Years that can be simulated: the company began in 2021."""
MODEL = 2025
"""The year in which the model programme's dates lie."""
_DATE = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)\b")


def year(programme: Mapping[str, str], number: int, seed: int) -> Iterator[File]:
    """Yield every file of a simulated year: path with `/`, and text. programme: the model programme's texts by file name."""
    calendar = Calendar(number, seed)
    accidents = Accidents(calendar)
    for name, text in programme.items():
        yield f"programme/{name}", moved(text, accidents) if name.endswith(".yaml") else text
    shelves = {}
    for module in (databases, servers):
        for shelf in module.shelves(calendar, accidents):
            shelves[shelf.source, shelf.repository] = shelf
            yield from shelf.files()
    yield from jobs.files(calendar, accidents, shelves)
    yield "truth.yaml", truth_text(calendar, Truth(calendar, shelves).tell())
    yield "README.md", readme(calendar)


def moved(text: str, accidents: Accidents) -> str:
    """Return a text of the model programme with the dates of its year and later ones moved to the simulated year; what began earlier stays."""
    to = accidents.calendar.year

    def move(found: re.Match[str]) -> str:
        year, month, day = (int(part) for part in found.groups())
        if year < MODEL:
            return found[0]
        if (year, month, day) == (MODEL, 9, 1):
            return f"{accidents.remapped}"
        return f"{date(year - MODEL + to, month, day)}"

    return _DATE.sub(move, text)


def head(calendar: Calendar) -> dict[str, object]:
    """Return what tells one simulated year from another."""
    return {"simulated": True, "edition": EDITION, "year": calendar.year, "seed": calendar.seed}


def truth_text(calendar: Calendar, accidents: list[Accident]) -> str:
    """Return `truth.yaml`. Texts are written as JSON strings, which YAML reads."""
    since, until = calendar.period
    lines = ["# What is true of this simulated year. Every result of these controls that is not named here is met."]
    lines += [f"{key}: {json.dumps(value)}" for key, value in head(calendar).items()]
    lines += [f"period: {{from: {_time(since)}, to: {_time(until)}}}", f"controls: [{', '.join(CONTROLS)}]", "accidents:"]
    for accident in accidents:
        lines += [f"  - accident: {accident.name}"]
        lines += [f"    {language}: {json.dumps(text, ensure_ascii=False)}" for language, text in WORDS[accident.name].items()]
        lines += ["    finds:"]
        for find in accident.finds:
            lines += _found(find)
    return "\n".join(lines) + "\n"


def _found(find: Find) -> Iterator[str]:
    said = {"asset": find.asset, "part": find.part, "control": find.control, "leg": find.leg, "policy": find.policy}
    told = ", ".join(f"{key}: {value or 'null'}" for key, value in said.items())
    yield f"      - {{{told}, version: {find.version}, verdict: {find.verdict}{_stretches(find)}}}"


def _stretches(find: Find) -> str:
    told = ""
    for key in ("breached", "unproven", "grace"):
        stretches: Stretches = getattr(find, key)
        if stretches:
            lost = find.exposures if key == "breached" else ()
            told += f", {key}: [" + ", ".join(map(_stretch, stretches, lost or repeat(None))) + "]"
    return told


def _stretch(stretch: Stretch, lost: timedelta | None) -> str:
    since, until = stretch
    exposure = "" if lost is None else f", exposure_seconds: {lost.total_seconds()}"
    return f"{{from: {_time(since)}, to: {_time(until)}{exposure}}}"


def _time(instant: datetime) -> str:
    return f'"{instant.astimezone(UTC).isoformat().replace("+00:00", "Z")}"'


def readme(calendar: Calendar) -> str:
    """Return how to load the year."""
    since, until = calendar.since, calendar.until
    return f"""# A simulated year: {calendar.year}, seed {calendar.seed}

All of this is made up. The company does not exist; every envelope says `simulated: true`, and so does every report that rests on it.

| | |
|---|---|
| `programme/` | what the company promised: three units, two cities and a cloud, six classes of data (time zone {ZONE}) |
| `evidence/` | what its tools showed: restic, borg, and databases in the interchange format, each payload with its envelope beside it |
| `truth.yaml` | the accidents: which control must find each, on which asset, with which verdict, from when to when |

Load it:

    backup-audit --data my-data init --organisation "Yunhe Messaging (simulated)"
    backup-audit --data my-data apply programme --by "Li Na"
    backup-audit --data my-data ingest evidence
    backup-audit --data my-data assess --from {since} --to {until}
    backup-audit --data my-data report annual-review --from {since} --to {until} -o review.html

The same year and seed give the same files, byte for byte.
"""
