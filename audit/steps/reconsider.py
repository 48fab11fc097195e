"""Reconsider: judge the periods of closed reviews again with what became known later, list what differs, and follow it in findings (design 5: what contradicts an issued report)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from audit.content import Content
from audit.errors import UsageError
from audit.evaluation.changed import Then, changed_assets
from audit.evaluation.compare import Comparison, compare
from audit.model.terms import micros
from audit.policy.in_one_go import in_one_go
from audit.policy.suggest import one_of, unknown
from audit.register.acts import records
from audit.register.records._record import Record
from audit.steps._open import Progress, Store, quietly
from audit.steps.assess import assess, estate_of, known_of
from audit.steps.catch_up import catch_up
from audit.steps.follow import Followed, follow


@dataclass(frozen=True, slots=True)
class Reconsidered:
    """What became of the period of one closed review. frozen: the entry it was reviewed at; known: the one it was judged at now. assets: those of which something became known since
    that may change a verdict; comparison, followed: of them; null where there are none."""

    review: Record
    since: datetime
    until: datetime
    frozen: int
    known: int
    assets: tuple[str, ...] = ()
    comparison: Comparison | None = None
    followed: Followed | None = None

    @property
    def differs(self) -> bool:
        """Whether a breach is new, gone, longer, shorter or waived, or a verdict another."""
        return self.comparison is not None and self.comparison.changed.height > 0


@in_one_go()
def reconsider(
    store: Store, names: Sequence[str] = (), *, now: datetime, content: Content | None = None, progress: Progress = quietly
) -> list[Reconsidered]:
    """Judge the periods of closed reviews (all, or those named) as known now, of the assets of which anything became known since the review was frozen; enter what that shows of
    breaches into findings, and return what differs, in the order in which the reviews were opened. The reviews stay as they are. Raises `UsageError` for a review that is not closed.
    """
    store.folder.must_be_writable()
    catch_up(store, progress=progress)
    closed = {one.id: one for one in records(store.journal, store.vault)["review"].values() if one.state == "closed"}
    if strangers := [name for name in names if name not in closed]:
        raise UsageError(f"{unknown('closed review', strangers[0], closed)} ({one_of(closed)})")
    chosen = [one for name, one in closed.items() if not names or name in names]
    return [_reconsidered(store, one, now, content, progress) for one in chosen]


def _reconsidered(store: Store, review: Record, now: datetime, content: Content | None, progress: Progress) -> Reconsidered:
    told = review.values
    since, until = (datetime.fromisoformat(told[name]) for name in ("since", "until"))
    frozen, known = int(told["as_known_at"]), store.head()
    done = Reconsidered(review, since, until, frozen, known)
    then, today = (_then(store, entry) for entry in (frozen, known))
    assets = sorted(changed_assets(store.catalog, then, today, micros(until)))
    if not assets:
        return done
    before, after = (
        assess(
            store, since, until, one.entry, assets=sorted({*assets} & {*one.estate.segments["asset"]}), progress=progress
        )
        for one in (then, today)
    )  # fmt: skip
    followed = follow(store, after, now=now, content=content)
    return replace(done, assets=tuple(assets), comparison=compare(before, after), followed=followed)


def _then(store: Store, entry: int) -> Then:
    estate = estate_of(store, entry, given=True)
    return Then(entry, replace(estate, known=known_of(store, entry, estate, None)))
