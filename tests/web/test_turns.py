"""Pages are made a few at a time; what takes long does not hold a turn."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from audit.web._turns import AT_ONCE, in_turn


class Counting:
    """An application that notes how many of its requests were under way at once; each waits until `open` is set."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.lock, self.open = threading.Lock(), threading.Event()
        self.begun = threading.Semaphore(0)

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.begun.release()
        assert self.open.wait(20)
        with self.lock:
            self.now -= 1
        return [b"made"]


def request(path: str, method: str = "GET", query: str = "") -> dict[str, Any]:
    return {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}


def test_no_more_pages_than_agreed_are_made_at_once() -> None:
    counting = Counting()
    served = in_turn(counting)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(served, request("/breaches"), None) for _ in range(8)]
        for _ in range(AT_ONCE):
            assert counting.begun.acquire(timeout=20)
        assert not counting.begun.acquire(timeout=0.2)
        counting.open.set()
        assert [list(one.result(20)) for one in asked] == [[b"made"]] * 8
    assert counting.most == AT_ONCE


@pytest.mark.parametrize(
    "environ",
    [
        request("/breaches", query="format=csv"),
        request("/upload", "POST"),
        request("/reports/annual-review.pdf"),
        request("/evidence/3/raw"),
        request("/static/site.css"),
    ],
)
def test_what_takes_long_waits_for_no_turn(environ: dict[str, Any]) -> None:
    counting = Counting()
    served = in_turn(counting)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(served, environ, None) for _ in range(AT_ONCE + 2)]
        for _ in range(AT_ONCE + 2):
            assert counting.begun.acquire(timeout=20)
        counting.open.set()
        assert len([one.result(20) for one in asked]) == AT_ONCE + 2


def test_a_page_that_fails_gives_its_turn_back() -> None:
    def failing(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        raise RuntimeError("broken")

    served = in_turn(failing)
    for _ in range(AT_ONCE + 1):
        with pytest.raises(RuntimeError):
            served(request("/"), None)
