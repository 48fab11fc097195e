"""backup-audit explain."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from audit.cli._content import content_option
from audit.cli._period import instants, known_number
from audit.content import Content
from audit.model.envelope import time_text
from audit.model.verdicts import Breach, Result, Waived
from audit.reporting.formats import LOCALES
from audit.steps._open import open_store
from audit.steps.explain import Explained, explain, explained_json, pictures_of

DAYS = 30


@click.command("explain")
@click.argument("asset")
@click.argument("control")
@click.option("--from", "since", metavar="DATE", help=f"The first day of the period, or an instant. Default: {DAYS} days ago.")
@click.option("--to", "until", metavar="DATE", help="The first day after the period. Default: now.")
@click.option("--as-known-at", metavar="N|TIME", help="As known at a journal entry or an instant. Default: now.")
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
    "--lang", "language", type=click.Choice(sorted(LOCALES)), default="en", show_default=True, help="Language of the pictures."
)
@click.option("--most", default=20, show_default=True, help="How many breaches and unproven stretches to show of each leg.")
@content_option
@click.pass_obj
def command(
    data: Path, asset: str, control: str, since: str | None, until: str | None, as_known_at: str | None, fmt: str, pictures: Path | None,
    language: str, most: int, own: Path | None,
) -> None:  # fmt: skip
    """Explain a control on an asset: each breach with the recovery points around it and the bytes of evidence they came from; each unproven
    stretch with what would settle it. With --format json or --pictures also how exposure, or each kind of copy, ran over time, on both bounds (recovery-point, copies).

    \b
    Examples:
      backup-audit explain im-messages-db recovery-point --from 2026-11-01 --to 2026-12-01
      backup-audit explain fileserver copies
      backup-audit explain fileserver copies --format json
      backup-audit explain im-messages-db recovery-point --from 2026-11-01 --to 2026-12-01 --pictures pictures/ --lang zh
    """
    store = open_store(data)
    known = known_number(store, as_known_at)
    now = datetime.now(UTC)
    begin, end = instants(store, known, since or time_text(now - timedelta(days=DAYS)), until or time_text(now))
    found = explain(store, asset, control, begin, end, known, over_time=fmt == "json" or pictures is not None)
    if pictures is not None:
        _draw(pictures_of(store, found, language, Content(own)), pictures)
    if fmt == "json":
        click.echo(json.dumps(explained_json(found), ensure_ascii=False, indent=1))
        return
    if not found.assessment.results:
        click.echo(
            f"{control} was not judged on {asset} in this period: no policy in force asks for it while the asset is in service."
        )
    for result in found.assessment.results:
        _result(result, found, most)


def _draw(drawn: Mapping[str, str], folder: Path) -> None:
    """Write the pictures of the asset, or of each of its parts, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, svg in drawn.items():
        (folder / name).write_text(svg, encoding="utf-8")
        click.echo(f"Drew {folder / name}", err=True)
    if not drawn:
        click.echo("There is nothing to draw: only recovery-point and copies are drawn, and only where they were judged.", err=True)


def _result(result: Result, found: Explained, most: int) -> None:
    name = " / ".join(part for part in (result.asset, result.part, result.control, result.leg) if part)
    policy = f" under {result.policy} version {result.version}" if result.policy else ""
    click.echo(f"{name}{policy}: {result.verdict}")
    if result.shares:
        click.echo("  " + ", ".join(f"{key} {share:.4%}" for key, share in result.shares.items() if share))
    for key, value in result.detail.items():
        click.echo(f"  {key}: {_text(value)}")
    for breach in result.breaches[:most]:
        _breach(breach, found)
    for waived in result.waived[:most]:
        _breach(waived, found)
    for stretch in result.unproven[:most]:
        settles = "; ".join(f"{key}: {', '.join(value)}" for key, value in stretch.detail.items() if value)
        click.echo(
            f"  unproven {time_text(stretch.since)} to {time_text(stretch.until)}: {stretch.reason}"
            + (f" ({settles})" if settles else "")
        )
    hidden = sum(max(0, len(some) - most) for some in (result.breaches, result.waived, result.unproven))
    if hidden:
        click.echo(f"  and {hidden} more (--most {most + hidden})")


def _breach(breach: Breach, found: Explained) -> None:
    how = f"waived ({breach.waiver})" if isinstance(breach, Waived) else "breached"
    click.echo(f"  {how} {time_text(breach.since)} to {time_text(breach.until)}")
    for key, value in breach.detail.items():
        points = (value.get("points") or value.get("buckets")) if isinstance(value, dict) else None
        if points is None:
            for one in value if isinstance(value, list) else [value]:
                click.echo(f"    {key}: {_text(one)}")
            continue
        for point in points:
            click.echo(f"    {key}: {_text(point)}")
        if value["count"] > len(points):
            click.echo(f"    {key}: and {value['count'] - len(points)} more")
    for ref in breach.evidence:
        name, excerpt = found.evidence[ref]
        click.echo(
            f"    evidence: journal entry {ref.entry}, SHA-256 {ref.sha256}{f', {ref.locator}' if ref.locator else ''}{f', of {name}' if name else ''}"
        )
        click.echo(f"      {excerpt}")


def _text(value: Any) -> str:
    """Return a detail in one line: of a point what is known of it."""
    return (
        ", ".join(f"{name} {part}" for name, part in value.items() if part is not None) if isinstance(value, dict) else str(value)
    )
