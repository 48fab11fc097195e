"""backup-audit remind."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from audit.cli._content import content_option
from audit.cli._user import user
from audit.content import Content
from audit.errors import BackupAuditError, CheckFailedError, Fault, UsageError
from audit.model.terms import Term
from audit.register.job_runs import FAILED, SUCCESS, begin_run, end_run, run_begins
from audit.steps._open import Store, open_store
from audit.steps.remind import JOB, Letter, letters, mail_of, remind, worded


@click.command("remind")
@click.option("--within", metavar="TERM", help="How far to look ahead, such as 14d; as config.yaml says when not given, or 7d.")
@click.option("--dry-run", is_flag=True, help="Show the mails; send nothing, and note nothing.")
@content_option
@click.pass_obj
def command(data: Path, within: str | None, own: Path | None, dry_run: bool) -> None:
    """Mail people what is due and theirs, one mail each.

    What is due is what `backup-audit due` lists. Addresses stand in the programme (`email` in people.yaml, or of representatives in
    units.yaml); what is nobody's goes to the address that config.yaml names. Nobody is told the same thing twice within a week, unless it
    has become overdue. The site does this each night.

    \b
    Examples:
      backup-audit remind --dry-run
      backup-audit remind --within 14d
    """
    store, content, now = open_store(data), Content(own), datetime.now(UTC)
    _reach(within, now, store)
    if dry_run:
        _show(store, content, now, within)
        return
    engine = store.journal.engine
    mail_of(store.folder)
    number = begin_run(engine, JOB, user(), now)
    run_begins(engine, number, now)
    try:
        done = remind(store, content, now, within)
    except BackupAuditError as error:
        end_run(engine, number, FAILED, str(error), datetime.now(UTC))
        raise
    end_run(engine, number, FAILED if done.failed else SUCCESS, done.message(), datetime.now(UTC))
    for one in done.sent:
        click.echo(f"{_to(one)}: {_things(len(one.items))}.")
    if not done.sent and not done.failed:
        click.echo("There is nothing to tell.")
    if done.failed:
        faults = [Fault(_to(one), why) for one, why in done.failed]
        raise CheckFailedError(f"{len(faults)} of {len(faults) + len(done.sent)} mails were not sent", faults)


def _reach(within: str | None, now: datetime, store: Store) -> None:
    """Raise `UsageError` when --within is no length of time, or reaches too far."""
    try:
        if within is not None:
            Term.parse(within).after(now, store.estate(store.head()).timezone)
    except ValueError as error:
        raise UsageError(f"--within {within}: {error}") from error
    except OverflowError as error:
        raise UsageError(f"--within {within} is too far ahead") from error


def _show(store: Store, content: Content, now: datetime, within: str | None) -> None:
    found = letters(store, mail_of(store.folder), now, within)
    zone = store.estate(store.head()).timezone
    for one in found:
        subject, text = worded(one, store.folder.organisation, content, zone)
        click.echo(f"To: {_to(one)}\nSubject: {subject}\n\n{text}\n")
    mails = f"{len(found)} mail{'' if len(found) == 1 else 's'}"
    click.echo(f"{mails}, {_things(sum(len(one.items) for one in found))}; nothing was sent.")


def _to(letter: Letter) -> str:
    return f"{letter.person.name} <{letter.person.address}>" if letter.person.name else letter.person.address


def _things(count: int) -> str:
    return f"{count} thing{'' if count == 1 else 's'}"
