"""Guardian: a process that ends its starter's children after the starter's end.

A killed supervisor cannot stop its children; `PR_SET_PDEATHSIG` exists on Linux only and is lost when a program changes
its user. The starter holds the writing end of a pipe. When the pipe closes, the guardian stops the process groups named
on it, then kills them.

Runs as a script in an isolated interpreter: standard library only.
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
    """Starter's end: names the process groups that end with this process."""

    def __init__(self) -> None:
        self._groups: dict[int, int] = {}
        self._process = _start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def watch(self, group: int, stop_signal: signal.Signals = signal.SIGTERM) -> None:
        """End this process group with the signal when this process ends."""
        self._groups[group] = int(stop_signal)
        self._tell(f"+ {group} {int(stop_signal)}")

    def forget(self, group: int) -> None:
        """Release a reaped process group, whose number may be reused."""
        self._groups.pop(group, None)
        self._tell(f"- {group} 0")

    def revive(self) -> bool:
        """Restart an ended guardian with the same list; return whether it was needed."""
        if self._process.poll() is None:
            return False
        self.close()
        self._process = _start()
        for group, number in self._groups.items():
            self._tell(f"+ {group} {number}")
        return True

    def close(self) -> None:
        """End the guardian and every group still listed."""
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate()

    def _tell(self, line: str) -> None:
        """An ended guardian gets the list when revived."""
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
    """Read the pipe to its end; return remaining groups with their signals."""
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
