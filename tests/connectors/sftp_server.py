"""An SFTP server on loopback: paramiko's side of a server carries SSH, and OpenSSH's own sftp-server answers behind it."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import paramiko

PROGRAM = "/usr/lib/openssh/sftp-server"


@dataclass(frozen=True)
class Server:
    """A server while it runs."""

    port: int
    known_hosts: Path

    def address(self, folder: Path | str) -> str:
        return f"sftp://audit@127.0.0.1:{self.port}{folder}"


class _Door(paramiko.ServerInterface):
    def __init__(self, password: str, key: paramiko.PKey | None) -> None:
        self.password, self.key = password, key

    def check_auth_password(self, username: str, password: str) -> int:
        good = (username, password) == ("audit", self.password)
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return paramiko.AUTH_SUCCESSFUL if username == "audit" and key == self.key else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def check_channel_subsystem_request(self, channel: paramiko.Channel, name: str) -> bool:
        if name == "sftp":
            threading.Thread(target=_answer, args=(channel,), daemon=True).start()
        return name == "sftp"


def _answer(channel: paramiko.Channel) -> None:
    with subprocess.Popen(
        [PROGRAM, "-e"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
    ) as process:

        def back() -> None:
            with suppress(OSError):
                while data := process.stdout.read(32768):
                    channel.sendall(data)
            channel.close()

        thread = threading.Thread(target=back, daemon=True)
        thread.start()
        with suppress(OSError):
            while data := channel.recv(32768):
                process.stdin.write(data)
        process.stdin.close()
        thread.join(5)


@contextmanager
def sftp_server(folder: Path, password: str = "", key: paramiko.PKey | None = None) -> Iterator[Server]:
    """Serve the whole machine to the user `audit`; the known hosts are written below a folder."""
    assert Path(PROGRAM).exists(), "install openssh-sftp-server (scripts/system-packages.sh)"
    host_key = paramiko.ECDSAKey.generate()
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    known = folder / "known_hosts"
    known.write_text(f"[127.0.0.1]:{port} {host_key.get_name()} {host_key.get_base64()}\n")
    transports: list[paramiko.Transport] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                transport = paramiko.Transport(connection)
                transport.add_server_key(host_key)
                transports.append(transport)
                with suppress(paramiko.SSHException, EOFError):
                    transport.start_server(server=_Door(password, key))

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield Server(port, known)
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for transport in transports:
            transport.close()
        thread.join(5)
