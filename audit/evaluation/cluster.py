"""Chunks on a Dask cluster: each worker opens the catalog by itself, reads the rows of a chunk, judges them, and sends back what came of it.

What goes over the wire is the chunk (its estate, as known to us), where the catalog lies and in which state its tables are to be read, and
back the results: pickled and compressed by us, so that a worker of another version is recognised before it unpacks anything. No
credentials: a worker that reads an object store has them in its own environment.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import platform
import re
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl
import zstandard

import audit
from audit.catalog.catalog import Catalog
from audit.catalog.place import Prefix
from audit.catalog.table import Pin, readable
from audit.errors import BackupAuditError, UsageError
from audit.evaluation.assess import Judged, judge
from audit.evaluation.chunks import Chunk, fetch
from audit.evaluation.program import fingerprint

PATIENCE_SECONDS = 20
"""How long we wait for a scheduler to answer, for the first worker, and for another one when all are gone."""
LOOK_SECONDS = 2
"""How often we look whether there are workers, while we wait for chunks."""
_ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9A-Fa-f:.%]+\]|[\w.-]+):\d{1,5}", re.ASCII)

Message = str
"""What is wrong at a worker, as the end of a sentence that begins with it."""


class ClusterError(BackupAuditError):
    """The cluster cannot do what it is asked for."""


@dataclass(frozen=True, slots=True)
class Place:
    """A catalog as a worker opens it. folder: where its tables lie, or address: in an object store. pins: their states, by name. mark: up to which journal entry
    they must know it."""

    folder: str
    address: str | None
    pins: tuple[tuple[str, Pin], ...]
    mark: int


@cache
def program() -> dict[str, str]:
    """Return what must be the same here and at a worker for the results to be the same: versions, and a hash of the program's own files."""
    libraries = {name: version(name) for name in ("deltalake", "pydantic", "dask", "distributed")}
    ours = {"backup-audit": audit.__version__, "program files": fingerprint(), "Python": platform.python_version()}
    return ours | {"Polars": pl.__version__} | libraries


def differing(theirs: Mapping[str, str], ours: Mapping[str, str]) -> Message | None:
    """Say in what two programs differ; null: in nothing."""
    wrong = [f"{name} {theirs.get(name, 'none')} where we have {told}" for name, told in ours.items() if theirs.get(name) != told]
    return f"has {', '.join(wrong)}: install the same versions on all machines" if wrong else None


@lru_cache(maxsize=2)
def _opened(place: Place) -> Catalog:
    return Catalog(Path(place.folder), place.address, dict(place.pins))


def work(ours: Mapping[str, str], task: bytes) -> bytes | Message:
    """Judge one chunk, at a worker. Return what came of it, packed, or what is wrong here."""
    if wrong := differing(program(), ours):
        return wrong
    place, known, chunk, since, until, controls = _unpacked(task)
    try:
        catalog = _opened(place)
        if catalog.mark() < place.mark:
            return f"sees the catalog only up to journal entry {catalog.mark()}, and we up to {place.mark}"
        with readable(catalog.place):
            rows = fetch(catalog, known, chunk)
    except BackupAuditError as error:
        return f"cannot read the catalog: {error}"
    return _packed(judge(chunk.estate, rows, since, until, controls))


def _packed(value: object) -> bytes:
    return zstandard.compress(pickle.dumps(value, protocol=5), 3)


def _unpacked(packed: bytes) -> Any:
    # By whom the cluster is reached decides who runs code on it, and on us: as with everything that Dask sends.
    return pickle.loads(zstandard.decompress(packed))  # noqa: S301


