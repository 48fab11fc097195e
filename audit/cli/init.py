"""backup-audit init."""

from __future__ import annotations

from pathlib import Path

import click

from audit.evidence.checkpoint import verifier_key
from audit.evidence.keys import public_key
from audit.evidence.sshsig import fingerprint
from audit.steps.init import init


@click.command("init")
@click.option(
    "--organisation", default="", help="Whose evidence this is; also names the log in checkpoints. Default: the folder's name."
)
@click.option(
    "--register", metavar="URL", help="A PostgreSQL database for the register, without password. Default: a file in the folder."
)
@click.option(
    "--catalog",
    metavar="URL",
    help="A place in an object store for the catalog's tables: s3://, gs://, abfs://. Credentials come from the environment. Default: in the folder.",
)
@click.pass_obj
def command(data: Path, organisation: str, register: str | None, catalog: str | None) -> None:
    """Make an empty data folder: configuration, keys, register, vault, catalog.

    An existing data folder stays as it is.

    \b
    Examples:
      backup-audit init
      backup-audit --data /srv/audit init --organisation "Example Ltd"
      backup-audit init --register postgresql+psycopg://audit@db.example/audit
      backup-audit init --catalog s3://audit-catalog/2026
    """
    folder, new = init(data, organisation, register, catalog)
    if not new:
        click.echo(f"{folder.path} is a data folder already (of {folder.organisation}); nothing was changed.")
        return
    click.echo(f"Made the data folder {folder.path} of {folder.organisation}.")
    click.echo("Give this key to your auditors now; with it they check checkpoints later, without trusting this machine:")
    key = public_key(folder.key_path)
    click.echo(f"  {verifier_key(folder.origin, key)}")
    click.echo(f"  fingerprint {fingerprint(key)} (of packages: what `ssh-keygen -lf` prints)")
    click.echo("Next: backup-audit apply DIR, then backup-audit ingest PATH...")
