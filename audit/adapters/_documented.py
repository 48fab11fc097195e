"""What adapters say of themselves in their docstrings, as the table of docs/tools.md; and what each was tested against.

A docstring has a title in its first line, and paragraphs that begin with the words of PARTS. `TESTED_AGAINST` of an adapter is one of TESTED.
"""

from __future__ import annotations

import re
from types import ModuleType

PARTS = ("Formats read", "Time semantics", "Proof of deletion", "Tested against")
"""The paragraphs that stand in the table, in the order of its columns."""
TESTED = {
    "runs": "output of the tool itself, run for it",
    "samples": "real output that its makers or users published",
    "schema": "documents and files of their shape; no output of a real system, or of a part of its formats only",
    "own": "its own examples: the format is this program's",
}
"""What an adapter was tested against at the least, and what that is called."""


def title(module: ModuleType) -> str:
    """Return the first line of an adapter's docstring: what it reads."""
    return _text(module).partition("\n")[0]


def part(module: ModuleType, name: str) -> str:
    """Return a paragraph of an adapter's docstring without its beginning words, on one line; nothing where there is none."""
    found = re.search(rf"^{name}: (.*?)(?=\n\n|\n[A-Z][\w' ]{{2,40}}: |\Z)", _text(module), re.DOTALL | re.MULTILINE)
    return " ".join(found[1].split()) if found else ""


def from_schema_only(tools: dict[str, ModuleType]) -> list[str]:
    """Return the tools whose adapter was never tested against output of a real system."""
    return [name for name, module in tools.items() if module.TESTED_AGAINST == "schema"]


def table(tools: dict[str, ModuleType]) -> str:
    """Return docs/tools.md."""
    lines = [_HEAD]
    for name, module in tools.items():
        lines.append(f"## {name}\n\n{title(module)}\n")
        lines += [f"- **{said}**: {part(module, said)}" for said in PARTS]
        lines.append("")
    overview = ["| tool | what is read | tested against |", "|---|---|---|"]
    overview += [
        f"| [{name}](#{name}) | {_short(title(module))} | {TESTED[module.TESTED_AGAINST]} |" for name, module in tools.items()
    ]
    return "\n".join([lines[0], *overview, "", *lines[1:]]).rstrip() + "\n"


_HEAD = """# Tools

What is read of each tool. Made from the adapters (`audit/adapters/`); do not edit it: `pytest tests/adapters/test_documented.py --rewrite-golden` writes it again.
A source of a tool that was tested against its documented schema only is named in every report that rests on it.

Of every tool: what a command printed that did not end with exit code 0 is no complete listing. Nor is the text of a list that was cut off, which shows in a last line
without its end; that line, and the record it is part of, are not used.
"""


def _text(module: ModuleType) -> str:
    return (module.__doc__ or "").strip()


def _short(text: str) -> str:
    return text.rstrip(".").replace("|", "\\|")
