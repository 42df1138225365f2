"""Start and end of server programs: own session, guarded, always reaped."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Final

from devstack.databases.accounts import Account
from devstack.databases.guardian import Guardian
from devstack.errors import EmbeddedError

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 15.0
POLL_SECONDS: Final = 0.01


def package_folder(package: str, distribution: str) -> Path:
    """Return an installed package's folder without importing it; EmbeddedError names a missing distribution."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        msg = f"{distribution} is not installed: run bin/setup, or set DATABASE_URL and REDIS_URL"
        raise EmbeddedError(msg)
    return Path(spec.origin).parent


class Server:
    def __init__(self, name: str, guardian: Guardian, stop_signal: signal.Signals = signal.SIGTERM) -> None:
        """`name` is for messages, `stop_signal` for an orderly end."""
        self.name = name
        self._guardian = guardian
        self._stop_signal = stop_signal
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self, arguments: Sequence[str], account: Account, log: Path, ready: Callable[[int], bool]) -> None:
        """Start the program, after reaping an ended one, and wait until ready.

        EmbeddedError with the end of its log when it exits or exceeds the time-out.
        """
        self.stop()
        with log.open("ab") as output:
            self._process = _spawn(account.command(arguments), account, output)
        self._guardian.watch(self._process.pid, self._stop_signal)
        until = time.monotonic() + START_SECONDS
        while not ready(self._process.pid):
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                msg = f"{self.name} did not start:\n{_tail(log)}"
                raise EmbeddedError(msg)
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Stop and reap, by force after a time-out; no effect when not running."""
        process, self._process = self._process, None
        if process is None:
            return
        end_process(process, self._stop_signal, STOP_SECONDS)
        self._guardian.forget(process.pid)


def end_process(process: subprocess.Popen[Any], stop_signal: signal.Signals, patience: float) -> int:
    """Signal the group's leader, kill the group after `patience` seconds, reap; return the exit code."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(stop_signal)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(patience)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def command_line(pid: int) -> str:
    """A process's arguments joined by spaces; empty without a process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):  # the latter when it ends between opening and reading
        pass
    if Path("/proc/self").exists():
        return ""
    listed = subprocess.run(
        ["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)], check=False, capture_output=True, text=True
    )
    return listed.stdout


def _spawn(command: list[str], account: Account, output: IO[bytes]) -> subprocess.Popen[bytes]:
    clean = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=clean,
        cwd="/",
        start_new_session=True,
        user=account.user,
        group=account.user,
        extra_groups=None if account.user is None else [],
    )


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else "(no log)"
