"""apply: a programme's folder, checked as a whole, into the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import rfc8785

from audit.errors import BackupAuditError, Fault, InputError, UsageError
from audit.model.terms import instant, micros
from audit.policy.changes import Change, changes, counted, standing
from audit.policy.checks import check
from audit.policy.estate import AppliedProgramme, Read, Resolved, Retroactive, read_history, resolve
from audit.policy.force import Signature
from audit.policy.load import load, read_folder, texts
from audit.policy.place import in_order
from audit.policy.programme import Programme
from audit.policy.timeline import BEGINNING
from audit.policy.transition import transitions
from audit.register.acts import records, signatures
from audit.register.records._record import folded
from audit.steps._open import Store
from audit.steps._payloads import is_text

FROM_THE_BEGINNING = "the beginning"
"""How the journal says since when an edit holds that has no begin."""


@dataclass(frozen=True, slots=True)
class Reaching:
    """An edit of the past: `since` is where it begins, null for the beginning."""

    noun: str
    name: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Applied:
    """What `apply` did, or with `dry_run` would do. `number`: the entry in the journal, null when nothing was stored."""

    changes: tuple[Change, ...]
    warnings: tuple[Fault, ...]
    retroactive: tuple[Reaching, ...]
    number: int | None
    dry_run: bool

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """How many things were added, changed and removed, by kind."""
        return counted(self.changes)


class ConfirmationError(BackupAuditError):
    """The programme changes the past, and no second person has confirmed that."""


def apply(store: Store, folder: Path, *, now: datetime, by: str, confirmed_by: str | None = None, dry_run: bool = False) -> Applied:
    """Check a programme's folder, and store and journal it when it declares something new.

    `now` is the instant of applying. Raises `InputError` with all faults of the folder, having stored nothing; `ConfirmationError`
    when an edit reaches back before `now` and `confirmed_by` names nobody else than `by`.
    """
    _two_people(by, confirmed_by)
    if not dry_run:
        store.folder.must_be_writable()
    raw = read_folder(folder)
    files, undecoded = texts(raw)
    head = store.head()
    history = store.programmes(head)
    applied = AppliedProgramme(number=head + 1, applied_at=now, files=files, by=by, confirmed_by=confirmed_by)
    earlier = read_history(history)
    signed = signatures(records(store.journal, store.vault, head))
    programme, faults = load(files, raw.keys() - files.keys())
    faults = [*undecoded, *faults, *check(programme, earlier[-1].zone if earlier else None)]
    _refuse(folder, faults)
    checked, wrong = _fold(earlier, applied, programme, signed)
    faults += wrong
    _refuse(folder, faults)
    found = tuple(changes(standing([one.programme for one in earlier]), programme))
    reaching = tuple(_reaching(one) for one in checked.retroactive if one.number == applied.number)
    number = None
    if found and not dry_run:
        _confirmed(reaching, confirmed_by)
        summary = {"changes": counted(found), "retroactive": [_told(one) for one in reaching]}
        number = _journal(store, applied, history[-1].number if history else 0, summary)
    return Applied(found, tuple(in_order(faults)), reaching, number, dry_run)


def _fold(
    earlier: list[Read], applied: AppliedProgramme, programme: Programme, signed: Sequence[Signature]
) -> tuple[Resolved, list[Fault]]:
    """Check a programme as the next of a history: as it will be once its policies are signed, and as they are signed now."""
    zone = programme.zone(earlier[-1].zone if earlier else None)
    history = [*earlier, Read(applied.number, micros(applied.applied_at), programme, zone)]
    whole = resolve(history, None)
    if not any(policy.by_signature for policy in whole.estate.policies):
        return whole, transitions(history, whole)
    now = resolve(history, signed)
    return now, transitions(history, whole, now)


def _two_people(by: str, confirmed_by: str | None) -> None:
    if not folded(by):
        raise UsageError("say who applies the programme: --by NAME")
    if not is_text(by) or not is_text(confirmed_by or ""):
        raise UsageError("a name given with --by or --confirmed-by is not UTF-8")
    if confirmed_by is not None and folded(confirmed_by) in ("", folded(by)):
        raise UsageError("--confirmed-by names a second person, not the one who applies")


def _refuse(folder: Path, faults: list[Fault]) -> None:
    errors = in_order(fault for fault in faults if fault.level == "error")
    if errors:
        raise InputError(f"{folder} was not applied: {len(errors)} fault{'s' if len(errors) > 1 else ''}", errors)


def _confirmed(reaching: tuple[Reaching, ...], confirmed_by: str | None) -> None:
    if reaching and confirmed_by is None:
        faults = [
            Fault(where=f"{one.noun} {one.name}", what=f"changes what held from {_told(one)['since']} on") for one in reaching
        ]
        raise ConfirmationError("the programme changes the past: a second person must confirm it with --confirmed-by NAME", faults)


def _reaching(one: Retroactive) -> Reaching:
    return Reaching(one.noun, one.name, None if one.since == BEGINNING else instant(one.since))


def _told(one: Reaching) -> dict[str, str]:
    since = one.since.isoformat().replace("+00:00", "Z") if one.since else FROM_THE_BEGINNING
    return {"kind": one.noun, "name": one.name, "since": since}


def _journal(store: Store, applied: AppliedProgramme, newest: int, summary: Mapping[str, Any]) -> int:
    """Store the files and enter them, unless another programme was applied since ours was checked."""
    sha256 = store.vault.put(rfc8785.dumps(dict(applied.files)))
    body = {"sha256": sha256, "by": applied.by, "confirmed_by": applied.confirmed_by, "summary": dict(summary)}
    with store.journal.writing() as writer:
        if any(True for _ in store.journal.entries(after=newest, kind="programme")):
            raise UsageError("another programme was applied at the same time: apply again")
        number = writer.append("programme", body, applied.applied_at).number
    store.checkpoint()
    return number
