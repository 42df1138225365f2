"""The whole system on one machine: databases, mail catcher, local Confluence, app."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from devstack.confluence import LocalConfluence
from devstack.databases.guardian import Guardian
from devstack.databases.postgres import Postgres
from devstack.databases.valkey import Valkey
from devstack.environment import Ports, app_environment
from devstack.errors import EmbeddedError
from devstack.ports import HOST, is_free
from devstack.programs import Program
from devstack.state import StateFolder
from devstack.supervisor import Service, Supervisor
from devstack.wait_until import wait_until_healthy

ROOT: Final = Path(__file__).parents[1]
DATABASE: Final = "lockpoint"
CONFLUENCE: Final = "confluence"
MAILS: Final = "mails"
WEB: Final = "web"
APP: Final = (WEB, "worker", "clock")


class Stack:
    """`say(name, line)` gets its processes' output."""

    def __init__(
        self,
        folder: Path,
        ports: Ports,
        given: Mapping[str, str],
        say: Callable[[str, str], None],
        *,
        durable: bool = True,
        doors: Mapping[str, str] | None = None,
        movable_time: bool = False,
    ) -> None:
        """Without `durable`, data ends with its process and costs less; `doors` names sites that come by Forge.

        With `movable_time`, Confluence moves the time of all; not where a database or an address is given.
        """
        self.ports = ports
        self.doors = doors or {}
        self.confluence = LocalConfluence(ports.confluence)
        self._state = StateFolder(folder)
        self._given = given
        self._say = say
        self._durable = durable
        self.moves_time = movable_time and not any(given.get(name) for name in ("DATABASE_URL", "LOCKPOINT_BASE_URL"))
        self._clock_file: Path | None = None
        self._stop = threading.Event()
        self._guardian: Guardian | None = None
        self._supervisor = Supervisor(say, self._revived)
        self.programs: dict[str, Program] = {}
        self.environment: dict[str, str] = {}
        """The settings of the app's processes, once started."""

    def start(self, stop: threading.Event) -> None:
        """Start everything and install the app on every site; return early when `stop` is set.

        EmbeddedError when something does not start; `stop` must be called even then.
        """
        self._stop = stop
        self._state.claim()
        self._check_ports()
        self._guardian = Guardian()
        self.environment = self._start_databases(self._guardian)
        guardian = self._guardian
        outside = {MAILS: self._mails(guardian), CONFLUENCE: self._local_confluence(guardian)}
        self._supervisor.start(*outside.values())
        self._migrate()
        app = {name: self._app(guardian, name) for name in APP}
        self._supervisor.start(*app.values())
        self.programs = outside | app
        self._state.publish(self.environment)
        self._install()

    @property
    def folder(self) -> Path:
        """Of the state; `postgres/postgres.log` is the database server's."""
        return self._state.path

    def watch(self) -> None:
        """Restart exited processes until the event given to `start` is set."""
        if self._guardian is not None:
            threading.Thread(target=self._watch_time, daemon=True).start()
            self._supervisor.watch(self._stop, self._guardian)

    def stop(self) -> None:
        self._supervisor.stop()
        if self._guardian is not None:
            self._guardian.close()
            self._state.release()

    def _check_ports(self) -> None:
        if not is_free(self.ports.web):
            msg = f"port {self.ports.web} is in use; try bin/run --port N"
            raise EmbeddedError(msg)

    def _start_databases(self, guardian: Guardian) -> dict[str, str]:
        """Start databases that no variable names; return the app's environment."""
        postgres = Postgres(self._state.path / "postgres", guardian, durable=self._durable)
        valkey = Valkey(self._state.path / "valkey", guardian)
        unset: dict[str, Service] = {"DATABASE_URL": postgres, "REDIS_URL": valkey}
        self._supervisor.start(*(service for name, service in unset.items() if not self._given.get(name)))
        if postgres.pid is not None:
            postgres.ensure_database(DATABASE)
            self._clock_file = self._shared_clock(postgres)
        return app_environment(
            self._given,
            self.ports,
            database_url=postgres.url(DATABASE),
            redis_url=valkey.url(),
            secret_keys=self._state.secret_keys(),
            clock_file=self._clock_file,
        )

    def _shared_clock(self, postgres: Postgres) -> Path | None:
        if not self.moves_time:
            postgres.clock_file.unlink(missing_ok=True)
            return None
        postgres.follow_clock(DATABASE)
        return postgres.clock_file

    def _migrate(self) -> None:
        command = [sys.executable, "-m", "lockpoint", "migrate"]
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=ROOT, env={**os.environ, **self.environment}
        )
        if done.returncode != 0:
            msg = f"the migrations failed:\n{done.stderr}"
            raise EmbeddedError(msg)

    def _install(self) -> None:
        addresses = {
            CONFLUENCE: f"{self.confluence.origin}/_sim/health",
            MAILS: f"{self.ports.mails_url}/mails",
            WEB: f"{self.ports.app_url}/healthz",
        }
        for name, url in addresses.items():
            wait_until_healthy(self.programs[name], url, self._stop)
        if not self._stop.is_set():
            self.confluence.install(self.ports.app_url, self.doors)

    def ahead(self) -> float:
        """By how many seconds time is ahead of the machine's."""
        try:
            return float(self._clock_file.read_text()) if self._clock_file else 0.0
        except FileNotFoundError:
            return 0.0

    def _watch_time(self) -> None:
        """End the app's processes when time goes back, to be started again: what they remember is of the future."""
        before = self.ahead()
        while not self._stop.wait(1):
            now = self.ahead()
            if now < before:
                self._say("time", f"was moved back; {', '.join(APP)} start again")
                for name in APP:
                    self._end_to_start_again(name)
            before = now

    def _end_to_start_again(self, name: str) -> None:
        pid = self.programs[name].pid
        if pid is not None:
            self._supervisor.expect_end(name)
            os.kill(pid, signal.SIGTERM)

    def _revived(self, name: str) -> None:
        """Reinstall the app on a restarted Confluence, beside the watching thread."""
        if name == CONFLUENCE:
            threading.Thread(target=self._install_again, daemon=True).start()

    def _install_again(self) -> None:
        try:
            self._install()
        except EmbeddedError as error:
            self._say(CONFLUENCE, str(error))

    def _mails(self, guardian: Guardian) -> Program:
        ports = ["--smtp-port", str(self.ports.smtp), "--http-port", str(self.ports.mails)]
        keep = ("--keep", str(self._state.path / "mails")) if self._durable else ()
        return self._python(guardian, MAILS, "devstack.mail.mailcatcher", *ports, *keep)

    def _local_confluence(self, guardian: Guardian) -> Program:
        if not (ROOT / "simulator").is_dir():
            msg = "the local Confluence is part of a checkout, not of the installed package"
            raise EmbeddedError(msg)
        keep = ("--keep", str(self._state.path / "confluence")) if self._durable else ()
        clock = ("--clock", str(self._clock_file)) if self._clock_file else ()
        return self._python(guardian, CONFLUENCE, "simulator", "--port", str(self.ports.confluence), *keep, *clock)

    def _app(self, guardian: Guardian, name: str) -> Program:
        return self._python(guardian, name, "lockpoint", name, *(("--host", HOST) if name == WEB else ()))

    def _python(self, guardian: Guardian, name: str, module: str, *arguments: str) -> Program:
        environment = {**os.environ, **self.environment, "PYTHONUNBUFFERED": "1"}
        return Program(name, [sys.executable, "-m", module, *arguments], environment, ROOT, guardian, self._say)
