"""backup-audit verify."""

from __future__ import annotations

from pathlib import Path

import click

from audit.cli._progress import progress
from audit.errors import CheckFailedError, InputError, UsageError
from audit.evidence.checkpoint import verifier_key
from audit.evidence.keys import public_key
from audit.evidence.sshsig import fingerprint
from audit.evidence.verify_evidence import told
from audit.steps._open import open_store
from audit.steps.verify import verify
from audit.steps.verify_package import fingerprint_of, verify_package

NO_PROOF = (
    "The catalog and the register's tables are made from journal and vault and are no part of the proof: "
    "`backup-audit rebuild` makes them anew."
)


@click.command("verify")
@click.argument("package", required=False, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--key",
    help="With PACKAGE: fingerprint (SHA256:...) of the key it must be signed with, or a file with the key, as you got it in another way.",
)
@click.option("--recompute", is_flag=True, help="With PACKAGE: judge everything in it again, and compare the verdicts.")
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A checkpoint kept elsewhere (last year's report): the journal must still begin with what it signed. Repeatable.",
)
@click.option(
    "--save-checkpoint",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the newest checkpoint to a file, to be kept elsewhere.",
)
@click.pass_obj
def command(
    data: Path, package: Path | None, key: str | None, recompute: bool, checkpoints: tuple[Path, ...], save_checkpoint: Path | None
) -> None:
    """Hash everything again: journal, checkpoints, vault, register; or every layer of PACKAGE, a zip that `export` wrote or the folder it
    unpacks to. Names every broken thing; ends with 1 if there is any.

    What this cannot show is a data folder written anew as a whole by someone who has its key. Against that, keep checkpoints
    elsewhere. A package says itself with which key it was signed: give --key, or compare the fingerprint that is printed.

    \b
    Examples:
      backup-audit verify
      backup-audit verify --save-checkpoint 2026.checkpoint
      backup-audit verify --checkpoint 2025.checkpoint
      backup-audit verify evidence-2026.zip --key SHA256:oNtDyf6LbdJVrQvL/fyraPbOTd8bJSm9nk/G2cmAMMI
      backup-audit verify evidence-2026.zip --key checkpoint.pub --recompute
    """
    if package is not None:
        if checkpoints or save_checkpoint:
            raise UsageError("--checkpoint and --save-checkpoint are for the data folder, not for a package")
        return _package(package, key, again=recompute)
    if key is not None or recompute:
        raise UsageError("--key and --recompute go with a package: backup-audit verify PACKAGE --key KEY --recompute")
    store = open_store(data)
    try:
        outside = [(str(path), path.read_text(encoding="utf-8")) for path in checkpoints]
    except UnicodeDecodeError as error:
        raise InputError("a checkpoint is not a text in UTF-8") from error
    with progress() as show:
        result = verify(store, outside, show)
    for fault in result.broken:
        click.echo(f"BROKEN  {fault}")
    for note in result.notes:
        click.echo(f"note    {note}")
    checked = f"{result.entries} journal entries, {result.checkpoints} checkpoint(s)"
    click.echo(f"{checked}, {result.payloads} payload(s) of {result.payload_bytes} bytes hashed again")
    if result.broken:
        click.echo(NO_PROOF)
        raise CheckFailedError(f"{len(result.broken)} thing(s) are broken")
    public = public_key(store.folder.key_path)
    click.echo(f"Everything holds. Key: {verifier_key(store.folder.origin, public)}")
    click.echo(f"Fingerprint of the key: {fingerprint(public)}")
    click.echo(NO_PROOF)
    if result.checkpoint is not None:
        click.echo(f"Newest checkpoint:\n{result.checkpoint}", nl=False)
    if save_checkpoint is not None:
        if result.checkpoint is None:
            raise InputError("there is no checkpoint yet: the first ingest or apply makes one")
        save_checkpoint.write_text(result.checkpoint, encoding="utf-8")
    return None


def _package(path: Path, key: str | None, *, again: bool) -> None:
    expected = None if key is None else fingerprint_of(key)
    with progress() as show:
        result = verify_package(path, expected, show, again=again)
    for line in told(result):
        click.echo(line)
    if result.broken:
        raise CheckFailedError(f"{len(result.broken)} thing(s) are broken: do not rely on this package")
