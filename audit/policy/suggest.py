"""Did you mean: the known word nearest to an unknown one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

LISTED = 12
"""How many known words a message lists at the most."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` was probably meant to be."""
    words = {name.casefold(): name for name in known}
    close = get_close_matches(word.casefold(), words, n=3, cutoff=0.6)
    # Of words equally near, one of the same letters: to swap two is the commonest slip.
    swapped = [name for name in close if sorted(name) == sorted(word.casefold())]
    return words[[*swapped, *close][0]] if close else None


def unknown(kind: str, word: str, known: Iterable[str]) -> str:
    """Return "unknown key `rpoo`, did you mean `rpo`?"."""
    match = nearest(word, known)
    return f"unknown {kind} `{word}`" + (f", did you mean `{match}`?" if match else "")


def one_of(known: Iterable[str]) -> str:
    """Return "known are a, b and 3 more", or nothing when nothing is known."""
    words = sorted(known)
    if not words:
        return ""
    more = f" and {len(words) - LISTED} more" if len(words) > LISTED else ""
    return f"known: {', '.join(words[:LISTED])}{more}"
