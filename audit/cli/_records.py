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
from audit.register.records._record import NEW, Act, RefusedError
from audit.steps._open import open_store
from audit.steps.act import act, list_records, one_record, record_json

FORMAT = click.Choice(["table", "json", "csv"])
ROW: dict[str, Any] = {"id": pl.String, "state": pl.String, "on": INSTANT, "by": pl.String, "told": pl.String}
SINGULAR = {"assets": "asset", "units": "unit", "tiers": "tier", "data_classes": "data-class", "answers": "answer"}
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
    return group


def _command(kind: str, name: str, one: Act) -> click.Command:
    makes = NEW in one.before

    def run(data: Path, by: str | None, identities: tuple[str, ...] = (), own: Path | None = None, **given: Any) -> None:
        values = {
            key: list(value) if isinstance(value, tuple) else value for key, value in given.items() if value not in (None, ())
        }
        store, doer, content = open_store(data), by or getpass.getuser(), Content(own)
        refused: list[RefusedError] = []
        for identity in dict.fromkeys(identities) or (None,):
            try:
                done = act(store, kind, name, values, record=identity, now=datetime.now(UTC), by=doer, content=content)
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
    parameters += [_option(key, field) for key, field in one.values.model_fields.items()]
    parameters.append(click.Option(["--by"], help="Who does this; the login name when not given."))
    needed = " ".join(
        f"--{_flag(key)} {shlex.quote(_example(field))}" for key, field in one.values.model_fields.items() if field.is_required()
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


def _option(key: str, field: FieldInfo) -> click.Option:
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
    return click.Option(
        [f"--{_flag(key)}", key], type=kinds_of, required=field.is_required(), multiple=several, metavar=metavar, help=said
    )


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


def _told(values: Mapping[str, Any]) -> str:
    shown = {
        key: ", ".join(map(str, value)) if isinstance(value, list) else value
        for key, value in values.items()
        if value not in ("", [], None)
    }
    return "; ".join(f"{key}={value}" for key, value in shown.items())
