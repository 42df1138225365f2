"""A child process: its lines are printed with its name, its group ends with it."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from devstack.databases.guardian import Guardian
from devstack.databases.servers import end_process

STOP_SECONDS: Final = 28.0
"""A worker ends its jobs within 25 seconds of SIGTERM, and a web process its requests."""


class Program:
    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        guardian: Guardian,
        say: Callable[[str, str], None],
    ) -> None:
        """`say` gets the name and each printed line."""
        self.name = name
        self._command = list(command)
        self._environment = dict(environment)
        self._folder = folder
        self._guardian = guardian
        self._say = say
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start the command after ending leftovers in its process group."""
        self._clear()
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            errors="replace",
        )
        self._guardian.watch(self._process.pid)
        if self._process.stdout is not None:
            threading.Thread(target=self._show, args=(self._process.stdout,), daemon=True).start()

    def stop(self) -> None:
        """Stop and reap, by force after a time-out."""
        process, self._process = self._process, None
        if process is not None:
            end_process(process, signal.SIGTERM, STOP_SECONDS)
            self._guardian.forget(process.pid)

    def _clear(self) -> None:
        """End an exited program's children: those of a killed web server would keep its port."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._guardian.forget(self._process.pid)

    def _show(self, output: IO[str]) -> None:
        with output:
            for line in output:
                self._say(self.name, line.rstrip("\n"))
