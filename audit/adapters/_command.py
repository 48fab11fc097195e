"""Reading a command line as it was recorded in an envelope: which program, which options, which arguments; or honestly nothing."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Collection
from dataclasses import dataclass
from posixpath import basename

from audit.model.envelope import Envelope, time_text


@dataclass(frozen=True, slots=True)
class Command:
    """`options`: name and values in the order given (a flag has none). `arguments`: the rest, the first being the verb. `sure`:
    every option was known, so that arguments and values are told apart reliably.
    """

    options: dict[str, tuple[str, ...]]
    arguments: tuple[str, ...]
    sure: bool

    @property
    def verb(self) -> str:
        """The first argument, such as `backup`; empty when there is none."""
        return self.arguments[0] if self.arguments else ""

    def has(self, *names: str) -> bool:
        """Tell whether one of these options was given and not switched off (`--dry-run=false`)."""
        return any(name in self.options and self.options[name][-1:] != ("false",) for name in names)

    def values(self, *names: str) -> tuple[str, ...]:
        """Return the values given to these options."""
        return tuple(value for name in names for value in self.options.get(name, ()))


def parse(text: str | None, program: str, flags: Collection[str], valued: Collection[str]) -> Command | None:
    """Find a program in a command line (behind `env`, `sudo` and the like) and read what follows; `None` when it is not there.

    `flags`: options without value; `valued`: options whose value may be the next word.
    """
    words = _words(text or "")
    place = _place(words, program)
    if place is None:  # `sh -c '...'`, `ssh host '...'`
        words = [inner for word in words for inner in (_words(word) if " " in word else [word])]
        place = _place(words, program)
    return None if place is None else _read(words[place + 1 :], flags, valued)


def _place(words: list[str], program: str) -> int | None:
    # The bare word first: a path that ends in the program's name may as well be a folder that a wrapper is given.
    names = (
        words
        if program in words
        else ["" if "=" in word else basename(word.replace("\\", "/")).removesuffix(".exe") for word in words]
    )
    return names.index(program) if program in names else None


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # an unclosed quote
        return text.split()


def _read(rest: list[str], flags: Collection[str], valued: Collection[str]) -> Command:
    """Tell options, their values and arguments apart."""
    options: dict[str, tuple[str, ...]] = {}
    arguments: list[str] = []
    sure, at = True, 0
    while at < len(rest):
        word = rest[at]
        at += 1
        if word == "--":
            arguments += rest[at:]
            break
        if not word.startswith("-") or word == "-":
            arguments.append(word)
            continue
        name, sign, value = word.partition("=")
        if name in valued and not sign:
            value, at = (rest[at] if at < len(rest) else ""), at + 1
            sign = "="
        elif name not in valued and name not in flags and not sign:
            short = _bundle(word, flags, valued)
            if short is None:
                sure = False
                continue
            *others, (name, value, sign) = short
            options |= {other: options.get(other, ()) for other, _, _ in others}
        options[name] = (*options.get(name, ()), *([value] if sign else []))
    return Command(options, tuple(arguments), sure)


def _bundle(word: str, flags: Collection[str], valued: Collection[str]) -> list[tuple[str, str, str]] | None:
    """Read `-r/backup` (an option with its value) or `-vn` (several flags); `None` for anything else."""
    name = word[:2]
    if word.startswith("--") or len(word) < 3:
        return None
    if name in valued:
        return [(name, word[2:], "=")]
    return [(f"-{letter}", "", "") for letter in word[1:]] if all(f"-{letter}" in flags for letter in word[1:]) else None


def run_id(kind: str, envelope: Envelope, payload: bytes, fallback: str | None = None) -> str:
    """Return an id for a run that has none of its own: the same for stdout and stderr of one command, and every time they are read.

    By start and command where the envelope has them, else by what the tool gives (`fallback`), else by the payload itself.
    """
    if envelope.started_at is not None:
        return f"{kind}:{time_text(envelope.started_at)}:{hashlib.sha256((envelope.command or '').encode()).hexdigest()[:8]}"
    return f"{kind}:{fallback or hashlib.sha256(payload).hexdigest()[:16]}"
