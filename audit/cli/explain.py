"""backup-audit explain."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

import audit.controls
from audit.cli._content import content_option
from audit.cli._dates import parse_instant
from audit.cli._period import instants, known_number
from audit.content import Content
from audit.discovery import modules
from audit.errors import UsageError
from audit.model.document import Name
from audit.model.envelope import time_text
from audit.reporting.context import Context
from audit.reporting.explained import Telling, exact_context
from audit.reporting.finding_told import finding_lines
from audit.reporting.formats import LOCALES
from audit.reporting.words import Words
from audit.steps._open import Store, open_store
from audit.steps.explain import Explained, explain, explained_json, pictures_of
from audit.steps.explain_finding import explain_finding, explained_finding_json

DAYS = 30


@click.command("explain")
@click.argument("what", metavar="FINDING|ASSET")
@click.argument("control", required=False)
@click.option(
    "--from",
    "since",
    metavar="DATE",
    help=f"The first day of the period, or an instant. Default: {DAYS} days ago; of a finding, as it was last assessed.",
)
@click.option(
    "--to", "until", metavar="DATE", help="The first day after the period. Default: now; of a finding, as it was last assessed."
)
@click.option(
    "--as-known-at",
    metavar="N|TIME",
    help="As known at a journal entry or an instant. Default: now; of a finding's breach, as it was last assessed.",
)
@click.option(
    "--format",
    "fmt",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="json: with exposure and copies over time.",
)
@click.option(
    "--pictures",
    type=click.Path(path_type=Path, file_okay=False),
    help="Also draw exposure or copies over time, as SVG, into this folder.",
)
@click.option(
    "--lang", "language", type=click.Choice(sorted(LOCALES)), default="en", show_default=True, help="Language of all that is told."
)
@click.option(
    "--most",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="How many breaches and unproven stretches to show of each leg.",
)
@content_option
@click.pass_obj
def command(
    data: Path, what: str, control: str | None, since: str | None, until: str | None, as_known_at: str | None, fmt: str, pictures: Path | None,
    language: str, most: int, own: Path | None,
) -> None:  # fmt: skip
    """Explain a control on an asset: each breach with the recovery points around it; each unproven stretch with the points that are in doubt, what says so, and the last
    listings; of what is met, what lived or was on record at both ends of the judged time. All with the bytes of evidence they came from. With --format json or --pictures
    also how exposure, or each kind of copy, ran over time, on both bounds (recovery-point, copies).

    Or explain a finding of the register: what it is, when it is due, what was done about it, and the breach that it follows.

    \b
    Examples:
      backup-audit explain finding-4801
      backup-audit explain im-messages-db recovery-point --from 2026-11-01 --to 2026-12-01
      backup-audit explain fileserver copies --lang zh
      backup-audit explain fileserver copies --format json
      backup-audit explain im-messages-db recovery-point --from 2026-11-01 --to 2026-12-01 --pictures pictures/ --lang zh
    """
    store, content = open_store(data), Content(own)
    known = known_number(store, as_known_at)
    now = datetime.now(UTC)
    if control is None:
        if pictures is not None:
            raise UsageError("a finding is explained without pictures: name its asset and control for them")
        _finding(store, what, (since, until), known, now, fmt, language, most, content)
        return
    if what.startswith("finding-") and what not in set(store.estate(store.head()).segments["asset"]):
        raise UsageError(f"{what} is a finding: explain it without a control")
    begin, end = instants(store, known, since or time_text(now - timedelta(days=DAYS)), until or time_text(now))
    found = explain(store, what, control, begin, end, known, over_time=fmt == "json" or pictures is not None)
    context = exact_context(content, language, store.estate(found.assessment.as_known_at))
    if pictures is not None:
        _draw(pictures_of(store, found, language, content), pictures, context.words)
    if fmt == "json":
        click.echo(json.dumps(explained_json(found, context), ensure_ascii=False, indent=1))
        return
    for line in _lines(found, what, control, most, context):
        click.echo(line)


def _finding(
    store: Store, identity: str, period: tuple[str | None, str | None], known: int | None, now: datetime, fmt: str, language: str, most: int,
    content: Content,
) -> None:  # fmt: skip
    """Print what explains a finding."""
    zone = store.estate(store.head() if known is None else known).timezone
    since, until = (None if text is None else parse_instant(text, zone) for text in period)
    found = explain_finding(store, identity, now, since, until, known)
    breach = found.breach
    context = exact_context(content, language, store.estate(store.head() if breach is None else breach.assessment.as_known_at))
    if fmt == "json":
        click.echo(json.dumps(explained_finding_json(found, context), ensure_ascii=False, indent=1))
        return
    for line in finding_lines(found.record, found.stands, context):
        click.echo(line)
    if breach is None:
        return
    judged = breach.assessment
    times = {"from": time_text(judged.since), "to": time_text(judged.until)}
    click.echo(f"\n{context.words.plain('explain.finding.assessed', entry=str(judged.as_known_at), **times)}")
    if not judged.results:
        click.echo(context.words.plain("explain.finding.gone"))
    for line in Telling(context, breach.evidence, breach.why, most).results(judged.results):
        click.echo(line)


def _lines(found: Explained, asset: str, control: str, most: int, context: Context) -> Iterator[str]:
    """Yield what is told of a control on an asset, or why nothing is."""
    for fault in found.assessment.faults:
        yield context.words.plain("explain.fault", control=Name(control), asset=Name(asset), fault=Name(fault))
    if not found.assessment.results and not found.assessment.faults:
        # What no policy has to ask for is judged elsewhere than where one asks for it.
        asked = bool(modules(audit.controls.__name__)[control].OBJECTIVES)
        why = context.words(f"explain.not-judged-why.{'policy' if asked else control}")
        yield context.words.plain("explain.not-judged", control=Name(control), asset=Name(asset), why=why)
    yield from Telling(context, found.evidence, found.why, most).results(found.assessment.results)


def _draw(drawn: Mapping[str, str], folder: Path, words: Words) -> None:
    """Write the pictures of the asset, or of each of its parts, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, svg in drawn.items():
        (folder / name).write_text(svg, encoding="utf-8")
        click.echo(words.plain("explain.drew", file=Name(str(folder / name))), err=True)
    if not drawn:
        click.echo(words.plain("explain.nothing-drawn"), err=True)
