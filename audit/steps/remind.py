"""remind: one mail to each person of all that is due and theirs (`due`); the same thing not again for a while. What was sent stands in the run of the job."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from audit.connectors._mail import Mail, address, line, message, send
from audit.content import Content
from audit.errors import DataFolderError, Fault
from audit.model.envelope import time_text
from audit.model.terms import Term
from audit.policy.kinds.people import Person as Declared
from audit.policy.kinds.units import Unit
from audit.policy.load import kind_of, load
from audit.register.acts import records
from audit.register.job_runs import messages_of
from audit.register.records._record import folded
from audit.register.records.delegation import deputies
from audit.reporting.formats import LOCALES, Formats
from audit.reporting.words import Words
from audit.settings import CONFIG, DataFolder
from audit.steps._open import Store
from audit.steps.due import LAPSES, due

JOB = "remind"
"""The name of the job in whose runs it stands what was sent."""
FILES = ("people", "units")
EXAMPLE = "mail: {host: smtp.example.com, from: audit@example.com, to: compliance@example.com}"


@dataclass(frozen=True, slots=True)
class Person:
    """Who can be written to: an address, and the language of the mails."""

    name: str
    address: str
    language: str


@dataclass(frozen=True, slots=True)
class Item:
    """One row of `due` (DUE); whose: as it says it, empty where that is the reader alone."""

    due: datetime
    overdue: bool
    what: str
    kind: str
    id: str
    about: str
    whose: str

    def key(self, to: str) -> tuple[str, ...]:
        """Return what makes it the same thing, told to the same address. What was ahead and is overdue now is another."""
        return (to.lower(), self.kind, self.id, self.what, self.whose, time_text(self.due), "overdue" if self.overdue else "")


@dataclass(frozen=True, slots=True)
class Letter:
    """What one address is told. known: how many other things wait for it that it was told of not long ago; odd: addresses that cannot be used."""

    person: Person
    items: tuple[Item, ...]
    known: int = 0
    odd: tuple[str, ...] = ()


@dataclass(slots=True)
class Reminded:
    """Which letters were sent, and which were not, and why."""

    sent: list[Letter] = field(default_factory=list)
    failed: list[tuple[Letter, str]] = field(default_factory=list)

    def message(self) -> str:
        """Return what the run of the job says, as JSON: the key of a wording and its values; `told`: what was sent to whom, by which the next run knows it."""
        values: dict[str, Any] = {
            "key": "remind-failed" if self.failed else "remind",
            "mails": len(self.sent),
            "items": sum(len(one.items) for one in self.sent),
            "people": ", ".join(_named(one) for one in self.sent),
            "told": [item.key(one.person.address) for one in self.sent for item in one.items],
        }
        if self.failed:
            values |= {"failed": len(self.failed), "why": "; ".join(f"{_named(one)}: {why}" for one, why in self.failed)}
        return json.dumps(values, ensure_ascii=False)


def _named(letter: Letter) -> str:
    return letter.person.name or letter.person.address


class MailWords(Words):
    """Wordings of mails in one language (`templates/mail/wording/`)."""

    def __init__(self, content: Content, formats: Formats) -> None:
        super().__init__(content, formats)
        self._path = f"templates/mail/wording/{self.language}.yaml"


def mail_of(folder: DataFolder) -> Mail:
    """Return how mails are sent. Raises `DataFolderError` when config.yaml does not say it, or says it wrongly."""
    where = str(folder.path / CONFIG)
    if folder.mail is None:
        raise DataFolderError(f"{where} does not say how mails are sent: add a line such as `{EXAMPLE}` (docs/records.md)")
    try:
        return Mail.model_validate(dict(folder.mail))
    except ValidationError as error:
        faults = [
            Fault(where, str(one["msg"]).removeprefix("Value error, "), key=".".join(map(str, ("mail", *one["loc"]))))
            for one in error.errors()
        ]
        raise DataFolderError("mails cannot be sent", faults) from error


def people_of(store: Store, language: str) -> tuple[dict[str, Person], list[str]]:
    """Return who has a mail address in the newest programme (`email`, `language` in people.yaml, or of representatives in units.yaml), by folded name; and what is wrong
    with addresses. language: of people who say none."""
    programmes = store.programmes(store.head())
    files = {name: text for name, text in programmes[-1].files.items() if kind_of(name) in FILES} if programmes else {}
    programme, _ = load(files)
    told: list[Mapping[str, Any]] = [
        one for declared in programme.of(Unit) for one in declared.item.representatives if not isinstance(one, str)
    ]
    told += [{"name": declared.item.name, **(declared.item.model_extra or {})} for declared in programme.of(Declared)]
    found: dict[str, Person] = {}
    odd: list[str] = []
    for one in told:
        name, email = str(one.get("name", "")), one.get("email")
        if not name or email is None:
            continue
        try:
            spoken = str(one.get("language") or language).partition("-")[0].lower()
            found[folded(name)] = Person(name, address(str(email)), spoken if spoken in LOCALES else language)
        except ValueError as error:
            odd.append(f"{name}: {error}")
    return found, odd


def letters(store: Store, mail: Mail, now: datetime, within: str | None = None) -> list[Letter]:
    """Return what is to be told to whom, by name; of what each was told within `again` only the number. within: how far ahead; as `mail` says when null."""
    estate = store.estate(store.head())
    zone, people, odd = estate.timezone, *people_of(store, mail.language)
    away = records(store.journal, store.vault)["delegation"].values()
    nobody = people.get(_owner(people, mail.to), Person("", mail.to, mail.language))
    before = _told_before(store, mail, now, zone)
    by_address: dict[str, tuple[Person, list[Item]]] = {}
    for row in due(store, now, Term.parse(within or mail.within).after(now, zone)).iter_rows(named=True):
        unit = row["who"].partition(" (")[0]
        # Whoever answers for a unit while its representative is away is told as well.
        names = [row["who"], *deputies(away, unit, estate.representatives.get(unit, ()), now)]
        readers = {one.address.lower(): one for name in names for one in _readers(name, people)}
        readers = readers or {nobody.address.lower(): nobody}
        for mailbox, person in readers.items():
            whose = "" if folded(row["who"]) == folded(person.name) and person.name else row["who"]
            item = Item(row["due"], row["overdue"], row["what"], row["kind"], row["id"], row["about"], whose)
            by_address.setdefault(mailbox, (person, []))[1].append(item)
    made = []
    for person, items in by_address.values():
        new = tuple(one for one in items if one.key(person.address) not in before)
        told = tuple(odd) if person == nobody else ()
        if new:
            made.append(Letter(person, new, len(items) - len(new), told))
    return sorted(made, key=lambda one: (one.person.name, one.person.address))


def _owner(people: Mapping[str, Person], to: str) -> str:
    """Return whose address it is; nothing where it is nobody's."""
    return next((name for name, one in people.items() if one.address.lower() == to.lower()), "")


