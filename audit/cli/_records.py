"""A command for each kind of register record, made of what the kind says of itself: its acts, and what is told with each."""

from __future__ import annotations

import getpass
import json
import shlex
import types
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import click
import polars as pl
from pydantic.fields import FieldInfo

from audit.cli._content import content_option
from audit.cli._tables import show
from audit.content import Content
from audit.model.facts import INSTANT
from audit.register.acts import kinds
from audit.register.records._record import NEW, Act, ByProgram, RefusedError, document_key
from audit.steps._handed import handed
from audit.steps._open import open_store
from audit.steps.act import act, list_records, one_record, record_json
from audit.steps.attachments import attachment, document, write_new

FORMAT = click.Choice(["table", "json", "csv"])
FILE = click.Path(path_type=Path)
OUTPUT = click.Option(
    ["-o", "--output"],
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="The file to write; it must not be there yet.",
)
ROW: dict[str, Any] = {"id": pl.String, "state": pl.String, "on": INSTANT, "by": pl.String, "told": pl.String}
SINGULAR = {
    "assets": "asset",
    "units": "unit",
    "tiers": "tier",
    "data_classes": "data-class",
    "answers": "answer",
    "participants": "participant",
}
"""A key that takes several values is an option given several times, and then has the name of one of them."""


def record_command(kind: str) -> click.Group:
    """Return the command of a kind of record."""
    module = kinds()[kind]
    said = " ".join((module.__doc__ or "").split("\n\n")[0].split())
    offered = {name: one for name, one in module.ACTS.items() if not one.by_program}
    width = max(map(len, offered))
    acts = "\n".join(f"  {name:<{width}} {one.says}" for name, one in offered.items())
    first = next(name for name, one in offered.items() if NEW in one.before)
    group = click.Group(
        kind,
        help=f"{said}\n\n\b\nActs:\n{acts}\n\n\b\nExamples:\n  backup-audit {kind} {first} --help\n  backup-audit {kind} list",
        short_help=said,
    )
    for name, one in offered.items():
        group.add_command(_command(kind, name, one))
    group.add_command(_list(kind))
    group.add_command(_one(kind))
    if any(one.attachments for one in offered.values()):
        group.add_command(_attachment(kind))
    if any(document_key(one.values) for one in offered.values()):
        group.add_command(_document(kind))
    return group


def _command(kind: str, name: str, one: Act) -> click.Command:
    makes, filed = NEW in one.before, document_key(one.values)

    def run(
        data: Path, by: str | None, identities: tuple[str, ...] = (), own: Path | None = None, attach: tuple[Path, ...] = (),
        document: Path | None = None, **given: Any,
    ) -> None:  # fmt: skip
        values = {
            key: list(value) if isinstance(value, tuple) else value for key, value in given.items() if value not in (None, ())
        }
        files = handed((*((document,) if document else ()), *attach))
        first, files = (files[0], files[1:]) if document else (None, files)
        store, doer, content = open_store(data), by or getpass.getuser(), Content(own)
        refused: list[RefusedError] = []
        for identity in dict.fromkeys(identities) or (None,):
            try:
                done = act(
                    store, kind, name, values, record=identity, now=datetime.now(UTC), by=doer, content=content, files=files, document=first
                )  # fmt: skip
            except RefusedError as error:
                refused.append(error)
                continue
            click.echo(f"{done.id} is {done.state} (entry {done.done[-1].number} of the journal, by {done.done[-1].by}).")
        if refused:  # of many, the others were entered
            raise (
                refused[0]
                if len(identities) < 2
                else RefusedError(f"refused for {len(refused)} of {len(identities)}: " + "; ".join(map(str, refused)))
            )

    parameters: list[click.Parameter] = [] if makes else [click.Argument(["identities"], metavar="ID...", nargs=-1, required=True)]
    parameters += [
        _option(key, field, needed=field.is_required() and key != filed)
        for key, field in one.values.model_fields.items()
        if not any(isinstance(mark, ByProgram) for mark in field.metadata)
    ]
    if filed:
        parameters.append(
            click.Option(
                ["--document"],
                type=FILE,
                metavar="FILE",
                help=f"The document: it is kept in the vault, and --{_flag(filed)} follows from it.",
            )
        )
    if one.attachments:
        parameters.append(
            click.Option(
                ["--attach"],
                type=FILE,
                metavar="FILE",
                multiple=True,
                help="A file that shows it: it is kept in the vault as it is. Several times for several.",
            )
        )
    parameters.append(click.Option(["--by"], help="Who does this; the login name when not given."))
    needed = " ".join(
        f"--document {kind}.md" if key == filed else f"--{_flag(key)} {shlex.quote(_example(field))}"
        for key, field in one.values.model_fields.items()
        if field.is_required()
    )
    example = f'  backup-audit {kind} {name}{"" if makes else f" {kind}-12"} {needed} --by "Li Na"'
    made = click.Command(
        name,
        params=parameters,
        callback=click.pass_obj(run),
        help=f"{one.says[0].upper()}{one.says[1:]}.\n\n\b\nExample:\n{example}",
    )
    return content_option(made) if getattr(one.values, "CONTENT", False) else made


