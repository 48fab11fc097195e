"""Accounts of the site: added, listed, locked; passwords hashed with argon2id and checked."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from audit.errors import UsageError
from audit.register.accounts import Account, Role, account_named, accounts, add_account, change_account
from audit.steps._open import Store

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024
"""Characters: a bound, so that nobody keeps the hash busy with a book."""
_NAME = re.compile(r"[\w.@+-]{1,64}")

__all__ = ["Account", "Role", "account", "add", "check_password", "every", "lock", "set_password", "unlock"]


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    """A hash that no password has: checked where there is no account, so that the answer takes as long as for one."""
    return _hasher().hash("nobody has this password")


def add(store: Store, name: str, role: Role, password: str, now: datetime) -> None:
    """Add an account. Raises `UsageError` for a name or password that will not do, or when there is such an account."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot be a name: letters, digits and . _ @ + - (at most 64) can")
    store.folder.must_be_writable()
    add_account(store.journal.engine, name, role, _hashed(password), now)


def set_password(store: Store, name: str, password: str) -> None:
    """Set a password and end the account's sessions. Raises `UsageError` when there is no such account, or the password will not do."""
    change_account(store.journal.engine, name, password_hash=_hashed(password))


def lock(store: Store, name: str, now: datetime) -> None:
    """Keep an account from logging in, and end its sessions. Raises `UsageError` when there is none."""
    change_account(store.journal.engine, name, disabled_at=now)


def unlock(store: Store, name: str) -> None:
    """Let a locked account log in again. Raises `UsageError` when there is none."""
    change_account(store.journal.engine, name, disabled_at=None)


def every(store: Store) -> list[Account]:
    """Return all accounts by name."""
    return accounts(store.journal.engine)


def account(store: Store, name: str) -> Account | None:
    """Return one account, or null."""
    return account_named(store.journal.engine, name)


def check_password(store: Store, name: str, password: str) -> Account | None:
    """Return the account when name and password are right and it is not locked; null otherwise, after as long a time."""
    found = account_named(store.journal.engine, name)
    try:
        _hasher().verify(found.password_hash if found else _nobody(), password[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return None
    return found if found is not None and found.disabled_at is None else None


def _hashed(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise UsageError(f"a password has at least {SHORTEST_PASSWORD} characters (and at most {LONGEST_PASSWORD})")
    return _hasher().hash(password)
