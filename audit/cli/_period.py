"""Options that several commands share: a period and the state of knowledge."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from audit.cli._dates import parse_instant
from audit.errors import UsageError
from audit.steps._open import Store

Command = TypeVar("Command", bound=Callable[..., Any])


def period_options(command: Command) -> Command:
    """Add --from, --to and --as-known-at."""
    command = click.option("--as-known-at", metavar="N|TIME", help="As known at a journal entry or an instant. Default: now.")(
        command
    )
    command = click.option("--to", "until", required=True, metavar="DATE", help="The first day (or instant) after the period.")(
        command
    )
    return click.option("--from", "since", required=True, metavar="DATE", help="The first day of the period, or an instant.")(
        command
    )


def instants(store: Store, known_at: int | None, since: str, until: str) -> tuple[datetime, datetime]:
    """Return a period's bounds; bare dates are days of the programme's zone."""
    zone = store.estate(store.head() if known_at is None else known_at).timezone
    return parse_instant(since, zone), parse_instant(until, zone)


def known_number(store: Store, text: str | None) -> int | None:
    """Return the journal number that `--as-known-at` means: a number, or the last entry made by an instant."""
    if text is None:
        return None
    if text.isdigit():
        return int(text)
    instant = parse_instant(text, store.estate(store.head()).timezone)
    if instant > datetime.now(UTC):
        raise UsageError(f"--as-known-at {text} lies in the future: nothing is known then")
    return store.journal.number_at(instant)
