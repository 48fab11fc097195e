"""The option that several commands share: a deployment's own content folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def content_option(command: Command) -> Command:
    """Add --content, as the argument `own`: a folder, or null."""
    return click.option(
        "--content",
        "own",
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        envvar="BACKUP_AUDIT_CONTENT",
        help="Your own content folder, looked up first (or BACKUP_AUDIT_CONTENT).",
    )(command)
