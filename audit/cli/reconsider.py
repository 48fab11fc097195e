"""backup-audit reconsider."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from audit.cli._comparison import table_of
from audit.cli._content import content_option
from audit.cli._progress import progress
from audit.cli.follow import said_of
from audit.content import Content
from audit.errors import Exit
from audit.model.envelope import time_text
from audit.steps._open import open_store
from audit.steps.reconsider import Reconsidered, reconsider


@click.command("reconsider")
@click.argument("reviews", nargs=-1, metavar="[REVIEW]...")
@click.option("--format", "fmt", type=click.Choice(["table", "json"]), default="table", show_default=True)
@content_option
@click.pass_context
def command(ctx: click.Context, reviews: tuple[str, ...], fmt: str, own: Path | None) -> None:
    """Judge the periods of closed reviews again with what became known later.

    What was reviewed and signed stays as it is. Where later evidence, statements or declarations say otherwise, this lists it: breaches that are new or longer, and those that were
    removed. What it shows of breaches is entered into findings, as `follow` does: a breach that contradicts an issued report has somebody to answer for it. What has to be said of
    the review itself is a `review revise` beside it. Of the assets of which nothing became known, nothing is judged. Ends with 1 when something differs. The site does it each night.

    \b
    Examples:
      backup-audit reconsider
      backup-audit reconsider review-4830 --format json
    """
    store = open_store(ctx.obj)
    with progress() as shown:
        found = reconsider(store, reviews, now=datetime.now(UTC), content=Content(own), progress=shown)
    if fmt == "json":
        click.echo(json.dumps([_json(one) for one in found], ensure_ascii=False, indent=1, default=str))
    else:
        click.echo("\n".join(map(_text, found)) if found else "No review is closed.")
    if any(one.differs for one in found):
        ctx.exit(int(Exit.FAILED))


def _text(one: Reconsidered) -> str:
    head = f"{one.review.id} ({one.review.values['title']}), as known at entry {one.frozen}, and at entry {one.known} now:"
    if one.comparison is None or one.followed is None:
        return f"{head} nothing became known that could change it."
    if not one.differs:
        return f"{head} {len(one.assets)} assets judged again, with the same verdicts."
    return "\n".join([head, table_of(one.comparison, "reviewed", "now", covering=False), *said_of(one.followed)])


def _json(one: Reconsidered) -> dict[str, Any]:
    told = {} if one.comparison is None else one.comparison.to_json()
    comparison = {key: value for key, value in told.items() if key != "coverage"} or None  # that of some assets says nothing
    return {
        "review": one.review.id,
        "period": {"from": time_text(one.since), "to": time_text(one.until)},
        "reviewed_at_entry": one.frozen,
        "as_known_at": one.known,
        "assets": list(one.assets),
        "comparison": comparison,
        "findings": {} if one.followed is None else one.followed.counts,
    }
