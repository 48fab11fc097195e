"""schema: JSON Schemas of a programme's files."""

from __future__ import annotations

import json
from pathlib import Path

import click

from audit.steps.schema import schemas, write_schemas


@click.command()
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to write to; stdout when not given.",
)
def command(folder: Path | None) -> None:
    """Print or write the JSON Schemas of a programme's files, so that editors complete and check them.

    \b
    With a file's schema beside it, an editor that speaks YAML needs one comment on the file's first line:
      # yaml-language-server: $schema=schemas/policy.schema.json
    Examples:
      backup-audit schema -o my-programme/schemas
      backup-audit schema | jq .policy
    """
    if folder is None:
        click.echo(json.dumps(schemas(), indent=2, ensure_ascii=False))
        return
    for path in write_schemas(folder):
        click.echo(f"wrote {path}")
