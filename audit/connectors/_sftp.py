"""A folder of an SFTP server, by paramiko. The server must be known: a key that is not in the known hosts ends the connection."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from audit.connectors._fetching import FetchError
from audit.connectors._places import Seen, Tree

if TYPE_CHECKING:
    import paramiko

CONNECT_SECONDS = 30
ANSWER_SECONDS = 120
KNOWN = ("~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts")
"""Files of known hosts where none is named."""


class Sftp(Tree):
    """A folder of an SFTP server. Its protocol tells no time of change beside the one that a file bears."""

    def __init__(
        self,
        location: str,
        *,
        known_hosts: str | None = None,
        password: str | None = None,
        key_file: str | None = None,
        key_password: str | None = None,
    ) -> None:
        try:
            import paramiko  # an extra: most sources have no SFTP
        except ImportError:
            raise FetchError("sftp:// needs the package paramiko: pip install 'backup-audit[sftp]'") from None
        logging.getLogger("paramiko").addHandler(logging.NullHandler())  # it would write its errors to stderr beside raising them
        parts = urlsplit(location)
        host, self._server = parts.hostname or "", f"{parts.scheme}://{parts.netloc}"
        self._client = paramiko.SSHClient()
        self._client.set_missing_host_key_policy(paramiko.RejectPolicy())
        try:
            self._know(known_hosts)
            self._client.connect(
                host, parts.port or 22, unquote(parts.username or ""), password=password, pkey=_key(key_file, key_password) if key_file else None,
                allow_agent=False, look_for_keys=False, timeout=CONNECT_SECONDS, banner_timeout=CONNECT_SECONDS, auth_timeout=CONNECT_SECONDS,
            )  # fmt: skip
            self._sftp: paramiko.SFTPClient = self._client.open_sftp()
            channel = self._sftp.get_channel()
            assert channel is not None
            channel.settimeout(ANSWER_SECONDS)
            path = unquote(parts.path)
            super().__init__(self._sftp.normalize(f".{path[2:]}" if path.startswith("/~") else path))
            self._sftp.listdir_attr(self.root)
        except (paramiko.SSHException, OSError, EOFError) as error:
            self._client.close()
            raise FetchError(f"{self._server}: {_reason(error, path=unquote(parts.path))}") from None
        except BaseException:
            self._client.close()
            raise

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def entries(self, folder: str) -> Iterator[tuple[str, int]]:
        """List a folder."""
        with _as_os_errors():
            for one in self._sftp.listdir_attr(folder):
                yield one.filename, one.st_mode or 0

    def real(self, path: str) -> str:
        """Return a path without links, as the server resolves it."""
        with _as_os_errors():
            return self._sftp.normalize(path)

    def look(self, name: str, at: str) -> Seen | None:
        """Look at a file."""
        with _as_os_errors():
            told = self._sftp.lstat(at)
        modified = datetime.fromtimestamp(told.st_mtime or 0, UTC)
        return Seen(name, told.st_size or 0, modified, modified, at) if S_ISREG(told.st_mode or 0) else None

    def read(self, seen: Seen, most: int) -> bytes:
        """Read a file; pieces are asked for before they are needed."""
        with _as_os_errors(), self._sftp.open(seen.at, "rb") as file:
            file.prefetch(min(seen.size, most))
            return file.read(most)

    def _know(self, known_hosts: str | None) -> None:
        if known_hosts is not None:
            self._client.load_system_host_keys(str(Path(known_hosts).expanduser()))
            return
        for name in KNOWN:
            if Path(name).expanduser().is_file():
                self._client.load_system_host_keys(str(Path(name).expanduser()))


def _key(file: str, password: str | None) -> paramiko.PKey:
    """Read a private key of whatever kind. Raises `FetchError`."""
    import paramiko

    encrypted = False
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key_file(str(Path(file).expanduser()), password)
        except OSError as error:
            raise FetchError(f"the key file {file} cannot be read: {error.strerror}") from None
        except paramiko.PasswordRequiredException:
            encrypted = True
        except (paramiko.SSHException, ValueError):
            continue
    if encrypted:
        raise FetchError(f"the key file {file} is encrypted: name its passphrase with key_password")
    raise FetchError(f"the key file {file} is no private key that is known (Ed25519, ECDSA, RSA), or its passphrase is another one")


@contextmanager
def _as_os_errors() -> Iterator[None]:
    """Turn what paramiko raises into `OSError`."""
    import paramiko

    try:
        yield
    except (paramiko.SSHException, paramiko.SFTPError, EOFError) as error:
        raise OSError(None, str(error) or "the server closed the connection") from error
    except UnicodeDecodeError as error:
        raise OSError(None, "the name of a file is not UTF-8") from error


def _reason(error: Exception, path: str) -> str:
    import paramiko

    match error:
        case paramiko.BadHostKeyException():
            return (
                "its host key is not the one that is known: nothing was sent to it; find out why before the known hosts are changed"
            )
        case paramiko.AuthenticationException():
            return "user, password or key are not accepted"
        case paramiko.SSHException() if "not found in known_hosts" in str(error):
            return "its host key is not known: add it to the known hosts once it is checked (known_hosts, else ~/.ssh/known_hosts)"
        case FileNotFoundError() if error.filename:
            return f"{error.filename}: {error.strerror}"
        case FileNotFoundError():
            return f"there is no folder {path}"
        case _:
            return getattr(error, "strerror", None) or str(error) or "it closed the connection"
