"""act: do something to a register record; the journal first, the record second."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import rfc8785
from pydantic import ValidationError
from pydantic_core import ErrorDetails

import audit.controls
from audit.content import Content
from audit.controls._attested import Attested
from audit.discovery import modules
from audit.errors import Fault, InputError, UsageError
from audit.model.drill import RestoreRun
from audit.model.envelope import time_text
from audit.model.records import SCOPE
from audit.policy.suggest import one_of, unknown
from audit.register.acts import KIND, kinds, records
from audit.register.records._record import Attestable, Record, RecordOf, Values, Waivable, allow, document_key, folded
from audit.register.records.delegation import deputies
from audit.steps._handed import NO_DOCUMENT, Handed, fitting
from audit.steps._open import Store
from audit.steps._payloads import is_text
from audit.steps.drills import restore_run

LONGEST = 10_000
"""Characters of a text that is told with an act: a spreadsheet's cell holds some 32,000."""


def act(
    store: Store, kind: str, name: str, values: Mapping[str, Any], *, record: str | None = None, now: datetime, by: str,
    content: Content | None = None, files: Sequence[Handed] = (), document: Handed | None = None,
) -> Record:  # fmt: skip
    """Do an act to a record (null: make a new one), enter it, and return the record as it is then.

    values: what is told with it, as the act's model reads it; bare dates are days of the programme's zone. `now` is when (UTC), `by` who does it. content: where
    questionnaires are; the program's own when null. files: what is handed over with it; document: that whose SHA-256 is told with it. Raises `InputError` with all
    faults of the values, `RefusedError` when the record is in another state or `by` may not do it; nothing was entered then.
    """
    module = kinds()[kind]
    offered = [one for one, told in module.ACTS.items() if not told.by_program]
    if name not in offered:
        raise UsageError(f"{unknown('act', name, offered)} ({one_of(offered)})")
    if not named(by):
        raise UsageError("say who does this: --by NAME")
    values, files = fitting(kind, name, module.ACTS[name], values, files, document)
    attached = {"attachments": [asdict(one.told) for one in files]} if files else {}
    store.folder.must_be_writable()
    with store.journal.writing() as writer:
        # Nobody else can enter anything while we look: what is allowed now is allowed when it is entered.
        known = records(store.journal, store.vault)
        told = checked(store, kind, name, values, known, record=record, now=now, by=by, content=content)
        there = known[kind]
        if record is not None and record not in there:
            raise UsageError(f"{unknown(kind, record, there)} (backup-audit {kind} list)")
        allow(module.ACTS, kind, there.get(record) if record else None, name, by)
        if hasattr(module, "check"):
            module.check(there.get(record) if record else None, name, told, by, now)
        # The payload's hash, which results cite, stands for the files too; the entry names them for whoever checks the vault and reads no payload.
        payload = rfc8785.dumps({"record": kind, "act": name, "values": told, **attached})
        for one in files:
            store.vault.put(one.data)
        identity = record or f"{kind}-{store.head() + 1}"
        body = {
            "sha256": store.vault.put(payload),
            "size": len(payload),
            "record": kind,
            "id": identity,
            "act": name,
            "by": by.strip(),
            **attached,
        }
        writer.append(KIND, body, now)
    store.checkpoint()
    return records(store.journal, store.vault)[kind][identity]


def named(by: str) -> bool:
    """Say whether a text names somebody: it is text, without control characters, and there is something to be seen."""
    return is_text(by) and bool(folded(by)) and not any(unicodedata.category(one) == "Cc" for one in by)


def list_records(store: Store, kind: str, known_at: int | None = None) -> list[Record]:
    """Return the records of a kind, oldest first, as known at an entry of the journal (null: the newest)."""
    return list(records(store.journal, store.vault, known_at)[kind].values())


def one_record(store: Store, kind: str, identity: str) -> Record:
    """Return a record. Raises `UsageError` when there is none of that id."""
    known = records(store.journal, store.vault)[kind]
    if identity not in known:
        raise UsageError(f"{unknown(kind, identity, known)} (backup-audit {kind} list)")
    return known[identity]


