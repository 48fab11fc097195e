"""inventory: read lists of what should be protected, hold them against the programme, and write what is new into a file of assets. The journal is not touched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from audit.errors import Fault, InputError, UsageError
from audit.inventories._inventory import UNKNOWN, Entry, Inventory, unknown_words
from audit.inventories._registry import read
from audit.policy.edit import AssetsFile
from audit.policy.inventory_mapping import InventoryMapping, filled, names_in, read_mapping
from audit.policy.load import load
from audit.policy.place import Place
from audit.policy.programme import Programme
from audit.policy.reconcile import GONE, NEW, REQUIRED, Reconciled, Row, reconcile
from audit.policy.suggest import nearest
from audit.policy.text import decode
from audit.steps.confirm import read_programme, write

LARGEST = 512 * 1024 * 1024
"""Bytes of a file that are read at the most."""
ROW = {name: pl.String() for name in ("status", "key", "name", "kind", "state", "asset", "how", "what", "file", "locator")}


@dataclass(frozen=True, slots=True)
class Given:
    """What the files tell: entries with the identities and states that the mapping gives; `cut`: why they are not all there is."""

    entries: tuple[Entry, ...]
    faults: tuple[Fault, ...]
    cut: tuple[str, ...]


@dataclass(slots=True)
class Result:
    """What `inventory read` found. `faults`: what could not be used; `notes`: what should be known. `written`: what was changed in a file, in lines."""

    reconciled: Reconciled
    faults: list[Fault]
    notes: list[Fault]
    cut: tuple[str, ...]
    written: list[str]
    left: list[str]

    @property
    def frame(self) -> pl.DataFrame:
        """The rows as a frame."""
        return pl.DataFrame([_told(row) for row in self.reconciled.rows], schema=ROW, orient="row")


def inventory(
    files: Sequence[Path],
    mapping: Path,
    programme: Path | None,
    output: Path | None,
    links: Mapping[str, str],
    *,
    update: bool = False,
) -> Result:
    """Read files as one inventory. `links`: by key, the asset that a person says an entry is. `update`: also change what the programme says otherwise.

    Raises `InputError` when a file, the mapping or the programme cannot be used as a whole.
    """
    rules, place = read_mapping(mapping.name, _bytes(mapping))
    given = _given(files, rules)
    texts, declared = _declared(programme, output)
    missing = list(_missing(given.entries, rules, place))
    if wrong := [fault for fault in missing if fault.level == "error"]:
        raise InputError(f"{mapping} does not fit what was given: {len(wrong)} fault{'s' if len(wrong) > 1 else ''}", wrong)
    keys = {entry.key for entry in given.entries}
    if strange := [key for key in links if key not in keys]:
        raise UsageError(f"--link names no entry that was given: {', '.join(strange[:10])}")
    done = reconcile(given.entries, rules, declared, declared.zone(), links)
    if given.cut:
        for row in done.rows:
            if row.status == GONE:
                row.what = "not among what was given, which is not all there is: it may still be there"
    faults = [*(fault for fault in given.faults if fault.level == "error"), *done.faults]
    notes = [*(fault for fault in given.faults if fault.level != "error"), *missing]
    written, left = _write(done.rows, texts, output, update=update) if output is not None else ([], [])
    return Result(done, faults, notes, given.cut, written, left)


def _given(files: Sequence[Path], rules: InventoryMapping) -> Given:
    read_in: list[Inventory] = []
    wrong: list[Fault] = []
    for path in files:
        try:
            read_in.append(read(_bytes(path), path.name, rules.format, rules.table))
        except InputError as error:
            wrong += error.faults or [Fault(str(path), str(error))]
    if wrong:
        raise InputError(f"nothing was read: {len(wrong)} fault{'s' if len(wrong) > 1 else ''}", wrong)
    entries: dict[tuple[str, ...], Entry] = {}
    faults = [fault for one in read_in for fault in one.faults]
    words = {word.casefold(): state for word, state in rules.states.items()}
    for one in read_in:
        for entry in one.entries:
            made = _under(entry, rules, words)
            entries.setdefault((made.key,) if made.key else (made.file, made.locator), made)
    # What the mapping settles is no longer in doubt.
    said = {"key"} if rules.key else set()
    faults = [
        fault for fault in faults if fault.key not in said and not (fault.key == "state" and _settled(fault, entries.values()))
    ]
    faults += list(_unsettled(entries.values(), rules))
    return Given(tuple(entries.values()), tuple(faults), tuple(_cut(read_in)))


def _under(entry: Entry, rules: InventoryMapping, words: Mapping[str, str]) -> Entry:
    """Return an entry with the identity and state that a mapping gives it."""
    key = filled(rules.key, entry.values()) or "" if rules.key else entry.key
    told = [entry.told, *(piece.split(" ", 1)[-1] for piece in entry.told.split(", "))]
    state = next((words[one.casefold()] for one in told if one.casefold() in words), entry.state)
    return replace(entry, key=key, state=state)


def _settled(fault: Fault, entries: Iterable[Entry]) -> bool:
    return not any(entry.state == UNKNOWN and entry.file == fault.where and repr(entry.told) in fault.what for entry in entries)


def _unsettled(entries: Iterable[Entry], rules: InventoryMapping) -> Iterator[Fault]:
    """Say which words of a declared table's states mean nothing yet."""
    if rules.table is None:
        return
    for file in dict.fromkeys(entry.file for entry in entries):
        yield from unknown_words(file, [entry for entry in entries if entry.file == file])


