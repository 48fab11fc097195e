"""HTTP as connectors speak it: TLS verified, no redirects, retries with growing pauses, a limit to the pace and to sizes, and no secret in any message."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from audit.connectors._fetching import Fetch, FetchError
from audit.connectors._secret import without

if TYPE_CHECKING:
    import requests

RETRIES = 5
PAUSE = 0.5
"""Seconds before the second try; each further one waits twice as long. A server that says how long to wait (`Retry-After`) is obeyed."""
AGAIN = (408, 425, 429, 500, 502, 503, 504)
"""Status codes after which a request is tried again."""
TIMEOUT = (10, 120)
"""Seconds to connect, and between two pieces of an answer."""
LARGEST = 512 * 1024 * 1024
"""Bytes that one answer has at the most."""


class HttpError(FetchError):
    """An answer that is not of 2xx; `status` is its code."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class HttpFetch(Fetch):
    """Settings of a connector that speaks HTTP."""

    url: str = Field(description="where the API is: https://host:port")
    ca_file: str | None = Field(
        None, description="certificates to trust instead of the system's, as a PEM file; TLS is always verified"
    )
    requests_per_second: float = Field(10.0, gt=0, le=1000, description="how many requests are sent in a second at the most")

    @field_validator("url")
    @classmethod
    def _safe(cls, url: str) -> str:
        return safe_address(url)


class Http:
    """A session with one API. `secrets`: never shown; more are added when a token is received."""

    def __init__(self, settings: HttpFetch, secrets: Iterable[str] = ()) -> None:
        import requests  # slow to import, and most commands fetch nothing
        from requests.adapters import HTTPAdapter
        from urllib3.util.retry import Retry

        self.url = settings.url
        self.secrets = set(secrets)
        self._pause = 1 / settings.requests_per_second
        self._next = 0.0
        self.session = requests.Session()
        self.session.trust_env = False  # no credentials of ~/.netrc, no proxy that nobody declared
        self.session.verify = settings.ca_file or True
        retry = Retry(
            total=RETRIES, backoff_factor=PAUSE, backoff_max=60, status_forcelist=AGAIN, allowed_methods=None, respect_retry_after_header=True,
            raise_on_status=False, redirect=0, other=0,
        )  # fmt: skip
        self.session.mount("https://", HTTPAdapter(max_retries=retry))
        self.session.mount("http://", HTTPAdapter(max_retries=retry))

    def get(self, path: str, query: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None) -> requests.Response:
        """Ask with GET. Raises `HttpError` for whatever is no answer of 2xx, `FetchError` where there is none."""
        return self.ask("GET", path, params=query, headers=headers)

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """Send a request and return the answer, its body read. Raises `HttpError` for whatever is no answer of 2xx, `FetchError` where there is none."""
        import requests

        address = self.url + path if path.startswith("/") else path
        if not self.is_mine(address):
            raise FetchError(
                f"{self.url} names an address of another server, {self._shown(_server(address))}: nothing is asked there"
            )
        self._wait()
        try:
            answer = self.session.request(
                method,
                address,
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
                **more,
            )
            body = b"".join(self._pieces(answer, path))
        except requests.exceptions.SSLError:
            raise FetchError(
                f"{self.url}: its certificate is not trusted: name the certificates to trust with ca_file; TLS is always verified"
            ) from None
        except requests.RequestException as error:
            raise FetchError(f"{self.url}{self._shown(path)}: {self._shown(_reason(error))}") from None
        if not 200 <= answer.status_code < 300:
            raise HttpError(
                f"{self.url}{self._shown(path)} answered {answer.status_code} {answer.reason}{_advice(answer.status_code)}",
                answer.status_code,
            )
        answer._content = body  # read in pieces above, so that its size could be watched
        return answer

    def is_mine(self, address: str) -> bool:
        """Tell whether an address, such as that of the next page, is of this API: same scheme, host and port."""
        ours, theirs = urlsplit(self.url), urlsplit(address)
        return (theirs.scheme, theirs.netloc.lower()) == (ours.scheme, ours.netloc.lower())

    def _pieces(self, answer: requests.Response, path: str) -> Iterable[bytes]:
        size = 0
        for piece in answer.iter_content(65_536):
            size += len(piece)
            if size > LARGEST:
                answer.close()
                raise FetchError(
                    f"{self.url}{self._shown(path)}: the answer is larger than {LARGEST // 1024 // 1024} MiB and was not taken"
                )
            yield piece

    def _wait(self) -> None:
        began = time.monotonic()
        time.sleep(max(0.0, self._next - began))
        self._next = max(began, self._next) + self._pause

    def _shown(self, text: str) -> str:
        return without(text, self.secrets)


def safe_address(url: str) -> str:
    """Return the address of an API as it is used. Raises `ValueError` for one with a password in it, or over which a password would go in the clear."""
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise ValueError("a password does not belong into an address: name it with {env: ...}, {file: ...} or {keyring: ...}")
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise ValueError("http:// sends passwords in the clear: write https://")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url} is no address of an API; write it as https://host:port")
    return url.rstrip("/")


def _reason(error: Exception) -> str:
    """Return what went wrong, without the objects that requests names."""
    while error.args and isinstance(error.args[0], Exception):
        error = error.args[0]
    reason = getattr(error, "reason", None)
    return str(reason or error).rpartition(": ")[2] or type(error).__name__


def _server(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.hostname}"


def _advice(status: int) -> str:
    match status:
        case 401:
            return ": user, password or token are not accepted"
        case 403:
            return ": this user may not read it"
        case 404:
            return ": check the address and the version of the API"
        case status if 300 <= status < 400:
            return ": it redirects, and redirects are not followed; write the address that it points to"
        case status if status in AGAIN:
            return f": tried {RETRIES + 1} times"
        case _:
            return ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def joined(pages: list[bytes]) -> bytes:
    """Return the pages of one answer as one payload: a single page as it is; several as a JSON array of the pages, each with its very bytes."""
    return pages[0] if len(pages) == 1 else b"[" + b",\n".join(pages) + b"]"
