"""Secrets: told by reference, read when they are needed, and never written anywhere."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable, Iterator
from html import escape as xml
from pathlib import Path
from typing import Self
from urllib.parse import quote, quote_plus

from pydantic import BaseModel, ConfigDict, Field, model_validator

from audit.errors import UsageError

HIDDEN = "***"
SHORTEST = 6
"""Letters that a secret has at the least to be looked for in what is kept: a shorter one would be found everywhere."""


class Secret(BaseModel):
    """`{env: VEEAM_PASSWORD}`, `{file: /run/secrets/veeam}` or `{keyring: service/user}`: where a secret is read, never the secret itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    env: str | None = Field(None, min_length=1, description="the environment variable that holds it")
    file: str | None = Field(None, min_length=1, description="the file whose first line it is")
    keyring: str | None = Field(None, pattern="^[^/]+/.+$", description="service/user in the system's keyring")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(place is not None for place in (self.env, self.file, self.keyring)) != 1:
            raise ValueError("say one of env, file or keyring: where the secret is read; it is never written here itself")
        return self

    def read(self) -> str:
        """Return the secret. Raises `UsageError` that says where it was looked for, and nothing of it."""
        value = self._env() if self.env else self._file(self.file) if self.file else self._keyring(self.keyring or "")
        if not value:
            raise UsageError(f"the secret {self} is empty")
        return value

    def __str__(self) -> str:
        place = next(name for name in ("env", "file", "keyring") if getattr(self, name))
        return f"{place}: {getattr(self, place)}"

    def _env(self) -> str:
        try:
            return os.environ[str(self.env)]
        except KeyError:
            raise UsageError(f"the secret {self} is not there: set the environment variable {self.env}") from None

    def _file(self, name: str) -> str:
        try:
            with Path(name).open(encoding="utf-8") as file:
                return file.readline().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"the secret {self} cannot be read: {getattr(error, 'strerror', None) or 'it is no text in UTF-8'}"
            ) from None

    def _keyring(self, name: str) -> str:
        try:
            import keyring  # an extra: most servers have no keyring
        except ImportError:
            raise UsageError(f"the secret {self} needs the package keyring: pip install 'backup-audit[keyring]'") from None
        service, _, user = name.partition("/")
        try:
            found = keyring.get_password(service, user)
        except Exception as error:  # noqa: BLE001 - every backend raises its own
            raise UsageError(f"the secret {self} cannot be read from the keyring: {type(error).__name__}") from None
        return found or ""


def without(text: str, secrets: Iterable[str]) -> str:
    """Return a text without the secrets in it, however they are written there."""
    for form in _longest_first(form for secret in secrets if secret for form in forms(secret)):
        text = text.replace(form, HIDDEN)
    return text


def without_bytes(payload: bytes, secrets: Iterable[str]) -> tuple[bytes, bool]:
    """Return a payload without the secrets in it, however they are written there, and whether there were any."""
    cleaned = payload
    for form in _longest_first(form for secret in secrets if len(secret) >= SHORTEST for form in forms(secret)):
        cleaned = cleaned.replace(form.encode(), HIDDEN.encode())
    return cleaned, cleaned != payload


def _longest_first(found: Iterable[str]) -> list[str]:
    return sorted(set(found), key=lambda form: (-len(form), form))


def forms(secret: str) -> set[str]:
    """Return the ways in which programs write a secret: as it is, in JSON, in an address, in XML, and in base64, alone or behind a user's name."""
    escaped = {json.dumps(secret, ensure_ascii=ascii_)[1:-1] for ascii_ in (False, True)}
    escaped |= {one.replace("/", "\\/") for one in escaped}
    quoted = {quote(secret, safe=safe) for safe in ("", "/")} | {quote_plus(secret)}
    quoted |= {re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), one) for one in quoted}
    return {secret, *escaped, *quoted, xml(secret), xml(secret, quote=False), *_in_base64(secret.encode())}


def _in_base64(secret: bytes) -> Iterator[str]:
    """Yield what base64 makes of a secret wherever it begins: without the letters that depend on what stands before and behind it."""
    for before in range(3):
        held = base64.b64encode(bytes(before) + secret).decode()
        core = held[(0, 2, 3)[before] : len(held) - (0, 3, 2)[(before + len(secret)) % 3]]
        if len(core) >= SHORTEST:
            yield from (core, core.translate(str.maketrans("+/", "-_")))
