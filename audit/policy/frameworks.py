"""Frameworks: the requirements of standards and laws, and the controls that answer them, from `policies/frameworks/*.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from audit.content import Content, ContentError
from audit.discovery import modules
from audit.errors import Fault, InputError, UsageError
from audit.policy.objectives import judged
from audit.policy.place import Place
from audit.policy.suggest import one_of, unknown
from audit.policy.validate import validate
from audit.policy.when import Date
from audit.policy.words import Item, Word
from audit.policy.yaml_reader import read_yaml

FOLDER = "policies/frameworks"
LANGUAGES = ("en", "zh")
LONGEST = 200
"""How many characters the title of a requirement may have: own words, never the text of a standard."""


class Kind(StrEnum):
    """How much of a control a program can judge (the file of the control says it as `kind`)."""

    COMPUTED = "computed"
    """From catalogs, job logs and registers alone."""
    HYBRID = "hybrid"
    """Computed, with one input that a person supplies or signs."""
    ATTESTED = "attested"
    """A dated statement that a person signed, with an expiry."""


class Assessed(StrEnum):
    """How a requirement is answered."""

    AUTOMATED = "automated"
    PARTIAL = "partial"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Known:
    """What frameworks may refer to: a control of the vocabulary."""

    kind: Kind
    legs: frozenset[str]


def vocabulary(content: Content) -> dict[str, Known]:
    """Return the one list of controls, by id: the files of `policies/controls`. Raises `InputError` for a file that does not say its kind."""
    found = {}
    for name in content.names("policies/controls", ".yaml"):
        path = f"policies/controls/{name}.yaml"
        said = content.yaml(path)
        kind = said.get("kind") if isinstance(said, Mapping) else None
        if kind not in set(Kind):
            raise InputError(f"{path}: `kind` is {kind!r}; write one of: {', '.join(Kind)}")
        found[name] = Known(Kind(kind), frozenset(said.get("legs", ())))
    return found


def _both(value: Mapping[str, str]) -> Mapping[str, str]:
    if missing := [language for language in LANGUAGES if not value.get(language)]:
        raise ValueError(f"there is no text in {' and '.join(missing)}; write it in each of: {', '.join(LANGUAGES)}")
    return value


def _short(value: Mapping[str, str]) -> Mapping[str, str]:
    for language, text in value.items():
        if len(text) > LONGEST:
            raise ValueError(
                f"the text in {language} has {len(text)} characters; at most {LONGEST} (own words, not those of the standard)"
            )
    return value


def _texts(value: Any) -> Any:
    if isinstance(value, str):
        raise ValueError("found one text; write it in each language, as {en: ..., zh: ...}")  # noqa: TRY004 - pydantic makes a fault of it
    return value


Texts = Annotated[Mapping[str, Word], AfterValidator(_both), BeforeValidator(_texts)]


class Requirement(Item):
    """One clause, in our own words, and the controls that answer it."""

    NOUN: ClassVar[str] = "requirement"

    id: Word = Field(description="the clause, as the standard numbers it")
    title: Annotated[Texts, AfterValidator(_short)] = Field(description="what is asked, in own words, in each language")
    level: tuple[Word, ...] = Field((), description="the baselines or grades it belongs to")
    assessed: Assessed = Field(description="how it is answered: automated, partial or manual")
    controls: tuple[Word, ...] = Field(
        min_length=1, description="the controls that answer it: `copies`, or one leg, `copies.offsite`"
    )
    confidence: Literal["A", "B", "C"] = Field(
        description="A: checked against the text or a machine-readable listing; B: seen in a secondary source; C: general knowledge"
    )
    states: Texts | None = Field(None, description="the number that the clause itself states")
    at_least: Mapping[str, Any] | None = Field(
        None, min_length=1, description="that number as objectives of a policy, each with the weakest value that is enough"
    )
    compares: Literal["whole", "part"] = Field(
        "whole", description="whether `at_least` expresses all that the clause states, or a part of it"
    )
    note: Texts | None = Field(None, description="a caution")

    @property
    def label(self) -> str:
        """What tells it from others."""
        return self.id


class Framework(Item):
    """A standard or law."""

    NOUN: ClassVar[str] = "framework"

    title: Texts
    edition: Word = Field(description="which edition was mapped")
    as_of: Date = Field(description="the day up to which the mapping knows the text")
    status: Literal["in-force", "superseded", "proposed"] = Field(description="whether it is in force")
    superseded_by: Word | None = Field(None, description="what took its place")
    jurisdiction: tuple[Word, ...] = Field(min_length=1, description="where it applies")
    source: Texts = Field(description="where numbers and contents were taken from")
    disclaimer: Texts = Field(description="what this mapping is not")
    requirements: tuple[Requirement, ...] = Field(min_length=1)


def names(content: Content) -> list[str]:
    """Return the ids of all frameworks, sorted."""
    return content.names(FOLDER, ".yaml")


@lru_cache(maxsize=64)
def read_framework(content: Content, name: str) -> Framework:
    """Return a framework; read once for each content. Raises `UsageError` for an unknown id, `InputError` with every fault and its line when the file is wrong."""
    if name not in (there := names(content)):
        raise UsageError(f"{unknown('framework', name, there)} (known: {', '.join(there)})")
    path = f"{FOLDER}/{name}.yaml"
    try:
        read = read_yaml(path, content.text(path))
    except ContentError as error:
        raise InputError(str(error)) from error
    place = Place(path, read.marks)
    faults = list(read.faults)
    framework: Framework | None = None
    if not faults:
        framework, faults = validate(Framework, read.data, place, "docs/frameworks.md")
    if framework is not None:
        faults = list(_faults(framework, vocabulary(content), place))
    if framework is None or faults:
        raise InputError(f"the framework {name} cannot be used", faults)
    return framework


def _faults(framework: Framework, known: Mapping[str, Known], place: Place) -> Iterable[Fault]:
    if framework.status == "superseded" and framework.superseded_by is None:
        yield place.at("status").fault("it is superseded, and `superseded_by` does not say by what", "add `superseded_by`")
    seen: set[str] = set()
    for index, requirement in enumerate(framework.requirements):
        here = place.at("requirements", index)
        if requirement.id in seen:
            yield here.at("id").fault(f"there are two requirements {requirement.id}", "write each clause once")
        seen.add(requirement.id)
        yield from _control_faults(requirement, known, here)
        yield from _number_faults(requirement, here)


def _control_faults(requirement: Requirement, known: Mapping[str, Known], here: Place) -> Iterable[Fault]:
    for index, written in enumerate(requirement.controls):
        at = here.at("controls", index)
        control, leg = split(written)
        if control not in known:
            yield at.fault(unknown("control", control, known), one_of(known))
            continue
        if leg is not None and leg not in known[control].legs:
            yield at.fault(unknown(f"leg of {control}", leg, known[control].legs), one_of(known[control].legs))
        if written in requirement.controls[:index]:
            yield at.fault(f"{written} stands there twice", "write each control once")
    named = [split(written)[0] for written in requirement.controls]
    if all(control in known for control in named) and _ORDER.index(requirement.assessed) < _ORDER.index(best(requirement, known)):
        kinds = sorted({known[control].kind for control in named})
        yield here.at("assessed").fault(
            f"it says `{requirement.assessed}`, but its controls are {' and '.join(kinds)}",
            f"write `{best(requirement, known)}`, or less",
        )


def _number_faults(requirement: Requirement, here: Place) -> Iterable[Fault]:
    if requirement.at_least is None:
        if requirement.compares == "part":
            yield here.at("compares").fault("there is no `at_least` that it says something of", "add `at_least`, or remove it")
        return
    if requirement.states is None:
        yield here.at("at_least").fault(
            "the requirement does not say in words what it states",
            "add `states`; a number stands only where the clause itself states one",
        )
    named = {split(written)[0] for written in requirement.controls}
    judging = {key: control for key, control in judged_by().items() if control in named}
    for key, value in requirement.at_least.items():
        at = here.at("at_least", key)
        if key not in judging:
            strange = (
                f"`{key}` is an objective of {judged_by()[key]}, which is not among its controls"
                if key in judged_by()
                else unknown("key", key, judging)
            )
            yield at.fault(strange, f"{one_of(judging)}; or remove it" if judging else "remove it: its controls have no objectives")
            continue
        yield from validate(judged()[key], value, at)[1]


@cache
def judged_by() -> Mapping[str, str]:
    """Return which control judges each objective."""
    return {key: control for control, module in modules("audit.controls").items() for key in module.OBJECTIVES}


def least(requirement: Requirement) -> dict[str, dict[str, Any]]:
    """Return by control what a requirement itself states, as validated objectives."""
    found: dict[str, dict[str, Any]] = {}
    for key, value in (requirement.at_least or {}).items():
        found.setdefault(judged_by()[key], {})[key] = validate(judged()[key], value, Place(""))[0]
    return found


def read_beside(requirement: Requirement, known: Mapping[str, Known]) -> tuple[str, ...]:
    """Return the controls of a requirement that nothing compares with all that it states: people have to read what they say beside it.

    Where no objective expresses it, or only a part of it, these are all; else those that statements settle, whose text no program compares, and that have no number of their own.
    """
    if requirement.states is None:
        return ()
    named = dict.fromkeys(split(written)[0] for written in requirement.controls)
    if requirement.at_least is None or requirement.compares == "part":
        return tuple(named)
    return tuple(control for control in named if known[control].kind is Kind.ATTESTED and control not in least(requirement))


_ORDER = list(Assessed)


def best(requirement: Requirement, known: Mapping[str, Known]) -> Assessed:
    """Return how a requirement can be answered at the best, by the kinds of its controls. A file may say less: that they measure only a part of it."""
    kinds = {known[split(written)[0]].kind for written in requirement.controls}
    if kinds == {Kind.COMPUTED}:
        return Assessed.AUTOMATED
    return Assessed.MANUAL if kinds == {Kind.ATTESTED} else Assessed.PARTIAL


def split(written: str) -> tuple[str, str | None]:
    """Return control and leg of `copies.offsite`; no leg for `copies`."""
    control, _, leg = written.partition(".")
    return control, leg or None
