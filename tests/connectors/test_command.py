"""The connector that runs a command: without a shell, with an end."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from audit.connectors import _programs
from audit.connectors._fetching import Asking, FetchError
from audit.connectors.command import Settings, fetch

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


def asking() -> Asking:
    times = iter(NOW + timedelta(seconds=second) for second in range(100))
    return Asking(lambda: next(times), lambda _: None)


def fetched(run, **more):
    return list(fetch(Settings(connector="command", run=run, **more), asking()))


def python(code, **more):
    return fetched([sys.executable, "-c", code], **more)


def test_what_it_printed_with_what_is_known_of_it():
    (one,) = python("print('hello')", complete=True, scope="host a")
    assert (one.name, one.payload) == ("stdout", b"hello\n")
    assert one.told == {
        "command": f"{sys.executable} -c 'print('\"'\"'hello'\"'\"')'", "exit_code": 0, "started_at": NOW, "finished_at": NOW + timedelta(seconds=1),
        "observed_at": NOW, "complete": True, "scope": "host a",
    }  # fmt: skip


def test_stderr_is_a_payload_of_its_own_and_a_failed_listing_is_not_complete():
    out, complained = python("import sys; print('[]'); print('Fatal: x', file=sys.stderr); sys.exit(3)", complete=True)
    assert (out.payload, out.told["exit_code"], out.told["complete"]) == (b"[]\n", 3, None)
    assert (complained.name, complained.payload, complained.told["exit_code"]) == ("stderr", b"Fatal: x\n", 3)
    (only,) = python("import sys; sys.exit('Fatal: y')")
    assert (only.name, only.payload, only.told["exit_code"]) == ("stderr", b"Fatal: y\n", 1)


def test_what_prints_nothing_is_told_all_the_same():
    (one,) = python("pass")
    assert (one.payload, one.told["exit_code"]) == (b"", 0)


def test_no_shell_reads_the_arguments(tmp_path):
    (one,) = fetched(["/bin/echo", f"$HOME; touch {tmp_path}/x `id`"])
    assert one.payload == f"$HOME; touch {tmp_path}/x `id`\n".encode()
    assert not (tmp_path / "x").exists()


def test_the_environment_is_what_is_declared(monkeypatch, tmp_path):
    monkeypatch.setenv("OURS", "hidden")
    monkeypatch.setenv("SECRET_PLACE", "hunter2")
    code = "import os; print(os.environ.get('OURS'), os.environ['A'], os.environ['B'], os.getcwd())"
    (one,) = python(code, environment={"A": "text", "B": {"env": "SECRET_PLACE"}}, folder=str(tmp_path))
    assert one.payload == f"None text hunter2 {tmp_path}\n".encode()
    assert "hunter2" not in str(one.told)


def test_it_is_ended_with_its_children(tmp_path):
    alive = tmp_path / "alive"
    child = f"import time\nwhile True:\n open({str(alive)!r}, 'a').write('x'); time.sleep(0.02)"
    code = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(60)"
    with pytest.raises(FetchError, match="was ended: it took longer than 1s"):
        python(code, timeout="1s")
    size = alive.stat().st_size
    time.sleep(0.3)
    assert alive.stat().st_size == size > 0


def test_what_cannot_be_run_or_prints_too_much(monkeypatch, tmp_path):
    with pytest.raises(FetchError, match="cannot be run: No such file"):
        fetched(["/nowhere/restic"])
    with pytest.raises(FetchError, match="cannot be run"):
        fetched([str(tmp_path)])
    monkeypatch.setattr(_programs, "LARGEST", 10)
    with pytest.raises(FetchError, match="printed more than"):
        python("print('x' * 100)")


@pytest.mark.parametrize("told", [{"run": []}, {"run": "restic snapshots"}, {"run": ["a\0b"]}, {"run": ["a"], "timeout": "soon"}])
def test_settings_that_cannot_be_right(told):
    with pytest.raises(ValidationError):
        Settings.model_validate({"connector": "command", **told})