class Cluster:
    """A connection to a cluster whose workers run our very program."""

    def __init__(self, address: str, client: Any) -> None:
        """client: a `distributed.Client`."""
        self.address = address
        self._client = client

    def check(self) -> None:
        """Raise `ClusterError` when there is no worker, or one on which another program runs."""
        with self._told():
            try:
                self._client.wait_for_workers(1, timeout=PATIENCE_SECONDS)
            except TimeoutError:
                raise ClusterError(f"the cluster at {self.address} has no workers") from None
            for worker, theirs in sorted(self._client.run(program, on_error="return").items()):
                if isinstance(theirs, ModuleNotFoundError):
                    raise self._wrong(worker, f"cannot run backup-audit ({theirs}): install it there, with the extra `cluster`")
                if isinstance(theirs, BaseException):
                    raise self._wrong(worker, f"does not answer ({_first(theirs)})")
                if wrong := differing(theirs, program()):
                    raise self._wrong(worker, wrong)

    def judge(
        self, catalog: Catalog, known: int, chunks: Sequence[Chunk], since: int, until: int, controls: Sequence[str] | None = None,
        finished: Callable[[int], None] | None = None,
    ) -> Iterator[Judged]:  # fmt: skip
        """Judge chunks as `judge_chunks` does. `finished` is told as they finish; what came of them is yielded in order, when all have."""
        address = catalog.place.address if isinstance(catalog.place, Prefix) else None
        pins = tuple(catalog.pins().items())
        place = Place(str(catalog.path.absolute()), address, pins, min(known, catalog.mark()))
        tasks = [_packed((place, known, chunk.wide or chunk, since, until, controls)) for chunk in chunks]
        with self._told():
            # Never two for one: Dask would take equal calls of other assessments for the same, and keep what a worker said was wrong.
            futures = self._client.map(work, [program()] * len(tasks), tasks, pure=False)
            self._wait(futures, finished)
        for future in futures:
            with self._told():
                done = future.result()
            if isinstance(done, str):
                raise self._wrong(self._where(future), done)
            future.release()
            judged = _unpacked(done)
            assert isinstance(judged, Judged)
            yield judged

    def _wait(self, futures: Sequence[Any], finished: Callable[[int], None] | None) -> None:
        """Wait for all, and no longer than there are workers that could do them; end at the first that says something is wrong."""
        from distributed import wait  # an extra

        left, alone_since = set(futures), None
        while left:
            try:
                with self._client.as_current():  # whom `wait` asks
                    done, left = wait(left, timeout=LOOK_SECONDS, return_when="FIRST_COMPLETED")
            except TimeoutError:
                if self._client.status != "running":
                    raise ClusterError(f"the scheduler at {self.address} is gone") from None
                alone_since = None if self._client.scheduler_info()["workers"] else alone_since or time.monotonic()
                if alone_since and time.monotonic() > alone_since + PATIENCE_SECONDS:
                    raise ClusterError(f"the cluster at {self.address} has lost all its workers") from None
                continue
            for future in done:
                if future.type is str or future.status != "finished":
                    said = future.result()
                    raise self._wrong(self._where(future), said)
            if finished:
                finished(len(futures) - len(left))

    def _where(self, future: Any) -> str:
        """Return the address of the worker that holds what came of a task."""
        return str(next(iter(self._client.who_has([future]).get(future.key, ())), self.address))

    def _wrong(self, worker: str, message: Message) -> ClusterError:
        return ClusterError(f"the worker at {worker} {message}")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what Dask raises about the cluster into a sentence. What a task itself raised is a mistake of the program, and stays what it is."""
        from distributed import KilledWorker  # an extra

        try:
            yield
        except KilledWorker as error:
            raise ClusterError(
                f"a chunk was given to worker after worker of {self.address}, and each was lost (the last at {error.last_worker.address}): "
                "give the workers more memory, or look into their logs"
            ) from None
        except CancelledError:
            raise ClusterError(f"the scheduler at {self.address} is gone, or somebody has cancelled our work there") from None
        except OSError as error:  # of closed connections and time-outs too
            raise ClusterError(f"the connection to the cluster at {self.address} is lost ({_first(error)})") from None


def _first(error: BaseException) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0]


async def _greeted(address: str) -> None:
    """Exchange greetings with a scheduler. A client would wait for ever for those of somebody who listens and says nothing."""
    from distributed import Security  # an extra
    from distributed.comm import connect

    async def greet() -> None:
        comm = await connect(address, timeout=PATIENCE_SECONDS, **Security().get_connection_args("client"))
        await comm.close()

    await asyncio.wait_for(greet(), PATIENCE_SECONDS + 1)


@contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """Connect to the scheduler at an address, tcp://HOST:PORT or tls://HOST:PORT (certificates are those of Dask's own configuration).

    Raises `UsageError` for another address, or without the extra; `ClusterError` when nobody answers, or the workers are not like us."""
    if not _ADDRESS.fullmatch(address):
        raise UsageError(f"--cluster {address!r}: write the scheduler's address as tcp://HOST:PORT or tls://HOST:PORT")
    try:
        from distributed import Client  # an extra
    except ModuleNotFoundError:
        raise UsageError("--cluster needs the extra: pip install 'backup-audit[cluster]'") from None
    from distributed.versions import VersionMismatchWarning

    # Dask tells its own story of every lost connection, with tracebacks; ours is told once, by what we raise.
    for name in ("distributed", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        asyncio.run(_greeted(address))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VersionMismatchWarning)  # we compare more, and refuse
            client = Client(address, timeout=PATIENCE_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterError(f"no scheduler of Dask answers at {address} ({_first(error)})") from None
    try:
        cluster = Cluster(address, client)
        cluster.check()
        yield cluster
    finally:
        client.close(timeout=2)
