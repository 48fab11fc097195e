"""`assess --cluster` on two worker processes: the very output of a local run, and a sentence for each way in which a cluster can fail."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask
import pytest
from distributed import LocalCluster, Security, WorkerPlugin

import audit.evaluation.cluster as cluster_module
from audit.catalog.catalog import Catalog
from audit.steps._open import open_store
from tests.cli.session import PROGRAMME, Done, Session
from tests.objects import bucket

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
ASSETS = 8
CHUNKS = ASSETS + 1
"""The assets of the example, of which nothing was told, share one."""
BESIDE = ("db-00", "db-07")
"""With these the databases of the core have to be recovered."""
ASSESS = ("assess", "--from", "2026-11-01", "--to", "2026-11-11", "--format", "json")


@contextmanager
def workers(**options: Any) -> Iterator[LocalCluster]:
    with (
        dask.config.set({"distributed.worker.daemon": True, "distributed.comm.timeouts.connect": "20s"}),
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50, **options
        ) as cluster,
    ):  # fmt: skip
        yield cluster


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with workers() as made:
        yield made


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return estate(tmp_path_factory.mktemp("estate"))


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut a chunk for each asset. The client cuts, so workers need not be told."""
    monkeypatch.setattr("audit.evaluation.chunks.ROWS", 1)
    monkeypatch.setattr("audit.evaluation.cluster.PATIENCE_SECONDS", 60)


def estate(folder: Path, *options: str) -> Session:
    """Make a data folder of eight databases, six of them to be recovered with two others, with full and incremental copies, gaps, and an orphan."""
    programme, names = folder / "programme", [f"db-{number:02}" for number in range(ASSETS)]
    programme.mkdir()
    for file in PROGRAMME.glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        if file.name == "assets.yaml":
            text += "".join(
                f"\n  - {{name: {name}, unit: platform, data_class: messages, tier: {'standard' if name in BESIDE else 'core'}, site: dc1, medium: flash, in_service: 2026-10-01, "
                f"subjects: [{{source: messages-db, subject: {name}}}], repositories: [nas-dc1]}}"
                for name in names
            )  # fmt: skip
        if file.name == "policy-core.yaml":
            text = text.replace(
                "objectives:\n", "objectives:\n  recover_with: {assets: [db-00, db-07], skew: 15m}\n"
            )  # read beside each chunk
        (programme / file.name).write_text(text + "\n", encoding="utf-8")
    session = Session(folder / "data")
    session.fine("init", "--organisation", "Yunhe Messaging", *options)
    session.fine("apply", programme, "--by", "olivia")
    for day in (3, 6, 9):
        session.fine("ingest", "--source", "messages-db", "--repository", "nas-dc1", listing(folder, day))
    return session


