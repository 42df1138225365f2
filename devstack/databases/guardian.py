"""A process that outlives its starter by seconds: it ends the starter's children when the starter is gone.

A supervisor that is killed cannot stop its children itself, and asking the kernel to do it (`PR_SET_PDEATHSIG`) exists
on Linux only and is forgotten when a program changes its user. So the starter holds the writing end of a pipe. When the
pipe closes, for whatever reason, the groups named on it are told to stop, and killed if they do not.

This file runs as a script in an isolated interpreter, so it imports the standard library only.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import Final

PATIENCE_SECONDS: Final = 10.0
"""Between the polite signal and SIGKILL."""


class Guardian:
    """The starter's end: knows the process groups that must not outlive this process."""

    def __init__(self) -> None:
        """Start the watching process; it costs one idle interpreter."""
        self._groups: dict[int, int] = {}
        self._process = _start()

    @property
    def pid(self) -> int:
        """The process number of the watching process."""
        return self._process.pid

    def watch(self, group: int, stop_signal: signal.Signals = signal.SIGTERM) -> None:
        """From now on end this process group with that signal when this process dies."""
        self._groups[group] = int(stop_signal)
        self._tell(f"+ {group} {int(stop_signal)}")

    def forget(self, group: int) -> None:
        """Leave this process group alone: its leader has been reaped and its number may be given to somebody else."""
        self._groups.pop(group, None)
        self._tell(f"- {group} 0")

    def revive(self) -> bool:
        """Start the watching process again if somebody ended it, with the same list; return whether that was needed."""
        if self._process.poll() is None:
            return False
        self.close()
        self._process = _start()
        for group, number in self._groups.items():
            self._tell(f"+ {group} {number}")
        return True

    def close(self) -> None:
        """End the watching process, and with it whatever is still on its list."""
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate()

    def _tell(self, line: str) -> None:
        """Write one line; a watching process that is gone learns it when it is revived."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                print(line, file=self._process.stdin, flush=True)


def _start() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-I", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )


def _read_groups() -> dict[int, int]:
    """Follow the pipe to its end; return the groups that are still to be ended, with the signal each one wants."""
    groups: dict[int, int] = {}
    for line in sys.stdin:
        action, group, number = line.split()
        if action == "+":
            groups[int(group)] = int(number)
        else:
            groups.pop(int(group), None)
    return groups


def _send(groups: dict[int, int], number: int | None) -> None:
    for group, wanted in groups.items():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, wanted if number is None else number)


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups = _read_groups()
    _send(groups, None)
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and any(_exists(group) for group in groups):
        time.sleep(0.05)
    _send(groups, signal.SIGKILL)


if __name__ == "__main__":
    _main()
