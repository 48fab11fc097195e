"""HTTP as connectors speak it: retries, limits, no redirects, and no secret in any message."""

from __future__ import annotations

import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import ValidationError

from audit.connectors import _http
from audit.connectors._fetching import FetchError
from audit.connectors._http import Http, HttpFetch, joined
from tests.connectors.serving import Answer, serving


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(_http, "PAUSE", 0.0)


def http(url: str, **more) -> Http:
    return Http(HttpFetch(connector="x", url=url, requests_per_second=1000), **more)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(status):
    with serving({"GET /a": [Answer(b"no", status), Answer(b"no", status), Answer(b"yes")]}) as server:
        assert http(server.url).get("/a").content == b"yes"
        assert len(server.asked) == 3


def test_how_long_to_wait_is_obeyed(monkeypatch):
    waited = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", waited.append)
    with serving({"GET /a": [Answer(b"", 429, {"Retry-After": "7"}), Answer(b"yes")]}) as server:
        assert http(server.url).get("/a").content == b"yes"
    assert [pause for pause in waited if pause] == [7]


def test_a_server_that_stays_busy_is_given_up():
    with serving({"GET /a": Answer(b"no", 503)}) as server:
        with pytest.raises(FetchError, match=r"/a answered 503 .*: tried 6 times$"):
            http(server.url).get("/a")
        assert len(server.asked) == 6


@pytest.mark.parametrize(
    ("status", "said"), [(401, "not accepted"), (403, "may not read"), (404, "version of the API"), (400, "400")]
)
def test_what_is_refused_is_asked_once_and_says_what_to_do(status, said):
    with serving({"GET /a": Answer(b"secret inside", status)}) as server:
        with pytest.raises(FetchError, match=said) as caught:
            http(server.url).get("/a")
        assert len(server.asked) == 1
    assert "secret inside" not in str(caught.value)


def test_redirects_are_not_followed():
    with serving({"GET /a": Answer(b"", 302, {"Location": "/b"}), "GET /b": Answer(b"yes")}) as server:
        with pytest.raises(FetchError, match="redirects are not followed"):
            http(server.url).get("/a")
        assert server.paths() == ["GET /a"]


def test_an_answer_cut_off_is_none():
    with serving({"GET /a": Answer(b"half", drop=True)}) as server, pytest.raises(FetchError, match=r"/a: "):
        http(server.url).get("/a")


def test_an_answer_too_large_is_not_taken(monkeypatch):
    monkeypatch.setattr(_http, "LARGEST", 100_000)
    with serving({"GET /a": Answer(b"x" * 200_000)}) as server, pytest.raises(FetchError, match="larger than"):
        http(server.url).get("/a")


def test_no_secret_in_a_message():
    with serving({}) as server, pytest.raises(FetchError) as caught:
        http(server.url, secrets={"hunter2-token"}).get("/jobs/hunter2-token", {"key": "hunter2-token"})
    assert "hunter2" not in str(caught.value)
    assert "/jobs/***" in str(caught.value)


def test_nothing_is_asked_of_another_server():
    with serving({"GET /a?page=2": Answer(b"yes")}) as server:
        ours = http(server.url)
        assert ours.get(f"{server.url}/a?page=2").content == b"yes"
        for other in (f"{server.url}.evil.example/a", f"{server.url}@evil.example/a", "https://evil.example/a", "a"):
            with pytest.raises(FetchError, match="another server"):
                ours.get(other)
        assert server.paths() == ["GET /a?page=2"]


def test_nobody_listens():
    with serving({}) as server:
        url = server.url
    with pytest.raises(FetchError, match="refused"):
        http(url).get("/a")


@pytest.mark.parametrize(
    "url",
    [
        "http://backup.example.com",
        "https://user:pass@backup.example.com",
        "ftp://backup.example.com",
        "backup.example.com",
        "https://",
    ],
)
def test_addresses_that_are_refused(url):
    with pytest.raises(ValidationError):
        HttpFetch(connector="x", url=url)


def test_a_certificate_that_nobody_trusts_is_refused_and_one_that_is_declared_is_trusted(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2", *subject],
        check=True,
        capture_output=True,
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "3")
            self.end_headers()
            self.wfile.write(b"yes")

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    url = f"https://localhost:{server.server_port}"
    try:
        with pytest.raises(FetchError, match="certificate is not trusted"):
            http(url).get("/a")
        trusting = Http(HttpFetch(connector="x", url=url, ca_file=str(certificate)))
        assert trusting.get("/a").content == b"yes"
        trusting.session.close()
    finally:
        server.shutdown()
        server.server_close()


def test_pages_keep_their_bytes():
    assert joined([b'{"a" : 1}']) == b'{"a" : 1}'
    assert joined([b'{"a" : 1}', b"{ }"]) == b'[{"a" : 1},\n{ }]'
