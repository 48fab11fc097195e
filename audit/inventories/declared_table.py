"""Any list of assets as CSV or XLSX, read through the columns that `inventory.yaml` declares under `table:`.

Identity: the column, or columns, declared as `key`. States: the column `state`, whose words `states:` of the mapping gives their meaning; without such a
column every row is in service.
"""

from __future__ import annotations

from difflib import get_close_matches

from audit.adapters._mapping import CODECS, SEPARATORS
from audit.adapters._typed import shown
from audit.errors import Fault, InputError
from audit.inventories import _rows, _sheets
from audit.inventories._inventory import IN_SERVICE, UNKNOWN, Entry, Inventory, once
from audit.inventories._mapping import TableMapping

MAPPING = TableMapping
"""What has to be declared for it; only the format that reads any table has this."""
_OWN = ("key", "name", "kind", "state")


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - a table could be anyone's
    """Claim nothing: only a declared mapping makes a table ours."""
    return False


def read(payload: bytes, name: str, mapping: TableMapping) -> Inventory:
    """Read a table. Raises `InputError` when it lacks columns that the mapping names."""
    wanted = list(dict.fromkeys(column for columns in mapping.columns.values() for column in columns))
    before, after = mapping.skip.before, mapping.skip.after
    if _sheets.is_workbook(payload):
        table = _rows.from_sheet(payload, name, mapping.sheet, before=before, after=after, wanted=wanted)
    else:
        table = _rows.from_csv(
            payload,
            name,
            encoding=CODECS[mapping.encoding],
            separator=SEPARATORS[mapping.delimiter] if mapping.delimiter else "",
            before=before,
            after=after,
            wanted=wanted,
        )
    _has(table.names, wanted, name)
    entries, faults = [], list(table.faults)
    for locator, row in table.rows:
        told = {
            attribute: mapping.join.join(texts)
            for attribute, columns in mapping.columns.items()
            if (texts := [text for column in columns if (text := row.get(column, "")) and text not in mapping.unknown])
        }
        if missing := [one for one in ("key", "name") if one not in told]:
            column = " + ".join(mapping.columns[missing[0]])
            faults.append(Fault(name, f"the row has no {missing[0]}", "fill it in, or name another column", locator, column))
            continue
        state = told.get("state", "")
        entries.append(
            Entry(
                told["key"],
                told["name"],
                told.get("kind", ""),
                IN_SERVICE if "state" not in mapping.columns else UNKNOWN,
                state,
                {key: text for key, text in told.items() if key not in _OWN},
                locator,
                name,
            )
        )
    kept, twice = once(name, entries)
    return Inventory(tuple(kept), (*faults, *twice))


def _has(names: list[str], wanted: list[str], where: str) -> None:
    faults = []
    for column in wanted:
        if column not in names:
            near = get_close_matches(column, [one for one in names if one], n=1)
            remedy = f"the nearest is {near[0]!r}" if near else f"the header has: {', '.join(one for one in names[:12] if one)}"
            faults.append(Fault(where, f"the table has no column {shown(column)}", remedy, key=column))
    if faults:
        raise InputError(str(faults[0]), faults)
