"""What kinds of records say of their acts, as the tables of docs/records.md: which there are, from where to where they lead, who may do them, and what goes with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import ModuleType

from audit.register.records._record import NEW, Act, document_key

HEAD = ("| act | from | to | who | files | |", "|---|---|---|---|---|---|")
_TABLE = re.compile(r"^\| act \|.*\n(?:\|.*\n)*", re.MULTILINE)
SAME = "as it was"


def pages(page: str, kinds: Mapping[str, ModuleType]) -> str:
    """Return docs/records.md with the tables of all kinds made anew. The last cell of a row is what people wrote of the act there; of one that is new, what it says of itself.

    Raises `ValueError` for a kind without a section or table.
    """
    for kind, module in kinds.items():
        begin = page.find(f"\n## {kind}\n")
        end = page.find("\n## ", begin + 1) if begin >= 0 else -1
        section = page[begin : end if end >= 0 else len(page)] if begin >= 0 else ""
        found = _TABLE.search(section)
        if found is None:
            raise ValueError(f"docs/records.md has no section {kind} with a table that begins with `| act |`")
        made = "\n".join((*HEAD, *rows(module.ACTS, _notes(found[0])))) + "\n"
        page = page[:begin] + section.replace(found[0], made, 1) + (page[end:] if end >= 0 else "")
    return page


def rows(acts: Mapping[str, Act], notes: Mapping[str, str]) -> Iterator[str]:
    """Yield the row of each act. notes: what is written of it."""
    for name, one in acts.items():
        before = " or ".join(state for state in one.before if state != NEW)
        cells = (f"`{name}`", before, one.after or SAME, _who(one), _files(one), notes.get(name) or one.says)
        yield "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"


def _who(one: Act) -> str:
    """Return who may do an act, as far as the act says so."""
    told = ["only the program"] if one.by_program else []
    told += [f"not who did {_either(one.not_by)}"] if one.not_by else []
    told += [f"not who did the last {_either(one.not_by_last)}"] if one.not_by_last else []
    told += [f"not its {key}" for key in one.not_named]
    return "; ".join(told)


def _either(names: tuple[str, ...]) -> str:
    words = [f"`{name}`" for name in names]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _files(one: Act) -> str:
    """Return which files can be handed over with an act."""
    if document_key(one.values):
        return "its document, others" if one.attachments else "its document"
    return "yes" if one.attachments else ""


def _notes(table: str) -> dict[str, str]:
    """Return what is written of each act in a table: its last cell."""
    found = {}
    for line in table.splitlines()[2:]:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        found[cells[0].strip("`")] = cells[-1] if len(cells) > 3 else ""
    return found
