"""The real processes and databases of a storm, what is done to them, and how soon they are well again."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import psycopg
import redis
import requests

from devstack.databases.guardian import Guardian
from devstack.databases.postgres import Postgres
from devstack.databases.valkey import Valkey
from devstack.environment import spare_ports
from devstack.ports import HOST, free_ports
from devstack.programs import Program
from devstack.stack import DATABASE, ROOT, WEB, Stack
from devstack.supervisor import Service, Supervisor
from tests.devstack.processes import descendants
from tests.e2e.system import System
from tests.storm.evidence import Kill
from tests.storm.mail_server import MailServer
from tests.support.installed import wait_for_installs

WORKERS: Final = ("worker", "worker-2")
LONGEST_STOP: Final = 90.0
WEB_PROCESSES = 2  # by default
POLL_SECONDS: Final = 0.1
QUIET_FILE: Final = "131203"
"""Nobody touches it, and no fault of Confluence."""
PLENTY: Final = 1_000_000_000
SIGNS: Final = {"worker": '"event": "job"', "clock": "purged"}
"""What a process prints when it does its work; by the first word of its name."""


class Processes:
    """Two web processes, two workers, a clock, Postgres that survives a kill, Valkey, Confluence, a mail server."""

    def __init__(self, folder: Path, chance: random.Random, traces: Path) -> None:
        self.kills: list[Kill] = []
        self.guardian = Guardian()
        self._traces = (traces / "processes.log").open("w", encoding="utf-8")
        self._speaking = threading.Lock()
        self._supervisor = Supervisor(self._say, lambda _name: None)
        self._postgres = Postgres(folder / "postgres", self.guardian)
        self._valkey = Valkey(folder / "valkey", self.guardian)
        smtp = free_ports()
        self.mails = MailServer(smtp, chance)
        settings = {
            "DATABASE_URL": self._postgres.url(DATABASE),
            "REDIS_URL": self._valkey.url(),
            "LOCKPOINT_MAIL_URL": f"smtp://{HOST}:{smtp}",
            "LOCKPOINT_POINTS_PER_HOUR": str(PLENTY),
            "LOCKPOINT_SWEEP_SECONDS": "10",
        }
        self.stack = Stack(folder / "stack", spare_ports(), settings, self._say, durable=False)
        self.system = System(self.stack, [])
        self._over = threading.Event()
        self._watchers: list[threading.Thread] = []
        self._awaited: dict[str, int] = {}
        self._reborn: set[str] = set()
        self._programs: dict[str, Program] = {}

    def start(self) -> None:
        self.mails.start()
        self._supervisor.start(self._postgres, self._valkey)
        self._postgres.ensure_database(DATABASE)
        self.stack.start(self._over)
        environment = {**os.environ, **self.stack.environment, "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "lockpoint", "worker"]
        second = Program(WORKERS[1], command, environment, ROOT, self.guardian, self._say)
        self._supervisor.start(second)
        self._programs = {**self.stack.programs, WORKERS[1]: second}
        self._spawn(self.stack.watch)
        self._spawn(lambda: self._supervisor.watch(self._over, self.guardian))
        wait_for_installs(self.stack)
        self.system.confluence.post("/_sim/quota", {"limit": PLENTY})

    def stop(self) -> None:
        self._over.set()
        for watcher in self._watchers:
            watcher.join(30)
        self.stack.stop()
        self._supervisor.stop()
        self.guardian.close()
        self.mails.stop()
        self._traces.close()

    # --- what is done to them --------------------------------------------------------------------------------------

    def kill_web(self) -> None:
        """All of its processes."""
        old = self._pid(WEB)
        with self._harm("kill web", lambda: self._pid(WEB) != old):
            os.killpg(old, signal.SIGKILL)

    def kill_web_process(self) -> None:
        """One of those that answer; the others go on."""
        while len(old := self._answering()) < WEB_PROCESSES:
            time.sleep(POLL_SECONDS)
        with self._harm("kill one web process", lambda: len(self._answering() - {max(old)}) == len(old)):
            os.kill(max(old), signal.SIGKILL)

    def kill_program(self, name: str) -> None:
        self._await(f"kill {name}", name)
        os.killpg(self._pid(name), signal.SIGKILL)

    def pause_program(self, name: str, seconds: float) -> None:
        """F40"""
        pid = self._pid(name)
        os.killpg(pid, signal.SIGSTOP)
        self._over.wait(seconds)
        self._reborn.add(name)
        self._await(f"pause {name}", name)
        os.killpg(pid, signal.SIGCONT)

    def kill_database(self) -> None:
        self._kill_server("kill postgres", self._postgres)

    def cut_connections(self) -> None:
        """F33: as a fail-over does."""
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        with self._harm("cut postgres"), psycopg.connect(self._postgres.url(DATABASE), autocommit=True) as connection:
            connection.execute(others, [DATABASE])

    def kill_cache(self) -> None:
        self._kill_server("kill valkey", self._valkey)

    def flush_cache(self) -> None:
        """F36"""
        with self._harm("flush valkey"), redis.Redis.from_url(self._valkey.url()) as client:
            client.flushall()

    def _kill_server(self, what: str, server: Service) -> None:
        if (old := server.pid) is not None:
            with self._harm(what, lambda: server.pid not in {None, old}):
                os.kill(old, signal.SIGKILL)

    # --- whether they are well -------------------------------------------------------------------------------------

    def wait_until_well(self, seconds: float) -> None:
        """Wait for every process to be up and every kill to have its recovery."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not (self._all_up() and all(k.well or not k.awaited for k in self.kills)):
            time.sleep(POLL_SECONDS)

    def _all_up(self) -> bool:
        return all(program.pid for program in self._programs.values()) and self._answers()

    def _answers(self) -> bool:
        """Whether the app tells the state of a lock, which needs all its neighbours."""
        try:
            return self.system.person("alice").call("GET", f"/attachments/{QUIET_FILE}/lock").ok
        except requests.RequestException:
            return False

    def _answering(self) -> set[int]:
        return {pid for pid, line in descendants(self._pid(WEB)).items() if "resource_tracker" not in line}

    @contextlib.contextmanager
    def _harm(self, what: str, again: Callable[[], bool] = lambda: True) -> Iterator[None]:
        """Do it, and look in the background when what was killed is there `again` and the app answers."""
        number = self._note(what)
        with contextlib.suppress(ProcessLookupError, psycopg.OperationalError, redis.RedisError):
            yield
        self._spawn(lambda: self._see(number, again))

    def _see(self, number: int, again: Callable[[], bool]) -> None:
        while not self._over.is_set() and not (again() and self._answers()):
            time.sleep(POLL_SECONDS)
        self._well(number)

    def _await(self, what: str, name: str) -> None:
        """Wait for the next sign of work that this process prints; a harm before that counts from the first."""
        with self._speaking:
            if name not in self._awaited:
                self.kills.append(Kill(what=what, at=time.time() * 1000))
                self._awaited[name] = len(self.kills) - 1

    def _note(self, what: str) -> int:
        with self._speaking:
            self.kills.append(Kill(what=what, at=time.time() * 1000))
            return len(self.kills) - 1

    def _well(self, number: int) -> None:
        self.kills[number] = replace(self.kills[number], well=time.time() * 1000)

    def _say(self, name: str, line: str) -> None:
        with self._speaking:
            self._traces.write(f"{time.time() * 1000:.0f} {name} {line}\n")
            if "has died" in line:
                self._reborn.add(name)
            elif name in self._awaited and name in self._reborn and SIGNS[name.partition("-")[0]] in line:
                self._reborn.discard(name)
                self._well(self._awaited.pop(name))

    def _pid(self, name: str) -> int:
        """Wait for a process that is just being started again."""
        while (pid := self._programs[name].pid) is None:
            time.sleep(POLL_SECONDS)
        return pid

    def _spawn(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._watchers.append(thread)
        thread.start()
