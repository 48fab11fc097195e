"""Sections 28 and 29 of docs/definitions.md: hand-made cases of runbooks and trainings, with the truth computed by hand; and random ones."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from tests.oracle.build import PROGRAMME, day, hand_made, listing, must, p, policy, programme
from tests.oracle.case import HandMade, Told
from tests.oracle.cases_of_stated import random_scope
from tests.oracle.governed import QUESTIONS, Acted, Kept
from tests.oracle.instants import DAY
from tests.oracle.programmes import Plan

SHA256 = "0" * 64
GOOD = "3333300000"
"""The scores of the ten questions: all mandatory ones answered."""
EMPTY = [listing(0), listing(50), listing(0, repository="r3"), listing(50, repository="r3")]
"""What r1 and r3 hold of it: nothing."""


def _version(on: int) -> dict[str, Any]:
    return {"version": "1", "sha256": SHA256, "kept": "the wiki", "elsewhere": "the safe", "on": on}


def runbook(
    on: float,
    *reviews: float,
    retired: float | None = None,
    at: float | None = None,
    entered: float | None = None,
    **scope: list[str],
) -> Kept:
    """Return a runbook published on a day, reviewed on days, retired on a day. at: when its publication was entered, entered: when its reviews were (null: on their days)."""
    told = {"name": "restore", "owner": "somebody", **_version(day(on)), **scope}
    acts = [Acted("publish", day(on if at is None else at), "author", told)]
    acts += [
        Acted("review", day(x if entered is None else entered), "reviewer", {"on": day(x), "found": "it can be followed"})
        for x in reviews
    ]
    acts += [] if retired is None else [Acted("retire", day(retired), "author", {"reason": "it is old"})]
    return Kept("runbook", acts)


def revised(one: Kept, on: float, *reviews: float, entered: float | None = None) -> Kept:
    """Return a runbook with a new version, and its reviews. entered: when the version was (null: on its day)."""
    acts = [*one.acts, Acted("revise", day(on if entered is None else entered), "author", _version(day(on)))]
    return Kept("runbook", [*acts, *(Acted("review", day(x), "reviewer", {"on": day(x), "found": "good"}) for x in reviews)])


def training(person: str, since: float, until: float, of: int = 0, *, confirmed: bool = True, ended: float | None = None, withdrawn: bool = False) -> Kept:  # fmt: skip
    """Return the training of a person for the runbook that stands at a place of the records."""
    told = {"person": person, "runbook": of, "how": "exercised", "since": day(since), "until": day(until)}
    acts = [Acted("record", day(since), "trainer", told)]
    acts += [Acted("confirm", day(since), "head", {"reason": "seen"})] if confirmed else []
    acts += [Acted("end", day(ended), "head", {"reason": "left"})] if ended is not None else []
    acts += [Acted("withdraw", day(since), "head", {"reason": "a mistake"})] if withdrawn else []
    return Kept("training", acts)


def vendor(
    on: float, until: float, *, provider: str = "cloud", decided: str | None = "approve", answers: str = GOOD, retired: float | None = None, at: float | None = None
) -> Kept:  # fmt: skip
    """Return an assessment of a provider. answers: a letter each, the score of each question in order; a dash for none."""
    told = {"provider": provider, "evidence": "a folder", "on": day(on), "until": day(until)}
    told["answers"] = [f"{name}={score} so it is" for name, score in zip(QUESTIONS, answers, strict=True) if score != "-"]
    entered = day(on if at is None else at)
    acts = [Acted("assess", entered, "buyer", told)]
    acts += [] if decided is None else [Acted(decided, entered, "head", {"reason": "read"})]
    acts += [] if retired is None else [Acted("retire", day(retired), "head", {"reason": "old"})]
    return Kept("vendor", acts)


def _vendor(
    name: str, told: Sequence[Told], kept: Sequence[Kept], truth: Any, *later: dict[str, Any], term: Any = "30d", **changes: Any
) -> HandMade:
    changes = {"repositories": {"r2": {"provider": "cloud"}}} | changes
    said = programme(policy({"vendor": term}, **changes.pop("terms", {})), *later, **changes)
    return hand_made("30", f"a provider: {name}", [*EMPTY, *told], said, ("vendor", truth), acted=kept)


def agreement(at: float, until: float, *answers: tuple[str, float], version: int = 1, name: str = "p", unit: str = "unit", withdrawn: float | None = None) -> Kept:  # fmt: skip
    """Return a proposal of a policy version, with answers of a unit: what, and when."""
    acts = [Acted("propose", day(at), "officer", {"policy": name, "version": version, "until": day(until)})]
    more = {"sign": {"capacity": "head of the unit"}, "refuse": {"reason": "too long"}}
    acts += [Acted(act, day(x), "head", {"unit": unit, **more[act]}) for act, x in answers]
    return Kept(
        "agreement",
        [*acts, *([] if withdrawn is None else [Acted("withdraw", day(withdrawn), "officer", {"reason": "a mistake"})])],
    )


def _agreement(name: str, kept: Sequence[Kept], truth: Any, *later: dict[str, Any], term: Any = "30d", **changes: Any) -> HandMade:
    told, read_on = changes.pop("told", LATER), changes.pop("read_on", None)
    said = programme(policy({"review": term}, **changes.pop("terms", {})), *later, **changes)
    return hand_made("31", f"an agreement: {name}", told, said, ("agreement", truth), acted=kept, read_on=read_on)


def _runbook(name: str, kept: Sequence[Kept], truth: Any, *later: dict[str, Any], term: Any = "5d", **changes: Any) -> HandMade:
    first = policy({"runbook": term}, **changes.pop("terms", {}))
    return hand_made(
        "28", f"a runbook: {name}", changes.pop("told", LATER), programme(first, *later, **changes), ("runbook", truth), acted=kept
    )


def _training(name: str, kept: Sequence[Kept], truth: Any, *later: dict[str, Any], people: Any = 2, **changes: Any) -> HandMade:
    return hand_made(
        "29", f"training: {name}", LATER, programme(policy({"people": people}), *later, **changes), ("training", truth), acted=kept
    )


LATER = [listing(50)]
"""Something that was received after the period, so that all of it is known."""
OTHER_UNIT = {**PROGRAMME["assets"][0], "unit": "next", "since": "2026-03-07T00:00:00Z"}
NEXT = {"name": "next", "representatives": ["head"]}
THERE = [listing(x, p("q", -1, "r2"), repository="r2") for x in (0, 50)]
"""A copy in r2, which the provider runs."""
LEAVES = [
    listing(x, *points, repository="r2") for x, points in ((0, [p("q", -1, "r2")]), (4, [p("q", -1, "r2")]), (6, []), (50, []))
]
"""A copy in r2 that goes between day 4 and day 6."""
SHORT, FORGETFUL = (
    [listing(3, repository="r2"), listing(50, repository="r2")],
    {"r2": {"provider": "cloud", "keeps_at_least": "1d"}},
)
TAKEN_OVER = {**PROGRAMME["repositories"][1], "provider": "cloud", "since": "2026-03-04T00:00:00Z"}
NOT_ALL = GOOD.replace("3", "-", 1)
ALWAYS = runbook(-20, -19)
ANN, BOB = training("Ann", -5, 6), training("Bob", -5, 20)

MOVED = {**PROGRAMME["assets"][0], "tier": "other", "since": "2026-03-07T00:00:00Z"}
CASES_OF_GOVERNED: list[HandMade] = [
    _runbook("no runbook was ever recorded", [], must([], [(0, 10)], judged=10)),
    _runbook("reviewed in time, again and again", [runbook(-8, -2, 2, 6)], must()),
    _runbook("overdue from the day the next review was due", [runbook(-8, -2)], must([(3, 10)])),
    _runbook("a late review cures it from then on", [runbook(-8, -2, 7)], must([(3, 7)])),
    _runbook("published, and first reviewed before the term has run", [runbook(2, 4)], must([(9, 10)], [(0, 4)])),
    _runbook("published and never reviewed: it is due within the term", [runbook(2)], must([(7, 10)], [(0, 7)])),
    _runbook("a review that was entered late speaks of its day", [runbook(-8, 1, entered=9)], must([(0, 1), (6, 10)])),
    _runbook("a review dated ahead counts from its entry", [runbook(-8, 8, entered=1)], must([(0, 1), (6, 10)])),
    _runbook("a publication dated ahead counts from its entry", [runbook(9, at=1)], must([(6, 10)], [(0, 6)])),
    _runbook("until a new version is reviewed the old one stands", [revised(runbook(-8, 0), 2, 4)], must([(9, 10)])),
    _runbook("a new version that nobody reviews moves no date", [revised(runbook(-8, 0), 2)], must([(5, 10)])),
    _runbook("each runbook has to be reviewed", [runbook(-8, 0, 5), runbook(-8, -1, 6)], must([(4, 6)])),
    _runbook("one that awaits its first review", [runbook(-8, 0, 5), runbook(6)], must([], [(6, 10)])),
    _runbook("retired, and none is left", [runbook(-8, 0, retired=4)], must([(4, 10)])),
    _runbook("retired, and another took its place", [runbook(-8, 0, retired=4), runbook(-8, 0, 3, 7)], must()),
    _runbook("of another asset", [runbook(-8, 0, assets=["b"])], must([], [(0, 10)])),
    _runbook("of its tier", [runbook(-8, 0, tiers=["core"])], must([(5, 10)])),
    _runbook("of the tier that it is no longer of", [runbook(-8, 0, 4, tiers=["core"])], must([], [(6, 10)]), policy({"runbook": "5d"}, applies_to={"tier": "other"}) | {"policy": "q"},
             assets=[MOVED]),
    _runbook("a new version of the policy asks for younger reviews", [runbook(-8, 0)], must([(6, 10)]), policy({"runbook": {"reviewed": "2d"}}, 2, 6), term="30d"),
    _runbook("grace", [], must([], [(3, 10)], judged=10), terms={"new_asset_grace": "3d"}, assets={"a": {"in_service": "2026-03-01T00:00:00Z"}}),
    _training("no runbook was ever recorded: nobody can be trained for one", [], must([], [(0, 10)], judged=10)),
    _training("a runbook for which nobody was ever trained", [ALWAYS], must([], [(0, 10)])),
    _training("two are trained, until the training of one expires", [ALWAYS, ANN, BOB], must([(6, 10)])),
    _training("one alone is too few", [ALWAYS, BOB], must([(0, 10)])),
    _training("one is enough where one is asked", [ALWAYS, BOB], must(), people={"trained": 1}),
    _training("before the first training nobody said anything", [ALWAYS, training("Ann", 3, 20), training("Bob", 5, 20)], must([(3, 5)], [(0, 3)])),
    _training("one person is one, however often and however written", [ALWAYS, BOB, training("BOB ", 1, 9), training("bob", -2, 20)], must([(0, 10)])),
    _training("what nobody confirmed may be so", [ALWAYS, BOB, training("Ann", -5, 6, confirmed=False)], must([(6, 10)], [(0, 6)])),
    _training("nothing is confirmed", [ALWAYS, training("Ann", 2, 6, confirmed=False)], must([(2, 10)], [(0, 2)])),
    _training("renewed before it expires", [ALWAYS, ANN, training("Ann", 5, 30), BOB], must()),
    _training("renewed too late", [ALWAYS, ANN, training("Ann", 8, 30), BOB], must([(6, 8)])),
    _training("somebody left", [ALWAYS, training("Ann", -5, 20, ended=4), BOB], must([(4, 10)])),
    _training("who withdraws the last one does not unmake the breach", [ALWAYS, training("Ann", -5, 2, withdrawn=True)], must([(0, 10)])),
    _training("one that was withdrawn tells of the register from its entry on", [ALWAYS, training("Ann", 4, 8, withdrawn=True)], must([(4, 10)], [(0, 4)])),
    _training("what was withdrawn never counted", [ALWAYS, training("Ann", -5, 20, withdrawn=True), BOB], must([(0, 10)])),
    _training("for each runbook", [ALWAYS, ANN, BOB, ALWAYS, training("Ann", -5, 20, 3), training("Eve", 1, 8, 3)], must([(0, 1), (6, 10)])),
    _training("a runbook that was retired asks for nobody", [runbook(-20, retired=3), ALWAYS, training("Ann", -5, 20, 1), BOB, training("Bob", -5, 20, 1)], must([(0, 3)])),
    _training("for a runbook of another asset", [runbook(-20, assets=["b"]), ANN, BOB], must([], [(0, 10)])),
    _vendor("assessed, and the assessment has not lapsed", THERE, [vendor(-5, 20)], must(judged=10)),
    _vendor("nobody ever assessed it", THERE, [], must([], [(0, 10)], judged=10)),
    _vendor("it lapsed", THERE, [vendor(-5, 6)], must([(6, 10)])),
    _vendor("the policy says how long one counts", THERE, [vendor(-5, 20)], must([(3, 10)]), term={"assessed": "8d"}),
    _vendor("renewed too late", THERE, [vendor(-5, 4), vendor(7, 20)], must([(4, 7)])),
    _vendor("before the first assessment nobody said anything", THERE, [vendor(3, 20)], must([], [(0, 3)])),
    _vendor("nobody has decided on it", THERE, [vendor(-5, 6, decided=None)], must([(6, 10)], [(0, 6)])),
    _vendor("rejected", THERE, [vendor(2, 20, decided="reject")], must([(2, 10)], [(0, 2)])),
    _vendor("a mandatory question is not answered", THERE, [vendor(2, 20, answers=NOT_ALL)], must([(2, 10)], [(0, 2)])),
    _vendor("a mandatory question is answered badly", THERE, [vendor(-5, 20, answers="0" * 10)], must()),
    _vendor("it scores less than asked", THERE, [vendor(-5, 20)], must([(0, 10)]), term={"assessed": "30d", "score": "50%"}),
    _vendor("it scores what is asked", THERE, [vendor(-5, 20, answers="2222222222")], must(), term={"assessed": "30d", "score": "50%"}),
    _vendor("taken out of use", THERE, [vendor(-5, 20, retired=5)], must([(5, 10)])),
    _vendor("an assessment dated ahead counts from its entry", THERE, [vendor(8, 20, at=2)], must([], [(0, 2)])),
    _vendor("of another provider", THERE, [vendor(-5, 20, provider="other")], must([], [(0, 10)]), repositories={"r2": {"provider": "cloud"}, "r3": {"provider": "other"}}),
    _vendor("in use until the last copy has gone", LEAVES, [vendor(-5, 5)], must([], [(5, 6)], judged=6)),
    _vendor("no provider holds anything", [listing(0, p("q", -1)), listing(50, p("q", -1))], [], must(judged=0), repositories={"r3": {"provider": "cloud"}}),
    _vendor("a repository that nobody declared may be a provider's", [listing(x, p("q", -1, "stray"), repository="stray") for x in (0, 50)], [vendor(-5, 20)], must([], [(0, 10)])),
    _vendor("a copy that nobody saw may be there", SHORT, [], must([], [(0, 10)], judged=10), repositories=FORGETFUL),
    _vendor("after retirement it goes on", THERE, [vendor(-5, 6)], must([(6, 10)], judged=10), assets={"a": {"retired": "2026-03-04T00:00:00Z"}}),
    _vendor("a repository that a provider takes over", THERE, [vendor(-5, 6)], must([(6, 10)], judged=7), repositories=[TAKEN_OVER]),
    _runbook("of what lies after the newest entry nothing is known to be overdue", [runbook(-8, 1, entered=6)], must([(0, 1)], [(6, 10)]), told=[]),
    _agreement("nobody ever proposed it", [], must([], [(0, 10)], judged=10)),
    _agreement("signed before it came to be judged", [agreement(-9, -5, ("sign", -7))], must()),
    _agreement("the signature grows too old", [agreement(-9, -5, ("sign", -7))], must([(3, 10)]), term={"signed": "10d"}),
    _agreement("signed anew in time", [agreement(-9, -5, ("sign", -7), ("sign", 2))], must(), term="10d"),
    _agreement("signed anew too late", [agreement(-9, -5, ("sign", -7), ("sign", 5))], must([(3, 5)]), term="10d"),
    _agreement("the unit has time to answer", [agreement(2, 6)], must([(6, 10)], [(0, 6)])),
    _agreement("the unit signs in time", [agreement(2, 6, ("sign", 4))], must([], [(0, 4)])),
    _agreement("the unit signs late", [agreement(2, 6, ("sign", 8))], must([(6, 8)], [(0, 6)])),
    _agreement("the unit refuses", [agreement(2, 6, ("refuse", 4))], must([(4, 10)], [(0, 4)])),
    _agreement("the unit signs and thinks better of it", [agreement(-9, -5, ("sign", -7), ("refuse", 4))], must([(4, 10)])),
    _agreement("it refuses, and signs in the end", [agreement(-9, -5, ("refuse", -7), ("sign", 4))], must([(0, 4)])),
    _agreement("put to it once more, and refused", [agreement(-9, -5, ("sign", -7)), agreement(1, 5, ("refuse", 3))], must([(3, 10)])),
    _agreement("put to it once more, refused, and withdrawn before the version is in force",
               [agreement(-9, -5, ("sign", -7), version=2), agreement(-6, -3, ("refuse", -4), version=2, withdrawn=-2)], must([(5, 10)], [(0, 5)]), policy({"review": "30d"}, 2, 5)),
    _agreement("what the journal does not know yet may be taken back", [agreement(-9, -5, ("sign", -7))], must([], [(6, 10)]), told=[listing(5)], read_on=6),
    _agreement("put to it once more, and not answered", [agreement(-9, -5, ("sign", -7)), agreement(1, 5)], must()),
    _agreement("withdrawn before anybody had to answer", [agreement(-9, 5, withdrawn=3)], must([], [(0, 10)])),
    _agreement("withdrawn when the answer was due", [agreement(-9, 2, withdrawn=4)], must([(2, 10)], [(0, 2)])),
    _agreement("withdrawn, and with it the signature", [agreement(-9, -5, ("sign", -7), withdrawn=4)], must([(4, 10)])),
    _agreement("another version was signed", [agreement(-9, -5, ("sign", -7), version=2)], must([], [(0, 5)]), policy({"review": "30d"}, 2, 5)),
    _agreement("another unit signed", [agreement(-9, 3, ("sign", -7), unit="next")], must([(3, 10)], [(0, 3)]), units=[NEXT]),
    _agreement("a unit that takes the asset over has not signed", [agreement(-9, 8, ("sign", -7))], must([(8, 10)], [(6, 8)]), units=[NEXT], assets=[OTHER_UNIT]),
    _agreement("grace", [], must([], [(3, 10)], judged=10), terms={"new_asset_grace": "3d"}, assets={"a": {"in_service": "2026-03-01T00:00:00Z"}}),
    _training("a new version of the policy asks for more", [ALWAYS, training("Ann", -5, 20), BOB], must([(4, 10)]), policy({"people": 3}, 2, 4)),
]  # fmt: skip


def _revised(rng: random.Random, one: Kept) -> Kept:
    """Return a runbook with a new version of its document, entered after its reviews, and sometimes told to be older."""
    acts = list(one.acts)
    place = len(acts) - (acts[-1].act == "retire")
    entered = acts[place - 1].at + rng.randint(0, 20) * DAY // 2
    entered = min(entered, acts[-1].at) if place < len(acts) else entered
    acts.insert(place, Acted("revise", entered, "author", _version(entered - rng.choice((0, 0, 0, 4, 30)) * DAY)))
    return Kept("runbook", acts)


def random_governed(seed: int, made: Plan) -> list[Kept]:
    """Add objectives of controls that rest on such records to a random programme's policies, and return records for them."""
    rng = random.Random(f"governed {seed}")
    for one in made.programme["policies"]:
        if rng.random() < 0.5:
            one["objectives"]["runbook"] = rng.choice(("2d", "5d", "1 month", {"reviewed": "10d"}))
        if rng.random() < 0.5:
            one["objectives"]["review"] = rng.choice(("3d", "10d", "1 month", {"signed": "1y"}))
        if rng.random() < 0.6:
            one["objectives"]["vendor"] = rng.choice(("3d", "10d", "1 month", {"assessed": "1y", "score": "40%"}))
        if rng.random() < 0.5:
            one["objectives"]["people"] = rng.choice((1, 2, 2, {"trained": 3}))

    def when(least: int = -20, most: int = 40) -> float:
        return (made.since - day(0)) / DAY + rng.randint(least, most) / 2

    kept: list[Kept] = []
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        on = when(-30, 20)
        reviews = sorted(on + rng.randint(0, 40) / 2 for _ in range(rng.choice((0, 1, 1, 2, 3))))
        ends = rng.random() < 0.3
        kept.append(
            runbook(on, *reviews, retired=max([on, *reviews]) + rng.randint(0, 20) / 2 if ends else None, **random_scope(rng, made))
        )
    revising = random.Random(f"revised {seed}")
    kept = [_revised(revising, one) if revising.random() < 0.4 else one for one in kept]
    for place in range(len(kept)):
        for _ in range(rng.choice((0, 1, 2, 3, 5))):
            since = when()
            ended = since + rng.randint(-2, 20) / 2 if rng.random() < 0.2 else None
            kept.append(training(
                rng.choice(("Ann", "Bob", "Eve", "ann", "Kim")), since, since + rng.randint(1, 40) / 2, place, confirmed=rng.random() < 0.8,
                ended=ended, withdrawn=ended is None and rng.random() < 0.1,
            ))  # fmt: skip
    for one in made.programme["policies"]:
        for _ in range(rng.choice((0, 1, 1, 2))):
            at = when()
            times = sorted(at + rng.randint(0, 40) / 2 for _ in range(rng.choice((0, 1, 1, 2))))
            last = max([at, *times]) + rng.randint(0, 20) / 2
            answers = [(rng.choice(("sign", "sign", "refuse")), x) for x in times]
            kept.append(agreement(
                at, at + rng.randint(-2, 20) / 2, *answers, version=one["version"], name=one["policy"], withdrawn=last if rng.random() < 0.2 else None,
            ))  # fmt: skip
    for one in made.programme["repositories"]:
        if rng.random() < 0.5:
            one["provider"] = rng.choice(("cloud", "other"))
    for provider in sorted({one["provider"] for one in made.programme["repositories"] if "provider" in one}):
        for _ in range(rng.choice((0, 1, 1, 2, 3))):
            on, retires = when(), rng.random() < 0.2
            answers = rng.choice((GOOD, GOOD, NOT_ALL, "0" * 10, "4" * 10))
            kept.append(vendor(
                on, on + rng.randint(1, 40) / 2, provider=provider, decided=rng.choice(("approve", "approve", None, "reject")), answers=answers,
            ))  # fmt: skip
            if retires and kept[-1].acts[-1].act != "reject":
                kept[-1] = Kept(
                    "vendor", [*kept[-1].acts, Acted("retire", day(on + rng.randint(0, 20) / 2), "head", {"reason": "old"})]
                )
    return kept
