"""backup-audit compare."""

from __future__ import annotations

import json
from pathlib import Path

import click

from audit.cli._comparison import csv_of, table_of
from audit.cli._period import instants, known_number, period_options
from audit.cli._progress import progress
from audit.errors import UsageError
from audit.steps._open import open_store
from audit.steps.compare import Asked, compare_periods


@click.command("compare")
@period_options
@click.option("--before-from", metavar="DATE", help="The first day of the period to compare with. Default: the same as --from.")
@click.option("--before-to", metavar="DATE", help="The first day after it. Default: the same as --to.")
@click.option(
    "--before-known-at",
    metavar="N|TIME",
    help="The journal entry or instant as known at which that is judged. Default: as --as-known-at.",
)
@click.option("--control", "controls", multiple=True, help="Only this control (may be given more than once).")
@click.option("--asset", "assets", multiple=True, help="Only this asset (may be given more than once).")
@click.option("--format", "fmt", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@click.pass_obj
def command(
    data: Path, since: str, until: str, as_known_at: str | None, before_from: str | None, before_to: str | None,
    before_known_at: str | None, controls: tuple[str, ...], assets: tuple[str, ...], fmt: str,
) -> None:  # fmt: skip
    """Compare a period with an earlier one, or with what was known of it earlier: breaches that are new, gone, longer or shorter, and coverage.

    \b
    Examples:
      backup-audit compare --from 2026-01-01 --to 2027-01-01 --before-from 2025-01-01 --before-to 2026-01-01
      backup-audit compare --from 2026-01-01 --to 2027-01-01 --before-known-at 1204
      backup-audit compare --from 2026-01-01 --to 2027-01-01 --before-known-at 2026-12-31 --control copies --format csv
    """
    if before_from is None and before_to is None and before_known_at is None:
        raise UsageError(
            "nothing to compare with: give --before-from and --before-to (another period), or --before-known-at (an earlier state of knowledge)"
        )
    if (before_from is None) is not (before_to is None):
        raise UsageError("--before-from and --before-to go together")
    store = open_store(data)
    known = known_number(store, as_known_at)
    earlier = known if before_known_at is None else known_number(store, before_known_at)
    after = Asked(*instants(store, known, since, until), known)
    before = Asked(*instants(store, known, before_from or since, before_to or until), earlier)
    with progress() as shown:
        found = compare_periods(store, before, after, controls=controls or None, assets=assets or None, progress=shown)
    if fmt == "csv":
        click.echo(csv_of(found.comparison), nl=False)
        return
    if fmt == "table":
        click.echo(table_of(found.comparison, "before", "after"), nl=False)
        return
    told = [
        {key: value for key, value in one.about().items() if key in ("period", "as_known_at", "journal_head")}
        for one in (found.before, found.after)
    ]
    click.echo(json.dumps({"before": told[0], "after": told[1], **found.comparison.to_json()}, ensure_ascii=False, indent=1))
