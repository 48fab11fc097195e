"""A real SMTP server on this machine, and a certificate of its own, for tests."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

USER, PASSWORD = "audit@example.com", "korrekt-pferd"


@dataclass
class Server:
    """What the server was given. refused: addresses that it knows nobody by; drops: addresses at whose mail it hangs up."""

    refused: set[str] = field(default_factory=set)
    drops: set[str] = field(default_factory=set)
    port: int = 0
    got: list[tuple[str, bytes]] = field(default_factory=list)
    connections: int = 0

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]) -> list[str]:  # noqa: N802
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address in self.refused:
            return "550 5.1.1 there is nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.drops & set(envelope.rcpt_tos):
            server.transport.close()
            return "421 gone"
        self.got += [(to, bytes(envelope.content)) for to in envelope.rcpt_tos]
        return "250 taken"

    @property
    def mails(self) -> list[EmailMessage]:
        """What was taken, as mail programs read it."""
        return [BytesParser(policy=default).parsebytes(data) for _, data in self.got]  # type: ignore[arg-type]


class OnAnyPort(Controller):
    """A controller that asks the system for a free port."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def certificate(folder: Path, names: str = "IP:127.0.0.1,DNS:localhost") -> tuple[Path, Path]:
    """Return a key and a certificate of this machine (or of other names) that nobody else signed."""
    key, made = folder / "key.pem", folder / "certificate.pem"
    subject = ["-subj", "/CN=localhost", "-addext", f"subjectAltName={names}"]
    wanted = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", made, "-days", "2", *subject]
    subprocess.run(wanted, check=True, capture_output=True)
    return key, made


@contextmanager
def mailing(tls: str = "none", pair: tuple[Path, Path] | None = None, *, login: bool = False, **told: Any) -> Iterator[Server]:
    """Run a server until the end of the block."""
    server, more = Server(**told), {}
    if pair is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pair[1], pair[0])
        more = {"ssl_context": context} if tls == "tls" else {"tls_context": context, "require_starttls": True}

    def authenticate(smtp: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        fine = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=fine, handled=False)

    if login:
        more |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": tls == "starttls"}
    controller = OnAnyPort(server, hostname="127.0.0.1", port=0, **more)
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        controller.stop()
