"""backup-audit follow."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from audit.cli._content import content_option
from audit.cli._period import instants, known_number, period_options
from audit.cli._progress import progress
from audit.content import Content
from audit.steps._open import open_store
from audit.steps.assess import assess
from audit.steps.follow import Followed, follow

SAID = {
    "follow": "opened",
    "notice": "opened of restores into production that nobody recorded",
    "still-unrecorded": "reopened, as still nobody recorded the restore into production",
    "see": "brought up to date",
    "waive": "waived",
    "reopen": "reopened",
    "refute": "closed, as later evidence shows no breach",
}


@click.command("follow")
@period_options
@content_option
@click.pass_obj
def command(data: Path, since: str, until: str, as_known_at: str | None, own: Path | None) -> None:
    """Assess a period, and enter what it shows of breaches into findings.

    Each breach is followed by one finding, across assessments: a new one opens it, later ones say whether the breach goes on, has ended and what is shown then, is waived, or
    was none. What a policy tolerates is no finding. A restore run of a source that restores into production (`restores_into` in sources.yaml), of which no drill or incident
    tells, is one. The site's nightly assessment does the same.

    \b
    Examples:
      backup-audit follow --from 2026-01-01 --to 2027-01-01
      backup-audit findings
    """
    store = open_store(data)
    known = known_number(store, as_known_at)
    begin, end = instants(store, known, since, until)
    with progress() as shown:
        assessment = assess(store, begin, end, known, progress=shown)
    done = follow(store, assessment, now=datetime.now(UTC), content=Content(own))
    for line in said_of(done):
        click.echo(line)


def said_of(done: Followed) -> list[str]:
    """Return the sentences that say what was entered."""
    told = [f"{count} finding{'' if count == 1 else 's'} {SAID[act]}." for act, count in done.counts.items()]
    return told or ["Nothing new: findings say what this assessment shows."]
