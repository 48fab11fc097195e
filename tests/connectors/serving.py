"""A server of recorded answers on loopback: what a connector asks is noted, and answered with what a test recorded for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """What is answered: `drop` closes the connection in the middle of the body."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False


@dataclass
class Recorded:
    """A server while it runs. `answers`: by `METHOD path?query` (or without the query), each a list that is worked off; its last one answers from then on."""

    url: str
    answers: dict[str, list[Answer]]
    asked: list[Asked] = field(default_factory=list)

    def paths(self) -> list[str]:
        """Return what was asked, as `METHOD path?query`."""
        return [f"{one.method} {one.path}" for one in self.asked]


@contextmanager
def serving(answers: dict[str, Sequence[Answer] | Answer]) -> Iterator[Recorded]:
    """Serve recorded answers on a free port of this machine; whatever is not recorded is 404."""
    recorded = Recorded("", {key: [one] if isinstance(one, Answer) else list(one) for key, one in answers.items()})

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            recorded.asked.append(Asked(self.command, self.path, dict(self.headers), body))
            keys = (f"{self.command} {self.path}", f"{self.command} {self.path.partition('?')[0]}")
            found = next((recorded.answers[key] for key in keys if key in recorded.answers), [Answer(b"not recorded", 404)])
            answer = found.pop(0) if len(found) > 1 else found[0]
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body) + (10 if answer.drop else 0)))
            self.end_headers()
            self.wfile.write(answer.body)
            self.close_connection = answer.drop

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - http.server's names

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    recorded.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield recorded
    finally:
        server.shutdown()
        server.server_close()
