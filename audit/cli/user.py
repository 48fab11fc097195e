"""backup-audit user."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from audit.register.accounts import Role
from audit.steps import accounts
from audit.steps._open import open_store

FILE = click.Path(path_type=Path, dir_okay=False, exists=True, allow_dash=True)
ROLES = click.Choice([str(role) for role in Role])
password_option = click.option(
    "--password-file", type=FILE, help="A file with the password in its first line; - for standard input. Default: it is asked for."
)


@click.group("user")
def command() -> None:
    """Manage the accounts of the site.

    \b
    An auditor reads everything. An operator also brings evidence, builds reports and starts jobs. An administrator also sees accounts.

    \b
    Examples:
      backup-audit user add li.na --role auditor
      backup-audit user list
      backup-audit user lock li.na
    """


@command.command("add")
@click.argument("name")
@click.option("--role", type=ROLES, required=True, help="What the account may do.")
@password_option
@click.pass_obj
def add(data: Path, name: str, role: str, password_file: Path | None) -> None:
    """Add an account. The password is asked for, and is never shown or logged.

    \b
    Example:
      backup-audit user add li.na --role auditor
    """
    store = open_store(data)
    accounts.add(store, name, Role(role), _password(password_file), datetime.now(UTC))
    click.echo(f"Added the account {name} ({role}).")


@command.command("password")
@click.argument("name")
@password_option
@click.pass_obj
def password(data: Path, name: str, password_file: Path | None) -> None:
    """Set a new password, and end the account's sessions.

    \b
    Example:
      backup-audit user password li.na
    """
    accounts.set_password(open_store(data), name, _password(password_file))
    click.echo(f"Set the password of {name}; its sessions are ended.")


@command.command("lock")
@click.argument("name")
@click.pass_obj
def lock(data: Path, name: str) -> None:
    """Keep an account from logging in, and end its sessions at once.

    \b
    Example:
      backup-audit user lock li.na
    """
    accounts.lock(open_store(data), name, datetime.now(UTC))
    click.echo(f"Locked {name}; its sessions are ended.")


@command.command("unlock")
@click.argument("name")
@click.pass_obj
def unlock(data: Path, name: str) -> None:
    """Let a locked account log in again.

    \b
    Example:
      backup-audit user unlock li.na
    """
    accounts.unlock(open_store(data), name)
    click.echo(f"Unlocked {name}.")


@command.command("list")
@click.pass_obj
def listed(data: Path) -> None:
    """List the accounts.

    \b
    Example:
      backup-audit user list
    """
    found = accounts.every(open_store(data))
    for one in found:
        state = f"locked since {one.disabled_at:%Y-%m-%dT%H:%MZ}" if one.disabled_at else "open"
        click.echo(f"{one.name}  {one.role}  {state}")
    if not found:
        click.echo("There are no accounts: backup-audit user add NAME --role auditor")


def _password(file: Path | None) -> str:
    if file is None:
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    with click.open_file(str(file), encoding="utf-8") as opened:
        return str(opened.readline()).rstrip("\r\n")
