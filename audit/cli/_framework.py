"""The answers to a framework on the screen, and as CSV."""

from __future__ import annotations

import csv
import io
import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from audit.evaluation.framework import COUNTED, Answer, Answered, ControlAnswer
from audit.reporting.harmless import harmless
from audit.reporting.words import Words

ABOUT = ("framework", "requirement", "title", "assessed", "confidence", "answer", "control", "leg", "control answer")
STYLE = {
    Answer.DOES_NOT_SUPPORT: "bold red",
    Answer.UNPROVEN: "yellow",
    Answer.NOT_JUDGED: "dim",
    Answer.MANUAL: "dim",
    Answer.SUPPORTS_IN_PART: "green",
    Answer.SUPPORTS: "bold green",
}


def table_of(answered: Answered, words: Words) -> str:
    """Return the answers as a table for people, with counts and the disclaimer below it."""
    language = words.language
    console = Console(record=True, file=io.StringIO(), width=None if sys.stdout.isatty() else 180, highlight=False, markup=False)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("requirement", "answer", "because", "asks"):
        table.add_column(words.plain(f"framework.{name}"), overflow="fold")
    for asked, answer in zip(answered.framework.requirements, answered.answers, strict=True):
        because = "; ".join(
            f"{_name(control)} {words.plain(f'answers.{control.answer}')}{_denominator(control)}" for control in answer.controls
        )
        said = Text(words.plain(f"answers.{answer.answer}"), STYLE[answer.answer])
        table.add_row(asked.id, said, because, asked.title[language])
    console.print(table)
    counts = ", ".join(
        f"{count} {words.plain(f'answers.{answer}')}" for answer, count in reversed(answered.counts().items()) if count
    )
    framework = answered.framework
    console.print(f"\n{framework.title[language]}, {framework.edition}: {len(answered.answers)}: {counts}.", soft_wrap=True)
    console.print(framework.disclaimer[language], soft_wrap=True)
    return console.export_text(styles=sys.stdout.isatty())


def _name(control: ControlAnswer) -> str:
    return control.control if control.leg is None else f"{control.control}.{control.leg}"


def _denominator(control: ControlAnswer) -> str:
    """Return how many of the assets were kept, where any was judged."""
    judged = sum(control.assets.values()) - control.assets["not-judged"]
    return f" ({control.assets['met']}/{sum(control.assets.values())})" if judged else ""


def csv_of(answered: Answered) -> str:
    """Return one row for each requirement and control."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*ABOUT, *COUNTED, "named"])
    for asked, answer in zip(answered.framework.requirements, answered.answers, strict=True):
        for control in answer.controls:
            row = [answered.name, asked.id, asked.title["en"], str(asked.assessed), asked.confidence, str(answer.answer)]
            row += [control.control, control.leg or "", str(control.answer)]
            cells = [*row, *(control.assets[name] for name in COUNTED), " ".join(control.named)]
            writer.writerow([harmless(cell) for cell in cells])
    return out.getvalue()