def listing(folder: Path, day: int) -> Path:
    """Write what the store held in the morning of a day of November: a copy of every sixth hour of each database, less some."""
    rows: list[dict[str, Any]] = [{"record": "listing", "listed_at": f"2026-11-{day:02}T00:00:00Z", "complete": True}]
    for number in range(ASSETS + 1):
        subject = f"db-{number:02}" if number < ASSETS else "nobodys"
        for hour in range(0, (day - 1) * 24, 6):
            if (hour // 6 + number) % 7:
                at = f"2026-11-{1 + hour // 24:02}T{hour % 24:02}:{number:02}:00Z"
                made = {"method": "full"} if hour % 24 == 0 else {"method": "incremental", "base": f"{number}-{hour // 24 * 24}"}
                rows.append(
                    {"record": "recovery_point", "id": f"{number}-{hour}", "subject": subject, "captured_at": at, "available_at": at, **made}
                )  # fmt: skip
    file = folder / f"{day:02}.ndjson"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def in_the_middle(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> list[tuple[int, int]]:
    """Have something done when the first chunk is finished. Return where it will be told how many chunks were finished, of how many."""
    told: list[tuple[int, int]] = []

    def shown(what: str, done: int, total: int) -> None:
        if what == "assess":
            told.append((done, total))
            if len(told) == 1:
                act()

    @contextmanager
    def progress() -> Iterator[Callable[[str, int, int], None]]:
        yield shown

    monkeypatch.setattr("audit.cli.assess.progress", progress)
    return told


def on(cluster: LocalCluster, session: Session, *more: str) -> Done:
    return session(*ASSESS, "--cluster", cluster.scheduler_address, *more)


def run(cluster: LocalCluster, code: str, count: int = 2) -> None:
    """Run code in so many workers."""
    with cluster.get_client() as client:
        chosen = sorted(client.scheduler_info()["workers"])[:count]
        client.run(exec, code, {}, workers=chosen)


def sentence(done: Done) -> str:
    """Return the one sentence with which a command ended with exit code 2."""
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1), done
    assert done.err.startswith("Error: ")
    return done.err.removeprefix("Error: ").strip()


def test_the_output_is_that_of_a_local_run(
    cluster: LocalCluster, session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = session(*ASSESS)
    told = in_the_middle(monkeypatch, lambda: None)
    there = on(cluster, session)
    assert told[-1] == (CHUNKS, CHUNKS)
    assert there == here
    assert here.code == 1
    verdicts = {result["verdict"] for result in here.json["results"]}
    assert {"met", "breached", "unproven"} <= verdicts
    asked = ("--control", "consistency", "--asset", "db-03", "--asset", "db-00")
    assert on(cluster, session, *asked) == session(*ASSESS, *asked)
    refused = on(cluster, session, "--what-if", "rpo=12h")
    assert refused.code == 2
    assert "--cluster judges what was agreed" in refused.err


def test_what_is_written_meanwhile_changes_nothing(
    cluster: LocalCluster, session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = session(*ASSESS)

    def written() -> None:
        session.fine("ingest", "--source", "messages-db", "--repository", "nas-dc1", listing(tmp_path, 10))
        store = open_store(session.data)
        assert store.catalog.compact(force=True)
        store.close()

    told = in_the_middle(monkeypatch, written)
    assert on(cluster, session) == here
    assert told[-1] == (CHUNKS, CHUNKS)
    assert json.loads(session(*ASSESS).out)["as_known_at"] > here.json["as_known_at"]


def test_a_worker_that_is_lost_in_the_middle_changes_nothing(
    cluster: LocalCluster, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = session(*ASSESS)
    with cluster.get_client() as client:
        before = client.run(os.getpid)
    victim = min(before.values())
    told = in_the_middle(monkeypatch, lambda: os.kill(victim, signal.SIGKILL))
    assert on(cluster, session) == here
    assert told[-1] == (CHUNKS, CHUNKS)
    with cluster.get_client() as client:
        client.wait_for_workers(2, timeout=60)
        assert victim not in client.run(os.getpid).values()


def test_a_catalog_that_a_worker_does_not_find_or_that_is_another_one(
    cluster: LocalCluster, session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    packed, elsewhere = cluster_module._packed, tmp_path / "catalog"

    def to_elsewhere(task: Any) -> bytes:
        return packed((replace(task[0], folder=str(elsewhere)), *task[1:]))

    monkeypatch.setattr(cluster_module, "_packed", to_elsewhere)
    said = sentence(on(cluster, session))
    assert said.startswith("the worker at tcp://127.0.0.1:")
    assert f" cannot read the catalog: it finds no catalog table {elsewhere}/" in said
    assert not elsewhere.exists()
    Catalog(elsewhere).mark()  # makes one
    said = sentence(on(cluster, session))
    assert f" cannot read the catalog: the catalog table {elsewhere}/" in said
    assert "is another one of the same name" in said or "cannot be read as of version" in said
    monkeypatch.setattr(cluster_module, "_packed", packed)
    in_the_middle(monkeypatch, lambda: session.fine("rebuild"))
    assert " cannot read the catalog: the catalog table " in sentence(on(cluster, session))
    assert session(*ASSESS).code == 1


@pytest.mark.parametrize(
    ("module", "place", "value", "wrong"),
    [
        ("audit", "audit.__version__", "'0.0.9'", "backup-audit 0.0.9 where we have "),
        ("polars", "polars.__version__", "'1.0.0'", "Polars 1.0.0 where we have "),
        ("platform", "platform.python_version", "lambda: '3.10.1'", "Python 3.10.1 where we have "),
        ("pathlib", "pathlib.Path.read_bytes", "lambda self: b''", "program files "),
    ],
)
def test_a_worker_of_another_version(
    session: Session, cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch, module: str, place: str, value: str, wrong: str
) -> None:
    again = "from audit.evaluation.cluster import fingerprint, program; program.cache_clear(); fingerprint.cache_clear()"
    other = f"import builtins, {module}; builtins.kept = {place}; {place} = {value}; {again}"
    as_it_was = f"import builtins, {module}; {place} = getattr(builtins, 'kept', {place}); {again}"
    try:
        run(cluster, other, 1)
        said = sentence(on(cluster, session))
        assert said.startswith("the worker at tcp://127.0.0.1:")
        assert f" has {wrong}" in said
        assert said.endswith(": install the same versions on all machines")
        run(cluster, as_it_was, 1)
        in_the_middle(monkeypatch, lambda: run(cluster, other))  # as if they had come later
        assert f" has {wrong}" in sentence(on(cluster, session))
    finally:
        run(cluster, f"{as_it_was}; vars(builtins).pop('kept', None)")


def test_a_cluster_that_is_not_there(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.evaluation.cluster.PATIENCE_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        # Somebody listens, who is no scheduler and says nothing.
        assert sentence(session(*ASSESS, "--cluster", address)).startswith(f"no scheduler of Dask answers at {address} (")
    assert sentence(session(*ASSESS, "--cluster", address)).startswith(f"no scheduler of Dask answers at {address} (")
    for wrong in ("scheduler:8786", "inproc://x/1/2", "tcp://host", "tcp://user:secret@host:1"):
        assert sentence(session(*ASSESS, "--cluster", wrong)) == (
            f"--cluster {wrong!r}: write the scheduler's address as tcp://HOST:PORT or tls://HOST:PORT"
        )


def test_without_the_extra(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert (
        sentence(session(*ASSESS, "--cluster", "tcp://host:8786"))
        == "--cluster needs the extra: pip install 'backup-audit[cluster]'"
    )


def test_chunks_that_kill(session: Session) -> None:
    with workers() as own:
        with own.get_client() as client:
            client.register_plugin(Deadly())
        said = sentence(on(own, session))
        assert said.startswith(
            f"a chunk was given to worker after worker of {own.scheduler_address}, and each was lost (the last at tcp://127.0.0.1:"
        )


def test_workers_that_are_all_gone(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    with workers() as own:
        address = own.scheduler_address
        monkeypatch.setattr("audit.evaluation.cluster.PATIENCE_SECONDS", 8)
        in_the_middle(monkeypatch, lambda: own.scale(0))
        assert sentence(on(own, session)) == f"the cluster at {address} has lost all its workers"
        assert sentence(on(own, session)) == f"the cluster at {address} has no workers"
        monkeypatch.setattr("audit.evaluation.cluster.PATIENCE_SECONDS", 60)
        own.scale(2)
        in_the_middle(monkeypatch, own.close)
        assert f" {address} is " in sentence(on(own, session))


class Deadly(WorkerPlugin):
    """Has each worker end when it judges, also the one that takes its place."""

    name = "deadly"

    def setup(self, worker: Any) -> None:
        worker_process_ends = lambda *_: os._exit(1)  # noqa: E731
        cluster_module.judge = worker_process_ends  # type: ignore[assignment]


def test_over_tls_with_certificates_of_dasks_configuration(session: Session) -> None:
    own = Security.temporary()
    here = session(*ASSESS)
    with workers(security=own, protocol="tls://") as cluster:
        assert cluster.scheduler_address.startswith("tls://")
        without = sentence(on(cluster, session))
        assert without.startswith(f"no scheduler of Dask answers at {cluster.scheduler_address} (")
        client = {"cert": own.tls_client_cert, "key": own.tls_client_key}
        with dask.config.set(
            {"distributed.comm.tls.ca-file": own.tls_ca_file, **{f"distributed.comm.tls.client.{key}": told for key, told in client.items()}}
        ):  # fmt: skip
            assert on(cluster, session) == here


def test_a_catalog_in_an_object_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.evaluation.chunks.ROWS", 60)  # the store for tests takes a while for each request
    with bucket(monkeypatch) as store:
        there = estate(tmp_path, "--catalog", f"{store}/audit")
        with workers() as cluster:  # they have the credentials in their environment
            told = in_the_middle(monkeypatch, lambda: None)
            assert on(cluster, there) == there(*ASSESS)
            assert told[0][1] > 2
