"""Who types the command."""

from __future__ import annotations

import getpass


def user() -> str:
    """Return the name of the user, or nothing where there is none (a container whose user id has no name)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
