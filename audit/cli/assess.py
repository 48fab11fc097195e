"""backup-audit assess."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from audit.cli._comparison import csv_of, table_of
from audit.cli._content import content_option
from audit.cli._framework import csv_of as answers_csv
from audit.cli._framework import table_of as answers_table
from audit.cli._period import instants, known_number, period_options
from audit.cli._progress import progress
from audit.content import Content
from audit.errors import Exit, UsageError
from audit.evaluation.cluster import connected
from audit.evaluation.compare import compare
from audit.evaluation.framework import Answer, Answered
from audit.evaluation.outline import LISTED
from audit.evaluation.what_if import WhatIf
from audit.model.assessment import Assessment
from audit.model.verdicts import SHARES, Result, Verdict
from audit.policy.frameworks import read_framework
from audit.policy.in_one_go import in_one_go
from audit.reporting.compose import Definition
from audit.reporting.context import Context
from audit.reporting.formats import LOCALES, Formats
from audit.reporting.harmless import harmless
from audit.reporting.words import Words, plain
from audit.steps._open import Store, open_store
from audit.steps.assess import Outlined, assess, with_unit
from audit.steps.framework import answer
from audit.steps.keep import Kept, assess_and_keep
from audit.steps.report import report_of
from audit.steps.what_if import assess_what_if

FORMATS = ("table", "json", "csv", "xlsx")
SUFFIXES = {"": "table", ".txt": "table", **{f".{name}": name for name in FORMATS}}
SHOWN = 1_000
"""Rows the table shows at the most; nobody reads more on a screen, and to lay them out takes longer than to judge."""
STYLE = {
    Verdict.BREACHED: "bold red",
    Verdict.UNPROVEN: "yellow",
    Verdict.WAIVED: "cyan",
    Verdict.MET: "green",
    Verdict.NOT_APPLICABLE: "dim",
}


@click.command("assess")
@period_options
@click.option("--unit", help="Only the assets of this business unit.")
@click.option("--control", "controls", multiple=True, help="Only this control (may be given more than once).")
@click.option("--asset", "assets", multiple=True, help="Only this asset (may be given more than once).")
@click.option(
    "--what-if", "values", multiple=True, metavar="KEY=VALUE", help="As if this had been agreed (may be given more than once)."
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="KEY=VALUE",
    help="Of --what-if: only for this unit, tier, data_class, site, asset or policy.",
)
@click.option(
    "--framework", metavar="ID", help="Answer the requirements of a standard or law (`backup-audit frameworks` lists them)."
)
@click.option(
    "--lang",
    "language",
    type=click.Choice(sorted(LOCALES)),
    default="en",
    show_default=True,
    help="Of --framework: the language of its texts.",
)
@click.option("--format", "fmt", type=click.Choice(FORMATS), help="Without it: table; of a file what its suffix says.")
@click.option(
    "--output",
    "-o",
    "outputs",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to a file instead of the screen (may be given more than once, for several formats of one run).",
)
@content_option
@click.option("--keep", is_flag=True, help="Keep the assessment for the site (`serve` shows it); of everything only.")
@click.option("--anew", is_flag=True, help="Of --keep: judge everything, also what did not change since one was kept.")
@click.option(
    "--cluster",
    "address",
    metavar="ADDRESS",
    help="Judge on the Dask cluster whose scheduler is at tcp://HOST:PORT (or tls://...).",
)
@click.pass_context
@in_one_go()
def command(
    ctx: click.Context, since: str, until: str, as_known_at: str | None, unit: str | None, controls: tuple[str, ...], assets: tuple[str, ...],
    values: tuple[str, ...], scopes: tuple[str, ...], framework: str | None, language: str, fmt: str | None, outputs: tuple[Path, ...],
    own: Path | None, keep: bool, anew: bool, address: str | None,
) -> None:  # fmt: skip
    """Judge every control on every asset over a period. Ends with 1 when something is breached.

    Bare dates are days of the programme's time zone; --to is exclusive. The same period, journal entry and program give the same result for ever.

    With --keep, only what changed is judged since an assessment of the same period was kept: assets of which something else is declared, stated, or shown by evidence. The others are
    as they were found then. That gives the same results, which --anew shows.

    With --framework, the controls answer the requirements of a standard or law: they support it or do not; nobody is said to comply.

    With --what-if, promises are judged as if other values had been agreed, beside what was agreed: who would breach, for how long, by how much.

    \b
    Examples:
      backup-audit assess --from 2026-01-01 --to 2027-01-01
      backup-audit assess --from 2026-01-01 --to 2027-01-01 --format json -o assessment.json
      backup-audit assess --from 2026-11-01 --to 2026-12-01 --as-known-at 1204 --control copies
      backup-audit assess --from 2026-01-01 --to 2027-01-01 -o assessment.xlsx -o assessment.json
      backup-audit assess --from 2026-01-01 --to 2027-01-01 --keep
      backup-audit assess --from 2026-01-01 --to 2027-01-01 --framework iso-27001-2022
      backup-audit assess --from 2026-01-01 --to 2027-01-01 --what-if rpo=1h --what-if copies.offsite=2 --scope tier=core
      backup-audit assess --from 2026-01-01 --to 2027-01-01 --cluster tcp://scheduler.example.com:8786
    """
    targets = _targets(fmt, outputs)
    a_workbook = any(one == "xlsx" for one, _ in targets)
    if keep and (controls or assets or unit):
        raise UsageError("--keep keeps assessments of everything: leave out --control, --asset and --unit")
    if anew and not keep:
        raise UsageError("--anew goes with --keep: without it, everything is judged anew always")
    asked = what_if_of(values, scopes)
    if asked and (a_workbook or keep):
        raise UsageError("--what-if is no assessment of what was agreed: it goes with --format table, json or csv, and is not kept")
    if asked and address:
        raise UsageError("--cluster judges what was agreed: leave out --what-if, whose later calls take seconds here")
    if framework and (asked or keep or controls or assets):
        raise UsageError(
            "--framework answers from all its controls on all assets: leave out --what-if, --keep, --control and --asset"
        )
    content = Content(own)
    if framework:
        read_framework(content, framework)  # say now, and not after the assessment, what is wrong
    store = open_store(ctx.obj)
    known = known_number(store, as_known_at)
    with ExitStack() as stack, progress() as shown:
        cluster = stack.enter_context(connected(address)) if address else None
        begin, end = instants(store, known, since, until)
        if asked:
            both = assess_what_if(store, begin, end, known, asked, controls=controls or None, assets=assets or None, progress=shown)
        elif keep:
            kept = assess_and_keep(store, begin, end, known, now=datetime.now(UTC), anew=anew, cluster=cluster, progress=shown)
            assessment = kept.assessment
        else:
            assessment = assess(
                store, begin, end, known, controls=controls or None, assets=assets or None, cluster=cluster, progress=shown
            )
    if asked:
        agreed, other = both
        if unit:
            units = store.estate(agreed.assessment.as_known_at).units
            agreed, other = agreed.of_unit(unit, units), other.of_unit(unit, units)
        for one, output in targets:
            _write(_what_if(asked, agreed, other, one), output, "The what-if")
        if other.assessment.results.any_breached:
            ctx.exit(int(Exit.FAILED))
        return
    if keep:
        click.echo(_kept(kept), err=True)
    if unit:
        assessment = with_unit(assessment, unit, store.estate(assessment.as_known_at).units)
    if framework:
        answered = answer(assessment, store.estate(assessment.as_known_at), framework, content, unit)
        for one, output in targets:
            _write(_answers(store, assessment, answered, language, one, unit, content), output, f"{len(answered.answers)} answers")
        if answered.counts()[Answer.DOES_NOT_SUPPORT]:
            ctx.exit(int(Exit.FAILED))
        return
    for one, output in targets:
        if one == "xlsx":
            written = _workbook(store, assessment, unit, content)
        else:
            written = _json(assessment) if one == "json" else (_csv(assessment) if one == "csv" else _table(assessment)).encode()
        _write(written, output, f"{len(assessment.results)} results")
    if assessment.results.any_breached:
        ctx.exit(int(Exit.FAILED))


def _kept(done: Kept) -> str:
    """Return the sentence that says what was kept, and what was judged for it."""
    if done.since is None:
        return f"Kept the assessment {done.kept.id}."
    others = f"the others as in the assessment kept at entry {done.since}"
    return f"Kept the assessment {done.kept.id}: {done.judged} assets judged, {others}."


def _targets(fmt: str | None, outputs: Sequence[Path]) -> list[tuple[str, Path | None]]:
    """Return the formats that are asked for, each with its file; null: the screen."""
    if fmt == "xlsx" and not outputs:
        raise UsageError("--format xlsx writes a file: name it with -o FILE.xlsx")
    if fmt and len(outputs) > 1:
        raise UsageError("--format is of one file: leave it out, and each -o FILE has the format of its suffix")
    odd = [file for file in outputs if not fmt and file.suffix.lower() not in SUFFIXES]
    if odd:
        raise UsageError(f"-o {odd[0]}: a suffix says the format ({', '.join(filter(None, SUFFIXES))}); or say --format")
    return [(fmt or SUFFIXES[file.suffix.lower()], file) for file in outputs] or [(fmt or "table", None)]


def _write(written: bytes, output: Path | None, what: str) -> None:
    if output:
        output.write_bytes(written)
        click.echo(f"{what} written to {output}")
    else:
        click.echo(written.decode(), nl=False)


def _answers(
    store: Store, assessment: Assessment, answered: Answered, language: str, fmt: str, unit: str | None, content: Content
) -> bytes:  # fmt: skip
    """Return the answers to a framework in a format."""
    if fmt == "xlsx":
        definition = Definition.load(content, "framework")
        return report_of(store, assessment, definition, language, fmt, unit, content=content, framework=answered.name)
    if fmt == "json":
        about = {key: value for key, value in assessment.about().items() if key != "results"}
        return (json.dumps({**about, **answered.to_json()}, ensure_ascii=False, indent=1) + "\n").encode()
    if fmt == "csv":
        return answers_csv(answered, language).encode()
    estate = store.estate(assessment.as_known_at)
    formats = Formats(language, estate.timezone)
    context = Context(content, Words(content, formats), formats, estate)
    return answers_table(answered, context.words, lambda control, leg: plain(context.promise(control, leg))).encode()


def what_if_of(values: Sequence[str], scopes: Sequence[str]) -> WhatIf | None:
    """Read `--what-if` and `--scope`; values are YAML. Raises `UsageError` for what cannot be read, or a scope without a value."""
    if scopes and not values:
        raise UsageError("--scope says for whom --what-if is meant: give --what-if KEY=VALUE too")
    chosen: dict[str, set[str]] = {}
    for key, value in (_pair("--scope", text) for text in scopes):
        chosen.setdefault(key, set()).add(value)
    read: dict[str, Any] = {}
    for key, value in (_pair("--what-if", text) for text in values):
        if key in read:
            raise UsageError(f"--what-if {key} is given twice: which of the two is meant?")
        try:
            read[key] = YAML(typ="safe", pure=True).load(value)
        except YAMLError as error:
            raise UsageError(f"--what-if {key}: {value!r} cannot be read as YAML ({str(error).splitlines()[0]})") from None
    return WhatIf(read, {key: frozenset(names) for key, names in chosen.items()}) if read else None


def _pair(option: str, text: str) -> tuple[str, str]:
    key, found, value = text.partition("=")
    if not found or not key.strip() or not value.strip():
        raise UsageError(f"{option} {text!r}: write KEY=VALUE, such as {'rpo=1h' if option == '--what-if' else 'tier=core'}")
    return key.strip(), value.strip()


def _what_if(asked: WhatIf, agreed: Outlined, other: Outlined, fmt: str) -> bytes:
    """Return what would be beside what was agreed."""
    comparison = compare(agreed.assessment, other.assessment, (agreed.outline, other.outline))
    if fmt == "csv":
        return csv_of(comparison).encode()
    if fmt == "json":
        said = {"values": dict(asked.values), "scope": {key: sorted(names) for key, names in asked.scope.items()}}
        more = {"what_if": said, "agreed": agreed.whole().to_json(), "comparison": comparison.to_json(LISTED)}
        return _json(other.whole(), more)
    return table_of(comparison, "agreed", "what if").encode()


def _workbook(store: Store, assessment: Assessment, unit: str | None, content: Content) -> bytes:
    return report_of(store, assessment, Definition.load(content, "assessment"), "en", "xlsx", unit, content=content)


def _json(assessment: Assessment, more: Mapping[str, Any] | None = None) -> bytes:
    out = io.BytesIO()
    assessment.write_json(out, more)
    return out.getvalue()


def _csv(assessment: Assessment) -> str:
    columns = [
        "asset",
        "unit",
        "policy",
        "version",
        "part",
        "control",
        "leg",
        "verdict",
        "compliance",
        *SHARES,
        "breaches",
        "unproven stretches",
        "waived stretches",
    ]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for result in assessment.results:
        shares = [None if result.shares is None else result.shares[name] for name in SHARES]
        row = [
            result.asset,
            result.unit,
            result.policy,
            result.version,
            result.part,
            result.control,
            result.leg,
            str(result.verdict),
            result.compliance,
        ]
        stretches = [len(some) for some in (result.breaches, result.unproven, result.waived)]
        writer.writerow([harmless(value) for value in [*row, *shares, *stretches]])
    return out.getvalue()


def _table(assessment: Assessment) -> str:
    console = Console(record=True, file=io.StringIO(), width=None if sys.stdout.isatty() else 160, highlight=False)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("asset", "control", "leg", "policy", "verdict"):
        table.add_column(name, overflow="fold")
    # A column of waivers that is empty throughout would only make the table harder to read.
    shares = ("met", "breached", *(["waived"] if assessment.results.having("waived") else []), "unproven")
    for name in shares:
        table.add_column(name, justify="right")
    shown: Sequence[Result] = assessment.results
    if len(shown) > SHOWN:
        shown = tuple(sorted(shown, key=lambda result: list(STYLE).index(result.verdict)))[:SHOWN]
    for result in shown:
        table.add_row(*_cells(result, shares))
    console.print(table)
    if len(assessment.results) > SHOWN:
        console.print(
            f"\nThese are {SHOWN} of {len(assessment.results)} results, what is breached and unproven first; --format csv, json and xlsx have all.",
            soft_wrap=True,
        )
    coverage = assessment.coverage
    counted = (
        "How many assets are protected was not judged: the control protection counts them."
        if coverage.in_service is None
        else f"Of {coverage.in_service} assets in service at the end: {coverage.assigned} assigned to a policy, {coverage.protected} protected"
        f" (up to {coverage.protected_up_to} if what is unproven holds), {coverage.restorable} proven restorable."
    )
    console.print(
        f"\n{counted} {len(coverage.orphans)} subjects without an asset, {assessment.quarantined} rows in quarantine.",
        soft_wrap=True,
    )
    for notice in assessment.notices:
        if notice.get("key") == "simulated":
            console.print(
                f"Warning: the evidence is simulated ({notice['count']} payloads): this says nothing about a real company.",
                soft_wrap=True,
            )
    for fault in assessment.faults:
        console.print(f"Fault: {fault}", markup=False, soft_wrap=True)
    console.print(f"As known at journal entry {assessment.as_known_at} ({assessment.journal_head[:16]}).")
    return console.export_text(styles=sys.stdout.isatty())


def _cells(result: Result, names: Sequence[str]) -> list[Text]:
    shares = ["" if result.shares is None else _percent(result.shares[name]) for name in names]
    policy = f"{result.policy} v{result.version}" if result.policy else "-"
    asset = f"{result.asset} / {result.part}" if result.part else result.asset
    verdict = Text(str(result.verdict), STYLE[result.verdict])
    return [Text(asset), Text(result.control), Text(result.leg or ""), Text(policy), verdict, *map(Text, shares)]


def _percent(share: float) -> str:
    """Return a share in percent; never rounded up to 100 or down to 0."""
    percent = share * 100
    if 0 < percent < 0.01:
        return "<0.01 %"
    if 99.99 < percent < 100:
        return ">99.99 %"
    return f"{percent:.2f} %"
