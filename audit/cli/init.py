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
@click.pass_obj
def command(data: Path, organisation: str) -> None:
    """Make an empty data folder: configuration, keys, register, vault, catalog.

    An existing data folder stays as it is.

    \b
    Examples:
      backup-audit init
      backup-audit --data /srv/audit init --organisation "Example Ltd"
    """
    folder, new = init(data, organisation)
    if not new:
        click.echo(f"{folder.path} is a data folder already (of {folder.organisation}); nothing was changed.")
        return
    click.echo(f"Made the data folder {folder.path} of {folder.organisation}.")
    click.echo("Give this key to your auditors now; with it they check checkpoints later, without trusting this machine:")
    key = public_key(folder.key_path)
    click.echo(f"  {verifier_key(folder.origin, key)}")
    click.echo(f"  fingerprint {fingerprint(key)} (of packages: what `ssh-keygen -lf` prints)")
    click.echo("Next: backup-audit apply DIR, then backup-audit ingest PATH...")