def _readers(who: str, people: Mapping[str, Person]) -> Iterator[Person]:
    """Yield those of a person, or of several (`unit (A, B)`, `A, B`), who have an address, each once."""
    if folded(who) in people:
        yield people[folded(who)]
        return
    names = dict.fromkeys(folded(one) for piece in who.replace(")", "").split("(") for one in piece.split(","))
    yield from dict.fromkeys(people[name] for name in names if name in people)


def _told_before(store: Store, mail: Mail, now: datetime, zone: str) -> set[tuple[str, ...]]:
    """Return what was told so lately that it is not told again."""
    since = Term.parse(mail.again).before(now, zone)
    found: set[tuple[str, ...]] = set()
    for _, text in messages_of(store.journal.engine, JOB, since):
        try:
            found |= {tuple(map(str, one)) for one in json.loads(text)["told"]}
        except (ValueError, KeyError, TypeError):
            continue  # a run that failed before it sent anything says so in words
    return found


def worded(letter: Letter, organisation: str, content: Content, zone: str) -> tuple[str, str]:
    """Return subject and text of a letter, in its reader's language."""
    words = MailWords(content, Formats(letter.person.language, zone))
    count, late = len(letter.items), sum(one.overdue for one in letter.items)
    subject = words.plain("subject-overdue" if late else "subject", n=count, late=late, organisation=organisation)
    lines = [words.plain("greeting", name=letter.person.name) if letter.person.name else words.plain("greeting-to-nobody"), ""]
    lines += [words.plain("intro", n=count, organisation=organisation), ""]
    for heading, items in (
        ("overdue", [one for one in letter.items if one.overdue]),
        ("ahead", [one for one in letter.items if not one.overdue]),
    ):
        if items:
            lines += [words.plain(f"headings.{heading}"), *(_line(words, one) for one in items), ""]
    lines += [words.plain("known", n=letter.known), ""] if letter.known else []
    if letter.odd:
        lines += [words.plain("odd"), *(f"- {one}" for one in letter.odd), ""]
    lines += [words.plain("command"), "", words.plain("footer", organisation=organisation)]
    return line(subject), "\n".join(line(one) for one in lines)


def _line(words: MailWords, item: Item) -> str:
    kind = words.plain(f"kinds.{item.kind}") if f"kinds.{item.kind}" in words else item.kind
    it = words.plain("it-about" if item.about else "it", kind=kind, id=item.id, about=item.about)
    doing = words.plain(f"what.{item.what}", it=it) if f"what.{item.what}" in words else f"{item.what}: {it}"
    when = "since" if item.overdue else "lapses" if item.what == LAPSES else "by"
    whose = words.plain("whose", who=item.whose) if item.whose else ""
    return words.plain("line", doing=doing, when=words.plain(when, day=words.formats.day(item.due)), whose=whose)


def remind(store: Store, content: Content, now: datetime, within: str | None = None) -> Reminded:
    """Send what is due to whose it is. Whoever calls it notes `message()` in a run of the job, so that nobody is told the same tomorrow.

    Raises `DataFolderError` where config.yaml says not, or wrongly, how mails are sent.
    """
    mail = mail_of(store.folder)
    zone, organisation = store.estate(store.head()).timezone, store.folder.organisation
    wanted = letters(store, mail, now, within)
    made = [
        message(
            mail,
            organisation,
            (one.person.name, one.person.address),
            *worded(one, organisation, content, zone),
            one.person.language,
            now,
        )
        for one in wanted
    ]
    return _sorted(zip(wanted, send(mail, made) if made else [], strict=True))


def _sorted(told: Iterable[tuple[Letter, str | None]]) -> Reminded:
    done = Reminded()
    for letter, why in told:
        if why is None:
            done.sent.append(letter)
        else:
            done.failed.append((letter, why))
    return done
