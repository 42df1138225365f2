"""Folder of a machine's databases and keys, used by one supervisor at a time."""

import fcntl
import os
import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from devstack.errors import EmbeddedError


class StateFolder:
    """A folder with mode 0700, locked from `claim` to `release`."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: IO[str] | None = None

    def claim(self) -> None:
        """Create and lock the folder; the lock ends with this process.

        EmbeddedError when another process has it.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (self.path / "lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            msg = f"already running with {self.path}; stop that one first"
            raise EmbeddedError(msg) from None
        self._lock = lock

    def release(self) -> None:
        """Unlock the folder and remove the published addresses."""
        self._environment_file().unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def secret_keys(self) -> str:
        """The folder's secret key, created at the first call, readable by its owner only."""
        path = self.path / "secret-keys"
        if not path.exists():
            _write_private(path, secrets.token_urlsafe(48))
        return path.read_text().strip()

    def publish(self, environment: Mapping[str, str]) -> None:
        """Write the running processes' settings in shell form, for `bin/lockpoint`."""
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in sorted(environment.items())]
        _write_private(self._environment_file(), "".join(lines))

    def _environment_file(self) -> Path:
        return self.path / "environment"


def _write_private(path: Path, content: str) -> None:
    """Replace a file atomically."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
    draft.replace(path)
