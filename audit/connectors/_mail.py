"""Mail that the program sends: where the server is, how a mail is made so that nothing in it can become a header, and how mails are sent.

It goes out only over TLS with a certificate that was verified, unless the settings say otherwise in so many words; and never with a password in the clear.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import smtplib
import socket
import ssl
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from audit.connectors._secret import Secret, without
from audit.model.terms import Term

TIMEOUT = 30
"""Seconds that one answer of the server may take."""
PORTS = {"starttls": 587, "tls": 465, "none": 25}
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
LONGEST_REASON = 300


def address(text: str) -> str:
    """Return a mail address. Raises `ValueError` for anything that is more, or less, than one plain address."""
    if len(text) > 254 or not _ADDRESS.fullmatch(text):
        raise ValueError(f"{text[:254]!r} is no mail address; write it as li.na@example.com")
    return text


def _length(text: str) -> str:
    return str(Term.parse(text))


Length = Annotated[str, AfterValidator(_length)]
"""A length of time as people write it: `7d`, `2 weeks`."""


class Mail(BaseModel):
    """`mail:` of config.yaml: how mails are sent, and who gets what is nobody's."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    host: str = Field(min_length=1, pattern=r"^[A-Za-z0-9.:-]+$", description="the SMTP server")
    port: int | None = Field(None, ge=1, le=65535, description="its port; 587, 465 or 25 by `tls`")
    tls: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="`starttls`, `tls` from the first byte, or `none`: in the clear"
    )
    ca: str | None = Field(None, min_length=1, description="a file with the certificates of your own authority")
    user: str | None = Field(None, min_length=1, description="who logs in at the server; nobody when not given")
    password: Secret | None = Field(None, description="where the password is read: env, file or keyring")
    sender: Annotated[str, AfterValidator(address)] = Field(alias="from", description="the address that mails come from")
    to: Annotated[str, AfterValidator(address)] = Field(
        description="who gets what is nobody's, and what is of people without an address"
    )
    language: Literal["en", "zh"] = Field("en", description="the language of people who have none of their own")
    within: Length = Field("7d", description="how far ahead reminders look")
    again: Length = Field("7d", description="after which time the same thing is told again")

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password belong together: give both, or neither")
        if self.user is not None and self.tls == "none" and not _here(self.host):
            raise ValueError("the password would cross the network in the clear: use tls `starttls` or `tls`")
        return self


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def line(text: str) -> str:
    """Return a text as one line of characters that are seen: what a header may hold."""
    seen = (
        "" if unicodedata.category(one) in ("Cf", "Cs") else " " if unicodedata.category(one) in ("Cc", "Zl", "Zp") else one
        for one in text
    )
    return " ".join("".join(seen).split())


def message(
    mail: Mail, organisation: str, to: tuple[str, str], subject: str, text: str, language: str, now: datetime
) -> EmailMessage:
    """Return a mail. to: name and address; text: lines; now: when it is sent (UTC)."""
    made = EmailMessage(policy=SMTP)
    made["From"] = Address(line(organisation), addr_spec=mail.sender)
    made["To"] = Address(line(to[0]), addr_spec=address(to[1]))
    made["Subject"] = line(subject)
    made["Date"] = format_datetime(now)
    mark = hashlib.sha256("\0".join((*to, subject, text, now.isoformat())).encode()).hexdigest()[:32]
    made["Message-ID"] = f"<{mark}@{mail.sender.rpartition('@')[2]}>"
    # Nobody who is away answers a program.
    made["Auto-Submitted"] = "auto-generated"
    made.set_content("\n".join(map(line, text.rstrip("\n").split("\n"))) + "\n", cte="base64")
    made["Content-Language"] = language
    return made


def send(mail: Mail, messages: Sequence[EmailMessage]) -> list[str | None]:
    """Send mails one after the other; return of each why it was not sent, or null. Raises `UsageError` when the password cannot be read.

    What fails stops nothing but itself, unless the server cannot be reached or does not let us in: then the rest fails for the same reason.
    """
    password = mail.password.read() if mail.password else ""
    told: list[str | None] = []
    server: smtplib.SMTP | None = None
    try:
        for one in messages:
            if server is None:
                try:
                    server = _connect(mail, password)
                except (OSError, ValueError) as error:
                    why = f"{mail.host}: {_reason(error, password)}"
                    return told + [why] * (len(messages) - len(told))
            try:
                server.send_message(one, mail.sender, [one["To"].addresses[0].addr_spec])
                told.append(None)
            except (smtplib.SMTPServerDisconnected, smtplib.SMTPException, OSError, ValueError) as error:
                told.append(_reason(error, password))
                if isinstance(error, smtplib.SMTPServerDisconnected) or not isinstance(error, smtplib.SMTPException):
                    server.close()
                    server = None
    finally:
        if server is not None:
            _part(server)
    return told


def _connect(mail: Mail, password: str) -> smtplib.SMTP:
    port = mail.port or PORTS[mail.tls]
    trusted = ssl.create_default_context(cafile=mail.ca)
    known_as = socket.gethostname()
    server = (
        smtplib.SMTP_SSL(mail.host, port, known_as, timeout=TIMEOUT, context=trusted)
        if mail.tls == "tls"
        else smtplib.SMTP(mail.host, port, known_as, timeout=TIMEOUT)
    )
    try:
        if mail.tls == "starttls":
            server.starttls(context=trusted)
        if mail.user is not None:
            server.login(mail.user, password)
    except BaseException:
        server.close()
        raise
    return server


def _part(server: smtplib.SMTP) -> None:
    """Say goodbye; who does not hear it has what was sent all the same."""
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()


def _reason(error: Exception, password: str) -> str:
    """Return why a mail was not sent, in one line, without the password."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, refused = next(iter(error.recipients.values()))
        text = f"{code} {refused.decode(errors='replace')}"
    elif isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        text = f"{error.smtp_code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
    elif isinstance(error, UnicodeError):
        text = "user and password must be ASCII"
    else:
        text = str(error) or type(error).__name__
    return line(without(text, [password]))[:LONGEST_REASON]
