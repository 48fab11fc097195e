"""Accounts: who may log in, as which role. Hashes are made and checked by the step that calls this."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from audit.errors import UsageError
from audit.register.dialect import reading, writing
from audit.register.tables import account


class Role(StrEnum):
    """What an account may do; each may do what those before it may."""

    AUDITOR = "auditor"
    """Reads everything; changes nothing."""
    OPERATOR = "operator"
    """Brings evidence, builds reports, starts jobs."""
    ADMINISTRATOR = "administrator"
    """Manages accounts as well."""

    def includes(self, other: Role) -> bool:
        """Return whether this role may do what `other` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Account:
    """One account. `session` is raised to end all its sessions; times are UTC."""

    name: str
    role: Role
    password_hash: str
    session: int
    created_at: datetime
    disabled_at: datetime | None


def accounts(engine: Engine) -> list[Account]:
    """Return all accounts by name."""
    with reading(engine) as connection:
        return [_account(row) for row in connection.execute(select(account).order_by(account.c.name)).mappings()]


def account_named(engine: Engine, name: str) -> Account | None:
    """Return one account, or null."""
    with reading(engine) as connection:
        row = connection.execute(select(account).where(account.c.name == name)).mappings().one_or_none()
    return None if row is None else _account(row)


def add_account(engine: Engine, name: str, role: Role, password_hash: str, now: datetime) -> None:
    """Add an account. Raises `UsageError` when there is one of that name."""
    row = {"name": name, "role": str(role), "password_hash": password_hash, "session": 1, "created_at": now, "disabled_at": None}
    try:
        with writing(engine) as connection:
            connection.execute(insert(account).values(row))
    except IntegrityError as error:
        raise UsageError(
            f"there is an account {name!r} already; `backup-audit user password {name}` sets a new password"
        ) from error


def change_account(engine: Engine, name: str, **values: Any) -> None:
    """Change columns of an account, and end its sessions. Raises `UsageError` when there is none of that name."""
    with writing(engine) as connection:
        done = connection.execute(update(account).where(account.c.name == name).values(session=account.c.session + 1, **values))
    if not done.rowcount:
        raise UsageError(f"there is no account {name!r}")


def _account(row: Any) -> Account:
    return Account(**{**row, "role": Role(row["role"])})