def _cut(read_in: Iterable[Inventory]) -> Iterator[str]:
    """Yield why what was given is not all there is: pages of one scope are judged together."""
    scopes: dict[str, list[Inventory]] = defaultdict(list)
    for one in read_in:
        scopes[one.scope].append(one)
    for scope, pages in scopes.items():
        capped = [page.capped for page in pages if page.capped]
        totals = [page.total for page in pages if page.total is not None]
        rows = len({(entry.key or entry.locator) for page in pages for entry in page.entries})
        if capped:
            yield from dict.fromkeys(capped)
        elif totals:
            if rows < max(totals):
                yield f"{rows} of {max(totals)} {scope}(s) were given: there are more pages"
        elif all(page.continues for page in pages):
            yield f"there may be more: of the last page, {pages[-1].continues}"


def _missing(entries: Sequence[Entry], rules: InventoryMapping, place: Place) -> Iterator[Fault]:
    """Say once, at the mapping's line, which attributes no entry tells at all."""
    known = {name for entry in entries for name in entry.values()}
    if not entries:
        return
    for key, rule in rules.rules():
        named = rule.names()
        if named and not any(name in known for name in named) and (rule.value is None or rule.default is None):
            level = "error" if key in REQUIRED and rule.default is None else "warning"
            yield _unknown(place.at(key), named[0], known, level)
    for number, one in enumerate(rules.exclude):
        for name in one.where:
            if name not in known:
                yield _unknown(place.at("exclude", number, "where", name), name, known, "warning")
    for number, pattern in enumerate(rules.subjects):
        for name in (*pattern.where, *names_in(pattern.subject)):
            if name not in known:
                yield _unknown(place.at("subjects", number), name, known, "warning")


def _unknown(place: Place, name: str, known: set[str], level: str) -> Fault:
    near = nearest(name, known)
    hint = f", did you mean `{near}`?" if near else ""
    return place.fault(f"no entry tells `{name}`{hint}", f"they tell: {', '.join(sorted(known)[:30])}", level)


def _declared(programme: Path | None, output: Path | None) -> tuple[dict[str, str], Programme]:
    """Return the texts of files that may be edited, and what is declared already: in the programme, and in the file that is written."""
    if programme is not None:
        texts, declared = read_programme(programme)
        if output is not None and output.exists() and output.resolve().parent != programme.resolve():
            raise UsageError(f"{output} is there and no file of {programme}: write into the programme's folder, or into a new file")
        return texts, declared
    if output is None or not output.exists():
        return {}, Programme({})
    text, faults = decode(output.name, _bytes(output))
    declared, wrong = load({output.name: text})
    if errors := [fault for fault in (*faults, *wrong) if fault.level == "error"]:
        raise InputError(f"{output} cannot be read as it is: correct it first", errors)
    return {output.name: text}, declared


def _write(rows: Iterable[Row], texts: Mapping[str, str], output: Path, *, update: bool) -> tuple[list[str], list[str]]:
    """Write into the one file that was named, and say what: added, filled in and, with `update`, changed; and what was left to people."""
    file = AssetsFile(output.name, texts.get(output.name, ""))
    written, left = [], []
    for row in rows:
        if row.status == NEW and row.item is not None:
            file.add(row.item)
            written.append(f"+ {row.asset}")
        if row.declared is None:
            continue
        here = row.declared.place.file == output.name
        index = int(row.declared.place.path[1])
        for key, _, told in row.fills:
            if not here:
                left.append(f"{row.asset}: {key} stands in {row.declared.place}, and is left as it is")
            elif isinstance(told, list):
                file.append(index, key, told)
                written.append(f"~ {row.asset}: {key} + {'; '.join(_plainly(one) for one in told)}")
            else:
                file.fill(index, key, told)
                written.append(f"~ {row.asset}: {key}: {told}")
        for key, now, told in row.differs:
            if here and update:
                file.replace(index, key, told)
                written.append(f"~ {row.asset}: {key}: {now} -> {told}")
            else:
                why = "--update takes it over" if here else f"it stands in {row.declared.place}"
                left.append(f"{row.asset}: {key} stays {now} (the inventory says {told}; {why})")
    text = file.text()
    if file.changed:
        write(output.parent, {output.name: text})
    return written, left


def _plainly(one: object) -> str:
    return " ".join(map(str, one.values())) if isinstance(one, dict) else str(one)


def _told(row: Row) -> tuple[str | None, ...]:
    entry = row.entry
    own = (entry.key, entry.name, entry.kind, entry.state) if entry else ("", "", "", "")
    return (
        row.status,
        *(text or None for text in own),
        row.asset,
        row.how or None,
        row.what or None,
        *((entry.file, entry.locator) if entry else (None, None)),
    )


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path} is larger than {LARGEST >> 20} MiB: give it in parts")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