def _example(field: FieldInfo) -> str:
    """Return the value that a field shows as its example. A field that must be given has one, so that each act's help can be typed as it stands."""
    if not field.examples:
        raise TypeError(f"the field {field.description!r} must be given and has no example")
    return str(field.examples[0])


def _flag(key: str) -> str:
    return SINGULAR.get(key, key.replace("_", "-"))


def _option(key: str, field: FieldInfo, *, needed: bool) -> click.Option:
    kind = field.annotation
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(one for one in get_args(kind) if one is not type(None))
    said = (field.description or "").strip()
    said = f"{said[:1].upper()}{said[1:]}." if said else ""
    several = get_origin(kind) is tuple
    if kind is bool:
        return click.Option([f"--{_flag(key)}/--not-{_flag(key)}", key], default=field.get_default(), show_default=True, help=said)
    choices = get_args(kind) if get_origin(kind) is Literal else ()
    kinds_of: Any = (
        click.Choice(choices) if choices else click.INT if kind is int else click.FLOAT if kind is float else click.STRING
    )
    metavar = "DATE" if kind is datetime else None
    return click.Option([f"--{_flag(key)}", key], type=kinds_of, required=needed, multiple=several, metavar=metavar, help=said)


def _list(kind: str) -> click.Command:
    def run(data: Path, format_: str) -> None:
        found = list_records(open_store(data), kind)
        if format_ == "json":
            click.echo(json.dumps([record_json(one) for one in found], ensure_ascii=False, indent=1))
            return
        rows = [(one.id, one.state, one.done[-1].at, one.done[-1].by, _told(one.values)) for one in found]
        show(pl.DataFrame(rows, schema=ROW, orient="row"), format_, f"{kind} record{'' if len(rows) == 1 else 's'}")

    option = click.Option(
        ["--format", "format_"],
        type=FORMAT,
        default="table",
        show_default=True,
        help="Table for people; JSON with all acts, or CSV, for programs.",
    )
    return click.Command(
        "list",
        params=[option],
        callback=click.pass_obj(run),
        help=f"List all, oldest first.\n\n\b\nExample:\n  backup-audit {kind} list --format json",
    )


def _one(kind: str) -> click.Command:
    def run(data: Path, identity: str) -> None:
        click.echo(json.dumps(record_json(one_record(open_store(data), kind, identity)), ensure_ascii=False, indent=1))

    return click.Command("show", params=[click.Argument(["identity"], metavar="ID")], callback=click.pass_obj(run),
                         help=f"Show one with all that was done to it, as JSON.\n\n\b\nExample:\n  backup-audit {kind} show {kind}-12")  # fmt: skip


def _attachment(kind: str) -> click.Command:
    def run(data: Path, identity: str, which: str | None, output: Path) -> None:
        told, found = attachment(open_store(data), kind, identity, which)
        write_new(output, found)
        click.echo(f"{output} is {told.name} ({told.size:,} bytes, {told.media_type}, SHA-256 {told.sha256}).")

    return click.Command(
        "attachment",
        params=[
            click.Argument(["identity"], metavar="ID"),
            click.Argument(["which"], metavar="[NAME|SHA256]", required=False),
            OUTPUT,
        ],
        callback=click.pass_obj(run),
        help="Write a file that was handed over with an act to a new file; `show` tells which there are.\n\n\b\nExample:\n"
        f"  backup-audit {kind} attachment {kind}-12 restore.log -o restore.log",
    )


def _document(kind: str) -> click.Command:
    def run(data: Path, identity: str, version: str | None, output: Path) -> None:
        store = open_store(data)
        done, told, found = document(store, kind, identity, version)
        write_new(output, found)
        record = one_record(store, kind, identity)
        newest, this = record.values["version"], done.values["version"]
        then = f"{identity} is {record.state}" if newest == this else f"A newer version is {newest}"
        click.echo(
            f"{output} is version {this} of {identity}, {told.name} ({told.size:,} bytes, SHA-256 {told.sha256}), by {done.by}. {then}."
        )

    option = click.Option(["--version"], help="Of which version; the newest when not given.")
    return click.Command(
        "document",
        params=[click.Argument(["identity"], metavar="ID"), option, OUTPUT],
        callback=click.pass_obj(run),
        help=f"Write the document of a version to a new file.\n\n\b\nExample:\n  backup-audit {kind} document {kind}-12 --version 3 -o restore.md",
    )


def _told(values: Mapping[str, Any]) -> str:
    shown = {
        key: ", ".join(map(str, value)) if isinstance(value, list) else value
        for key, value in values.items()
        if value not in ("", [], None)
    }
    return "; ".join(f"{key}={value}" for key, value in shown.items())
