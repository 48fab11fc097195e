"""The command line: one command a file, found by its name."""

from audit.cli._main import main

__all__ = ["main"]
