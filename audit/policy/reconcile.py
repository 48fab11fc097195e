"""An inventory against a programme: what is new, known, changed, gone, and what nobody can tell without a person. Pure.

An entry is an asset's when the asset says so (`inventories`); else when one of its subjects, or its name, is that of one asset and no other entry's. Names that only match
without their domain, or that several share, are left to a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from audit.errors import Fault
from audit.inventories._inventory import RETIRED, Entry
from audit.policy.aliases import named_subjects, ordered
from audit.policy.inventory_mapping import Exclusion, InventoryMapping, filled
from audit.policy.kinds.assets import Asset
from audit.policy.matching import DOMAIN, Names, plain
from audit.policy.programme import Declared, Programme

NEW, KNOWN, CHANGED, GONE, OPEN, EXCLUDED, UNMAPPED = "new", "known", "changed", "gone", "to decide", "excluded", "not mapped"
Change = tuple[str, Any, Any]
"""Key, what is written (null: nothing), and what the inventory says."""
REQUIRED = ("unit", "data_class", "tier", "in_service")
"""What no asset can be without."""
_LISTS = ("subjects", "inventories", "known_as")


@dataclass(slots=True)
class Row:
    """What became of an entry, or of an asset whose entry is gone. `status`: one of the words above, or the entry's state where that is not taken.

    `item`: the asset to add. `fills`: what the programme does not say yet; `differs`: what it says otherwise.
    """

    status: str
    entry: Entry | None
    asset: str | None = None
    how: str = ""
    what: str = ""
    item: dict[str, Any] | None = None
    declared: Declared[Asset] | None = None
    fills: list[Change] = field(default_factory=list)
    differs: list[Change] = field(default_factory=list)


@dataclass(slots=True)
class Reconciled:
    """Rows in the order of the entries, then what is gone; and a fault for each row that could not be mapped."""

    rows: list[Row]
    faults: list[Fault]

    def counts(self) -> dict[str, int]:
        """Return how many rows have each status."""
        return dict(Counter(row.status for row in self.rows))


def reconcile(
    entries: Sequence[Entry], mapping: InventoryMapping, programme: Programme, zone: str, links: Mapping[str, str]
) -> Reconciled:
    """Compare. `links`: by key, the asset that a person says an entry is (empty: none of them, a new one)."""
    world = _World(mapping, programme, zone, links)
    made = _Reconciling(world)
    for entry in entries:
        made.take(entry)
    made.twice()
    return Reconciled([*made.rows, *world.gone(entries)], made.faults)


class _World:
    """What the programme says, looked up by what an entry may tell."""

    def __init__(self, mapping: InventoryMapping, programme: Programme, zone: str, links: Mapping[str, str]) -> None:
        self.mapping, self.links = mapping, links
        self.latest = {name: ordered(declared, zone)[-1][1] for name, declared in programme.named(Asset).items()}
        self.linked = {
            entry.key: name
            for name, one in self.latest.items()
            for entry in one.item.inventories
            if entry.inventory == mapping.inventory
        }
        self.owners = {
            (subject.source, subject.subject): name for name, one in self.latest.items() for subject, _ in named_subjects(one.item)
        }
        self.taken = {plain(name): name for name in self.latest}
        free = {name for name in self.latest if name not in self.linked.values()}
        self.names = Names({name: one.item.known_as for name, one in self.latest.items() if name in free})

    def gone(self, entries: Iterable[Entry]) -> Iterator[Row]:
        """Yield the assets whose entry is not among those given."""
        keys = {entry.key for entry in entries}
        for key, name in self.linked.items():
            if key not in keys and self.latest[name].item.retired is None:
                what = f"no entry has its identity {key}: if it is no longer there, write `retired: {{date: ..., reason: ...}}`"
                yield Row(GONE, None, name, "inventories", what)


class _Reconciling:
    def __init__(self, world: _World) -> None:
        self.world = world
        self.rows: list[Row] = []
        self.faults: list[Fault] = []

    def take(self, entry: Entry) -> None:
        """Decide on one entry."""
        mapping, values = self.world.mapping, entry.values()
        excluded: Exclusion | None = next((one for one in mapping.exclude if one.matches(values)), None)
        name, how = self._owner(entry, values)
        if excluded is not None:
            self.rows.append(Row(EXCLUDED, entry, name, how, excluded.reason))
            return
        if entry.state not in mapping.take:
            self.rows.append(Row(entry.state, entry, name, how, self._ended(name) if entry.state == RETIRED else ""))
            return
        if how == OPEN:
            self.rows.append(Row(OPEN, entry, None, "", name or ""))
            return
        item, wrong = self._mapped(entry, values)
        if wrong and (name is None or not entry.key):
            self.faults += wrong
            self.rows.append(Row(UNMAPPED, entry, name, how, "; ".join(dict.fromkeys(one.what for one in wrong))))
            return
        if name is None and plain(item["name"]) in self.world.taken:
            what = f"the programme has an asset {self.world.taken[plain(item['name'])]} that is another: give it another `name` in the mapping"
            self.rows.append(Row(OPEN, entry, None, "", what))
            return
        if name is None:
            self.rows.append(Row(NEW, entry, item["name"], "", self._hint(item["name"]), item))
            return
        self._compare(entry, name, how, item)

    def _owner(self, entry: Entry, values: dict[str, str]) -> tuple[str | None, str]:
        """Return the asset that an entry is and how that is known; or why a person has to say it, and `to decide`."""
        world = self.world
        if entry.key in world.links:
            return (world.links[entry.key] or None), "said"
        if entry.key in world.linked:
            return world.linked[entry.key], "inventories"
        named = {world.owners.get(pair) for pair in _subjects(world.mapping, values)} - {None}
        if len(named) == 1:
            return named.pop(), "subject"
        name = filled(world.mapping.name, values)
        if name is None:
            return None, ""
        guesses, ambiguous = world.names.by_rule("", name)
        exact = [one for one in guesses if one.how in ("name", DOMAIN)]
        told = ", ".join(one.asset for one in exact)
        if exact and (ambiguous or exact[0].how == DOMAIN or len(named) > 1):
            why = "several assets have this name" if ambiguous else "without its domain it is the name of"
            return f"{why}: {told}; say which with --link {entry.key}=ASSET, or --link {entry.key}= for a new one", OPEN
        return (exact[0].asset, "name") if exact else (None, "")

    def _ended(self, name: str | None) -> str:
        declared = self.world.latest.get(name) if name else None
        return "in service in the programme: retire it there" if declared and declared.item.retired is None else ""

    def _hint(self, name: str) -> str:
        alike = [one for one in self.world.names.alike(name) if one.score >= 0.9]
        return f"alike: {', '.join(f'{one.asset} {one.score:.2f}' for one in alike)}" if alike else ""

    def _mapped(self, entry: Entry, values: dict[str, str]) -> tuple[dict[str, Any], list[Fault]]:
        """Return an entry as an asset, with a fault for each key that it does not give."""
        mapping = self.world.mapping
        faults = []
        name = filled(mapping.name, values)
        if name is None:
            faults.append(self._fault(entry, "name", f"the entry does not tell what `name: {mapping.name}` asks for"))
        if not entry.key:
            faults.append(self._fault(entry, "key", "the entry has no identity, and the mapping gives none (`key:`)"))
        item: dict[str, Any] = {"name": name}
        for key, rule in mapping.rules():
            value, wrong = rule.read(values)
            if value is not None:
                item[key] = value
            elif key in REQUIRED or not wrong.startswith("the entry does not tell"):
                fault = self._fault(entry, key, wrong)
                faults.append(fault)
        item["subjects"] = [{"source": source, "subject": subject} for source, subject in _subjects(mapping, values)]
        item["repositories"] = list(mapping.repositories)
        item["inventories"] = [{"inventory": mapping.inventory, "key": entry.key}]
        item["known_as"] = _known_as(mapping, values, name)
        return {key: value for key, value in item.items() if value}, faults

    def _fault(self, entry: Entry, key: str, what: str) -> Fault:
        return Fault(entry.file, what, f"correct the entry, or `{key}` in the mapping", entry.locator, key)

    def _compare(self, entry: Entry, name: str, how: str, item: dict[str, Any]) -> None:
        """Compare an entry with the asset that it is."""
        declared = self.world.latest.get(name)
        if declared is None:
            self.faults.append(self._fault(entry, "name", f"--link says that it is `{name}`, which the programme does not declare"))
            self.rows.append(Row(UNMAPPED, entry, name, how, "no such asset"))
            return
        asset, row = declared.item, Row(KNOWN, entry, name, how, declared=declared)
        for key in ("unit", "data_class", "tier", "site", "medium", "failure_domain"):
            now, told = getattr(asset, key), item.get(key)
            if told is not None and now is None:
                row.fills.append((key, None, told))
            elif told is not None and now != told:
                row.differs.append((key, now, told))
        self._compare_lists(row, item)
        said = [row.what] if row.what else []
        said += [f"retired in the programme on {asset.retired.date}, and in service here"] if asset.retired else []
        said += [f"{key}: {now} there, {told} here" for key, now, told in row.differs]
        said += [f"{key}: {_shown(told)} is new" for key, _, told in row.fills]
        row.what = "; ".join(said)
        row.status = CHANGED if row.what else KNOWN
        self.rows.append(row)

    def _compare_lists(self, row: Row, item: dict[str, Any]) -> None:
        assert row.declared is not None
        asset = row.declared.item
        has = {plain(one) for one in (asset.name, *asset.known_as)}
        linked = {(one.inventory, one.key) for one in asset.inventories}
        told = {
            "inventories": [one for one in item.get("inventories", []) if (one["inventory"], one["key"]) not in linked],
            "known_as": [one for one in item.get("known_as", []) if plain(one) not in has],
            "subjects": [],
        }
        for one in item.get("subjects", []):
            owner = self.world.owners.get((one["source"], one["subject"]))
            if owner is None and asset.parts:
                row.what = f"the subject {one['source']} {one['subject']} is of one of its parts: say which by hand"
            elif owner is None:
                told["subjects"].append(one)
            elif owner != asset.name:
                row.what = f"the subject {one['source']} {one['subject']} is declared as one of {owner}"
        row.fills += [(key, None, told[key]) for key in _LISTS if told[key]]

    def twice(self) -> None:
        """Leave entries to a person that would be one asset, or one subject, together."""
        for what, of in (("asset", _asset_of), ("subject", _subjects_of)):
            counts = Counter(told for row in self.rows for told in of(row))
            for row in self.rows:
                shared = [told for told in of(row) if counts[told] > 1]
                if shared:
                    row.status, row.item, row.fills, row.differs = OPEN, None, [], []
                    row.what = f"{counts[shared[0]]} entries would be the {what} {shared[0]}: tell them apart in the mapping (`name`, `subjects`), or by --link"


def _asset_of(row: Row) -> list[str]:
    return [row.asset] if row.asset and row.status in (NEW, KNOWN, CHANGED) else []


def _subjects_of(row: Row) -> list[str]:
    told = [*(row.item or {}).get("subjects", []), *(one for key, _, of in row.fills if key == "subjects" for one in of)]
    return [f"{one['source']} {one['subject']}" for one in told]


def _subjects(mapping: InventoryMapping, values: dict[str, str]) -> list[tuple[str, str]]:
    found = []
    for one in mapping.subjects:
        subject = filled(one.subject, values)
        if subject and (not one.where or Exclusion.model_construct(where=one.where, reason="").matches(values)):
            found.append((one.source, subject))
    return list(dict.fromkeys(found))


def _known_as(mapping: InventoryMapping, values: dict[str, str], name: str | None) -> list[str]:
    told = [text for one in mapping.known_as if (text := filled(one, values))]
    return [text for text in dict.fromkeys(told) if plain(text) != plain(name or "")]


def _shown(told: Any) -> str:
    if not isinstance(told, list):
        return str(told)
    return ", ".join(" ".join(one.values()) if isinstance(one, dict) else str(one) for one in told)
