"""The `backup-audit` group: finds commands by file name, prints errors without tracebacks, ends with the exit codes of `audit.errors`."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import click
from rich.console import Console

from audit import __version__
from audit.errors import BackupAuditError, Exit
from audit.policy.in_one_go import in_one_go

MAX_FAULTS_SHOWN = 50
HERE = Path(__file__).parent
RECORDS = HERE.parent / "register" / "records"
FURTHER = HERE / "_of_records"


class Commands(click.Group):
    """Commands found in this folder and imported only when they are called. A file `as_of.py` holds `command`, named `as-of`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is click's
        """Return the names of all commands: a file of this folder each, and each kind of register record."""
        return sorted(_modules(HERE) + _modules(RECORDS))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import and return one command."""
        if name not in self.list_commands(ctx):
            return None
        with in_one_go():  # what is imported stays
            command = (
                _of_records(name) if name in _modules(RECORDS) else import_module(f"audit.cli.{name.replace('-', '_')}").command
            )
        assert isinstance(command, click.Command)
        return command


def _of_records(kind: str) -> click.Command:
    """Return the command of a kind of record: its acts, and what a file of `_of_records` has for it."""
    command: click.Group = import_module("audit.cli._records").record_command(kind)
    for one in import_module(f"audit.cli._of_records.{kind}").COMMANDS if kind in _modules(FURTHER) else ():
        command.add_command(one)
    return command


def _modules(folder: Path) -> list[str]:
    """Return the names of a folder's modules without importing them."""
    return [info.name.replace("_", "-") for info in iter_modules([str(folder)]) if not info.name.startswith("_")]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="backup-audit")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), envvar="BACKUP_AUDIT_DATA", default=Path("backup-audit-data"), show_default=True,
              help="The data folder (or the environment variable BACKUP_AUDIT_DATA).")  # fmt: skip
@click.pass_context
def group(ctx: click.Context, data: Path) -> None:
    """Prove what was backed up, and for how long: evidence in, exact verdicts and documents out.

    \b
    A first session:
      backup-audit init
      backup-audit apply my-programme/
      backup-audit ingest --source nas --repository nas-dc1 --observed-at 2026-11-23T06:00:00Z --complete snapshots.json
      backup-audit assess --from 2026-11-01 --to 2026-12-01
    """
    ctx.obj = data


def main() -> None:
    """Run the command line."""
    try:
        code = group.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        Console(stderr=True).print("Stopped.")
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output has gone: `backup-audit facts | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except BackupAuditError as error:
        print_error(error)
        sys.exit(error.exit_code)
    except OSError as error:  # what the machine refuses: a full disk, a missing permission
        print_error(
            BackupAuditError(": ".join(str(part) for part in (error.filename, error.strerror or error) if part is not None))
        )
        sys.exit(Exit.USAGE)
    # Without standalone mode click turns `ctx.exit(1)` into a result; commands themselves return nothing.
    sys.exit(code or 0)


def print_error(error: BackupAuditError) -> None:
    """Print a message and the faults behind it to stderr."""
    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    console.print(f"Error: {error}")
    for fault in error.faults[:MAX_FAULTS_SHOWN]:
        console.print(f"  {fault}")
    if len(error.faults) > MAX_FAULTS_SHOWN:
        console.print(f"  and {len(error.faults) - MAX_FAULTS_SHOWN} more")
