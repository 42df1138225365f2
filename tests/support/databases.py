"""One embedded PostgreSQL and one Valkey for a whole test run.

xdist's workers end one by one, so the controlling process owns the servers; workers ask it over a unix socket.
"""

import atexit
import contextlib
import functools
import itertools
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

import psycopg
from psycopg import sql

from devstack.databases.guardian import Guardian
from devstack.databases.postgres import Postgres
from devstack.databases.valkey import DATABASES, Valkey
from lockpoint.storage.migrate import migrate

TEMPLATE = "lockpoint_template"
PREFIX = "lockpoint-tests-"
MEMORY = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a private folder in it
ROOM = 2 * 1024**3
"""Bytes; more than a run needs."""

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Addresses:
    """`{}` stands for the name or number of a database."""

    postgres: str
    valkey: str


class Servers:
    """The controlling process's end."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=_memory()))
        self.door = str(self._folder / "door")
        self._listener = Listener(self.door, family="AF_UNIX")
        self._once = threading.Lock()
        self._started: tuple[Guardian, Postgres, Valkey] | None = None
        threading.Thread(target=self._answer, daemon=True).start()

    def addresses(self) -> Addresses:
        """Return the addresses; start the servers and migrate the template on first use."""
        with self._once:
            if self._started is None:
                self._started = self._start()
            _, postgres, valkey = self._started
            return Addresses(postgres.url("NAME").replace("NAME", "{}"), valkey.url().replace("db=0", "db={}"))

    def close(self) -> None:
        self._listener.close()
        with self._once:
            if self._started is not None:
                guardian, postgres, valkey = self._started
                valkey.stop()
                postgres.remove()
                guardian.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> tuple[Guardian, Postgres, Valkey]:
        guardian = Guardian()
        postgres = Postgres(self._folder / "postgres", guardian, durable=False)
        valkey = Valkey(self._folder / "valkey", guardian)
        postgres.start()
        valkey.start()
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as control:
            control.execute(sql.SQL("create database {}").format(sql.Identifier(TEMPLATE)))
        migrate(postgres.url(TEMPLATE))
        return guardian, postgres, valkey

    def _answer(self) -> None:
        """Answer each worker until the listener is closed."""
        while True:
            try:
                line = self._listener.accept()
            except OSError:
                return
            with line:
                self._tell(line)

    def _tell(self, line: Connection) -> None:
        try:
            answer: Addresses | str = self.addresses()
        except Exception as error:  # noqa: BLE001 - the worker's test fails with it
            answer = f"{type(error).__name__}: {error}"
        line.send(answer)


def ask(door: str) -> Addresses:
    """Ask the controlling process, from a worker."""
    with Client(door, family="AF_UNIX") as line:
        answer = line.recv()
    if isinstance(answer, Addresses):
        return answer
    raise RuntimeError(answer)


@contextlib.contextmanager
def database(addresses: Addresses, worker: str) -> Iterator[str]:
    """Yield the URL of a new migrated database, as in DATABASE_URL; drop it afterwards."""
    name = f"test_{worker}_{next(_numbers)}"
    control = _control(addresses.postgres.format("postgres"))
    names = {"name": sql.Identifier(name), "template": sql.Identifier(TEMPLATE)}
    control.execute(sql.SQL("create database {name} template {template} strategy file_copy").format(**names))
    yield addresses.postgres.format(name)
    control.execute(sql.SQL("drop database {name} with (force)").format(**names))


@functools.cache
def _control(url: str) -> psycopg.Connection:
    """The connection for creating and dropping databases."""
    connection = psycopg.connect(url, autocommit=True)
    atexit.register(connection.close)
    return connection


def cache_number(worker: str) -> int:
    """Each xdist worker has its own Valkey database."""
    return int(worker.removeprefix("gw")) % DATABASES if worker.startswith("gw") else 0


def _memory() -> Path | None:
    """Return a file system in memory, None if none has room.

    A database is hundreds of files, and ext4 is slow to create files after many deletions.
    """
    try:
        _remove_left_overs()
        return MEMORY if shutil.disk_usage(MEMORY).free > ROOM and os.access(MEMORY, os.W_OK) else None
    except OSError:
        return None


def _remove_left_overs() -> None:
    """Remove the folders of killed runs."""
    for folder in MEMORY.glob(f"{PREFIX}*"):
        if not Path("/proc", folder.name.removeprefix(PREFIX).partition("-")[0]).exists():
            shutil.rmtree(folder, ignore_errors=True)
