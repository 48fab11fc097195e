"""The scheduler: when which step runs. One process runs it for a data folder; every run is noted, and jobs run one at a time."""

from __future__ import annotations

import fcntl
import json
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

import polars as pl
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from audit.content import Content
from audit.errors import BackupAuditError, CheckFailedError, UsageError
from audit.evaluation.kept import kept
from audit.evaluation.program import fingerprint
from audit.model.terms import local
from audit.register.job_runs import FAILED, SUCCESS, abandon_runs, begin_run, end_run, job_runs, run_begins
from audit.steps import drop_folder, remind
from audit.steps._open import Store
from audit.steps.follow import follow
from audit.steps.keep import assess_and_keep
from audit.steps.pull import due, fetched_sources, pull
from audit.steps.reconsider import reconsider
from audit.steps.verify import verify

LATE = 6 * 3600
"""Seconds by which a job may be late and still run: after that it waits for its next time."""
WATCHED_EVERY = 30
"""Seconds between two looks at the drop folder."""
PULLED_EVERY = 60
"""Seconds between two looks at which sources are due to be fetched."""

_log = logging.getLogger(__name__)


class Jobs:
    """The jobs of one data folder. `nightly`: hour and minute in the programme's zone; `dropped`: the drop folder, or null; `content`: the program's own when null."""

    def __init__(
        self, store: Store, nightly: tuple[int, int] = (2, 30), dropped: Path | None = None, content: Content | None = None
    ) -> None:
        self.store = store
        self.content = content
        self.nightly = nightly
        self.dropped = dropped
        self._lock: IO[str] | None = None
        self._tried: dict[str, datetime] = {}
        """When each source was last fetched, or tried to be, since the start (UTC)."""
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": LATE},
        )

    @property
    def names(self) -> dict[str, Callable[[], str]]:
        """The jobs that can be run by hand: each returns what it has to say."""
        found = {"assess": self._assess, "verify": self._verify, "pull": self._pull}
        found |= {remind.JOB: self._remind} if self.store.folder.mail is not None else {}
        return found | ({"drop-folder": self._drop_folder} if self.dropped else {})

    def start(self) -> None:
        """Begin. Raises `UsageError` when another process runs the jobs of this data folder."""
        self._lock = (self.store.folder.path / "scheduler.lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise UsageError(f"another process serves {self.store.folder.path} already") from error
        fingerprint()
        abandon_runs(self.store.journal.engine, datetime.now(UTC))
        zone = ZoneInfo(self.store.estate(self.store.head()).timezone)
        hour, minute = self.nightly
        at_night = {"hour": hour, "minute": minute, "timezone": zone}
        self._scheduler.add_job(self._noted, "cron", args=["assess", self._assess], id="assess", **at_night)
        self._scheduler.add_job(self._noted, "cron", args=["verify", self._verify], id="verify", **at_night)
        if self.store.folder.mail is not None:
            self._scheduler.add_job(self._noted, "cron", args=[remind.JOB, self._remind], id=remind.JOB, **at_night)
        self._scheduler.add_job(self._pull_due, "interval", seconds=PULLED_EVERY, id="pull", next_run_time=datetime.now(UTC))
        if self.dropped:
            self._scheduler.add_job(
                self._look, "interval", seconds=WATCHED_EVERY, id="drop-folder", next_run_time=datetime.now(UTC)
            )
        self._scheduler.start()
        if not kept(self.store.folder.assessments_path) and self.store.programmes(self.store.head()):
            self.run("assess", "start of the site")

    def stop(self) -> None:
        """Wait for the job under way, and end."""
        if self._scheduler.running:
            self._scheduler.shutdown()
        if self._lock is not None:
            self._lock.close()

    def run(self, job: str, by: str) -> int:
        """Start a job now, behind those under way; return the number of its run. Raises `UsageError` when there is no such job."""
        if job not in self.names:
            raise UsageError(f"there is no job {job!r}; there are: {', '.join(self.names)}")
        return self.start_run(job, by, self.names[job])

    def start_run(self, job: str, by: str, work: Callable[[], str]) -> int:
        """Start some work as a run of a job (of any name); return its number."""
        number = begin_run(self.store.journal.engine, job, by, datetime.now(UTC))
        self._scheduler.add_job(self._finish, args=[number, job, work])
        return number

    def next_times(self) -> dict[str, datetime | None]:
        """Return when each job runs next (UTC)."""
        return {
            job.id: job.next_run_time.astimezone(UTC)
            for job in self._scheduler.get_jobs()
            if job.id in self.names and job.next_run_time
        }

    def runs(self) -> pl.DataFrame:
        """Return the runs, the newest first."""
        return job_runs(self.store.journal.engine)

    def _noted(self, job: str, work: Callable[[], str]) -> None:
        self._finish(begin_run(self.store.journal.engine, job, "scheduler", datetime.now(UTC)), job, work)

    def _finish(self, number: int, job: str, work: Callable[[], str]) -> None:
        run_begins(self.store.journal.engine, number, datetime.now(UTC))
        try:
            outcome, message = SUCCESS, work()
        except BackupAuditError as error:
            outcome, message = FAILED, "; ".join([str(error), *map(str, error.faults[:10])])
        except Exception as error:  # noqa: BLE001 - a job that fails is noted as failed; the others go on
            _log.exception("the job %s failed", job)
            outcome, message = FAILED, f"{type(error).__name__}: {error}"
        end_run(self.store.journal.engine, number, outcome, message, datetime.now(UTC))

    def _assess(self) -> str:
        now = datetime.now(UTC)
        since, until = year_before(now, self.store.estate(self.store.head()).timezone)
        made = assess_and_keep(self.store, since, until, now=now).kept
        follow(self.store, made.assessment(), now=datetime.now(UTC), content=self.content)
        reviewed = reconsider(self.store, now=datetime.now(UTC), content=self.content)
        contradicted = ", ".join(one.review.id for one in reviewed if one.differs)
        return says(
            "assess-contradicted" if contradicted else "assess",
            results=made.about["results"],
            breaches=made.breaches.height,
            unproven=made.unproven.height,
            entry=made.as_known_at,
            assessment=made.id,
            **({"contradicted": contradicted} if contradicted else {}),
        )

    def _verify(self) -> str:
        done = verify(self.store)
        if done.broken:
            raise CheckFailedError(f"{len(done.broken)} broken", done.broken)
        return says("verify", entries=done.entries, payloads=done.payloads, checkpoints=done.checkpoints)

    def _remind(self) -> str:
        done = remind.remind(self.store, self.content or Content(), datetime.now(UTC))
        if done.failed:
            raise CheckFailedError(done.message())
        return done.message()

    def _pull(self, names: Sequence[str] = ()) -> str:
        sources = fetched_sources(self.store, names)
        self._tried |= {source.name: datetime.now(UTC) for source in sources}
        done = pull(self.store, sources, clock=lambda: datetime.now(UTC), by="scheduler")
        if failed := [f"{one.source}: {one.failed}" for one in done if one.failed]:
            raise CheckFailedError(f"{len(failed)} of {len(done)} sources could not be fetched: " + "; ".join(failed))
        return says("pull", sources=len(done), payloads=sum(one.payloads for one in done), new=sum(one.new for one in done))

    def _pull_due(self) -> None:
        """Fetch the sources whose time has come; only a look that finds one is noted."""
        if names := due(self.store, datetime.now(UTC), self._tried):
            self._noted("pull", lambda: self._pull(names))

    def _drop_folder(self) -> str:
        assert self.dropped is not None
        done = drop_folder.take(self.store, self.dropped, datetime.now(UTC))
        if done.refused:
            told = f"{done.taken} taken in, {len(done.refused)} refused: "
            raise CheckFailedError(told + "; ".join(f"{name}: {why}" for name, why in done.refused.items()))
        return says("drop-folder", taken=done.taken, new=done.new, unread=len(done.unread))

    def _look(self) -> None:
        """Look into the drop folder; only a look that finds something is noted."""
        assert self.dropped is not None
        if drop_folder.waits(self.dropped, datetime.now(UTC)):
            self._noted("drop-folder", self._drop_folder)


def says(key: str, **values: Any) -> str:
    """Return what a job has to say as JSON: the key of a wording and its values, for each reader in their language."""
    return json.dumps({"key": key, **values})


def year_before(now: datetime, zone: str) -> tuple[datetime, datetime]:
    """Return the twelve months before the last midnight in a zone: what the site assesses each night."""
    today = now.astimezone(ZoneInfo(zone)).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    day = today.day if (today.month, today.day) != (2, 29) else 28
    return local(today.replace(year=today.year - 1, day=day), zone), local(today, zone)
