import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from devstack.databases.servers import command_line


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        os.kill(pid, 0)
        return not Path("/proc/self").exists() or _state(pid) != "Z"
    except (ProcessLookupError, FileNotFoundError):  # the latter when it ends between the two
        return False


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def leads_its_group(pid: int) -> bool:
    """Whether a process was started in its own group; an ended one was not."""
    try:
        return os.getpgid(pid) == pid
    except ProcessLookupError:
        return False


def descendants(pid: int) -> dict[int, str]:
    """Return all direct and indirect child processes with their arguments."""
    listed = subprocess.run(["/bin/ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in map(str.split, listed.splitlines())}
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return {child: command_line(child) for child in found - {pid}}


def wait_until(holds: Callable[[], object], what: str, patience: float = 30.0) -> None:
    """Return when the condition holds; raise AssertionError if it does not in time."""
    until = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < until, f"waited {patience:g} s in vain for {what}"
        time.sleep(0.05)
