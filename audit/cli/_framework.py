"""The answers to a framework on the screen, and as CSV."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from audit.evaluation.framework import COUNTED, Answer, Answered, ControlAnswer
from audit.reporting.harmless import harmless
from audit.reporting.words import Words, plain

Titled = Callable[[str, str | None], str]

OF_FRAMEWORK = ("framework", "framework title", "edition", "as of", "status", "superseded by", "source", "disclaimer")
ABOUT = (
    *(*OF_FRAMEWORK, "requirement", "title", "assessed", "confidence", "states", "at least", "answer", "read beside"),
    *("control", "leg", "control answer"),
)
NAMED = 10
"""How many assets a line below the table names at the most; it counts the rest."""
STYLE = {
    Answer.DOES_NOT_SUPPORT: "bold red",
    Answer.UNPROVEN: "yellow",
    Answer.NOT_JUDGED: "dim",
    Answer.MANUAL: "dim",
    Answer.SUPPORTS_IN_PART: "green",
    Answer.SUPPORTS: "bold green",
}


def table_of(answered: Answered, words: Words, titled: Titled) -> str:
    """Return the answers as a table for people. Above it: what the framework is; below it: what was agreed for less than a clause states, counts, source and disclaimer.

    titled: gives the title of a control and leg.
    """
    language, framework = words.language, answered.framework
    console = Console(record=True, file=io.StringIO(), width=None if sys.stdout.isatty() else 180, highlight=False, markup=False)
    console.print(f"{_heading(answered, words)}\n", soft_wrap=True)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("requirement", "answer", "because", "asks", "assessed", "confidence-short"):
        table.add_column(words.plain(f"framework.{name}"), overflow="fold")
    for asked, answer in zip(framework.requirements, answered.answers, strict=True):
        because = [
            f"{words.plain('framework.says', control=titled(one.control, one.leg), answer=words.plain(f'answers.{one.answer}'))}{_denominator(one)}"
            for one in answer.controls
        ]
        if answer.read_beside:
            controls = words.plain("labels.comma").join(titled(name, None) for name in answer.read_beside)
            because.append(words.plain(f"framework.read-beside.{asked.compares}", controls=controls))
        asks = [asked.title[language]]
        if asked.states is not None:
            asks.append(words.plain("framework.states", states=asked.states[language]))
        said = Text(words.plain(f"answers.{answer.answer}"), STYLE[answer.answer])
        assessed = words.plain(f"framework.assessments.{asked.assessed}")
        table.add_row(
            asked.id,
            said,
            words.plain("labels.clause").join(because),
            words.plain("framework.between").join(asks),
            assessed,
            asked.confidence,
        )
    console.print(table)
    for number, line in enumerate(_less(answered, words, titled)):
        console.print(line if number else f"\n{line}", soft_wrap=True)
    told = [
        words.plain("framework.counts-one", n=count, answer=words.plain(f"answers.{answer}"))
        for answer, count in reversed(answered.counts().items())
        if count
    ]
    console.print(
        f"\n{words.plain('framework.counts', n=len(answered.answers), counts=words.plain('labels.comma').join(told))}",
        soft_wrap=True,
    )
    console.print(
        f"{words.plain('framework.source-is', source=framework.source[language])}\n{framework.disclaimer[language]}", soft_wrap=True
    )
    return console.export_text(styles=sys.stdout.isatty())


def _heading(answered: Answered, words: Words) -> str:
    framework = answered.framework
    status = words.plain(f"framework.status.{framework.status}")
    edition = words.plain("framework.edition-of", edition=framework.edition, status=status)
    told = [framework.title[words.language], words.plain("framework.edition-is", edition=edition)]
    if framework.superseded_by:
        told.append(words.plain("framework.superseded-by-what", what=framework.superseded_by))
    told.append(words.plain("framework.known-up-to", day=str(framework.as_of)))
    return words.plain("labels.clause").join(told)


def _less(answered: Answered, words: Words, titled: Titled) -> Iterator[str]:
    """Yield a line for each thing that was agreed for less than a clause states, or perhaps, with the assets."""
    for answer in answered.answers:
        for control in answer.controls:
            for less, assets in control.less_together():
                key = "nothing" if less.stated is None else "surely" if less.surely else "perhaps"
                named = plain(words.names(assets[:NAMED]))
                if len(assets) > NAMED:
                    named = words.plain("framework.named-more", names=named, n=len(assets) - NAMED)
                what = words.plain(f"framework.less.{key}", what=less.what, stated=less.stated or "", least=less.least)
                yield words.plain(
                    "framework.less.line",
                    requirement=answer.requirement,
                    control=titled(control.control, control.leg),
                    what=what,
                    assets=named,
                )


def _denominator(control: ControlAnswer) -> str:
    """Return how many of the assets were kept, where any was judged."""
    judged = sum(control.assets.values()) - control.assets["not-judged"]
    return f" ({control.assets['met']}/{sum(control.assets.values())})" if judged else ""


def csv_of(answered: Answered, language: str) -> str:
    """Return one row for each requirement and control; texts in one language."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*ABOUT, *COUNTED, "named", "agreed less"])
    of = answered.framework
    about = [
        answered.name,
        of.title[language],
        of.edition,
        str(of.as_of),
        of.status,
        of.superseded_by or "",
        of.source[language],
        of.disclaimer[language],
    ]
    for asked, answer in zip(of.requirements, answered.answers, strict=True):
        states = "" if asked.states is None else asked.states[language]
        for control in answer.controls:
            at_least = "; ".join(f"{key}: {value}" for key, value in control.at_least.items())
            row = [
                *about,
                asked.id,
                asked.title[language],
                str(asked.assessed),
                asked.confidence,
                states,
                at_least,
                str(answer.answer),
            ]
            row += [" ".join(answer.read_beside), control.control, control.leg or "", str(control.answer)]
            less = "; ".join(
                f"{'' if one.surely else 'perhaps '}{one.what}: {one.stated or 'nothing'} < {one.least} ({' '.join(assets)})"
                for one, assets in control.less_together()
            )
            cells = [*row, *(control.assets[name] for name in COUNTED), " ".join(control.named), less]
            writer.writerow([harmless(cell) for cell in cells])
    return out.getvalue()
