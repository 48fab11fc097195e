"""An object store for tests: moto's server of S3, with one empty bucket, in a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

SERVER = Path(sys.prefix) / "object-store" / "bin" / "moto_server"
SECRET = "only-for-tests"
PATIENCE_SECONDS = 90


@contextmanager
def bucket(monkeypatch: pytest.MonkeyPatch, name: str = "audit-catalog") -> Iterator[str]:
    """Yield the address of an empty bucket; what is needed to reach it is in the environment meanwhile, also of processes that are started."""
    assert SERVER.exists(), f"install it with: make {SERVER.parents[1].relative_to(Path.cwd())}/.installed"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    told = {
        "ACCESS_KEY_ID": "tests",
        "SECRET_ACCESS_KEY": SECRET,
        "REGION": "us-east-1",
        "ENDPOINT_URL": endpoint,
        "ALLOW_HTTP": "true",
    }
    with subprocess.Popen(
        [SERVER, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            _made(f"{endpoint}/{name}", server)
            for key, value in told.items():
                monkeypatch.setenv(f"AWS_{key}", value)
            yield f"s3://{name}"
        finally:
            server.kill()


def _made(url: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and server.poll() is None:
        with suppress(requests.ConnectionError):
            requests.put(url, timeout=30).raise_for_status()
            return
        time.sleep(0.1)
    raise AssertionError(f"the object store for tests did not start ({server.poll()})")
