"""People: who is trained, and who signs."""

from __future__ import annotations

from typing import ClassVar

from audit.policy.words import Loose


class Person(Loose):
    """`{name: Li Na, title: ..., trained: [...]}`."""

    NOUN: ClassVar[str] = "person"


ITEM = Person