def checked(
    store: Store, kind: str, name: str, values: Mapping[str, Any], known_records: Mapping[str, Mapping[str, Record]], *, record: str | None = None, now: datetime,
    by: str, content: Content | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return what is told with an act as JSON, checked against the act's model, the estate and the records that there are. Raises `InputError` with all faults."""
    model, what = kinds()[kind].ACTS[name].values, f"{kind} {name}"
    estate = store.estate(store.head())
    context = {
        "content": content or Content(),
        "by": by,
        "now": now,
        "zone": estate.timezone,
        "estate": estate,
        # What is told with an act may depend on what was told before.
        "record": known_records[kind].get(record) if record else None,
        "estate_at": store.estate,
        "entry": lambda number: _entry(store, number),
        "restore_run": lambda asset, name: _restore_run(store, asset, name),
        "deputies": lambda unit: deputies(known_records["delegation"].values(), unit, estate.representatives.get(unit, ()), now),
    }
    try:
        read = model.model_validate(dict(values), context=context)
    except ValidationError as error:
        raise InputError(
            f"{what} was not entered",
            [Fault(where=what, key=".".join(map(str, one["loc"])), what=_wrong(model, one)) for one in error.errors()],
        ) from error
    told: dict[str, Any] = read.model_dump(mode="json")
    known = {key: (column.replace("_", " "), set(estate.segments[column].drop_nulls())) for key, column in SCOPE.items()}
    known["asset"] = known["assets"]
    if not told.get("prospect"):
        known["provider"] = ("provider", set(estate.repositories["provider"].drop_nulls()))
    for key, field in model.model_fields.items():
        for mark in field.metadata:
            if isinstance(mark, RecordOf):
                known[key] = (mark.kind, set(known_records[mark.kind]))
            if isinstance(mark, Attestable):
                known[key] = ("control that rests on statements", set(_attested()))
            if isinstance(mark, Waivable):
                known[key] = ("control that a waiver may cover", set(waivable()))
                if told[key] in known[key][1]:
                    known["leg"] = (f"leg of {told[key]}", set(legs_of(told[key])))
    faults = [
        Fault(where=what, key=key, what=unknown(noun, name, there), remedy=one_of(there))
        for key, (noun, there) in known.items()
        for name in ([told[key]] if isinstance(told.get(key), str) else told.get(key) or ())
        if name not in there
    ]
    faults += [
        Fault(where=what, key=key, what=wrong) for key, value in told.items() for text in _texts(value) if (wrong := _unfit(text))
    ]
    if faults:
        raise InputError(f"{what} was not entered", faults)
    return told


def _wrong(model: type[Values], error: ErrorDetails) -> str:
    """Return what is wrong with a value, as people are told."""
    if error["type"] == "missing" and error["loc"] == (document_key(model),):
        return NO_DOCUMENT
    return str(error["msg"]).removeprefix("Value error, ")


def _texts(value: Any) -> Iterator[str]:
    """Yield all texts in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | Mapping):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(one)


def _unfit(text: str) -> str | None:
    """Return why a text is not to be entered: what is entered stays for ever, in reports and tables."""
    if len(text) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if any(unicodedata.category(one) == "Cc" and one not in "\n\t" for one in text):
        return "holds a control character"
    return None


def _entry(store: Store, number: int | None) -> tuple[int, str]:
    """Return the number and hash of an entry of the journal (null: of the newest). Raises `ValueError` when there is none of that number."""
    number = store.head() if number is None else number
    found = next(store.journal.links(number - 1, number), None)
    if found is None:
        raise ValueError(f"there is no entry {number} of the journal; the newest is {store.head()}")
    return number, found.hash


def _restore_run(store: Store, asset: str, name: str) -> RestoreRun:
    """Return a restore run of an asset in the evidence. Raises `ValueError` when there is none of that name."""
    try:
        return restore_run(store, store.head(), asset, name)
    except UsageError as error:
        raise ValueError(str(error)) from error


def legs_of(control: str) -> tuple[str, ...]:
    """Return the legs of a control; none of one that has none, or that there is not."""
    return tuple(getattr(modules(audit.controls.__name__).get(control), "LEGS", ()))


def waivable() -> Iterator[str]:
    """Yield the controls whose breaches a waiver may cover."""
    return (name for name, module in modules(audit.controls.__name__).items() if not getattr(module, "NEVER_WAIVED", False))


def _attested() -> Iterator[str]:
    """Yield the controls that rest on statements."""
    for name, module in modules(audit.controls.__name__).items():
        if hasattr(module, "ASKED") or any(kind is Attested for kind in module.OBJECTIVES.values()):
            yield name


def record_json(record: Record) -> dict[str, Any]:
    """Return the JSON form of a record with its history."""
    return {
        "id": record.id,
        "state": record.state,
        **record.values,
        "acts": [
            {
                "act": one.act,
                "by": one.by,
                "at": time_text(one.at),
                "entry": one.number,
                "sha256": one.sha256,
                "values": dict(one.values),
                **({"attachments": [asdict(file) for file in one.attached]} if one.attached else {}),
            }
            for one in record.done
        ],
    }
